//! Dates, times and timestamps from ISO 8601 text. Nothing is guessed: one order, one set of separators.

use super::number::POWERS_OF_TEN;
use super::swar;

/// Days since 1970-01-01 of a proleptic Gregorian date.
pub fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn digits(text: &[u8]) -> Option<i64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(text.iter().fold(0, |n, d| n * 10 + i64::from(d - b'0')))
}

/// `YYYY-MM-DD` (or a sign and more digits of the year) at the start; days and what follows.
fn date_prefix(text: &[u8]) -> Option<(i64, &[u8])> {
    let (negative, unsigned) = match text.first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let signed = unsigned.len() != text.len();
    let width = unsigned.iter().position(|b| *b == b'-')?;
    if !(4..=6).contains(&width) || (width > 4 && !signed) || unsigned.len() < width + 6 || unsigned[width + 3] != b'-'
    {
        return None;
    }
    let year = digits(&unsigned[..width])? * if negative { -1 } else { 1 };
    let month = digits(&unsigned[width + 1..width + 3])?;
    let day = digits(&unsigned[width + 4..width + 6])?;
    let real = (1..=12).contains(&month) && day >= 1 && day <= days_of_month(year, month);
    real.then(|| (days_from_civil(year, month, day), &unsigned[width + 6..]))
}

/// Nanoseconds since midnight, and what follows: `HH:MM`, `HH:MM:SS`, and up to nine digits after `.` or `,`.
fn time_prefix(text: &[u8]) -> Option<(i64, &[u8])> {
    let two = |at: usize| text.get(at..at + 2).and_then(digits);
    let (hour, minute) = (two(0)?, two(3)?);
    if text[2] != b':' || hour > 23 || minute > 59 {
        return None;
    }
    let mut nanos = (hour * 60 + minute) * 60_000_000_000;
    let mut rest = &text[5..];
    if rest.first() == Some(&b':') {
        let second = two(6)?;
        if second > 59 {
            return None;
        }
        nanos += second * 1_000_000_000;
        rest = &text[8..];
        if matches!(rest.first(), Some(b'.' | b',')) {
            let width = rest[1..].iter().take_while(|b| b.is_ascii_digit()).count();
            if !(1..=9).contains(&width) {
                return None;
            }
            nanos += digits(&rest[1..=width])? * 10i64.pow(9 - width as u32);
            rest = &rest[width + 1..];
        }
    }
    Some((nanos, rest))
}

/// Seconds east of UTC: `Z`, `+HH`, `+HHMM`, `+HH:MM`; the whole of `text`.
fn offset(text: &[u8]) -> Option<i64> {
    let sign = match text {
        b"Z" | b"z" => return Some(0),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return None,
    };
    let (hours, minutes) = match text.len() {
        3 => (digits(&text[1..3])?, 0),
        5 => (digits(&text[1..3])?, digits(&text[3..5])?),
        6 if text[3] == b':' => (digits(&text[1..3])?, digits(&text[4..6])?),
        _ => return None,
    };
    (hours <= 18 && minutes <= 59).then_some(sign * (hours * 60 + minutes) * 60)
}

/// Days since 1970-01-01.
pub fn date(text: &str) -> Option<i32> {
    match date_prefix(text.as_bytes())? {
        (days, []) => i32::try_from(days).ok(),
        _ => None,
    }
}

