//! Cuts a column into pieces of a fixed number of rows, counted from the row group's start. Where pages end depends on
//! how rows come in; with fixed pieces it depends on the rows alone.

use arrow_array::{Array, ArrayRef, make_array};
use arrow_data::ArrayData;
use arrow_select::concat::concat;

use crate::error::Result;

/// Rows of a piece.
pub const PIECE_ROWS: usize = 8192;

/// What fits one piece, as one: looking at many small chunks costs more than copying them.
pub fn joined(chunks: Vec<ArrayRef>) -> Result<Vec<ArrayRef>> {
    let rows: usize = chunks.iter().map(|c| c.len()).sum();
    if chunks.len() == 1 || rows > PIECE_ROWS {
        return Ok(chunks);
    }
    Ok(Pieces::new(chunks).next_piece()?.into_iter().collect())
}

pub struct Pieces {
    chunks: std::vec::IntoIter<ArrayRef>,
    /// What is left of the chunk in hand.
    rest: Option<ArrayRef>,
}

impl Pieces {
    pub fn new(chunks: Vec<ArrayRef>) -> Self {
        Self { chunks: chunks.into_iter(), rest: None }
    }

    /// The next piece; chunks are let go as soon as they are used up.
    pub fn next_piece(&mut self) -> Result<Option<ArrayRef>> {
        let mut parts = Vec::new();
        let mut missing = PIECE_ROWS;
        while missing > 0 {
            let Some(chunk) = self.rest.take().or_else(|| self.chunks.next()) else { break };
            if chunk.is_empty() {
                continue;
            }
            let step = missing.min(chunk.len());
            if step < chunk.len() {
                self.rest = Some(chunk.slice(step, chunk.len() - step));
                parts.push(chunk.slice(0, step));
            } else {
                parts.push(chunk);
            }
            missing -= step;
        }
        Ok(match parts.len() {
            0 => None,
            1 => parts.pop().map(without_idle_nulls),
            _ => {
                let parts: Vec<&dyn Array> = parts.iter().map(|p| p.as_ref()).collect();
                Some(without_idle_nulls(concat(&parts)?))
            }
        })
    }
}

/// Drops null buffers that mark no null: whether one is there depends on the cut, and the writer treats both apart.
fn without_idle_nulls(array: ArrayRef) -> ArrayRef {
    fn idle(data: &ArrayData) -> bool {
        data.nulls().is_some_and(|n| n.null_count() == 0) || data.child_data().iter().any(idle)
    }
    fn strip(data: ArrayData) -> ArrayData {
        if !idle(&data) {
            return data;
        }
        let nulls = data.nulls().filter(|n| n.null_count() > 0).cloned();
        let children = data.child_data().iter().cloned().map(strip).collect();
        // Safety: the same data; a null buffer that says that nothing is null means what no buffer means.
        unsafe { data.into_builder().nulls(nulls).child_data(children).build_unchecked() }
    }
    let data = array.to_data();
    if idle(&data) { make_array(strip(data)) } else { array }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::Int32Array;

    use super::*;

    fn pieces(cuts: &[usize]) -> Vec<ArrayData> {
        let rows: Int32Array = (0..20_000).map(|i| (i >= 9000 || i % 7 != 0).then_some(i)).collect();
        let mut chunks: Vec<ArrayRef> = Vec::new();
        let mut at = 0;
        for cut in cuts.iter().cycle() {
            let length = (*cut).min(rows.len() - at);
            chunks.push(Arc::new(rows.slice(at, length)));
            at += length;
            if at == rows.len() {
                break;
            }
        }
        let mut pieces = Pieces::new(chunks);
        std::iter::from_fn(|| pieces.next_piece().unwrap()).map(|p| p.to_data()).collect()
    }

    #[test]
    fn pieces_do_not_depend_on_the_chunks() {
        let whole = pieces(&[20_000]);
        assert_eq!(whole.iter().map(ArrayData::len).collect::<Vec<_>>(), [8192, 8192, 3616]);
        assert!(whole[1].nulls().is_some() && whole[2].nulls().is_none());
        for cuts in [&[1000][..], &[8192], &[1, 0, 9999], &[8191, 2]] {
            let other = pieces(cuts);
            assert_eq!(other.len(), 3);
            for (a, b) in whole.iter().zip(&other) {
                assert_eq!(a, b);
                assert_eq!(a.nulls().is_some(), b.nulls().is_some());
            }
        }
    }
}
