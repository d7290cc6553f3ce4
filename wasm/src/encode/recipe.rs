//! What all files of one table share: the options, and what column writers are made of. Made once, because many small
//! row groups in many files would otherwise spend as long on it as on their rows.

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_schema::Schema;
use parquet::arrow::ArrowSchemaConverter;
use parquet::file::properties::WriterPropertiesPtr;
use parquet::schema::types::{ColumnDescPtr, SchemaDescriptor, Type, TypePtr};

use super::column::{Codec, Leaf, Path, Rows};
use super::options::Options;
use crate::error::{EngineError, Result};

pub struct Recipe {
    /// The request that it was made from.
    text: Vec<u8>,
    pub options: Options,
    pub root: TypePtr,
    pub properties: WriterPropertiesPtr,
    /// The leaves of each top-level field.
    fields: Vec<Vec<Leaf>>,
    /// That of the row group before: its tables take longer to make than a small row group to compress.
    codec: Cell<Option<Box<Codec>>>,
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
        let json =
            serde_json::from_slice(text).map_err(|e| EngineError::invalid_argument(format!("not a request: {e}")))?;
        let options = Options::from_json(&json)?;
        let descriptor = converted(&options.schema)?;
        let properties = Arc::new(options.properties().build());
        let mut fields = Vec::with_capacity(options.schema.fields().len());
        let mut columns = descriptor.columns().iter();
        for field in options.schema.fields() {
            let paths = Path::all(field, columns.clone().map(AsRef::as_ref))?;
            let leaf = |(path, descriptor): (Path, &ColumnDescPtr)| {
                let options = options.column(&descriptor.path().string());
                Leaf { path, descriptor: descriptor.clone(), options }
            };
            fields.push(paths.into_iter().zip(&mut columns).map(leaf).collect());
        }
        Ok(Self {
            text: text.to_vec(),
            root: descriptor.root_schema_ptr(),
            options,
            properties,
            fields,
            codec: Cell::default(),
        })
    }

    /// How many top-level columns there are.
    pub fn columns(&self) -> usize {
        self.fields.len()
    }

    /// The schema of a file of some of them.
    pub fn root_of(&self, columns: Range<usize>) -> Result<TypePtr> {
        let fields = self.root.get_fields().get(columns.clone());
        let fields = fields.ok_or_else(|| {
            EngineError::invalid_argument(format!("columns {columns:?} of a schema of {}", self.columns()))
        })?;
        Ok(Arc::new(Type::group_type_builder(self.root.name()).with_fields(fields.to_vec()).build()?))
    }

    pub fn codec(&self) -> Result<Box<Codec>> {
        self.codec.take().map_or_else(|| Codec::new(self.options.compression).map(Box::new), Ok)
    }

    /// For the next row group.
    pub fn keep(&self, codec: Box<Codec>) {
        self.codec.set(Some(codec));
    }

    /// The leaves of the top-level field `index`, each with its rows in these chunks.
    pub fn leaves(&self, index: usize, chunks: Vec<ArrayRef>) -> impl Iterator<Item = Result<(&Leaf, Rows)>> {
        let leaves = &self.fields[index];
        let mut chunks = Some(chunks);
        leaves.iter().enumerate().map(move |(at, leaf)| {
            // The last one frees what it has read.
            let chunks = if at + 1 < leaves.len() { chunks.clone() } else { chunks.take() };
            let rows = chunks.into_iter().flatten().map(|chunk| leaf.path.rows(&chunk));
            Ok((leaf, Rows::new(rows.collect::<Result<_>>()?)))
        })
    }
}

fn converted(schema: &Schema) -> Result<SchemaDescriptor> {
    let converter = ArrowSchemaConverter::new().with_coerce_types(true).schema_root("table");
    converter.convert(schema).map_err(|e| EngineError::unsupported(format!("a schema that Parquet cannot hold: {e}")))
}