/// Nanoseconds since midnight.
pub fn time(text: &str) -> Option<i64> {
    match time_prefix(text.as_bytes())? {
        (nanos, []) => Some(nanos),
        _ => None,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp {
    /// Since the epoch: UTC when it has an offset, local otherwise.
    pub seconds: i64,
    pub nanos: u32,
    pub has_offset: bool,
}

/// A date, then `T` or a space, a time, and an offset or none; a date alone is its midnight, without an offset.
pub fn timestamp(text: &str) -> Option<Timestamp> {
    common(text.as_bytes()).or_else(|| any_timestamp(text))
}

/// `YYYY-MM-DDTHH:MM:SS`, digits of a second or none, `Z` or nothing: what most writers write.
fn common(text: &[u8]) -> Option<Timestamp> {
    let (start, rest) = text.split_first_chunk::<19>()?;
    // Eight characters at a time; each becomes its digit, or 0 where the pattern has no digit.
    let day_part = swar::digits_of(start.first_chunk()?, b"0000-00-")?;
    let time_part = swar::digits_of(start.last_chunk()?, b"00:00:00")?;
    let (b'T' | b' ') = start[10] else { return None };
    let two = |digits: [u8; 8], at: usize| 10 * u32::from(digits[at]) + u32::from(digits[at + 1]);
    let (year, month) = (100 * two(day_part, 0) + two(day_part, 2), two(day_part, 5));
    let (hour, minute, second) = (two(time_part, 0), two(time_part, 3), two(time_part, 6));
    let (tens, ones) = (start[8].wrapping_sub(b'0'), start[9].wrapping_sub(b'0'));
    let day = 10 * u32::from(tens) + u32::from(ones);
    // Days up to 28 need no look at the month.
    let real = (1..=12).contains(&month)
        && day >= 1
        && (day <= 28 || i64::from(day) <= days_of_month(year.into(), month.into()));
    if tens > 9 || ones > 9 || year == 0 || !real || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (nanos, rest) = match rest {
        [b'.', fraction @ ..] => {
            let (value, width) = swar::digits(fraction, 0, 0);
            if !(1..=9).contains(&width) {
                return None;
            }
            (value as u32 * POWERS_OF_TEN[9 - width] as u32, &fraction[width..])
        }
        _ => (0, rest),
    };
    let has_offset = match rest {
        [] => false,
        [b'Z'] => true,
        _ => return None,
    };
    // Years that begin in March, so that a leap day is the last one; all numbers are positive.
    let of_march = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day;
    let days = 365 * of_march + of_march / 4 - of_march / 100 + of_march / 400 + day_of_year;
    let seconds = (i64::from(days) - 719_469) * 86_400 + i64::from(3_600 * hour + 60 * minute + second);
    Some(Timestamp { seconds, nanos, has_offset })
}

fn any_timestamp(text: &str) -> Option<Timestamp> {
    let (days, rest) = date_prefix(text.as_bytes())?;
    let midnight = days * 86_400;
    if rest.is_empty() {
        return Some(Timestamp { seconds: midnight, nanos: 0, has_offset: false });
    }
    let [b'T' | b't' | b' ', rest @ ..] = rest else { return None };
    let (nanos, rest) = time_prefix(rest)?;
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    let east = if rest.is_empty() { None } else { Some(offset(rest)?) };
    Some(Timestamp {
        seconds: midnight + nanos / 1_000_000_000 - east.unwrap_or(0),
        nanos: (nanos % 1_000_000_000) as u32,
        has_offset: east.is_some(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dates_are_counted_from_the_epoch() {
        for (text, days) in [
            ("1970-01-01", 0),
            ("1969-12-31", -1),
            ("2000-02-29", 11_016),
            ("2024-12-31", 20_088),
            ("0001-01-01", -719_162),
            ("9999-12-31", 2_932_896),
            ("-0001-03-01", -719_834),
            ("+12345-06-07", 3_789_548),
        ] {
            assert_eq!(date(text), Some(days), "{text}");
        }
        for text in
            ["2023-02-29", "2024-13-01", "2024-00-10", "2024-1-1", "24-01-01", "2024-01-01 ", "20240101", "", "-"]
        {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn timestamps_keep_nanoseconds_and_say_whether_they_have_an_offset() {
        let at = |seconds, nanos, has_offset| Some(Timestamp { seconds, nanos, has_offset });
        for (text, expected) in [
            ("1970-01-01T00:00:00", at(0, 0, false)),
            ("1970-01-01 00:01", at(60, 0, false)),
            ("1970-01-01T00:00:00Z", at(0, 0, true)),
            ("1970-01-01T02:00:00.5+02:00", at(0, 500_000_000, true)),
            ("1969-12-31T23:59:59.999999999", at(-1, 999_999_999, false)),
            ("1969-12-31 19:00:00-0500", at(0, 0, true)),
            ("1970-01-01 00:00:00 +00", at(0, 0, true)),
            ("1970-01-02", at(86_400, 0, false)),
        ] {
            assert_eq!(timestamp(text), expected, "{text}");
        }
        for text in [
            "1970-01-01T",
            "1970-01-01T24:00:00",
            "1970-01-01T00:00:60",
            "1970-01-01T0:00:00",
            "1970-01-01X00:00",
            "1970-01-01T00:00:00.1234567890",
            "1970-01-01T00:00:00+25:00",
            "1970-01-01T00:00:00 UTC",
        ] {
            assert_eq!(timestamp(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_common_form_is_read_as_any_other(
            text in "(000[0-2]|1[0-9]{3}|2[0-9]{3}|[0-9]{4})-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-6][0-9]:[0-6][0-9]([.][0-9]{1,10})?Z?",
            at in 0usize..35,
            byte in any::<u8>(),
        ) {
            for text in [text.clone(), text.replace("-3", "-2"), text.replace("-1", "-0")] {
                let found = common(text.as_bytes());
                prop_assert!(found.is_none() || found == any_timestamp(&text), "{}", text);
                // What the slow way takes of this form, but for the year 0, the fast one does.
                prop_assert!(found.is_some() || any_timestamp(&text).is_none() || text.starts_with("0000"), "{}", text);
                let mut changed = text.into_bytes();
                if let Some(place) = changed.get_mut(at) {
                    *place = byte;
                }
                if let Ok(text) = String::from_utf8(changed) {
                    let found = common(text.as_bytes());
                    prop_assert!(found.is_none() || found == any_timestamp(&text), "{}", text);
                }
            }
        }
    }

    #[test]
    fn no_text_makes_it_panic() {
        for text in [
            "1",
            "-",
            "+",
            "12:",
            "1234-",
            "1234-56-",
            "1234-56-78T1",
            "1970-01-01T00:0",
            "1970-01-01T00:00:",
            "1970-01-01T00:00:00.",
            "1970-01-01T00:00:00+",
            "é970-01-01",
            "1970-01-01Té",
        ] {
            assert_eq!((date(text), timestamp(text), time(text)), (None, None, None), "{text}");
        }
    }
}
