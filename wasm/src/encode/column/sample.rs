//! A look at some values of a column chunk before all of them are tried.

use std::ops::Range;

use super::chunk::Leaf;
use super::dictionary::{Dictionary, Most};
use super::levels::{Histograms, Levels};
use super::rows::{Place, Rows};
use super::values::{PageValues, Part};

/// Rows of a run: values that come in runs repeat in it.
const RUN: usize = 32;
/// One run in so many rows, somewhere in them: values that come around again would hide from even distances.
const STRIDE: usize = 1024;
const LEAST_VALUES: usize = 256;

/// Whether a sample says that a dictionary of at most `most` would become too large: nearly all of its values differ.
/// Of values that come `chunk::REPEATS` times each, in any order, one in nine of the sample has come before; here it
/// is less than one in 16.
pub fn nearly_all_differ(leaf: &Leaf, rows: &Rows, most: Most) -> bool {
    let strides = rows.count() / STRIDE;
    let sampled_bytes = rows.extent(Place::default(), rows.count()).text_bytes / (STRIDE / RUN);
    // Few values say little, and a copy of large ones would be larger than the dictionary.
    if strides * RUN < LEAST_VALUES || sampled_bytes > most.bytes {
        return false;
    }
    let mut histograms = Histograms::new(leaf.descriptor.max_rep_level(), leaf.descriptor.max_def_level());
    let mut levels = Levels::new(&histograms);
    let mut parts: Vec<Part> = Vec::with_capacity(strides);
    let mut stride = Place::default();
    for number in 0..strides {
        let start = rows.after(stride, somewhere(number));
        for (chunk, range) in rows.parts(start, RUN) {
            let chunk = rows.chunk(chunk);
            // A null that must not be is told where pages are made.
            let Ok(slots) = levels.add(chunk, range, &mut histograms) else { return false };
            parts.push((&chunk.values, slots));
        }
        stride = rows.after(stride, STRIDE);
    }
    let values: usize = parts.iter().flat_map(|(_, slots)| slots).map(Range::len).sum();
    if values < LEAST_VALUES {
        return false;
    }
    let kind = leaf.path.kind;
    let most = Most { values: most.values.min(values - values / 16), ..most };
    !Dictionary::new(kind, most).add(&PageValues::of(kind, &parts))
}

/// Where the run of a stride begins.
fn somewhere(stride: usize) -> usize {
    let mixed = (stride as u32).wrapping_mul(0x9e37_79b9);
    let mixed = (mixed ^ mixed >> 15).wrapping_mul(0x85eb_ca6b);
    (mixed >> 16) as usize % (STRIDE - RUN + 1)
}
