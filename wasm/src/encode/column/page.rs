//! Pages as the file has them: a header in thrift's compact protocol, then the bytes.

use parquet::basic::{Encoding, PageType};

use crate::error::{EngineError, Result};

/// The fields of a struct so far; each has its number as the difference to the one before.
struct Fields<'a> {
    out: &'a mut Vec<u8>,
    last: u8,
}

const I32: u8 = 5;
const STRUCT: u8 = 12;
const FALSE: u8 = 2;

impl Fields<'_> {
    fn begin(&mut self, number: u8, kind: u8) {
        self.out.push((number - self.last) << 4 | kind);
        self.last = number;
    }

    fn i32(&mut self, number: u8, value: i32) {
        self.begin(number, I32);
        let mut rest = (value << 1 ^ value >> 31) as u32;
        while rest > 0x7f {
            self.out.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.out.push(rest as u8);
    }

    fn inner(&mut self, number: u8) -> Fields<'_> {
        self.begin(number, STRUCT);
        Fields { out: self.out, last: 0 }
    }

    fn end(self) {
        self.out.push(0);
    }
}

fn size(of: usize) -> Result<i32> {
    i32::try_from(of)
        .map_err(|_| EngineError::invalid_value(format!("a page of {of} bytes is more than Parquet allows")))
}

/// The header of a page of so many entries (null ones among them) or, in a dictionary, values.
pub fn header(kind: PageType, encoding: Encoding, entries: usize, bytes: usize, compressed: usize) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(32);
    let mut page = Fields { out: &mut out, last: 0 };
    page.i32(1, kind as i32);
    page.i32(2, size(bytes)?);
    page.i32(3, size(compressed)?);
    let dictionary = kind == PageType::DICTIONARY_PAGE;
    let mut inner = page.inner(if dictionary { 7 } else { 5 });
    inner.i32(1, size(entries)?);
    inner.i32(2, encoding as i32);
    if dictionary {
        // Not sorted.
        inner.begin(3, FALSE);
    } else {
        inner.i32(3, Encoding::RLE as i32);
        inner.i32(4, Encoding::RLE as i32);
    }
    inner.end();
    page.end();
    Ok(out)
}
