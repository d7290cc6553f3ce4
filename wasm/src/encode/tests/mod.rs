mod files;
mod parts;
mod row_groups;

use std::sync::Arc;

use arrow_array::builder::{Int32Builder, ListBuilder};
use arrow_array::types::Int32Type;
use arrow_array::*;
use arrow_schema::{DataType, Field, Fields, Schema, TimeUnit};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Encoding, LogicalType, Type};
use parquet::file::metadata::ParquetMetaData;
use serde_json::{Value, json};

use super::*;
use crate::schema_json::{EXTENSION, FIELD_ID, schema_to_json};

fn field(name: &str, data_type: DataType, id: i32) -> Field {
    Field::new(name, data_type, true).with_metadata([(FIELD_ID.to_string(), id.to_string())])
}

fn options(schema: &Schema) -> Value {
    json!({
        "schema": schema_to_json(schema).unwrap(), "codec": "zstd", "level": 1, "encoding": "default",
        "pageSizeBytes": 1 << 20, "pageRowLimit": 20_000, "dictionarySizeBytes": 2 << 20,
        "statisticsTruncateBytes": 16, "columns": [], "keyValueMetadata": [["a", "b"]],
    })
}

fn row_group(encoder: &mut Encoder, batches: Vec<RecordBatch>) -> Result<Vec<u8>> {
    encoder.start_row_group(batches)?;
    let mut bytes = Vec::new();
    while let Some(segments) = encoder.step_row_group()? {
        segments.iter().for_each(|s| bytes.extend_from_slice(s));
    }
    Ok(bytes)
}

fn encode(options: &Value, row_groups: Vec<Vec<RecordBatch>>) -> (Bytes, FooterFacts) {
    let mut encoder = Encoder::new(options.to_string().as_bytes()).unwrap();
    let mut file = Vec::new();
    for group in row_groups {
        file.extend(row_group(&mut encoder, group).unwrap());
    }
    let (rest, facts) = encoder.finish().unwrap();
    rest.iter().for_each(|s| file.extend_from_slice(s));
    (file.into(), facts)
}

fn metadata(file: &Bytes) -> Arc<ParquetMetaData> {
    ParquetRecordBatchReaderBuilder::try_new(file.clone()).unwrap().metadata().clone()
}

fn read(file: &Bytes) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(file.clone()).unwrap().with_batch_size(1 << 20).build();
    reader.unwrap().map(|b| b.unwrap()).collect()
}

fn batch(columns: Vec<(Field, ArrayRef)>) -> RecordBatch {
    let (fields, arrays): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

/// Rows with nulls, NaNs, nested nulls and garbage under null parents.
fn mixed(rows: usize) -> RecordBatch {
    let element = Arc::new(field("element", DataType::Int32, 12));
    let mut lists = ListBuilder::new(Int32Builder::new()).with_field(element);
    let n = rows as i32;
    for i in 0..n {
        for j in 0..i % 4 {
            lists.values().append_option((i % 11 != 0).then_some(i * 10 + j));
        }
        lists.append(i % 13 != 0);
    }
    let inner = Fields::from(vec![field("s", DataType::Utf8, 14)]);
    let nested = StructArray::new(
        inner.clone(),
        vec![Arc::new((0..n).map(|i| (i % 5 != 0).then(|| format!("inner {}", i % 50))).collect::<StringArray>())],
        Some((0..n).map(|i| i % 3 != 0).collect()),
    );
    let lists = lists.finish();
    batch(vec![
        (field("id", DataType::Int64, 1), Arc::new((0..n as i64).map(|i| Some(i * 7919)).collect::<Int64Array>())),
        (
            field("name", DataType::Utf8, 2),
            Arc::new(
                (0..n)
                    .map(|i| (i % 9 != 0).then(|| format!("user-{:08x}", i.wrapping_mul(-1_640_531_535))))
                    .collect::<StringArray>(),
            ),
        ),
        (
            field("cat", DataType::Utf8, 3),
            Arc::new((0..n).map(|i| Some(["x", "yy", "zzz"][i as usize % 3])).collect::<StringArray>()),
        ),
        (
            field("val", DataType::Float64, 4),
            Arc::new(
                (0..n)
                    .map(|i| if i % 100 == 0 { Some(f64::NAN) } else { (i % 50 != 1).then_some(f64::from(i) / 3.0) })
                    .collect::<Float64Array>(),
            ),
        ),
        (
            field("amt", DataType::Decimal128(12, 2), 5),
            Arc::new(
                (0..n)
                    .map(|i| Some(i128::from(i) * 31 - 5000))
                    .collect::<Decimal128Array>()
                    .with_precision_and_scale(12, 2)
                    .unwrap(),
            ),
        ),
        (field("lst", lists.data_type().clone(), 11), Arc::new(lists)),
        (field("st", DataType::Struct(inner), 13), Arc::new(nested)),
    ])
}

fn cut(batch: &RecordBatch, sizes: &[usize]) -> Vec<RecordBatch> {
    let mut out = Vec::new();
    let mut at = 0;
    for size in sizes.iter().cycle() {
        let length = (*size).min(batch.num_rows() - at);
        out.push(batch.slice(at, length));
        at += length;
        if at == batch.num_rows() {
            return out;
        }
    }
    out
}
