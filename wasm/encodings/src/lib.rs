//! How Parquet writes the values of a page, and how rows that wait outside of the engine are kept small: plain functions
//! from slices to bytes, without Arrow and without a schema.
//!
//! A crate of its own because it is built for speed where the rest is built for size. So nothing here is generic for
//! its callers: a generic function is compiled where it is used.

mod bits;
mod bounds;
mod bytes;
mod close;
mod decimals;
mod delta;
mod ends;
mod hybrid;
mod intern;
mod lists;
mod prefixes;
mod split;

#[cfg(test)]
mod tests;

pub use bounds::{FloatBounds, bounds_f32, bounds_f64, bounds_i32, bounds_i64, bounds_texts};
pub use bytes::{lengths, plain_texts, plain_words32, plain_words64};
pub use close::{close64, close128, ends_of_lengths, far64, far128, short_lengths};
pub use decimals::{narrow_bytes, narrow32, narrow64};
pub use delta::{delta32, delta64};
pub use ends::{ROOM_BEHIND, shared_ends, with_ends, without_ends};
pub use hybrid::{bits_as_levels, indices, levels, run};
pub use intern::{InternTexts, InternWords};
pub use lists::Entries;
pub use prefixes::{delta_texts, shared_bytes};
pub use split::{split32, split64};
