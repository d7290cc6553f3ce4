//! The distinct values of a column chunk.

use icestream_encodings::{self as encodings, InternTexts, InternWords};

use super::path::Kind;
use super::values::PageValues;

/// How large a dictionary may become.
#[derive(Clone, Copy)]
pub struct Most {
    pub values: usize,
    pub bytes: usize,
}

enum Values {
    Words(InternWords),
    Bytes(InternTexts),
}

pub struct Dictionary {
    kind: Kind,
    values: Values,
    /// Of the page at hand.
    numbers: Vec<u32>,
}

impl Dictionary {
    pub fn new(kind: Kind, most: Most) -> Self {
        let by_bytes = most.bytes / kind.width().max(1);
        let values = match kind {
            Kind::Text => Values::Bytes(InternTexts::new(true, most.values, most.bytes)),
            Kind::Fixed(_) | Kind::DecimalBytes(_) => Values::Bytes(InternTexts::new(false, most.values, most.bytes)),
            _ => Values::Words(InternWords::new(most.values.min(by_bytes))),
        };
        Self { kind, values, numbers: Vec::new() }
    }

    /// Adds values of a page. False: the dictionary would become too large; it is of no more use.
    pub fn add(&mut self, values: &PageValues) -> bool {
        let numbers = &mut self.numbers;
        match (&mut self.values, values) {
            (Values::Words(words), PageValues::Words32(values)) => words.words32(values, numbers),
            (Values::Words(words), PageValues::Words64(values)) => words.words64(values, numbers),
            (Values::Bytes(texts), PageValues::Texts(offsets, data)) => texts.texts(offsets, data, numbers),
            (Values::Bytes(texts), PageValues::Fixed(bytes, width)) => texts.fixed(bytes, *width, numbers),
            _ => false,
        }
    }

    /// Writes the numbers of the values that were added since the last page.
    pub fn put_numbers(&mut self, out: &mut Vec<u8>) {
        let width = (usize::BITS - self.count().saturating_sub(1).leading_zeros()) as usize;
        out.push(width as u8);
        if !self.numbers.is_empty() {
            encodings::indices(&self.numbers, width, out);
        }
        self.numbers.clear();
    }

    pub fn count(&self) -> usize {
        match &self.values {
            Values::Words(words) => words.values().len(),
            Values::Bytes(texts) => texts.count(),
        }
    }

    /// The values, PLAIN.
    pub fn page(&self) -> Vec<u8> {
        match &self.values {
            Values::Bytes(texts) => texts.page().to_vec(),
            Values::Words(words) => {
                let width = self.kind.width();
                words.values().iter().flat_map(|word| word.to_le_bytes().into_iter().take(width)).collect()
            }
        }
    }

    /// Each value, as its bytes.
    pub fn each(&self, mut call: impl FnMut(&[u8])) {
        match &self.values {
            Values::Bytes(texts) => (0..texts.count()).for_each(|number| call(texts.value(number))),
            Values::Words(words) => {
                let width = self.kind.width();
                words.values().iter().for_each(|word| call(&word.to_le_bytes()[..width]));
            }
        }
    }
}
