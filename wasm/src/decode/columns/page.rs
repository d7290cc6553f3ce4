//! One data page while its values are taken.

use bytes::{Buf, Bytes};
use parquet::basic::Encoding;
use parquet::column::page::Page;
use parquet::errors::{ParquetError, Result};

use super::super::page_check::bad;
use super::hybrid::{Hybrid, Unpacked};
use super::values::Values;

pub struct OpenPage {
    /// Levels, or values where there are none, that were not taken.
    pub left: usize,
    pub levels: Levels,
    values: Encoded,
}

pub enum Levels {
    /// Definition levels; no bytes where all values are there.
    Single(Hybrid),
    List(ListLevelsOfPage),
}

pub struct ListLevelsOfPage {
    pub reps: Unpacked<u8>,
    pub defs: Unpacked<u8>,
}

enum Encoded {
    /// Bytes that were not taken.
    Plain(Bytes),
    Indices(Unpacked<u32>),
    /// All of its values are null.
    Nothing,
}

impl OpenPage {
    /// `page` is a data page with the levels and the encodings that are read here.
    pub fn new(page: &Page, is_list: bool, max_def: u8, at_once: usize) -> Result<Self> {
        let (reps, defs, values) = parts(page, is_list, max_def > 0)?;
        let defs = levels(defs, max_def)?;
        let levels = if is_list {
            let reps = Unpacked::new(levels(reps, 1)?, at_once);
            Levels::List(ListLevelsOfPage { reps, defs: Unpacked::new(defs, at_once) })
        } else {
            Levels::Single(defs)
        };
        Ok(Self { left: page.num_values() as usize, levels, values: Encoded::of(page.encoding(), values, at_once)? })
    }

    /// Appends so many values that are not null.
    pub fn take_values(&mut self, mut count: usize, values: &mut dyn Values) -> Result<()> {
        match &mut self.values {
            Encoded::Plain(bytes) => {
                let taken = values.plain(bytes, count)?;
                bytes.advance(taken);
            }
            Encoded::Indices(indices) => {
                while count > 0 {
                    let next = indices.next(count)?;
                    let taken = next.len();
                    values.indexed(next)?;
                    indices.pass(taken);
                    count -= taken;
                }
            }
            Encoded::Nothing if count > 0 => return Err(no_values(count)),
            Encoded::Nothing => {}
        }
        Ok(())
    }

    /// Passes over so many values that are not null.
    pub fn pass_values(&mut self, count: usize, values: &dyn Values) -> Result<()> {
        match &mut self.values {
            Encoded::Plain(bytes) => {
                let passed = values.plain_bytes(bytes, count)?;
                bytes.advance(passed);
            }
            Encoded::Indices(indices) => indices.skip(count)?,
            Encoded::Nothing if count > 0 => return Err(no_values(count)),
            Encoded::Nothing => {}
        }
        Ok(())
    }
}

fn no_values(count: usize) -> ParquetError {
    bad(format!("a page without values has {count} by its levels"))
}

impl Encoded {
    fn of(encoding: Encoding, bytes: Bytes, at_once: usize) -> Result<Self> {
        match encoding {
            Encoding::PLAIN => Ok(Self::Plain(bytes)),
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => match bytes.first() {
                Some(width) => {
                    let indices = Hybrid::new(bytes.slice(1..), usize::from(*width), u32::MAX)?;
                    Ok(Self::Indices(Unpacked::new(indices, at_once)))
                }
                None => Ok(Self::Nothing),
            },
            other => Err(bad(format!("a page has the encoding {other}, which its header did not say"))),
        }
    }
}

fn levels(bytes: Bytes, highest: u8) -> Result<Hybrid> {
    Hybrid::new(bytes, (u8::BITS - highest.leading_zeros()) as usize, u32::from(highest))
}

/// Repetition levels, definition levels and values.
fn parts(page: &Page, has_reps: bool, has_defs: bool) -> Result<(Bytes, Bytes, Bytes)> {
    let short = || bad("a page is shorter than its levels".into());
    match page {
        Page::DataPage { buf, .. } => {
            let mut rest = buf.clone();
            let mut one = |there: bool| -> Result<Bytes> {
                if !there {
                    return Ok(Bytes::new());
                }
                let length = rest.first_chunk::<4>().ok_or_else(short)?;
                let length = u32::from_le_bytes(*length) as usize;
                if length > rest.len() - 4 {
                    return Err(short());
                }
                let mut levels = rest.split_to(4 + length);
                Ok(levels.split_off(4))
            };
            let (reps, defs) = (one(has_reps)?, one(has_defs)?);
            Ok((reps, defs, rest))
        }
        Page::DataPageV2 { buf, rep_levels_byte_len, def_levels_byte_len, .. } => {
            let (reps, defs) = (*rep_levels_byte_len as usize, *def_levels_byte_len as usize);
            let end = reps.checked_add(defs).filter(|end| *end <= buf.len()).ok_or_else(short)?;
            Ok((buf.slice(..reps), buf.slice(reps..end), buf.slice(end..)))
        }
        Page::DictionaryPage { .. } => Err(bad("a dictionary page where there must be a data page".into())),
    }
}
