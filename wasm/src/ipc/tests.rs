use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringDictionaryBuilder};
use arrow_array::types::{Int8Type, Int64Type};
use arrow_array::*;
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use arrow_schema::{DataType, Field, UnionFields};

use super::*;

fn batch(rows: i32) -> RecordBatch {
    let mut lists = ListBuilder::new(builder::Int32Builder::new());
    let mut words = StringDictionaryBuilder::<Int8Type>::new();
    for i in 0..rows {
        lists.append_value((0..i % 3).map(Some));
        words.append_value(["one", "two"][i as usize % 2]);
    }
    RecordBatch::try_from_iter_with_nullable([
        ("n", Arc::new((0..rows).collect::<Int32Array>()) as ArrayRef, false),
        ("s", Arc::new((0..rows).map(|i| (i % 5 != 0).then(|| format!("text {i}"))).collect::<StringArray>()), true),
        (
            "v",
            Arc::new(
                (0..rows).map(|i| Some(format!("a view of more than twelve bytes {i}"))).collect::<StringViewArray>(),
            ),
            true,
        ),
        ("l", Arc::new(lists.finish()), true),
        ("d", Arc::new(words.finish()), true),
        ("b", Arc::new((0..rows).map(|i| Some(i % 2 == 0)).collect::<BooleanArray>()), true),
    ])
    .unwrap()
}

fn stream(batches: &[RecordBatch], compression: Option<CompressionType>) -> Vec<u8> {
    let options = IpcWriteOptions::default().try_with_compression(compression).unwrap();
    let mut writer = StreamWriter::try_new_with_options(Vec::new(), &batches[0].schema(), options).unwrap();
    batches.iter().for_each(|b| writer.write(b).unwrap());
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}

fn file(batches: &[RecordBatch]) -> Vec<u8> {
    let mut writer = FileWriter::try_new(Vec::new(), &batches[0].schema()).unwrap();
    batches.iter().for_each(|b| writer.write(b).unwrap());
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}

fn read(bytes: &[u8], step: usize) -> Result<Vec<RecordBatch>> {
    let mut reader = IpcReader::default();
    let mut batches = Vec::new();
    for chunk in bytes.chunks(step) {
        batches.extend(reader.push(Buffer::from(chunk))?);
    }
    batches.extend(reader.finish()?);
    Ok(batches)
}

/// As a host does that puts bodies where they belong.
fn read_placed(bytes: &[u8], step: usize) -> Result<Vec<RecordBatch>> {
    let mut reader = IpcReader::default();
    let mut batches = Vec::new();
    for mut chunk in bytes.chunks(step) {
        while !chunk.is_empty() {
            let count = match reader.room(chunk.len())? {
                Some((place, count)) => {
                    // SAFETY: there is room for so many bytes, and nothing happens in between.
                    batches.extend(unsafe {
                        place.copy_from_nonoverlapping(chunk.as_ptr(), count);
                        reader.filled(count)
                    }?);
                    count
                }
                None => {
                    let count = chunk.len().min(LEAST_ROOM);
                    batches.extend(reader.push(Buffer::from(&chunk[..count]))?);
                    count
                }
            };
            chunk = &chunk[count..];
        }
    }
    batches.extend(reader.finish()?);
    Ok(batches)
}

#[test]
fn bodies_may_be_put_where_they_belong() {
    let all = batch(13_000);
    let batches = [all.slice(0, 3), all.slice(3, 4_000), all.slice(9, 0), all.slice(4_003, 8_997)];
    for bytes in [
        stream(&batches, None),
        stream(&batches, Some(CompressionType::ZSTD)),
        stream(&batches, Some(CompressionType::LZ4_FRAME)),
        file(&batches),
    ] {
        for step in [97, 8 << 10, LEAST_ROOM, LEAST_ROOM + 1, 100_000, bytes.len()] {
            assert_eq!(read_placed(&bytes, step).unwrap(), batches, "{step}");
        }
        for end in (0..bytes.len() - 12).step_by(5_003) {
            let told = |read: Result<Vec<RecordBatch>>| read.map_err(|e| e.message);
            assert_eq!(told(read_placed(&bytes[..end], 30_000)), told(read(&bytes[..end], 30_000)), "{end}");
        }
    }
}

