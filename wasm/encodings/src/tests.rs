//! What is written comes back, by readers that take the format one bit at a time.

use proptest::prelude::*;

use crate::*;

fn bit(bytes: &[u8], at: usize) -> u64 {
    u64::from(bytes[at / 8] >> (at % 8) & 1)
}

fn packed(bytes: &[u8], width: usize, at: usize) -> u64 {
    (0..width).map(|i| bit(bytes, at * width + i) << i).sum()
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..).step_by(7) {
        let byte = bytes[0];
        *bytes = &bytes[1..];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    value
}

fn zigzag(bytes: &mut &[u8]) -> i64 {
    let value = varint(bytes);
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

fn read_hybrid(mut bytes: &[u8], width: usize, count: usize) -> Vec<u64> {
    let mut out = Vec::new();
    while !bytes.is_empty() {
        let header = varint(&mut bytes);
        let length = (header >> 1) as usize;
        if header & 1 == 1 {
            out.extend((0..8 * length).map(|at| packed(bytes, width, at)));
            bytes = &bytes[length * width..];
        } else {
            let size = width.div_ceil(8);
            let value = bytes[..size].iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte));
            out.resize(out.len() + length, value);
            bytes = &bytes[size..];
        }
    }
    assert!(out.len() >= count && out.len() < count + 8);
    assert!(out.drain(count..).all(|filler| filler == 0));
    out
}

/// The values, and how many bytes they took.
fn read_delta(all: &[u8], wrap: impl Fn(i64) -> i64) -> (Vec<i64>, usize) {
    let mut bytes = all;
    let (block, parts) = (varint(&mut bytes) as usize, varint(&mut bytes) as usize);
    let count = varint(&mut bytes) as usize;
    let mut out = vec![zigzag(&mut bytes)];
    while out.len() < count {
        let smallest = zigzag(&mut bytes);
        let (widths, rest) = bytes.split_at(parts);
        bytes = rest;
        for width in widths.iter().map(|width| usize::from(*width)) {
            let length = block / parts;
            if out.len() >= count {
                assert_eq!(width, 0);
                continue;
            }
            for at in 0..length {
                let delta = smallest.wrapping_add(packed(bytes, width, at) as i64);
                out.push(wrap(out[out.len() - 1].wrapping_add(delta)));
            }
            bytes = &bytes[length * width / 8..];
        }
    }
    out.truncate(count);
    (out, all.len() - bytes.len())
}

fn texts(values: &[Vec<u8>]) -> (Vec<u32>, Vec<u8>) {
    // They need not begin with the first byte.
    let mut offsets = vec![3];
    let mut data = b"...".to_vec();
    for value in values {
        data.extend_from_slice(value);
        offsets.push(data.len() as u32);
    }
    (offsets, data)
}

/// Values that repeat in runs of every length.
fn runs(most: u64) -> impl Strategy<Value = Vec<u64>> {
    let run = (0..=most, prop_oneof![Just(1usize), 1..20usize, 100..300usize]);
    prop::collection::vec(run, 0..60)
        .prop_map(|runs| runs.into_iter().flat_map(|(value, length)| std::iter::repeat_n(value, length)).collect())
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    (0..4usize, prop::collection::vec(0u8..3, 0..20)).prop_map(|(shared, mut rest)| {
        let mut value = b"a start that many share"[..5 * shared].to_vec();
        value.append(&mut rest);
        value
    })
}

