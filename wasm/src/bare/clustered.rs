//! Rows in the order of their partitions' keys, a piece at a time.

use std::collections::VecDeque;

use arrow_schema::SchemaRef;

use super::append;
use crate::error::Result;
use crate::kernels::concat::concat;
use crate::kernels::data_size::data_size;
use crate::kernels::partition::Part;

pub struct Clustered {
    schema: SchemaRef,
    /// By key, those of one key in their order.
    parts: VecDeque<(Vec<u8>, Part)>,
    /// Of the rows of one key in one piece, unless a single row has more.
    piece_bytes: usize,
    /// The key whose rows are cut, and how many of them are a piece.
    cut: Option<(Vec<u8>, usize)>,
}

impl Clustered {
    pub fn new(schema: SchemaRef, parts: Vec<Part>, piece_bytes: usize) -> Self {
        let mut parts: Vec<_> = parts.into_iter().map(|part| (part.key(), part)).collect();
        parts.sort_by(|(a, _), (b, _)| a.cmp(b));
        Self { schema, parts: parts.into(), piece_bytes, cut: None }
    }

    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The next piece: its key and its rows, whose number is the same for the same rows, however they came in batches.
    pub fn next_piece(&mut self) -> Result<Option<(Vec<u8>, Part)>> {
        let Some((key, first)) = self.parts.front() else { return Ok(None) };
        let (key, values, first_row) = (key.clone(), first.values.clone(), first.first_row);
        let piece_rows = self.piece_rows(&key);
        let mut batches = Vec::new();
        let mut missing = piece_rows;
        while missing > 0
            && let Some((_, part)) = self.parts.front_mut().filter(|(other, _)| *other == key)
        {
            let rows = part.batch.num_rows();
            if rows > missing {
                batches.push(part.batch.slice(0, missing));
                part.batch = part.batch.slice(missing, rows - missing);
                break;
            }
            missing -= rows;
            batches.extend(self.parts.pop_front().map(|(_, part)| part.batch));
        }
        let batch = concat(&batches)?;
        Ok(Some((key, Part { values, first_row, batch })))
    }

    /// Pieces as records, labelled with their keys: at least so many bytes, unless no rows are left. They follow each
    /// other in blocks that have room for what is in them: one that grows is there twice.
    pub fn records(&mut self, at_least: usize) -> Result<Vec<Vec<u8>>> {
        let mut full = Vec::new();
        // What is over at the end is in most cases less than an eighth.
        let mut out = Vec::with_capacity(at_least + at_least / 8);
        let mut bytes = 0;
        while bytes < at_least
            && let Some((key, part)) = self.next_piece()?
        {
            let size = data_size(&part.batch) as usize;
            // With its head, and what fills up to borders.
            if size + size / 16 > out.capacity() - out.len() {
                full.push(std::mem::take(&mut out));
            }
            let before = out.len();
            append(&mut out, &part.batch, &key)?;
            bytes += out.len() - before;
        }
        full.push(out);
        full.retain(|block| !block.is_empty());
        Ok(full)
    }

    fn piece_rows(&mut self, key: &[u8]) -> usize {
        if let Some((cut, rows)) = &self.cut
            && cut == key
        {
            return *rows;
        }
        let same = || self.parts.iter().take_while(|(other, _)| other == key).map(|(_, part)| &part.batch);
        let rows: u64 = same().map(|batch| batch.num_rows() as u64).sum();
        let bytes: u64 = same().map(data_size).sum();
        let piece = (rows * self.piece_bytes as u64 / bytes.max(1)).max(1) as usize;
        self.cut = Some((key.to_vec(), piece));
        piece
    }
}
