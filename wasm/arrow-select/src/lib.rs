//! Stands for arrow-rs's `arrow-select` in the engine's build (`[patch.crates-io]` of `wasm/Cargo.toml`): the functions
//! that parquet, arrow-ipc and the engine call, with the same names, arguments and results.
//!
//! The original has code of its own for each pair of types, and nothing says to the linker which of them can come.
//! Here types that are moved often are told apart by their width, and all others go through `MutableArrayData`.

pub mod concat;
pub mod filter;
pub mod take;

#[cfg(test)]
mod tests;
