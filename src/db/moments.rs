//! Moments as each database keeps them. PostgreSQL has a type for them; SQLite keeps text, which sorts like the moments
//! as long as all of it is spelled in one way. Every row has several, so that spelling is read and written by hand: by
//! way of patterns it was 4 % of the time of a list, and of the writer's.

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};
use diesel::deserialize::{self, FromSql};
use diesel::pg::Pg;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{Text, Timestamp as SqlTimestamp};
use diesel::sqlite::Sqlite;

use super::Backend;
use crate::clock::Timestamp;

impl FromSql<SqlTimestamp, Pg> for Timestamp {
    fn from_sql(value: <Pg as diesel::backend::Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        <NaiveDateTime as FromSql<SqlTimestamp, Pg>>::from_sql(value).map(Timestamp::from)
    }
}

impl ToSql<SqlTimestamp, Pg> for Timestamp {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let moment = NaiveDateTime::from(*self);
        <NaiveDateTime as ToSql<SqlTimestamp, Pg>>::to_sql(&moment, &mut out.reborrow())
    }
}

impl FromSql<SqlTimestamp, Sqlite> for Timestamp {
    fn from_sql(value: <Sqlite as diesel::backend::Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let text = <String as FromSql<Text, Sqlite>>::from_sql(value)?;
        // Another spelling is not ours, and somebody's hand: whoever looks for that has to be able to read it.
        let moment = read(&text).map(Timestamp::from).or_else(|| text.parse().ok());
        moment.ok_or_else(|| format!("{text:?} is no moment as they are kept here").into())
    }
}

impl ToSql<SqlTimestamp, Sqlite> for Timestamp {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(written((*self).into()));
        Ok(IsNull::No)
    }
}

impl FromSql<SqlTimestamp, Backend> for Timestamp {
    fn from_sql(value: <Backend as diesel::backend::Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        value.from_sql::<Self, SqlTimestamp>()
    }
}

impl ToSql<SqlTimestamp, Backend> for Timestamp {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Backend>) -> serialize::Result {
        out.set_value((SqlTimestamp, self));
        Ok(IsNull::No)
    }
}

/// `2026-11-23 14:30:00`, and behind that as many digits of the second as it has: none, three or six.
fn written(moment: NaiveDateTime) -> String {
    let (date, time) = (moment.date(), moment.time());
    let (year, month, day) = (date.year(), date.month(), date.day());
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    let microseconds = time.nanosecond() / 1000;
    let whole = format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}");
    match microseconds {
        0 => whole,
        _ if microseconds.is_multiple_of(1000) => format!("{whole}.{:03}", microseconds / 1000),
        _ => format!("{whole}.{microseconds:06}"),
    }
}

/// The moment that is spelled like this, or `None` for any other spelling.
fn read(text: &str) -> Option<NaiveDateTime> {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b' ', h1, h2, b':', n1, n2, b':', s1, s2] = whole.as_bytes()
    else {
        return None;
    };
    let date = NaiveDate::from_ymd_opt(
        i32::try_from(number(&[y1, y2, y3, y4])?).ok()?,
        number(&[m1, m2])?,
        number(&[d1, d2])?,
    )?;
    let nanoseconds = match fraction {
        None => 0,
        Some(digits) if (1..=9).contains(&digits.len()) => {
            let missing = u32::try_from(9 - digits.len()).ok()?;
            number(digits.as_bytes())? * 10_u32.pow(missing)
        }
        Some(_) => return None,
    };
    date.and_hms_nano_opt(number(&[h1, h2])?, number(&[n1, n2])?, number(&[s1, s2])?, nanoseconds)
}

/// The number that these digits are; up to nine of them.
fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The first and the last moment that a row can have, in microseconds.
    const FIRST: i64 = -62_135_596_800_000_000;
    const LAST: i64 = 253_402_300_799_999_999;

    proptest! {
        /// The spelling that databases have from before, which is diesel's.
        #[test]
        fn moments_are_spelled_as_diesel_spells_them_and_read_back(microseconds in FIRST..LAST) {
            for microseconds in [microseconds, microseconds / 1000 * 1000, microseconds / 1_000_000 * 1_000_000] {
                let moment = NaiveDateTime::from(Timestamp::from_microseconds(microseconds).unwrap());
                let text = written(moment);
                prop_assert_eq!(&text, &moment.format("%F %T%.f").to_string());
                prop_assert_eq!(read(&text), Some(moment));
            }
        }

        #[test]
        fn anything_else_is_no_moment_and_no_panic(text in "\\PC*") {
            prop_assert_eq!(read(&text), None);
        }
    }

    #[test]
    fn what_only_looks_like_a_moment_is_none() {
        for wrong in [
            "2026-11-23T14:30:00",
            "2026-11-23 14:30:00Z",
            "2026-11-23 14:30:00.",
            "2026-11-23 14:30:00.1234567890",
            "2026-11-23 14:30:00.12a",
            "2026-13-23 14:30:00",
            "2026-02-29 14:30:00",
            "2026-11-23 24:30:00",
            "2026-11-23 14:30",
            "+026-11-23 14:30:00",
            "",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        assert_eq!(read("2026-11-23 14:30:00.5"), read("2026-11-23 14:30:00.500"));
    }
}
