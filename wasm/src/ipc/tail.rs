//! What follows the end marker of an Arrow IPC file: its footer, the footer's length and the magic.

use arrow_ipc::root_as_footer;
use arrow_schema::Schema;

use super::{MAGIC, bad, broken, checked_schema};
use crate::error::Result;

/// The length of the footer, and the magic.
const END: usize = 4 + MAGIC.len();
/// What writers may leave between the end marker and the footer.
const MAX_PADDING: u64 = 64;
/// Far above any footer that is read: of a schema, and the places of its batches.
const MAX_FOOTER: usize = 64 << 20;

/// The last of the bytes behind an end marker.
#[derive(Default)]
pub struct Tail {
    kept: Vec<u8>,
    /// All bytes behind the marker.
    bytes: u64,
}

impl Tail {
    /// More bytes; only the end of them is kept, unless the schema is to come from there.
    pub fn push(&mut self, bytes: &[u8], for_schema: bool) {
        self.bytes += bytes.len() as u64;
        self.kept.extend_from_slice(bytes);
        let keep = if for_schema { MAX_FOOTER } else { END };
        let excess = self.kept.len().saturating_sub(keep);
        self.kept.drain(..excess);
    }

    /// Whether there is nothing but the footer: a broken length of a message reads like the end marker.
    pub fn is_footer(&self) -> bool {
        let Some(end) = self.kept.last_chunk::<END>() else { return false };
        let footer = u32::from_le_bytes([end[0], end[1], end[2], end[3]]);
        let expected = u64::from(footer) + END as u64;
        end.ends_with(MAGIC) && (expected..=expected + MAX_PADDING).contains(&self.bytes)
    }

    /// The schema in the footer, of a tail that is one.
    pub fn schema(&self) -> Result<Schema> {
        let (rest, _) = self.kept.split_at(self.kept.len() - MAGIC.len());
        let (rest, length) = rest.split_last_chunk::<4>().ok_or_else(|| bad("a file without a footer"))?;
        let start = usize::try_from(i32::from_le_bytes(*length)).ok().and_then(|l| rest.len().checked_sub(l));
        let start = start.ok_or_else(|| bad("a footer that is cut off"))?;
        let footer = root_as_footer(&rest[start..]).map_err(|e| broken("footer", e))?;
        let schema = footer.schema().ok_or_else(|| bad("a file without a schema"))?;
        checked_schema(schema)
    }
}