#[test]
fn any_cut_of_the_bytes_gives_the_same_batches() {
    // One dictionary: the file writer refuses to replace it.
    let batches = vec![batch(100), batch(100).slice(3, 0), batch(100).slice(50, 7)];
    for bytes in [
        stream(&batches, None),
        stream(&batches, Some(CompressionType::LZ4_FRAME)),
        stream(&batches, Some(CompressionType::ZSTD)),
        file(&batches),
    ] {
        for step in [1, 3, 8, 100, 4096, bytes.len()] {
            assert_eq!(read(&bytes, step).unwrap(), batches);
        }
    }
}

#[test]
fn the_schema_is_known_as_soon_as_its_message_is_there() {
    let schema = batch(0).schema();
    let bytes = stream(&[batch(0)], None);
    let mut reader = IpcReader::default();
    let mut known_at = 0;
    for (i, byte) in bytes.iter().enumerate() {
        reader.push(Buffer::from([*byte])).unwrap();
        if reader.schema().is_some() {
            known_at = i + 1;
            break;
        }
    }
    let length = 8 + u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]) as usize;
    assert_eq!(known_at, length);
    assert_eq!(reader.schema().map(|s| s.fields().len()), Some(schema.fields().len()));
}

#[test]
fn batches_without_a_body_are_not_lost() {
    let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Null, true)]));
    let rows = |n| RecordBatch::try_new(schema.clone(), vec![Arc::new(NullArray::new(n)) as ArrayRef]).unwrap();
    let bytes = stream(&[rows(3), rows(2)], None);
    for end in [bytes.len(), bytes.len() - 8] {
        for step in [1, end] {
            let counts: Vec<_> = read(&bytes[..end], step).unwrap().iter().map(|b| b.num_rows()).collect();
            assert_eq!(counts, [3, 2]);
        }
    }
}

#[test]
fn a_file_may_have_its_schema_in_its_footer_alone() {
    let batches = vec![batch(100), batch(100).slice(50, 7)];
    let with = file(&batches);
    // The magic is padded to 64 bytes; then comes the schema's message.
    let length = u32::from_le_bytes([with[68], with[69], with[70], with[71]]) as usize;
    let without = [&with[..64], &with[72 + length..]].concat();
    for step in [1, 100, without.len()] {
        assert_eq!(read(&without, step).unwrap(), batches);
    }
    for end in (1..without.len()).step_by(7) {
        assert_eq!(read(&without[..end], 512).unwrap_err().code, "SOURCE_CORRUPT", "{end}");
    }
}

#[test]
fn every_cut_within_a_message_is_refused() {
    let stream = stream(&[batch(20)], None);
    // The last eight bytes are the end marker, which a stream may lack.
    for end in 1..stream.len() - 8 {
        let whole = read(&stream[..end], 512);
        match whole {
            Err(e) => assert_eq!(e.code, "SOURCE_CORRUPT", "{end}"),
            // Between messages: the schema, the dictionary, the batch.
            Ok(batches) => assert!(batches.is_empty(), "{end}"),
        }
    }
    let file = file(&[batch(20)]);
    for end in 1..file.len() {
        assert_eq!(read(&file[..end], 512).unwrap_err().code, "SOURCE_CORRUPT", "{end}");
    }
    assert_eq!(read(&[], 1).unwrap_err().code, "SOURCE_EMPTY");
}

#[test]
fn bytes_after_the_end_are_refused() {
    let mut bytes = stream(&[batch(5)], None);
    bytes.extend(stream(&[batch(5)], None));
    assert_eq!(read(&bytes, 512).unwrap_err().code, "SOURCE_CORRUPT");
}

