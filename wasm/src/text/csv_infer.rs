//! What the first bytes of a CSV file say of its dialect, its header and its columns.

use std::collections::BTreeMap;

use arrow_schema::{DataType, Field, Schema};

use super::csv_header;
use super::guess::Guess;
use super::tokens::{Dialect, Record, Tokenizer};
use super::transcode::Transcoder;
use crate::error::{EngineError, Result};

/// In the order of preference.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Records of the sample that are looked at.
const MAX_RECORDS: usize = 10_000;

/// What the caller knows; None: to be found out.
#[derive(Clone, Debug, Default)]
pub struct Given {
    pub delimiter: Option<u8>,
    pub quote: Option<Option<u8>>,
    pub escape: Option<Option<u8>>,
    pub comment: Option<Option<u8>>,
    pub header: Option<bool>,
    pub null_values: Option<Vec<String>>,
    /// The names in the header do not count.
    pub names_given: bool,
}

#[derive(Debug)]
pub struct Inference {
    pub dialect: Dialect,
    pub header: bool,
    pub null_values: Vec<String>,
    /// Names are given as they stand in the header, also when they are empty or come twice.
    pub schema: Schema,
    /// Records that were looked at, without the header.
    pub rows: usize,
    /// Where the first record begins that was not looked at, as it may be cut off.
    pub next_line: u64,
}

/// A cell's text, and whether it was quoted.
type Cells = Vec<(String, bool)>;

/// `whole`: there is nothing behind the sample; else its last record may be cut off, and is left out.
pub fn infer(sample: &[u8], given: &Given, whole: bool) -> Result<Inference> {
    let mut transcoder = Transcoder::default();
    let mut transcoded = Vec::new();
    let text = transcoder.push(sample, &mut transcoded);
    let quote = given.quote.unwrap_or_else(|| quote_of(text));
    let comment = given.comment.unwrap_or(None);
    let escapes = given.escape.map_or_else(|| escapes_of(text, quote), |one| vec![one]);
    let delimiters: Vec<u8> = given.delimiter.map_or(DELIMITERS.to_vec(), |one| vec![one]);
    let mut best: Option<(Score, Dialect, Found)> = None;
    for (escape, delimiter) in escapes.into_iter().flat_map(|escape| delimiters.iter().map(move |d| (escape, *d))) {
        let dialect = Dialect { delimiter, quote, escape, comment };
        let found = records_of(text, dialect, given.names_given, whole);
        let score = Score::of(&found.records, found.malformed);
        if best.as_ref().is_none_or(|(held, ..)| score > *held) {
            best = Some((score, dialect, found));
        }
    }
    let empty = || EngineError::new("SOURCE_EMPTY", "CSV: the sample holds no record");
    let Some((_, dialect, Found { records, first, end, next_line, .. })) = best else { return Err(empty()) };
    if records.is_empty() && whole {
        return Err(end.err().unwrap_or_else(empty));
    }
    let null_values = given.null_values.clone().unwrap_or_else(|| vec![String::new()]);
    let header = given.header.unwrap_or_else(|| has_header(&records, &null_values));
    if header {
        first?;
    }
    let schema = schema_of(&records, header, &null_values);
    let rows = records.len().saturating_sub(usize::from(header));
    Ok(Inference { dialect, header, null_values, schema, rows, next_line })
}

/// Records of one width, and as many fields as they can be cut into: first that nothing is malformed, then the share
/// of records with the commonest number of fields, then that number.
#[derive(PartialEq, PartialOrd)]
struct Score(bool, bool, u32, usize);

impl Score {
    fn of(records: &[Cells], malformed: usize) -> Self {
        let (width, count) = commonest_width(records);
        let share = (count * 100 / records.len().max(1)) as u32;
        // Most records are of one width, or the delimiter is chance.
        Score(width > 1 && share >= 80, malformed == 0, share, width)
    }
}

