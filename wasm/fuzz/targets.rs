//! What is fuzzed, one function a target: any bytes may be refused, none may stop the engine. The replay of the corpora
//! (`tests/fuzz_corpus.rs`) calls the same functions.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use bytes::Bytes;
use icestream_engine::batch::to_ipc;
use icestream_engine::decode::metadata::{FooterReader, Step as FooterStep};
use icestream_engine::decode::page_index::{PageIndexReader, Step as IndexStep};
use icestream_engine::decode::reader::{ParquetFile, ReadRequest, RowGroupRequest, RowGroups, Step};
use icestream_engine::decompress::{Codec, Decompressor};
use icestream_engine::error::Result;
use icestream_engine::footer::RowGroupFacts;
use icestream_engine::ipc::IpcReader;
use icestream_engine::kernels::align::Aligner;
use icestream_engine::kernels::compact::compact;
use icestream_engine::kernels::data_size::data_size;
use icestream_engine::kernels::pick;
use icestream_engine::kernels::row_hash::row_hashes;
use icestream_engine::text::csv::{CsvOptions, CsvReader};
use icestream_engine::text::csv_infer::{self, Given};
use icestream_engine::text::json::JsonReader;
use icestream_engine::text::json_fill::Unknown;
use icestream_engine::text::json_infer;
use icestream_engine::text::rows::BatchSize;

/// The first byte says where the rest is cut in two.
fn halves(data: &[u8]) -> (&[u8], &[u8]) {
    let Some((cut, rest)) = data.split_first() else { return (data, data) };
    rest.split_at(rest.len() * usize::from(*cut) / 256)
}

fn batches(data: &[u8]) -> Result<Vec<RecordBatch>> {
    let (first, rest) = halves(data);
    let mut reader = IpcReader::default();
    let mut batches = reader.push(Buffer::from(first))?;
    batches.extend(reader.push(Buffer::from(rest))?);
    batches.extend(reader.finish()?);
    Ok(batches)
}

/// Arrow IPC, stream or file; what was accepted must be sound, and so must be what is made of it.
pub fn ipc(data: &[u8]) {
    for batch in batches(data).into_iter().flatten() {
        sound(&batch);
        data_size(&batch);
        let rows = batch.num_rows();
        // A few bytes may stand for very many rows.
        if rows > 10_000 {
            continue;
        }
        let backwards: Vec<u32> = (0..rows as u32).rev().collect();
        let made = [
            pick::take(&batch, Buffer::from_vec(backwards)),
            pick::filter(&batch, Buffer::from_vec(vec![0b0101_0110_u8; rows.div_ceil(8)])),
            compact(&batch.slice(rows / 3, rows / 2)),
        ];
        made.iter().flatten().for_each(sound);
        let mut reader = IpcReader::default();
        for part in to_ipc(std::slice::from_ref(&batch)).into_iter().flatten() {
            // What was accepted is accepted again.
            reader.push(part).unwrap();
        }
        hash(&batch);
    }
}

fn sound(batch: &RecordBatch) {
    for column in batch.columns() {
        column.to_data().validate_full().unwrap();
    }
}

/// Each column by itself: one whose type has no hash would hide the others.
fn hash(batch: &RecordBatch) {
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let id = HashMap::from([("PARQUET:field_id".to_string(), "1".to_string())]);
        let schema = Arc::new(Schema::new(vec![field.as_ref().clone().with_metadata(id)]));
        let batch = RecordBatch::try_new(schema, vec![column.clone()]).unwrap();
        let _ = row_hashes(&batch, &[1], &[7; 16]);
    }
}

/// A Parquet file: footer, facts, all rows, the page index, some of the rows.
pub fn parquet(data: &[u8]) {
    let _ = read_parquet(&Bytes::copy_from_slice(data));
}

fn read_parquet(file: &Bytes) -> Result<usize> {
    let mut footer = FooterReader::new(file.len() as u64)?;
    let metadata = loop {
        match footer.step()? {
            FooterStep::Ready { metadata, .. } => break metadata,
            FooterStep::Needs(ranges) => {
                for range in ranges {
                    footer.push(range.start, file.slice(range.start as usize..range.end as usize))?;
                }
            }
        }
    };
    let file_read = ParquetFile::new(metadata, file.len() as u64)?;
    file_read.facts().to_json();
    // A few bytes may stand for very many rows.
    if file_read.facts().num_rows > 100_000 {
        return Ok(0);
    }
    let leaves = (0..file_read.facts().leaves.len()).collect();
    let _ = file_read.page_index(0, leaves, None).and_then(|reader| read_page_index(file, reader));
    let _ = read_selected(file, &file_read);
    read_rows(file, file_read.read(ReadRequest { batch_rows: Some(1000), ..Default::default() })?)
}

