//! Partitioning against an implementation that does one row at a time.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{
    Array, ArrayRef, BinaryArray, Int16Array, Int32Array, ListArray, RecordBatch, TimestampMicrosecondArray,
    UInt32Array,
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Schema};

use super::random::{Random, field, table_batch};
use crate::error::Result;
use crate::hex::hex;
use crate::kernels::concat::concat;
use crate::kernels::partition::{Part, Partitioned, partition};
use crate::kernels::transform::Transform;

/// Values that are equal when the partition is, written out.
fn naive(column: &ArrayRef, row: usize, transform: Transform) -> String {
    if column.is_null(row) || transform == Transform::Void {
        return "null".into();
    }
    let floor_days = |v: i64, per: i64| v.div_euclid(per);
    match column.data_type() {
        DataType::Boolean => column.as_boolean().value(row).to_string(),
        DataType::Int32 => int(column.as_primitive::<Int32Type>().value(row).into(), transform, true),
        DataType::Int64 => int(column.as_primitive::<Int64Type>().value(row).into(), transform, false),
        DataType::Float32 => {
            let v = column.as_primitive::<Float32Type>().value(row);
            if v.is_nan() { "NaN".into() } else { format!("{v:?}") }
        }
        DataType::Float64 => {
            let v = column.as_primitive::<Float64Type>().value(row);
            if v.is_nan() { "NaN".into() } else { format!("{v:?}") }
        }
        DataType::Decimal128(..) => {
            let v = column.as_primitive::<Decimal128Type>().value(row);
            match transform {
                Transform::Truncate(w) => (v - v.rem_euclid(w.into())).to_string(),
                _ => v.to_string(),
            }
        }
        DataType::Date32 => date(floor_days(column.as_primitive::<Date32Type>().value(row).into(), 1), transform),
        DataType::Time64(_) => column.as_primitive::<Time64MicrosecondType>().value(row).to_string(),
        DataType::Timestamp(unit, _) => {
            let (v, per_hour) = match unit {
                arrow_schema::TimeUnit::Nanosecond => {
                    (column.as_primitive::<TimestampNanosecondType>().value(row), 3_600_000_000_000)
                }
                _ => (column.as_primitive::<TimestampMicrosecondType>().value(row), 3_600_000_000),
            };
            match transform {
                Transform::Identity => v.to_string(),
                Transform::Hour => floor_days(v, per_hour).to_string(),
                _ => date(floor_days(v, 24 * per_hour), transform),
            }
        }
        DataType::Utf8 => {
            let v = column.as_string::<i32>().value(row);
            match transform {
                Transform::Truncate(w) => v.chars().take(w as usize).collect(),
                _ => v.to_owned(),
            }
        }
        DataType::Binary => {
            let v = column.as_binary::<i32>().value(row);
            match transform {
                Transform::Truncate(w) => hex(&v[..v.len().min(w as usize)]),
                _ => hex(v),
            }
        }
        _ => hex(column.as_fixed_size_binary().value(row)),
    }
}

fn int(v: i128, transform: Transform, narrow: bool) -> String {
    match transform {
        Transform::Truncate(w) => {
            let cut = v - v.rem_euclid(w.into());
            if narrow { (cut as i32).to_string() } else { (cut as i64).to_string() }
        }
        _ => v.to_string(),
    }
}

/// Years and months by walking from 1970, for days near it; the library's own for others.
fn date(days: i64, transform: Transform) -> String {
    match transform {
        Transform::Year | Transform::Month => {
            let (year, month, _) = crate::kernels::civil::date_of(days);
            if transform == Transform::Year { format!("{year}") } else { format!("{year}-{month}") }
        }
        _ => days.to_string(),
    }
}

fn options(column: &ArrayRef) -> Vec<Transform> {
    use Transform::*;
    match column.data_type() {
        DataType::Int32 | DataType::Int64 | DataType::Decimal128(..) => {
            vec![Identity, Truncate(10), Truncate(i32::MAX), Void]
        }
        DataType::Utf8 | DataType::Binary => vec![Identity, Truncate(1), Truncate(3)],
        DataType::Date32 => vec![Identity, Year, Month, Day],
        // Hours from the far ends of 64-bit microseconds do not fit an int, so they are tested apart.
        DataType::Timestamp(..) => vec![Identity, Year, Month, Day],
        DataType::List(_) | DataType::Map(..) | DataType::Struct(_) => vec![],
        _ => vec![Identity, Void],
    }
}

