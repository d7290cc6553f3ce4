//! The least and the greatest of many values.

macro_rules! integers {
    ($name:ident, $signed:ty, $unsigned:ty) => {
        /// Of signed integers; none of none.
        #[inline(never)]
        pub fn $name(values: &[$unsigned]) -> Option<($signed, $signed)> {
            let first = *values.first()? as $signed;
            Some(values.iter().fold((first, first), |(min, max), value| {
                let value = *value as $signed;
                (min.min(value), max.max(value))
            }))
        }
    };
}

integers!(bounds_i32, i32, u32);
integers!(bounds_i64, i64, u64);

/// Bounds in the total order of IEEE 754, over all values that are a number. Of NaNs alone they are NaNs.
pub struct FloatBounds<T> {
    pub min: T,
    pub max: T,
    pub nans: usize,
}

macro_rules! floats {
    ($name:ident, $float:ty, $signed:ty, $unsigned:ty) => {
        /// None of none.
        #[inline(never)]
        pub fn $name(values: &[$unsigned]) -> Option<FloatBounds<$float>> {
            // Integers in the order of the floats; there and back again.
            let ordered = |bits: $signed| bits ^ (((bits >> (<$signed>::BITS - 1)) as $unsigned) >> 1) as $signed;
            let float = |key: $signed| <$float>::from_bits(ordered(key) as $unsigned);
            let (mut min, mut max, mut nans) = (<$signed>::MAX, <$signed>::MIN, 0);
            for bits in values {
                let nan = <$float>::from_bits(*bits).is_nan();
                let key = ordered(*bits as $signed);
                nans += usize::from(nan);
                min = min.min(if nan { <$signed>::MAX } else { key });
                max = max.max(if nan { <$signed>::MIN } else { key });
            }
            if nans == values.len() {
                let keys = values.iter().map(|bits| ordered(*bits as $signed));
                return Some(FloatBounds { min: float(keys.clone().min()?), max: float(keys.max()?), nans });
            }
            Some(FloatBounds { min: float(min), max: float(max), nans })
        }
    };
}

floats!(bounds_f32, f32, i32, u32);
floats!(bounds_f64, f64, i64, u64);

/// Which byte strings are least and greatest, byte by byte. Text `i` is `data[offsets[i]..offsets[i + 1]]`.
#[inline(never)]
pub fn bounds_texts(offsets: &[u32], data: &[u8]) -> Option<(usize, usize)> {
    let text = |i: usize| &data[offsets[i] as usize..offsets[i + 1] as usize];
    let first = offsets.windows(2).next().map(|pair| Bound::of(0, data, pair))?;
    let (mut min, mut max) = (first, first);
    for (i, pair) in offsets.windows(2).enumerate().skip(1) {
        let head = word(data, pair[0] as usize, pair[1] as usize);
        if head > min.head && head < max.head {
            continue;
        }
        let new = Bound::of(i, data, pair);
        if new.key() <= min.key() && (new.key() < min.key() || text(i) < text(min.at)) {
            min = new;
        }
        if new.key() >= max.key() && (new.key() > max.key() || text(i) > text(max.at)) {
            max = new;
        }
    }
    Some((min.at, max.at))
}

/// A text and its first 16 bytes: many share the first 8.
#[derive(Clone, Copy)]
struct Bound {
    at: usize,
    head: u64,
    next: u64,
}

impl Bound {
    fn of(at: usize, data: &[u8], pair: &[u32]) -> Self {
        let (start, end) = (pair[0] as usize, pair[1] as usize);
        Self { at, head: word(data, start, end), next: word(data, end.min(start + 8), end) }
    }

    fn key(self) -> (u64, u64) {
        (self.head, self.next)
    }
}

/// The first eight bytes as an integer in the order of the bytes; zeros for those that are not there.
fn word(data: &[u8], start: usize, end: usize) -> u64 {
    const USED: [u64; 8] =
        [0, 0xff << 56, 0xffff << 48, 0xff_ffff << 40, 0xffff_ffff << 32, !0 << 24, !0 << 16, !0 << 8];
    let length = end - start;
    match data[start..].first_chunk::<8>() {
        Some(bytes) => u64::from_be_bytes(*bytes) & USED.get(length).copied().unwrap_or(u64::MAX),
        None => {
            let mut bytes = [0; 8];
            let length = length.min(8);
            bytes[..length].copy_from_slice(&data[start..start + length]);
            u64::from_be_bytes(bytes)
        }
    }
}