fn one(array: impl Array + 'static) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable([("c", Arc::new(array) as ArrayRef, true)]).unwrap()
}

/// Every place of these four bytes (or eight, of a longer number) set to others; what reading then says.
fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<EngineError> {
    let places = (0..bytes.len() - from.len()).step_by(4).filter(|at| bytes[*at..].starts_with(from));
    let read_with = |at: usize| {
        let mut broken = bytes.to_vec();
        broken[at..at + to.len()].copy_from_slice(to);
        read(&broken, 1 << 20).err()
    };
    places.filter_map(read_with).collect()
}

fn union(mode_of: impl Fn(ScalarBuffer<i32>) -> Option<ScalarBuffer<i32>>, rows: usize) -> UnionArray {
    let children: Vec<ArrayRef> = vec![
        Arc::new((0..rows as i64).collect::<Int64Array>()),
        Arc::new((0..rows).map(|i| Some(format!("text {i}"))).collect::<StringArray>()),
    ];
    let fields = [("n", DataType::Int64), ("s", DataType::Utf8)].map(|(name, t)| Field::new(name, t, true));
    let ids = (0..rows).map(|i| (i % 2) as i8).collect();
    let offsets = mode_of((0..rows as i32).collect());
    UnionArray::try_new(UnionFields::try_new([0, 1], fields).unwrap(), ids, offsets, children).unwrap()
}

#[test]
fn unions_are_read_wherever_the_stream_was_cut() {
    for batch in [one(union(Some, 40)), one(union(|_| None, 40))] {
        let bytes = stream(std::slice::from_ref(&batch), None);
        for lead in 0..8 {
            // As in a piece of a file that begins with the end of another message.
            let mut shifted = vec![0; lead];
            shifted.extend(&bytes);
            let mut reader = IpcReader::default();
            assert_eq!(reader.push(Buffer::from_vec(shifted).slice(lead)).unwrap(), std::slice::from_ref(&batch));
        }
    }
}

#[test]
fn sizes_that_no_list_or_value_has_are_refused() {
    let numbers = Arc::new((0..21).collect::<Int32Array>());
    let element = Arc::new(Field::new("element", DataType::Int32, true));
    let lists = stream(&[one(FixedSizeListArray::try_new(element, 7, numbers, None).unwrap())], None);
    for size in [i32::MIN, -7, 8, 1 << 30, i32::MAX] {
        let found = replaced(&lists, &7i32.to_le_bytes(), &size.to_le_bytes());
        assert!(found.iter().any(|e| e.message.contains("lists ") && e.column.as_deref() == Some("c")), "{found:?}");
    }
    let values =
        FixedSizeBinaryArray::try_from_iter(["seven b", "ytes, t", "hrice .."].map(|s| &s.as_bytes()[..7]).into_iter());
    let values = stream(&[one(values.unwrap())], None);
    let found = replaced(&values, &7i32.to_le_bytes(), &(-7i32).to_le_bytes());
    assert!(found.iter().any(|e| e.message.contains("negative size")), "{found:?}");
}

#[test]
fn list_views_beyond_their_values_are_refused() {
    let element = Arc::new(Field::new("element", DataType::Int32, true));
    let numbers = Arc::new((0..400).map(|i| i % 2).collect::<Int32Array>());
    let offsets = (0..100).map(|i| i % 3).collect();
    let sizes = std::iter::repeat_n(77, 100).collect();
    let views = one(LargeListViewArray::try_new(element, offsets, sizes, numbers, None).unwrap());
    let plain = stream(std::slice::from_ref(&views), None);
    // The sum of two of them is 0 in 64 bits, and less than it is in 32.
    for size in [i64::MIN, i64::from(u32::MAX), 1 << 31, -1] {
        let found = replaced(&plain, &77i64.to_le_bytes(), &size.to_le_bytes());
        assert!(
            found.iter().all(|e| e.message.contains("outside of its values")) && !found.is_empty(),
            "{:?}",
            found.first()
        );
    }
    for codec in [CompressionType::ZSTD, CompressionType::LZ4_FRAME] {
        assert_eq!(read(&stream(std::slice::from_ref(&views), Some(codec)), 64).unwrap(), [views.clone()]);
    }
}