proptest! {
    #[test]
    fn runs_and_packed_groups(width in 0usize..=32, values in runs(u64::MAX)) {
        let mask = (1u64 << width) - 1;
        let values: Vec<u64> = values.iter().map(|value| value & mask).collect();
        let mut out = Vec::new();
        indices(&values.iter().map(|value| *value as u32).collect::<Vec<_>>(), width, &mut out);
        if width > 0 || !values.is_empty() {
            prop_assert_eq!(&read_hybrid(&out, width, values.len()), &values);
        }
        if (1..=8).contains(&width) {
            let mut narrow = Vec::new();
            levels(&values.iter().map(|value| *value as u8).collect::<Vec<_>>(), width, &mut narrow);
            prop_assert_eq!(narrow, out);
        }
    }

    #[test]
    fn a_bitmap_is_levels(values in runs(1)) {
        let mut bitmap = vec![0u8; values.len().div_ceil(8)];
        values.iter().enumerate().for_each(|(at, value)| bitmap[at / 8] |= (*value as u8) << (at % 8));
        let mut out = Vec::new();
        bits_as_levels(&bitmap, values.len(), &mut out);
        prop_assert_eq!(read_hybrid(&out, 1, values.len()), values);
    }

    #[test]
    fn differences(values in prop_oneof![
        prop::collection::vec(any::<u64>(), 1..600), prop::collection::vec(0u64..1000, 1..600), runs(3).prop_filter("some", |v| !v.is_empty()),
    ]) {
        let mut out = Vec::new();
        delta64(&values, &mut out);
        let (back, size) = read_delta(&out, |value| value);
        prop_assert_eq!(size, out.len());
        prop_assert_eq!(back, values.iter().map(|value| *value as i64).collect::<Vec<_>>());
        let narrow: Vec<u32> = values.iter().map(|value| *value as u32).collect();
        out.clear();
        delta32(&narrow, &mut out);
        let (back, size) = read_delta(&out, |value| i64::from(value as i32));
        prop_assert_eq!(size, out.len());
        prop_assert_eq!(back, narrow.iter().map(|value| i64::from(*value as i32)).collect::<Vec<_>>());
    }

    #[test]
    fn shared_starts(values in prop::collection::vec(text(), 1..200)) {
        let (offsets, data) = texts(&values);
        let mut out = Vec::new();
        delta_texts(&offsets, &data, &mut out);
        let (prefixes, size) = read_delta(&out, |value| value);
        let (suffixes, more) = read_delta(&out[size..], |value| value);
        let mut rest = &out[size + more..];
        let mut before: Vec<u8> = Vec::new();
        for ((prefix, suffix), value) in prefixes.iter().zip(&suffixes).zip(&values) {
            before.truncate(*prefix as usize);
            before.extend_from_slice(&rest[..*suffix as usize]);
            rest = &rest[*suffix as usize..];
            prop_assert_eq!(&before, value);
        }
        prop_assert!(rest.is_empty());
        prop_assert_eq!(shared_bytes(&offsets, &data), prefixes.iter().sum::<i64>() as usize);
    }

    #[test]
    fn texts_without_what_they_share(values in prop_oneof![prop::collection::vec(text(), 1..60), (text(), 1..9usize).prop_map(|(text, count)| vec![text; count])], ends in ("[a-c]{0,20}", "[a-c]{0,20}")) {
        let values: Vec<Vec<u8>> = values.iter().map(|value| [ends.0.as_bytes(), value, ends.1.as_bytes()].concat()).collect();
        let (offsets, data) = texts(&values);
        let [shortest, longest] = [values.iter().map(Vec::len).min(), values.iter().map(Vec::len).max()].map(Option::unwrap);
        let (prefix, suffix) = shared_ends(&offsets, &data, (shortest == longest).then_some(shortest));
        let shared = |same: &dyn Fn(usize) -> bool| (0..shortest.min(16)).take_while(|at| same(*at)).count();
        let starts = shared(&|at| values.iter().all(|value| value[at] == values[0][at]));
        let last = |value: &[u8], at| value[value.len() - 1 - at];
        let stops = shared(&|at| values.iter().all(|value| last(value, at) == last(&values[0], at)));
        if values.iter().all(|value| *value == values[0]) {
            prop_assert_eq!((prefix, suffix), (shortest, 0));
        } else if starts > 0 && stops > 0 {
            prop_assert_eq!((prefix, suffix), (starts, stops.min(shortest - starts)));
        } else {
            prop_assert!((prefix, suffix) == (0, 0) || (prefix, suffix) == (starts, stops));
        }
        let own = without_ends(&offsets, &data, prefix, suffix);
        prop_assert_eq!(own.len(), data.len() - 3 - values.len() * (prefix + suffix));
        let mut lengths: Vec<u8> = values.iter().map(|value| value.len() as u8).collect();
        if shortest == longest {
            lengths.truncate(1);
        }
        let ends = (&values[0][..prefix], &values[0][values[0].len() - suffix..]);
        let mut back = b"...".to_vec();
        prop_assert_eq!(with_ends((values.len(), &lengths), &own, ends, &mut back), Some(()));
        prop_assert_eq!(back, data);
        let more = with_ends((values.len() + 1, &lengths), &own, ends, &mut Vec::new());
        prop_assert_eq!(more.is_none(), !own.is_empty());
    }

    #[test]
    fn numbers_close_together(least: i64, distances in prop::collection::vec(0..=u32::MAX, 1..50)) {
        let numbers: Vec<i64> = distances.iter().map(|distance| least.saturating_add((*distance).into())).collect();
        let (mut words, mut decimals) = (Vec::new(), Vec::new());
        let close = close64(&numbers.iter().map(|number| *number as u64).collect::<Vec<_>>()).unwrap();
        prop_assert_eq!(far64(&close, numbers.len(), &mut words), Some(()));
        let close = close128(&numbers.iter().map(|number| i128::from(*number)).collect::<Vec<_>>()).unwrap();
        prop_assert_eq!(far128(&close, numbers.len(), &mut decimals), Some(()));
        prop_assert_eq!(close.len(), 2 + numbers.len());
        prop_assert!(decimals.iter().map(|number| *number as i64).eq(words.iter().copied()));
        prop_assert_eq!(words, numbers);
        prop_assert_eq!(far64(&close, distances.len() + 1, &mut Vec::new()), None);
    }

    #[test]
    fn offsets_of_short_values(lengths in prop_oneof![prop::collection::vec(0..=255i32, 1..50), (0..=255i32, 1..50usize).prop_map(|(length, count)| vec![length; count])]) {
        let mut offsets = vec![0];
        lengths.iter().for_each(|length| offsets.push(offsets[offsets.len() - 1] + length));
        let short = short_lengths(&offsets).unwrap();
        prop_assert_eq!(short.len(), if lengths.iter().all(|length| *length == lengths[0]) { 1 } else { lengths.len() });
        let mut back = vec![0];
        prop_assert_eq!(ends_of_lengths(&short, lengths.len(), &mut back), Some(()));
        prop_assert_eq!(back, offsets);
    }

    #[test]
    fn streams_of_bytes(values in prop::collection::vec(any::<u64>(), 0..100)) {
        let mut out = Vec::new();
        split64(&values, &mut out);
        let back = (0..values.len()).map(|at| u64::from_le_bytes(std::array::from_fn(|s| out[s * values.len() + at])));
        prop_assert!(back.eq(values.iter().copied()));
        let narrow: Vec<u32> = values.iter().map(|value| *value as u32).collect();
        out.clear();
        split32(&narrow, &mut out);
        let back = (0..values.len()).map(|at| u32::from_le_bytes(std::array::from_fn(|s| out[s * values.len() + at])));
        prop_assert!(back.eq(narrow.iter().copied()));
    }

    #[test]
    fn least_and_greatest_texts(values in prop::collection::vec(text(), 1..100)) {
        let (offsets, data) = texts(&values);
        let (min, max) = bounds_texts(&offsets, &data).unwrap();
        prop_assert_eq!(Some(&values[min]), values.iter().min());
        prop_assert_eq!(Some(&values[max]), values.iter().max());
    }

    #[test]
    fn each_distinct_value_has_one_number(values in prop::collection::vec(text(), 1..300)) {
        let (offsets, data) = texts(&values);
        let mut distinct: Vec<&Vec<u8>> = Vec::new();
        values.iter().for_each(|value| if !distinct.contains(&value) { distinct.push(value) });
        let bytes = distinct.iter().map(|value| value.len() + 4).sum();
        let mut numbers = Vec::new();
        let mut interned = InternTexts::new(true, distinct.len(), bytes);
        prop_assert!(interned.texts(&offsets, &data, &mut numbers));
        let back = numbers.iter().map(|number| interned.value(*number as usize));
        prop_assert!(back.eq(values.iter().map(Vec::as_slice)));
        prop_assert_eq!((interned.count(), interned.page().len()), (distinct.len(), bytes));
        prop_assert!(!InternTexts::new(true, distinct.len() - 1, bytes).texts(&offsets, &data, &mut numbers));
        prop_assert!(!InternTexts::new(true, distinct.len(), bytes - 1).texts(&offsets, &data, &mut numbers));
    }
}

