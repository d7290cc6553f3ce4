//! Where one row of JSON ends and the next begins: lines, or the elements of one array.

use super::swar;
use super::tokens::MAX_RECORD_BYTES;
use crate::error::{EngineError, Result};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Before the first byte that is not white space.
    Start,
    Lines,
    /// Inside the array, between elements or in one.
    Array,
    /// Behind the array.
    End,
}

/// What takes the rows.
pub trait RowReader {
    /// The text of one row and its line.
    fn row(&mut self, text: &[u8], line: u64) -> Result<()>;

    /// Whether what comes next is to wait until it is asked for.
    fn has_enough(&self) -> bool {
        false
    }

    /// Lines that all end in `text`, the first of which is `line`, until there is enough; answers how many were taken,
    /// and their bytes.
    fn lines(&mut self, text: &[u8], line: u64) -> Result<(u64, usize)> {
        let (mut count, mut at) = (0, 0);
        while !self.has_enough()
            && let Some(end) = swar::find([b'\n'], &text[at..])
        {
            self.line(&text[at..at + end], line + count)?;
            count += 1;
            at += end + 1;
        }
        Ok((count, at))
    }

    /// A line, which is a row unless it is blank.
    fn line(&mut self, text: &[u8], line: u64) -> Result<()> {
        let row = text.trim_ascii();
        if row.is_empty() { Ok(()) } else { self.row(row, line) }
    }
}

pub struct Splitter {
    mode: Mode,
    /// The row that has not ended yet.
    partial: Vec<u8>,
    line: u64,
    /// Line of the first byte of the row.
    row_line: u64,
    rows: u64,
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// An element has begun, or must follow a comma.
    open: bool,
}

impl Default for Splitter {
    fn default() -> Self {
        Self {
            mode: Mode::Start,
            partial: Vec::new(),
            line: 1,
            row_line: 1,
            rows: 0,
            depth: 0,
            in_string: false,
            escaped: false,
            open: false,
        }
    }
}

impl Splitter {
    /// Gives each row that ends in `input` to `reader`, until it has enough; answers how many bytes were taken.
    pub fn push(&mut self, input: &[u8], reader: &mut impl RowReader) -> Result<usize> {
        let mut taken = 0;
        if self.mode == Mode::Start {
            taken = input.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            self.line += input[..taken].iter().filter(|byte| **byte == b'\n').count() as u64;
            match input.get(taken) {
                None => return Ok(taken),
                Some(b'[') => {
                    self.mode = Mode::Array;
                    taken += 1;
                }
                Some(_) => self.mode = Mode::Lines,
            }
            self.row_line = self.line;
        }
        taken += match self.mode {
            Mode::Lines => self.lines(&input[taken..], reader)?,
            _ => self.array(&input[taken..], reader)?,
        };
        if self.partial.len() > MAX_RECORD_BYTES {
            let text =
                format!("JSON: the row that starts on line {} is longer than {MAX_RECORD_BYTES} bytes", self.row_line);
            return Err(EngineError::corrupt(text).at_line(self.row_line));
        }
        Ok(taken)
    }

    fn lines(&mut self, input: &[u8], reader: &mut impl RowReader) -> Result<usize> {
        let mut at = 0;
        if !self.partial.is_empty()
            && let Some(end) = swar::find([b'\n'], input)
        {
            self.keep(&input[..end])?;
            let whole = std::mem::take(&mut self.partial);
            reader.line(&whole, self.line)?;
            self.line += 1;
            at = end + 1;
        }
        if self.partial.is_empty() {
            let whole = memchr::memrchr(b'\n', &input[at..]).map_or(0, |last| last + 1);
            let (lines, bytes) = reader.lines(&input[at..at + whole], self.line)?;
            self.line += lines;
            at += bytes;
            if bytes < whole {
                return Ok(at);
            }
        }
        self.row_line = self.line;
        self.keep(&input[at..])?;
        Ok(input.len())
    }

    /// More of the row that has not ended. A long one is refused by its line where memory is.
    fn keep(&mut self, text: &[u8]) -> Result<()> {
        if self.partial.try_reserve(text.len()).is_err() {
            let line = self.row_line;
            let text = format!("JSON: the row that starts on line {line} is longer than fits into the engine's memory");
            return Err(EngineError::new("MEMORY_LIMIT_TOO_SMALL", text).at_line(line));
        }
        self.partial.extend_from_slice(text);
        Ok(())
    }

