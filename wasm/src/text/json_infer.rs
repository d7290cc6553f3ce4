//! The schema of the first rows of a JSON source.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, Schema};

use super::guess::Guess;
use super::json_rows::{RowReader, Splitter};
use super::json_scan::{MAX_DEPTH, Scanner};
use super::number;
use super::place;
use super::rows::Fault;
use super::transcode::Transcoder;
use crate::error::{EngineError, Result};

/// Everything that one place in the rows held.
#[derive(Default)]
struct Seen {
    boolean: bool,
    long: bool,
    /// Whole numbers that a double cannot hold, and numbers that 64 bits cannot.
    large: bool,
    beyond: bool,
    double: bool,
    text: Guess,
    list: Option<Box<Seen>>,
    object: Option<Members>,
}

/// In the order of first appearance.
#[derive(Default)]
struct Members {
    index: HashMap<String, usize>,
    list: Vec<(String, Seen)>,
}

#[derive(Default)]
struct SampleRows {
    members: Members,
    objects: u64,
    /// Its reason and its line.
    first_fault: Option<(String, u64)>,
}

impl RowReader for SampleRows {
    fn row(&mut self, text: &[u8], line: u64) -> Result<()> {
        place::begin_row(line);
        match self.take(text) {
            Ok(()) => self.objects += 1,
            Err(fault) => {
                self.first_fault.get_or_insert((fault.reason, line));
            }
        }
        Ok(())
    }
}

impl SampleRows {
    /// A broken row says nothing of the columns: it is known to be whole before its names are taken.
    fn take(&mut self, text: &[u8]) -> std::result::Result<(), Fault> {
        let mut scanner = Scanner::new(text);
        let is_object = scanner.peek() == b'{';
        scanner.skip(1)?;
        if !is_object {
            return Err(Fault::whole("the row is not an object"));
        }
        scanner.end()?;
        self.members.read(&mut Scanner::new(text), 1)
    }
}

#[derive(Debug)]
pub struct Inference {
    pub schema: Schema,
    /// How many say so.
    pub rows: u64,
    /// Where the first row begins that was not looked at, as it may be cut off.
    pub next_line: u64,
}

/// `whole`: there is nothing behind the sample; else its last row may be cut off, and is left out.
pub fn infer(sample: &[u8], whole: bool) -> Result<Inference> {
    let mut transcoder = Transcoder::default();
    let mut transcoded = Vec::new();
    let text = transcoder.push(sample, &mut transcoded);
    let mut sample_rows = SampleRows::default();
    let mut splitter = Splitter::default();
    splitter.push(text, &mut sample_rows)?;
    // Where there are rows, the reader will report an array that is not closed, with its place.
    let unclosed = if whole { splitter.finish(&mut sample_rows).err() } else { None };
    let SampleRows { members, objects, first_fault } = sample_rows;
    if let (0, None, Some(error)) = (objects, &first_fault, unclosed) {
        return Err(error);
    }
    match (objects, first_fault) {
        (0, Some((reason, line))) => {
            let advice = if is_laid_out_otherwise(text) { LAYOUT } else { "" };
            Err(EngineError::corrupt(format!("JSON: line {line}: {reason}{advice}")).at_line(line))
        }
        (0, None) if whole => Err(EngineError::new("SOURCE_EMPTY", "JSON: the sample holds no row")),
        _ => Ok(Inference { schema: Schema::new(members.fields()), rows: objects, next_line: splitter.next_line() }),
    }
}

const LAYOUT: &str = "; rows are one JSON object a line, or one array of objects (not one object over several lines)";

/// Whether the text begins with an object that is JSON as far as it is known.
fn is_laid_out_otherwise(text: &[u8]) -> bool {
    let mut scanner = Scanner::new(text);
    scanner.peek() == b'{' && (scanner.skip(0).is_ok() || scanner.rest().is_empty())
}

