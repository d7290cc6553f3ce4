//! Keyed 128-bit hashes of rows: a stand-in for keys that are too long to keep. Who does not know the key cannot make
//! rows that collide (SipHash-2-4).

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch};
use arrow_buffer::NullBuffer;
use arrow_data::ArrayData;
use arrow_schema::DataType;
use siphasher::sip128::{Hasher128, SipHasher24};
use std::hash::Hasher;

use super::bytes::ByteRows;
use super::partition::find;
use crate::error::{EngineError, Result};

pub const HASH_BYTES: usize = 16;

/// `HASH_BYTES` a row, over the values of the columns with these field ids in their order; equal values of one type
/// give equal hashes, in whatever layout and batch they are. Floats count by their bits: each zero and NaN for itself.
pub fn row_hashes(batch: &RecordBatch, field_ids: &[i32], key: &[u8; 16]) -> Result<Vec<u8>> {
    let columns = field_ids.iter().map(|id| column(batch, *id)).collect::<Result<Vec<_>>>()?;
    let columns =
        columns.iter().map(|(column, nulls)| Values::of(column, nulls.clone())).collect::<Result<Vec<_>>>()?;
    let mut hashes = Vec::with_capacity(batch.num_rows() * HASH_BYTES);
    for row in 0..batch.num_rows() {
        let mut hasher = SipHasher24::new_with_key(key);
        columns.iter().for_each(|column| column.feed(row, &mut hasher));
        hashes.extend_from_slice(&hasher.finish128().as_bytes());
    }
    Ok(hashes)
}

/// A column, or child of structs, and where it or one of them is null.
fn column(batch: &RecordBatch, id: i32) -> Result<(ArrayRef, Option<NullBuffer>)> {
    let found = find(batch.schema_ref().fields(), batch.columns(), None, id);
    let (_, column, nulls) = found.ok_or_else(|| {
        EngineError::invalid_argument(format!("no column (or child of a struct) has field id {id}, so no hash of it"))
    })?;
    Ok((column, nulls))
}

