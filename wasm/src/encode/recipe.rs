//! What all files of one table share: the options, and what column writers are made of. Made once, because many small
//! row groups in many files would otherwise spend as long on it as on their rows.

use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_schema::{FieldRef, Schema, SchemaRef};
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::Encoding;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterPropertiesPtr;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{SchemaDescriptor, TypePtr};

use super::choose;
use super::options::{ColumnOptions, DictionaryMode, Options, leaf_properties};
use super::recut::{Pieces, joined};
use crate::error::{EngineError, Result};

pub struct Recipe {
    /// The request that it was made from.
    text: Vec<u8>,
    pub options: Options,
    pub root: TypePtr,
    pub properties: WriterPropertiesPtr,
    fields: Vec<FieldRecipe>,
}

thread_local! {
    static LAST: RefCell<Weak<Recipe>> = const { RefCell::new(Weak::new()) };
}

impl Recipe {
    /// The one of the encoder before, when it was asked for with the same text and is still in use.
    pub fn of(text: &[u8]) -> Result<Rc<Self>> {
        LAST.with_borrow_mut(|last| {
            if let Some(recipe) = last.upgrade().filter(|r| r.text == text) {
                return Ok(recipe);
            }
            let recipe = Rc::new(Self::new(text)?);
            *last = Rc::downgrade(&recipe);
            Ok(recipe)
        })
    }

    fn new(text: &[u8]) -> Result<Self> {
        let json = serde_json::from_slice(text)
            .map_err(|e| EngineError::invalid_argument(format!("not a request: {e}")))?;
        let options = Options::from_json(&json)?;
        let root = converted(&options.schema)?.root_schema_ptr();
        let properties = Arc::new(options.properties().build());
        let fields = options.schema.fields().iter().map(|f| FieldRecipe::new(&options, f)).collect::<Result<_>>()?;
        Ok(Self { text: text.to_vec(), options, root, properties, fields })
    }

    /// All leaves of the top-level field `index`. Lets go of each chunk of rows once it is encoded.
    pub fn encode(&self, index: usize, chunks: Vec<ArrayRef>) -> Result<Vec<ArrowColumnChunk>> {
        self.fields[index].encode(&self.options, chunks)
    }
}

fn converted(schema: &Schema) -> Result<SchemaDescriptor> {
    let converter = ArrowSchemaConverter::new().with_coerce_types(true).schema_root("table");
    converter.convert(schema).map_err(|e| EngineError::unsupported(format!("a schema that Parquet cannot hold: {e}")))
}

/// How one leaf is encoded in one row group.
#[derive(Clone, Copy, PartialEq)]
enum LeafEncoding {
    Dictionary,
    Plain,
    Other(Encoding),
}

struct FieldRecipe {
    field: FieldRef,
    schema: SchemaRef,
    descriptor: SchemaDescriptor,
    columns: Vec<ColumnOptions>,
    /// For the ways the last row groups were encoded in.
    factories: RefCell<Vec<(Vec<LeafEncoding>, ArrowRowGroupWriterFactory)>>,
}

const FACTORIES: usize = 4;

impl FieldRecipe {
    fn new(options: &Options, field: &FieldRef) -> Result<Self> {
        let schema = Arc::new(Schema::new(vec![field.clone()]));
        let descriptor = converted(&schema)?;
        let columns = descriptor.columns().iter().map(|leaf| options.column(&leaf.path().string())).collect();
        Ok(Self { field: field.clone(), schema, descriptor, columns, factories: RefCell::default() })
    }

    fn encode(&self, options: &Options, chunks: Vec<ArrayRef>) -> Result<Vec<ArrowColumnChunk>> {
        let chunks = joined(chunks)?;
        let encodings = self.choose(options, &chunks)?;
        let mut writers = self.writers(options, encodings)?;
        let mut pieces = Pieces::new(chunks);
        let name = self.field.name();
        let nulls_in =
            |e: ParquetError| EngineError::invalid_value(format!("column {name}: {e}")).at_column(name.as_str());
        while let Some(piece) = pieces.next_piece()? {
            for (leaf, writer) in compute_leaves(&self.field, &piece).map_err(nulls_in)?.iter().zip(&mut writers) {
                writer.write(leaf).map_err(nulls_in)?;
            }
        }
        writers.into_iter().map(|w| Ok(w.close()?)).collect()
    }

    fn choose(&self, options: &Options, chunks: &[ArrayRef]) -> Result<Vec<LeafEncoding>> {
        let leaves = self.descriptor.columns();
        let pays = if self.columns.iter().any(|c| c.dictionary == DictionaryMode::Auto) {
            choose::dictionary_pays(chunks, leaves.len(), options.dictionary_bytes)?
        } else {
            vec![false; leaves.len()]
        };
        let one = |(i, (leaf, column)): (usize, (_, &ColumnOptions))| match column.dictionary {
            DictionaryMode::On => LeafEncoding::Dictionary,
            DictionaryMode::Auto if pays[i] => LeafEncoding::Dictionary,
            _ if options.compact => LeafEncoding::Other(choose::compact_encoding(leaf, i, chunks)),
            _ => LeafEncoding::Plain,
        };
        Ok(leaves.iter().map(AsRef::as_ref).zip(&self.columns).enumerate().map(one).collect())
    }

    fn writers(&self, options: &Options, encodings: Vec<LeafEncoding>) -> Result<Vec<ArrowColumnWriter>> {
        let mut factories = self.factories.borrow_mut();
        let at = match factories.iter().position(|(of, _)| *of == encodings) {
            Some(at) => at,
            None => {
                let factory = self.factory(options, &encodings)?;
                factories.truncate(FACTORIES - 1);
                factories.insert(0, (encodings, factory));
                0
            }
        };
        Ok(factories[at].1.create_column_writers(0)?)
    }

    fn factory(&self, options: &Options, encodings: &[LeafEncoding]) -> Result<ArrowRowGroupWriterFactory> {
        let mut properties = options.properties();
        for ((leaf, column), encoding) in self.descriptor.columns().iter().zip(&self.columns).zip(encodings) {
            properties = leaf_properties(properties, leaf.path(), *column)
                .set_column_dictionary_enabled(leaf.path().clone(), *encoding == LeafEncoding::Dictionary);
            if let LeafEncoding::Other(encoding) = encoding {
                properties = properties.set_column_encoding(leaf.path().clone(), *encoding);
            }
        }
        let properties = Arc::new(properties.build());
        // Never written to: it gives the column writers their schema and properties.
        let scaffold = SerializedFileWriter::new(std::io::sink(), self.descriptor.root_schema_ptr(), properties)?;
        Ok(ArrowRowGroupWriterFactory::new(&scaffold, self.schema.clone()))
    }
}
