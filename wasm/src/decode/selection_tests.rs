//! Selected rows are the rows of a full read, and of the file no more is asked for than they need.

use std::ops::Range;

use arrow_array::{BooleanArray, RecordBatch};
use arrow_select::concat::concat_batches;
use arrow_select::filter::filter_record_batch;
use bytes::Bytes;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use proptest::prelude::*;

use super::column_tests::{Made, batch_of, made};
use super::group_tests::{properties, read, rows, written};
use super::offset_index::{offset_index, range_of};
use super::reader::{ReadRequest, RowGroupRequest};
use super::thrift::{Header, page_header};

fn with(properties: WriterProperties, group_rows: usize, indexed: bool) -> WriterProperties {
    // Pages of few rows, where they are asked for.
    let write_rows = properties.data_page_row_count_limit().min(64);
    let builder = properties.into_builder().set_max_row_group_row_count(Some(group_rows));
    let builder = builder.set_write_batch_size(write_rows);
    let statistics = if indexed { EnabledStatistics::Page } else { EnabledStatistics::Chunk };
    builder.set_offset_index_disabled(!indexed).set_statistics_enabled(statistics).build()
}

fn metadata(file: &Bytes) -> ParquetMetaData {
    let reader = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Skip);
    reader.parse_and_finish(file).unwrap()
}

/// Rows to leave out and rows to read, by turns; of each row group from the start on again.
type Turns = Vec<(usize, usize)>;

fn turns() -> impl Strategy<Value = Turns> {
    let length = || prop_oneof![0usize..4, 1..60usize, 200..1500usize];
    prop::collection::vec((length(), length()), 1..9)
}

fn ranges(turns: &Turns, repeat: bool, rows: usize) -> Vec<u32> {
    let (mut at, mut ranges) = (0, Vec::new());
    for (skip, take) in turns.iter().cycle().take(if repeat { 400 } else { turns.len() }) {
        let (start, end) = (at + skip, (at + skip + take).min(rows));
        if start < end {
            ranges.extend([start as u32, end as u32]);
        }
        at = start + take;
    }
    ranges
}

fn mask(ranges: &[u32], rows: usize) -> BooleanArray {
    let of = |row: &u32| ranges.as_chunks::<2>().0.iter().any(|[start, end]| (start..end).contains(&row));
    (0..rows as u32).map(|row| Some(of(&row))).collect()
}

struct Wanted {
    request: Vec<RowGroupRequest>,
    rows: RecordBatch,
}

fn wanted(batch: &RecordBatch, group_rows: usize, turns: &Turns, repeat: bool) -> Wanted {
    let (mut request, mut parts) = (Vec::new(), Vec::new());
    for (index, start) in (0..batch.num_rows()).step_by(group_rows).enumerate() {
        let group = batch.slice(start, group_rows.min(batch.num_rows() - start));
        let ranges = ranges(turns, repeat, group.num_rows());
        parts.push(filter_record_batch(&group, &mask(&ranges, group.num_rows())).unwrap());
        request.push(RowGroupRequest { index, rows: Some(ranges.into()) });
    }
    Wanted { request, rows: concat_batches(&batch.schema(), &parts).unwrap() }
}

/// Whether the offset index was asked for; what else was must be needed.
fn check_ranges(file: &Bytes, request: &[RowGroupRequest], asked: &[Range<u64>]) -> bool {
    let metadata = metadata(file);
    let mut allowed: Vec<Range<u64>> = Vec::new();
    let mut any = false;
    for group in request {
        let chunks = metadata.row_group(group.index);
        let selected = mask(group.rows.as_ref().unwrap(), chunks.num_rows() as usize);
        let has = |rows: Range<u64>| rows.into_iter().any(|row| selected.value(row as usize));
        for chunk in chunks.columns() {
            let (start, length) = chunk.byte_range();
            let index = range_of(chunk).filter(|range| asked.contains(range));
            let Some(index) = index else {
                if selected.true_count() > 0 {
                    allowed.push(start..start + length);
                }
                continue;
            };
            any = true;
            let pages = offset_index(&file[index.start as usize..index.end as usize]).unwrap();
            allowed.extend([index, start..pages[0].offset]);
            for (at, page) in pages.iter().enumerate() {
                let end = pages.get(at + 1).map_or(chunks.num_rows() as u64, |next| next.first_row);
                if has(page.first_row..end) {
                    allowed.push(page.offset..page.offset + page.bytes);
                }
            }
        }
    }
    allowed.sort_by_key(|range| range.start);
    let mut asked = asked.to_vec();
    asked.sort_by_key(|range| range.start);
    assert!(asked.windows(2).all(|two| two[0].end <= two[1].start), "bytes were asked for twice");
    for range in asked {
        let mut at = range.start;
        for part in allowed.iter().filter(|part| part.end > range.start) {
            if part.start <= at {
                at = at.max(part.end);
            }
        }
        assert!(at >= range.end, "{range:?} is not needed, of which {at} is the first byte");
    }
    any
}

struct How {
    group_rows: usize,
    repeat: bool,
    batch_rows: usize,
    limit: u64,
    most: u64,
    /// Its offset index is asked for however little that saves.
    eager: bool,
}

