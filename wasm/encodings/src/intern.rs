//! Dictionaries: each distinct value once, in the order in which they came, and for each value the number of its own.

/// One to one. Products of 64 bits: wider ones are function calls in wasm.
fn mix(value: u64) -> u64 {
    const ODD: u64 = 0xd6e8_feb8_6659_fd93;
    let mut mixed = value ^ 0x9e37_79b9_7f4a_7c15;
    for _ in 0..2 {
        mixed = (mixed ^ (mixed >> 32)).wrapping_mul(ODD);
    }
    mixed ^ (mixed >> 32)
}

/// Of a table that is half full no value is likely to take a third of this. The hash has no secret, so someone may send
/// values that collide: they have no dictionary, and cost no more than this each.
const MOST_PROBES: usize = 256;

enum Found {
    Number(usize),
    /// There is none yet; its place.
    Free(usize),
    TooFar,
}

/// Numbers by hash: open addressing, at most half full; 0 is a free place, others are a number plus one.
struct Places {
    numbers: Vec<u32>,
    mask: usize,
}

impl Places {
    fn new() -> Self {
        const FIRST: usize = 256;
        Self { numbers: vec![0; FIRST], mask: FIRST - 1 }
    }

    /// The number that `is` accepts.
    #[inline(always)]
    fn find(&self, hash: u64, is: impl Fn(usize) -> bool) -> Found {
        let mut at = hash as usize & self.mask;
        for _ in 0..MOST_PROBES {
            match self.numbers[at] {
                0 => return Found::Free(at),
                number if is(number as usize - 1) => return Found::Number(number as usize - 1),
                _ => at = (at + 1) & self.mask,
            }
        }
        Found::TooFar
    }

    /// Makes room where `count` numbers fill more than half.
    fn grow(&mut self, count: usize, hash: impl Fn(usize) -> u64) {
        if 2 * count <= self.mask {
            return;
        }
        let size = 4 * self.numbers.len();
        self.numbers = vec![0; size];
        self.mask = size - 1;
        for number in 0..count {
            let mut at = hash(number) as usize & self.mask;
            while self.numbers[at] != 0 {
                at = (at + 1) & self.mask;
            }
            self.numbers[at] = number as u32 + 1;
        }
    }
}

/// Values of up to 8 bytes.
pub struct InternWords {
    places: Places,
    values: Vec<u64>,
    most: usize,
}

impl InternWords {
    /// Of at most `most` distinct values.
    pub fn new(most: usize) -> Self {
        Self { places: Places::new(), values: Vec::new(), most }
    }

    pub fn values(&self) -> &[u64] {
        &self.values
    }

    /// Appends the number of each value. False: too many distinct ones, or ones that were made to collide; it is of no
    /// more use.
    #[inline(never)]
    pub fn words64(&mut self, values: &[u64], numbers: &mut Vec<u32>) -> bool {
        self.all(values.iter().copied(), numbers)
    }

    /// As `words64`.
    #[inline(never)]
    pub fn words32(&mut self, values: &[u32], numbers: &mut Vec<u32>) -> bool {
        self.all(values.iter().map(|value| u64::from(*value)), numbers)
    }

    #[inline(always)]
    fn all(&mut self, values: impl ExactSizeIterator<Item = u64>, numbers: &mut Vec<u32>) -> bool {
        numbers.reserve(values.len());
        let mut last = None;
        for value in values {
            let number = match last {
                Some((same, number)) if same == value => number,
                _ => match self.places.find(mix(value), |number| self.values[number] == value) {
                    Found::Number(number) => number as u32,
                    Found::TooFar => return false,
                    Found::Free(free) => {
                        let number = self.values.len();
                        if number == self.most {
                            return false;
                        }
                        self.values.push(value);
                        self.places.numbers[free] = number as u32 + 1;
                        self.places.grow(number + 1, |number| mix(self.values[number]));
                        number as u32
                    }
                },
            };
            last = Some((value, number));
            numbers.push(number);
        }
        true
    }
}

struct Entry {
    hash: u64,
    start: u32,
    length: u32,
}

/// Byte strings.
pub struct InternTexts {
    places: Places,
    entries: Vec<Entry>,
    /// The dictionary's page: each value after its length, where it has one.
    page: Vec<u8>,
    with_lengths: bool,
    most: usize,
    most_bytes: usize,
}

impl InternTexts {
    /// Of at most `most` distinct values, in a page of at most `most_bytes` (and of at most 4 GiB).
    pub fn new(with_lengths: bool, most: usize, most_bytes: usize) -> Self {
        let most_bytes = most_bytes.min(u32::MAX as usize);
        Self { places: Places::new(), entries: Vec::new(), page: Vec::new(), with_lengths, most, most_bytes }
    }

