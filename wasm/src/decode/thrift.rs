//! Just enough of Thrift's compact protocol to read page headers and page indexes before anything is made for them.

/// The fields of a page header that bound what reading the page costs.
#[derive(Debug, Default, PartialEq)]
pub struct PageHeader {
    /// 0 data, 1 index, 2 dictionary, 3 data v2.
    pub kind: i32,
    pub uncompressed_size: i32,
    pub compressed_size: i32,
    /// Of the bytes behind the header.
    pub crc: Option<i32>,
    /// Values of a data or dictionary page.
    pub num_values: i32,
    /// Of the values of a data page, by the format's number.
    pub encoding: i32,
    /// Of the definition and repetition levels of a v1 data page.
    pub level_encodings: [i32; 2],
    /// Bytes of the repetition and definition levels of a v2 data page.
    pub level_bytes: Option<[i32; 2]>,
}

#[derive(Debug, PartialEq)]
pub enum Header {
    /// With its length.
    Whole(PageHeader, usize),
    /// Its bytes end inside of it: it has so many at least.
    CutOff(usize),
    /// It is no page header.
    Bad,
}

/// Statistics in page headers hold whole values, which may be long; more than this is not a page header.
pub const MAX_HEADER_BYTES: usize = 16 << 20;

// Types of fields.
pub const TRUE: u8 = 1;
const FALSE: u8 = 2;
const I8: u8 = 3;
pub const I16: u8 = 4;
pub const I32: u8 = 5;
pub const I64: u8 = 6;
const DOUBLE: u8 = 7;
pub const BINARY: u8 = 8;
pub const LIST: u8 = 9;
const SET: u8 = 10;
pub const STRUCT: u8 = 12;

/// Reads what is there; None: it is something else, or cut off.
pub struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Bytes that were looked for.
    least: usize,
}

/// The header at the start of `bytes`.
pub fn page_header(bytes: &[u8]) -> Header {
    let mut cursor = Cursor::new(bytes);
    match read(&mut cursor) {
        Some((header, length)) if length <= bytes.len() => Header::Whole(header, length),
        _ if cursor.at.max(cursor.least) > bytes.len() => {
            let least = cursor.at.max(cursor.least);
            if least > MAX_HEADER_BYTES { Header::Bad } else { Header::CutOff(least) }
        }
        _ => Header::Bad,
    }
}

fn read(cursor: &mut Cursor) -> Option<(PageHeader, usize)> {
    let mut header = PageHeader::default();
    let mut seen = 0u16;
    let mut id = 0i16;
    while let Some(kind) = cursor.field(&mut id)? {
        match (id, kind) {
            (1, I32) => header.kind = cursor.int()?,
            (2, I32) => header.uncompressed_size = cursor.int()?,
            (3, I32) => header.compressed_size = cursor.int()?,
            (4, I32) => header.crc = Some(cursor.int()?),
            // data_page_header, dictionary_page_header, data_page_header_v2: num_values is field 1 of each.
            // The encoding is field 2, and 4 in the last.
            (5 | 7, STRUCT) => {
                let (values, [encoding, def, rep]) = cursor.ints([2, 3, 4])?;
                (header.num_values, header.encoding, header.level_encodings) = (values, encoding, [def, rep]);
            }
            (8, STRUCT) => {
                let (values, [encoding, def, rep]) = cursor.ints([4, 5, 6])?;
                (header.num_values, header.encoding, header.level_bytes) = (values, encoding, Some([rep, def]));
            }
            (_, kind) => cursor.skip(kind, 0)?,
        }
        if (1..=8).contains(&id) {
            seen |= 1 << id;
        }
    }
    // The decoder takes the header of a page's kind as given.
    let own = match header.kind {
        0 => 1 << 5,
        2 => 1 << 7,
        3 => 1 << 8,
        _ => 0,
    };
    header.level_bytes = header.level_bytes.filter(|_| header.kind == 3);
    let needed = 0b1110 | own;
    (seen & needed == needed).then_some((header, cursor.at))
}