fn parts_of(batches: Vec<RecordBatch>, transforms: &[(i32, Transform)]) -> Result<Vec<Part>> {
    let Partitioned { parts, rest } = partition(batches, transforms, usize::MAX)?;
    assert!(rest.is_empty());
    Ok(parts)
}

fn rows_of(batch: &RecordBatch, rows: &[u32]) -> RecordBatch {
    arrow_select::take::take_record_batch(batch, &UInt32Array::from(rows.to_vec())).unwrap()
}

#[test]
fn groups_are_those_of_one_row_at_a_time() {
    for seed in 0..400 {
        let mut random = Random::new(seed);
        // Some are of several blocks of rows.
        let len = if seed % 100 == 0 { 10_000 } else { [1, 2, 30, 200, 3_000][random.below(5)] };
        let whole = table_batch(&mut random, len + 7);
        // A slice: offsets that do not start at 0, validity that does not start at a byte.
        let batch = whole.slice(random.below(8), len);
        let fields: Vec<(i32, ArrayRef, Transform)> = (0..random.below(4))
            .map(|_| {
                let at = random.below(13);
                let column = batch.column(at).clone();
                let all = options(&column);
                (at as i32 + 1, column, all[random.below(all.len())])
            })
            .collect();
        let mut expected: Vec<(Vec<String>, Vec<u32>)> = Vec::new();
        for row in 0..len {
            let tuple: Vec<String> = fields.iter().map(|(_, c, t)| naive(c, row, *t)).collect();
            match expected.iter_mut().find(|(t, _)| *t == tuple) {
                Some((_, rows)) => rows.push(row as u32),
                None => expected.push((tuple, vec![row as u32])),
            }
        }
        let transforms: Vec<_> = fields.iter().map(|(id, _, t)| (*id, *t)).collect();
        // However the rows are cut; a tuple that is the only one keeps the cuts.
        let cut = if expected.len() == 1 { len } else { random.below(len) };
        let pieces = vec![batch.slice(0, cut), batch.slice(cut, len - cut)];
        let parts = parts_of(pieces, &transforms).unwrap();
        assert_eq!(parts.len(), expected.len(), "seed {seed}");
        let mut keys: Vec<_> = parts.iter().map(|p| p.key()).collect();
        for (part, (tuple, rows)) in parts.iter().zip(&expected) {
            assert_eq!(part.first_row, rows[0], "seed {seed}");
            assert_eq!(part.batch, rows_of(&batch, rows), "seed {seed}");
            for (value, text) in part.values.iter().zip(tuple) {
                assert_eq!(value.is_none(), text == "null", "seed {seed}");
            }
        }
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), parts.len(), "seed {seed}: two tuples have one key");
        let order: Vec<u32> = expected.iter().flat_map(|(_, rows)| rows.clone()).collect();
        let joined = concat(&parts.into_iter().map(|p| p.batch).collect::<Vec<_>>()).unwrap();
        assert_eq!(joined, rows_of(&batch, &order), "seed {seed}");
    }
}

#[test]
fn a_child_of_a_struct_is_null_where_its_parent_is() {
    let mut both = 0;
    for seed in 0..20 {
        let batch = table_batch(&mut Random::new(seed), 300);
        let nested = batch.column_by_name("nested").unwrap().as_struct();
        let parts = parts_of(vec![batch.clone()], &[(101, Transform::Day)]).unwrap();
        let null_rows = (0..300).filter(|r| nested.is_null(*r) || nested.column(0).is_null(*r)).count();
        both += usize::from(null_rows > nested.null_count() && nested.null_count() > 0);
        let null_parts: Vec<_> = parts.iter().filter(|p| p.values[0].is_none()).map(|p| p.batch.num_rows()).collect();
        assert_eq!(null_parts, if null_rows > 0 { vec![null_rows] } else { vec![] });
    }
    assert!(both > 0);
}

#[test]
fn a_field_in_a_list_or_not_there_is_refused() {
    let batch = table_batch(&mut Random::new(5), 3);
    for id in [100, 999] {
        let error = parts_of(vec![batch.clone()], &[(id, Transform::Identity)]).err().unwrap();
        assert_eq!(error.code, "INVALID_ARGUMENT");
        assert!(error.message.contains(&id.to_string()));
    }
}