    pub fn count(&self) -> usize {
        self.entries.len()
    }

    /// The values, PLAIN.
    pub fn page(&self) -> &[u8] {
        &self.page
    }

    pub fn value(&self, number: usize) -> &[u8] {
        let entry = &self.entries[number];
        &self.page[entry.start as usize..][..entry.length as usize]
    }

    /// Appends the number of each value. False: too many distinct ones, or ones that were made to collide; it is of no
    /// more use.
    #[inline(never)]
    pub fn texts(&mut self, offsets: &[u32], data: &[u8], numbers: &mut Vec<u32>) -> bool {
        numbers.reserve(offsets.len());
        offsets.windows(2).all(|pair| self.one(data, pair[0] as usize, (pair[1] - pair[0]) as usize, numbers))
    }

    /// As `texts`, for values of `width` bytes.
    #[inline(never)]
    pub fn fixed(&mut self, data: &[u8], width: usize, numbers: &mut Vec<u32>) -> bool {
        (0..data.len() / width.max(1)).all(|i| self.one(data, i * width, width, numbers))
    }

    #[inline(always)]
    fn one(&mut self, data: &[u8], start: usize, length: usize, numbers: &mut Vec<u32>) -> bool {
        let hash = hash(data, start, length);
        let value = &data[start..start + length];
        let found = self.places.find(hash, |number| {
            let entry = &self.entries[number];
            // Up to 8 bytes, one hash and one length are one value.
            entry.hash == hash
                && entry.length as usize == length
                && (length <= 8 || &self.page[entry.start as usize..][..length] == value)
        });
        match found {
            Found::Number(number) => numbers.push(number as u32),
            Found::TooFar => return false,
            Found::Free(free) => {
                let number = self.entries.len();
                let bytes = length + if self.with_lengths { 4 } else { 0 };
                if number == self.most || self.page.len() + bytes > self.most_bytes {
                    return false;
                }
                if self.with_lengths {
                    self.page.extend_from_slice(&(length as u32).to_le_bytes());
                }
                self.entries.push(Entry { hash, start: self.page.len() as u32, length: length as u32 });
                self.page.extend_from_slice(value);
                self.places.numbers[free] = number as u32 + 1;
                self.places.grow(number + 1, |number| self.entries[number].hash);
                numbers.push(number as u32);
            }
        }
        true
    }
}

/// Of up to 8 bytes: one to one among those of one length.
#[inline(always)]
fn hash(data: &[u8], start: usize, length: usize) -> u64 {
    if length <= 8 {
        let word = match data[start..].first_chunk::<8>() {
            Some(_) if length == 0 => 0,
            Some(bytes) => u64::from_le_bytes(*bytes) << (64 - 8 * length) >> (64 - 8 * length),
            None => last_word(&data[start..start + length]),
        };
        return mix(word);
    }
    let (words, rest) = data[start..start + length].as_chunks::<8>();
    let mut hash = length as u64;
    for word in words {
        hash = mix(hash.rotate_left(23) ^ u64::from_le_bytes(*word));
    }
    mix(hash.rotate_left(23) ^ last_word(rest))
}

fn last_word(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `mix` makes `mixed` of.
    fn unmix(mut mixed: u64) -> u64 {
        // Of an odd factor; each step doubles the bits that are right.
        let inverse =
            (0..6).fold(1u64, |x, _| x.wrapping_mul(2u64.wrapping_sub(x.wrapping_mul(0xd6e8_feb8_6659_fd93))));
        mixed ^= mixed >> 32;
        for _ in 0..2 {
            mixed = mixed.wrapping_mul(inverse);
            mixed ^= mixed >> 32;
        }
        mixed ^ 0x9e37_79b9_7f4a_7c15
    }

    #[test]
    fn values_that_were_made_to_collide_end_the_dictionary() {
        let values: Vec<u64> = (0..100_000).map(|i| unmix(i << 32)).collect();
        assert!(values.iter().zip(0..).all(|(value, i)| mix(*value) == i << 32));
        assert!(!InternWords::new(usize::MAX).words64(&values, &mut Vec::new()));
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        assert!(!InternTexts::new(true, usize::MAX, usize::MAX).fixed(&bytes, 8, &mut Vec::new()));
    }

    #[test]
    fn a_large_dictionary_of_any_other_values_is_whole() {
        for factor in [1, 1 << 20, 1 << 44, 0x9e37_79b9_7f4a_7c15] {
            let values: Vec<u64> = (0..300_000u64).map(|i| i.wrapping_mul(factor)).collect();
            let mut numbers = Vec::new();
            assert!(InternWords::new(usize::MAX).words64(&values, &mut numbers));
            assert!(numbers.into_iter().eq(0..300_000));
        }
    }
}
