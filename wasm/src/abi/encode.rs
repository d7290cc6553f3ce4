//! Exports of `crate::encode`.
