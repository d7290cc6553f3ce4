//! What a page's header claims, looked at before anything is made for it: a corrupt header is an error with words and
//! not an allocation that the memory cannot hold.

use parquet::basic::Type;
use parquet::errors::Result;
use parquet::file::metadata::ColumnChunkMetaData;

use super::page_check::bad;
use super::thrift::PageHeader;

/// Some writers leave page headers out of total_uncompressed_size.
const SIZE_SLACK: i64 = 1 << 20;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PageKind {
    Data,
    Dictionary,
    /// Not read.
    Index,
}

/// What a column chunk's footer entry says of its pages.
pub struct PageBounds {
    most_bytes: i64,
    said_bytes: i64,
    /// A value of a dictionary takes at least these bytes, or room would be made for values that cannot be.
    least_value: i64,
}

impl PageBounds {
    pub fn new(chunk: &ColumnChunkMetaData) -> Self {
        let least_value = match chunk.column_type() {
            Type::BYTE_ARRAY | Type::INT32 | Type::FLOAT => 4,
            Type::INT64 | Type::DOUBLE => 8,
            Type::INT96 => 12,
            Type::FIXED_LEN_BYTE_ARRAY => i64::from(chunk.column_descr().type_length().max(0)),
            Type::BOOLEAN => 1,
        };
        let said_bytes = chunk.uncompressed_size();
        let most_bytes = said_bytes.max(chunk.compressed_size()).saturating_add(SIZE_SLACK);
        Self { most_bytes, said_bytes, least_value }
    }

    /// `left`: bytes of the column chunk behind the header; `values_left`: values that are still to come.
    pub fn check(&self, header: &PageHeader, left: u64, values_left: i64) -> Result<PageKind> {
        if header.compressed_size < 0 || header.compressed_size as u64 > left {
            return Err(bad(format!("a page claims {} bytes where {left} are left", header.compressed_size)));
        }
        if header.uncompressed_size < 0 || i64::from(header.uncompressed_size) > self.most_bytes {
            let (claimed, said) = (header.uncompressed_size, self.said_bytes);
            return Err(bad(format!("a page claims {claimed} uncompressed bytes, the whole column chunk {said}")));
        }
        if header.num_values < 0 {
            return Err(bad(format!("a page claims {} values", header.num_values)));
        }
        match header.kind {
            0 | 3 if i64::from(header.num_values) > values_left => Err(bad(format!(
                "its pages hold {} values more than the footer says",
                i64::from(header.num_values) - values_left
            ))),
            0 | 3 => Ok(PageKind::Data),
            1 => Ok(PageKind::Index),
            2 => {
                let least = i64::from(header.num_values).saturating_mul(self.least_value);
                if least > i64::from(header.uncompressed_size) {
                    return Err(bad(format!(
                        "a dictionary page of {} bytes claims {} values",
                        header.uncompressed_size, header.num_values
                    )));
                }
                Ok(PageKind::Dictionary)
            }
            other => Err(bad(format!("a page has the unknown type {other}"))),
        }
    }
}
