//! CSV into batches.

use arrow_array::RecordBatch;
use arrow_schema::{DataType, SchemaRef};
use serde_json::Value;

use super::column::Column;
use super::csv_header;
use super::rows::{BatchSize, Fault, Rows};
use super::swar;
use super::tokens::{Dialect, Record, Tokenizer};
use super::transcode::Transcoder;
use crate::error::{EngineError, Result};

#[derive(Clone, Debug)]
pub struct CsvOptions {
    pub dialect: Dialect,
    pub header: bool,
    /// The names in the header do not count.
    pub names_given: bool,
    pub null_values: Vec<String>,
    pub batch: BatchSize,
    pub fail: bool,
}

/// A quoted cell is never null in a text column; in others, where quotes carry no meaning, it may be. Where there is one
/// column, a blank line below the header is a row: programs write a null so.
pub struct CsvReader {
    transcoder: Transcoder,
    transcoded: Vec<u8>,
    tokenizer: Tokenizer,
    inner: Inner,
}

struct Inner {
    rows: Rows,
    null_values: Vec<Vec<u8>>,
    skip_header: bool,
    names_given: bool,
}

impl CsvReader {
    /// One column of the schema for each field of the file, in order.
    pub fn new(schema: SchemaRef, options: CsvOptions) -> Result<Self> {
        for field in schema.fields() {
            if matches!(field.data_type(), DataType::List(_) | DataType::Struct(_) | DataType::Map(..)) {
                return Err(
                    EngineError::unsupported("a CSV cell holds no nested value").at_column(field.name().clone())
                );
            }
        }
        let tokenizer = Tokenizer::new(options.dialect);
        Ok(Self {
            transcoder: Transcoder::default(),
            transcoded: Vec::new(),
            tokenizer: if schema.fields().len() == 1 { tokenizer.with_blank_lines() } else { tokenizer },
            inner: Inner {
                rows: Rows::new(schema, options.batch, options.fail)?,
                null_values: options.null_values.into_iter().map(String::into_bytes).collect(),
                skip_header: options.header,
                names_given: options.names_given,
            },
        })
    }

    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<RecordBatch>> {
        let inner = &mut self.inner;
        let text = self.transcoder.push(bytes, &mut self.transcoded);
        self.tokenizer.push(text, |record| inner.record(record))?;
        Ok(inner.rows.take_batches())
    }

    pub fn finish(&mut self) -> Result<Vec<RecordBatch>> {
        let inner = &mut self.inner;
        let last = self.transcoder.finish();
        self.tokenizer.push(&last, |record| inner.record(record))?;
        self.tokenizer.finish(|record| inner.record(record))?;
        inner.rows.finish()?;
        Ok(inner.rows.take_batches())
    }

    pub fn take_rejects(&mut self) -> Value {
        self.inner.rows.take_rejects()
    }
}

impl Inner {
    fn record(&mut self, record: &Record) -> Result<()> {
        if self.skip_header {
            self.skip_header = record.is_blank();
            return csv_header::check(record, self.names_given);
        }
        match self.fill(record) {
            Ok(()) => self.rows.end(record.bytes.len()),
            Err(fault) => self.rows.reject(fault, record.line, &record.raw),
        }
    }

    fn fill(&mut self, record: &Record) -> std::result::Result<(), Fault> {
        if let Some(reason) = record.malformed {
            return Err(Fault::whole(reason));
        }
        let (found, wanted) = (record.cells.len(), self.rows.columns.len());
        if found != wanted {
            let few = if found < wanted { "few" } else { "many" };
            return Err(Fault::whole(format!("too {few} fields: {found} instead of {wanted}")));
        }
        // Once for the record, where it is all text.
        let whole = swar::ascii(&record.bytes).or_else(|| std::str::from_utf8(&record.bytes).ok());
        for (column, cell) in self.rows.columns.iter_mut().zip(&record.cells) {
            let bytes = &record.bytes[cell.start..cell.end];
            // Without the delimiter between them, the ends of two broken cells may make up a character.
            let text = whole.and_then(|whole| whole.get(cell.start..cell.end));
            let text = text.or_else(|| std::str::from_utf8(bytes).ok());
            let text = text.ok_or_else(|| Fault::of(column.field().name(), "it is not UTF-8"))?;
            let may_be_null = !cell.quoted || !is_text(column);
            let pushed = if may_be_null && self.null_values.iter().any(|null| null == bytes) {
                column.push_null()
            } else {
                column.push_text(text)
            };
            pushed.map_err(|reason| Fault::of(column.field().name(), reason))?;
        }
        Ok(())
    }
}

