//! What the footer and the indexes say of a column chunk, gathered page by page.

use parquet::basic::{Compression, Encoding, EncodingMask, PageType};
use parquet::bloom_filter::Sbbf;
use parquet::column::writer::ColumnCloseResult;
use parquet::file::metadata::{ColumnChunkMetaData, LevelHistogram, OffsetIndexBuilder, PageEncodingStats};

use super::chunk::Leaf;
use super::levels::{Histograms, Levels};
use super::path::Kind;
use super::rows::{Place, Rows};
use super::statistics::ChunkStatistics;
use super::values::{PageValues, Part, text_bytes};
use crate::encode::options::{Options, bloom_values};
use crate::error::{EngineError, Result};

/// A page before it is compressed.
#[derive(Default)]
pub struct Body {
    pub bytes: Vec<u8>,
    rows: usize,
    pub entries: usize,
    pub values: usize,
    text_bytes: Option<i64>,
}

/// Of a page with its header.
#[derive(Clone, Copy)]
pub struct PageSize {
    pub compressed: usize,
    pub uncompressed: usize,
}

/// What is known of a chunk so far.
pub struct Facts<'a> {
    leaf: &'a Leaf,
    truncate: Option<usize>,
    compression: Compression,
    histograms: Histograms,
    statistics: Option<ChunkStatistics>,
    bloom: Option<Sbbf>,
    offsets: OffsetIndexBuilder,
    encodings: Vec<Encoding>,
    encoding_stats: Vec<PageEncodingStats>,
    rows: usize,
    entries: usize,
    values: usize,
    text_bytes: Option<i64>,
    dictionary_bytes: usize,
    compressed: usize,
    uncompressed: usize,
}

impl<'a> Facts<'a> {
    pub fn new(leaf: &'a Leaf, options: &Options) -> Self {
        let descriptor = &leaf.descriptor;
        let bloom = leaf.options.bloom.and_then(|bloom| Sbbf::new_with_ndv_fpp(bloom_values(bloom), bloom.fpp).ok());
        Self {
            leaf,
            truncate: options.truncate,
            compression: options.compression,
            histograms: Histograms::new(descriptor.max_rep_level(), descriptor.max_def_level()),
            statistics: leaf.options.statistics.then(|| ChunkStatistics::new(leaf.path.kind)),
            bloom,
            offsets: OffsetIndexBuilder::new(),
            encodings: vec![Encoding::RLE],
            encoding_stats: Vec::new(),
            rows: 0,
            entries: 0,
            values: 0,
            text_bytes: None,
            dictionary_bytes: 0,
            compressed: 0,
            uncompressed: 0,
        }
    }

    /// Makes a page of `count` rows; `write` puts the values behind the levels.
    pub fn fill(
        &mut self,
        rows: &Rows,
        at: Place,
        count: usize,
        body: &mut Body,
        write: impl FnOnce(&mut Self, &[Part], &mut Vec<u8>),
    ) -> Result<()> {
        let mut levels = Levels::new(&self.histograms);
        let mut parts: Vec<Part> = Vec::new();
        for (chunk, range) in rows.parts(at, count) {
            let chunk = rows.chunk(chunk);
            let slots = levels.add(chunk, range, &mut self.histograms).map_err(|_| {
                let path = self.leaf.descriptor.path();
                let text = format!("column {}: a null, where the schema requires a value", path.string());
                EngineError::invalid_value(text).at_column(path.parts().first().cloned().unwrap_or_default())
            })?;
            parts.push((&chunk.values, slots));
        }
        body.rows = count;
        body.entries = levels.entries;
        body.values = levels.values;
        body.text_bytes = (self.leaf.path.kind == Kind::Text).then(|| text_bytes(&parts) as i64);
        levels.write(&self.histograms, &mut body.bytes);
        write(self, &parts, &mut body.bytes);
        Ok(())
    }

