//! The size of rows is a sum over rows.

use arrow_array::Array;
use arrow_array::cast::AsArray;

use super::random::{Random, table_batch};
use crate::kernels::concat::concat;
use crate::kernels::data_size::data_size;

#[test]
fn cuts_and_copies_have_the_same_size() {
    for seed in 0..60 {
        let mut random = Random::new(seed);
        let batch = table_batch(&mut random, 90);
        let (a, b) = (random.below(90), random.below(90));
        let (a, b) = (a.min(b), a.max(b));
        let pieces = [batch.slice(0, a), batch.slice(a, b - a), batch.slice(b, 90 - b)];
        let sum: u64 = pieces.iter().map(data_size).sum();
        assert_eq!(sum, data_size(&batch), "seed {seed}");
        assert_eq!(data_size(&concat(&pieces).unwrap()), sum);
        let single: u64 = (0..90).map(|i| data_size(&batch.slice(i, 1))).sum();
        assert_eq!(single, sum);
    }
}

#[test]
fn widths_and_contents_are_counted() {
    let batch = table_batch(&mut Random::new(2), 50);
    let size = |name: &str| data_size(&batch.project(&[batch.schema().index_of(name).unwrap()]).unwrap());
    assert_eq!(size("c0"), 50);
    assert_eq!(size("c1"), 200);
    assert_eq!(size("c5"), 800);
    assert_eq!(size("c12"), 800);
    let text = batch.column_by_name("c10").unwrap().as_string::<i32>();
    assert_eq!(size("c10"), 200 + text.iter().flatten().map(|t| t.len() as u64).sum::<u64>());
    let list = batch.column_by_name("list").unwrap().as_list::<i32>();
    let elements: u64 = (0..50).filter(|i| list.is_valid(*i)).map(|i| list.value_length(i) as u64).sum();
    assert_eq!(size("list"), 200 + 4 * elements);
    assert_eq!(size("map"), {
        let map = batch.column_by_name("map").unwrap().as_map();
        200 + 8 * (0..50).filter(|i| map.is_valid(*i)).map(|i| map.value_length(i) as u64).sum::<u64>()
    });
}
