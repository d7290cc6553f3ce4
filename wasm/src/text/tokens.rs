//! CSV records from bytes that arrive in any pieces. Quoting is known per field, as a quoted cell is never null.

use memchr::memchr2;

use super::{place, swar};
use crate::error::{EngineError, Result};

/// A record longer than this is taken for a quote that was never closed.
pub const MAX_RECORD_BYTES: usize = 16 << 20;
const MAX_CELLS: usize = 100_000;
/// Bytes of a record's own text that are kept for messages.
const RAW_BYTES: usize = super::rows::TEXT_BYTES;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    pub delimiter: u8,
    pub quote: Option<u8>,
    pub escape: Option<u8>,
    pub comment: Option<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    RecordStart,
    Comment,
    FieldStart,
    Bare,
    Quoted,
    /// After the escape character in a quoted field.
    Escaped,
    /// After a quote in a quoted field: its end, or a quote doubled.
    QuoteInQuoted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    pub start: usize,
    pub end: usize,
    pub quoted: bool,
}

/// One record. Cells are ranges of `bytes`, without their quotes.
#[derive(Default, Debug)]
pub struct Record {
    pub bytes: Vec<u8>,
    pub cells: Vec<Cell>,
    /// 1-based line where it starts.
    pub line: u64,
    /// Its own text, cut.
    pub raw: Vec<u8>,
    pub malformed: Option<&'static str>,
}

impl Record {
    pub fn is_blank(&self) -> bool {
        self.bytes.is_empty() && matches!(self.cells[..], [Cell { quoted: false, .. }])
    }
}

pub struct Tokenizer {
    dialect: Dialect,
    blank_lines: bool,
    state: State,
    record: Record,
    cell_start: usize,
    cell_quoted: bool,
    line: u64,
    after_cr: bool,
    line_at_quote: u64,
}

