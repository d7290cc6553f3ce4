//! Columns read straight from their pages hold what the parquet crate's own reader gives.

use std::sync::Arc;

use arrow_array::types::{
    Date32Type, Float32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BinaryArray, BooleanArray, Decimal128Array, FixedSizeBinaryArray, ListArray,
    PrimitiveArray, RecordBatch, StringArray,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{Field, Schema};
use arrow_select::concat::concat_batches;
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Encoding;
use proptest::prelude::*;

use super::group_tests::{properties, read, written};
use super::reader::ReadRequest;

/// What one column of a file is like.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub kind: usize,
    pub list: bool,
    /// One value in so many is null; 0: none.
    pub nulls: u64,
    pub list_nulls: u64,
    /// How many values there are, and how often each comes in a row.
    pub distinct: u64,
    pub times: u64,
    pub seed: u64,
}

const KINDS: usize = 16;

pub(super) fn made() -> impl Strategy<Value = Made> {
    let nulls = || prop_oneof![Just(0u64), Just(1), Just(2), Just(40)];
    let distinct = prop_oneof![Just(1u64), 2..40u64, Just(u64::MAX)];
    let times = prop_oneof![Just(1u64), 1..400u64];
    (0..KINDS, any::<bool>(), nulls(), nulls(), distinct, times, any::<u64>()).prop_map(
        |(kind, list, nulls, list_nulls, distinct, times, seed)| Made {
            kind,
            list,
            nulls,
            list_nulls,
            distinct,
            times,
            seed,
        },
    )
}

fn mixed(seed: u64, at: u64) -> u64 {
    let mixed = (seed ^ at).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 5
}

impl Made {
    fn is_null(&self, salt: u64, one_in: u64, at: usize) -> bool {
        one_in > 0 && mixed(self.seed ^ salt, at as u64 / self.times.min(7)).is_multiple_of(one_in)
    }

    fn number(&self, at: usize) -> Option<u64> {
        let number = mixed(self.seed, mixed(3, at as u64 / self.times) % self.distinct);
        (!self.is_null(1, self.nulls, at)).then_some(number)
    }

    fn primitive<T: ArrowPrimitiveType>(&self, count: usize, of: impl Fn(u64) -> T::Native) -> ArrayRef {
        Arc::new(PrimitiveArray::<T>::from_iter((0..count).map(|at| self.number(at).map(&of))))
    }

    fn decimal(&self, count: usize, precision: u8) -> ArrayRef {
        let most = 10i128.pow(u32::from(precision));
        let number = |number: u64| (i128::from(number as i64) * i128::from(number)) % most;
        let array = Decimal128Array::from_iter((0..count).map(|at| self.number(at).map(number)));
        Arc::new(array.with_precision_and_scale(precision, 2).unwrap())
    }

    fn text(&self, number: u64) -> String {
        ["", "a", "ö", "sixteen bytes...", "something of more than thirty-two bytes, ü"][number as usize % 5]
            .repeat(number as usize % 3)
            + &(number % 1000).to_string()
    }

    fn values(&self, count: usize) -> ArrayRef {
        let numbers = || (0..count).map(|at| self.number(at));
        match self.kind {
            0 => self.primitive::<Int32Type>(count, |n| n as i32),
            1 => self.primitive::<Int64Type>(count, |n| n as i64),
            2 => self.primitive::<Float32Type>(count, |n| n as f32),
            3 => self.primitive::<Float64Type>(count, |n| n as f64),
            4 => self.primitive::<Date32Type>(count, |n| n as i32),
            5 => self.primitive::<TimestampMicrosecondType>(count, |n| n as i64),
            6 => self.primitive::<UInt32Type>(count, |n| n as u32),
            7 => self.primitive::<UInt64Type>(count, |n| n),
            8 => self.decimal(count, 5),
            9 => self.decimal(count, 15),
            10 => self.decimal(count, 20),
            11 => self.decimal(count, 38),
            12 => {
                let sixteen = numbers().map(|n| n.map(|n| [n.to_le_bytes(), n.to_be_bytes()].concat()));
                Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(sixteen, 16).unwrap())
            }
            13 => Arc::new(StringArray::from_iter(numbers().map(|n| n.map(|n| self.text(n))))),
            14 => Arc::new(BinaryArray::from_iter(
                numbers().map(|n| n.map(|n| n.to_le_bytes()[..n as usize % 8].to_vec())),
            )),
            _ => Arc::new(BooleanArray::from_iter(numbers().map(|n| n.map(|n| n % 2 == 0)))),
        }
    }

    fn column(&self, rows: usize) -> (Field, ArrayRef) {
        let field = |name: &str, array: &ArrayRef, one_in| Field::new(name, array.data_type().clone(), one_in > 0);
        if !self.list {
            let array = self.values(rows);
            return (field("c", &array, self.nulls), array);
        }
        let is_null = |at| self.is_null(2, self.list_nulls, at);
        let length = |at| if is_null(at) { 0 } else { [0, 1, 3, 40, 2][mixed(self.seed, at as u64) as usize % 5] };
        let ends = OffsetBuffer::<i32>::from_lengths((0..rows).map(length));
        let values = self.values(ends[rows] as usize);
        let element = Arc::new(field("element", &values, self.nulls));
        let nulls = (self.list_nulls > 0).then(|| NullBuffer::from_iter((0..rows).map(|at| !is_null(at))));
        let array: ArrayRef = Arc::new(ListArray::new(element, ends, values, nulls));
        (field("c", &array, self.list_nulls), array)
    }
}