fn check(batch: &RecordBatch, file: &Bytes, turns: &Turns, how: &How) -> bool {
    let wanted = wanted(batch, how.group_rows, turns, how.repeat);
    let again = wanted.request.iter().map(|group| RowGroupRequest { index: group.index, rows: group.rows.clone() });
    let request = ReadRequest {
        row_groups: Some(again.collect()),
        batch_rows: Some(how.batch_rows),
        memory_limit: Some(how.limit),
        rows: Some(how.most),
        offset_index_cost: how.eager.then_some(0),
        ..ReadRequest::default()
    };
    let got = read(file, request).unwrap();
    assert!(got.batches.iter().all(|batch| batch.num_rows() <= how.batch_rows));
    let expected = wanted.rows.slice(0, wanted.rows.num_rows().min(how.most as usize));
    assert_eq!(concat_batches(&batch.schema(), &got.batches).unwrap(), expected);
    for array in got.batches.iter().flat_map(RecordBatch::columns) {
        array.to_data().validate_full().unwrap();
    }
    check_ranges(file, &wanted.request, &got.ranges)
}

#[test]
fn pages_without_selected_rows_are_not_fetched() {
    let batch = rows(0, 20_000, 200);
    for (v2, zstd) in [(false, true), (true, false)] {
        let file = written(&batch, with(properties(8 << 10, 500, v2, zstd, 8 << 10), 20_000, true));
        let request = |ranges: &[u32]| ReadRequest {
            row_groups: Some(vec![RowGroupRequest { index: 0, rows: Some(ranges.to_vec().into()) }]),
            ..ReadRequest::default()
        };
        let got = read(&file, request(&[100, 101, 9_990, 10_010])).unwrap();
        assert_eq!(got.batches.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [21]);
        assert_eq!(got.batches[0].slice(1, 20), batch.slice(9_990, 20));
        let bytes: u64 = got.ranges.iter().map(|range| range.end - range.start).sum();
        assert!(bytes < file.len() as u64 / 8, "{bytes} of {}", file.len());
        // One row here and there leaves out no page: nobody asks which.
        let sparse: Vec<u32> = (0..20_000).filter(|row| row % 10 != 0).flat_map(|row| [row, row + 1]).collect();
        let got = read(&file, request(&sparse)).unwrap();
        assert_eq!(got.batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 18_000);
        assert!(got.ranges.iter().all(|range| range.end < file.len() as u64 - 20_000), "{:?}", got.ranges.last());
    }
}

#[test]
fn a_selection_of_nothing_asks_for_nothing() {
    let batch = rows(0, 3_000, 20);
    let file = written(&batch, with(properties(8 << 10, 500, false, true, 0), 1_000, true));
    let row_groups = [(2, vec![]), (1, vec![999, 1000])];
    let row_groups = row_groups.map(|(index, rows)| RowGroupRequest { index, rows: Some(rows.into()) });
    let got = read(&file, ReadRequest { row_groups: Some(row_groups.into()), ..ReadRequest::default() }).unwrap();
    assert_eq!(got.batches, [batch.slice(1_999, 1)]);
    let start = metadata(&file).row_group(1).column(0).byte_range().0;
    let end = metadata(&file).row_group(2).column(0).byte_range().0;
    assert!(got.ranges.iter().all(|range| range.start >= start && range.end <= end));
}

/// Makes a page of a leaf one that cannot be decompressed; its header stays, and levels of the second version.
fn damage(file: &Bytes, leaf: usize, row: u64) -> Bytes {
    let metadata = metadata(file);
    let range = range_of(metadata.row_group(0).column(leaf)).unwrap();
    let pages = offset_index(&file[range.start as usize..range.end as usize]).unwrap();
    let page = pages.iter().rev().find(|page| page.first_row <= row).unwrap();
    let mut bytes = file.to_vec();
    let Header::Whole(header, length) = page_header(&bytes[page.offset as usize..]) else { panic!("no header") };
    let levels: i32 = header.level_bytes.unwrap_or_default().iter().sum();
    let magic = page.offset as usize + length + levels as usize;
    bytes[magic..magic + 4].fill(0);
    bytes.into()
}

