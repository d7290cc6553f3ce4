//! Rows on their way out of the engine and back into one of the same write, without a schema and in as few steps as that
//! takes: the buffers of their columns, one after the other, behind a list of their sizes. Such a record is for
//! nobody else to read, but for a head of six numbers and the label behind it (`src/engine/bare-head.ts`).

pub mod clustered;
mod join;
mod narrow;

use arrow_array::{Array, RecordBatch, RecordBatchOptions, make_array};
use arrow_buffer::Buffer;
use arrow_data::ArrayData;
use arrow_schema::{DataType, SchemaRef};

use self::join::{Stored, children, join};
use self::narrow::narrow;
use crate::checksum::checksum;
use crate::error::{EngineError, Result};
use crate::kernels::compact::compact;
use crate::kernels::data_size::data_size;

/// Buffers begin at multiples of it, as memory from `ics_alloc` does: they are used where they are.
const ALIGNMENT: usize = 64;

/// A checksum of all that follows (8 bytes), then, 4 bytes each: how many bytes there are, rows, their size by
/// `data_size`, bytes of the label, and how many sizes there are.
const HEAD: usize = 28;
const CHECKSUM: usize = 8;

/// Appends the rows as one record, of a multiple of `ALIGNMENT` bytes; `label` is whatever the caller wants to find there.
fn append(out: &mut Vec<u8>, batch: &RecordBatch, label: &[u8]) -> Result<()> {
    let mut columns: Vec<ArrayData> = batch.columns().iter().map(|column| column.to_data()).collect();
    if !columns.iter().all(is_whole) {
        columns = compact(batch)?.columns().iter().map(|column| column.to_data()).collect();
    }
    let mut sizes = Sizes(Vec::new());
    let mut buffers = Vec::new();
    for column in &columns {
        sizes.add(column, &mut buffers)?;
    }
    let start = padded(sizes_at(label.len()) + 4 * sizes.0.len());
    let total = start + buffers.iter().map(|buffer| padded(buffer.len())).sum::<usize>();
    let at = out.len();
    out.reserve(total);
    out.resize(at + CHECKSUM, 0);
    for number in [total, batch.num_rows(), data_size(batch) as usize, label.len(), sizes.0.len()] {
        out.extend_from_slice(&size(number)?.to_le_bytes());
    }
    out.extend_from_slice(label);
    out.resize(at + sizes_at(label.len()), 0);
    sizes.0.iter().for_each(|size| out.extend_from_slice(&size.to_le_bytes()));
    out.resize(at + start, 0);
    for buffer in &buffers {
        out.extend_from_slice(buffer);
        out.resize(padded(out.len()), 0);
    }
    let checksum = checksum(&out[at + CHECKSUM..]);
    out[at..at + CHECKSUM].copy_from_slice(&checksum.to_le_bytes());
    Ok(())
}

/// The rows of all records in `bytes`. What is no record is an error, whose row is the number of the record.
pub fn read(schema: &SchemaRef, mut bytes: Buffer) -> Result<RecordBatch> {
    let mut columns: Vec<Vec<Stored>> = schema.fields().iter().map(|_| Vec::new()).collect();
    let (mut records, mut rows) = (0, 0);
    while !bytes.is_empty() {
        let damaged = || damaged().at_row(records);
        let mut parts = Parts::new(&bytes).ok_or_else(damaged)?;
        for (field, column) in schema.fields().iter().zip(&mut columns) {
            column.push(parts.column(field.data_type()).filter(|c| c.length == parts.rows).ok_or_else(damaged)?);
        }
        if parts.sizes.len() > 0 {
            return Err(damaged());
        }
        bytes.advance(parts.bytes.len());
        rows += parts.rows;
        records += 1;
    }
    let joined = schema.fields().iter().zip(&columns).map(|(field, column)| {
        let data = join(field.data_type(), &column.iter().collect::<Vec<_>>()).ok_or_else(damaged)?;
        data.validate()?;
        Ok(make_array(data))
    });
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(RecordBatch::try_new_with_options(schema.clone(), joined.collect::<Result<_>>()?, &options)?)
}

fn damaged() -> EngineError {
    EngineError::corrupt("rows that were put out by the engine are not as they were")
}

fn sizes_at(label: usize) -> usize {
    (HEAD + label).next_multiple_of(4)
}

