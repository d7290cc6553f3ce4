//! Batches as one record batch of an IPC stream. Their buffers are not joined here: they come as segments, so that the
//! copy out, which must be made anyway, is what joins them.

use std::ops::Range;

use arrow_array::{Array, OffsetSizeTrait, RecordBatch};
use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder, Buffer, NullBuffer};
use arrow_data::ArrayData;
use arrow_ipc::writer::StreamEncoder;
use arrow_ipc::{FieldNode, MessageBuilder, MessageHeader, MetadataVersion, RecordBatchBuilder};
use arrow_schema::DataType;
use flatbuffers::FlatBufferBuilder;

use crate::error::Result;

/// What arrow-ipc aligns buffers and messages to.
const ALIGNMENT: usize = 64;
const CONTINUATION: [u8; 4] = [255; 4];
/// The continuation mark and the length of the metadata.
const PREFIX: usize = 8;
/// The mark at the end of a stream.
const END: usize = 8;

/// The rows of `batches`, which have one schema. None: there are none, or a type that is not gathered, or more bytes of
/// text than 32-bit offsets reach.
pub fn stream(batches: &[RecordBatch]) -> Result<Option<Vec<Buffer>>> {
    let Some(first) = batches.first() else { return Ok(None) };
    let mut body = Body::default();
    for column in 0..first.num_columns() {
        let chunks: Vec<_> = batches.iter().map(|b| b.column(column).to_data()).collect();
        if body.column(&chunks).is_none() {
            return Ok(None);
        }
    }
    // Of no batches: the schema, and the end.
    let ends = StreamEncoder::try_new(&first.schema())?.finish()?;
    let ends: Buffer = ends.iter().flat_map(|part| part.iter().copied()).collect();
    let (schema, end) = (ends.slice_with_length(0, ends.len() - END), ends.slice(ends.len() - END));
    let rows = batches.iter().map(RecordBatch::num_rows).sum();
    let mut stream = vec![schema, body.header(rows)];
    stream.extend(body.segments);
    stream.push(end);
    Ok(Some(stream))
}

#[derive(Default)]
struct Body {
    nodes: Vec<FieldNode>,
    buffers: Vec<arrow_ipc::Buffer>,
    segments: Vec<Buffer>,
    bytes: usize,
}

impl Body {
    /// Adds a buffer that is the pieces one after the other.
    fn buffer(&mut self, pieces: impl IntoIterator<Item = Buffer>) {
        let start = self.bytes;
        for piece in pieces {
            self.bytes += piece.len();
            self.segments.push(piece);
        }
        self.buffers.push(arrow_ipc::Buffer::new(start as i64, (self.bytes - start) as i64));
        let padding = self.bytes.next_multiple_of(ALIGNMENT) - self.bytes;
        self.bytes += padding;
        self.segments.push(vec![0_u8; padding].into());
    }

    fn column(&mut self, chunks: &[ArrayData]) -> Option<()> {
        let rows: usize = chunks.iter().map(ArrayData::len).sum();
        let nulls: usize = chunks.iter().map(ArrayData::null_count).sum();
        self.nodes.push(FieldNode::new(rows as i64, nulls as i64));
        let valid = |chunk: &ArrayData| chunk.nulls().map(NullBuffer::inner).cloned();
        self.buffer((nulls > 0).then(|| bits(chunks, valid)));
        let slots = |chunk: &ArrayData| chunk.offset()..chunk.offset() + chunk.len();
        match chunks.first()?.data_type() {
            DataType::Boolean => {
                self.buffer([bits(chunks, |chunk| {
                    Some(BooleanBuffer::new(chunk.buffers()[0].clone(), chunk.offset(), chunk.len()))
                })]);
            }
            DataType::Utf8 | DataType::Binary => self.bytes_of::<i32>(chunks)?,
            DataType::LargeUtf8 | DataType::LargeBinary => self.bytes_of::<i64>(chunks)?,
            DataType::List(_) | DataType::Map(..) => {
                let ranges = self.offsets::<i32>(chunks)?;
                self.children(chunks, 0, ranges)?;
            }
            DataType::LargeList(_) => {
                let ranges = self.offsets::<i64>(chunks)?;
                self.children(chunks, 0, ranges)?;
            }
            DataType::Struct(fields) => {
                for child in 0..fields.len() {
                    self.children(chunks, child, chunks.iter().map(slots).collect())?;
                }
            }
            fixed => {
                let width = match fixed {
                    DataType::FixedSizeBinary(width) => *width as usize,
                    other => other.primitive_width()?,
                };
                let values = |chunk: &ArrayData| {
                    chunk.buffers()[0].slice_with_length(chunk.offset() * width, chunk.len() * width)
                };
                self.buffer(chunks.iter().map(values));
            }
        }
        Some(())
    }

