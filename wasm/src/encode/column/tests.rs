//! What is encoded is what parquet's own reader reads, and what parquet's own writer says of it.

use std::sync::Arc;

use arrow_array::*;
use arrow_buffer::{BooleanBuffer, NullBuffer, OffsetBuffer};
use arrow_schema::{Field, Fields, Schema};
use arrow_select::concat::concat_batches;
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection, RowSelector};
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use proptest::prelude::*;
use serde_json::json;

use crate::encode::Encoder;
use crate::schema_json::{FIELD_ID, schema_to_json};

/// A type, and how its values are.
#[derive(Clone, Debug)]
enum Made {
    Leaf { kind: usize, distinct: u64, times: u64 },
    Struct(Vec<Column>),
    List(Box<Column>),
    Map(Box<Column>, Box<Column>),
}

#[derive(Clone, Debug)]
struct Column {
    made: Made,
    /// One in so many is null; 0: none, and none can be.
    nulls: u64,
}

const KINDS: usize = 14;

fn column() -> impl Strategy<Value = Column> {
    let nulls = || prop_oneof![Just(0u64), Just(1), Just(2), Just(9), Just(200), Just(u64::MAX)];
    let distinct = prop_oneof![Just(1u64), 2..40u64, Just(300), Just(u64::MAX)];
    let times = prop_oneof![Just(1u64), 1..60u64];
    let leaf = (0..KINDS, distinct, times, nulls())
        .prop_map(|(kind, distinct, times, nulls)| Column { made: Made::Leaf { kind, distinct, times }, nulls });
    leaf.prop_recursive(3, 8, 3, move |inner| {
        let made = prop_oneof![
            prop::collection::vec(inner.clone(), 1..3).prop_map(Made::Struct),
            inner.clone().prop_map(|element| Made::List(Box::new(element))),
            (inner.clone(), inner).prop_map(|(mut key, value)| {
                key.nulls = 0;
                Made::Map(Box::new(key), Box::new(value))
            }),
        ];
        (made, nulls()).prop_map(|(made, nulls)| Column { made, nulls })
    })
}

fn mixed(seed: u64, at: u64) -> u64 {
    let mixed = (seed ^ at).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 5
}

struct Maker {
    seed: u64,
    id: i32,
}

impl Maker {
    /// An array of `count` slots; what is under nulls is garbage.
    fn array(&mut self, column: &Column, name: &str, count: usize) -> (Field, ArrayRef) {
        self.seed = mixed(self.seed, 77);
        self.id += 1;
        let (seed, id) = (self.seed, self.id);
        let nulls = (column.nulls > 0).then(|| {
            let valid = |at: usize| !mixed(seed ^ 5, at as u64 / 3).is_multiple_of(column.nulls);
            NullBuffer::new(BooleanBuffer::collect_bool(count, valid))
        });
        let array: ArrayRef = match &column.made {
            Made::Leaf { kind, distinct, times } => {
                leaf(*kind, count, nulls, |at| mixed(seed, mixed(3, at as u64 / times) % distinct))
            }
            Made::Struct(children) => {
                let made = children.iter().enumerate().map(|(at, child)| self.array(child, &format!("c{at}"), count));
                let (fields, arrays): (Vec<_>, Vec<_>) = made.unzip();
                Arc::new(StructArray::new(fields.into(), arrays, nulls))
            }
            Made::List(element) => {
                let offsets = offsets(seed, count);
                let (field, values) = self.array(element, "element", offsets[count] as usize);
                Arc::new(ListArray::new(Arc::new(field), offsets, values, nulls))
            }
            Made::Map(key, value) => {
                let offsets = offsets(seed, count);
                let (key, keys) = self.array(key, "key", offsets[count] as usize);
                let (value, values) = self.array(value, "value", offsets[count] as usize);
                let entries = StructArray::new(Fields::from(vec![key, value]), vec![keys, values], None);
                let field = Field::new("key_value", entries.data_type().clone(), false);
                Arc::new(MapArray::new(Arc::new(field), offsets, entries, nulls, false))
            }
        };
        let field = Field::new(name, array.data_type().clone(), column.nulls > 0);
        (field.with_metadata([(FIELD_ID.to_string(), id.to_string())]), array)
    }
}