fn padded(bytes: usize) -> usize {
    bytes.next_multiple_of(ALIGNMENT)
}

fn size(of: usize) -> Result<u32> {
    u32::try_from(of).map_err(|_| EngineError::unsupported("a batch of more than 4 GiB"))
}

/// Whether its buffers hold its values and nothing else.
fn is_whole(data: &ArrayData) -> bool {
    let ends = |length: usize| {
        let offsets = data.buffer::<i32>(0);
        offsets.len() == data.len() + 1 && offsets[0] == 0 && offsets[data.len()] as usize == length
    };
    let children = data.child_data();
    data.offset() == 0
        && children.iter().all(is_whole)
        && match data.data_type() {
            DataType::Boolean => data.buffers()[0].len() <= padded(data.len().div_ceil(8)),
            DataType::Utf8 | DataType::Binary => ends(data.buffers()[1].len()),
            DataType::List(_) | DataType::Map(..) => ends(children[0].len()),
            DataType::Struct(_) => children.iter().all(|child| child.len() == data.len()),
            DataType::FixedSizeBinary(width) => data.buffers()[0].len() == data.len() * *width as usize,
            other => other.primitive_width().is_some_and(|width| data.buffers()[0].len() == data.len() * width),
        }
}

/// Of each array, those inside of others behind them: its length, the bytes of its nulls, whether its buffers are narrow,
/// their number, and their bytes.
struct Sizes(Vec<u32>);

impl Sizes {
    fn add(&mut self, data: &ArrayData, buffers: &mut Vec<Buffer>) -> Result<()> {
        self.0.push(size(data.len())?);
        let nulls = data.nulls().filter(|nulls| nulls.null_count() > 0).map(|nulls| nulls.inner().sliced());
        self.0.push(size(nulls.as_ref().map_or(0, Buffer::len))?);
        buffers.extend(nulls);
        let narrow = narrow(data);
        self.0.push(narrow.is_some().into());
        let own = narrow.unwrap_or_else(|| data.buffers().to_vec());
        self.0.push(size(own.len())?);
        for buffer in own {
            self.0.push(size(buffer.len())?);
            buffers.push(buffer);
        }
        data.child_data().iter().try_for_each(|child| self.add(child, buffers))
    }
}

/// What is in a record.
struct Parts {
    rows: usize,
    sizes: std::vec::IntoIter<u32>,
    bytes: Buffer,
    at: usize,
}

impl Parts {
    /// Of the record at the start of `bytes`. None: these are no bytes of `append`, or others by now.
    fn new(bytes: &Buffer) -> Option<Self> {
        let stored = u64::from_le_bytes(*bytes.first_chunk()?);
        let head = bytes.get(CHECKSUM..HEAD)?.as_chunks().0.iter().map(|number| u32::from_le_bytes(*number) as usize);
        let [total, rows, _, label, count] = head.collect::<Vec<_>>().try_into().ok()?;
        if stored != checksum(bytes.get(CHECKSUM..total)?) {
            return None;
        }
        let bytes = bytes.slice_with_length(0, total);
        let start = sizes_at(label);
        let end = start.checked_add(count.checked_mul(4)?)?;
        let sizes = bytes.get(start..end)?.as_chunks().0.iter().map(|size| u32::from_le_bytes(*size));
        let sizes = sizes.collect::<Vec<_>>().into_iter();
        Some(Self { rows, sizes, bytes, at: padded(end) })
    }

    fn next(&mut self) -> Option<usize> {
        self.sizes.next().map(|size| size as usize)
    }

    fn buffer(&mut self, length: usize) -> Option<Buffer> {
        let start = self.at;
        self.at = start.checked_add(padded(length))?;
        (self.at <= self.bytes.len()).then(|| self.bytes.slice_with_length(start, length))
    }

