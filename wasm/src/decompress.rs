//! gzip (all members) and zstd (all frames), undone as the bytes arrive, a bounded piece of output at a time.

use arrow_buffer::Buffer;
use flate2::{Decompress, FlushDecompress, Status};
use zstd::zstd_safe::zstd_sys::ZSTD_ErrorCode::ZSTD_error_memory_allocation;
use zstd::zstd_safe::{self, DCtx, InBuffer, OutBuffer};

use crate::error::{EngineError, Result};
use crate::memory;

/// Output of one pull.
const PIECE_BYTES: usize = 256 << 10;
/// More than inflate takes, at once when it begins: its window of 32 KiB, its tables and what they are aligned with.
const INFLATE_BYTES: usize = 64 << 10;
/// Output over input. Real data stays far below: gzip cannot exceed 1,032.
const MOST_RATIO: u64 = 10_000;
/// A ratio says nothing of small outputs.
const RATIO_FROM_BYTES: u64 = 64 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    Gzip,
    Zstd,
}

enum Inner {
    Gzip(Decompress),
    Zstd(DCtx<'static>),
}

pub struct Decompressor {
    codec: Codec,
    inner: Inner,
    input: Buffer,
    /// Between members or frames: the body may end here.
    at_boundary: bool,
    /// gzip: zeros after the last member, as tapes leave them.
    padding: bool,
    /// The last pull filled its piece, so there may be more without more input.
    pending: bool,
    bytes_in: u64,
    bytes_out: u64,
}

impl Decompressor {
    pub fn new(codec: Codec) -> Result<Self> {
        let inner = match codec {
            Codec::Gzip => Inner::Gzip(inflate()?),
            Codec::Zstd => Inner::Zstd(DCtx::try_create().ok_or_else(no_memory)?),
        };
        Ok(Self {
            codec,
            inner,
            input: Buffer::from(Vec::<u8>::new()),
            at_boundary: true,
            padding: false,
            pending: false,
            bytes_in: 0,
            bytes_out: 0,
        })
    }

    /// More bytes; all output of those before must have been pulled.
    pub fn push(&mut self, input: Buffer) -> Result<()> {
        if !self.input.is_empty() || self.pending {
            return Err(EngineError::failed("output of the last bytes was not pulled"));
        }
        self.bytes_in += input.len() as u64;
        self.input = input;
        Ok(())
    }

    /// The next piece of output; None: more bytes are needed.
    pub fn pull(&mut self) -> Result<Option<Vec<u8>>> {
        let mut out = Vec::new();
        while out.len() < PIECE_BYTES && (self.pending || !self.input.is_empty()) {
            if out.capacity() == 0 {
                out.try_reserve_exact(PIECE_BYTES).map_err(|_| no_memory())?;
            }
            if matches!(self.codec, Codec::Gzip) && self.at_boundary && self.member_ended() {
                self.next_member()?;
                if self.input.is_empty() {
                    break;
                }
            }
            match &mut self.inner {
                Inner::Gzip(inflate) => {
                    let (before_in, before_out) = (inflate.total_in(), out.len());
                    let status = inflate
                        .decompress_vec(&self.input, &mut out, FlushDecompress::None)
                        .map_err(|e| corrupt(Codec::Gzip, e.message().unwrap_or("the data is damaged")))?;
                    let consumed = (inflate.total_in() - before_in) as usize;
                    self.input.advance(consumed);
                    self.at_boundary = status == Status::StreamEnd;
                    self.pending = !self.at_boundary && out.len() == out.capacity();
                    if !self.at_boundary && consumed == 0 && out.len() == before_out {
                        break;
                    }
                }
                Inner::Zstd(decoder) => {
                    let start = out.len();
                    let mut input = InBuffer::around(&self.input);
                    let mut output = OutBuffer::around_pos(&mut out, start);
                    let remaining = decoder.decompress_stream(&mut output, &mut input).map_err(zstd_error)?;
                    let consumed = input.pos();
                    self.input.advance(consumed);
                    self.at_boundary = remaining == 0;
                    self.pending = !self.at_boundary && out.len() == out.capacity();
                    if !self.at_boundary && consumed == 0 && out.len() == start {
                        break;
                    }
                }
            }
        }
        self.bytes_out += out.len() as u64;
        self.check_ratio()?;
        Ok((!out.is_empty()).then_some(out))
    }

