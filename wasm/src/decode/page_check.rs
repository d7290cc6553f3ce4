//! What the decoder takes for granted of a page's content.

use arrow_schema::DECIMAL128_MAX_PRECISION;
use parquet::basic::{ConvertedType, Encoding, LogicalType, Type};
use parquet::column::page::Page;
use parquet::errors::{ParquetError, Result};
use parquet::schema::types::ColumnDescriptor;

use super::delta::{check_lengths, check_packed, check_prefixed};
use super::plain::check_places;
use super::runs::{check_heads, check_levels, runs};

pub struct PageCheck {
    physical: Type,
    /// Bytes of a fixed-length value.
    width: usize,
    max_rep: i16,
    max_def: i16,
    /// Its values are UTF-8.
    text: bool,
    /// Of its byte arrays.
    lengths: Lengths,
    /// All of its values are null, by its type: the decoder reads others as ones of 4 bytes, whatever they are.
    all_null: bool,
    /// Not all values are read; the decoder looks less at those that it passes over.
    skips: bool,
    /// Values of the dictionary page, once it was met.
    dictionary: Option<usize>,
}

/// Bytes that a value may have.
pub struct Lengths {
    least: u32,
    most: u32,
}

impl Lengths {
    pub const ANY: Self = Self { least: 0, most: u32::MAX };

    /// Of numbers, of which one of no bytes is none.
    pub const fn up_to(most: u32) -> Self {
        Self { least: 1, most }
    }

    fn of(column: &ColumnDescriptor) -> Self {
        let is_decimal = matches!(column.logical_type_ref(), Some(LogicalType::Decimal(_)))
            || column.converted_type() == ConvertedType::DECIMAL;
        match column.type_precision() {
            _ if !is_decimal || column.physical_type() != Type::BYTE_ARRAY => Self::ANY,
            // As the decoder holds them.
            precision if precision <= i32::from(DECIMAL128_MAX_PRECISION) => Self::up_to(16),
            _ => Self::up_to(32),
        }
    }

    pub fn check(&self, length: u32) -> Result<()> {
        if (self.least..=self.most).contains(&length) {
            return Ok(());
        }
        Err(bad(format!("a decimal of {length} bytes, where its precision takes {} to {}", self.least, self.most)))
    }
}

pub(super) fn bad(text: String) -> ParquetError {
    ParquetError::General(text)
}

impl PageCheck {
    pub fn new(column: &ColumnDescriptor, skips: bool) -> Self {
        let width = match column.physical_type() {
            Type::INT32 | Type::FLOAT => 4,
            Type::INT64 | Type::DOUBLE => 8,
            Type::INT96 => 12,
            Type::FIXED_LEN_BYTE_ARRAY => usize::try_from(column.type_length()).unwrap_or(0),
            Type::BOOLEAN | Type::BYTE_ARRAY => 0,
        };
        Self {
            physical: column.physical_type(),
            width,
            max_rep: column.max_rep_level(),
            max_def: column.max_def_level(),
            text: matches!(
                column.logical_type_ref(),
                Some(LogicalType::String | LogicalType::Enum | LogicalType::Json)
            ) || matches!(
                column.converted_type(),
                ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON
            ),
            lengths: Lengths::of(column),
            all_null: matches!(column.logical_type_ref(), Some(LogicalType::Unknown)),
            skips,
            dictionary: None,
        }
    }

