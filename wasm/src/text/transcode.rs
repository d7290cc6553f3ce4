//! The byte order mark taken off, UTF-16 turned to UTF-8. A lone surrogate becomes bytes that are not UTF-8, so that
//! the row it is in is refused and not the file.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf16 { big_endian: bool },
}

#[derive(Default)]
pub struct Transcoder {
    encoding: Option<Encoding>,
    /// Bytes that do not make a mark or a code unit yet.
    held: Vec<u8>,
    high: Option<u16>,
}

impl Transcoder {
    /// UTF-8 of the next bytes, in `out`; what is UTF-8 already is passed as it is.
    pub fn push<'a>(&mut self, bytes: &'a [u8], out: &'a mut Vec<u8>) -> &'a [u8] {
        out.clear();
        let encoding = match self.encoding {
            Some(encoding) => encoding,
            None => {
                self.held.extend_from_slice(bytes);
                if self.held.len() < 3 && b"\xef\xbb\xbf".starts_with(&self.held) && !self.held.is_empty() {
                    return &[];
                }
                if self.held.len() < 2 && matches!(self.held.first(), Some(0xfe | 0xff)) {
                    return &[];
                }
                let held = std::mem::take(&mut self.held);
                let (encoding, mark) = detect(&held);
                self.encoding = Some(encoding);
                match encoding {
                    Encoding::Utf8 => out.extend_from_slice(&held[mark..]),
                    Encoding::Utf16 { big_endian } => self.utf16(&held[mark..], big_endian, out),
                }
                return out;
            }
        };
        match encoding {
            Encoding::Utf8 => bytes,
            Encoding::Utf16 { big_endian } => {
                self.utf16(bytes, big_endian, out);
                out
            }
        }
    }

    /// What was held back for a mark, a unit or a surrogate that did not come.
    pub fn finish(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        if let Some(high) = self.high.take() {
            lone(high, &mut out);
        }
        if self.encoding.is_none() {
            out.append(&mut self.held);
        } else if !self.held.is_empty() {
            // Half a code unit.
            self.held.clear();
            out.push(0xff);
        }
        out
    }

    fn utf16(&mut self, bytes: &[u8], big_endian: bool, out: &mut Vec<u8>) {
        out.reserve(bytes.len());
        let mut rest = bytes;
        if let (Some(first), Some((second, left))) = (self.held.first().copied(), rest.split_first()) {
            self.held.clear();
            self.unit(first, *second, big_endian, out);
            rest = left;
        }
        let pairs = rest.chunks_exact(2);
        self.held.extend_from_slice(pairs.remainder());
        for pair in pairs {
            self.unit(pair[0], pair[1], big_endian, out);
        }
    }

    fn unit(&mut self, first: u8, second: u8, big_endian: bool, out: &mut Vec<u8>) {
        let unit = if big_endian { u16::from_be_bytes([first, second]) } else { u16::from_le_bytes([first, second]) };
        match (self.high.take(), unit) {
            (Some(high), 0xdc00..=0xdfff) => {
                let code = 0x10000 + ((u32::from(high) - 0xd800) << 10) + (u32::from(unit) - 0xdc00);
                put(code, out);
            }
            (high, unit) => {
                if let Some(high) = high {
                    lone(high, out);
                }
                match unit {
                    0xd800..=0xdbff => self.high = Some(unit),
                    0xdc00..=0xdfff => lone(unit, out),
                    other => put(u32::from(other), out),
                }
            }
        }
    }
}

fn detect(bytes: &[u8]) -> (Encoding, usize) {
    match bytes {
        [0xef, 0xbb, 0xbf, ..] => (Encoding::Utf8, 3),
        [0xff, 0xfe, ..] => (Encoding::Utf16 { big_endian: false }, 2),
        [0xfe, 0xff, ..] => (Encoding::Utf16 { big_endian: true }, 2),
        _ => (Encoding::Utf8, 0),
    }
}

fn put(code: u32, out: &mut Vec<u8>) {
    let mut buffer = [0; 4];
    let c = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
}

/// The three bytes that the code point would have, which UTF-8 forbids.
fn lone(unit: u16, out: &mut Vec<u8>) {
    out.extend([0xe0 | (unit >> 12) as u8, 0x80 | (unit >> 6 & 0x3f) as u8, 0x80 | (unit & 0x3f) as u8]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(bytes: &[u8], step: usize) -> Vec<u8> {
        let mut transcoder = Transcoder::default();
        let mut all = Vec::new();
        let mut out = Vec::new();
        for piece in bytes.chunks(step) {
            all.extend_from_slice(transcoder.push(piece, &mut out));
        }
        all.extend(transcoder.finish());
        all
    }

    #[test]
    fn every_encoding_reads_the_same_at_any_cut() {
        let text = "a,ä,€,𝄞\nb";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for step in 1..9 {
            assert_eq!(run(text.as_bytes(), step), text.as_bytes());
            assert_eq!(run(&[b"\xef\xbb\xbf", text.as_bytes()].concat(), step), text.as_bytes());
            assert_eq!(run(&[b"\xff\xfe", little.as_slice()].concat(), step), text.as_bytes());
            assert_eq!(run(&[b"\xfe\xff", big.as_slice()].concat(), step), text.as_bytes());
        }
    }

    #[test]
    fn what_is_not_utf16_is_not_utf8_either() {
        for bad in [&b"\xff\xfea\0\x00\xd8b\0"[..], b"\xff\xfe\x00\xdc", b"\xff\xfe\x00\xd8", b"\xff\xfea"] {
            for step in 1..5 {
                assert!(std::str::from_utf8(&run(bad, step)).is_err(), "{bad:?}");
            }
        }
    }

    #[test]
    fn a_short_text_is_not_lost_while_a_mark_may_still_come() {
        for text in [&b"\xef"[..], b"\xef\xbb", b"\xff", b"a", b""] {
            assert_eq!(run(text, 1), text);
        }
    }
}