impl Members {
    fn read(&mut self, scanner: &mut Scanner, depth: usize) -> std::result::Result<(), Fault> {
        if depth > MAX_DEPTH {
            return scanner.too_deep();
        }
        let mut more = scanner.open(b'{', b'}')?;
        while more {
            let name = scanner.string()?;
            scanner.expect(b':')?;
            let at = match self.index.get(name.as_ref()) {
                Some(at) => *at,
                None => {
                    self.index.insert(name.clone().into_owned(), self.list.len());
                    self.list.push((name.into_owned(), Seen::default()));
                    self.list.len() - 1
                }
            };
            self.list[at].1.read(scanner, depth)?;
            more = scanner.more(b'}')?;
        }
        Ok(())
    }

    fn fields(&self) -> Fields {
        self.list.iter().map(|(name, seen)| Arc::new(Field::new(name, seen.data_type(), true))).collect()
    }
}

impl Seen {
    fn read(&mut self, scanner: &mut Scanner, depth: usize) -> std::result::Result<(), Fault> {
        match scanner.peek() {
            b'n' => drop(scanner.literal("null")?),
            b't' => {
                scanner.literal("true")?;
                self.boolean = true;
            }
            b'f' => {
                scanner.literal("false")?;
                self.boolean = true;
            }
            b'"' => self.text.add(&scanner.string()?),
            b'{' => self.object.get_or_insert_default().read(scanner, depth + 1)?,
            b'[' => {
                if depth > MAX_DEPTH {
                    return scanner.too_deep();
                }
                let element = self.list.get_or_insert_default();
                let mut more = scanner.open(b'[', b']')?;
                while more {
                    element.read(scanner, depth + 1)?;
                    more = scanner.more(b']')?;
                }
            }
            _ => {
                let text = scanner.number()?;
                if !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
                    self.double = true;
                    self.beyond |= number::double(text).is_err();
                } else {
                    self.long = true;
                    match text.parse::<i64>() {
                        Ok(value) => self.large |= value.unsigned_abs() > 1 << 53,
                        Err(_) => self.beyond = true,
                    }
                }
            }
        }
        Ok(())
    }

    /// What was of two kinds, and what was always null, is text: the reader takes any value as text.
    fn data_type(&self) -> DataType {
        let number = self.long || self.double;
        let kinds = [self.boolean, number, self.text.any, self.list.is_some(), self.object.is_some()];
        if kinds.iter().filter(|kind| **kind).count() != 1 {
            return DataType::Utf8;
        }
        if self.boolean {
            return DataType::Boolean;
        }
        if number {
            return match (self.beyond || self.large && self.double, self.double) {
                (true, _) => DataType::Utf8,
                (false, true) => DataType::Float64,
                (false, false) => DataType::Int64,
            };
        }
        if let Some(element) = &self.list {
            return DataType::List(Arc::new(Field::new("element", element.data_type(), true)));
        }
        match &self.object {
            // A struct needs a field.
            Some(members) if members.list.is_empty() => DataType::Utf8,
            Some(members) => DataType::Struct(members.fields()),
            None => self.text.time_type().unwrap_or(DataType::Utf8),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(text: &str) -> String {
        let schema = infer(text.as_bytes(), true).unwrap().schema;
        schema.fields().iter().map(|f| format!("{}:{}", f.name(), short(f.data_type()))).collect::<Vec<_>>().join(" ")
    }

    fn short(data_type: &DataType) -> String {
        match data_type {
            DataType::List(f) => format!("[{}]", short(f.data_type())),
            DataType::Struct(fields) => {
                format!(
                    "{{{}}}",
                    fields
                        .iter()
                        .map(|f| format!("{}:{}", f.name(), short(f.data_type())))
                        .collect::<Vec<_>>()
                        .join(",")
                )
            }
            other => other.to_string(),
        }
    }

    #[test]
    fn rows_are_merged_into_one_schema() {
        for (text, expected) in [
            ("{\"a\":1,\"b\":\"x\"}\n{\"b\":null,\"c\":true}", "a:Int64 b:Utf8 c:Boolean"),
            ("[{\"a\":1},{\"a\":2.5}]", "a:Float64"),
            ("{\"a\":1}\n{\"a\":\"x\"}", "a:Utf8"),
            ("{\"a\":9223372036854775807}\n{\"a\":null}", "a:Int64"),
            ("{\"a\":9223372036854775808}", "a:Utf8"),
            ("{\"a\":9007199254740993}\n{\"a\":0.5}", "a:Utf8"),
            ("{\"a\":[1,null,2]}\n{\"a\":[]}", "a:[Int64]"),
            ("{\"a\":[]}", "a:[Utf8]"),
            ("{\"a\":{\"x\":1}}\n{\"a\":{\"y\":[{\"z\":\"2024-01-01\"}]}}", "a:{x:Int64,y:[{z:Date32}]}"),
            ("{\"a\":{}}", "a:Utf8"),
            ("{\"a\":null}", "a:Utf8"),
            ("{\"t\":\"2024-01-01T00:00:00\",\"n\":\"12\"}", "t:Timestamp(µs) n:Utf8"),
            ("{\"__proto__\":1}", "__proto__:Int64"),
            ("{\"a\":1}\nbroken\n{\"a\":2}", "a:Int64"),
            ("{\"a\":NaN}", "a:Float64"),
            ("{\"a\":1.5}\n{\"a\":1E400}", "a:Utf8"),
        ] {
            assert_eq!(types(text), expected, "{text}");
        }
    }

    #[test]
    fn a_broken_row_gives_no_column() {
        for bad in ["{\"b\":1,}", "{\"a\":\"x\",\"b\":tru}", "{\"b\":1}x"] {
            let found = infer(format!("{bad}\n{{\"a\":1}}\n").as_bytes(), true).unwrap();
            assert_eq!(
                (found.rows, found.schema),
                (1, Schema::new(vec![Field::new("a", DataType::Int64, true)])),
                "{bad}"
            );
        }
    }

    #[test]
    fn the_line_of_what_does_not_end_within_the_sample_is_told() {
        let line = |text: &str| infer(text.as_bytes(), false).unwrap().next_line;
        for (text, expected) in [
            ("{\"a\":", 1),
            ("\n\n {\"a\":1", 3),
            ("{\"a\":1}\n{\"a\"", 2),
            ("[\n\n{\"a\":\n1", 3),
            ("[{\"a\":1},\n{\"a\"", 2),
        ] {
            assert_eq!(line(text), expected, "{text:?}");
        }
    }

    #[test]
    fn nothing_to_infer_from_is_an_error() {
        let code = |text: &str| infer(text.as_bytes(), true).unwrap_err().code;
        for text in ["", " \n", "[]"] {
            assert_eq!(code(text), "SOURCE_EMPTY");
        }
        for text in ["1\n2", "hello", "[1]", "[", " [\n", "[{\"a\":1", &"[".repeat(60_000), &"[".repeat(100_000)] {
            assert_eq!(code(text), "SOURCE_CORRUPT");
        }
        assert_eq!(code(&format!("{{\"a\":{}", "[".repeat(100_000))), "SOURCE_CORRUPT");
    }

    #[test]
    fn a_last_row_that_may_be_cut_off_is_not_looked_at() {
        for (text, rows) in
            [("{\"a\":1}\n{\"a\":\"x", 1), ("{\"a\":", 0), ("[{\"a\":", 0), ("[{\"a\":1},{", 1), (" ", 0)]
        {
            assert_eq!(infer(text.as_bytes(), false).unwrap().rows, rows, "{text}");
        }
    }

    #[test]
    fn json_that_is_no_rows_is_told_how_rows_are_laid_out() {
        let message = |text: &str| infer(text.as_bytes(), true).unwrap_err().message;
        for text in ["{\n\"a\":1\n}", "{\n\"a\":[\n", "{\"a\":1}{\"a\":2}", "{\"a\":1}\r{\"a\":2}\r"] {
            assert!(message(text).contains("one JSON object a line"), "{text}");
        }
        for text in ["{\"a\":\"\\ud83e\"}\n", "{\"a\":1,}\n", "{'a':1}\n", "{\"a\":01}", "1\n2"] {
            assert!(!message(text).contains("one JSON object a line"), "{text}");
        }
    }
}