    /// Values of which the bounds and the bloom filter are to know.
    pub fn add(&mut self, values: &PageValues) {
        self.add_bounds(values);
        let Some(bloom) = &mut self.bloom else { return };
        match values {
            PageValues::Bits(bits) => bits.iter().for_each(|bit| bloom.insert(&bit)),
            PageValues::Words32(words) => words.iter().for_each(|word| bloom.insert(&word.to_le_bytes()[..])),
            PageValues::Words64(words) => words.iter().for_each(|word| bloom.insert(&word.to_le_bytes()[..])),
            PageValues::Fixed(bytes, width) => bytes.chunks_exact((*width).max(1)).for_each(|v| bloom.insert(v)),
            PageValues::Texts(offsets, data) => {
                offsets.windows(2).for_each(|pair| bloom.insert(&data[pair[0] as usize..pair[1] as usize]));
            }
        }
    }

    /// Values of which the bounds are to know.
    pub fn add_bounds(&mut self, values: &PageValues) {
        if let Some(statistics) = &mut self.statistics {
            statistics.add(values);
        }
    }

    /// A value of a dictionary: its bounds are those of bytes, its bloom filter that of all values.
    pub fn add_distinct(&mut self, value: &[u8]) {
        if let Some(statistics) = &mut self.statistics {
            statistics.add_bytes(value);
        }
        if let Some(bloom) = &mut self.bloom {
            bloom.insert(value);
        }
    }

    fn page(&mut self, kind: PageType, encoding: Encoding, size: PageSize) {
        self.compressed += size.compressed;
        self.uncompressed += size.uncompressed;
        if !self.encodings.contains(&encoding) {
            self.encodings.push(encoding);
        }
        match self.encoding_stats.last_mut() {
            Some(last) if last.page_type == kind && last.encoding == encoding => last.count += 1,
            _ => self.encoding_stats.push(PageEncodingStats { page_type: kind, encoding, count: 1 }),
        }
    }

    pub fn dictionary_page(&mut self, size: PageSize) {
        self.dictionary_bytes = size.compressed;
        self.page(PageType::DICTIONARY_PAGE, Encoding::PLAIN, size);
    }

    pub fn data_page(&mut self, body: &Body, encoding: Encoding, size: PageSize) {
        self.offsets.append_offset_and_size(self.compressed as i64, size.compressed as i32);
        self.offsets.append_row_count(body.rows as i64);
        self.offsets.append_unencoded_byte_array_data_bytes(body.text_bytes);
        self.page(PageType::DATA_PAGE, encoding, size);
        self.rows += body.rows;
        self.entries += body.entries;
        self.values += body.values;
        if let Some(bytes) = body.text_bytes {
            *self.text_bytes.get_or_insert(0) += bytes;
        }
    }

    pub fn finish(self) -> Result<ColumnCloseResult> {
        let Self { leaf, histograms, .. } = self;
        let mut metadata = ColumnChunkMetaData::builder(leaf.descriptor.clone())
            .set_compression(self.compression)
            .set_encodings_mask(EncodingMask::new_from_encodings(self.encodings.iter()))
            .set_page_encoding_stats(self.encoding_stats)
            .set_total_compressed_size(self.compressed as i64)
            .set_total_uncompressed_size(self.uncompressed as i64)
            .set_num_values(self.entries as i64)
            .set_data_page_offset(self.dictionary_bytes as i64)
            .set_dictionary_page_offset((self.dictionary_bytes > 0).then_some(0));
        if let Some(statistics) = self.statistics {
            let nulls = (self.entries - self.values) as u64;
            let of = |counts: Vec<i64>| (counts.len() > 1).then(|| LevelHistogram::from(counts));
            metadata = metadata
                .set_statistics(statistics.finish(&leaf.descriptor, nulls, self.truncate))
                .set_unencoded_byte_array_data_bytes(self.text_bytes)
                .set_repetition_level_histogram(of(histograms.repetition))
                .set_definition_level_histogram(of(histograms.definition));
        }
        let bloom_filter = self.bloom.map(|mut bloom| {
            bloom.fold_to_target_fpp(leaf.options.bloom.map_or(0.0, |options| options.fpp));
            bloom
        });
        Ok(ColumnCloseResult {
            bytes_written: self.compressed as u64,
            rows_written: self.rows as u64,
            bloom_filter,
            metadata: metadata.build()?,
            column_index: None,
            offset_index: Some(self.offsets.build()),
        })
    }
}