#[test]
fn a_value_whose_partition_value_fits_nowhere_is_named_with_its_column() {
    let times = |values: Vec<i64>| {
        let column: ArrayRef = Arc::new(TimestampMicrosecondArray::from(values));
        let schema = Schema::new(vec![field("at", column.data_type().clone(), 1)]);
        RecordBatch::try_new(Arc::new(schema), vec![column]).unwrap()
    };
    let error = parts_of(vec![times(vec![0, 1]), times(vec![2, i64::MAX])], &[(1, Transform::Hour)]).err().unwrap();
    assert_eq!((error.code, error.row, error.column.as_deref()), ("INVALID_VALUE", None, Some("at")));
    let expected = "column \"at\": 294247-01-10T04:00:54.775807 has";
    assert!(error.message.starts_with(expected) && error.message.contains("hour"), "{error}");
}

#[test]
fn no_rows_give_no_parts_and_no_fields_one() {
    let batch = table_batch(&mut Random::new(5), 9);
    assert!(parts_of(vec![batch.slice(0, 0)], &[(1, Transform::Identity)]).unwrap().is_empty());
    let whole = parts_of(vec![batch.clone()], &[]).unwrap();
    assert_eq!(whole.len(), 1);
    assert_eq!(whole[0].batch, batch);
    assert!(whole[0].key().is_empty());
    let pieces = parts_of(vec![batch.slice(0, 4), batch.slice(4, 5)], &[]).unwrap();
    assert_eq!(pieces.iter().map(|p| (p.first_row, p.batch.num_rows())).collect::<Vec<_>>(), [(0, 4), (4, 5)]);
}

#[test]
fn no_more_parts_are_made_than_asked_for_and_no_row_of_another_is_among_them() {
    for seed in 0..50 {
        let mut random = Random::new(seed);
        let len = 1 + random.below(300);
        let batch = table_batch(&mut random, len);
        let transforms = [(1, Transform::Identity)];
        let whole = parts_of(vec![batch.clone()], &transforms).unwrap();
        let most = 1 + random.below(whole.len() + 1);
        let cuts = [random.below(len), random.below(len)];
        let (low, high) = (cuts[0].min(cuts[1]), cuts[0].max(cuts[1]));
        let pieces = vec![batch.slice(0, low), batch.slice(low, high - low), batch.slice(high, len - high)];
        let Partitioned { parts, rest } = partition(pieces, &transforms, most).unwrap();
        let cut = whole.get(most).map_or(len, |next| next.first_row as usize);
        let expected = parts_of(vec![batch.slice(0, cut)], &transforms).unwrap();
        if expected.len() > 1 {
            assert_eq!(parts.len(), expected.len(), "seed {seed}");
            for (part, one) in parts.iter().zip(&expected) {
                assert_eq!((part.first_row, &part.batch), (one.first_row, &one.batch), "seed {seed}");
            }
        }
        let given = parts.into_iter().map(|part| part.batch).collect::<Vec<_>>();
        assert_eq!(given.iter().map(RecordBatch::num_rows).sum::<usize>(), cut, "seed {seed}");
        match &rest[..] {
            [] => assert_eq!(cut, len, "seed {seed}"),
            rest => assert_eq!(concat(rest).unwrap(), batch.slice(cut, len - cut), "seed {seed}"),
        }
    }
}

