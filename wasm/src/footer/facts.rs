//! What an existing file's footer says of its columns, merged over row groups, and nothing that it does not say.

use std::cmp::Ordering;

use parquet::basic::ColumnOrder;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::statistics::Statistics;

use super::order::ValueOrder;
use super::{FooterFacts, LeafFacts, RowGroupFacts};

/// Facts of a file whose metadata was checked (by `decode::metadata`).
pub fn footer_facts(metadata: &ParquetMetaData) -> FooterFacts {
    let file = metadata.file_metadata();
    let leaves = (0..file.schema_descr().num_columns()).map(|leaf| leaf_facts(metadata, leaf)).collect();
    let row_groups = metadata
        .row_groups()
        .iter()
        .map(|group| RowGroupFacts {
            num_rows: group.num_rows(),
            start_offset: group.columns().iter().map(first_page).min().unwrap_or(0),
            compressed_bytes: group.columns().iter().map(ColumnChunkMetaData::compressed_size).sum(),
        })
        .collect();
    let key_value_metadata = file
        .key_value_metadata()
        .into_iter()
        .flatten()
        .map(|entry| (entry.key.clone(), entry.value.clone().unwrap_or_default()))
        .collect();
    FooterFacts {
        num_rows: file.num_rows(),
        created_by: file.created_by().map(str::to_owned),
        row_groups,
        leaves,
        key_value_metadata,
    }
}

fn first_page(chunk: &ColumnChunkMetaData) -> i64 {
    chunk.dictionary_page_offset().unwrap_or_else(|| chunk.data_page_offset())
}

fn leaf_facts(metadata: &ParquetMetaData, leaf: usize) -> LeafFacts {
    let file = metadata.file_metadata();
    let column = file.schema_descr().column(leaf);
    let info = column.self_type().get_basic_info();
    let order = ValueOrder::of(&column);
    let mut nulls = Some(0u64);
    let mut nans = Some(0u64);
    let mut bounds = order.map(|order| Bounds::new(order, file.column_order(leaf)));
    let (mut compressed, mut values) = (0, 0);
    for group in metadata.row_groups() {
        let chunk = group.column(leaf);
        compressed += chunk.compressed_size();
        values += chunk.num_values();
        if chunk.num_values() == 0 {
            continue;
        }
        let stats = chunk.statistics();
        let null_count = stats.and_then(Statistics::null_count_opt);
        nulls = nulls.zip(null_count).map(|(a, b)| a.saturating_add(b));
        // Of nulls alone writers count no NaNs.
        let no_value = null_count.is_some_and(|count| count >= chunk.num_values() as u64).then_some(0);
        let nan_count = no_value.or(stats.and_then(Statistics::nan_count_opt));
        nans = nans.zip(nan_count).map(|(a, b)| a.saturating_add(b));
        if let Some(bounds) = &mut bounds {
            bounds.add(chunk.num_values(), stats);
        }
    }
    let floating = order.is_some_and(ValueOrder::is_float);
    let (min, max) = bounds.map_or((None, None), |b| (b.min.value(), b.max.value()));
    LeafFacts {
        path: column.path().string(),
        field_id: info.has_id().then(|| info.id()),
        physical_type: column.physical_type().to_string(),
        repeated: column.max_rep_level() > 0,
        compressed_bytes: compressed,
        value_count: values,
        null_count: nulls,
        nan_count: if floating { nans } else { None },
        min_exact: min.as_ref().is_some_and(|(_, exact)| *exact),
        max_exact: max.as_ref().is_some_and(|(_, exact)| *exact),
        min: min.map(|(bytes, _)| bytes),
        max: max.map(|(bytes, _)| bytes),
    }
}

/// Its bytes, and whether it is a value itself.
type Bound = (Vec<u8>, bool);

/// One side of the bounds over the row groups seen so far.
enum Side {
    /// No row group had a value yet.
    Open,
    Known(Vec<u8>, bool),
    /// A row group with values did not say.
    Unknown,
}

impl Side {
    fn value(self) -> Option<Bound> {
        match self {
            Side::Known(bytes, exact) => Some((bytes, exact)),
            Side::Open | Side::Unknown => None,
        }
    }

    fn merge(&mut self, order: ValueOrder, wanted: Ordering, found: Option<Bound>) {
        let Some((bytes, exact)) = found else {
            *self = Side::Unknown;
            return;
        };
        match self {
            Side::Unknown => {}
            Side::Open => *self = Side::Known(bytes, exact),
            Side::Known(held, held_exact) => match order.compare(&bytes, held) {
                Ordering::Equal => *held_exact |= exact,
                found if found == wanted => *self = Side::Known(bytes, exact),
                _ => {}
            },
        }
    }
}

struct Bounds {
    order: ValueOrder,
    declared: ColumnOrder,
    min: Side,
    max: Side,
}

impl Bounds {
    fn new(order: ValueOrder, declared: ColumnOrder) -> Self {
        Self { order, declared, min: Side::Open, max: Side::Open }
    }

    fn add(&mut self, values: i64, stats: Option<&Statistics>) {
        let nulls = stats.and_then(Statistics::null_count_opt);
        let nans = stats.and_then(Statistics::nan_count_opt).filter(|_| self.order.is_float());
        // All null, or null and NaN: nothing that bounds must hold for.
        if nulls.is_some_and(|nulls| nulls.saturating_add(nans.unwrap_or(0)) >= values as u64) {
            return;
        }
        let (min, max) = self.bounds_of(stats);
        self.min.merge(self.order, Ordering::Less, min);
        self.max.merge(self.order, Ordering::Greater, max);
    }

    fn bounds_of(&self, stats: Option<&Statistics>) -> (Option<Bound>, Option<Bound>) {
        let Some(stats) = stats else { return (None, None) };
        if !self.order.holds_for(self.declared, stats.is_min_max_deprecated()) {
            return (None, None);
        }
        let fits = |bytes: &&[u8]| self.order.width().is_none_or(|width| bytes.len() == width);
        let min = stats.min_bytes_opt().filter(fits);
        let max = stats.max_bytes_opt().filter(fits);
        // A NaN as either bound says that the writer did not leave NaNs out of its comparisons.
        if self.order.is_float() && min.iter().chain(max.iter()).any(|bytes| self.order.is_nan(bytes)) {
            return (None, None);
        }
        let variable = self.order.width().is_none();
        let side = |bytes: Option<&[u8]>, exact: bool, lower: bool| {
            bytes.map(|bytes| {
                let mut bytes = bytes.to_vec();
                if self.declared != ColumnOrder::IEEE_754_TOTAL_ORDER || stats.is_min_max_deprecated() {
                    self.order.widen_zero(&mut bytes, lower);
                }
                (bytes, exact || !variable)
            })
        };
        // Bounds in the wrong order are not bounds.
        if let (Some(min), Some(max)) = (min, max)
            && self.order.compare(min, max) == Ordering::Greater
            && !zeros(self.order, min, max)
        {
            return (None, None);
        }
        (side(min, stats.min_is_exact(), true), side(max, stats.max_is_exact(), false))
    }
}

/// `+0` as the lower and `-0` as the upper bound is what some writers make of a column of zeros.
fn zeros(order: ValueOrder, min: &[u8], max: &[u8]) -> bool {
    let mut min = min.to_vec();
    let mut max = max.to_vec();
    order.widen_zero(&mut min, true);
    order.widen_zero(&mut max, false);
    order.compare(&min, &max) != Ordering::Greater
}