fn offsets(seed: u64, count: usize) -> OffsetBuffer<i32> {
    OffsetBuffer::from_lengths((0..count).map(|at| [0, 1, 3, 0, 2][mixed(seed, at as u64 / 2) as usize % 5]))
}

fn leaf(kind: usize, count: usize, nulls: Option<NullBuffer>, of: impl Fn(usize) -> u64) -> ArrayRef {
    let is_null = |at: usize| nulls.as_ref().is_some_and(|nulls| nulls.is_null(at));
    macro_rules! primitive {
        ($array:ident, $of:expr) => {
            Arc::new($array::new((0..count).map(|at| $of(of(at))).collect(), nulls.clone()))
        };
    }
    let double = |n: u64| [f64::NAN, 0.0, -0.0, f64::INFINITY, -1.5, n as f64, -(n as f64)][n as usize % 7];
    let text = |n: u64| {
        ["", "a", "ö", "eight by", "sixteen bytes...", "a long text, of 20 b"][n as usize % 6].to_string()
            + &(n % 99).to_string()
    };
    let decimal = |precision: u8| {
        let most = 10i128.pow(u32::from(precision));
        let values =
            (0..count).map(|at| i128::from(of(at) as i64) * if of(at).is_multiple_of(2) { 1 } else { -1 << 40 } % most);
        let array = Decimal128Array::new(values.map(|value| value % most).collect(), nulls.clone());
        Arc::new(array.with_precision_and_scale(precision, 2).unwrap())
    };
    match kind {
        0 => primitive!(Int32Array, |n: u64| n as i32),
        1 => primitive!(Int64Array, |n: u64| (n << 9) as i64),
        2 => primitive!(Float32Array, |n: u64| double(n) as f32),
        3 => primitive!(Float64Array, double),
        4 => primitive!(Date32Array, |n: u64| n as i32),
        5 => primitive!(Time64MicrosecondArray, |n: u64| (n % 86_400_000_000) as i64),
        6 => {
            let array = TimestampMicrosecondArray::new((0..count).map(|at| of(at) as i64).collect(), nulls);
            Arc::new(array.with_timezone("UTC"))
        }
        7 => decimal(5),
        8 => decimal(15),
        9 => decimal(33),
        10 => Arc::new((0..count).map(|at| (!is_null(at)).then(|| text(of(at)))).collect::<StringArray>()),
        11 => Arc::new((0..count).map(|at| (!is_null(at)).then(|| of(at).to_le_bytes())).collect::<BinaryArray>()),
        12 => {
            let values: Vec<u8> = (0..count).flat_map(|at| [of(at); 2].map(u64::to_be_bytes).concat()).collect();
            Arc::new(FixedSizeBinaryArray::new(16, values.into(), nulls))
        }
        _ => Arc::new(BooleanArray::new(BooleanBuffer::collect_bool(count, |at| of(at).is_multiple_of(2)), nulls)),
    }
}

fn encoded(options: &serde_json::Value, batches: Vec<RecordBatch>) -> Bytes {
    let mut encoder = Encoder::new(options.to_string().as_bytes()).unwrap();
    encoder.start_row_group(batches).unwrap();
    let mut file = Vec::new();
    while let Some(segments) = encoder.step_row_group().unwrap() {
        file.extend(segments.concat());
    }
    file.extend(encoder.finish().unwrap().0.concat());
    file.into()
}

fn by_parquet(rows: &RecordBatch, truncate: Option<usize>) -> Bytes {
    let properties = WriterProperties::builder()
        .set_coerce_types(true)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_statistics_truncate_length(truncate)
        .build();
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, rows.schema(), Some(properties)).unwrap();
    writer.write(rows).unwrap();
    writer.close().unwrap();
    file.into()
}

fn reader(file: &Bytes) -> ParquetRecordBatchReaderBuilder<Bytes> {
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required);
    // The schema is that of the file: parquet's own writer puts Arrow's beside it.
    ParquetRecordBatchReaderBuilder::try_new_with_options(file.clone(), options.with_skip_arrow_metadata(true)).unwrap()
}