    /// False before the first member.
    fn member_ended(&self) -> bool {
        match &self.inner {
            Inner::Gzip(inflate) => inflate.total_in() > 0,
            Inner::Zstd(_) => false,
        }
    }

    /// Behind a member comes another, padding, or nothing.
    fn next_member(&mut self) -> Result<()> {
        let zeros = self.input.iter().take_while(|byte| **byte == 0).count();
        self.padding |= zeros > 0;
        self.input.advance(zeros);
        if self.input.is_empty() {
            return Ok(());
        }
        if self.padding || self.input[0] != 0x1f {
            return Err(corrupt(Codec::Gzip, "bytes that are not gzip follow the data"));
        }
        self.inner = Inner::Gzip(inflate()?);
        Ok(())
    }

    fn check_ratio(&self) -> Result<()> {
        if self.bytes_out > RATIO_FROM_BYTES && self.bytes_out / self.bytes_in.max(1) > MOST_RATIO {
            let text = format!("it grows to more than {MOST_RATIO} times its size: a decompression bomb?");
            return Err(corrupt(self.codec, &text));
        }
        Ok(())
    }

    /// No more bytes will come.
    pub fn finish(&self) -> Result<()> {
        if self.bytes_in == 0 {
            return Err(corrupt(self.codec, "it has no bytes"));
        }
        if !self.at_boundary || self.pending || !self.input.is_empty() {
            return Err(corrupt(self.codec, &format!("it is cut off after {} bytes", self.bytes_in)));
        }
        Ok(())
    }
}

fn corrupt(codec: Codec, text: &str) -> EngineError {
    let name = match codec {
        Codec::Gzip => "gzip",
        Codec::Zstd => "zstd",
    };
    EngineError::corrupt(format!("{name} data: {text}"))
}

fn no_memory() -> EngineError {
    EngineError::new("MEMORY_LIMIT_TOO_SMALL", "decompression does not fit into the engine's memory")
}

/// zlib-rs panics where it is refused memory, so that there is asked before.
fn inflate() -> Result<Decompress> {
    if memory::has_room(INFLATE_BYTES) { Ok(Decompress::new_gzip(15)) } else { Err(no_memory()) }
}

fn zstd_error(code: zstd_safe::ErrorCode) -> EngineError {
    // zstd answers the negative of its codes.
    if code == (ZSTD_error_memory_allocation as usize).wrapping_neg() {
        return no_memory();
    }
    corrupt(Codec::Zstd, zstd_safe::get_error_name(code))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 1).unwrap()
    }

    fn undo(codec: Codec, bytes: &[u8], step: usize) -> Result<Vec<u8>> {
        let mut decompressor = Decompressor::new(codec)?;
        let mut out = Vec::new();
        for piece in bytes.chunks(step) {
            decompressor.push(Buffer::from(piece))?;
            while let Some(piece) = decompressor.pull()? {
                assert!(piece.len() <= PIECE_BYTES);
                out.extend(piece);
            }
        }
        decompressor.finish()?;
        Ok(out)
    }

    #[test]
    fn too_little_memory_is_said_by_its_name() {
        let (gz, zs) = (gzip(&text()), zstd(&text()));
        for (codec, bytes) in [(Codec::Gzip, &gz), (Codec::Zstd, &zs)] {
            for most in [1 << 10, 1 << 15, 40 << 10, 128 << 10] {
                let error = crate::memory::tests::with_blocks_of(most, || undo(codec, bytes, 512)).unwrap_err();
                assert_eq!(error.code, "MEMORY_LIMIT_TOO_SMALL", "{codec:?}, blocks of {most}: {error}");
            }
        }
        // The second member begins anew.
        let mut decompressor = Decompressor::new(Codec::Gzip).unwrap();
        decompressor.push(Buffer::from(gz.as_slice())).unwrap();
        let error = crate::memory::tests::with_blocks_of(1 << 15, || decompressor.next_member()).unwrap_err();
        assert_eq!(error.code, "MEMORY_LIMIT_TOO_SMALL", "{error}");
    }

    fn text() -> Vec<u8> {
        (0..40_000).flat_map(|n: u32| format!("{},{}\n", n, n.wrapping_mul(2_654_435_761)).into_bytes()).collect()
    }

    #[test]
    fn members_and_frames_follow_each_other_at_any_cut() {
        let text = text();
        let (one, two) = text.split_at(text.len() / 3);
        let gz = [gzip(one), gzip(b""), gzip(two), vec![0; 100]].concat();
        let zs = [zstd(one), zstd(b""), zstd(two)].concat();
        for step in [777, 65_536, usize::MAX >> 1] {
            assert!(undo(Codec::Gzip, &gz, step).unwrap() == text, "gzip by {step}");
            assert!(undo(Codec::Zstd, &zs, step).unwrap() == text, "zstd by {step}");
        }
    }

    #[test]
    fn bytes_may_come_one_by_one() {
        let text = b"hello, hello, hello";
        let gz = [gzip(text), gzip(b""), gzip(text)].concat();
        let zs = [zstd(text), zstd(b""), zstd(text)].concat();
        assert_eq!(undo(Codec::Gzip, &gz, 1).unwrap(), text.repeat(2));
        assert_eq!(undo(Codec::Zstd, &zs, 1).unwrap(), text.repeat(2));
    }

    #[test]
    fn every_cut_is_corrupt() {
        for (codec, bytes) in [(Codec::Gzip, gzip(b"hello, hello, hello")), (Codec::Zstd, zstd(b"hello, hello, hello"))]
        {
            for cut in 0..bytes.len() {
                let error = undo(codec, &bytes[..cut], 5).unwrap_err();
                assert_eq!(error.code, "SOURCE_CORRUPT", "{codec:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn what_follows_must_be_the_same_codec() {
        for (codec, bytes) in [(Codec::Gzip, gzip(b"x")), (Codec::Zstd, zstd(b"x"))] {
            let bytes = [bytes, b"garbage".to_vec()].concat();
            assert_eq!(undo(codec, &bytes, 1000).unwrap_err().code, "SOURCE_CORRUPT");
            assert_eq!(undo(codec, b"garbage, not compressed", 1000).unwrap_err().code, "SOURCE_CORRUPT");
        }
        let padded = [gzip(b"x"), vec![0], gzip(b"x")].concat();
        assert_eq!(undo(Codec::Gzip, &padded, 1000).unwrap_err().code, "SOURCE_CORRUPT");
    }

    #[test]
    fn a_damaged_body_is_corrupt() {
        let mut bytes = gzip(&text());
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x55;
        assert_eq!(undo(Codec::Gzip, &bytes, 4096).unwrap_err().code, "SOURCE_CORRUPT");
    }

    #[test]
    fn a_bomb_is_stopped_before_it_is_whole() {
        let bomb = zstd(&vec![0u8; 200 << 20]);
        let mut decompressor = Decompressor::new(Codec::Zstd).unwrap();
        decompressor.push(Buffer::from(bomb.as_slice())).unwrap();
        let mut out = 0;
        let error = loop {
            match decompressor.pull() {
                Ok(piece) => out += piece.unwrap().len() as u64,
                Err(error) => break error,
            }
        };
        assert!(error.message.contains("bomb"), "{error}");
        assert!(out <= RATIO_FROM_BYTES + PIECE_BYTES as u64);
    }
}
