//! JSON rows into batches. Numbers, dates and timestamps are read from their own text, never through a double.

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use serde_json::Value;

use super::json_fill::{Shape, Unknown, fill_fields};
use super::json_rows::{RowReader, Splitter};
use super::json_scan::Scanner;
use super::place;
use super::rows::{BatchSize, Fault, Rows};
use super::swar;
use super::transcode::Transcoder;
use crate::error::{EngineError, Result};

/// NDJSON, or the elements of one array, told apart by the first byte.
pub struct JsonReader {
    transcoder: Transcoder,
    transcoded: Vec<u8>,
    splitter: Splitter,
    filler: Filler,
    /// Text behind the batch that was given last, and how much of it was read since.
    waiting: Vec<u8>,
    read: usize,
}

/// Text into rows.
struct Filler {
    rows: Rows,
    shape: Shape,
    unknown: Unknown,
}

impl JsonReader {
    pub fn new(schema: SchemaRef, most: BatchSize, fail: bool, unknown: Unknown) -> Result<Self> {
        let rows = Rows::new(schema, most, fail)?;
        let shape = Shape::of(&rows.columns);
        Ok(Self {
            transcoder: Transcoder::default(),
            transcoded: Vec::new(),
            splitter: Splitter::default(),
            filler: Filler { rows, shape, unknown },
            waiting: Vec::new(),
            read: 0,
        })
    }

    /// The first batch that becomes whole with these bytes, if one does. Others are `more`: a row of few bytes may be a
    /// large one of many columns.
    pub fn begin(&mut self, bytes: &[u8]) -> Result<Vec<RecordBatch>> {
        if !self.waiting.is_empty() {
            return Err(EngineError::invalid_argument("text came before the batches of the text before it were taken"));
        }
        let text = self.transcoder.push(bytes, &mut self.transcoded);
        let taken = self.splitter.push(text, &mut self.filler)?;
        self.waiting.extend_from_slice(&text[taken..]);
        Ok(self.filler.rows.take_batches())
    }

    /// The next batch of the bytes that were given last; none: they were read to their end.
    pub fn more(&mut self) -> Result<Vec<RecordBatch>> {
        self.read += self.splitter.push(&self.waiting[self.read..], &mut self.filler)?;
        if self.read == self.waiting.len() {
            (self.waiting, self.read) = (Vec::new(), 0);
        }
        Ok(self.filler.rows.take_batches())
    }

    /// All batches that become whole with these bytes.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<RecordBatch>> {
        let mut batches = self.begin(bytes)?;
        while !self.waiting.is_empty() {
            batches.extend(self.more()?);
        }
        Ok(batches)
    }

    pub fn finish(&mut self) -> Result<Vec<RecordBatch>> {
        let last = self.transcoder.finish();
        self.splitter.push(&last, &mut self.filler)?;
        self.splitter.finish(&mut self.filler)?;
        self.filler.rows.finish()?;
        Ok(self.filler.rows.take_batches())
    }

    pub fn take_rejects(&mut self) -> Value {
        self.filler.rows.take_rejects()
    }
}

impl RowReader for Filler {
    fn row(&mut self, text: &[u8], line: u64) -> Result<()> {
        place::begin_row(line);
        let mut scanner = Scanner::new(text);
        let outcome = if scanner.peek() == b'{' {
            self.object(&mut scanner).and_then(|()| scanner.end())
        } else {
            // What is no JSON at all is told as that.
            scanner.skip(0).and_then(|_| Err(Fault::whole("the row is not an object")))
        };
        match outcome {
            Ok(()) => self.rows.end(text.len()),
            Err(fault) => self.rows.reject(fault, line, text),
        }
    }

    fn has_enough(&self) -> bool {
        self.rows.has_batch()
    }

    /// Lines that are as they should be are read without a look for their ends first.
    fn lines(&mut self, text: &[u8], line: u64) -> Result<(u64, usize)> {
        let mut count = 0;
        let mut scanner = Scanner::of_lines(text);
        loop {
            let rest = scanner.rest();
            if rest.is_empty() || self.has_enough() {
                return Ok((count, text.len() - rest.len()));
            }
            place::begin_row(line + count);
            if self.object(&mut scanner).is_ok() && scanner.take_line_end() {
                self.rows.end(rest.len() - scanner.rest().len())?;
            } else {
                // What is wrong with the row is told by its line alone; it may be blank, too.
                self.rows.take_back();
                let end = swar::find([b'\n'], rest).unwrap_or(rest.len());
                self.line(&rest[..end], line + count)?;
                scanner.go_to(text.len() - rest.len() + end + 1);
            }
            count += 1;
        }
    }
}

impl Filler {
    fn object(&mut self, scanner: &mut Scanner) -> std::result::Result<(), Fault> {
        let base = self.rows.filled();
        fill_fields(scanner, &mut self.rows.columns, &self.shape, self.unknown, base, 1)
    }
}
