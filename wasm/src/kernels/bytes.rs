//! Text and binary columns of every layout as one thing: byte strings by row.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    BinaryType, BinaryViewType, ByteArrayType, LargeBinaryType, LargeUtf8Type, StringViewType, Utf8Type,
};
use arrow_array::{Array, FixedSizeBinaryArray};
use arrow_buffer::Buffer;
use arrow_schema::DataType;

pub enum ByteRows<'a> {
    Offsets32(&'a [i32], &'a Buffer),
    Offsets64(&'a [i64], &'a Buffer),
    Views(&'a [u128], &'a [Buffer]),
    Fixed(usize, &'a [u8]),
}

fn offsets32<T: ByteArrayType<Offset = i32>>(array: &dyn Array) -> ByteRows<'_> {
    let array = array.as_bytes::<T>();
    ByteRows::Offsets32(array.value_offsets(), array.values())
}

fn offsets64<T: ByteArrayType<Offset = i64>>(array: &dyn Array) -> ByteRows<'_> {
    let array = array.as_bytes::<T>();
    ByteRows::Offsets64(array.value_offsets(), array.values())
}

impl<'a> ByteRows<'a> {
    /// None: not a text or binary column.
    pub fn of(array: &'a dyn Array) -> Option<Self> {
        Some(match array.data_type() {
            DataType::Utf8 => offsets32::<Utf8Type>(array),
            DataType::Binary => offsets32::<BinaryType>(array),
            DataType::LargeUtf8 => offsets64::<LargeUtf8Type>(array),
            DataType::LargeBinary => offsets64::<LargeBinaryType>(array),
            DataType::Utf8View => {
                let array = array.as_byte_view::<StringViewType>();
                Self::Views(array.views(), array.data_buffers())
            }
            DataType::BinaryView => {
                let array = array.as_byte_view::<BinaryViewType>();
                Self::Views(array.views(), array.data_buffers())
            }
            DataType::FixedSizeBinary(width) => {
                let array: &FixedSizeBinaryArray = array.as_fixed_size_binary();
                Self::Fixed(*width as usize, array.value_data())
            }
            _ => return None,
        })
    }

    #[inline]
    pub fn get(&self, i: usize) -> &'a [u8] {
        match self {
            Self::Offsets32(offsets, values) => &values.as_slice()[offsets[i] as usize..offsets[i + 1] as usize],
            Self::Offsets64(offsets, values) => &values[offsets[i] as usize..offsets[i + 1] as usize],
            Self::Views(views, buffers) => view(&views[i], buffers),
            Self::Fixed(width, values) => &values[i * width..(i + 1) * width],
        }
    }

    pub fn len_of(&self, i: usize) -> usize {
        match self {
            Self::Offsets32(offsets, _) => (offsets[i + 1] - offsets[i]) as usize,
            Self::Offsets64(offsets, _) => (offsets[i + 1] - offsets[i]) as usize,
            Self::Views(views, _) => views[i] as u32 as usize,
            Self::Fixed(width, _) => *width,
        }
    }
}

/// A view is 16 bytes: the length, then up to 12 bytes of value, or a prefix, a buffer number and an offset.
fn view<'a>(view: &'a u128, buffers: &'a [Buffer]) -> &'a [u8] {
    let len = *view as u32 as usize;
    if len <= 12 {
        // SAFETY: a u128 is 16 initialised bytes that live as long as the reference.
        let raw = unsafe { std::slice::from_raw_parts(std::ptr::from_ref(view).cast::<u8>(), 16) };
        return &raw[4..4 + len];
    }
    let buffer = (*view >> 64) as u32 as usize;
    let start = (*view >> 96) as u32 as usize;
    &buffers[buffer][start..start + len]
}
