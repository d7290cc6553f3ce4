//! What is done to batches: cast to a table's columns, joined, measured, split by partition.

pub mod align;
mod bytes;
mod cast;
mod civil;
pub mod compact;
pub mod concat;
mod constants;
pub mod data_size;
mod fault;
mod gather;
mod group;
mod keys;
pub mod partition;
#[cfg(feature = "decode")]
pub mod pick;
mod plan;
#[cfg(feature = "decode")]
pub mod row_hash;
mod scalar;
mod show;
mod spread;
pub mod transform;
pub mod unpack;

#[cfg(test)]
pub mod tests;
