//! Arrow IPC, stream or file, as its bytes arrive. Framing and bounds are checked here, before arrow-ipc sees a
//! message: it trusts offsets and lengths that a corrupt file may set to anything.

mod bounds;
mod gather;
pub mod gathered;
mod tail;
mod types;

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_buffer::Buffer;
use arrow_data::UnsafeFlag;
use arrow_ipc::reader::{RecordBatchDecoder, read_dictionary_impl};
use arrow_ipc::{Message, MessageHeader, root_as_message};
use arrow_schema::{ArrowError, DataType, FieldRef, Schema, SchemaRef};
use flatbuffers::InvalidFlatbuffer;

use self::bounds::Column;
use self::gather::{Gather, too_large};
use self::tail::Tail;
use crate::error::{EngineError, Result, arrow_text};

const MAGIC: &[u8] = b"ARROW1";
/// A flatbuffer has an offset and a table; with fewer bytes the four that come with a length of the old form are too many.
const MIN_METADATA: usize = 8;
/// Far above any real schema (a thousand columns take about 200 KB).
const MAX_METADATA: usize = 64 << 20;
/// Of lists, structs and their like in each other, as the verifier of flatbuffers counts a schema's tables.
const MAX_DEPTH: usize = 60;
/// Less of a body is not worth the calls.
const LEAST_ROOM: usize = 16 << 10;

#[derive(Default)]
enum State {
    /// The first bytes say whether it is a file.
    #[default]
    Start,
    Length {
        continued: bool,
    },
    Metadata(usize),
    Body(Buffer, usize),
    End,
}

fn corrupt(e: ArrowError) -> EngineError {
    match e {
        ArrowError::NotYetImplemented(s) => EngineError::unsupported(format!("Arrow IPC: {s}")),
        ArrowError::MemoryError(s) => EngineError::new("MEMORY_LIMIT_TOO_SMALL", s),
        e => EngineError::corrupt(format!("Arrow IPC: {}", arrow_text(&e))),
    }
}

fn bad(text: &str) -> EngineError {
    EngineError::corrupt(format!("Arrow IPC: {text}"))
}

#[derive(Default)]
pub struct IpcReader {
    state: State,
    gather: Gather,
    is_file: bool,
    schema: Option<SchemaRef>,
    dictionaries: HashMap<i64, ArrayRef>,
    tail: Tail,
    /// Messages of a file that has its schema in its footer alone (apache-arrow for JavaScript writes such files).
    held: Vec<(Buffer, Buffer)>,
    batches: u64,
    trusted: bool,
}

impl IpcReader {
    /// The batches of a stream that an engine put out in this process: that their values are what their types say was
    /// seen then.
    ///
    /// # Safety
    /// The bytes are those, unchanged.
    pub unsafe fn read_trusted(bytes: Buffer) -> Result<Vec<RecordBatch>> {
        let mut reader = Self { trusted: true, ..Self::default() };
        let mut batches = reader.push(bytes)?;
        batches.extend(reader.finish()?);
        Ok(batches)
    }

    pub fn schema(&self) -> Option<&SchemaRef> {
        self.schema.as_ref()
    }

    /// Where the next of so many bytes belong, and how many of them: those of a message's body need not be pushed, and
    /// copied once more. None: push them; what comes next is no body, or there is little left of it.
    pub fn room(&mut self, bytes: usize) -> Result<Option<(*mut u8, usize)>> {
        let State::Body(_, size) = self.state else { return Ok(None) };
        if size - self.gather.len() < LEAST_ROOM {
            return Ok(None);
        }
        self.gather.room(bytes, size).map(Some)
    }

    /// As `push`, of bytes that are where they belong.
    ///
    /// # Safety
    /// Since the last call, which was `room`, so many bytes were written where it said: no more than it said.
    pub unsafe fn filled(&mut self, bytes: usize) -> Result<Vec<RecordBatch>> {
        // SAFETY: as demanded above.
        unsafe { self.gather.filled(bytes) };
        let mut batches = Vec::new();
        self.step(&mut Buffer::default(), &mut batches)?;
        Ok(batches)
    }

    pub fn push(&mut self, mut input: Buffer) -> Result<Vec<RecordBatch>> {
        let mut batches = Vec::new();
        while !input.is_empty() || matches!(&self.state, State::Body(_, 0)) {
            if !self.step(&mut input, &mut batches)? {
                break;
            }
        }
        Ok(batches)
    }

