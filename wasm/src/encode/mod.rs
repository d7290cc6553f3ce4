//! Record batches to Parquet: one row group at a time, column by column, so that of the compressed bytes little more
//! than one column is held. Pages are made here; the file around them, its footer and its indexes are parquet's.

mod column;
mod column_order;
mod options;
mod part;
mod recipe;
mod row_group;
mod segments;

#[cfg(test)]
mod tests;

use std::ops::Range;
use std::rc::Rc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, FieldRef, Fields};
use parquet::file::properties::{BloomFilterPosition, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::SchemaDescriptor;

use self::column::Codec;
pub use self::part::PartBytes;
use self::part::{Elsewhere, Part, not_a_part};
use self::recipe::Recipe;
use self::row_group::OpenRowGroup;
use self::segments::{Output, Pieces};
use crate::error::{EngineError, Result};
use crate::footer::{FooterFacts, footer_facts};

/// At the start of every file.
const MAGIC_BYTES: u64 = 4;
/// A step of a row group ends when so many compressed bytes can leave.
const STEP_BYTES: usize = 1 << 20;

pub struct Encoder {
    recipe: Rc<Recipe>,
    /// The top-level columns it encodes: all, but for a part.
    columns: Range<usize>,
    output: Output,
    state: State,
}

enum State {
    Ready(SerializedFileWriter<Output>),
    InRowGroup(OpenRowGroup, Columns, Box<Codec>),
    /// The file is finished, or a row group failed and the file with it.
    Ended,
}

/// The columns of a row group that were not encoded yet, each in pieces.
type Columns = std::iter::Zip<Range<usize>, std::vec::IntoIter<Vec<ArrayRef>>>;

fn finished() -> EngineError {
    EngineError::invalid_argument("the encoder was finished, or a row group failed: its file cannot be continued")
}

fn flush(writer: &mut SerializedFileWriter<Output>) -> Result<()> {
    writer.flush().map_err(|e| EngineError::failed(e.to_string()))
}

impl Encoder {
    /// From the text of `EncoderOptions`.
    pub fn new(options: &[u8]) -> Result<Self> {
        let recipe = Recipe::of(options)?;
        let (output, properties) = (Output::default(), recipe.properties.clone());
        let writer = SerializedFileWriter::new(output.clone(), recipe.root.clone(), properties)?;
        Ok(Self { columns: 0..recipe.columns(), recipe, output, state: State::Ready(writer) })
    }

    /// For some columns of one row group of another encoder's file: of its own file's bytes the first to come are those
    /// of the column chunks.
    pub fn of_part(options: &[u8], columns: Range<usize>) -> Result<Self> {
        let recipe = Recipe::of(options)?;
        let root = recipe.root_of(columns.clone())?;
        let properties = WriterProperties::clone(&recipe.properties).into_builder();
        let properties = properties.set_bloom_filter_position(BloomFilterPosition::End).set_key_value_metadata(None);
        let output = Output::default();
        output.skip(MAGIC_BYTES);
        let writer = SerializedFileWriter::new(output.clone(), root, properties.build().into())?;
        Ok(Self { recipe, columns, output, state: State::Ready(writer) })
    }

    /// Begins a row group of all rows, to be encoded by steps. No rows, no row group.
    pub fn start_row_group(&mut self, batches: Vec<RecordBatch>) -> Result<()> {
        let fields = &self.recipe.options.schema.fields()[self.columns.clone()];
        for batch in &batches {
            check_fields(fields, batch.schema().fields())?;
        }
        let State::Ready(mut writer) = std::mem::replace(&mut self.state, State::Ended) else { return Err(finished()) };
        if batches.iter().all(|b| b.num_rows() == 0) {
            self.state = State::Ready(writer);
            return Ok(());
        }
        let mut columns: Vec<Vec<ArrayRef>> = vec![Vec::with_capacity(batches.len()); fields.len()];
        for batch in batches {
            for (column, array) in columns.iter_mut().zip(batch.columns()) {
                column.push(array.clone());
            }
        }
        // Pages go past the writer of the file.
        flush(&mut writer)?;
        let codec = self.recipe.codec()?;
        let columns = self.columns.clone().zip(columns);
        self.state = State::InRowGroup(OpenRowGroup::new(writer)?, columns, codec);
        Ok(())
    }

    /// Encodes some columns; the bytes that are final. None: the row group is complete.
    pub fn step_row_group(&mut self) -> Result<Option<Pieces>> {
        // A row group that fails has put some of its columns into the file already.
        let (mut open, mut columns, mut codec) = match std::mem::replace(&mut self.state, State::Ended) {
            State::InRowGroup(open, columns, codec) => (open, columns, codec),
            State::Ready(writer) => {
                self.state = State::Ready(writer);
                return Ok(None);
            }
            State::Ended => return Err(finished()),
        };
        while self.output.len() < STEP_BYTES {
            let Some((index, chunks)) = columns.next() else {
                let mut writer = open.close()?;
                self.recipe.keep(codec);
                flush(&mut writer)?;
                self.state = State::Ready(writer);
                return Ok(Some(self.output.take()));
            };
            for leaf in self.recipe.leaves(index, chunks) {
                let (leaf, rows) = leaf?;
                let chunk = column::encode(leaf, &self.recipe.options, rows, &mut codec, &self.output)?;
                self.output.skip(chunk.bytes_written);
                open.group()?.append_column(&Elsewhere, chunk)?;
            }
        }
        self.state = State::InRowGroup(open, columns, codec);
        Ok(Some(self.output.take()))
    }

    /// Puts a row group into the file that encoders of `of_part` with the same options made, in parts that follow each
    /// other and have all columns together. Answers the bytes of the file that come before the column chunks and after
    /// them.
    pub fn append_parts(&mut self, parts: Vec<PartBytes>) -> Result<(Pieces, Pieces)> {
        let State::Ready(mut writer) = std::mem::replace(&mut self.state, State::Ended) else { return Err(finished()) };
        let data_bytes = parts.iter().map(|part| part.data_bytes).sum();
        let mut chunks = Vec::new();
        let mut next = 0;
        for part in parts {
            let root = self.recipe.root_of(next..next + part.columns)?;
            next += part.columns;
            chunks.extend(Part::parse(part, SchemaDescriptor::new(root).into())?.columns()?);
        }
        flush(&mut writer)?;
        let before = self.output.take();
        self.output.skip(data_bytes);
        let mut group = writer.next_row_group()?;
        for chunk in chunks {
            group.append_column(&Elsewhere, chunk).map_err(not_a_part)?;
        }
        group.close().map_err(not_a_part)?;
        flush(&mut writer)?;
        self.state = State::Ready(writer);
        Ok((before, self.output.take()))
    }

    /// The tail of a part.
    pub fn finish_part(&mut self) -> Result<Pieces> {
        let State::Ready(mut writer) = std::mem::replace(&mut self.state, State::Ended) else { return Err(finished()) };
        writer.finish()?;
        Ok(self.output.take())
    }

    /// The rest of the file, and what its footer says.
    pub fn finish(&mut self) -> Result<(Pieces, FooterFacts)> {
        let State::Ready(mut writer) = std::mem::replace(&mut self.state, State::Ended) else { return Err(finished()) };
        let metadata = writer.finish()?;
        let mut rest = self.output.take().concat();
        column_order::declare_type_order(&mut rest, &metadata);
        Ok((vec![rest], footer_facts(&metadata)))
    }
}

/// Types must be those of the encoder's schema; names and metadata of nested fields may differ.
fn check_fields(want: &[FieldRef], have: &[FieldRef]) -> Result<()> {
    let same_names = want.iter().map(|f| f.name()).eq(have.iter().map(|f| f.name()));
    if !same_names {
        return Err(EngineError::schema_mismatch(
            "a batch has other columns than the encoder's schema; align it first",
        ));
    }
    for (want, have) in want.iter().zip(have) {
        if !same_type(want.data_type(), have.data_type()) {
            let text = format!(
                "column {}: the batch has type {}, the encoder's schema {}; align it first",
                want.name(),
                have.data_type(),
                want.data_type()
            );
            return Err(EngineError::schema_mismatch(text).at_column(want.name()));
        }
    }
    Ok(())
}

fn same_type(a: &DataType, b: &DataType) -> bool {
    match (a, b) {
        (DataType::List(a), DataType::List(b)) => same_type(a.data_type(), b.data_type()),
        (DataType::Map(a, _), DataType::Map(b, _)) => match (a.data_type(), b.data_type()) {
            // The children of a map may be called anything in Arrow.
            (DataType::Struct(a), DataType::Struct(b)) => same_types(a, b),
            _ => false,
        },
        (DataType::Struct(a), DataType::Struct(b)) => {
            a.iter().map(|f| f.name()).eq(b.iter().map(|f| f.name())) && same_types(a, b)
        }
        _ => a == b,
    }
}

fn same_types(a: &Fields, b: &Fields) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_type(a.data_type(), b.data_type()))
}