#[test]
fn pages_without_selected_rows_are_not_decompressed_where_their_rows_are_counted_without() {
    let batch = rows(0, 6_000, 60);
    // Leaves: a number, a text, a word from a dictionary, a list, and with the second version the elements of a map.
    for (v2, leaf, is_read) in [
        (false, 0, false),
        (false, 1, false),
        (false, 2, false),
        (false, 3, true),
        (true, 0, false),
        (true, 3, false),
        (true, 5, false),
    ] {
        let file = written(&batch, with(properties(1 << 10, 100, v2, true, 8 << 10), 6_000, true));
        let file = damage(&file, leaf, 2_000);
        let request = |ranges: &[u32]| ReadRequest {
            row_groups: Some(vec![RowGroupRequest { index: 0, rows: Some(ranges.to_vec().into()) }]),
            offset_index_cost: Some(u64::MAX),
            ..ReadRequest::default()
        };
        let around = read(&file, request(&[500, 510, 4_000, 4_100]));
        assert_eq!(around.is_err(), is_read, "{v2} {leaf}");
        if let Ok(around) = around {
            assert_eq!(around.batches.len(), 1);
            assert_eq!(around.batches[0].slice(10, 100), batch.slice(4_000, 100));
        }
        let within = read(&file, request(&[2_000, 2_001])).err().unwrap();
        assert!(within.code == "SOURCE_CORRUPT" && within.message.starts_with("row group 0, "), "{}", within.message);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn selected_rows_of_any_shape_are_those_of_a_full_read(
        count in 1usize..4000, size in 2usize..200, pages in 200usize..20_000, page_rows in prop_oneof![2usize..10, 10..3000usize],
        (v2, zstd, indexed, repeat, eager) in any::<(bool, bool, bool, bool, bool)>(), group_rows in prop_oneof![300usize..4000, Just(4000)],
        dictionary in prop_oneof![Just(0usize), 100..4000usize], turns in turns(),
        (batch_rows, limit) in (1usize..1200, 2u64 << 20..12 << 20), most in prop_oneof![3 => Just(u64::MAX), 1 => 0..3000u64],
    ) {
        let batch = rows(0, count, size);
        let file = written(&batch, with(properties(pages, page_rows, v2, zstd, dictionary), group_rows, indexed));
        check(&batch, &file, &turns, &How { group_rows, repeat, batch_rows, limit, most, eager });
    }

    #[test]
    fn selected_rows_of_any_columns_are_those_of_a_full_read(
        columns in prop::collection::vec(made(), 1..6), count in 1usize..3000, pages in 100usize..20_000,
        page_rows in prop_oneof![1usize..10, 1..2000usize], (v2, zstd, indexed, repeat, eager) in any::<(bool, bool, bool, bool, bool)>(),
        group_rows in prop_oneof![300usize..3000, Just(3000)],
        dictionary in prop_oneof![Just(0usize), 50..4000usize, Just(1 << 20)], turns in turns(), batch_rows in 1usize..1500,
    ) {
        let batch = batch_of(&columns, count);
        let file = written(&batch, with(properties(pages, page_rows, v2, zstd, dictionary), group_rows, indexed));
        check(&batch, &file, &turns, &How { group_rows, repeat, batch_rows, limit: 64 << 20, most: u64::MAX, eager });
    }

    #[test]
    fn changed_bytes_in_pages_and_offset_indexes_are_errors_or_as_many_rows(
        places in prop::collection::vec((0usize..usize::MAX, 0u8..8), 1..3), (v2, zstd, in_index) in any::<(bool, bool, bool)>(),
        turns in turns(),
    ) {
        let batch = rows(0, 3000, 60);
        let mut bytes = written(&batch, with(properties(4000, 200, v2, zstd, 500), 3000, true)).to_vec();
        let metadata = metadata(&bytes.clone().into());
        let indexes = metadata.row_group(0).columns().iter().filter_map(range_of).collect::<Vec<_>>();
        let (from, to) = if in_index { (indexes[0].start as usize, indexes[5].end as usize) } else { (4, indexes[0].start as usize) };
        for (place, bit) in places {
            bytes[from + place % (to - from)] ^= 1 << bit;
        }
        let ranges = ranges(&turns, false, 3000);
        let count = ranges.as_chunks::<2>().0.iter().map(|[start, end]| (end - start) as usize).sum::<usize>();
        let row_groups = Some(vec![RowGroupRequest { index: 0, rows: Some(ranges.clone().into()) }]);
        if let Ok(got) = read(&bytes.into(), ReadRequest { row_groups, offset_index_cost: Some(0), ..ReadRequest::default() }) {
            prop_assert_eq!(got.batches.iter().map(RecordBatch::num_rows).sum::<usize>(), count);
            if in_index && count > 0 {
                let expected = filter_record_batch(&batch, &mask(&ranges, 3000)).unwrap();
                prop_assert_eq!(concat_batches(&batch.schema(), &got.batches).unwrap(), expected);
            }
        }
    }
}

#[test]
fn a_wide_variety_of_columns_is_cut_where_pages_are() {
    // Every kind of column, with pages that end at other rows.
    let made = |kind: usize, list: bool| Made {
        kind,
        list,
        nulls: 7,
        list_nulls: 9,
        distinct: if kind.is_multiple_of(2) { 30 } else { u64::MAX },
        times: 2,
        seed: kind as u64,
    };
    let columns: Vec<Made> = (0..32).map(|at| made(at % 16, at > 15)).collect();
    let batch = batch_of(&columns, 5000);
    let turns = vec![(1300, 3), (900, 400), (0, 1), (1, 1), (1500, 20)];
    for (v2, dictionary) in [(false, 1 << 20), (true, 2000), (true, 0)] {
        let file = written(&batch, with(properties(3000, 333, v2, true, dictionary), 5000, true));
        let how =
            How { group_rows: 5000, repeat: false, batch_rows: 300, limit: 64 << 20, most: u64::MAX, eager: false };
        assert!(check(&batch, &file, &turns, &how), "the offset index was not used");
    }
}
