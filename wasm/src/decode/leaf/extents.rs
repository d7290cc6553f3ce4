//! Parts of a file that are read as if one followed the other.

use std::ops::Range;

pub struct Extents {
    /// By rising place: where each part begins among the parts, and where it is in the file.
    parts: Vec<(u64, Range<u64>)>,
}

impl Extents {
    /// Of ranges that rise.
    pub fn new(ranges: impl IntoIterator<Item = Range<u64>>) -> Self {
        let mut place = 0;
        let mut parts: Vec<(u64, Range<u64>)> = Vec::new();
        for range in ranges {
            let bytes = range.end - range.start;
            match parts.last_mut() {
                Some((_, last)) if last.end == range.start => last.end = range.end,
                _ => parts.push((place, range)),
            }
            place += bytes;
        }
        Self { parts }
    }

    pub fn len(&self) -> u64 {
        self.parts.last().map_or(0, |(place, range)| place + (range.end - range.start))
    }

    /// Bytes that it takes itself.
    pub fn held(&self) -> u64 {
        size_of_val(&*self.parts) as u64
    }

    /// Where in the file a place is.
    pub fn in_file(&self, place: u64) -> u64 {
        let at = self.parts.partition_point(|(from, _)| *from <= place).saturating_sub(1);
        self.parts.get(at).map_or(0, |(from, range)| range.start + (place - from))
    }

    /// The opposite, of bytes that are in a part.
    pub fn place_of(&self, offset: u64) -> u64 {
        let at = self.parts.partition_point(|(_, range)| range.start <= offset).saturating_sub(1);
        self.parts.get(at).map_or(0, |(from, range)| from + offset.saturating_sub(range.start))
    }

    /// From a place on as many bytes of the file as follow each other, at most `bytes`.
    pub fn take(&self, place: u64, bytes: u64) -> Range<u64> {
        let at = self.parts.partition_point(|(from, _)| *from <= place).saturating_sub(1);
        let Some((from, range)) = self.parts.get(at) else { return 0..0 };
        let start = range.start + (place - from);
        start..range.end.min(start.saturating_add(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_lead_to_the_file_and_back() {
        let parts = Extents::new([4..10, 10..12, 20..25, 30..31]);
        assert_eq!((parts.len(), parts.parts.len()), (14, 3));
        for (place, offset) in [(0, 4), (7, 11), (8, 20), (12, 24), (13, 30)] {
            assert_eq!((parts.in_file(place), parts.place_of(offset)), (offset, place));
        }
        assert_eq!((parts.take(0, 3), parts.take(6, 9), parts.take(8, 100)), (4..7, 10..12, 20..25));
        assert_eq!(Extents::new([]).take(0, 5), 0..0);
    }
}
