//! JSON rows read into batches.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_schema::{DataType, Field, Fields, Schema, TimeUnit};
use serde_json::Value;

use super::json::JsonReader;
use super::json_fill::Unknown;
use super::rows::BatchSize;
use crate::error::Result;
use crate::schema_json::EXTENSION;

fn read(schema: Vec<Field>, text: &str, step: usize, fail: bool) -> Result<(Vec<RecordBatch>, Value)> {
    read_with(schema, text, step, fail, Unknown::Ignore)
}

fn read_with(
    schema: Vec<Field>,
    text: &str,
    step: usize,
    fail: bool,
    unknown: Unknown,
) -> Result<(Vec<RecordBatch>, Value)> {
    let mut reader =
        JsonReader::new(Arc::new(Schema::new(schema)), BatchSize { rows: 2, bytes: 1 << 20 }, fail, unknown)?;
    let mut batches = Vec::new();
    for piece in text.as_bytes().chunks(step) {
        batches.extend(reader.push(piece)?);
    }
    batches.extend(reader.finish()?);
    Ok((batches, reader.take_rejects()))
}

#[test]
fn batches_of_many_small_rows_are_given_one_at_a_time() {
    let schema = Arc::new(Schema::new(vec![Field::new("a", DataType::Int64, true)]));
    for text in ["{}\n".repeat(9), format!("[{}]", ["{}"; 9].join(","))] {
        for step in [1, 5, 1000] {
            let most = BatchSize { rows: 2, bytes: 1 << 20 };
            let mut reader = JsonReader::new(Arc::clone(&schema), most, true, Unknown::Fail).unwrap();
            let mut rows = 0;
            for piece in text.as_bytes().chunks(step) {
                let mut batches = reader.begin(piece).unwrap();
                while let [batch] = &batches[..] {
                    rows += batch.num_rows();
                    batches = reader.more().unwrap();
                }
                assert!(batches.is_empty());
            }
            assert_eq!(rows + reader.finish().unwrap().iter().map(RecordBatch::num_rows).sum::<usize>(), 9);
        }
    }
}

fn longs(batches: &[RecordBatch], column: usize) -> Vec<Option<i64>> {
    batches.iter().flat_map(|b| b.column(column).as_primitive::<Int64Type>().iter().collect::<Vec<_>>()).collect()
}

#[test]
fn fields_match_by_name_in_any_order_in_lines_and_arrays() {
    let schema = || vec![Field::new("a", DataType::Int64, true), Field::new("s", DataType::Utf8, true)];
    let rows = [
        "{\"a\":9007199254740993,\"s\":\"x\"}",
        "{\"s\":\"\\u00e4\",\"z\":[1,{}],\"a\":1e2}",
        "{}",
        "{\"a\":1,\"a\":\"2\"}",
    ];
    for text in [rows.join("\n"), format!("[{}]", rows.join(",\n"))] {
        for step in [1, 3, 1000] {
            let (batches, rejects) = read(schema(), &text, step, true).unwrap();
            assert_eq!(batches.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [2, 2]);
            assert_eq!(longs(&batches, 0), [Some(9_007_199_254_740_993), Some(100), None, Some(2)]);
            let text: Vec<_> = batches[0].column(1).as_string::<i32>().iter().collect();
            assert_eq!(text, [Some("x"), Some("ä")]);
            assert_eq!(rejects, Value::Array(vec![]));
        }
    }
}

#[test]
fn a_row_ends_with_its_line_and_rejects_name_it_at_any_cut() {
    let schema = || vec![Field::new("a", DataType::Int64, true)];
    let text = "{\"a\":1}\r\n\n {\"a\":2} \n{\"a\":\n3}\n{\"a\":4} {\"a\":5}\n\t\n\x0c{\"a\":6}\n{\"a\":[]}\n{\"a\":é}\n{\"a\":7}";
    for step in [1, 5, 1000] {
        let (batches, rejects) = read_with(schema(), text, step, false, Unknown::Fail).unwrap();
        assert_eq!(longs(&batches, 0), [Some(1), Some(2), Some(6), Some(7)], "by {step}");
        let place = |reject: &Value| (reject["line"].as_u64().unwrap(), reject["row"].as_u64().unwrap());
        let places: Vec<_> = rejects.as_array().unwrap().iter().map(place).collect();
        assert_eq!(places, [(4, 2), (5, 3), (6, 4), (9, 6), (10, 7)], "by {step}");
    }
}

