//! Dates as HTTP writes them (RFC 9110 §5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const DAY_SECS: u64 = 86_400;
/// Days from 1 March of the year 0 to 1970.
const EPOCH_DAYS: u64 = 719_468;
/// Days of 400 years, 100 years, 4 years.
const ERA: u64 = 146_097;

/// A time in seconds since 1970, written as a date.
pub(super) fn written(secs: u64) -> String {
    let days = secs / DAY_SECS;
    let (year, month, day) = civil(days);
    let weekday = DAYS[(days % 7) as usize];
    let (hour, minute, second) = (secs / 3600 % 24, secs / 60 % 60, secs % 60);
    let month = MONTHS[(month - 1) as usize];
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

/// A date in the preferred form, in seconds since 1970; the obsolete forms are as
/// good as none, for all that they decide is whether a file is sent again.
pub(super) fn read(text: &str) -> Option<u64> {
    let (_, date) = text.trim().split_once(", ")?;
    let mut words = date.split(' ');
    let mut next = || words.next();
    let day: u64 = next()?.parse().ok()?;
    let name = next()?;
    let month = MONTHS.iter().position(|month| *month == name)? as u64 + 1;
    let year: u64 = next()?.parse().ok()?;
    let mut clock = next()?.split(':').map(|part| part.parse::<u64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let is_date = next() == Some("GMT")
        && (1970..=9999).contains(&year)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    is_date.then(|| days_of(year, month, day) * DAY_SECS + hour * 3600 + minute * 60 + second)
}

/// Year, month and day of a day since 1970. Years are counted from March, so that
/// the leap day is the last.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + EPOCH_DAYS;
    let (era, day_of_era) = (days / ERA, days % ERA);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

/// The day since 1970 of a date.
fn days_of(year: u64, month: u64, day: u64) -> u64 {
    let year = year - u64::from(month <= 2);
    let (era, year_of_era) = (year / 400, year % 400);
    let shifted = (month + 9) % 12;
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    let day_of_era = 365 * year_of_era + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * ERA + day_of_era - EPOCH_DAYS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rfcs_own_date() {
        let text = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(written(784_111_777), text);
        assert_eq!(read(text), Some(784_111_777));
        assert_eq!(written(0), "Thu, 01 Jan 1970 00:00:00 GMT");
    }

    #[test]
    fn every_day_comes_back() {
        for day in 0..200_000 {
            let secs = day * DAY_SECS + day % DAY_SECS;
            assert_eq!(read(&written(secs)), Some(secs), "{}", written(secs));
        }
        assert_eq!(written(951_782_400), "Tue, 29 Feb 2000 00:00:00 GMT");
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 06 Nov 1994 25:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1900 08:49:37 GMT",
            "Sun, 06 Nov 99999999999999999999 08:49:37 GMT",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
