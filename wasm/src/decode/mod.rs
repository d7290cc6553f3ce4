//! Parquet in: the facts of a footer, and row groups as batches.

mod delta;
pub mod facts;
mod group;
mod leaf;
mod leaf_pages;
mod levels;
mod maps;
pub mod metadata;
pub mod order;
mod page_check;
mod page_decoder;
mod pages;
mod plain;
pub mod reader;
mod runs;
mod schema;
mod thrift;
mod windows;

#[cfg(test)]
mod facts_tests;
#[cfg(test)]
mod group_tests;
