//! JSON text, one value at a time and strictly: what is no JSON is refused here, whatever a column would make of it.

use super::plain::{self, Plain};
use super::rows::Fault;
use super::swar::{self, Wanted};

/// Deeper nesting is refused.
pub const MAX_DEPTH: usize = 64;

pub(super) type Scan<T> = Result<T, Fault>;

pub struct Scanner<'a> {
    pub(super) text: &'a [u8],
    /// As much of it as is UTF-8: mostly all.
    pub(super) utf8: &'a str,
    pub(super) at: usize,
    /// A line's end ends a value.
    lines: bool,
}

impl<'a> Scanner<'a> {
    pub fn new(text: &'a [u8]) -> Self {
        let utf8 = swar::ascii(text).unwrap_or_else(|| match std::str::from_utf8(text) {
            Ok(whole) => whole,
            Err(e) => std::str::from_utf8(&text[..e.valid_up_to()]).unwrap_or_default(),
        });
        Self { text, utf8, at: 0, lines: false }
    }

    /// Of many lines: no value goes on in the next one.
    pub fn of_lines(text: &'a [u8]) -> Self {
        Self { lines: true, ..Self::new(text) }
    }

    #[cold]
    pub fn fault<T>(&self, reason: &str) -> Scan<T> {
        Err(Fault::whole(format!("not JSON: {reason} at character {}", self.at + 1)))
    }

    /// The next byte that is not white space; 0 at the end.
    #[inline(always)]
    pub fn peek(&mut self) -> u8 {
        match self.text.get(self.at) {
            Some(byte) if *byte > b' ' => *byte,
            _ => self.peek_behind_space(),
        }
    }

    fn peek_behind_space(&mut self) -> u8 {
        while let Some(byte) = self.text.get(self.at)
            && (matches!(byte, b' ' | b'\t' | b'\r') || *byte == b'\n' && !self.lines)
        {
            self.at += 1;
        }
        self.text.get(self.at).copied().unwrap_or(0)
    }

    /// Takes the end of a line; false: something else is next.
    #[inline(always)]
    pub fn take_line_end(&mut self) -> bool {
        let ends = self.peek() == b'\n';
        self.at += usize::from(ends);
        ends
    }

    /// What was not taken yet.
    pub fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    #[inline(always)]
    pub fn expect(&mut self, byte: u8) -> Scan<()> {
        if self.peek() == byte && self.at < self.text.len() {
            self.at += 1;
            return Ok(());
        }
        self.missing(byte)
    }

    #[cold]
    fn missing(&self, byte: u8) -> Scan<()> {
        if self.at >= self.text.len() {
            return self.fault("the text ends too early");
        }
        self.fault(&format!("'{}' is missing", byte as char))
    }

    /// Takes `key`, a name in its quotes and a colon, when it is next just as it is.
    #[inline(always)]
    pub fn take_key(&mut self, key: &Wanted) -> bool {
        let start = self.at + usize::from(self.text.get(self.at) == Some(&b' '));
        let end = key.end_at(self.text, start);
        self.at = end.unwrap_or(self.at);
        end.is_some()
    }

    /// After an element: whether another follows; takes the comma or the closing bracket.
    #[inline(always)]
    pub fn more(&mut self, close: u8) -> Scan<bool> {
        match self.peek() {
            b',' => {
                self.at += 1;
                if self.peek() == close {
                    return self.fault("a comma is followed by nothing");
                }
                Ok(true)
            }
            byte if byte == close => {
                self.at += 1;
                Ok(false)
            }
            _ => self.expect(close).map(|()| false),
        }
    }

    /// Takes the opening bracket; false when the closing one follows, which is taken too.
    pub fn open(&mut self, open: u8, close: u8) -> Scan<bool> {
        self.expect(open)?;
        if self.peek() == close {
            self.at += 1;
            return Ok(false);
        }
        Ok(true)
    }

    pub fn end(&mut self) -> Scan<()> {
        self.peek();
        if self.at < self.text.len() { self.fault("more text follows the value") } else { Ok(()) }
    }

