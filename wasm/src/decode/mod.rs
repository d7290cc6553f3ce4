//! Parquet in: the facts of a footer, and row groups as batches.

mod chunks;
mod delta;
pub mod facts;
mod maps;
pub mod metadata;
pub mod order;
mod page_check;
pub mod pages;
mod plain;
pub mod reader;
mod runs;
mod schema;
mod thrift;

#[cfg(test)]
mod facts_tests;
