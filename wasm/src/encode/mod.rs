//! Record batches to Parquet.