#[test]
fn many_distinct_words_have_numbers_of_their_own() {
    let words: Vec<u64> = (0..200_000u64).map(|i| i << 40 | i).chain(0..100).collect();
    let mut numbers = Vec::new();
    let mut interned = InternWords::new(words.len());
    assert!(interned.words64(&words, &mut numbers));
    assert!(numbers.iter().zip(&words).all(|(number, word)| interned.values()[*number as usize] == *word));
    assert_eq!(interned.values().len(), 200_099);
    assert!(!InternWords::new(200_098).words64(&words, &mut Vec::new()));
}

#[test]
fn what_is_far_apart_or_long_is_not_close() {
    assert_eq!(close64(&[i64::MIN as u64, i64::MAX as u64]), None);
    assert_eq!(close64(&[0, 1 << 32]), None);
    assert_eq!(close64(&[]), None);
    assert_eq!(close128(&[0, i128::MAX]), None);
    assert_eq!(close128(&[1 << 70, 1 << 70]), None);
    assert_eq!(close128(&[i128::MIN, i128::MAX]), None);
    assert_eq!(short_lengths(&[0, 256]), None);
    assert_eq!(short_lengths(&[1, 2]), None);
}

#[test]
fn bounds_of_floats_leave_nan_out_where_there_is_a_number() {
    let of = |values: &[f64]| bounds_f64(&values.iter().map(|value| value.to_bits()).collect::<Vec<_>>()).unwrap();
    let bounds = of(&[f64::NAN, 0.0, -0.0, 2.5, f64::NEG_INFINITY, -f64::NAN]);
    assert_eq!((bounds.min, bounds.max, bounds.nans), (f64::NEG_INFINITY, 2.5, 2));
    let bounds = of(&[0.0, -0.0]);
    assert!(bounds.min.is_sign_negative() && bounds.max.is_sign_positive());
    let bounds = of(&[f64::NAN; 3]);
    assert!(bounds.min.is_nan() && bounds.max.is_nan() && bounds.nans == 3);
    assert!(bounds_f64(&[]).is_none());
}