#[test]
fn runs_that_end_beyond_any_row_are_refused() {
    let values = Int32Array::from(vec![Some(1), None]);
    let runs = one(RunArray::<Int64Type>::try_new(&Int64Array::from(vec![77, 154]), &values).unwrap());
    let plain = stream(std::slice::from_ref(&runs), None);
    assert_eq!(read(&plain, 64).unwrap(), [runs]);
    // The first would be a row of the batch in 32 bits.
    for end in [(1 << 32) + 154, i64::MAX, -1] {
        let found = replaced(&plain, &154i64.to_le_bytes(), &end.to_le_bytes());
        assert!(found.iter().any(|e| e.code == "SOURCE_CORRUPT" && e.message.contains("runs of more")), "{found:?}");
    }
}

#[test]
fn a_time_zone_without_a_name_is_none() {
    let times = || TimestampMicrosecondArray::from(vec![Some(-1), None]);
    let list = |times: TimestampMicrosecondArray| {
        let element = Arc::new(Field::new("item", times.data_type().clone(), true));
        one(ListArray::try_new(element, OffsetBuffer::from_lengths([2, 0]), Arc::new(times), None).unwrap())
    };
    assert_eq!(read(&stream(&[one(times().with_timezone(""))], None), 64).unwrap(), [one(times())]);
    assert_eq!(read(&stream(&[list(times().with_timezone(""))], None), 64).unwrap(), [list(times())]);
    let utc = one(times().with_timezone("UTC"));
    assert_eq!(read(&stream(std::slice::from_ref(&utc), None), 64).unwrap(), [utc]);
}

#[test]
fn big_endian_numbers_are_refused() {
    let mut to = flatbuffers::FlatBufferBuilder::new();
    let mut schema = arrow_ipc::SchemaBuilder::new(&mut to);
    schema.add_endianness(arrow_ipc::Endianness::Big);
    let schema = schema.finish();
    let mut message = arrow_ipc::MessageBuilder::new(&mut to);
    message.add_version(arrow_ipc::MetadataVersion::V5);
    message.add_header_type(MessageHeader::Schema);
    message.add_header(schema.as_union_value());
    let message = message.finish();
    to.finish(message, None);
    let metadata = to.finished_data();
    let length = (metadata.len() as u32).to_le_bytes();
    let e = read(&[&[0xff; 4], &length[..], metadata].concat(), 64).unwrap_err();
    assert_eq!(e.code, "UNSUPPORTED");
    assert!(e.message.contains("big-endian"), "{e}");
}

#[test]
fn columns_too_deep_are_not_damaged() {
    let nested = |depth: usize| {
        let mut array: ArrayRef = Arc::new(Int32Array::from(vec![1, 2]));
        for _ in 0..depth {
            array =
                Arc::new(StructArray::from(vec![(Arc::new(Field::new("x", array.data_type().clone(), false)), array)]));
        }
        stream(&[RecordBatch::try_from_iter([("c", array)]).unwrap()], None)
    };
    let deepest = (1..100).take_while(|depth| read(&nested(*depth), 512).is_ok()).last();
    assert_eq!(deepest, Some(MAX_DEPTH));
    let e = read(&nested(MAX_DEPTH + 1), 512).unwrap_err();
    assert_eq!(e.code, "UNSUPPORTED");
    assert!(e.message.contains(&MAX_DEPTH.to_string()), "{}", e.message);
}

#[test]
fn a_column_that_must_have_values_is_named_when_it_has_none() {
    let bytes = stream(&[one(Int32Array::from(vec![Some(1), None]))], None);
    // Of a field's table, one byte says that it may be null.
    let refused = (0..bytes.len()).filter(|at| bytes[*at] == 1).filter_map(|at| {
        let mut other = bytes.clone();
        other[at] = 0;
        read(&other, 512).err().filter(|e| e.message.contains("not nullable"))
    });
    assert_eq!(refused.map(|e| (e.code, e.column)).collect::<Vec<_>>(), [("SOURCE_CORRUPT", Some("c".to_string()))]);
}

