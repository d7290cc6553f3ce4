//! One leaf of a row group to the pages of its column chunk, straight from the buffers of Arrow.
//!
//! A page ends where its rows or its bytes, counted as they are in memory, reach their limit: never inside a row, and
//! wherever the batches of the rows end.

mod chunk;
mod codec;
mod dictionary;
mod encoding;
mod facts;
mod levels;
mod page;
mod path;
mod rows;
mod sample;
mod statistics;
mod truncate;
mod values;

#[cfg(test)]
mod tests;

pub use chunk::{Leaf, encode};
pub use codec::Codec;
pub use path::Path;
pub use rows::Rows;
