//! Lists from their levels.

use std::sync::Arc;

use arrow_array::{ArrayRef, ListArray};
use arrow_buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, FieldRef};
use parquet::errors::Result;

use super::super::page_check::bad;
use super::kinds::ListLevels;
use super::page::ListLevelsOfPage;
use super::validity::Validity;
use super::values::Values;

#[derive(Debug, Default, PartialEq)]
pub struct Taken {
    pub levels: usize,
    /// Elements that are not null.
    pub values: usize,
    /// Elements.
    pub slots: usize,
}

/// Lists of one batch in the making.
pub struct Lists {
    rows: usize,
    levels: ListLevels,
    highest: u8,
    /// Rows that are to come of the pages that are next, and those before them.
    expected: usize,
    /// Rows that have begun.
    begun: usize,
    /// The next level begins a row.
    between: bool,
    /// Elements, null ones among them.
    slots: usize,
    /// Where each row begins, and in the end where the last one ends; behind those that have begun what is there does
    /// not matter.
    starts: Vec<i32>,
    /// By row that has begun: whether it is a list and not null.
    present: Vec<u8>,
    elements: Validity,
}

impl Lists {
    pub fn new(rows: usize, levels: ListLevels, highest: u8) -> Self {
        let elements = Validity::new(if highest > levels.element { rows } else { 0 });
        Self {
            rows,
            levels,
            highest,
            expected: 0,
            begun: 0,
            between: true,
            slots: 0,
            starts: vec![0; rows + 1],
            present: vec![0; rows + 1],
            elements,
        }
    }

    /// What follows are the first levels of so many more rows.
    pub fn expect(&mut self, rows: usize) {
        self.expected += rows;
        self.between = true;
    }

    /// The last row of those that are expected has begun.
    pub fn are_all(&self) -> bool {
        self.begun == self.expected
    }

    /// By element: whether it is a value.
    pub fn bits(&self) -> &[u8] {
        self.elements.bits()
    }

    /// Takes levels of a page as far as the rows go. Answers how many; and of the values and the elements that they say
    /// there are.
    pub fn push(&mut self, page: &mut ListLevelsOfPage, left: usize) -> Result<Taken> {
        let (before, mut taken) = (self.slots, Taken::default());
        while taken.levels < left {
            let reps = page.reps.next(left - taken.levels)?;
            let defs = page.defs.next(reps.len())?;
            let reps = &reps[..defs.len()];
            if self.between && reps[0] != 0 {
                return Err(bad("its first value is inside of a row".into()));
            }
            self.between = false;
            let cut = end_of_rows(reps, self.expected - self.begun);
            taken.values += self.push_some(&reps[..cut], &defs[..cut])?;
            let ended = cut < reps.len();
            page.reps.pass(cut);
            page.defs.pass(cut);
            taken.levels += cut;
            if ended {
                break;
            }
        }
        taken.slots = self.slots - before;
        Ok(taken)
    }

    /// Answers how many values there are.
    fn push_some(&mut self, reps: &[u8], defs: &[u8]) -> Result<usize> {
        let (mut values, mut wrong) = (0, 0);
        for (reps, defs) in reps.chunks(64).zip(defs.chunks(64)) {
            let whole = u64::MAX >> (64 - reps.len());
            let at_least = |levels: &[u8], level| at_least(levels, level) & whole;
            let goes_on = at_least(reps, 1);
            let (mut is_slot, mut is_present, mut is_value) = (whole, whole, whole);
            // Mostly all of them are values.
            if !are_all(defs, self.highest) {
                is_slot = at_least(defs, self.levels.element);
                is_present = at_least(defs, self.levels.present);
                is_value = at_least(defs, self.highest);
                wrong |= at_least(defs, self.highest + 1) | goes_on & !is_slot;
            }
            let mut begins = whole & !goes_on;
            while begins != 0 {
                let at = begins.trailing_zeros();
                let before = is_slot & ((1 << at) - 1);
                self.starts[self.begun] = (self.slots + before.count_ones() as usize) as i32;
                self.present[self.begun] = (is_present >> at & 1) as u8;
                self.begun += 1;
                begins &= begins - 1;
            }
            let slots = is_slot.count_ones() as usize;
            self.slots += slots;
            values += is_value.count_ones() as usize;
            if self.highest > self.levels.element {
                let word = if is_slot == whole { is_value } else { closed_up(is_value, is_slot) };
                self.elements.push_word(word, slots);
            }
        }
        if wrong != 0 {
            return Err(bad("its levels are not those of lists".into()));
        }
        if self.slots > i32::MAX as usize {
            return Err(bad(format!("{} elements of lists in one batch, which takes 2^31", self.slots)));
        }
        Ok(values)
    }

    pub fn finish(mut self, field: &FieldRef, values: &mut dyn Values) -> Result<ArrayRef> {
        let DataType::List(element) = field.data_type() else {
            return Err(bad(format!("lists are not read as {}", field.data_type())));
        };
        self.starts[self.rows] = self.slots as i32;
        let mut lists = Validity::new(self.rows);
        for some in self.present[..self.rows].chunks(64) {
            let word = some.iter().rev().fold(0, |word, present| word << 1 | u64::from(*present));
            lists.push_word(word, some.len());
        }
        let nulls: Option<NullBuffer> = lists.finish();
        let elements = values.finish(element.data_type(), self.elements.finish())?;
        let offsets = OffsetBuffer::new(ScalarBuffer::from(self.starts));
        Ok(Arc::new(ListArray::try_new(element.clone(), offsets, elements, nulls)?))
    }
}