impl<'a> Cursor<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, least: 0 }
    }

    /// The elements' type and number of a list, which must be able to stand in the bytes that are left.
    pub fn list(&mut self) -> Option<(u8, usize)> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.varint()?,
            short => u64::from(short),
        };
        let count = usize::try_from(count).ok()?;
        (count <= self.bytes.len().checked_sub(self.at)?).then_some((head & 0x0f, count))
    }

    /// A list of which `element` reads each.
    pub fn list_of<T>(&mut self, kind: u8, mut element: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let (found, count) = self.list()?;
        // Booleans have either number.
        if found != kind && !(kind == TRUE && found == FALSE) && count > 0 {
            return None;
        }
        let mut elements = Vec::new();
        for _ in 0..count {
            elements.push(element(self)?);
        }
        Some(elements)
    }

    pub fn binary(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.varint()?).ok()?;
        let end = self.at.checked_add(length)?;
        let found = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(found)
    }

    pub fn byte(&mut self) -> Option<u8> {
        self.least = self.least.max(self.at.saturating_add(1));
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    pub fn zigzag(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    pub fn int(&mut self) -> Option<i32> {
        i32::try_from(self.zigzag()?).ok()
    }

    /// The next field's type (Some(None): the struct ends); moves `id` to it.
    pub fn field(&mut self, id: &mut i16) -> Option<Option<u8>> {
        let head = self.byte()?;
        if head == 0 {
            return Some(None);
        }
        *id = match head >> 4 {
            0 => i16::try_from(self.zigzag()?).ok()?,
            delta => id.checked_add(i16::from(delta))?,
        };
        Some(Some(head & 0x0f))
    }

    /// Field 1 of the struct here, which must be an int, and `others`; the rest of the struct is passed over.
    fn ints<const N: usize>(&mut self, others: [i16; N]) -> Option<(i32, [i32; N])> {
        let (mut value, mut found) = (None, [0; N]);
        let mut id = 0i16;
        while let Some(kind) = self.field(&mut id)? {
            match (id, kind) {
                (1, I32) => value = Some(self.int()?),
                (id, I32) if others.contains(&id) => {
                    let value = self.int()?;
                    others
                        .iter()
                        .zip(&mut found)
                        .filter(|(other, _)| **other == id)
                        .for_each(|(_, found)| *found = value);
                }
                (_, kind) => self.skip(kind, 0)?,
            }
        }
        Some((value?, found))
    }

    pub fn skip(&mut self, kind: u8, depth: u8) -> Option<()> {
        if depth > 16 {
            return None;
        }
        match kind {
            TRUE | FALSE => {}
            I8 => self.at = self.at.checked_add(1)?,
            I16 | I32 | I64 => {
                self.varint()?;
            }
            DOUBLE => self.at = self.at.checked_add(8)?,
            BINARY => {
                let length = usize::try_from(self.varint()?).ok()?;
                self.at = self.at.checked_add(length)?;
            }
            LIST | SET => {
                let head = self.byte()?;
                let count = match head >> 4 {
                    15 => self.varint()?,
                    short => u64::from(short),
                };
                for _ in 0..count {
                    // Booleans take a byte each inside a list.
                    match head & 0x0f {
                        TRUE | FALSE => self.at = self.at.checked_add(1)?,
                        element => self.skip(element, depth + 1)?,
                    }
                    if self.at > self.bytes.len() {
                        return None;
                    }
                }
            }
            STRUCT => {
                let mut id = 0i16;
                while let Some(kind) = self.field(&mut id)? {
                    self.skip(kind, depth + 1)?;
                }
            }
            _ => return None,
        }
        (self.at <= self.bytes.len()).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A data page header as parquet-mr writes it: type 0, sizes 20 and 18, 5 values, PLAIN, RLE, RLE.
    const HEADER: [u8; 17] = [0x15, 0, 0x15, 40, 0x15, 36, 0x2c, 0x15, 10, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0];

    #[test]
    fn a_header_is_read_with_its_length() {
        let header = PageHeader {
            kind: 0,
            uncompressed_size: 20,
            compressed_size: 18,
            crc: None,
            num_values: 5,
            encoding: 0,
            level_encodings: [3, 3],
            level_bytes: None,
        };
        let whole = Header::Whole(header, HEADER.len());
        assert_eq!(page_header(&[&HEADER[..], &[1, 2, 3]].concat()), whole);
        assert_eq!(page_header(&HEADER), whole);
    }

    #[test]
    fn a_page_without_the_header_of_its_kind_is_none() {
        for (kind, own) in [(0, true), (1, true), (2, false), (3, false)] {
            let mut bytes = HEADER;
            bytes[1] = 2 * kind;
            assert_eq!(matches!(page_header(&bytes), Header::Whole(..)), own, "{kind}");
        }
    }

    #[test]
    fn every_cut_is_known_and_every_flipped_bit_is_survived() {
        for cut in 0..HEADER.len() {
            let Header::CutOff(least) = page_header(&HEADER[..cut]) else { panic!("{cut}") };
            assert!(least > cut && least <= HEADER.len());
        }
        for bit in 0..HEADER.len() * 8 {
            let mut bytes = HEADER;
            bytes[bit / 8] ^= 1 << (bit % 8);
            page_header(&bytes);
        }
    }

    #[test]
    fn a_list_that_claims_billions_of_elements_ends_with_its_bytes() {
        let bytes = [0x19, 0xf1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
        assert!(matches!(page_header(&bytes), Header::CutOff(11)), "{:?}", page_header(&bytes));
    }

    #[test]
    fn text_of_gigabytes_in_a_header_is_not_waited_for() {
        // Field 5 a struct, its field 5 a struct, whose field 5 is binary of 2^31 bytes.
        let bytes = [0x5c, 0x5c, 0x58, 0x80, 0x80, 0x80, 0x80, 0x08, 1];
        assert_eq!(page_header(&bytes), Header::Bad);
    }
}
