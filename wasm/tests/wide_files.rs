//! Files of very many columns are read within a small multiple of the limit of memory, or refused with one that does.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use bytes::Bytes;
use icestream_engine::decode::metadata::{FooterReader, Step as FooterStep};
use icestream_engine::decode::reader::{ParquetFile, ReadRequest, Step};
use icestream_engine::error::EngineError;
use icestream_engine::memory::live_bytes;
use parquet::arrow::ArrowWriter;

const ROWS: usize = 500;

fn written(column: ArrayRef) -> Bytes {
    let columns = (0..1000).map(|number| (format!("c{number}"), column.clone()));
    let mut out = Vec::new();
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = ArrowWriter::try_new(&mut out, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    out.into()
}

fn open(file: &Bytes) -> ParquetFile {
    let mut footer = FooterReader::new(file.len() as u64).unwrap();
    loop {
        match footer.step().unwrap() {
            FooterStep::Ready { metadata, file_bytes } => return ParquetFile::new(metadata, file_bytes).unwrap(),
            FooterStep::Needs(ranges) => {
                for range in ranges {
                    footer.push(range.start, file.slice(range.start as usize..range.end as usize)).unwrap();
                }
            }
        }
    }
}

/// Rows, and the most that is held between steps.
fn read(file: &Bytes, parquet: &ParquetFile, limit: u64) -> Result<(usize, usize), EngineError> {
    let before = live_bytes();
    let mut rows = parquet.read(ReadRequest { memory_limit: Some(limit), ..ReadRequest::default() })?;
    let (mut count, mut most) = (0, 0);
    loop {
        match rows.step()? {
            Step::Done => return Ok((count, most)),
            Step::Batch(batch) => {
                count += batch.num_rows();
                most = most.max(live_bytes() - before);
            }
            Step::Needs { ranges, .. } => {
                for range in ranges {
                    let bytes = &file[range.start as usize..range.end as usize];
                    rows.push(range.start, Bytes::copy_from_slice(bytes))?;
                }
            }
        }
    }
}

#[test]
fn of_a_thousand_columns_little_is_held_beside_the_limit() {
    let texts = StringArray::from_iter_values((0..ROWS).map(|row| row.to_string()));
    let numbers = Int64Array::from_iter_values((0..ROWS as i64).map(|row| row * 7919));
    for column in [Arc::new(texts) as ArrayRef, Arc::new(numbers)] {
        let file = written(column);
        let parquet = open(&file);
        let mut limit = 4 << 20;
        for round in 0.. {
            match read(&file, &parquet, limit) {
                Ok((rows, most)) => {
                    assert_eq!(rows, ROWS);
                    assert!(round > 0 && most < limit as usize * 2, "{most} bytes held of {limit}");
                    break;
                }
                Err(e) => {
                    assert_eq!(e.code, "MEMORY_LIMIT_TOO_SMALL", "{}", e.message);
                    let needed = e.needed.unwrap();
                    assert!(needed > limit && round < 3, "{} {needed}", e.message);
                    limit = needed;
                }
            }
        }
    }
}