pub(super) fn batch_of(columns: &[Made], rows: usize) -> RecordBatch {
    let columns = columns.iter().enumerate().map(|(at, made)| {
        let (field, array) = made.column(rows);
        (field.with_name(format!("c{at}")), array)
    });
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns.unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

fn by_the_crate(file: &Bytes, batch_rows: usize) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(file.clone()).unwrap().with_batch_size(batch_rows).build();
    reader.unwrap().map(|batch| batch.unwrap()).collect()
}

#[test]
fn a_column_goes_on_in_the_decoder_where_a_page_is_encoded_otherwise() {
    let column = Made { kind: 1, list: false, nulls: 3, list_nulls: 0, distinct: u64::MAX, times: 2, seed: 5 };
    let batch = batch_of(&[column.clone(), Made { list: true, list_nulls: 4, ..column }], 2000);
    // The second version of the format falls back from a full dictionary to deltas.
    let file = written(&batch, properties(600, 100, true, true, 2000));
    let metadata = ParquetRecordBatchReaderBuilder::try_new(file.clone()).unwrap().metadata().clone();
    for chunk in metadata.row_group(0).columns() {
        let encodings: Vec<Encoding> = chunk.encodings().collect();
        assert!(encodings.contains(&Encoding::RLE_DICTIONARY), "{encodings:?}");
        assert!(encodings.contains(&Encoding::DELTA_BINARY_PACKED), "{encodings:?}");
    }
    for batch_rows in [1, 77, 2000] {
        let request = ReadRequest { batch_rows: Some(batch_rows), ..ReadRequest::default() };
        let got = concat_batches(&batch.schema(), &read(&file, request).unwrap().batches).unwrap();
        assert_eq!(got, batch);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn columns_are_as_the_parquet_crate_reads_them(
        columns in prop::collection::vec(made(), 1..5), rows in 1usize..2500, pages in 100usize..20_000,
        page_rows in 1usize..2000, v2: bool, zstd: bool, dictionary in prop_oneof![Just(0usize), 50..4000usize, Just(1 << 20)],
        batch_rows in 1usize..1500, wanted in prop_oneof![Just(u64::MAX), 1..2500u64],
    ) {
        let batch = batch_of(&columns, rows);
        let file = written(&batch, properties(pages, page_rows, v2, zstd, dictionary));
        let request = ReadRequest { batch_rows: Some(batch_rows), rows: Some(wanted), ..ReadRequest::default() };
        let got = concat_batches(&batch.schema(), &read(&file, request).unwrap().batches).unwrap();
        let rows = rows.min(wanted as usize);
        let expected = concat_batches(&batch.schema(), &by_the_crate(&file, batch_rows)).unwrap();
        prop_assert_eq!(&got, &expected.slice(0, rows));
        prop_assert_eq!(&got, &batch.slice(0, rows));
        for array in got.columns() {
            array.to_data().validate_full().unwrap();
        }
    }

    #[test]
    fn flipped_bytes_in_pages_give_an_error_or_whole_rows(
        column in made(), places in prop::collection::vec((0usize..usize::MAX, 0u8..8), 1..3), v2: bool,
        dictionary in prop_oneof![Just(0usize), Just(1 << 20)],
    ) {
        let batch = batch_of(&[column], 200);
        let mut bytes = written(&batch, properties(300, 50, v2, false, dictionary)).to_vec();
        let footer = bytes.len() - 8 - u32::from_le_bytes(bytes[bytes.len() - 8..][..4].try_into().unwrap()) as usize;
        for (place, bit) in places {
            bytes[4 + place % (footer - 4)] ^= 1 << bit;
        }
        if let Ok(read) = read(&bytes.into(), ReadRequest { batch_rows: Some(64), ..ReadRequest::default() }) {
            prop_assert_eq!(read.batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 200);
            for array in read.batches.iter().flat_map(RecordBatch::columns) {
                array.to_data().validate_full().unwrap();
            }
        }
    }
}
