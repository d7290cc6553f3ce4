//! The order that the footer declares for the bounds of floats and doubles.
//!
//! parquet declares IEEE 754 total order, which deployed readers do not know: they see no bounds, and skip no row
//! group. Without NaN the bounds are those of the type's own order too (readers of that order take either zero for
//! both), so that one is declared, where no chunk holds NaNs alone: its bounds would be NaN.

use parquet::file::metadata::ParquetMetaData;
use parquet::file::statistics::Statistics;

/// A `ColumnOrder` of thrift's compact protocol: the header of the union's field (its id, a struct), and two ends.
const ENTRY: usize = 3;
const TYPE_ORDER: u8 = 0x1c;

fn is_nan_bound(statistics: &Statistics) -> bool {
    match statistics {
        Statistics::Float(s) => s.min_opt().is_some_and(|v| v.is_nan()),
        Statistics::Double(s) => s.min_opt().is_some_and(|v| v.is_nan()),
        _ => false,
    }
}

/// Changes the orders in place, in a file's last bytes. A footer of another form is left as it is.
pub fn declare_type_order(end_of_file: &mut [u8], metadata: &ParquetMetaData) {
    use parquet::basic::Type::{DOUBLE, FLOAT};
    let leaves = metadata.file_metadata().schema_descr().columns();
    let Some(entries) = orders(end_of_file, leaves.len()) else { return };
    for (i, (leaf, entry)) in leaves.iter().zip(entries.chunks_exact_mut(ENTRY)).enumerate() {
        let mut chunks = metadata.row_groups().iter().map(|g| g.column(i).statistics());
        if matches!(leaf.physical_type(), FLOAT | DOUBLE) && !chunks.any(|s| s.is_some_and(is_nan_bound)) {
            entry[0] = TYPE_ORDER;
        }
    }
}

/// The list of orders is the last field of the footer: field 7, a list of structs, then the footer's own end, its
/// length and the magic.
fn orders(end_of_file: &mut [u8], count: usize) -> Option<&mut [u8]> {
    let (footer, _) = end_of_file.split_at_mut(end_of_file.len().checked_sub(8)?);
    let (stop, footer) = footer.split_last_mut()?;
    let (before, entries) = footer.split_at_mut_checked(footer.len().checked_sub(count * ENTRY)?)?;
    let header = match u8::try_from(count) {
        Ok(small @ 0..15) => vec![0x19, small << 4 | 0x0c],
        _ => {
            let mut header = vec![0x19, 0xfc];
            let mut rest = count;
            while rest > 0x7f {
                header.push(rest as u8 | 0x80);
                rest >>= 7;
            }
            header.push(rest as u8);
            header
        }
    };
    let whole = entries.chunks_exact(ENTRY).all(|e| e[0] & 0x0f == 0x0c && e[1] == 0 && e[2] == 0);
    (*stop == 0 && whole && before.ends_with(&header)).then_some(entries)
}