    /// Where the row begins that has not ended yet, or the next one would.
    pub fn next_line(&self) -> u64 {
        self.row_line
    }

    fn row(&mut self, row: &[u8], reader: &mut impl RowReader) -> Result<()> {
        self.rows += 1;
        reader.row(row, self.row_line)
    }

    fn array(&mut self, input: &[u8], reader: &mut impl RowReader) -> Result<usize> {
        // Start of the row's bytes in `input`, once it has begun.
        let mut from = 0;
        for (at, byte) in input.iter().enumerate() {
            if *byte == b'\n' {
                self.line += 1;
            }
            if self.in_string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_string = false,
                    _ => {}
                }
                continue;
            }
            if byte.is_ascii_whitespace() {
                if self.partial.is_empty() && from == at {
                    from = at + 1;
                }
                continue;
            }
            if self.mode == Mode::End {
                return Err(EngineError::corrupt("JSON: text follows the end of the array").at_line(self.line));
            }
            if self.partial.is_empty() && from == at {
                self.row_line = self.line;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' => self.depth = self.depth.saturating_sub(1),
                b']' if self.depth > 0 => self.depth -= 1,
                b',' | b']' if self.depth == 0 => {
                    let last = *byte == b']';
                    self.element(&input[from..at], last, reader)?;
                    from = at + 1;
                    if last {
                        self.mode = Mode::End;
                    } else if reader.has_enough() {
                        return Ok(from);
                    }
                    continue;
                }
                _ => {}
            }
            self.open = true;
        }
        if self.mode == Mode::Array {
            self.keep(&input[from..])?;
        }
        Ok(input.len())
    }

    fn element(&mut self, tail: &[u8], last: bool, reader: &mut impl RowReader) -> Result<()> {
        if !self.partial.is_empty() {
            self.keep(tail)?;
        }
        let whole = std::mem::take(&mut self.partial);
        let row = if whole.is_empty() { tail } else { &whole };
        let row = row.trim_ascii();
        // `[]` has no element; nothing between two commas is a bad one.
        let empty_array = last && row.is_empty() && self.rows == 0 && !self.open;
        self.open = !last;
        if empty_array { Ok(()) } else { self.row(row, reader) }
    }

    /// The last line; an array that is not closed is a file that was cut off.
    pub fn finish(&mut self, reader: &mut impl RowReader) -> Result<()> {
        match self.mode {
            Mode::Start | Mode::End => Ok(()),
            Mode::Lines => {
                let line = std::mem::take(&mut self.partial);
                reader.line(&line, self.line)
            }
            Mode::Array => Err(EngineError::corrupt(format!(
                "JSON: the array is not closed: the data is cut off after {} rows",
                self.rows
            ))
            .at_line(self.line)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl RowReader for Vec<String> {
        fn row(&mut self, text: &[u8], line: u64) -> Result<()> {
            self.push(format!("{line}:{}", String::from_utf8_lossy(text)));
            Ok(())
        }
    }

    fn rows(text: &str, step: usize) -> Result<Vec<String>> {
        let mut out = Vec::new();
        let mut splitter = Splitter::default();
        for piece in text.as_bytes().chunks(step) {
            splitter.push(piece, &mut out)?;
        }
        splitter.finish(&mut out)?;
        Ok(out)
    }

    #[test]
    fn lines_and_elements_are_the_same_at_any_cut() {
        for (text, expected) in [
            ("{\"a\":1}\n\n {\"a\":2} \r\n[1]", &["1:{\"a\":1}", "3:{\"a\":2}", "4:[1]"][..]),
            (
                "\n [ {\"a\":\"],\\\"\"},\n\n {\"b\":[1,2]}\n,3 ] \n",
                &["2:{\"a\":\"],\\\"\"}", "4:{\"b\":[1,2]}", "5:3"],
            ),
            ("[]", &[]),
            ("[ ]", &[]),
            ("", &[]),
            (" \n", &[]),
            ("[1,,2]", &["1:1", "1:", "1:2"]),
            ("[1,]", &["1:1", "1:"]),
        ] {
            for step in 1..text.len() + 2 {
                assert_eq!(rows(text, step).unwrap(), expected, "{text:?} by {step}");
            }
        }
    }

    #[test]
    fn an_array_that_is_cut_off_or_followed_by_text_is_corrupt() {
        for text in ["[", "[1", "[1,", "[{\"a\":1}", "[1] 2", "[\"a"] {
            assert_eq!(rows(text, 1).unwrap_err().code, "SOURCE_CORRUPT", "{text}");
        }
    }
}