    pub fn page(&mut self, page: &Page) -> Result<()> {
        match page {
            Page::DictionaryPage { buf, num_values, .. } => {
                let count = *num_values as usize;
                if self.width > 0 && count.saturating_mul(self.width) > buf.len() {
                    return Err(bad(format!("a dictionary of {count} values has {} bytes", buf.len())));
                }
                if self.physical == Type::BYTE_ARRAY && count == 0 && !buf.is_empty() {
                    return Err(bad(format!("a dictionary of no values has {} bytes", buf.len())));
                }
                if self.physical == Type::BYTE_ARRAY {
                    check_places(buf, count, false, &self.lengths)?;
                }
                self.dictionary = Some(count);
                Ok(())
            }
            Page::DataPage { buf, num_values, encoding, def_level_encoding, rep_level_encoding, .. } => {
                let count = *num_values as usize;
                let after = after_levels(buf, self.max_rep, *rep_level_encoding, count)?;
                let values = after_levels(after, self.max_def, *def_level_encoding, count)?;
                self.levels(&buf[..buf.len() - after.len()], self.max_rep, *rep_level_encoding, count, false)?;
                let defs = &after[..after.len() - values.len()];
                let counted = self.all_null
                    || self.width > 0 && *encoding == Encoding::BYTE_STREAM_SPLIT
                    || is_delta(*encoding)
                    || self.skips && *encoding == Encoding::PLAIN;
                let present = self.levels(defs, self.max_def, *def_level_encoding, count, counted)?;
                self.values(values, *encoding, present.unwrap_or(count), count)
            }
            Page::DataPageV2 {
                buf, num_values, encoding, num_nulls, def_levels_byte_len, rep_levels_byte_len, ..
            } => {
                let count = *num_values as usize;
                let (reps, defs) = (*rep_levels_byte_len as usize, *def_levels_byte_len as usize);
                let values = buf
                    .get(reps.saturating_add(defs)..)
                    .ok_or_else(|| bad("a page is shorter than its levels".into()))?;
                let said = num_values.checked_sub(*num_nulls);
                let said =
                    said.ok_or_else(|| bad(format!("a page of {num_values} values claims {num_nulls} nulls")))?;
                check_levels(&buf[..reps], self.max_rep, count, None)?;
                let looked_at = self.all_null
                    || matches!(encoding, Encoding::PLAIN | Encoding::BYTE_STREAM_SPLIT)
                    || is_delta(*encoding)
                    || self.physical == Type::FIXED_LEN_BYTE_ARRAY;
                let counted = looked_at.then_some(self.max_def);
                let present = check_levels(&buf[reps..reps + defs], self.max_def, count, counted)?;
                self.values(values, *encoding, present.unwrap_or(said as usize), said as usize)
            }
        }
    }

    /// Of the levels of a v1 page; the values that are present are counted where they must be known.
    #[expect(deprecated)]
    fn levels(
        &self,
        bytes: &[u8],
        max_level: i16,
        encoding: Encoding,
        count: usize,
        counted: bool,
    ) -> Result<Option<usize>> {
        if max_level == 0 || encoding == Encoding::BIT_PACKED {
            return Ok(None);
        }
        check_levels(bytes.get(4..).unwrap_or_default(), max_level, count, counted.then_some(max_level))
    }