/// How many of these levels belong to rows of which `left` have not begun.
pub fn end_of_rows(reps: &[u8], mut left: usize) -> usize {
    if reps.len() <= left {
        return reps.len();
    }
    let beyond = reps.iter().position(|rep| {
        let beyond = *rep == 0 && left == 0;
        left -= usize::from(*rep == 0 && !beyond);
        beyond
    });
    beyond.unwrap_or(reps.len())
}

/// A bit for each of at most 64 levels, all below 128: whether it is so high.
fn at_least(levels: &[u8], level: u8) -> u64 {
    let mut bits = 0;
    for (at, eight) in levels.chunks(8).enumerate() {
        let word = match eight.first_chunk::<8>() {
            Some(whole) => u64::from_le_bytes(*whole),
            None => eight.iter().rev().fold(0, |word, level| word << 8 | u64::from(*level)),
        };
        // The highest bit of each byte, gathered in the highest byte.
        let high = (word + u64::from(128 - level) * 0x0101_0101_0101_0101) >> 7 & 0x0101_0101_0101_0101;
        bits |= (high.wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * at);
    }
    bits
}

fn are_all(levels: &[u8], level: u8) -> bool {
    let (words, rest) = levels.as_chunks::<8>();
    words.iter().all(|word| *word == [level; 8]) && rest.iter().all(|one| *one == level)
}

/// The bits of `word` where `kept` is set, without what is between them.
fn closed_up(word: u64, mut kept: u64) -> u64 {
    let (mut closed, mut at) = (0, 0);
    while kept != 0 {
        closed |= (word >> kept.trailing_zeros() & 1) << at;
        at += 1;
        kept &= kept - 1;
    }
    closed
}

#[cfg(test)]
pub(super) mod tests {
    use arrow_array::Array;
    use arrow_array::cast::AsArray;
    use arrow_schema::Field;
    use bytes::Bytes;

    use super::super::fixed::{Fixed, Layout};
    use super::super::hybrid::{AT_ONCE, Hybrid, Unpacked};
    use super::*;

    pub fn page(reps: &[u8], defs: &[u8]) -> ListLevelsOfPage {
        let runs = |levels: &[u8]| levels.iter().flat_map(|level| [2, *level]).collect::<Vec<u8>>();
        let hybrid = |levels, highest, width| {
            Unpacked::new(Hybrid::new(Bytes::from(runs(levels)), width, highest).unwrap(), AT_ONCE)
        };
        ListLevelsOfPage { reps: hybrid(reps, 1, 1), defs: hybrid(defs, 3, 2) }
    }

    const LEVELS: ListLevels = ListLevels { present: 1, element: 2 };

    #[test]
    fn rows_are_cut_where_the_next_begins() {
        // [7, null], null, [], [8 | 9]: the last goes on in another page.
        let mut first = page(&[0, 1, 0, 0, 0], &[3, 2, 0, 1, 3]);
        let mut second = page(&[1, 0], &[3, 3]);
        let mut lists = Lists::new(4, LEVELS, 3);
        lists.expect(4);
        assert_eq!(lists.push(&mut first, 5).unwrap(), Taken { levels: 5, values: 2, slots: 3 });
        assert!(lists.are_all());
        assert_eq!(lists.push(&mut second, 2).unwrap(), Taken { levels: 1, values: 1, slots: 1 });
        let mut values = Fixed::<i32>::new(Layout::Same);
        values.plain(&[7, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 9, 0, 0, 0], 4).unwrap();
        let field = Arc::new(Field::new_list("l", Field::new("element", DataType::Int32, true), true));
        let array = lists.finish(&field, &mut values).unwrap();
        let array = array.as_list::<i32>();
        assert_eq!(array.value_offsets(), [0, 2, 2, 2, 4]);
        assert!((0..4).map(|row| array.is_null(row)).eq([false, true, false, false]));
        assert!((0..4).map(|slot| array.values().is_null(slot)).eq([false, true, false, false]));
    }

    #[test]
    fn levels_are_compared_eight_at_a_time() {
        let levels: Vec<u8> = (0..64).map(|at| at / 3 % 4).collect();
        for (level, count) in (0..=4).flat_map(|level| [0, 3, 8, 13, 64].map(|count| (level, count))) {
            let bits = at_least(&levels[..count], level);
            assert!((0..count).all(|at| bits >> at & 1 == u64::from(levels[at] >= level)), "{level} {count}");
        }
        assert_eq!(closed_up(0b1010_0110, 0b1110_0011), 0b10110);
    }

    #[test]
    fn levels_that_no_list_has_are_refused() {
        for (reps, defs) in [([1, 0], [3, 3]), ([0, 1], [3, 1]), ([0, 1], [0, 3])] {
            let mut lists = Lists::new(2, LEVELS, 3);
            lists.expect(2);
            let read = lists.push(&mut page(&reps, &defs), 2);
            assert_eq!(read.is_ok(), defs == [0, 3], "{reps:?} {defs:?}");
        }
        let mut lists = Lists::new(2, LEVELS, 2);
        lists.expect(2);
        assert!(lists.push(&mut page(&[0, 0], &[3, 3]), 2).is_err());
    }
}
