//! `ParquetFooter` of `src/engine/footer.ts`, as plain data and as JSON.

mod facts;
mod order;

#[cfg(test)]
mod facts_tests;

use serde_json::{Map, Value, json};

pub use self::facts::footer_facts;
use crate::hex::hex;

#[derive(Debug, Clone, PartialEq)]
pub struct LeafFacts {
    pub path: String,
    pub field_id: Option<i32>,
    pub physical_type: String,
    pub repeated: bool,
    pub compressed_bytes: i64,
    pub value_count: i64,
    pub null_count: Option<u64>,
    pub nan_count: Option<u64>,
    pub min: Option<Vec<u8>>,
    pub max: Option<Vec<u8>>,
    pub min_exact: bool,
    pub max_exact: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct RowGroupFacts {
    pub num_rows: i64,
    pub start_offset: i64,
    pub compressed_bytes: i64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct FooterFacts {
    pub num_rows: i64,
    pub created_by: Option<String>,
    pub row_groups: Vec<RowGroupFacts>,
    pub leaves: Vec<LeafFacts>,
    /// In the file's order; a key may come twice.
    pub key_value_metadata: Vec<(String, String)>,
}

impl FooterFacts {
    /// Bounds are lower-case hex, row groups `[rows, start, bytes]`, metadata `[key, value]`.
    pub fn to_json(&self) -> Value {
        let groups = self.row_groups.iter().map(|g| json!([g.num_rows, g.start_offset, g.compressed_bytes]));
        json!({
            "numRows": self.num_rows,
            "createdBy": self.created_by,
            "rowGroups": groups.collect::<Vec<_>>(),
            "leaves": self.leaves.iter().map(LeafFacts::to_json).collect::<Vec<_>>(),
            "keyValueMetadata": self.key_value_metadata,
        })
    }
}

impl LeafFacts {
    fn to_json(&self) -> Value {
        let mut map = Map::new();
        map.insert("path".into(), self.path.clone().into());
        if let Some(id) = self.field_id {
            map.insert("fieldId".into(), id.into());
        }
        map.insert("physicalType".into(), self.physical_type.clone().into());
        map.insert("repeated".into(), self.repeated.into());
        map.insert("compressedBytes".into(), self.compressed_bytes.into());
        map.insert("valueCount".into(), self.value_count.into());
        map.insert("nullCount".into(), self.null_count.into());
        map.insert("nanCount".into(), self.nan_count.into());
        map.insert("min".into(), self.min.as_deref().map(hex).into());
        map.insert("max".into(), self.max.as_deref().map(hex).into());
        map.insert("minExact".into(), self.min_exact.into());
        map.insert("maxExact".into(), self.max_exact.into());
        Value::Object(map)
    }
}