impl Tokenizer {
    pub fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            blank_lines: false,
            state: State::RecordStart,
            record: Record { line: 1, ..Record::default() },
            cell_start: 0,
            cell_quoted: false,
            line: 1,
            after_cr: false,
            line_at_quote: 1,
        }
    }

    /// Makes each blank line a record of one empty cell.
    pub fn with_blank_lines(self) -> Self {
        Self { blank_lines: true, ..self }
    }

    /// Gives every record that ends in `input` to `each`. Comments are no records, nor are blank lines.
    pub fn push(&mut self, input: &[u8], mut each: impl FnMut(&Record) -> Result<()>) -> Result<()> {
        // A long record asks before it grows: it adds no more than the input has.
        if self.record.bytes.len() > input.len() {
            self.record.bytes.try_reserve(input.len()).map_err(|_| self.no_memory())?;
        }
        let mut at = 0;
        // Where the text that is not in `raw` yet starts.
        let mut raw_from = 0;
        while at < input.len() {
            let byte = input[at];
            if std::mem::take(&mut self.after_cr) && byte == b'\n' {
                at += 1;
                if self.end_line_end() {
                    raw_from = at;
                }
                continue;
            }
            match self.state {
                State::RecordStart => {
                    raw_from = at;
                    at += self.begin_record(byte);
                }
                State::Comment => at += self.pass_comment(&input[at..]),
                State::FieldStart if Some(byte) == self.dialect.quote => {
                    self.cell_quoted = true;
                    self.line_at_quote = self.line;
                    self.state = State::Quoted;
                    at += 1;
                }
                State::FieldStart => self.state = State::Bare,
                State::Bare => {
                    at += self.take_bare(&input[at..]);
                    if let Some(byte) = input.get(at) {
                        at += 1;
                        self.end_cell();
                        if *byte == self.dialect.delimiter {
                            self.state = State::FieldStart;
                        } else {
                            self.end_line(*byte);
                            self.end_record(&input[raw_from..at - 1], &mut each)?;
                            raw_from = at;
                        }
                    }
                }
                State::Quoted => at += self.take_quoted(&input[at..]),
                State::Escaped => {
                    self.record.bytes.push(byte);
                    if is_line_end(byte) {
                        self.end_line(byte);
                    }
                    self.state = State::Quoted;
                    at += 1;
                }
                State::QuoteInQuoted => at += self.look_behind_quote(byte),
            }
            if self.record.bytes.len() > MAX_RECORD_BYTES {
                return Err(self.too_long());
            }
        }
        if self.state != State::RecordStart && self.state != State::Comment {
            self.keep_raw(&input[raw_from..]);
        }
        Ok(())
    }

    /// The second half of a line end that was counted; whether it is before a record.
    fn end_line_end(&mut self) -> bool {
        if self.is_in_quotes() {
            self.record.bytes.push(b'\n');
            self.state = State::Quoted;
        }
        self.state == State::RecordStart
    }

    /// What the first byte of a line makes of it; answers how many bytes were taken.
    #[inline]
    fn begin_record(&mut self, byte: u8) -> usize {
        self.record.line = self.line;
        place::begin_row(self.line);
        if is_line_end(byte) && !self.blank_lines {
            self.end_line(byte);
            return 1;
        }
        self.state = if Some(byte) == self.dialect.comment { State::Comment } else { State::FieldStart };
        0
    }

    fn pass_comment(&mut self, rest: &[u8]) -> usize {
        let Some(length) = memchr2(b'\n', b'\r', rest) else { return rest.len() };
        self.end_line(rest[length]);
        self.state = State::RecordStart;
        length + 1
    }

    /// Text up to what ends the cell.
    #[inline]
    fn take_bare(&mut self, rest: &[u8]) -> usize {
        let length = swar::find([self.dialect.delimiter, b'\n', b'\r'], rest).unwrap_or(rest.len());
        swar::append(&mut self.record.bytes, &rest[..length]);
        length
    }

    /// Text up to a line's end or what may end the cell, and that byte. Each is looked at once, also where a cell has
    /// very many lines.
    #[inline]
    fn take_quoted(&mut self, rest: &[u8]) -> usize {
        let quote = self.dialect.quote.unwrap_or(b'"');
        let length = match self.dialect.escape {
            Some(escape) => swar::find([quote, escape, b'\n', b'\r'], rest),
            None => swar::find([quote, b'\n', b'\r'], rest),
        };
        let text = &rest[..length.unwrap_or(rest.len())];
        swar::append(&mut self.record.bytes, text);
        let Some(byte) = rest.get(text.len()) else { return text.len() };
        if is_line_end(*byte) {
            // Counted, and kept as it is.
            self.record.bytes.push(*byte);
            self.end_line(*byte);
        } else {
            self.state = if *byte == quote { State::QuoteInQuoted } else { State::Escaped };
        }
        text.len() + 1
    }

    /// A second quote is text; what else follows one is behind the quoted text.
    #[inline]
    fn look_behind_quote(&mut self, byte: u8) -> usize {
        if Some(byte) == self.dialect.quote {
            self.record.bytes.push(byte);
            self.state = State::Quoted;
            return 1;
        }
        if byte != self.dialect.delimiter && !is_line_end(byte) {
            self.record.malformed = Some("text follows a closing quote");
        }
        self.state = State::Bare;
        0
    }

    /// The last record, which needs no line end. A quote that is open still has taken all that follows it, so that
    /// there is no row that could be left out.
    pub fn finish(&mut self, mut each: impl FnMut(&Record) -> Result<()>) -> Result<()> {
        match self.state {
            State::RecordStart | State::Comment => return Ok(()),
            State::Quoted | State::Escaped => return Err(self.unclosed()),
            State::FieldStart | State::Bare | State::QuoteInQuoted => {}
        }
        self.end_cell();
        self.end_record(&[], &mut each)
    }

    /// Where the record begins that has not ended yet, or the next one would.
    pub fn next_line(&self) -> u64 {
        match self.state {
            State::RecordStart | State::Comment => self.line,
            _ => self.record.line,
        }
    }

    fn end_line(&mut self, byte: u8) {
        self.line += 1;
        self.after_cr = byte == b'\r';
    }

    fn end_cell(&mut self) {
        let end = self.record.bytes.len();
        if self.record.cells.len() < MAX_CELLS {
            self.record.cells.push(Cell { start: self.cell_start, end, quoted: self.cell_quoted });
        } else {
            self.record.malformed = Some("it has more than 100,000 fields");
        }
        self.cell_start = end;
        self.cell_quoted = false;
    }

    fn end_record(&mut self, raw: &[u8], each: &mut impl FnMut(&Record) -> Result<()>) -> Result<()> {
        self.keep_raw(raw);
        self.state = State::RecordStart;
        let outcome = each(&self.record);
        self.record.bytes.clear();
        self.record.cells.clear();
        self.record.raw.clear();
        self.record.malformed = None;
        self.cell_start = 0;
        outcome
    }

    fn keep_raw(&mut self, raw: &[u8]) {
        let room = RAW_BYTES - self.record.raw.len().min(RAW_BYTES);
        self.record.raw.extend_from_slice(&raw[..raw.len().min(room)]);
    }

    fn is_in_quotes(&self) -> bool {
        matches!(self.state, State::Quoted | State::Escaped)
    }

    fn unclosed(&self) -> EngineError {
        EngineError::corrupt(format!(
            "CSV: the quote that opens on line {} is never closed, so that it cannot be told where the next row begins: \
             close it, double it where it is text of a quoted cell, or read the file without quotes (csv.quote: null)",
            self.line_at_quote
        ))
        .at_line(self.line_at_quote)
    }

    fn too_long(&self) -> EngineError {
        EngineError::corrupt(self.longer_than(&format!("{MAX_RECORD_BYTES} bytes"))).at_line(self.record.line)
    }

    fn no_memory(&self) -> EngineError {
        EngineError::new("MEMORY_LIMIT_TOO_SMALL", self.longer_than("fits into the engine's memory"))
            .at_line(self.record.line)
    }

    fn longer_than(&self, limit: &str) -> String {
        let quote = if self.is_in_quotes() {
            format!("; perhaps the quote that opens on line {} is never closed", self.line_at_quote)
        } else {
            String::new()
        };
        format!("CSV: the record that starts on line {} is longer than {limit}{quote}", self.record.line)
    }
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Dialect = Dialect { delimiter: b',', quote: Some(b'"'), escape: None, comment: None };

    fn records(dialect: Dialect, text: &str, step: usize) -> Vec<String> {
        let mut out = Vec::new();
        let mut tokenizer = Tokenizer::new(dialect);
        let mut each = |record: &Record| {
            let cells: Vec<String> = record
                .cells
                .iter()
                .map(|c| {
                    let text = String::from_utf8_lossy(&record.bytes[c.start..c.end]).into_owned();
                    if c.quoted { format!("<{text}>") } else { text }
                })
                .collect();
            let raw = String::from_utf8_lossy(&record.raw);
            out.push(format!("{}:{}:{}:{raw}", record.line, cells.join("|"), record.malformed.unwrap_or("")));
            Ok(())
        };
        for piece in text.as_bytes().chunks(step) {
            tokenizer.push(piece, &mut each).unwrap();
        }
        tokenizer.finish(&mut each).unwrap();
        out
    }

    #[test]
    fn records_are_the_same_at_any_cut() {
        let text = "a,b\r\n\r\n\"x\",\"a \"\"q\"\"\r\nline\n2\"\n,\n\"\",y\rz,\"w\"";
        let expected = [
            "1:a|b::a,b",
            "3:<x>|<a \"q\"\r\nline\n2>::\"x\",\"a \"\"q\"\"\r\nline\n2\"",
            "6:|::,",
            "7:<>|y::\"\",y",
            "8:z|<w>::z,\"w\"",
        ];
        for step in 1..text.len() + 1 {
            assert_eq!(records(PLAIN, text, step), expected, "by {step}");
        }
    }

    #[test]
    fn comments_escapes_and_text_after_a_quote() {
        let dialect = Dialect { delimiter: b';', quote: Some(b'\''), escape: Some(b'\\'), comment: Some(b'#') };
        let text = "# a;b\n'it\\'s';'d''d'\n#x\n'a'b;c";
        for step in 1..text.len() + 1 {
            let found = records(dialect, text, step);
            assert_eq!(found[0], "2:<it's>|<d'd>::'it\\'s';'d''d'", "by {step}");
            assert_eq!(found[1], "4:<ab>|c:text follows a closing quote:'a'b;c");
        }
    }

    #[test]
    fn without_a_quote_character_quotes_are_text() {
        let dialect = Dialect { quote: None, ..PLAIN };
        assert_eq!(records(dialect, "\"a,b\"\n", 3), ["1:\"a|b\"::\"a,b\""]);
    }

    #[test]
    fn blank_lines_are_records_where_that_is_asked_for() {
        let text = "a\n\nb\r\n\r\n\rc";
        for step in 1..text.len() + 1 {
            let mut found = Vec::new();
            let mut each = |record: &Record| Ok(found.push((record.line, record.cells.len(), record.bytes.clone())));
            let mut tokenizer = Tokenizer::new(PLAIN).with_blank_lines();
            for piece in text.as_bytes().chunks(step) {
                tokenizer.push(piece, &mut each).unwrap();
            }
            tokenizer.finish(&mut each).unwrap();
            let expected = ["a", "", "b", "", "", "c"];
            let expected: Vec<_> = (1..).zip(expected).map(|(line, text)| (line, 1, text.into())).collect();
            assert_eq!(found, expected, "by {step}");
        }
    }

    #[test]
    fn line_ends_within_quotes_are_counted_once_at_any_cut() {
        let text = "\"a\n\r\n\r\r\n\r\",\"\r\"\n\"\r\n\"\r\nb\r\"\n\"\n\"\"\"\r\"\"\n\"\nc";
        for step in 1..text.len() + 1 {
            let lines: Vec<_> =
                records(PLAIN, text, step).iter().map(|r| r.split(':').next().unwrap().to_owned()).collect();
            assert_eq!(lines, ["1", "8", "10", "11", "13", "16"], "by {step}");
        }
        let dialect = Dialect { escape: Some(b'\\'), ..PLAIN };
        let text = "\"\\\r\n\r\\\n\\\r\"\nb";
        for step in 1..text.len() + 1 {
            let found = records(dialect, text, step);
            assert_eq!(found[0].split(':').nth(1), Some("<\r\n\r\n\r>"), "by {step}");
            assert!(found[1].starts_with("6:b"), "by {step}: {}", found[1]);
        }
    }

    #[test]
    fn a_cell_of_very_many_lines_is_looked_at_once() {
        // To look for the closing quote again after each line end takes very long.
        let text = ["a\n1,\"".to_owned(), "l\n".repeat(1 << 20), "\"\nb".to_owned()].concat();
        let started = std::time::Instant::now();
        for step in [text.len(), 64 << 10] {
            let mut lines = Vec::new();
            let mut tokenizer = Tokenizer::new(PLAIN);
            for piece in text.as_bytes().chunks(step) {
                tokenizer.push(piece, |record| Ok(lines.push(record.line))).unwrap();
            }
            tokenizer.finish(|record| Ok(lines.push(record.line))).unwrap();
            assert_eq!(lines, [1, 2, (1 << 20) + 3]);
        }
        assert!(started.elapsed().as_secs() < 30);
    }

    #[test]
    fn a_quote_that_is_never_closed_is_an_error_where_it_opens() {
        for text in ["a,b\n1,\"x\ny\",\"z\n2,y\n", "a,b\n1,\"x\ny\",\"z\r\n\"\"", "a,b\n\n\n\""] {
            let mut tokenizer = Tokenizer::new(PLAIN);
            tokenizer.push(text.as_bytes(), |_| Ok(())).unwrap();
            let error = tokenizer.finish(|_| panic!("no record")).unwrap_err();
            assert_eq!((error.code, error.line), ("SOURCE_CORRUPT", Some(if text.ends_with("\n\"") { 4 } else { 3 })));
            assert!(error.message.contains("never closed"), "{error}");
        }
    }

    #[test]
    fn a_quote_that_is_never_closed_ends_at_the_limit() {
        let mut tokenizer = Tokenizer::new(PLAIN);
        let piece = vec![b'x'; 1 << 20];
        tokenizer.push(b"a\n1,\"", |_| Ok(())).unwrap();
        let error = (0..20).find_map(|_| tokenizer.push(&piece, |_| Ok(())).err()).unwrap();
        assert_eq!((error.code, error.line), ("SOURCE_CORRUPT", Some(2)));
        assert!(error.message.contains("never closed"));
    }

    #[test]
    fn a_record_of_nothing_but_delimiters_stays_small() {
        let mut tokenizer = Tokenizer::new(PLAIN);
        let mut seen = 0;
        tokenizer.push(&vec![b','; 1 << 20], |_| Ok(())).unwrap();
        tokenizer
            .finish(|record| {
                seen = record.cells.len();
                assert!(record.malformed.is_some());
                Ok(())
            })
            .unwrap();
        assert_eq!(seen, MAX_CELLS);
    }
}