/// How the values of one array lie.
enum Kind<'a> {
    Bits(&'a BooleanArray),
    /// Values of so many bytes.
    Fixed(usize, ArrayData),
    Bytes(ByteRows<'a>),
    /// Offsets into the elements.
    Lists(&'a [i32], Box<Values<'a>>),
    Struct(Vec<Values<'a>>),
}

struct Values<'a> {
    kind: Kind<'a>,
    nulls: Option<NullBuffer>,
}

impl<'a> Values<'a> {
    fn of(array: &'a dyn Array, nulls: Option<NullBuffer>) -> Result<Self> {
        let child = |array: &'a dyn Array| Self::of(array, array.nulls().cloned());
        let kind = match array.data_type() {
            DataType::Boolean => Kind::Bits(array.as_boolean()),
            DataType::List(_) => {
                let list = array.as_list::<i32>();
                Kind::Lists(list.value_offsets(), Box::new(child(list.values())?))
            }
            DataType::Map(_, _) => {
                let map = array.as_map();
                Kind::Lists(map.value_offsets(), Box::new(child(map.entries())?))
            }
            DataType::Struct(_) => {
                Kind::Struct(array.as_struct().columns().iter().map(|c| child(c)).collect::<Result<_>>()?)
            }
            other => match (ByteRows::of(array), other.primitive_width()) {
                (Some(rows), _) => Kind::Bytes(rows),
                (None, Some(width)) => Kind::Fixed(width, array.to_data()),
                (None, None) => return Err(EngineError::unsupported(format!("a hash of values of type {other}"))),
            },
        };
        Ok(Self { kind, nulls })
    }

    /// No value is the beginning of another: each says first whether it is null, and how long it is where that differs.
    fn feed(&self, row: usize, hasher: &mut SipHasher24) {
        if self.nulls.as_ref().is_some_and(|n| n.is_null(row)) {
            return hasher.write_u8(0);
        }
        hasher.write_u8(1);
        match &self.kind {
            Kind::Bits(bits) => hasher.write_u8(bits.value(row).into()),
            Kind::Fixed(width, data) => {
                let start = (data.offset() + row) * width;
                hasher.write(&data.buffers()[0][start..start + width]);
            }
            Kind::Bytes(rows) => {
                let bytes = rows.get(row);
                hasher.write(&(bytes.len() as u32).to_le_bytes());
                hasher.write(bytes);
            }
            Kind::Lists(offsets, elements) => {
                let (start, end) = (offsets[row], offsets[row + 1]);
                hasher.write(&(end - start).to_le_bytes());
                (start..end).for_each(|element| elements.feed(element as usize, hasher));
            }
            Kind::Struct(children) => children.iter().for_each(|child| child.feed(row, hasher)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};
    use std::sync::Arc;

    use arrow_array::builder::{Int32Builder, ListBuilder};
    use arrow_array::{Int64Array, StringArray, StringViewArray, StructArray};
    use arrow_schema::{Field, Fields, Schema};

    use super::*;

    const KEY: &[u8; 16] = b"0123456789abcdef";

    fn field(name: &str, data_type: &DataType, id: i32) -> Field {
        let id = HashMap::from([("PARQUET:field_id".to_owned(), id.to_string())]);
        Field::new(name, data_type.clone(), true).with_metadata(id)
    }

    /// Columns with field ids from 1 on.
    fn batch(columns: Vec<ArrayRef>) -> RecordBatch {
        let fields: Vec<_> = (1..).zip(&columns).map(|(id, c)| field(&format!("c{id}"), c.data_type(), id)).collect();
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
    }

    fn hashes(batch: &RecordBatch, ids: &[i32]) -> Vec<[u8; 16]> {
        row_hashes(batch, ids, KEY).unwrap().as_chunks::<16>().0.to_vec()
    }

    #[test]
    fn a_hash_is_siphash_of_the_marked_values() {
        let rows = batch(vec![Arc::new(Int64Array::from(vec![7])), Arc::new(StringArray::from(vec!["ab"]))]);
        let mut expected = SipHasher24::new_with_key(KEY);
        expected.write(&[1, 7, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, b'a', b'b']);
        assert_eq!(hashes(&rows, &[1, 2]), [expected.finish128().as_bytes()]);
    }

    #[test]
    fn equal_rows_have_equal_hashes_in_any_layout_and_slice_and_others_do_not() {
        let texts = ["", "a", "ab", "a longer text than a view holds", "b", "a"];
        let plain = batch(vec![Arc::new(StringArray::from(texts.to_vec()))]);
        let views = batch(vec![Arc::new(StringViewArray::from(texts.to_vec()))]);
        let all = hashes(&plain, &[1]);
        assert_eq!(all, hashes(&views, &[1]));
        assert_eq!(all[2..5], hashes(&plain.slice(2, 3), &[1]));
        assert_eq!(all[1], all[5]);
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), 5);
        assert_ne!(all, row_hashes(&plain, &[1], b"another key 0000").unwrap().as_chunks::<16>().0);
    }

    #[test]
    fn values_do_not_run_into_their_neighbours() {
        let a = StringArray::from(vec![Some("ab"), Some("a"), Some(""), None]);
        let b = StringArray::from(vec![Some("c"), Some("bc"), None, Some("")]);
        let mut lists = ListBuilder::new(Int32Builder::new());
        for list in [vec![1, 2], vec![1], vec![], vec![1, 2]] {
            lists.append_value(list.into_iter().map(Some));
        }
        let lists = lists.finish();
        let rows = batch(vec![Arc::new(a), Arc::new(b), Arc::new(lists)]);
        assert_eq!(hashes(&rows, &[1, 2]).iter().collect::<HashSet<_>>().len(), 4);
        let of_lists = hashes(&rows, &[3]);
        assert_eq!(of_lists[0], of_lists[3]);
        assert_eq!(of_lists.iter().collect::<HashSet<_>>().len(), 3);
    }

    #[test]
    fn children_of_structs_are_found_by_id_and_null_with_their_parents() {
        let child = field("x", &DataType::Int64, 9);
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![5, 5, 5]));
        let nulls = Some(NullBuffer::from(vec![true, false, true]));
        let structs = StructArray::new(Fields::from(vec![child]), vec![numbers], nulls);
        let rows = batch(vec![Arc::new(structs)]);
        let of_child = hashes(&rows, &[9]);
        assert_eq!(of_child[0], of_child[2]);
        assert_ne!(of_child[0], of_child[1]);
        assert!(row_hashes(&rows, &[3], KEY).unwrap_err().message.contains("field id 3"));
    }
}