/// Rows by turns, so many as bytes of the file say; with the offset index where there is one.
fn read_selected(file: &Bytes, file_read: &ParquetFile) -> Result<()> {
    let select = |(index, group): (usize, RowGroupFacts)| {
        let (mut at, mut ranges, mut reads) = (0, Vec::new(), false);
        for turn in file.iter().rev().skip(8).map(|byte| u32::from(*byte)) {
            let end = (at + turn).min(group.num_rows as u32);
            if reads && at < end {
                ranges.extend([at, end]);
            }
            (at, reads) = (end, !reads);
        }
        RowGroupRequest { index, rows: Some(ranges.into()) }
    };
    let row_groups: Vec<_> = file_read.facts().row_groups.into_iter().enumerate().map(select).collect();
    let ranges = row_groups.iter().filter_map(|group| group.rows.as_ref()).flat_map(|rows| rows.as_chunks::<2>().0);
    let wanted: u32 = ranges.map(|[start, end]| end - start).sum();
    let request = ReadRequest {
        row_groups: Some(row_groups),
        batch_rows: Some(100),
        offset_index_cost: Some(0),
        ..Default::default()
    };
    assert_eq!(read_rows(file, file_read.read(request)?)?, wanted as usize);
    Ok(())
}

fn read_page_index(file: &Bytes, mut reader: PageIndexReader) -> Result<()> {
    while let IndexStep::Needs(ranges) = reader.step()? {
        for range in ranges {
            reader.push(range.start, file.slice(range.start as usize..range.end as usize))?;
        }
    }
    Ok(())
}

fn read_rows(file: &Bytes, mut rows: RowGroups) -> Result<usize> {
    let mut count = 0;
    loop {
        match rows.step()? {
            Step::Needs { ranges, .. } => {
                for range in ranges {
                    rows.push(range.start, file.slice(range.start as usize..range.end as usize))?;
                }
            }
            Step::Batch(batch) => {
                for column in batch.columns() {
                    column.to_data().validate_full().unwrap();
                }
                count += batch.num_rows();
            }
            Step::Done => return Ok(count),
        }
    }
}

/// Small, as what is read is.
const BATCH: BatchSize = BatchSize { rows: 7, bytes: 1000 };

/// CSV: what a sample says of it, then all of it in two pieces.
pub fn csv(data: &[u8]) {
    let (first, rest) = halves(data);
    let Ok(found) = csv_infer::infer(first, &Given::default(), rest.is_empty()) else { return };
    let options = CsvOptions {
        dialect: found.dialect,
        header: found.header,
        names_given: false,
        null_values: found.null_values,
        batch: BATCH,
        fail: false,
    };
    let Ok(mut reader) = CsvReader::new(Arc::new(found.schema), options) else { return };
    if reader.push(first).is_ok() && reader.push(rest).is_ok() {
        let _ = reader.finish();
    }
    reader.take_rejects();
}

/// JSON, as CSV.
pub fn json(data: &[u8]) {
    let (first, rest) = halves(data);
    let Ok(found) = json_infer::infer(first, rest.is_empty()) else { return };
    let Ok(mut reader) = JsonReader::new(Arc::new(found.schema), BATCH, false, Unknown::Ignore) else { return };
    if reader.push(first).is_ok() && reader.push(rest).is_ok() {
        let _ = reader.finish();
    }
    reader.take_rejects();
}

/// gzip or zstd, in two pieces.
pub fn decompress(data: &[u8]) {
    let (first, rest) = halves(data);
    let codec = if first.first().or(rest.first()) == Some(&0x1f) { Codec::Gzip } else { Codec::Zstd };
    let _ = decompressed(codec, [first, rest]);
}

fn decompressed(codec: Codec, pieces: [&[u8]; 2]) -> Result<()> {
    let mut decompressor = Decompressor::new(codec)?;
    let mut bytes = 0;
    for piece in pieces {
        decompressor.push(Buffer::from(piece))?;
        while let Some(out) = decompressor.pull()? {
            bytes += out.len();
            // A few bytes may stand for very many.
            if bytes > 16 << 20 {
                return Ok(());
            }
        }
    }
    decompressor.finish()
}

/// Batches of an IPC stream, each column cast to each of some types.
pub fn align(data: &[u8]) {
    let utc: Arc<str> = "UTC".into();
    let targets = [
        DataType::Boolean,
        DataType::Int32,
        DataType::Int64,
        DataType::Float64,
        DataType::Decimal128(20, 3),
        DataType::Date32,
        DataType::Time64(TimeUnit::Microsecond),
        DataType::Timestamp(TimeUnit::Microsecond, None),
        DataType::Timestamp(TimeUnit::Nanosecond, Some(utc)),
        DataType::Utf8,
        DataType::Binary,
        DataType::FixedSizeBinary(16),
        DataType::List(Arc::new(Field::new("element", DataType::Int64, true))),
        DataType::Struct(vec![Field::new("x", DataType::Utf8, true)].into()),
    ];
    for batch in batches(data).into_iter().flatten() {
        for field in batch.schema().fields() {
            for target in &targets {
                let target = Schema::new(vec![Field::new(field.name(), target.clone(), true)]);
                let Ok(aligner) = Aligner::new(batch.schema(), Arc::new(target)) else { continue };
                if let Ok(aligned) = aligner.align(&batch) {
                    assert_eq!(aligned.num_rows(), batch.num_rows());
                    for column in aligned.columns() {
                        column.to_data().validate_full().unwrap();
                    }
                }
            }
        }
    }
}
