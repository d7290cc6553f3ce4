//! Exports of `crate::encode`.

use super::batch::take_batches;
use super::{answer, block, integers, set_meta, set_out};
use crate::encode::{Encoder, PartBytes};
use crate::handles;
use crate::ipc::IpcReader;

/// A new encoder; the request is `EncoderOptions`, maps as lists of pairs.
///
/// # Safety
/// `ptr` and `len` are those of one `ics_alloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn enc_new(ptr: *mut u8, len: usize) -> i32 {
    let options = unsafe { block(ptr, len) };
    answer(|| handles::insert(Encoder::new(&options)?))
}

/// As `enc_new`, for `columns` top-level columns from `first` on of one row group of another encoder's file.
///
/// # Safety
/// As for `enc_new`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn enc_part_new(first: u32, columns: u32, ptr: *mut u8, len: usize) -> i32 {
    let options = unsafe { block(ptr, len) };
    let first = first as usize;
    answer(|| handles::insert(Encoder::of_part(&options, first..first.saturating_add(columns as usize))?))
}

/// Begins a row group of batches (a list of handles, consumed).
///
/// # Safety
/// As for `enc_new`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn enc_row_group(handle: i32, ptr: *mut u8, len: usize) -> i32 {
    let list = unsafe { integers(ptr, len) };
    answer(|| {
        let batches = take_batches(&list)?;
        handles::with::<Encoder, _>(handle, |e| e.start_row_group(batches)).map(|()| 0)
    })
}

/// Begins the row group of a part.
///
/// # Safety
/// As for `enc_new`; what is in the block is one stream of the output of `batches_to_parts`, unchanged.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn enc_part_rows(handle: i32, ptr: *mut u8, len: usize) -> i32 {
    let rows = unsafe { block(ptr, len) };
    answer(|| {
        let batches = unsafe { IpcReader::read_trusted(rows) }?;
        handles::with::<Encoder, _>(handle, |e| e.start_row_group(batches)).map(|()| 0)
    })
}

/// Encodes more of the row group. Answers the number of output segments; 0: it is complete.
#[unsafe(no_mangle)]
pub extern "C" fn enc_row_group_step(handle: i32) -> i32 {
    answer(|| Ok(handles::with::<Encoder, _>(handle, |e| e.step_row_group())?.map_or(0, set_out)))
}

/// Ends the file: output segments, and the footer's facts in the meta.
#[unsafe(no_mangle)]
pub extern "C" fn enc_finish(handle: i32) -> i32 {
    answer(|| {
        let (bytes, facts) = handles::with::<Encoder, _>(handle, |e| e.finish())?;
        set_meta(facts.to_json().to_string());
        Ok(set_out(bytes))
    })
}

/// Ends a part: its tail as output segments.
#[unsafe(no_mangle)]
pub extern "C" fn enc_part_finish(handle: i32) -> i32 {
    answer(|| Ok(set_out(handles::with::<Encoder, _>(handle, |e| e.finish_part())?)))
}

/// Puts a row group into the file that comes in parts: output segments, and in the meta how many of their bytes come
/// before the column chunks. The list has three numbers for each part, whose tails follow each other: its top-level
/// columns, the bytes of its column chunks, and those of its tail.
///
/// # Safety
/// `list` and `list_len`, and `tails` and `tails_len`, are those of one `ics_alloc` each.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn enc_append_parts(
    handle: i32,
    list: *mut u8,
    list_len: usize,
    tails: *mut u8,
    tails_len: usize,
) -> i32 {
    let list = unsafe { integers(list, list_len) };
    let tails = unsafe { block(tails, tails_len) };
    answer(|| {
        let mut tails = bytes::Bytes::from_owner(tails);
        let mut parts = Vec::new();
        for numbers in list.as_chunks::<3>().0 {
            let [columns, data_bytes, tail_bytes] = numbers.map(|n| n as u32 as usize);
            let tail = tails.split_to(tail_bytes.min(tails.len()));
            parts.push(PartBytes { columns, data_bytes: data_bytes as u64, tail });
        }
        let (mut out, after) = handles::with::<Encoder, _>(handle, |e| e.append_parts(parts))?;
        set_meta(out.iter().map(Vec::len).sum::<usize>().to_string());
        out.extend(after);
        Ok(set_out(out))
    })
}
