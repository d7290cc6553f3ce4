//! The values of one leaf while a batch is made of them.

use arrow_array::ArrayRef;
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;
use parquet::errors::Result;

pub trait Values: Send {
    /// The dictionary that indices from now on mean. Answers how many bytes it takes.
    fn set_dictionary(&mut self, bytes: &[u8], count: usize) -> Result<usize>;

    /// Room for so many more slots.
    fn reserve(&mut self, slots: usize);

    /// Appends plain values. Answers how many bytes they take.
    fn plain(&mut self, bytes: &[u8], count: usize) -> Result<usize>;

    /// How many bytes so many plain values take.
    fn plain_bytes(&self, bytes: &[u8], count: usize) -> Result<usize>;

    /// Appends values of the dictionary.
    fn indexed(&mut self, indices: &[u32]) -> Result<()>;

    /// Slots so far.
    fn len(&self) -> usize;

    /// Makes the slots from `first` on, which hold values one after another, `count` slots with nulls where `bits`, from
    /// `bit` on, say so.
    fn spread(&mut self, first: usize, count: usize, bits: &[u8], bit: usize);

    /// All slots as an array; there are none afterwards.
    fn finish(&mut self, data_type: &DataType, nulls: Option<NullBuffer>) -> Result<ArrayRef>;
}
