//! Repeatable random numbers and columns.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::*;
use arrow_buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, Fields, Schema, TimeUnit};

pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }
    pub fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
    pub fn below(&mut self, n: usize) -> usize {
        (self.bits() >> 11) as usize % n
    }
    /// Small, or of any size, or at an end of its type.
    pub fn int(&mut self) -> i64 {
        match self.below(8) {
            0 => self.bits() as i64,
            1 => i64::MIN + self.below(3) as i64,
            2 => i64::MAX - self.below(3) as i64,
            3 => (self.bits() as i64) >> 32,
            _ => self.below(40) as i64 - 20,
        }
    }
    pub fn text(&mut self) -> String {
        let len = [0, 1, 3, 12, 13, 40][self.below(6)];
        (0..len).map(|_| ['a', 'b', 'é', '語', '😀', '\0'][self.below(6)]).collect()
    }
    pub fn nulls(&mut self, len: usize) -> Option<NullBuffer> {
        match self.below(3) {
            0 => None,
            n => Some((0..len).map(|_| self.below(4) >= n).collect()),
        }
    }
    /// Mostly a few values, so that rows share them; sometimes many.
    fn pick(&mut self, few: &[i64]) -> i64 {
        if self.below(10) == 0 { self.int() } else { few[self.below(few.len())] }
    }
}

pub fn field(name: &str, data_type: DataType, id: i32) -> Field {
    Field::new(name, data_type, true).with_metadata(HashMap::from([("PARQUET:field_id".into(), id.to_string())]))
}

/// A batch with a column of every type a table can hold; field ids count from 1, in order.
pub fn table_batch(random: &mut Random, len: usize) -> RecordBatch {
    let few: Vec<i64> = (0..4).map(|_| random.int()).collect();
    let ints = |random: &mut Random| -> Vec<i64> { (0..len).map(|_| random.pick(&few)).collect() };
    let narrow = |v: Vec<i64>| -> ScalarBuffer<i32> { v.into_iter().map(|v| v as i32).collect() };
    let texts: Vec<String> = (0..5).map(|_| random.text()).collect();
    let text: Vec<&str> = (0..len).map(|_| texts[random.below(5)].as_str()).collect();
    let floats = [0.0f64, -0.0, f64::NAN, -f64::NAN, f64::INFINITY, 1.5, -1e300];
    let doubles: Vec<f64> = (0..len).map(|_| floats[random.below(7)]).collect();
    let wide: Vec<i128> = ints(random).into_iter().map(|v| i128::from(v) * 1_000_003).collect();
    let fixed: Vec<u8> = (0..len).flat_map(|i| [i as u8 % 3; 16]).collect();
    let mut columns: Vec<ArrayRef> = vec![
        Arc::new(BooleanArray::new((0..len).map(|_| random.below(2) == 1).collect(), random.nulls(len))),
        Arc::new(Int32Array::new(narrow(ints(random)), random.nulls(len))),
        Arc::new(Int64Array::new(ints(random).into(), random.nulls(len))),
        Arc::new(Float32Array::new(doubles.iter().map(|v| *v as f32).collect(), random.nulls(len))),
        Arc::new(Float64Array::new(doubles.into(), random.nulls(len))),
        Arc::new(Decimal128Array::new(wide.into(), random.nulls(len)).with_precision_and_scale(38, 2).unwrap()),
        Arc::new(Date32Array::new(narrow(ints(random)), random.nulls(len))),
        Arc::new(Time64MicrosecondArray::new(
            ints(random).into_iter().map(|v| v.rem_euclid(86_400_000_000)).collect(),
            random.nulls(len),
        )),
        Arc::new(TimestampMicrosecondArray::new(ints(random).into(), random.nulls(len)).with_timezone("UTC")),
        Arc::new(TimestampNanosecondArray::new(ints(random).into(), random.nulls(len))),
        Arc::new(StringArray::from(text.clone())),
        Arc::new(BinaryArray::from_iter_values(text.iter().map(|t| t.as_bytes()))),
        Arc::new(FixedSizeBinaryArray::new(16, fixed.into(), random.nulls(len))),
    ];
    let mut fields: Vec<Field> =
        columns.iter().enumerate().map(|(i, c)| field(&format!("c{i}"), c.data_type().clone(), i as i32 + 1)).collect();

    let lengths: Vec<usize> = (0..len).map(|_| random.below(4)).collect();
    let items = Int32Array::from_iter((0..lengths.iter().sum::<usize>()).map(|i| (i % 5 != 0).then_some(i as i32)));
    let element = Arc::new(field("element", DataType::Int32, 100));
    let list = ListArray::new(
        element,
        OffsetBuffer::from_lengths(lengths.clone()),
        Arc::new(items.clone()),
        random.nulls(len),
    );
    let pairs =
        Fields::from(vec![Field::new("key", DataType::Int32, false), Field::new("value", DataType::Int32, true)]);
    let keys: ArrayRef = Arc::new(Int32Array::from_iter_values(0..items.len() as i32));
    let entries = StructArray::new(pairs.clone(), vec![keys, Arc::new(items)], None);
    let entry = Arc::new(Field::new("key_value", DataType::Struct(pairs), false));
    let map = MapArray::new(entry, OffsetBuffer::from_lengths(lengths), entries, random.nulls(len), false);
    let children = Fields::from(vec![field("when", DataType::Timestamp(TimeUnit::Microsecond, None), 101)]);
    let when: ArrayRef = Arc::new(TimestampMicrosecondArray::new(ints(random).into(), random.nulls(len)));
    let nested = StructArray::new(children, vec![when], random.nulls(len));
    for (name, id, column) in
        [("list", 50, Arc::new(list) as ArrayRef), ("map", 51, Arc::new(map)), ("nested", 52, Arc::new(nested))]
    {
        fields.push(field(name, column.data_type().clone(), id));
        columns.push(column);
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}