    fn children(&mut self, chunks: &[ArrayData], child: usize, ranges: Vec<Range<usize>>) -> Option<()> {
        let children = chunks.iter().zip(ranges);
        let children: Vec<_> =
            children.map(|(chunk, range)| chunk.child_data()[child].slice(range.start, range.len())).collect();
        self.column(&children)
    }

    fn bytes_of<O: OffsetSizeTrait>(&mut self, chunks: &[ArrayData]) -> Option<()> {
        let ranges = self.offsets::<O>(chunks)?;
        let values = chunks.iter().zip(ranges);
        self.buffer(values.map(|(chunk, range)| chunk.buffers()[1].slice_with_length(range.start, range.len())));
        Some(())
    }

    /// Offsets of all chunks as of one; answers what the offsets of each span. None: they are too large for their type.
    fn offsets<O: OffsetSizeTrait>(&mut self, chunks: &[ArrayData]) -> Option<Vec<Range<usize>>> {
        let rows: usize = chunks.iter().map(ArrayData::len).sum();
        let mut all = Vec::with_capacity(rows + 1);
        all.push(O::zero());
        let mut ranges = Vec::with_capacity(chunks.len());
        let mut total = O::zero();
        for chunk in chunks {
            if chunk.is_empty() {
                ranges.push(0..0);
                continue;
            }
            let offsets = &chunk.buffers()[0].typed_data::<O>()[chunk.offset()..=chunk.offset() + chunk.len()];
            let (first, last) = (offsets[0], offsets[chunk.len()]);
            let shift = total - first;
            total = O::from_usize(total.as_usize().checked_add((last - first).as_usize())?)?;
            all.extend(offsets[1..].iter().map(|offset| *offset + shift));
            ranges.push(first.as_usize()..last.as_usize());
        }
        self.buffer([Buffer::from_vec(all)]);
        Some(ranges)
    }

    /// The message before the body.
    fn header(&self, rows: usize) -> Buffer {
        let mut builder = FlatBufferBuilder::new();
        let buffers = builder.create_vector(&self.buffers);
        let nodes = builder.create_vector(&self.nodes);
        let mut batch = RecordBatchBuilder::new(&mut builder);
        batch.add_length(rows as i64);
        batch.add_nodes(nodes);
        batch.add_buffers(buffers);
        let batch = batch.finish();
        let mut message = MessageBuilder::new(&mut builder);
        message.add_version(MetadataVersion::V5);
        message.add_header_type(MessageHeader::RecordBatch);
        message.add_bodyLength(self.bytes as i64);
        message.add_header(batch.as_union_value());
        let message = message.finish();
        builder.finish(message, None);
        let metadata = builder.finished_data();
        let whole = (PREFIX + metadata.len()).next_multiple_of(ALIGNMENT);
        let mut bytes = CONTINUATION.to_vec();
        bytes.extend(((whole - PREFIX) as u32).to_le_bytes());
        bytes.extend(metadata);
        bytes.resize(whole, 0);
        bytes.into()
    }
}