#[test]
fn every_flat_type_is_read_exactly() {
    let uuid = Field::new("u", DataType::FixedSizeBinary(16), true)
        .with_metadata([(EXTENSION.to_string(), "arrow.uuid".to_string())]);
    let schema = vec![
        Field::new("d", DataType::Decimal128(38, 2), true),
        Field::new("f", DataType::Float64, true),
        Field::new("dt", DataType::Date32, true),
        Field::new("ts", DataType::Timestamp(TimeUnit::Microsecond, None), true),
        Field::new("b", DataType::Binary, true),
        uuid,
        Field::new("t", DataType::Utf8, true),
    ];
    let text = concat!(
        "{\"d\":123456789012345678901234567890123456.78,\"f\":\"NaN\",\"dt\":\"2024-01-01\",\"ts\":\"2024-01-01T00:00:00.000001\",",
        "\"b\":\"00ff\",\"u\":\"f79c3e09-677c-4bbd-a479-3f349cb785e7\",\"t\":1.50}\n",
        "{\"d\":\"-0.01\",\"f\":-1e3,\"dt\":-1,\"ts\":5,\"b\":\"\",\"t\":{\"k\": [1]}}",
    );
    let (batches, _) = read(schema, text, 1000, true).unwrap();
    let batch = &batches[0];
    let decimals: Vec<_> = batch.column(0).as_primitive::<Decimal128Type>().iter().collect();
    assert_eq!(decimals, [Some(12_345_678_901_234_567_890_123_456_789_012_345_678), Some(-1)]);
    assert!(batch.column(1).as_primitive::<Float64Type>().value(0).is_nan());
    assert_eq!(batch.column(2).as_primitive::<Date32Type>().values(), &[19_723, -1]);
    assert_eq!(batch.column(3).as_primitive::<TimestampMicrosecondType>().values(), &[1_704_067_200_000_001, 5]);
    assert_eq!(batch.column(4).as_binary::<i32>().value(0), [0, 255]);
    assert_eq!(batch.column(5).as_fixed_size_binary().value(0)[0], 0xf7);
    assert_eq!(batch.column(6).as_string::<i32>().value(0), "1.50");
    assert_eq!(batch.column(6).as_string::<i32>().value(1), "{\"k\": [1]}");
}

fn nested() -> Vec<Field> {
    let element = Arc::new(Field::new("element", DataType::Int64, true));
    let pair: Fields =
        vec![Field::new("key", DataType::Int64, false), Field::new("value", DataType::Utf8, true)].into();
    vec![
        Field::new("l", DataType::List(element), true),
        Field::new(
            "s",
            DataType::Struct(
                vec![Field::new("x", DataType::Int64, false), Field::new("y", DataType::Utf8, true)].into(),
            ),
            true,
        ),
        Field::new("m", DataType::Map(Arc::new(Field::new("key_value", DataType::Struct(pair), false)), false), true),
    ]
}

#[test]
fn nested_values_are_read_and_a_bad_row_leaves_nothing_behind() {
    let text = concat!(
        "{\"l\":[1,null],\"s\":{\"x\":1,\"y\":\"a\"},\"m\":{\"7\":\"b\"}}\n",
        "{\"l\":[1,2,\"x\"],\"s\":{\"x\":1}}\n",
        "{\"l\":[5],\"s\":{\"y\":\"a\"}}\n",
        "{\"l\":[5],\"s\":3}\n",
        "{\"l\":[6],\"m\":{\"seven\":\"b\"}}\n",
        "{\"l\":[],\"s\":null,\"m\":[{\"key\":8,\"value\":\"c\"},{\"value\":null,\"key\":9}]}\n",
        "{\"l\":[7]\n",
    );
    for step in [1, 1000] {
        let (batches, rejects) = read(nested(), text, step, false).unwrap();
        let batch = &batches[0];
        assert_eq!((batches.len(), batch.num_rows()), (1, 2));
        assert_eq!(batch.column(0).as_list::<i32>().offsets().as_ref(), [0, 2, 2]);
        assert_eq!(batch.column(1).as_struct().column(0).len(), 2);
        let map = batch.column(2).as_map();
        assert_eq!(map.offsets().as_ref(), [0, 1, 3]);
        assert_eq!(map.keys().as_primitive::<Int64Type>().values(), &[7, 8, 9]);
        let places: Vec<_> = rejects
            .as_array()
            .unwrap()
            .iter()
            .map(|r| (r["line"].as_u64().unwrap(), r["column"].as_str().unwrap_or("-").to_owned()))
            .collect();
        let expected =
            [(2, "l.element"), (3, "s.x"), (4, "s"), (5, "m.key"), (7, "-")].map(|(line, c)| (line, c.to_owned()));
        assert_eq!(places, expected);
    }
}

