//! Text in: CSV and JSON as typed columns, row by row, so that a bad row is one row.
//!
//! The readers are our own: arrow-csv and arrow-json fail a whole batch for one bad row, and csv-core does not say which
//! cells were quoted, which are never null. In tests serde_json says what JSON is (`json_reference_tests`).

pub mod column;
pub mod csv;
mod csv_header;
pub mod csv_infer;
mod double;
mod guess;
pub mod json;
pub mod json_fill;
pub mod json_infer;
pub mod json_rows;
pub mod json_scan;
mod json_string;
pub mod number;
pub mod parse;
pub mod place;
mod plain;
pub mod rows;
mod swar;
pub mod time;
pub mod tokens;
pub mod transcode;
mod validity;

#[cfg(test)]
mod json_reference_tests;
#[cfg(test)]
mod json_tests;