fn is_text(column: &Column) -> bool {
    matches!(column.field().data_type(), DataType::Utf8 | DataType::Binary)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::cast::AsArray;
    use arrow_array::types::{Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType};
    use arrow_schema::{Field, Schema, TimeUnit};

    use super::*;

    fn schema() -> SchemaRef {
        Arc::new(Schema::new(vec![
            Field::new("id", DataType::Int64, false),
            Field::new("name", DataType::Utf8, true),
            Field::new("price", DataType::Decimal128(9, 2), true),
            Field::new("at", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), true),
            Field::new("x", DataType::Float64, true),
        ]))
    }

    fn options(fail: bool) -> CsvOptions {
        CsvOptions {
            dialect: Dialect { delimiter: b',', quote: Some(b'"'), escape: None, comment: None },
            header: true,
            names_given: false,
            null_values: vec![String::new(), "NULL".into()],
            batch: BatchSize { rows: 3, bytes: 1 << 20 },
            fail,
        }
    }

    fn read(text: &[u8], step: usize, fail: bool) -> Result<(Vec<RecordBatch>, Value)> {
        let mut reader = CsvReader::new(schema(), options(fail))?;
        let mut batches = Vec::new();
        for piece in text.chunks(step) {
            batches.extend(reader.push(piece)?);
        }
        batches.extend(reader.finish()?);
        Ok((batches, reader.take_rejects()))
    }

    const GOOD: &str = "id,name,price,at,x\n\
        1,a,1.50,2024-01-01T00:00:00Z,1e3\n\
        2,,NULL,,NaN\n\
        3,\"\",\"\",\"2024-01-01 01:00:00+01:00\",-inf\n\
        4,\"NULL\",-0.01,,\n\
        9223372036854775807,\"ä, \"\"b\"\"\nc\", 7 ,,.5\n";

    #[test]
    fn cells_become_values_of_their_columns_at_any_cut() {
        for step in [1, 2, 7, 1000] {
            let (batches, rejects) = read(GOOD.as_bytes(), step, true).unwrap();
            assert_eq!(batches.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [3, 2]);
            assert_eq!(rejects, Value::Array(vec![]));
            let names = |b: &RecordBatch| {
                b.column(1).as_string::<i32>().iter().map(|v| v.map(str::to_owned)).collect::<Vec<_>>()
            };
            assert_eq!(names(&batches[0]), [Some("a".into()), None, Some(String::new())]);
            assert_eq!(names(&batches[1]), [Some("NULL".into()), Some("ä, \"b\"\nc".into())]);
            let prices: Vec<_> = batches[0].column(2).as_primitive::<Decimal128Type>().iter().collect();
            assert_eq!(prices, [Some(150), None, None]);
            let at = batches[0].column(3).as_primitive::<TimestampMicrosecondType>();
            assert_eq!(at.iter().collect::<Vec<_>>(), [Some(1_704_067_200_000_000), None, Some(1_704_067_200_000_000)]);
            assert!(batches[0].column(4).as_primitive::<Float64Type>().value(1).is_nan());
            assert_eq!(batches[1].column(0).as_primitive::<Int64Type>().value(1), i64::MAX);
        }
    }

    #[test]
    fn utf16_reads_as_utf8_does() {
        let expected = read(GOOD.as_bytes(), 1000, true).unwrap().0;
        let little: Vec<u8> = GOOD.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = GOOD.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for step in [1, 5, 1000] {
            assert_eq!(read(&[b"\xff\xfe", little.as_slice()].concat(), step, true).unwrap().0, expected);
            assert_eq!(read(&[b"\xfe\xff", big.as_slice()].concat(), step, true).unwrap().0, expected);
        }
    }

    #[test]
    fn a_bad_row_is_set_aside_with_its_place_and_the_rest_is_read() {
        let text = b"id,name,price,at,x\r\n1,a,1,,1\r\n2,\"two\nlines\",x,,1\r\n3,a,1\r\n4,a,1,,1,1\r\n,a,1,,1\r\n99999999999999999999,a,1,,1\r\n5,\xff,1,,1\r\n6,a,1.005,,1\r\n7,a,1,2024-01-01T00:00:00,1\r\n8,ok,1,,1\r\n9,\"x\"y";
        for step in [1, 3, 1000] {
            let (batches, rejects) = read(text, step, false).unwrap();
            let ids: Vec<i64> =
                batches.iter().flat_map(|b| b.column(0).as_primitive::<Int64Type>().values().to_vec()).collect();
            assert_eq!(ids, [1, 8]);
            let found: Vec<_> = rejects
                .as_array()
                .unwrap()
                .iter()
                .map(|r| {
                    (
                        r["line"].as_u64().unwrap(),
                        r["row"].as_u64().unwrap(),
                        r["column"].as_str().unwrap_or("-").to_owned(),
                    )
                })
                .collect();
            let expected = [
                (3, 1, "price"),
                (5, 2, "-"),
                (6, 3, "-"),
                (7, 4, "id"),
                (8, 5, "id"),
                (9, 6, "name"),
                (10, 7, "price"),
                (11, 8, "at"),
                (13, 10, "-"),
            ];
            assert_eq!(found, expected.map(|(l, r, c)| (l, r, c.to_owned())));
            assert_eq!(rejects[0]["text"], "2,\"two\nlines\",x,,1");
        }
    }

    #[test]
    fn a_quote_that_is_never_closed_is_an_error_also_where_bad_rows_are_set_aside() {
        let good = "2,b,1,,1\n".repeat(10);
        for fail in [true, false] {
            let text = format!("id,name,price,at,x\n{good}1,\"open,1,,1\n{good}");
            let error = read(text.as_bytes(), 7, fail).unwrap_err();
            assert_eq!((error.code, error.line), ("SOURCE_CORRUPT", Some(12)));
        }
    }

    #[test]
    fn in_a_file_of_one_column_a_blank_line_is_a_row() {
        let one = |data_type| Arc::new(Schema::new(vec![Field::new("a", data_type, true)]));
        for (header, text) in [(true, "\r\n\na\n1\n\n\"\"\r\n\r\n3\n\n"), (false, "1\n\n\"\"\n\n3\n\n")] {
            for step in [1, 1000] {
                let read = |schema| {
                    let options = CsvOptions { header, batch: BatchSize { rows: 9, bytes: 1 << 20 }, ..options(true) };
                    let mut reader = CsvReader::new(schema, options).unwrap();
                    let pieces: Vec<_> = text.as_bytes().chunks(step).flat_map(|p| reader.push(p).unwrap()).collect();
                    pieces.into_iter().chain(reader.finish().unwrap()).next().unwrap()
                };
                let numbers = read(one(DataType::Int64));
                let found: Vec<_> = numbers.column(0).as_primitive::<Int64Type>().iter().collect();
                assert_eq!(found, [Some(1), None, None, None, Some(3), None]);
                let texts = read(one(DataType::Utf8));
                let found: Vec<_> = texts.column(0).as_string::<i32>().iter().collect();
                assert_eq!(found, [Some("1"), None, Some(""), None, Some("3"), None]);
            }
        }
    }

    #[test]
    fn a_bad_header_is_an_error_also_where_bad_rows_are_set_aside() {
        for fail in [true, false] {
            for header in [&b"\n\"id\"x,name,price,at,x\n1,a,1,,1\n"[..], b"\nid,n\xc3(me,price,at,x\n1,a,1,,1\n"] {
                let error = read(header, 7, fail).unwrap_err();
                assert_eq!((error.code, error.line, error.row), ("SOURCE_CORRUPT", Some(2), None), "{error}");
                assert!(error.message.contains("header"), "{error}");
            }
        }
    }

    #[test]
    fn large_rows_that_follow_small_ones_close_a_batch_each() {
        let text = format!("{}{}", "1,a,1,,1\n".repeat(70), format!("2,{},1,,1\n", "b".repeat(5_000)).repeat(6));
        let batch = BatchSize { rows: 1_000, bytes: 8_000 };
        let mut reader = CsvReader::new(schema(), CsvOptions { header: false, batch, ..options(true) }).unwrap();
        let mut batches = reader.push(text.as_bytes()).unwrap();
        batches.extend(reader.finish().unwrap());
        assert_eq!(batches.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [71, 2, 2, 1]);
    }

    #[test]
    fn a_header_that_is_not_utf8_is_passed_over_where_its_names_are_given() {
        let options = CsvOptions { names_given: true, ..options(true) };
        let mut reader = CsvReader::new(schema(), options).unwrap();
        reader.push(b"id,n\xff,price,at,x\n1,a,1,,1\n").unwrap();
        assert_eq!(reader.finish().unwrap()[0].num_rows(), 1);
    }

    #[test]
    fn a_character_that_a_delimiter_cuts_in_two_is_not_utf8() {
        let (batches, rejects) = read(b"id,name,price,at,x\n1,a\xc3,\xa9,,1\n2,b,1,,1\n", 1000, false).unwrap();
        assert_eq!(batches[0].column(0).as_primitive::<Int64Type>().values(), &[2]);
        assert_eq!((rejects[0]["column"].as_str(), rejects[0]["row"].as_u64()), (Some("name"), Some(0)));
    }

    #[test]
    fn the_first_bad_row_fails_when_asked_to() {
        let error = read(b"id,name,price,at,x\n1,a,1,,1\n2,b,1,,abc\n", 5, true).unwrap_err();
        assert_eq!(
            (error.code, error.line, error.row, error.column.as_deref()),
            ("INVALID_VALUE", Some(3), Some(1), Some("x"))
        );
        assert!(error.message.contains("\"abc\" is not a 64-bit floating point number"), "{error}");
    }

    #[test]
    fn wide_batches_are_cut_by_their_bytes() {
        let schema = Arc::new(Schema::new(vec![Field::new("s", DataType::Utf8, true)]));
        let batch = BatchSize { rows: 1 << 20, bytes: 1 << 20 };
        let mut reader = CsvReader::new(schema, CsvOptions { batch, header: false, ..options(true) }).unwrap();
        let line = [vec![b'x'; 1 << 16], vec![b'\n']].concat();
        let mut rows = Vec::new();
        for _ in 0..40 {
            rows.extend(reader.push(&line).unwrap().iter().map(RecordBatch::num_rows));
        }
        rows.extend(reader.finish().unwrap().iter().map(RecordBatch::num_rows));
        assert_eq!(rows, [16, 16, 8]);
    }
}
