//! Row groups read in bounded parts give the rows that were written, whatever the pages.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::builder::{Int32Builder, ListBuilder, MapBuilder, StringBuilder};
use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray, StructArray};
use arrow_schema::Field;
use arrow_select::concat::concat_batches;
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterVersion};
use proptest::prelude::*;

use super::metadata::{FooterReader, Step as FooterStep};
use super::reader::{ParquetFile, ReadRequest, Step};
use crate::error::Result;

/// Rows with every shape; of `size` bytes some texts.
pub(super) fn rows(from: usize, count: usize, size: usize) -> RecordBatch {
    let at = || from..from + count;
    let id = Int64Array::from_iter(at().map(|i| (i % 11 != 3).then_some(i as i64 * 7919)));
    let text = StringArray::from_iter(at().map(|i| (i % 5 != 0).then(|| format!("{i}-{}", "x".repeat(i * 31 % size)))));
    let word = StringArray::from_iter_values(at().map(|i| format!("word {}", i % 9)));
    let mut list = ListBuilder::new(Int32Builder::new());
    let mut map = MapBuilder::new(None, StringBuilder::new(), ListBuilder::new(Int32Builder::new()));
    for i in at() {
        for n in 0..i % 4 {
            list.values().append_option((i % 3 != 0).then_some((i * n) as i32));
        }
        list.append(i % 7 != 2);
        for n in 0..i % 3 {
            map.keys().append_value(format!("k{n}"));
            (0..n + i % 2).for_each(|value| map.values().values().append_value(value as i32));
            map.values().append(i % 4 != 1);
        }
        map.append(i % 6 != 4).unwrap();
    }
    let list: ArrayRef = Arc::new(list.finish());
    let field = |name: &str, array: &ArrayRef| Arc::new(Field::new(name, array.data_type().clone(), true));
    let text: ArrayRef = Arc::new(text);
    let nested = StructArray::from(vec![(field("l", &list), list.clone()), (field("t", &text), text.clone())]);
    RecordBatch::try_from_iter_with_nullable([
        ("id", Arc::new(id) as ArrayRef, true),
        ("text", text, true),
        ("word", Arc::new(word), false),
        ("list", list, true),
        ("map", Arc::new(map.finish()), true),
        ("nested", Arc::new(nested), true),
    ])
    .unwrap()
}

pub(super) fn written(batch: &RecordBatch, properties: WriterProperties) -> Bytes {
    let mut out = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut out, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    out.into()
}

fn open(file: &Bytes) -> Result<ParquetFile> {
    let mut footer = FooterReader::new(file.len() as u64)?;
    loop {
        match footer.step()? {
            FooterStep::Ready { metadata, file_bytes } => return ParquetFile::new(metadata, file_bytes),
            FooterStep::Needs(ranges) => {
                for range in ranges {
                    footer.push(range.start, file.slice(range.start as usize..range.end as usize))?;
                }
            }
        }
    }
}

pub(super) struct Read {
    pub batches: Vec<RecordBatch>,
    pub ranges: Vec<Range<u64>>,
}

pub(super) fn read(file: &Bytes, request: ReadRequest) -> Result<Read> {
    let mut rows = open(file)?.read(request)?;
    let mut read = Read { batches: Vec::new(), ranges: Vec::new() };
    loop {
        match rows.step()? {
            Step::Done => return Ok(read),
            Step::Batch(batch) => read.batches.push(batch),
            Step::Needs { ranges, .. } => {
                // The last first: they may come in any order.
                for range in ranges.iter().rev() {
                    let bytes = &file[range.start as usize..range.end as usize];
                    rows.push(range.start, Bytes::copy_from_slice(bytes))?;
                }
                read.ranges.extend(ranges);
            }
        }
    }
}

pub(super) fn properties(pages: usize, page_rows: usize, v2: bool, zstd: bool, dictionary: usize) -> WriterProperties {
    WriterProperties::builder()
        .set_data_page_size_limit(pages)
        .set_data_page_row_count_limit(page_rows)
        .set_write_batch_size(64)
        .set_dictionary_page_size_limit(dictionary)
        .set_dictionary_enabled(dictionary > 0)
        .set_writer_version(if v2 { WriterVersion::PARQUET_2_0 } else { WriterVersion::PARQUET_1_0 })
        .set_compression(if zstd { Compression::ZSTD(ZstdLevel::default()) } else { Compression::UNCOMPRESSED })
        .build()
}

fn check_reads(file: &Bytes, batch: &RecordBatch, batch_rows: usize, limit: u64) -> Read {
    let request = ReadRequest { batch_rows: Some(batch_rows), memory_limit: Some(limit), ..ReadRequest::default() };
    let read = read(file, request).unwrap();
    assert!(read.batches.iter().all(|batch| batch.num_rows() <= batch_rows));
    assert_eq!(&concat_batches(&batch.schema(), &read.batches).unwrap(), batch);
    let mut ranges = read.ranges.clone();
    ranges.sort_by_key(|range| range.start);
    assert!(ranges.windows(2).all(|two| two[0].end <= two[1].start), "bytes were asked for twice");
    read
}

#[test]
fn a_row_group_larger_than_the_limit_is_read_in_parts() {
    let batch = rows(0, 60_000, 400);
    let file = written(&batch, properties(64 << 10, 5_000, false, false, 64 << 10));
    assert!(file.len() > 20 << 20);
    let read = check_reads(&file, &batch, 8192, 4 << 20);
    assert!(read.batches.len() < 60, "{} batches", read.batches.len());
    assert!(read.ranges.len() < 200, "{} requests", read.ranges.len());
}

