//! Byte strings without what all of them begin and end with: addresses and keys have much in common, and those that a
//! partition is named by are all the same. Text `i` is `data[offsets[i]..offsets[i + 1]]`.

/// At each end, of texts that are not all the same. Also what is moved at once where texts are short.
const MOST: usize = 16;

/// What `with_ends` writes behind its texts, and takes back.
pub const ROOM_BEHIND: usize = MOST;

/// How many bytes all texts begin with alike, and how many of the others they end with alike. `one_length`: where all
/// texts are so long.
#[inline(never)]
pub fn shared_ends(offsets: &[u32], data: &[u8], one_length: Option<usize>) -> (usize, usize) {
    if let Some(length) = one_length
        && let (Some(first), Some(last)) = (offsets.first(), offsets.last())
    {
        let all = &data[*first as usize..*last as usize];
        if !all.is_empty() && all[length..] == all[..all.len() - length] {
            return (length, 0);
        }
    }
    let mut spans = spans(offsets);
    let Some((start, end)) = spans.next() else { return (0, 0) };
    let (first_head, first_tail) = (head(data, start), tail(data, end));
    let (mut heads, mut tails, mut shortest) = (0, 0, end - start);
    for (start, end) in spans {
        heads |= head(data, start) ^ first_head;
        tails |= tail(data, end) ^ first_tail;
        shortest = shortest.min(end - start);
        if shortest == 0 || (heads as u8 != 0 && tails >> 120 != 0) {
            return (0, 0);
        }
    }
    // What was read beside a short text counts for nothing.
    let prefix = shortest.min(heads.trailing_zeros() as usize / 8);
    (prefix, (shortest - prefix).min(tails.leading_zeros() as usize / 8))
}

fn spans(offsets: &[u32]) -> impl Iterator<Item = (usize, usize)> {
    offsets.windows(2).map(|pair| (pair[0] as usize, pair[1] as usize))
}

/// The bytes from `start` on, the first in the lowest place.
fn head(data: &[u8], start: usize) -> u128 {
    let rest = &data[start..];
    u128::from_le_bytes(rest.first_chunk().copied().unwrap_or_else(|| filled(rest, 0)))
}

/// The bytes up to `end`, the last in the highest place.
fn tail(data: &[u8], end: usize) -> u128 {
    let before = &data[..end];
    u128::from_le_bytes(before.last_chunk().copied().unwrap_or_else(|| filled(before, MOST - end)))
}

/// Fewer bytes than MOST, from `at` on.
fn filled(bytes: &[u8], at: usize) -> [u8; MOST] {
    let mut all = [0; MOST];
    all[at..at + bytes.len()].copy_from_slice(bytes);
    all
}

/// All texts, one after the other, each without so many bytes at its start and its end: it has as many.
#[inline(never)]
pub fn without_ends(offsets: &[u32], data: &[u8], prefix: usize, suffix: usize) -> Vec<u8> {
    let (Some(first), Some(last)) = (offsets.first(), offsets.last()) else { return Vec::new() };
    let own = (last - first) as usize - (offsets.len() - 1) * (prefix + suffix);
    if own == 0 {
        return Vec::new();
    }
    let mut out = vec![0; own + MOST];
    let mut at = 0;
    for (start, end) in spans(offsets) {
        let (start, length) = (start + prefix, end - start - prefix - suffix);
        put(&mut out, at, &data[start..], length);
        at += length;
    }
    out.truncate(own);
    out
}

/// Appends the texts that `without_ends` was given: so many, of these lengths (of a single length where it is of one).
/// None: they cannot be made of `own`.
#[inline(never)]
pub fn with_ends(
    (count, lengths): (usize, &[u8]),
    own: &[u8],
    (prefix, suffix): (&[u8], &[u8]),
    out: &mut Vec<u8>,
) -> Option<()> {
    let shared = prefix.len() + suffix.len();
    if own.is_empty() {
        // All the same: what there is of them is written once more behind itself, until it is all.
        let start = out.len();
        let end = start + count * shared;
        out.extend_from_slice(prefix);
        out.extend_from_slice(suffix);
        while out.len() < end {
            let more = (out.len() - start).min(end - out.len());
            out.extend_from_within(start..start + more);
        }
        out.truncate(end);
        return (lengths == [shared as u8]).then_some(());
    }
    if prefix.len() > MOST || suffix.len() > MOST {
        return None;
    }
    let (first, last) = (filled(prefix, 0), filled(suffix, 0));
    let start = out.len();
    out.resize(start + own.len() + count * shared + ROOM_BEHIND, 0);
    let (mut at, mut from) = (start, 0);
    for i in 0..count {
        let length = usize::from(*lengths.get(if lengths.len() == 1 { 0 } else { i })?).checked_sub(shared)?;
        out.get_mut(at..at + MOST)?.copy_from_slice(&first);
        at += prefix.len();
        if own.len() - from < length {
            return None;
        }
        put(out, at, &own[from..], length);
        at += length;
        from += length;
        out.get_mut(at..at + MOST)?.copy_from_slice(&last);
        at += suffix.len();
    }
    out.truncate(at);
    (from == own.len()).then_some(())
}

/// Copies the first bytes of `from`; of few, also what comes behind them: there is room for that.
fn put(out: &mut [u8], at: usize, from: &[u8], length: usize) {
    match from.first_chunk::<MOST>() {
        Some(whole) if length <= MOST => out[at..at + MOST].copy_from_slice(whole),
        _ => out[at..at + length].copy_from_slice(&from[..length]),
    }
}