#[test]
fn what_does_not_fit_its_column_fails_with_its_place() {
    let schema = || vec![Field::new("a", DataType::Int64, false)];
    for (row, reason) in [
        ("{\"a\":9223372036854775808}", "does not fit into a 64-bit integer"),
        ("{\"a\":1.5}", "more digits after the point"),
        ("{\"a\":true}", "is not a 64-bit integer"),
        ("{\"a\":null}", "required"),
        ("{}", "required"),
        ("{\"a\":[1]}", "not a single value"),
        ("[1]", "not an object"),
        ("{\"a\":1", "not JSON"),
        ("{\"a\":\"\\ud800\"}", "lone surrogate"),
    ] {
        let error = read(schema(), &format!("{{\"a\":1}}\n{row}\n"), 7, true).unwrap_err();
        assert_eq!((error.code, error.line, error.row), ("INVALID_VALUE", Some(2), Some(1)), "{row}");
        assert!(error.message.contains(reason), "{row}: {error}");
    }
    let deep = format!("{{\"z\":{}1{}}}", "[".repeat(200), "]".repeat(200));
    assert!(read(schema(), &deep, 1000, true).unwrap_err().message.contains("levels deep"));
}

#[test]
fn a_field_that_no_column_takes_is_a_fault_of_its_row() {
    let text = concat!(
        "{\"l\":[1],\"z\":{\"a\":1}}\n",
        "{\"l\":[2],\"s\":{\"x\":1,\"new\":null}}\n",
        "{\"l\":[3],\"m\":{\"7\":\"b\"}}\n",
    );
    for (unknown, places) in
        [(Unknown::Fail, &[(1, 0, "z"), (2, 1, "s.new")][..]), (Unknown::Ignore, &[(2, 1, "s.new")])]
    {
        let (batches, rejects) = read_with(nested(), text, 5, false, unknown).unwrap();
        assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 3 - places.len());
        let found: Vec<_> = rejects
            .as_array()
            .unwrap()
            .iter()
            .map(|r| (r["line"].as_u64().unwrap(), r["row"].as_u64().unwrap(), r["column"].as_str().unwrap()))
            .collect();
        assert_eq!(found, places);
    }
    let long = format!("{{\"{}\":1}}", "ä".repeat(1000));
    let error = read_with(nested(), &long, 1000, true, Unknown::Fail).unwrap_err();
    assert_eq!((error.code, error.column.unwrap().chars().count()), ("INVALID_VALUE", 101));
    assert!(read_with(nested(), "{\"z\":[}", 1000, true, Unknown::Fail).unwrap_err().message.contains("not JSON"));
}

#[test]
fn a_name_with_a_quote_is_not_found_in_the_text_of_others() {
    let schema = vec![Field::new("a\":1,\"b", DataType::Int64, true), Field::new("b", DataType::Int64, true)];
    let text = "{\"a\":1,\"b\":2}\n{\"a\\\":1,\\\"b\":3}";
    let (batches, _) = read(schema, text, 1000, true).unwrap();
    assert_eq!((longs(&batches, 0), longs(&batches, 1)), (vec![None, Some(3)], vec![Some(2), None]));
}

#[test]
fn a_row_that_no_memory_is_left_for_is_named_by_its_line() {
    let long = "x".repeat(1 << 20);
    let texts =
        [format!("{{\"s\":\"y\"}}\n\n{{\"s\":\"{long}\"}}\n"), format!("[{{\"s\":\"y\"}},\n\n{{\"s\":\"{long}\"}}]")];
    for text in texts {
        let schema = vec![Field::new("s", DataType::Utf8, true)];
        let error = crate::memory::tests::with_blocks_of(1 << 19, || read(schema, &text, 1 << 12, true)).unwrap_err();
        assert_eq!((error.code, error.line), ("MEMORY_LIMIT_TOO_SMALL", Some(3)), "{error}");
        assert!(error.message.contains("line 3"), "{error}");
    }
}
