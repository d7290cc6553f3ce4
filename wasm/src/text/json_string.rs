//! Strings of JSON: as they stand where nothing is escaped, else copied.

use std::borrow::Cow;

use super::json_scan::{Scan, Scanner};
use super::swar;

impl<'a> Scanner<'a> {
    pub fn string(&mut self) -> Scan<Cow<'a, str>> {
        if let Some((whole, end)) = self.plain_string() {
            self.at = end;
            return Ok(Cow::Borrowed(whole));
        }
        self.expect(b'"')?;
        self.string_in_pieces()
    }

    /// A string that is next and has no escapes, and where it ends; None: there may be another one, or a fault.
    #[inline(always)]
    pub fn plain_string(&self) -> Option<(&'a str, usize)> {
        if self.text.get(self.at) != Some(&b'"') {
            return None;
        }
        let start = self.at + 1;
        let end = swar::plain_end(self.text, start);
        if self.text.get(end) != Some(&b'"') {
            return None;
        }
        Some((self.utf8.get(start..end)?, end + 1))
    }

    /// What is left of a string.
    fn string_in_pieces(&mut self) -> Scan<Cow<'a, str>> {
        let mut out = String::new();
        loop {
            let end = swar::plain_end(self.text, self.at);
            let Some(piece) = self.utf8.get(self.at..end) else {
                self.at = end;
                return self.fault("a string is not UTF-8");
            };
            out.push_str(piece);
            self.at = end;
            match self.text.get(end) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Cow::Owned(out));
                }
                Some(b'\\') => {
                    self.at += 1;
                    out.push(self.escape()?);
                }
                Some(_) => return self.fault("a control character in a string"),
                None => return self.fault("a string is not closed"),
            }
        }
    }

    fn escape(&mut self) -> Scan<char> {
        let byte = self.text.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => byte as char,
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.unit()?;
                let code = match first {
                    0xd800..=0xdbff if self.text[self.at..].starts_with(b"\\u") => {
                        self.at += 2;
                        match self.unit()? {
                            low @ 0xdc00..=0xdfff => 0x10000 + ((first - 0xd800) << 10) + (low - 0xdc00),
                            _ => return self.fault("a lone surrogate in a string"),
                        }
                    }
                    other => other,
                };
                match char::from_u32(code) {
                    Some(c) => c,
                    None => return self.fault("a lone surrogate in a string"),
                }
            }
            _ => return self.fault("an unknown escape in a string"),
        })
    }

    fn unit(&mut self) -> Scan<u32> {
        let digits = self.text.get(self.at..self.at + 4).filter(|d| d.iter().all(u8::is_ascii_hexdigit));
        let code = digits.and_then(|d| std::str::from_utf8(d).ok()).and_then(|d| u32::from_str_radix(d, 16).ok());
        self.at += 4;
        code.map_or_else(|| self.fault("a broken \\u escape"), Ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_unescaped() {
        assert_eq!(Scanner::new(b"\"a\\\"b\\u0041\\\\\\/\\t\"").string().unwrap(), "a\"bA\\/\t");
    }
}
