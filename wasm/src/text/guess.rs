//! The narrowest type that takes every text of a column's sample.

use std::sync::Arc;

use arrow_schema::{DataType, TimeUnit};

use super::{number, time};

/// Integers beyond this lose digits as doubles.
const EXACT_DOUBLE: u64 = 1 << 53;

/// Which types still take every value seen.
#[derive(Clone, Debug)]
pub struct Guess {
    pub any: bool,
    boolean: bool,
    long: bool,
    double: bool,
    /// A double column needs one number at least: a column of "inf" and "nan" is of words.
    finite: bool,
    large: bool,
    date: bool,
    timestamp: bool,
    instant: bool,
}

impl Default for Guess {
    fn default() -> Self {
        Self {
            any: false,
            boolean: true,
            long: true,
            double: true,
            finite: false,
            large: false,
            date: true,
            timestamp: true,
            instant: true,
        }
    }
}

impl Guess {
    pub fn add(&mut self, text: &str) {
        self.any = true;
        let text = text.trim_matches([' ', '\t']);
        self.boolean = self.boolean && (text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false"));
        if self.long || self.double {
            self.add_number(text);
        }
        if self.date || self.timestamp || self.instant {
            // Columns of an inferred type keep microseconds; what is finer stays text.
            let timestamp = time::timestamp(text).filter(|t| t.nanos % 1000 == 0);
            self.date = self.date && time::date(text).is_some();
            self.timestamp = self.timestamp && timestamp.is_some_and(|t| !t.has_offset);
            self.instant = self.instant && timestamp.is_some_and(|t| t.has_offset);
        }
    }

    /// Codes with leading zeros (`007`) and a plus sign are not numbers; integers of more than 64 bits stay text.
    fn add_number(&mut self, text: &str) {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let code = digits.len() > 1 && digits.starts_with('0') && digits.as_bytes()[1].is_ascii_digit();
        let whole = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        if code || text.starts_with('+') {
            (self.long, self.double) = (false, false);
            return;
        }
        if whole {
            match text.parse::<i64>() {
                Ok(value) => self.large |= value.unsigned_abs() > EXACT_DOUBLE,
                Err(_) => (self.long, self.double) = (false, false),
            }
            self.finite = true;
            return;
        }
        self.long = false;
        match number::double(text) {
            Ok(value) => self.finite |= value.is_finite(),
            Err(_) => self.double = false,
        }
    }

    /// None: no value was seen.
    pub fn data_type(&self) -> Option<DataType> {
        if !self.any {
            return None;
        }
        Some(if self.boolean {
            DataType::Boolean
        } else if self.long {
            DataType::Int64
        } else if self.double && self.finite && !self.large {
            DataType::Float64
        } else {
            self.time_type().unwrap_or(DataType::Utf8)
        })
    }

    /// Dates and timestamps alone.
    pub fn time_type(&self) -> Option<DataType> {
        if !self.any {
            None
        } else if self.date {
            Some(DataType::Date32)
        } else if self.timestamp {
            Some(DataType::Timestamp(TimeUnit::Microsecond, None))
        } else if self.instant {
            Some(DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC"))))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(texts: &[&str]) -> DataType {
        let mut guess = Guess::default();
        texts.iter().for_each(|text| guess.add(text));
        guess.data_type().unwrap_or(DataType::Null)
    }

    #[test]
    fn the_narrowest_type_that_loses_nothing() {
        let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        for (texts, expected) in [
            (&["1", "-2", "0"][..], DataType::Int64),
            (&["1", "2.5", "1e3"], DataType::Float64),
            (&["1.5", "NaN", "-inf"], DataType::Float64),
            (&["nan", "inf"], DataType::Utf8),
            (&["007", "008"], DataType::Utf8),
            (&["0.5", "00.5"], DataType::Utf8),
            (&["9223372036854775807"], DataType::Int64),
            (&["9223372036854775808"], DataType::Utf8),
            (&["9007199254740993", "0.5"], DataType::Utf8),
            (&["true", "FALSE"], DataType::Boolean),
            (&["true", "1"], DataType::Utf8),
            (&["2024-01-01", "1999-12-31"], DataType::Date32),
            (&["2024-01-01", "1999-12-31T10:00:00"], DataType::Timestamp(TimeUnit::Microsecond, None)),
            (&["2024-01-01T00:00:00Z"], utc),
            (&["2024-01-01T00:00:00Z", "2024-01-01T00:00:00"], DataType::Utf8),
            (&["2024-01-01T00:00:00.123456000"], DataType::Timestamp(TimeUnit::Microsecond, None)),
            (&["2024-01-01T00:00:00.5", "2024-01-01T00:00:00.123456789"], DataType::Utf8),
            (&["2024-01-01T00:00:00.123456789Z"], DataType::Utf8),
            (&["2024-13-01"], DataType::Utf8),
            (&["a"], DataType::Utf8),
            (&["+49"], DataType::Utf8),
            (&[], DataType::Null),
        ] {
            assert_eq!(of(texts), expected, "{texts:?}");
        }
    }
}