    /// One state further; false when more bytes are needed.
    fn step(&mut self, input: &mut Buffer, batches: &mut Vec<RecordBatch>) -> Result<bool> {
        match &self.state {
            State::Start => {
                let Some(head) = self.gather.take(input, 8)? else { return Ok(false) };
                self.is_file = head.starts_with(MAGIC);
                self.state = State::Length { continued: false };
                if !self.is_file {
                    self.length(&head[..4])?;
                    // The other four bytes: the length after a continuation mark, or the metadata's first ones.
                    if matches!(self.state, State::Length { continued: true }) {
                        self.length(&head[4..])?;
                    } else {
                        self.gather.begin(&head[4..]);
                    }
                }
            }
            State::Length { .. } => {
                let Some(word) = self.gather.take(input, 4)? else { return Ok(false) };
                self.length(&word)?;
            }
            State::Metadata(size) => {
                let Some(metadata) = self.gather.take(input, *size)? else { return Ok(false) };
                let length = parse(&metadata)?.bodyLength();
                if length < 0 {
                    return Err(bad("a message of negative length"));
                }
                if length > bounds::MAX_PLAUSIBLE {
                    return Err(bad(&format!("a message that claims {length} bytes")));
                }
                if length as u64 > bounds::MAX_BODY {
                    return Err(too_large(length as u64));
                }
                self.state = State::Body(metadata, length as usize);
            }
            State::Body(metadata, size) => {
                let Some(body) = self.gather.take(input, *size)? else { return Ok(false) };
                let metadata = metadata.clone();
                self.state = State::Length { continued: false };
                if self.is_file && self.schema.is_none() && parse(&metadata)?.header_type() != MessageHeader::Schema {
                    self.held.push((metadata, body));
                } else {
                    batches.extend(self.message(&metadata, body)?);
                }
            }
            State::End if self.is_file => {
                self.tail.push(input, self.schema.is_none());
                input.advance(input.len());
            }
            State::End => return Err(bad("bytes follow the end of the stream")),
        }
        Ok(true)
    }

    fn length(&mut self, word: &[u8]) -> Result<()> {
        let word = [word[0], word[1], word[2], word[3]];
        let continued = matches!(self.state, State::Length { continued: true });
        self.state = match u32::from_le_bytes(word) {
            u32::MAX if !continued => State::Length { continued: true },
            // The magic is padded to 8 bytes by some writers and to 64 by others.
            0 if self.schema.is_none() && self.is_file && !continued => State::Length { continued: false },
            0 if self.schema.is_none() && !self.is_file => return Err(bad("an end before the schema")),
            0 => State::End,
            n if !(MIN_METADATA..=MAX_METADATA).contains(&(n as usize)) => {
                let before = if self.schema.is_none() { "not Arrow IPC, or " } else { "" };
                return Err(bad(&format!("{before}a message header of {n} bytes")));
            }
            n => State::Metadata(n as usize),
        };
        Ok(())
    }