#[test]
fn what_is_not_arrow_says_so() {
    for text in [&b"a,b\n1,2\n3,4\n"[..], b"{\"a\":1}\n{\"a\":2}\n", b"PAR1aaaaaaaaaaaaaaaaPAR1"] {
        let e = read(text, 512).unwrap_err();
        assert_eq!(e.code, "SOURCE_CORRUPT");
        assert!(e.message.contains("not Arrow IPC"), "{}", e.message);
    }
}

#[test]
fn a_message_header_of_a_few_bytes_is_refused() {
    for length in 1..8u32 {
        let mut bytes = length.to_le_bytes().to_vec();
        bytes.extend([0; 100]);
        assert_eq!(read(&bytes, 512).unwrap_err().code, "SOURCE_CORRUPT");
    }
}

#[test]
fn a_length_that_lies_does_not_allocate() {
    let mut bytes = vec![0xff, 0xff, 0xff, 0xff];
    bytes.extend((60u32 << 20).to_le_bytes());
    bytes.extend([0; 100]);
    let before = crate::memory::live_bytes();
    let mut reader = IpcReader::default();
    reader.push(Buffer::from(bytes)).unwrap();
    assert!(crate::memory::live_bytes().saturating_sub(before) < 40 << 20);
    assert_eq!(reader.finish().unwrap_err().code, "SOURCE_CORRUPT");
}

/// One bit wrong anywhere: an error or other rows, never a panic.
#[test]
fn flipped_bits_never_panic() {
    let mut panics = Vec::new();
    for bytes in [
        stream(&[batch(9)], None),
        stream(&[batch(60)], Some(CompressionType::LZ4_FRAME)),
        stream(&[batch(60)], Some(CompressionType::ZSTD)),
    ] {
        for at in 0..bytes.len() {
            for mask in [1u8, 0x80, 0xff] {
                let mut broken = bytes.clone();
                broken[at] ^= mask;
                let outcome = std::panic::catch_unwind(|| {
                    if let Ok(batches) = read(&broken, 1 << 20) {
                        drop(crate::batch::to_ipc(&batches));
                    }
                });
                if outcome.is_err() {
                    panics.push((at, mask));
                }
            }
        }
    }
    assert!(panics.is_empty(), "{panics:?}");
}

#[test]
fn a_file_whose_messages_end_before_its_footer_is_corrupt() {
    let batches = vec![batch(30); 3];
    let bytes = file(&batches);
    let marks: Vec<usize> = (8..bytes.len() - 8).step_by(8).filter(|&at| bytes[at..at + 4] == [0xff; 4]).collect();
    // The schema, a dictionary, three batches, the end.
    assert_eq!(marks.len(), 6);
    for &at in &marks[1..5] {
        let mut broken = bytes.clone();
        broken[at + 4..at + 8].fill(0);
        assert_eq!(read(&broken, 1000).unwrap_err().code, "SOURCE_CORRUPT", "a length of 0 at {at}");
    }
    assert_eq!(read(&bytes, 1000).unwrap(), batches);
}

#[test]
fn no_flip_of_a_bit_loses_rows() {
    let batches = vec![batch(9); 2];
    for bytes in [file(&batches), stream(&batches, None)] {
        for bit in (0..bytes.len() * 8).step_by(3) {
            let mut broken = bytes.clone();
            broken[bit / 8] ^= 1 << (bit % 8);
            if let Ok(read) = read(&broken, 4096) {
                let rows: Vec<usize> = read.iter().map(RecordBatch::num_rows).collect();
                assert_eq!(rows, [9, 9], "bit {} of byte {}", bit % 8, bit / 8);
            }
        }
    }
}