    pub fn literal(&mut self, word: &'static str) -> Scan<&'static str> {
        self.peek();
        let rest = &self.text[self.at..];
        let ends = rest.get(word.len()).is_none_or(|byte| !byte.is_ascii_alphanumeric());
        if !rest.starts_with(word.as_bytes()) || !ends {
            return self.fault("an unknown word");
        }
        self.at += word.len();
        Ok(word)
    }

    /// A number that is next, and where it ends; None: it is not a plain one.
    #[inline(always)]
    pub fn plain_number(&self) -> Option<(Plain, usize)> {
        let (number, length) = plain::prefix(&self.text[self.at..])?;
        Some((number, self.at + length))
    }

    /// Goes on at a place behind this one.
    pub fn go_to(&mut self, at: usize) {
        self.at = at;
    }

    /// A number's own text. `NaN` and the infinities, which JSON does not have but Python writes, are taken.
    pub fn number(&mut self) -> Scan<&'a str> {
        self.peek();
        let start = self.at;
        let rest = &self.text[start..];
        for word in ["NaN", "Infinity", "-Infinity"] {
            if rest.starts_with(word.as_bytes()) {
                return self.literal(word);
            }
        }
        if rest.first() == Some(&b'-') {
            self.at += 1;
        }
        let whole = self.digits();
        if whole == 0 || whole > 1 && self.text[self.at - whole] == b'0' {
            return self.fault("a value is missing or not a number");
        }
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return self.fault("a point without digits");
            }
        }
        if let Some(b'e' | b'E') = self.text.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.text.get(self.at) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return self.fault("an exponent without digits");
            }
        }
        // ASCII by now.
        self.utf8.get(start..self.at).map_or_else(|| self.fault("a number"), Ok)
    }

    fn digits(&mut self) -> usize {
        let count = self.text[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        count
    }

    /// Passes over a value; answers its own text.
    pub fn skip(&mut self, depth: usize) -> Scan<&'a str> {
        let first = self.peek();
        let start = self.at;
        if depth > MAX_DEPTH {
            return self.too_deep();
        }
        match first {
            b'{' => {
                let mut more = self.open(b'{', b'}')?;
                while more {
                    self.string()?;
                    self.expect(b':')?;
                    self.skip(depth + 1)?;
                    more = self.more(b'}')?;
                }
            }
            b'[' => {
                let mut more = self.open(b'[', b']')?;
                while more {
                    self.skip(depth + 1)?;
                    more = self.more(b']')?;
                }
            }
            b'"' => drop(self.string()?),
            b't' => drop(self.literal("true")?),
            b'f' => drop(self.literal("false")?),
            b'n' => drop(self.literal("null")?),
            _ => drop(self.number()?),
        }
        self.utf8.get(start..self.at).map_or_else(|| self.fault("it is not UTF-8"), Ok)
    }

    pub fn too_deep<T>(&self) -> Scan<T> {
        Err(Fault::whole(format!("it is nested more than {MAX_DEPTH} levels deep")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &[u8]) -> Result<String, String> {
        let mut scanner = Scanner::new(text);
        let value = scanner.skip(0).and_then(|value| scanner.end().map(|()| value.to_owned()));
        value.map_err(|fault| fault.reason)
    }

    #[test]
    fn json_is_taken_and_nothing_else() {
        for good in [
            "{}",
            "[]",
            "[1,-0.5e+3,{\"a\":[]}]",
            "\"\\u00e4\\ud834\\udd1e\\n\"",
            " true ",
            "null",
            "0",
            "NaN",
            "-Infinity",
        ] {
            assert_eq!(whole(good.as_bytes()), Ok(good.trim().to_owned()));
        }
        for bad in [
            "",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "{a:1}",
            "[1 2]",
            "01",
            "1.",
            "-",
            "1e",
            "+1",
            "\"a",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\ud800\"",
            "\"\\udc00\"",
            "\"\\ud800\\u0041\"",
            "\"\n\"",
            "tru",
            "truex",
            "1 2",
            "{\"a\" 1}",
            "nul",
            "]",
        ] {
            assert!(whole(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(whole(b"\"\xff\"").is_err());
        assert!(whole("[".repeat(100_000).as_bytes()).unwrap_err().contains("levels deep"));
    }

    #[test]
    fn no_cut_makes_it_panic() {
        let text = b"{\"a\\u00e4\":[1.5e-3,\"\\ud834\\udd1e\",null,true,{\"b\":\"\xc3\xa4\"}]}";
        for cut in 0..text.len() {
            assert!(whole(&text[..cut]).is_err());
            for byte in [0, b'"', b'\\', 0xff] {
                let mut changed = text.to_vec();
                changed[cut] = byte;
                let _ = whole(&changed);
            }
        }
    }
}