    /// `present`: values by the levels, or with the nulls where they were not counted; `said`: by the page's header.
    fn values(&self, bytes: &[u8], encoding: Encoding, present: usize, said: usize) -> Result<()> {
        if self.all_null && present > 0 {
            return Err(bad(format!("a page has {present} values, and by its type the column has none")));
        }
        match encoding {
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => {
                let Some(dictionary) = self.dictionary else {
                    return Err(bad("a page needs a dictionary, and the column chunk has none".into()));
                };
                let Some((width, rest)) = bytes.split_first() else { return Ok(()) };
                check_heads(rest, usize::from(*width))?;
                // Of the other types the decoder looks at the indices itself.
                if self.physical == Type::FIXED_LEN_BYTE_ARRAY && dictionary > 0 {
                    check_indices(bytes, dictionary, present)?;
                }
                Ok(())
            }
            Encoding::BYTE_STREAM_SPLIT if self.width > 0 => {
                if !bytes.len().is_multiple_of(self.width) || bytes.len() / self.width < present {
                    let (length, width) = (bytes.len(), self.width);
                    return Err(bad(format!("a page of {length} bytes cannot hold {present} values of {width} bytes")));
                }
                Ok(())
            }
            Encoding::PLAIN
                if self.physical == Type::BYTE_ARRAY && (present > said || said == 0 && !bytes.is_empty()) =>
            {
                Err(bad(format!("a page of {said} values has {present} by its levels, and {} bytes", bytes.len())))
            }
            Encoding::PLAIN if self.physical == Type::BYTE_ARRAY => {
                let behind = bytes.len() - check_places(bytes, present, self.skips, &self.lengths)?;
                // The decoder divides the bytes that are left by the values that are, when nulls follow.
                if behind > 0 && present == said {
                    return Err(bad(format!("a page has {behind} bytes behind its {said} values")));
                }
                Ok(())
            }
            Encoding::RLE if self.physical == Type::BOOLEAN => check_heads(bytes.get(4..).unwrap_or_default(), 1),
            Encoding::DELTA_BINARY_PACKED => check_packed(bytes, present, said),
            Encoding::DELTA_LENGTH_BYTE_ARRAY => check_lengths(bytes, present, said, self.text, &self.lengths),
            Encoding::DELTA_BYTE_ARRAY => check_prefixed(bytes, present, said, &self.lengths),
            _ => Ok(()),
        }
    }
}

fn is_delta(encoding: Encoding) -> bool {
    matches!(encoding, Encoding::DELTA_BINARY_PACKED | Encoding::DELTA_LENGTH_BYTE_ARRAY | Encoding::DELTA_BYTE_ARRAY)
}

/// Behind the levels of one kind in a v1 page.
#[expect(deprecated)]
pub(super) fn after_levels(bytes: &[u8], max_level: i16, encoding: Encoding, values: usize) -> Result<&[u8]> {
    if max_level == 0 {
        return Ok(bytes);
    }
    let length = match encoding {
        Encoding::BIT_PACKED => {
            let bits = u64::BITS - (max_level as u64).leading_zeros();
            (values as u64 * u64::from(bits)).div_ceil(8) as usize
        }
        _ => match bytes.first_chunk::<4>() {
            Some(length) => (u32::from_le_bytes(*length) as usize).saturating_add(4),
            None => usize::MAX,
        },
    };
    bytes.get(length..).ok_or_else(|| bad("a page is shorter than its levels".into()))
}

/// Dictionary indices: their bit width, then runs.
fn check_indices(bytes: &[u8], dictionary: usize, most: usize) -> Result<()> {
    let Some((width, rest)) = bytes.split_first() else { return Ok(()) };
    let within = |index: u64, _| {
        if index < dictionary as u64 {
            Ok(())
        } else {
            Err(bad(format!("index {index} in a dictionary of {dictionary} values")))
        }
    };
    runs(rest, usize::from(*width), most, within)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_are_compared_with_the_dictionary() {
        // Two bits: a run of five 2s, then eight packed values 0 1 2 3 0 1 2 3.
        let bytes = [2, 10, 2, 3, 0b1110_0100, 0b1110_0100];
        assert!(check_indices(&bytes, 4, 13).is_ok());
        assert!(check_indices(&bytes, 3, 13).is_err());
        // Only what is read counts.
        assert!(check_indices(&bytes, 3, 8).is_ok());
        assert!(check_indices(&bytes, 2, 1).is_err());
        assert!(check_indices(&[0], 1, 100).is_ok());
        assert!(check_indices(&[33], 1, 100).is_err());
        assert!(check_indices(&[2, 0xff], 1, 100).is_err());
    }

    #[test]
    fn thirty_two_bits_fit() {
        let mut bytes = vec![32, 3];
        bytes.extend((0..8u32).flat_map(|n| (n * 100).to_le_bytes()));
        assert!(check_indices(&bytes, 701, 8).is_ok());
        assert!(check_indices(&bytes, 700, 8).is_err());
    }
}
