//! 16 bytes that are copied at once.

/// Within functions that have the target feature; without it, two halves.
#[cfg(target_arch = "wasm32")]
pub type Wide = core::arch::wasm32::v128;
#[cfg(not(target_arch = "wasm32"))]
pub type Wide = u128;
