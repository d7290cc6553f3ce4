//! A look at a column chunk's pages before they are decoded, so that a corrupt header is an error with words and
//! not an allocation that the memory cannot hold.

use parquet::basic::Type;
use parquet::file::metadata::ColumnChunkMetaData;

use super::thrift::page_header;
use crate::error::{EngineError, Result};

const DATA: i32 = 0;
const INDEX: i32 = 1;
const DICTIONARY: i32 = 2;
const DATA_V2: i32 = 3;

/// Some writers leave page headers out of total_uncompressed_size.
const SIZE_SLACK: i64 = 1 << 20;

/// Walks the pages of one chunk: sizes inside the chunk, counts as the footer says, room for the largest page.
pub fn check_pages(chunk: &ColumnChunkMetaData, bytes: &[u8]) -> Result<()> {
    let name = chunk.column_path().string();
    let bad = |text: String| Err(EngineError::corrupt(format!("column {name}: {text}")).at_column(name.clone()));
    let most = chunk.uncompressed_size().max(chunk.compressed_size()).saturating_add(SIZE_SLACK);
    let (mut at, mut values, mut largest) = (0usize, 0i64, 0usize);
    // What follows the last value is not looked at: files exist with padding there.
    while values < chunk.num_values() {
        let Some((header, length)) = page_header(&bytes[at..]) else {
            return bad(format!("the page header at byte {at} of the column chunk is cut off or not a page header"));
        };
        at += length;
        let left = bytes.len() - at;
        if header.compressed_size < 0 || header.compressed_size as usize > left {
            return bad(format!("a page claims {} bytes where {left} are left", header.compressed_size));
        }
        if header.uncompressed_size < 0 || i64::from(header.uncompressed_size) > most {
            return bad(format!(
                "a page claims {} uncompressed bytes, the whole column chunk {}",
                header.uncompressed_size,
                chunk.uncompressed_size()
            ));
        }
        if header.num_values < 0 {
            return bad(format!("a page claims {} values", header.num_values));
        }
        match header.kind {
            DATA | DATA_V2 => values += i64::from(header.num_values),
            DICTIONARY => {
                // Each value takes at least these bytes, or the decoder would make room for values that cannot be.
                let least = match chunk.column_type() {
                    Type::BYTE_ARRAY | Type::INT32 | Type::FLOAT => 4,
                    Type::INT64 | Type::DOUBLE => 8,
                    Type::INT96 => 12,
                    Type::FIXED_LEN_BYTE_ARRAY => i64::from(chunk.column_descr().type_length().max(0)),
                    Type::BOOLEAN => 1,
                };
                if i64::from(header.num_values).saturating_mul(least) > i64::from(header.uncompressed_size) {
                    return bad(format!(
                        "a dictionary page of {} bytes claims {} values",
                        header.uncompressed_size, header.num_values
                    ));
                }
            }
            INDEX => {}
            other => return bad(format!("a page has the unknown type {other}")),
        }
        largest = largest.max(header.uncompressed_size as usize);
        at += header.compressed_size as usize;
    }
    if values > chunk.num_values() {
        return bad(format!("its pages hold {values} values, the footer says {}", chunk.num_values()));
    }
    // A refused growth of the memory is an answer here and a trap in the decoder.
    if Vec::<u8>::new().try_reserve_exact(largest).is_err() {
        return Err(EngineError::new(
            "MEMORY_LIMIT_TOO_SMALL",
            format!("column {name}: a page of {largest} bytes does not fit into the engine's memory"),
        )
        .at_column(name));
    }
    Ok(())
}
