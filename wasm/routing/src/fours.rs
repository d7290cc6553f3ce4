//! Loops that do a few steps a turn: what a loop does for itself costs as much as a step here does.

use std::mem::MaybeUninit;

/// What `one` makes of each.
#[inline(always)]
pub fn map<A: Copy, B>(all: &[A], mut one: impl FnMut(A) -> B) -> Vec<B> {
    let mut made = Vec::with_capacity(all.len());
    let (fours, rest) = all.as_chunks::<4>();
    let (room, room_of_rest) = made.spare_capacity_mut()[..all.len()].as_chunks_mut::<4>();
    for (four, to) in fours.iter().zip(room) {
        *to = four.map(|a| MaybeUninit::new(one(a)));
    }
    for (a, to) in rest.iter().zip(room_of_rest) {
        to.write(one(*a));
    }
    // SAFETY: so many were written, as fours and the rest are cut alike in both.
    unsafe { made.set_len(all.len()) };
    made
}

#[inline(always)]
pub fn for_each<A: Copy>(all: &[A], mut one: impl FnMut(A)) {
    let (fours, rest) = all.as_chunks::<4>();
    for four in fours {
        for a in four {
            one(*a);
        }
    }
    for a in rest {
        one(*a);
    }
}

/// Both are as long; `STEPS` pairs a turn.
#[inline(always)]
pub fn for_pairs<const STEPS: usize, A: Copy, B: Copy>(left: &[A], right: &[B], mut one: impl FnMut(A, B)) {
    debug_assert_eq!(left.len(), right.len());
    let (lefts, left) = left.as_chunks::<STEPS>();
    let (rights, right) = right.as_chunks::<STEPS>();
    for (left, right) in lefts.iter().zip(rights) {
        for step in 0..STEPS {
            one(left[step], right[step]);
        }
    }
    for (left, right) in left.iter().zip(right) {
        one(*left, *right);
    }
}
