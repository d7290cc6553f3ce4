//! Facts merged over row groups.

use std::sync::Arc;

use parquet::basic::ColumnOrder;
use parquet::data_type::ByteArray;
use parquet::file::metadata::{ColumnChunkMetaData, FileMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::file::statistics::{Statistics, ValueStatistics};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::SchemaDescriptor;

use super::{LeafFacts, footer_facts};

/// The facts of a file of one column whose row groups have these statistics, of ten values each.
fn facts(
    column: &str,
    order: Option<fn(&SchemaDescriptor) -> ColumnOrder>,
    groups: Vec<Option<Statistics>>,
) -> LeafFacts {
    let schema = parse_message_type(&format!("message m {{ {column}; }}")).unwrap();
    let schema = Arc::new(SchemaDescriptor::new(Arc::new(schema)));
    let rows = groups.len() as i64 * 10;
    let groups = groups.into_iter().map(|stats| {
        let chunk = ColumnChunkMetaData::builder(schema.column(0))
            .set_num_values(10)
            .set_total_compressed_size(100)
            .set_data_page_offset(4);
        let chunk = match stats {
            Some(stats) => chunk.set_statistics(stats),
            None => chunk,
        };
        RowGroupMetaData::builder(schema.clone())
            .set_num_rows(10)
            .add_column_metadata(chunk.build().unwrap())
            .build()
            .unwrap()
    });
    let orders = order.map(|order| vec![order(&schema)]);
    let file = FileMetaData::new(2, rows, None, None, schema.clone(), orders);
    let metadata = ParquetMetaData::new(file, groups.collect());
    footer_facts(&metadata).leaves.remove(0)
}

fn defined(schema: &SchemaDescriptor) -> ColumnOrder {
    ColumnOrder::TYPE_DEFINED_ORDER(schema.column(0).sort_order())
}

fn ints(min: i32, max: i32, nulls: Option<u64>, deprecated: bool) -> Option<Statistics> {
    Some(Statistics::int32(Some(min), Some(max), None, nulls, deprecated))
}

fn doubles(min: f64, max: f64) -> Option<Statistics> {
    Some(Statistics::double(Some(min), Some(max), None, Some(0), false))
}

fn texts(min: &str, max: &str, exact: bool, deprecated: bool) -> Option<Statistics> {
    let stats = ValueStatistics::new(Some(ByteArray::from(min)), Some(ByteArray::from(max)), None, Some(0), deprecated);
    Some(Statistics::ByteArray(stats.with_min_is_exact(exact).with_max_is_exact(exact)))
}

#[test]
fn bounds_and_nulls_are_those_of_all_row_groups() {
    let leaf = facts("optional int32 a", Some(defined), vec![ints(5, 9, Some(1), false), ints(-3, 7, Some(2), false)]);
    assert_eq!((leaf.min, leaf.max), (Some((-3i32).to_le_bytes().to_vec()), Some(9i32.to_le_bytes().to_vec())));
    assert_eq!((leaf.null_count, leaf.value_count, leaf.compressed_bytes), (Some(3), 20, 200));
    assert!(leaf.min_exact && leaf.max_exact);
}

#[test]
fn a_row_group_that_does_not_say_leaves_the_whole_unknown() {
    let leaf =
        facts("optional int32 a", Some(defined), vec![ints(5, 9, None, false), None, ints(1, 2, Some(0), false)]);
    assert_eq!((leaf.min, leaf.max, leaf.null_count), (None, None, None));
}

#[test]
fn a_row_group_of_nulls_needs_no_bounds() {
    let nulls = Some(Statistics::int32(None, None, None, Some(10), false));
    let leaf = facts("optional int32 a", Some(defined), vec![nulls.clone(), ints(1, 2, Some(0), false)]);
    assert_eq!((leaf.min.is_some(), leaf.null_count), (true, Some(10)));
    assert_eq!(facts("optional int32 a", Some(defined), vec![nulls]).min, None);
}

#[test]
fn deprecated_bounds_count_where_their_order_is_right() {
    assert!(facts("optional int32 a", None, vec![ints(1, 2, None, true)]).min.is_some());
    assert!(facts("optional int32 a (UINT_32)", None, vec![ints(1, 2, None, true)]).min.is_none());
    assert!(facts("optional binary a (UTF8)", None, vec![texts("a", "b", true, true)]).min.is_none());
    // Bounds of the new kind are of no known order in a file that declares none.
    assert!(facts("optional binary a (UTF8)", None, vec![texts("a", "b", true, false)]).min.is_none());
    assert!(facts("optional binary a (UTF8)", Some(defined), vec![texts("a", "b", true, false)]).min.is_some());
}

#[test]
fn unsigned_columns_are_merged_as_unsigned() {
    let leaf =
        facts("optional int32 a (UINT_32)", Some(defined), vec![ints(5, -1, None, false), ints(1, 7, None, false)]);
    assert_eq!((leaf.min, leaf.max), (Some(vec![1, 0, 0, 0]), Some(vec![0xff; 4])));
}

#[test]
fn nan_is_no_bound_and_zeros_are_widened() {
    assert_eq!(facts("optional double a", Some(defined), vec![doubles(f64::NAN, f64::NAN)]).min, None);
    assert_eq!(facts("optional double a", Some(defined), vec![doubles(1.0, 2.0), doubles(0.0, f64::NAN)]).max, None);
    let leaf = facts("optional double a", Some(defined), vec![doubles(0.0, -0.0), doubles(0.0, 0.0)]);
    assert_eq!(leaf.min, Some((-0.0f64).to_le_bytes().to_vec()));
    assert_eq!(leaf.max, Some(0.0f64.to_le_bytes().to_vec()));
}

#[test]
fn nan_counts_are_those_that_are_written() {
    let counted = |nans| {
        let stats = ValueStatistics::new(Some(1.0), Some(2.0), None, Some(0), false).with_nan_count(Some(nans));
        Some(Statistics::Double(stats))
    };
    assert_eq!(facts("optional double a", Some(defined), vec![counted(1), counted(2)]).nan_count, Some(3));
    assert_eq!(facts("optional double a", Some(defined), vec![counted(1), doubles(1.0, 2.0)]).nan_count, None);
}

#[test]
fn a_row_group_of_nulls_has_no_nans() {
    let stats = |values: Option<f64>, nulls, nans| {
        Some(Statistics::Double(ValueStatistics::new(values, values, None, nulls, false).with_nan_count(nans)))
    };
    let nulls = |count| stats(None, Some(count), None);
    let of = |groups| facts("optional double a", Some(defined), groups).nan_count;
    assert_eq!(of(vec![nulls(10)]), Some(0));
    assert_eq!(of(vec![nulls(10), stats(Some(f64::NAN), Some(0), Some(10)), nulls(10)]), Some(10));
    assert_eq!(of(vec![nulls(9)]), None);
    assert_eq!(of(vec![stats(None, None, None)]), None);
}

#[test]
fn cut_bounds_stay_bounds_and_say_so() {
    let leaf = facts(
        "optional binary a (UTF8)",
        Some(defined),
        vec![texts("b", "y", true, false), texts("a", "z", false, false)],
    );
    assert_eq!(
        (leaf.min, leaf.min_exact, leaf.max, leaf.max_exact),
        (Some(b"a".to_vec()), false, Some(b"z".to_vec()), false)
    );
}

#[test]
fn bounds_the_wrong_way_round_are_none() {
    assert_eq!(facts("optional int32 a", Some(defined), vec![ints(9, 1, None, false)]).min, None);
}
