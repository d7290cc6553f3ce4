//! Days since 1970-01-01 to the proleptic Gregorian calendar.

/// Year, month (1–12) and day (1–31) of a day number.
pub fn date_of(days: i64) -> (i64, u32, u32) {
    // Eras of 400 years that start on 1 March, so that the leap day ends a year.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * from_march + 2) / 5 + 1) as u32;
    let month = (if from_march < 10 { from_march + 3 } else { from_march - 9 }) as u32;
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}