fn read(file: &Bytes, selection: Option<RowSelection>) -> RecordBatch {
    let mut reader = reader(file).with_batch_size(1 << 20);
    if let Some(selection) = selection {
        reader = reader.with_row_selection(selection);
    }
    let schema = reader.schema().clone();
    let batches: Vec<_> = reader.build().unwrap().map(|batch| batch.unwrap()).collect();
    concat_batches(&schema, &batches).unwrap()
}

fn assert_same(a: &RecordBatch, b: &RecordBatch) {
    assert_eq!(a.num_rows(), b.num_rows());
    for (a, b) in a.columns().iter().zip(b.columns()) {
        assert_eq!(a.to_data(), b.to_data());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn rows_of_any_shape_come_back_and_are_described(
        columns in prop::collection::vec(column(), 1..4),
        count in 1usize..700,
        seed: u64,
        cuts in prop::collection::vec(1usize..400, 1..4),
        page_rows in prop_oneof![Just(20_000usize), 1..200usize],
        page_bytes in prop_oneof![Just(1usize << 20), 1..3000usize],
        dictionary_bytes in prop_oneof![Just(1usize << 20), 1..300usize],
        mode in prop_oneof![Just("auto"), Just("on"), Just("off")],
        compact: bool,
        codec in prop_oneof![Just("zstd"), Just("snappy"), Just("gzip"), Just("lz4_raw"), Just("uncompressed")],
        truncate in prop::option::of(1usize..20),
        skip in 0usize..700,
    ) {
        let mut maker = Maker { seed, id: 0 };
        let made = columns.iter().enumerate().map(|(at, column)| maker.array(column, &format!("f{at}"), count));
        let (fields, arrays): (Vec<_>, Vec<_>) = made.unzip();
        let rows = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap();
        let theirs = by_parquet(&rows, truncate);
        let theirs = reader(&theirs).metadata().clone();
        let leaves = theirs.file_metadata().schema_descr().columns().iter();
        let dictionaries: Vec<_> = leaves.map(|leaf| json!([leaf.path().string(), { "dictionary": mode }])).collect();
        let options = json!({
            "schema": schema_to_json(&rows.schema()).unwrap(), "codec": codec, "level": null,
            "encoding": if compact { "compact" } else { "default" },
            "pageSizeBytes": page_bytes, "pageRowLimit": page_rows, "dictionarySizeBytes": dictionary_bytes,
            "statisticsTruncateBytes": truncate, "columns": dictionaries, "keyValueMetadata": [],
        });
        let file = encoded(&options, vec![rows.clone()]);
        assert_same(&rows, &read(&file, None));

        let mut at = 0;
        let mut batches = Vec::new();
        for cut in cuts.iter().cycle() {
            let length = (*cut).min(count - at);
            batches.push(rows.slice(at, length));
            at += length;
            if at == count {
                break;
            }
        }
        prop_assert!(encoded(&options, batches) == file);

        let skip = skip.min(count);
        let selection = vec![RowSelector::skip(skip), RowSelector::select(count - skip)].into();
        assert_same(&rows.slice(skip, count - skip), &read(&file, Some(selection)));

        let ours = reader(&file).metadata().clone();
        for (ours, theirs) in ours.row_group(0).columns().iter().zip(theirs.row_group(0).columns()) {
            prop_assert_eq!(format!("{:?}", ours.statistics()), format!("{:?}", theirs.statistics()));
            prop_assert_eq!(ours.num_values(), theirs.num_values());
            prop_assert_eq!(ours.repetition_level_histogram(), theirs.repetition_level_histogram());
            prop_assert_eq!(ours.definition_level_histogram(), theirs.definition_level_histogram());
            prop_assert_eq!(ours.unencoded_byte_array_data_bytes(), theirs.unencoded_byte_array_data_bytes());
        }
        let pages = ours.page_index().unwrap();
        for at in 0..ours.row_group(0).num_columns() {
            let first = pages.offset_index(0, at).unwrap().page_locations.iter().map(|page| page.first_row_index);
            let first: Vec<_> = first.chain([count as i64]).collect();
            prop_assert!(first.windows(2).all(|pair| (1..=page_rows as i64).contains(&(pair[1] - pair[0]))));
        }
    }
}