/// The commonest number of fields, of equally common ones the largest; and how many records have it.
fn commonest_width(records: &[Cells]) -> (usize, usize) {
    let mut widths = BTreeMap::new();
    records.iter().for_each(|record| *widths.entry(record.len()).or_insert(0usize) += 1);
    widths.into_iter().max_by_key(|(width, count)| (*count, *width)).unwrap_or((0, 0))
}

/// What a dialect makes of the sample.
struct Found {
    records: Vec<Cells>,
    malformed: usize,
    /// What is wrong with the first record, should it be the header.
    first: Result<()>,
    /// What ended the sample before its own end; the reader will say so, unless it ends the first record.
    end: Result<()>,
    next_line: u64,
}

fn records_of(text: &[u8], dialect: Dialect, names_given: bool, whole: bool) -> Found {
    let mut records: Vec<Cells> = Vec::new();
    let mut malformed = 0;
    let mut first = Ok(());
    let mut each = |record: &Record| {
        if records.is_empty() {
            first = csv_header::check(record, names_given);
        }
        if records.len() < MAX_RECORDS {
            malformed += usize::from(record.malformed.is_some());
            let cell = |start: usize, end: usize| String::from_utf8_lossy(&record.bytes[start..end]).into_owned();
            records.push(record.cells.iter().map(|c| (cell(c.start, c.end), c.quoted)).collect());
        }
        Ok(())
    };
    let mut tokenizer = Tokenizer::new(dialect);
    let mut end = tokenizer.push(text, &mut each);
    if end.is_ok() && whole {
        end = tokenizer.finish(&mut each);
    }
    malformed += usize::from(end.is_err());
    Found { records, malformed, first, end, next_line: tokenizer.next_line() }
}

/// The double quote, or the single one where cells are wrapped in it and none in the double one.
fn quote_of(text: &[u8]) -> Option<u8> {
    let opens = |quote: u8| {
        text.iter()
            .enumerate()
            .filter(|(at, byte)| {
                let before = at.checked_sub(1).map_or(b'\n', |at| text[at]);
                **byte == quote && (matches!(before, b'\n' | b'\r') || DELIMITERS.contains(&before))
            })
            .count()
    };
    let closes = |quote: u8| {
        text.windows(2)
            .filter(|w| w[0] == quote && (matches!(w[1], b'\n' | b'\r') || DELIMITERS.contains(&w[1])))
            .count()
    };
    let single = opens(b'\'') >= 2 && closes(b'\'') >= 2;
    Some(if single && opens(b'"') == 0 { b'\'' } else { b'"' })
}

/// In the order of preference: none, as quotes inside quoted cells are doubled; a backslash, where one is before a quote.
fn escapes_of(text: &[u8], quote: Option<u8>) -> Vec<Option<u8>> {
    let escaped = quote.is_some_and(|quote| text.windows(2).any(|w| w == [b'\\', quote]));
    if escaped { vec![None, Some(b'\\')] } else { vec![None] }
}

fn is_null(cell: &(String, bool), null_values: &[String]) -> bool {
    null_values.contains(&cell.0)
}

/// A first record of words alone is a header when a column below it is of something else, or, where all columns are
/// of words, when its words do not come again in their columns.
fn has_header(records: &[Cells], null_values: &[String]) -> bool {
    let Some((first, rest)) = records.split_first() else { return false };
    let word = |cell: &(String, bool)| {
        let mut guess = Guess::default();
        guess.add(&cell.0);
        guess.data_type() == Some(DataType::Utf8)
    };
    let words = first.iter().all(|cell| cell.0.is_empty() || word(cell)) && first.iter().any(|cell| !cell.0.is_empty());
    if !words || rest.is_empty() {
        return words;
    }
    let below = guesses(rest, first.len(), null_values);
    if below.iter().any(|guess| !matches!(guess.data_type(), None | Some(DataType::Utf8))) {
        return true;
    }
    first
        .iter()
        .enumerate()
        .all(|(at, name)| rest.iter().all(|record| record.get(at).is_none_or(|cell| cell.0 != name.0)))
}

