//! The icestream engine: Arrow record batches in wasm memory, read from Arrow IPC, text and Parquet, cast and
//! partitioned, and encoded as Parquet. Pure modules here, the C exports in `abi`.

pub mod abi;
pub mod bare;
pub mod batch;
mod checksum;
#[cfg(feature = "decode")]
pub mod decode;
pub mod decompress;
pub mod encode;
pub mod error;
pub mod footer;
pub mod handles;
mod hex;
pub mod ipc;
pub mod kernels;
pub mod memory;
pub mod schema_json;
pub mod text;
