//! Parquet in: footers, and row groups as batches.

mod column_index;
mod columns;
mod delta;
mod footer_look;
mod group;
mod leaf;
mod leaf_pages;
mod levels;
mod maps;
pub mod metadata;
mod offset_index;
mod page_check;
mod page_decoder;
pub mod page_index;
mod pages;
mod plain;
mod projection;
pub mod reader;
mod runs;
mod schema;
mod selection;
mod thrift;
mod windows;

#[cfg(test)]
mod column_tests;
#[cfg(test)]
mod group_tests;
#[cfg(test)]
mod selection_tests;
