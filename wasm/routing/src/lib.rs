//! Rows to the groups they belong to: plain functions over slices, without Arrow.
//!
//! A crate of its own because it is built for speed where the rest is built for size. So what its callers use has types
//! that are known here: a generic function is compiled where it is used.

mod buckets;
mod even;
mod first_rows;
mod fours;
mod hashed;
mod heads;
mod murmur;
mod row_groups;
mod running_sums;
mod spans;
mod texts;
mod valid;
mod wide;

pub use buckets::Buckets;
pub use first_rows::{NumberedRows, number_rows};
pub use hashed::{Keys, number, number_longs, number_wide, number_words};
pub use murmur::{hash_bytes, hash_long};
pub use row_groups::{RowGroups, Rows};
pub use spans::{GroupSpans, Spans, group_ends, group_spans};
pub use texts::{Texts, hash_text, number_texts};
pub use valid::Valid;