fn guesses(records: &[Cells], width: usize, null_values: &[String]) -> Vec<Guess> {
    let mut guesses = vec![Guess::default(); width];
    for record in records.iter().filter(|record| record.len() == width) {
        for (guess, cell) in guesses.iter_mut().zip(record) {
            if !is_null(cell, null_values) {
                guess.add(&cell.0);
            }
        }
    }
    guesses
}

fn schema_of(records: &[Cells], header: bool, null_values: &[String]) -> Schema {
    // Without a header the first record is a row as others are, which can be bad.
    let width = if header { records.first().map_or(0, Vec::len) } else { commonest_width(records).0 };
    let body = &records[usize::from(header && !records.is_empty())..];
    let fields = guesses(body, width, null_values).into_iter().enumerate().map(|(at, guess)| {
        let name = if header { records[0][at].0.clone() } else { format!("column_{}", at + 1) };
        Field::new(name, guess.data_type().unwrap_or(DataType::Utf8), true)
    });
    Schema::new(fields.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(text: &str) -> String {
        let found = infer(text.as_bytes(), &Given::default(), true).unwrap();
        let fields: Vec<String> =
            found.schema.fields().iter().map(|f| format!("{}:{}", f.name(), f.data_type())).collect();
        format!("{} {} {}", found.dialect.delimiter as char, found.header, fields.join(" "))
    }

    #[test]
    fn delimiters_headers_and_types() {
        for (text, expected) in [
            ("a,b\n1,x\n2,y\n", ", true a:Int64 b:Utf8"),
            ("a;b\n1,5;x\n2,5;y\n", "; true a:Utf8 b:Utf8"),
            ("a\tb\n1\t2.5", "\t true a:Int64 b:Float64"),
            ("a|b\ntrue|2024-01-01", "| true a:Boolean b:Date32"),
            ("1,2\n3,4\n", ", false column_1:Int64 column_2:Int64"),
            ("name,city\nann,rome\nbob,oslo\n", ", true name:Utf8 city:Utf8"),
            ("ann,rome\nbob,oslo\nann,oslo\n", ", false column_1:Utf8 column_2:Utf8"),
            ("id\n007\n008\n", ", true id:Utf8"),
            ("n\n1\n2.5", ", true n:Float64"),
            ("a,b\n", ", true a:Utf8 b:Utf8"),
            (",x,x\n0,1,2\n", ", true :Int64 x:Int64 x:Int64"),
            ("a,b\n1,\n,2\n", ", true a:Int64 b:Int64"),
            ("a,b\n\"1,2\",\"x\ny\"\n", ", true a:Utf8 b:Utf8"),
            // No comma separates all records, so none does.
            ("text\nhello, world\nbye\n", "; true text:Utf8"),
            ("\u{feff}a,b\n1,2\n", ", true a:Int64 b:Int64"),
        ] {
            assert_eq!(summary(text), expected, "{text:?}");
        }
    }

    #[test]
    fn quotes_and_escapes_are_found_out() {
        let found = infer(b"a,b\n'x,1','y'\n'z','w'\n", &Given::default(), true).unwrap();
        assert_eq!((found.dialect.quote, found.schema.fields().len()), (Some(b'\''), 2));
        for (text, escape) in [
            ("a,b\n\"x \\\"1\\\" y\",2\n", Some(b'\\')),
            ("a,b\n\"x \\\", y\",2\n", Some(b'\\')),
            ("a,b\n\"x \\\"\",2\n", Some(b'\\')),
            // A backslash of the text, before quotes that are doubled or end the cell.
            ("a,b\n\"6\\\"\"\",2\n", None),
            ("a,b\n\"x\\\"\"y\",2\n", None),
            ("a,b\n\"C:\\\",2\n", None),
        ] {
            let found = infer(text.as_bytes(), &Given::default(), true).unwrap();
            assert_eq!((found.dialect.escape, found.schema.fields().len()), (escape, 2), "{text}");
        }
    }

    #[test]
    fn a_header_whose_names_cannot_be_told_is_refused() {
        for (text, line) in [
            (&b"\"a,b\n1,2\n3,4\n"[..], 1),
            (b"\n\"a\"x,b\n1,2\n3,4\n", 2),
            (b"a\xff,b\n1,2\n", 1),
            (b"\xff\xfea\0\x00\xd8\n\x001\0\n\0", 1),
        ] {
            let error = infer(text, &Given::default(), true).unwrap_err();
            assert_eq!((error.code, error.line), ("SOURCE_CORRUPT", Some(line)), "{error}");
        }
        // A row, which is told of as such.
        let given = Given { header: Some(false), delimiter: Some(b','), ..Given::default() };
        assert_eq!(infer(b"\"a\"x,b\n1,2\n3,4\n", &given, true).unwrap().rows, 3);
    }

    #[test]
    fn names_that_the_caller_gives_make_up_for_those_that_are_not_utf8() {
        let given = Given { header: Some(true), names_given: true, ..Given::default() };
        assert_eq!(infer(b"a\xff,b\n1,2\n", &given, true).unwrap().schema.fields().len(), 2);
        // How many there are is not known.
        assert_eq!(infer(b"\"a\"x,b\n1,2\n", &given, true).unwrap_err().code, "SOURCE_CORRUPT");
    }

    #[test]
    fn the_line_of_what_does_not_end_within_the_sample_is_told() {
        let line = |text: &str| infer(text.as_bytes(), &Given::default(), false).unwrap().next_line;
        for (text, expected) in
            [("a,b", 1), ("\n\r\na,b", 3), ("\n\"a\nb,c", 2), ("a,b\n1,2", 2), ("a,b\n1,\"2\n", 2), ("a,b\n1,2\n", 3)]
        {
            assert_eq!(line(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_given_is_kept() {
        let given = Given { delimiter: Some(b';'), header: Some(false), quote: Some(None), ..Given::default() };
        let found = infer(b"a,b\n1,2\n", &given, true).unwrap();
        assert_eq!((found.dialect.delimiter, found.dialect.quote, found.header), (b';', None, false));
        assert_eq!(found.schema.fields().len(), 1);
        assert_eq!(infer(b"\n\n", &Given::default(), true).unwrap_err().code, "SOURCE_EMPTY");
    }

    #[test]
    fn without_a_header_a_bad_first_record_does_not_say_how_many_columns_there_are() {
        let given = Given { delimiter: Some(b','), header: Some(false), ..Given::default() };
        for text in ["1,2\n1,2,3\n4,5,6\n", "1,2,3,4\n1,2,3\n4,5,6\n"] {
            assert_eq!(infer(text.as_bytes(), &given, true).unwrap().schema.fields().len(), 3, "{text}");
        }
    }

    #[test]
    fn a_last_record_that_may_be_cut_off_is_not_looked_at() {
        let of = |text: &str, whole| infer(text.as_bytes(), &Given::default(), whole).unwrap();
        let types = |found: &Inference| found.schema.fields().iter().map(|f| f.data_type().clone()).collect::<Vec<_>>();
        let found = of("a,b\n1,true\n2,tr", false);
        assert_eq!((types(&found), found.rows), (vec![DataType::Int64, DataType::Boolean], 1));
        let found = of("a,b\n1,true\n2,tr", true);
        assert_eq!((types(&found), found.rows), (vec![DataType::Int64, DataType::Utf8], 2));
        assert_eq!(of("a,b\n1,\"tr", false).rows, 0);
        let found = of("a,b", false);
        assert_eq!((found.schema.fields().len(), found.rows), (0, 0));
    }
}