    fn message(&mut self, metadata: &[u8], body: Buffer) -> Result<Option<RecordBatch>> {
        let message = parse(metadata)?;
        let version = message.version();
        match message.header_type() {
            MessageHeader::Schema => {
                if self.schema.is_some() {
                    return Err(bad("a second schema"));
                }
                let schema = message.header_as_schema().ok_or_else(|| bad("no schema in a schema message"))?;
                self.schema = Some(Arc::new(checked_schema(schema)?));
                Ok(None)
            }
            MessageHeader::DictionaryBatch => {
                let dictionary = message.header_as_dictionary_batch().ok_or_else(|| bad("no dictionary"))?;
                let data = dictionary.data().ok_or_else(|| bad("a dictionary without data"))?;
                let schema = self.schema.clone().ok_or_else(|| bad("a dictionary before the schema"))?;
                // The id is of the message only; it is deprecated on fields.
                #[expect(deprecated)]
                let fields = schema.fields_with_dict_id(dictionary.id());
                let values = fields.first().and_then(|f| dictionary_values(f.data_type()));
                let values = values.ok_or_else(|| bad("a dictionary of no column"))?;
                let body = bounds::placed(body, std::iter::once(values));
                let unused = bounds::check(&data, &body, std::iter::once(Column::dictionary(values)), version)?;
                let copy;
                let dictionary = if unused.is_empty() {
                    dictionary
                } else {
                    copy = bounds::without_buffers(metadata, &data, &unused);
                    parse(&copy)?.header_as_dictionary_batch().ok_or_else(|| bad("no dictionary"))?
                };
                read_dictionary_impl(
                    &body,
                    dictionary,
                    &schema,
                    &mut self.dictionaries,
                    &version,
                    false,
                    Default::default(),
                )
                .map_err(corrupt)?;
                Ok(None)
            }
            MessageHeader::RecordBatch => {
                let data = message.header_as_record_batch().ok_or_else(|| bad("no batch"))?;
                let schema = self.schema.clone().ok_or_else(|| bad("a batch before the schema"))?;
                let body = bounds::placed(body, schema.fields().iter().map(|f| f.data_type()));
                let unused = bounds::check(&data, &body, schema.fields().iter().map(|f| Column::of(f)), version)?;
                let copy;
                let data = if unused.is_empty() {
                    data
                } else {
                    copy = bounds::without_buffers(metadata, &data, &unused);
                    parse(&copy)?.header_as_record_batch().ok_or_else(|| bad("no batch"))?
                };
                let mut unchecked = UnsafeFlag::new();
                // SAFETY: as `read_trusted` demands.
                unsafe { unchecked.set(self.trusted) };
                let batch = RecordBatchDecoder::try_new(&body, data, schema, &self.dictionaries, &version)
                    .and_then(|decoder| decoder.with_skip_validation(unchecked).read_record_batch())
                    .map_err(|e| {
                        let e = corrupt(e);
                        EngineError { message: format!("{} (batch {})", e.message, self.batches), ..e }
                    })?;
                self.batches += 1;
                Ok(Some(batch))
            }
            MessageHeader::NONE => Err(bad("a message without a header")),
            other => Err(EngineError::unsupported(format!("Arrow IPC: a message of type {other:?}"))),
        }
    }

    /// No more bytes will come. Gives the batches of a file whose schema is in its footer.
    pub fn finish(&mut self) -> Result<Vec<RecordBatch>> {
        let done = self.gather.is_empty()
            && match &self.state {
                State::End => !self.is_file || self.tail.is_footer(),
                // A stream may end without its end marker; a file may not end without its footer.
                State::Length { continued: false } => !self.is_file && self.schema.is_some(),
                _ => false,
            };
        match (done, &self.state) {
            (true, _) => {}
            (false, State::Start) if self.gather.is_empty() => {
                return Err(EngineError::new("SOURCE_EMPTY", "Arrow IPC: no bytes, so no schema"));
            }
            _ => return Err(bad(&format!("the data is cut off after {} batches", self.batches))),
        }
        if self.schema.is_none() {
            self.schema = Some(Arc::new(self.tail.schema()?));
        }
        let mut batches = Vec::new();
        for (metadata, body) in std::mem::take(&mut self.held) {
            batches.extend(self.message(&metadata, body)?);
        }
        Ok(batches)
    }
}

fn checked_schema(schema: arrow_ipc::Schema<'_>) -> Result<Schema> {
    types::check(&schema)?;
    let schema = arrow_ipc::convert::try_fb_to_schema(schema).map_err(corrupt)?;
    let field = |f: &FieldRef| f.as_ref().clone().with_data_type(types::without_empty_zones(f.data_type()));
    Ok(Schema::new_with_metadata(schema.fields.iter().map(field).collect::<Vec<_>>(), schema.metadata))
}

fn dictionary_values(data_type: &DataType) -> Option<&DataType> {
    match data_type {
        DataType::Dictionary(_, values) => Some(values),
        _ => None,
    }
}

/// What the verifier of flatbuffers refuses is damaged, or only deeper than it goes.
fn broken(what: &str, e: InvalidFlatbuffer) -> EngineError {
    match e {
        InvalidFlatbuffer::DepthLimitReached => EngineError::unsupported(format!(
            "Arrow IPC: columns nested more than {MAX_DEPTH} deep; write them flatter, or as JSON text"
        )),
        e => bad(&format!("a broken {what} ({e})")),
    }
}

fn parse(metadata: &[u8]) -> Result<Message<'_>> {
    root_as_message(metadata).map_err(|e| broken("message header", e))
}

#[cfg(test)]
mod tests;