/// The bits of all chunks; `of` says those of one, None: all are set.
fn bits(chunks: &[ArrayData], of: impl Fn(&ArrayData) -> Option<BooleanBuffer>) -> Buffer {
    let mut all = BooleanBufferBuilder::new(chunks.iter().map(ArrayData::len).sum());
    for chunk in chunks {
        match of(chunk) {
            Some(bits) => all.append_buffer(&bits),
            None => all.append_n(chunk.len(), true),
        }
    }
    all.finish().into_inner()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::types::Int8Type;
    use arrow_array::*;
    use arrow_buffer::OffsetBuffer;
    use arrow_schema::Field;
    use proptest::prelude::*;

    use super::*;
    use crate::ipc::IpcReader;
    use crate::kernels::tests::random::{Random, table_batch};

    fn gathered(batches: &[RecordBatch]) -> Option<Vec<RecordBatch>> {
        let bytes: Buffer = stream(batches).unwrap()?.iter().flat_map(|part| part.iter().copied()).collect();
        let mut reader = IpcReader::default();
        let mut checked = reader.push(bytes.clone()).unwrap();
        checked.extend(reader.finish().unwrap());
        // SAFETY: they were just made, and were checked.
        assert_eq!(unsafe { IpcReader::read_trusted(bytes) }.unwrap(), checked);
        Some(checked)
    }

    proptest! {
        #[test]
        fn batches_come_back_as_one(seed: u64, cuts in prop::collection::vec(0..20usize, 1..6)) {
            let rows = cuts.iter().sum();
            for all in [table_batch(&mut Random::new(seed), rows), nested_batch(&mut Random::new(seed), rows)] {
                let mut from = 0;
                let mut batches = Vec::new();
                for rows in &cuts {
                    batches.push(all.slice(from, *rows));
                    from += rows;
                }
                prop_assert_eq!(gathered(&batches), Some(vec![all]));
            }
        }
    }

    /// Nulls at every level, lists of lists, structs that hold lists.
    fn nested_batch(random: &mut Random, rows: usize) -> RecordBatch {
        let text = |random: &mut Random, rows: usize| {
            (0..rows).map(|_| (random.below(3) > 0).then(|| random.text())).collect::<LargeStringArray>()
        };
        let list = |random: &mut Random, values: &mut dyn FnMut(&mut Random, usize) -> ArrayRef, rows: usize| {
            let offsets = OffsetBuffer::<i32>::from_lengths((0..rows).map(|_| random.below(4)).collect::<Vec<_>>());
            let values = values(random, offsets.last() as usize);
            let field = Field::new("element", values.data_type().clone(), true);
            ListArray::new(field.into(), offsets, values, random.nulls(rows))
        };
        let mut texts = |random: &mut Random, rows: usize| Arc::new(text(random, rows)) as ArrayRef;
        let mut lists = |random: &mut Random, rows: usize| Arc::new(list(random, &mut texts, rows)) as ArrayRef;
        let deep = Arc::new(list(random, &mut lists, rows)) as ArrayRef;
        let members = [lists(random, rows), Arc::new(text(random, rows))];
        let fields = members.iter().map(|m| Field::new(m.data_type().to_string(), m.data_type().clone(), true));
        let group = StructArray::new(fields.collect(), members.to_vec(), random.nulls(rows));
        let nothing = FixedSizeBinaryArray::try_new_with_len(0, Buffer::default(), random.nulls(rows), rows).unwrap();
        let columns = [("deep", deep), ("group", Arc::new(group)), ("nothing", Arc::new(nothing))];
        RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true))).unwrap()
    }

    #[test]
    fn buffers_are_where_arrow_wants_them() {
        let column = |values: Vec<i32>| Arc::new(Int32Array::from(values)) as ArrayRef;
        let batches = [vec![1], vec![], vec![2, 3]].map(|v| RecordBatch::try_from_iter([("a", column(v))]).unwrap());
        let mut at = 0;
        for part in stream(&batches).unwrap().unwrap() {
            let begins = part.iter().copied().eq([1, 0, 0, 0]);
            assert!(!begins || at % ALIGNMENT == 0, "at {at}");
            at += part.len();
        }
        assert_eq!(at % 8, 0);
    }

    #[test]
    fn what_is_not_gathered_is_said() {
        let words: DictionaryArray<Int8Type> = ["a", "b", "a"].into_iter().collect();
        let views = StringViewArray::from(vec!["a", "b", "c"]);
        let text = Arc::new(StringArray::from(vec!["a", "b", "c"])) as ArrayRef;
        for column in [Arc::new(words) as ArrayRef, Arc::new(views)] {
            let batch = RecordBatch::try_from_iter([("text", text.clone()), ("other", column)]).unwrap();
            assert_eq!(gathered(&[batch.clone(), batch]), None);
        }
        assert_eq!(gathered(&[]), None);
    }
}
