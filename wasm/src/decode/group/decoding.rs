//! The next batch of a row group, whose pages are there.

use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::Schema;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, RowSelection, RowSelector};
use parquet::arrow::{ProjectionMask, parquet_to_arrow_field_levels};

use super::super::leaf_pages::GroupPages;
use super::super::metadata::{arrow_corrupt, corrupt};
use super::super::selection::Bridged;
use super::Group;
use crate::error::{EngineError, Result};

impl Group {
    pub(super) fn decode(&mut self, bridged: Option<&Bridged>) -> Result<RecordBatch> {
        self.leave_foreign_pages()?;
        let wanted = self.left.min(self.batch_rows as u64) as usize;
        let decoded = if self.columns.iter().any(Option::is_none) { Some(self.decode_others(wanted)?) } else { None };
        let mut others = decoded.iter().flat_map(|batch| batch.schema_ref().fields().iter().zip(batch.columns()));
        let (mut fields, mut arrays) = (Vec::new(), Vec::new());
        for (root, column) in self.plan.roots.iter().zip(&mut self.columns) {
            let (field, array) = match column {
                Some(column) => {
                    let array = match bridged {
                        Some(bridged) if column.has_bridges() => column.read_bridged(bridged)?,
                        _ => column.read(wanted, self.selection.steps(self.row, wanted as u64))?,
                    };
                    (root.field.clone(), array)
                }
                None => others
                    .next()
                    .map(|(field, array)| (field.clone(), array.clone()))
                    .ok_or_else(|| EngineError::failed(format!("column {} was not decoded", root.field.name())))?,
            };
            fields.push(field);
            arrays.push(array);
        }
        drop(others);
        self.row = self.selection.steps_end(self.row, wanted as u64);
        self.left -= wanted as u64;
        for leaf in &self.leaves {
            leaf.lock().forget_before(self.row);
        }
        // The file's key-value metadata is no part of a batch.
        let schema = self.schema.get_or_insert_with(|| Arc::new(Schema::new(fields))).clone();
        let options = RecordBatchOptions::new().with_row_count(Some(wanted));
        RecordBatch::try_new_with_options(schema, arrays, &options).map_err(|e| arrow_corrupt(&e))
    }

    /// Columns with pages that they cannot read go to the decoder.
    fn leave_foreign_pages(&mut self) -> Result<()> {
        for column in &mut self.columns {
            if let Some(left) = column.as_ref()
                && left.leave_foreign_pages()?
            {
                (*column, self.decoder, self.schema) = (None, None, None);
            }
        }
        Ok(())
    }

    /// The fields that are not columns.
    fn decode_others(&mut self, wanted: usize) -> Result<RecordBatch> {
        if self.decoder.as_ref().is_none_or(|(_, rows)| *rows != self.batch_rows && *rows != wanted) {
            self.decoder = None;
            self.decoder = Some((self.new_decoder(wanted)?, wanted));
        }
        let next = self.decoder.as_mut().and_then(|(decoder, _)| decoder.next());
        let batch = next.transpose().map_err(|e| self.placed(arrow_corrupt(&e)))?;
        let batch = batch.filter(|batch| batch.num_rows() == wanted);
        let short = || EngineError::corrupt(format!("it ends {} rows before the footer says", self.left));
        batch.ok_or_else(short)
    }

    /// Of all rows of the row group, for a decoder that begins with the first.
    fn decoder_selection(&self) -> RowSelection {
        let mut before = self.row as usize;
        let steps = self.selection.steps(self.row, self.left).flat_map(|step| {
            let skip = step.skip + std::mem::take(&mut before);
            [RowSelector::skip(skip), RowSelector::select(step.take)]
        });
        // Of many short ranges the decoder would read everything between, also pages that are not there; how many are
        // many depends on all rows, and rows to skip at the end cost nothing.
        steps.chain([RowSelector::skip(usize::MAX / 4)]).collect()
    }

    /// The leaves of the fields that are not columns.
    fn other_leaves(&self) -> Vec<usize> {
        let roots = self.plan.roots.iter().zip(&self.columns).filter(|(_, column)| column.is_none());
        let leaves = roots.flat_map(|(root, _)| root.leaves.clone());
        leaves.filter(|leaf| self.plan.leaves.binary_search(leaf).is_ok()).collect()
    }

    /// The decoder does not say which leaf is wrong; where it reads one, that one is.
    fn placed(&self, e: EngineError) -> EngineError {
        let [leaf] = self.other_leaves()[..] else { return e };
        e.at_column(self.plan.metadata.file_metadata().schema_descr().column(leaf).path().string())
    }

    /// `batch_rows`: not more than are left, as the decoder reserves memory for them.
    fn new_decoder(&mut self, batch_rows: usize) -> Result<ParquetRecordBatchReader> {
        let decoded = self.other_leaves();
        let rows = self.plan.metadata.row_group(self.index).num_rows() as u64;
        let selection = (self.row > 0 || !self.selection.is_whole(rows)).then(|| self.decoder_selection());
        if self.row > 0 {
            for leaf in &self.leaves {
                let mut leaf = leaf.lock();
                if decoded.binary_search(&leaf.index).is_ok() {
                    leaf.rewind()?;
                }
            }
        }
        let descriptor = self.plan.metadata.file_metadata().schema_descr();
        let mask = ProjectionMask::leaves(descriptor, decoded);
        let levels =
            parquet_to_arrow_field_levels(descriptor, mask, Some(self.plan.schema.fields())).map_err(corrupt)?;
        let pages = GroupPages { metadata: &self.plan.metadata, index: self.index, leaves: &self.leaves };
        ParquetRecordBatchReader::try_new_with_row_groups(&levels, &pages, batch_rows, selection).map_err(corrupt)
    }
}