    fn column(&mut self, data_type: &DataType) -> Option<Stored> {
        let length = self.next()?;
        let nulls = match self.next()? {
            0 => None,
            bytes => Some(self.buffer(bytes)?),
        };
        let is_narrow = self.next()? == 1;
        let count = self.next()?;
        let mut buffers = Vec::with_capacity(2);
        for _ in 0..count {
            let bytes = self.next()?;
            buffers.push(self.buffer(bytes)?);
        }
        let children = children(data_type).into_iter().map(|child| self.column(child)).collect::<Option<_>>()?;
        Some(Stored { length, nulls, is_narrow, buffers, children })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::types::{Float64Type, Int32Type};
    use arrow_array::{ArrayRef, ListArray, StringArray};
    use proptest::prelude::*;

    use super::*;
    use crate::kernels::tests::random::{Random, table_batch};

    fn record(batch: &RecordBatch, label: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        append(&mut out, batch, label).unwrap();
        out
    }

    fn there_and_back(batch: &RecordBatch, label: &[u8]) {
        let bytes = record(batch, label);
        assert_eq!(bytes.len() % ALIGNMENT, 0);
        assert_eq!(&bytes[HEAD..HEAD + label.len()], label);
        let back = read(&batch.schema(), bytes.clone().into()).unwrap();
        assert_eq!(&back, batch);
        assert_eq!(record(&back, label).len(), bytes.len());
        for end in (0..bytes.len()).step_by(ALIGNMENT) {
            let error = read(&batch.schema(), [&bytes, &bytes[..end]].concat().into());
            assert_eq!(error.err().map(|e| (e.code, e.row)), (end > 0).then_some(("SOURCE_CORRUPT", Some(1))));
        }
    }

    #[test]
    fn what_all_texts_of_a_record_have_in_common_is_in_it_once() {
        let records = |texts: &dyn Fn(usize) -> String| {
            let texts = StringArray::from_iter_values((0..200).map(texts));
            let batch = RecordBatch::try_from_iter([("a", Arc::new(texts) as ArrayRef)]).unwrap();
            let bytes = record(&batch, b"label");
            let both = [record(&batch.slice(0, 150), b""), record(&batch.slice(150, 50), b"")].concat();
            assert_eq!(read(&batch.schema(), both.into()).unwrap(), batch);
            assert_eq!(read(&batch.schema(), bytes.clone().into()).unwrap(), batch);
            bytes.len()
        };
        // The head with the list of sizes, the one length and what all share.
        let least = 3 * 64;
        assert_eq!(records(&|_| "all of them are the same".into()), least);
        assert_eq!(records(&|i| format!("user-{i:03}@example.com")), least + 640);
        assert!(records(&|i| format!("{i}-without-a-shared-start")) < 3000);
        assert!(records(&|i| if i == 9 { String::new() } else { "not in all".into() }) > 2000);
    }

    #[test]
    fn records_whose_lists_are_all_empty_come_back_as_one_batch() {
        let numbers = ListArray::from_iter_primitive::<Int32Type, Vec<_>, _>([Some(vec![]), None]);
        let doubles = ListArray::from_iter_primitive::<Float64Type, Vec<_>, _>([None, Some(vec![])]);
        let columns = [("a", Arc::new(numbers) as ArrayRef), ("b", Arc::new(doubles))];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let bytes = [record(&batch.slice(0, 1), b""), record(&batch.slice(1, 1), b"")].concat();
        assert_eq!(read(&batch.schema(), bytes.into()).unwrap(), batch);
    }

    proptest! {
        #[test]
        fn rows_of_every_type_come_back(seed: u64, rows in 1..40usize, from in 0..40usize, label: Vec<u8>) {
            let batch = table_batch(&mut Random::new(seed), rows);
            there_and_back(&batch, &label);
            let from = from % rows;
            there_and_back(&batch.slice(from, 1 + (rows - from) / 2), &label);
        }

        #[test]
        fn records_come_back_as_one_batch(seed: u64, cuts in prop::collection::vec(1..20usize, 1..6)) {
            let batch = table_batch(&mut Random::new(seed), cuts.iter().sum());
            let (mut bytes, mut from) = (Vec::new(), 0);
            for rows in cuts {
                append(&mut bytes, &batch.slice(from, rows), b"").unwrap();
                from += rows;
            }
            assert_eq!(read(&batch.schema(), bytes.into()).unwrap(), batch);
        }

        #[test]
        fn whatever_has_changed_is_found(seed: u64, at: prop::sample::Index, bit in 0..8u32) {
            let batch = table_batch(&mut Random::new(seed), 5);
            let mut bytes = record(&batch, b"label");
            *at.get_mut(&mut bytes) ^= 1 << bit;
            assert_eq!(read(&batch.schema(), bytes.into()).unwrap_err().code, "SOURCE_CORRUPT");
        }
    }
}
