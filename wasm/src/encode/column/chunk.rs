//! A column chunk: its pages, one after the other.

use parquet::basic::{Encoding, PageType};
use parquet::column::writer::ColumnCloseResult;
use parquet::schema::types::ColumnDescPtr;

use super::codec::{Codec, make_room};
use super::dictionary::{Dictionary, Most};
use super::facts::{Body, Facts, PageSize};
use super::path::{Kind, Path};
use super::rows::{Extent, Place, Rows};
use super::values::PageValues;
use super::{encoding, page, sample};
use crate::encode::options::{ColumnOptions, DictionaryMode, Options};
use crate::encode::segments::Output;
use crate::error::Result;

/// A dictionary needs values that come this often on average: below that its page costs more than its indices save.
const REPEATS: usize = 8;

/// What all chunks of a leaf share.
pub struct Leaf {
    pub path: Path,
    pub descriptor: ColumnDescPtr,
    pub options: ColumnOptions,
}

/// Writes all pages of the leaf's rows to `output`.
pub fn encode(
    leaf: &Leaf,
    options: &Options,
    mut rows: Rows,
    codec: &mut Codec,
    output: &Output,
) -> Result<ColumnCloseResult> {
    let kind = leaf.path.kind;
    if let Some((mut facts, dictionary, bodies)) = with_dictionary(leaf, options, &rows)? {
        let bytes = dictionary.page();
        let size = put(codec, output, PageType::DICTIONARY_PAGE, Encoding::PLAIN, dictionary.count(), &bytes)?;
        facts.dictionary_page(size);
        for body in bodies {
            put_data(codec, output, &mut facts, &body, Encoding::RLE_DICTIONARY)?;
        }
        return facts.finish();
    }
    let mut facts = Facts::new(leaf, options);
    let (mut at, mut missing) = (Place::default(), rows.count());
    let mut chosen = None;
    let mut body = Body::default();
    while missing > 0 {
        let count = page_rows(kind, options, &rows, at, missing);
        // Levels are little beside the values, or few.
        let bytes = page_bytes(kind, rows.extent(at, count));
        make_room(&mut body.bytes, bytes + bytes / 16);
        facts.fill(&rows, at, count, &mut body, |facts, parts, out| {
            // PLAIN values follow each other: they need not be joined first, and large ones be there once more.
            let together = if is_bytes(kind) && !options.compact { 1 } else { parts.len().max(1) };
            for parts in parts.chunks(together) {
                let values = &PageValues::of(kind, parts);
                facts.add(values);
                let chosen = *chosen.get_or_insert_with(|| encoding::choose(kind, options.compact, values));
                encoding::write(chosen, values, out);
            }
        })?;
        put_data(codec, output, &mut facts, &body, chosen.unwrap_or(Encoding::PLAIN))?;
        at = rows.after(at, count);
        rows.free_before(&mut at);
        missing -= count;
    }
    facts.finish()
}

/// All pages by way of a dictionary, before they are compressed. None: it does not pay, or would become too large.
fn with_dictionary<'a>(
    leaf: &'a Leaf,
    options: &Options,
    rows: &Rows,
) -> Result<Option<(Facts<'a>, Dictionary, Vec<Body>)>> {
    let total = rows.count();
    let slots = rows.extent(Place::default(), total).slots;
    let most = match leaf.options.dictionary {
        DictionaryMode::On => slots,
        DictionaryMode::Auto => slots / REPEATS,
        DictionaryMode::Off => 0,
    };
    // There is nothing to leave out of a bit, or of no bytes.
    if most == 0 || matches!(leaf.path.kind, Kind::Boolean | Kind::Fixed(0)) {
        return Ok(None);
    }
    let most = Most { values: most, bytes: options.dictionary_bytes };
    if leaf.options.dictionary == DictionaryMode::Auto && sample::nearly_all_differ(leaf, rows, most) {
        return Ok(None);
    }
    let mut facts = Facts::new(leaf, options);
    let kind = leaf.path.kind;
    let mut dictionary = Dictionary::new(kind, most);
    let (mut at, mut missing) = (Place::default(), total);
    let mut bodies = Vec::new();
    let mut fits = true;
    let mut values_count = 0;
    while missing > 0 {
        // Indices have 4 bytes at most.
        let count = page_rows(Kind::Int32, options, rows, at, missing);
        let mut body = Body::default();
        facts.fill(rows, at, count, &mut body, |facts, parts, out| {
            if is_bytes(kind) {
                // Not joined: a page has many rows here, however large. Their bounds are the dictionary's.
                fits = parts.iter().all(|part| dictionary.add(&PageValues::of(kind, std::slice::from_ref(part))));
            } else {
                let values = PageValues::of(kind, parts);
                fits = dictionary.add(&values);
                facts.add_bounds(&values);
            }
            if fits {
                dictionary.put_numbers(out);
            }
        })?;
        if !fits {
            return Ok(None);
        }
        values_count += body.values;
        bodies.push(body);
        at = rows.after(at, count);
        missing -= count;
    }
    let pays = leaf.options.dictionary == DictionaryMode::On || dictionary.count() * REPEATS <= values_count;
    if values_count == 0 || !pays {
        return Ok(None);
    }
    dictionary.each(|value| facts.add_distinct(value));
    Ok(Some((facts, dictionary, bodies)))
}

/// Writes a page; its size with its header, and what that would be without compression.
fn put(
    codec: &mut Codec,
    output: &Output,
    kind: PageType,
    encoding: Encoding,
    entries: usize,
    bytes: &[u8],
) -> Result<PageSize> {
    let compressed = codec.compress(bytes)?;
    let header = page::header(kind, encoding, entries, bytes.len(), compressed.len())?;
    output.put(&header);
    output.put(compressed);
    Ok(PageSize { compressed: header.len() + compressed.len(), uncompressed: header.len() + bytes.len() })
}

fn put_data(codec: &mut Codec, output: &Output, facts: &mut Facts, body: &Body, encoding: Encoding) -> Result<()> {
    let size = put(codec, output, PageType::DATA_PAGE, encoding, body.entries, &body.bytes)?;
    facts.data_page(body, encoding, size);
    Ok(())
}

fn is_bytes(kind: Kind) -> bool {
    matches!(kind, Kind::Text | Kind::Fixed(_) | Kind::DecimalBytes(_))
}

/// What values take as they are in memory.
fn page_bytes(kind: Kind, extent: Extent) -> usize {
    extent.slots * kind.width() + if kind == Kind::Text { extent.text_bytes } else { 0 }
}

/// How many rows the next page has.
fn page_rows(kind: Kind, options: &Options, rows: &Rows, at: Place, missing: usize) -> usize {
    let most = missing.min(options.page_rows);
    let fits = |count: usize| page_bytes(kind, rows.extent(at, count)) <= options.page_bytes;
    if fits(most) {
        return most;
    }
    let (mut fitting, mut too_many) = (1, most);
    while too_many - fitting > 1 {
        let middle = fitting + (too_many - fitting) / 2;
        if fits(middle) {
            fitting = middle;
        } else {
            too_many = middle;
        }
    }
    fitting
}