#[test]
fn a_limit_that_is_too_small_is_an_error_with_a_number_that_does() {
    let batch = rows(0, 20_000, 400);
    let file = written(&batch, properties(4 << 20, 20_000, false, false, 0));
    let request = |limit| ReadRequest { memory_limit: Some(limit), ..ReadRequest::default() };
    let mut limit = 1 << 20;
    for round in 0.. {
        let Err(e) = read(&file, request(limit)) else { break };
        assert_eq!(e.code, "MEMORY_LIMIT_TOO_SMALL");
        let number = e.needed.unwrap();
        assert!(number > limit && round < 3, "{} {number}", e.message);
        limit = number;
    }
    assert!(limit < 3 * file.len() as u64, "{limit} for a file of {}", file.len());
    check_reads(&file, &batch, 8192, limit);
}

#[test]
fn wide_rows_among_narrow_ones_come_in_smaller_batches() {
    let narrow = rows(0, 30_000, 2);
    let wide = rows(30_000, 64, 900_000);
    let batch = concat_batches(&narrow.schema(), [&narrow, &wide, &narrow]).unwrap();
    let file = written(&batch, properties(64 << 10, 5_000, false, true, 0));
    let read = check_reads(&file, &batch, 8192, 32 << 20);
    let most = read.batches.iter().map(RecordBatch::get_array_memory_size).max().unwrap();
    assert!(most < 24 << 20, "a batch of {most} bytes");
    let rows = |at: usize| read.batches[at].num_rows();
    assert!(rows(0) > 1000, "{}", rows(0));
    assert!(rows(read.batches.len() - 2) > 1000, "{}", rows(read.batches.len() - 2));
}

#[test]
fn of_the_first_rows_little_more_is_fetched_than_they_need() {
    let batch = rows(0, 60_000, 100);
    let file = written(&batch, properties(16 << 10, 1_000, false, false, 16 << 10));
    for (wanted, most) in [(1u64, 3 << 19), (700, 3 << 19), (20_000, file.len() as u64 * 3 / 4), (70_000, u64::MAX)] {
        let read = read(&file, ReadRequest { rows: Some(wanted), ..ReadRequest::default() }).unwrap();
        let found = concat_batches(&batch.schema(), &read.batches).unwrap();
        assert_eq!(found, batch.slice(0, found.num_rows()));
        assert_eq!(found.num_rows() as u64, wanted.min(60_000));
        let bytes = read.ranges.iter().map(|r| r.end - r.start).sum::<u64>();
        assert!(bytes < most, "{bytes} of {} for {wanted} rows", file.len());
    }
    let none = read(&file, ReadRequest { rows: Some(0), ..ReadRequest::default() }).unwrap();
    assert!(none.batches.is_empty() && none.ranges.is_empty());
}

#[test]
fn columns_that_are_not_read_are_not_asked_for() {
    let batch = rows(0, 1000, 50);
    let file = written(&batch, properties(4 << 10, 300, false, true, 1 << 10));
    let columns = Some(vec![vec!["map".to_owned()], vec!["id".to_owned()]]);
    let read = read(&file, ReadRequest { columns, ..ReadRequest::default() }).unwrap();
    let found: BTreeSet<String> = read
        .batches
        .iter()
        .flat_map(|b| b.schema().fields().iter().map(|f| f.name().clone()).collect::<Vec<_>>())
        .collect();
    assert_eq!(found, BTreeSet::from(["id".to_owned(), "map".to_owned()]));
    assert!(read.ranges.iter().map(|r| r.end - r.start).sum::<u64>() < file.len() as u64 / 2);
    assert_eq!(read.batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 1000);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_pages_and_batches_give_the_rows_that_were_written(
        count in 1usize..3000, size in 2usize..300, pages in 200usize..20_000, page_rows in 10usize..3000,
        v2: bool, zstd: bool, dictionary in prop_oneof![Just(0usize), 100..4000usize],
        batch_rows in 1usize..1200, limit in 2u64 << 20..12 << 20,
    ) {
        let batch = rows(0, count, size);
        let file = written(&batch, properties(pages, page_rows, v2, zstd, dictionary));
        check_reads(&file, &batch, batch_rows, limit);
    }

    #[test]
    fn flipped_bytes_are_errors_or_other_rows(
        places in prop::collection::vec((0usize..usize::MAX, 0u8..8), 1..4), v2: bool, zstd: bool,
        batch_rows in 1usize..200, limit in 2u64 << 20..4 << 20,
    ) {
        let batch = rows(0, 300, 40);
        let mut bytes = written(&batch, properties(800, 60, v2, zstd, 500)).to_vec();
        let footer = bytes.len() - 8 - u32::from_le_bytes(bytes[bytes.len() - 8..][..4].try_into().unwrap()) as usize;
        for (place, bit) in places {
            bytes[4 + place % (footer - 4)] ^= 1 << bit;
        }
        let request = ReadRequest { batch_rows: Some(batch_rows), memory_limit: Some(limit), ..ReadRequest::default() };
        if let Ok(read) = read(&bytes.into(), request) {
            prop_assert_eq!(read.batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 300);
        }
    }
}