#[test]
fn values_of_all_lengths_go_to_their_groups() {
    // The longest value decides how they are copied: up to 8, 16 and 32 bytes, or by each value's length.
    for (seed, longest) in [0, 1, 7, 8, 9, 16, 17, 32, 33, 64, 65, 300].into_iter().enumerate() {
        for groups in [2, 90, 4_000] {
            let mut random = Random::new(1 + seed as u64);
            let len = 20_000 + random.below(100);
            let keys = Int32Array::from_iter_values((0..len).map(|_| random.below(groups) as i32));
            let lengths: Vec<usize> = (0..len).map(|_| random.below(longest + 1)).collect();
            let total = lengths.iter().sum();
            let content: Vec<u8> = (0..total).map(|at| at as u8).collect();
            let offsets = OffsetBuffer::<i32>::from_lengths(lengths);
            let texts = BinaryArray::new(offsets.clone(), content.into(), random.nulls(len));
            let numbers = Int16Array::from_iter_values((0..total).map(|at| at as i16));
            let element = Arc::new(field("element", DataType::Int16, 3));
            let lists = ListArray::new(element, offsets, Arc::new(numbers), random.nulls(len));
            let columns: Vec<ArrayRef> = vec![Arc::new(keys), Arc::new(texts), Arc::new(lists)];
            let named =
                |(at, column): (usize, &ArrayRef)| field(&format!("c{at}"), column.data_type().clone(), at as i32 + 1);
            let schema = Schema::new(columns.iter().enumerate().map(named).collect::<Vec<_>>());
            let whole = RecordBatch::try_new(schema.into(), columns).unwrap();
            let batch = whole.slice(7, len - 20);
            let len = batch.num_rows();
            let (low, high) = (random.below(len / 2), len / 2 + random.below(len / 2));
            let pieces =
                [(0, low), (low, low), (low, high), (high, len)].map(|(from, to)| batch.slice(from, to - from));
            let parts = parts_of(pieces.into(), &[(1, Transform::Identity)]).unwrap();
            let keys = batch.column(0).as_primitive::<Int32Type>().values();
            let mut expected: HashMap<i32, Vec<u32>> = HashMap::new();
            for (row, key) in keys.iter().enumerate() {
                expected.entry(*key).or_default().push(row as u32);
            }
            let parts = joined(parts);
            assert_eq!(parts.len(), expected.len());
            for part in parts {
                let rows = &expected[&keys[part.first_row as usize]];
                assert_eq!(part.first_row, rows[0]);
                assert_eq!(part.batch, rows_of(&batch, rows), "up to {longest} bytes, {groups} groups");
            }
        }
    }
}

/// Parts of one tuple, which follow each other, as one.
fn joined(parts: Vec<Part>) -> Vec<Part> {
    let mut all: Vec<Part> = Vec::new();
    for part in parts {
        match all.last_mut().filter(|last| last.values == part.values) {
            Some(last) => last.batch = concat(&[last.batch.clone(), part.batch]).unwrap(),
            None => all.push(part),
        }
    }
    all
}

#[test]
fn large_rows_of_a_tuple_come_in_pieces_that_find_room() {
    const MIB: usize = 1 << 20;
    for (seed, bytes, rows) in
        [(1, 300, 30_000), (2, 5_000, 2_000), (3, 600_000, 12), (4, 2_500_000, 4), (5, 30, 30_000)]
    {
        let mut random = Random::new(seed);
        let keys: Vec<i32> = (0..rows).map(|_| random.below(3) as i32).collect();
        let values: Vec<Vec<u8>> = (0..rows)
            .map(|row| vec![row as u8; if keys[row] == 2 { 1 } else { bytes / 2 + random.below(bytes) }])
            .collect();
        let columns: [(&str, ArrayRef); 2] = [
            ("key", Arc::new(Int32Array::from(keys.clone()))),
            ("value", Arc::new(BinaryArray::from_iter_values(&values))),
        ];
        let named =
            |(at, (name, column)): (usize, &(&str, ArrayRef))| field(name, column.data_type().clone(), at as i32 + 1);
        let schema = Arc::new(Schema::new(columns.iter().enumerate().map(named).collect::<Vec<_>>()));
        let batch = RecordBatch::try_new(schema, columns.map(|(_, column)| column).into()).unwrap();
        let pieces = vec![batch.slice(0, rows / 3), batch.slice(rows / 3, rows - rows / 3)];
        let parts = parts_of(pieces, &[(1, Transform::Identity)]).unwrap();
        let size = |part: &Part| part.batch.column(1).as_binary::<i32>().value_data().len();
        for part in &parts {
            assert!(size(part) <= MIB || part.batch.num_rows() == 1, "{bytes}: {}", size(part));
            let first = part.batch.slice(0, 1);
            assert_eq!(first, batch.slice(part.first_row as usize, 1), "{bytes}");
        }
        let total: usize = parts.iter().map(size).sum();
        assert!(parts.len() <= 3 + 2 * total / MIB, "{bytes}: {} parts", parts.len());
        let parts = joined(parts);
        let firsts: Vec<u32> = parts.iter().map(|part| part.first_row).collect();
        assert!(firsts.is_sorted() && parts.len() == 3.min(firsts.len()), "{bytes}: {firsts:?}");
        for part in parts {
            let key = keys[part.first_row as usize];
            let own: Vec<u32> = (0..rows as u32).filter(|row| keys[*row as usize] == key).collect();
            assert_eq!(part.batch, rows_of(&batch, &own), "{bytes}");
        }
    }
}
