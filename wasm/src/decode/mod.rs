//! Parquet in: the facts of a footer, and row groups as batches.

pub mod facts;
pub mod metadata;
pub mod order;
pub mod pages;
pub mod reader;
mod schema;
mod thrift;
