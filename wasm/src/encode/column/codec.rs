//! Compression of pages, with one context for all of them.

use std::io::Write;

use flate2::write::GzEncoder;
use parquet::basic::Compression;
use zstd::zstd_safe;

use crate::error::{EngineError, Result};

enum Kind {
    Uncompressed,
    Zstd { compressor: zstd::bulk::Compressor<'static>, level: i32 },
    Snappy(snap::raw::Encoder),
    Lz4,
    Gzip(flate2::Compression),
}

pub struct Codec {
    kind: Kind,
    compressed: Vec<u8>,
}

fn failed(e: impl std::fmt::Display) -> EngineError {
    EngineError::failed(format!("a page could not be compressed: {e}"))
}

/// Whether zstd was refused memory.
fn is_refused(e: &std::io::Error) -> bool {
    let code = zstd_safe::zstd_sys::ZSTD_ErrorCode::ZSTD_error_memory_allocation as usize;
    e.to_string() == zstd_safe::get_error_name(code.wrapping_neg())
}

fn too_large(page: usize, level: i32) -> EngineError {
    let text = format!(
        "zstd at level {level} needs more memory for a page of {page} bytes than is left; raise memoryLimitBytes, or \
        lower the compression level"
    );
    EngineError::new("MEMORY_LIMIT_TOO_SMALL", text)
}

/// Empties `out` and makes room for so many bytes. The next page has a few more: to grow to the double for them would
/// need a hole of that size in the heap.
pub fn make_room(out: &mut Vec<u8>, bytes: usize) {
    const STEP: usize = 64 << 10;
    out.clear();
    if out.capacity() < bytes {
        // What there was goes first.
        *out = Vec::new();
        out.reserve_exact(bytes.next_multiple_of(STEP));
    }
}

/// As `make_room`, for a codec that writes over bytes that are there.
fn make_zeros(out: &mut Vec<u8>, bytes: usize) -> &mut [u8] {
    make_room(out, bytes);
    out.resize(bytes, 0);
    out
}

impl Codec {
    pub fn new(compression: Compression) -> Result<Self> {
        let kind = match compression {
            Compression::UNCOMPRESSED => Kind::Uncompressed,
            Compression::ZSTD(level) => {
                let level = level.compression_level();
                Kind::Zstd { compressor: zstd::bulk::Compressor::new(level).map_err(failed)?, level }
            }
            Compression::SNAPPY => Kind::Snappy(snap::raw::Encoder::new()),
            Compression::LZ4_RAW => Kind::Lz4,
            Compression::GZIP(level) => Kind::Gzip(flate2::Compression::new(level.compression_level())),
            other => return Err(EngineError::invalid_argument(format!("the codec {other} is not written"))),
        };
        Ok(Self { kind, compressed: Vec::new() })
    }

    /// The page's bytes as the file has them.
    pub fn compress<'a>(&'a mut self, page: &'a [u8]) -> Result<&'a [u8]> {
        let out = &mut self.compressed;
        match &mut self.kind {
            Kind::Uncompressed => return Ok(page),
            Kind::Zstd { compressor, level } => {
                make_room(out, zstd_safe::compress_bound(page.len()));
                compressor
                    .compress_to_buffer(page, out)
                    .map_err(|e| if is_refused(&e) { too_large(page.len(), *level) } else { failed(e) })?;
            }
            Kind::Snappy(encoder) => {
                let most = snap::raw::max_compress_len(page.len());
                let length = encoder.compress(page, make_zeros(out, most)).map_err(failed)?;
                out.truncate(length);
            }
            Kind::Lz4 => {
                let most = lz4_flex::block::get_maximum_output_size(page.len());
                let length = lz4_flex::block::compress_into(page, make_zeros(out, most)).map_err(failed)?;
                out.truncate(length);
            }
            Kind::Gzip(level) => {
                out.clear();
                let mut encoder = GzEncoder::new(&mut *out, *level);
                encoder.write_all(page).and_then(|()| encoder.finish().map(drop)).map_err(failed)?;
            }
        }
        Ok(out)
    }
}
