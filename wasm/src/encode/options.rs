//! `EncoderOptions` of `src/engine/encoder.ts`, from their JSON.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{Schema, SchemaRef};
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};
use serde_json::Value;

use crate::error::{EngineError, Result, parquet_text};
use crate::schema_json::schema_from_json;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum DictionaryMode {
    #[default]
    Auto,
    On,
    Off,
}

#[derive(Clone, Copy, Debug)]
pub struct Bloom {
    pub fpp: f64,
    pub ndv: Option<u64>,
    pub max_bytes: u64,
}

#[derive(Clone, Copy, Debug)]
pub struct ColumnOptions {
    pub dictionary: DictionaryMode,
    pub statistics: bool,
    pub bloom: Option<Bloom>,
}

impl Default for ColumnOptions {
    fn default() -> Self {
        Self { dictionary: DictionaryMode::Auto, statistics: true, bloom: None }
    }
}

pub struct Options {
    pub schema: SchemaRef,
    pub compression: Compression,
    pub compact: bool,
    pub page_bytes: usize,
    pub page_rows: usize,
    pub dictionary_bytes: usize,
    pub truncate: Option<usize>,
    pub columns: HashMap<String, ColumnOptions>,
    pub key_values: Vec<(String, String)>,
}

fn bad(option: &str, text: impl std::fmt::Display) -> EngineError {
    EngineError::invalid_argument(format!("encoder option {option}: {text}"))
}

fn positive(json: &Value, key: &str) -> Result<usize> {
    match json[key].as_u64() {
        Some(n) if n > 0 => usize::try_from(n).map_err(|_| bad(key, "too large")),
        _ => Err(bad(key, format!("{} is not a positive whole number", json[key]))),
    }
}

fn compression(codec: &str, level: Option<i64>) -> Result<Compression> {
    let level_error = |e| bad("level", parquet_text(e));
    let unsigned = |l: i64| u32::try_from(l).map_err(|_| bad("level", format!("{l} is not a level of {codec}")));
    let signed = |l: i64| i32::try_from(l).map_err(|_| bad("level", format!("{l} is not a level of {codec}")));
    Ok(match codec {
        "uncompressed" => Compression::UNCOMPRESSED,
        "snappy" => Compression::SNAPPY,
        "lz4_raw" => Compression::LZ4_RAW,
        "gzip" => Compression::GZIP(match level {
            None => GzipLevel::default(),
            Some(level) => GzipLevel::try_new(unsigned(level)?).map_err(level_error)?,
        }),
        "zstd" => Compression::ZSTD(match level {
            // zstd's own default.
            None => ZstdLevel::try_new(3).map_err(level_error)?,
            Some(level) => ZstdLevel::try_new(signed(level)?).map_err(level_error)?,
        }),
        other => return Err(bad("codec", format!("{other} is not known"))),
    })
}

fn column(json: &Value) -> Result<ColumnOptions> {
    let dictionary = match json["dictionary"].as_str() {
        None | Some("auto") => DictionaryMode::Auto,
        Some("on") => DictionaryMode::On,
        Some("off") => DictionaryMode::Off,
        Some(other) => return Err(bad("dictionary", other)),
    };
    let bloom = match &json["bloomFilter"] {
        Value::Null => None,
        filter => {
            let fpp = filter["fpp"].as_f64().filter(|f| *f > 0.0 && *f < 1.0);
            Some(Bloom {
                fpp: fpp.ok_or_else(|| bad("bloomFilter.fpp", "not between 0 and 1"))?,
                ndv: filter["ndv"].as_u64().filter(|n| *n > 0),
                max_bytes: filter["maxBytes"]
                    .as_u64()
                    .filter(|n| *n >= 32)
                    .ok_or_else(|| bad("bloomFilter.maxBytes", "below 32"))?,
            })
        }
    };
    Ok(ColumnOptions { dictionary, statistics: json["statistics"].as_bool().unwrap_or(true), bloom })
}

impl Options {
    pub fn from_json(json: &Value) -> Result<Self> {
        let schema: Schema = schema_from_json(&json["schema"])?;
        if schema.fields().is_empty() {
            return Err(bad("schema", "a Parquet file needs at least one column"));
        }
        let mut columns = HashMap::new();
        for entry in json["columns"].as_array().into_iter().flatten() {
            let path = entry[0].as_str().ok_or_else(|| bad("columns", "no path"))?;
            columns.insert(path.to_string(), column(&entry[1])?);
        }
        let key_values = json["keyValueMetadata"].as_array().into_iter().flatten();
        let key_values = key_values.filter_map(|e| Some((e[0].as_str()?.to_string(), e[1].as_str()?.to_string())));
        Ok(Self {
            schema: Arc::new(schema),
            compression: compression(json["codec"].as_str().unwrap_or_default(), json["level"].as_i64())?,
            compact: match json["encoding"].as_str() {
                Some("default") => false,
                Some("compact") => true,
                _ => return Err(bad("encoding", "neither default nor compact")),
            },
            page_bytes: positive(json, "pageSizeBytes")?,
            page_rows: positive(json, "pageRowLimit")?,
            dictionary_bytes: positive(json, "dictionarySizeBytes")?,
            truncate: match &json["statisticsTruncateBytes"] {
                Value::Null => None,
                _ => Some(positive(json, "statisticsTruncateBytes")?),
            },
            columns,
            key_values: key_values.collect(),
        })
    }

    pub fn column(&self, path: &str) -> ColumnOptions {
        self.columns.get(path).copied().unwrap_or_default()
    }

    /// What all columns share.
    pub fn properties(&self) -> WriterPropertiesBuilder {
        let metadata = self.key_values.iter().map(|(k, v)| KeyValue::new(k.clone(), v.clone())).collect::<Vec<_>>();
        WriterProperties::builder()
            .set_created_by(concat!("icestream version ", env!("CARGO_PKG_VERSION")).to_string())
            // Names list and map children as the format says, whatever Arrow calls them.
            .set_coerce_types(true)
            .set_key_value_metadata((!metadata.is_empty()).then_some(metadata))
    }
}

/// As many values as a filter of at most `max_bytes` holds at its rate. Filters have sizes of powers of two; a split
/// block filter of m bits sets 8 of them a value, so that m = -8 n / ln(1 - fpp^(1/8)).
pub fn bloom_values(bloom: Bloom) -> u64 {
    let size = 1u64 << bloom.max_bytes.ilog2();
    let most = -(size as f64) * (1.0 - bloom.fpp.powf(0.125)).ln();
    bloom.ndv.unwrap_or(1_000_000).min(most.max(1.0) as u64)
}
