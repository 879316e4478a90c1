//! The only place that asks what time it is.
//!
//! Everything that depends on time takes a [`Timestamp`] or a [`Clock`], so that a test can move the clock and a
//! scheduled story can be watched going live without waiting.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, SecondsFormat, SubsecRound, Utc};
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::Timestamp as SqlTimestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment in UTC, cut to microseconds: the finest grain that both databases keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = SqlTimestamp)]
pub struct Timestamp(NaiveDateTime);

impl Timestamp {
    /// Earlier than anything that happens here (1970-01-01T00:00:00Z).
    pub const EPOCH: Timestamp = match DateTime::from_timestamp(0, 0) {
        Some(beginning) => Timestamp(beginning.naive_utc()),
        None => unreachable!(),
    };

    /// Later than any story will ever run (9999-12-31T23:59:59Z): the end of an interval that has no end, kept as a
    /// value because NULL sorts differently on the two databases.
    pub const FOREVER: Timestamp = match DateTime::from_timestamp(253_402_300_799, 0) {
        Some(end) => Timestamp(end.naive_utc()),
        None => unreachable!(),
    };

    /// The moment `microseconds` after 1970-01-01T00:00:00Z, or `None` outside the calendar.
    pub fn from_microseconds(microseconds: i64) -> Option<Timestamp> {
        DateTime::from_timestamp_micros(microseconds).map(|moment| Timestamp(moment.naive_utc()))
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub fn microseconds(self) -> i64 {
        self.0.and_utc().timestamp_micros()
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, as JSON Web Tokens count them.
    pub fn seconds(self) -> i64 {
        self.0.and_utc().timestamp()
    }

    /// `None` for [`Timestamp::FOREVER`], so that "no end" reads as `null` in JSON.
    pub fn unless_forever(self) -> Option<Timestamp> {
        (self != Timestamp::FOREVER).then_some(self)
    }

    /// This moment moved back by `span`; stops at the beginning of the calendar.
    pub fn before(self, span: Duration) -> Timestamp {
        let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        Timestamp::from_microseconds(self.microseconds().saturating_sub(micros)).unwrap_or(self)
    }

    /// This moment moved on by `span`; stops at [`Timestamp::FOREVER`].
    pub fn after(self, span: Duration) -> Timestamp {
        let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        Timestamp::from_microseconds(self.microseconds().saturating_add(micros))
            .map_or(Timestamp::FOREVER, |moment| moment.min(Timestamp::FOREVER))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.and_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

/// Why a text is not a [`Timestamp`].
#[derive(Debug, thiserror::Error)]
#[error("must be an RFC 3339 time with an offset and a year from 1 to 9999, such as 2026-11-23T14:30:00Z")]
pub struct NotATimestamp;

impl FromStr for Timestamp {
    type Err = NotATimestamp;

    /// Reads RFC 3339; an offset is required, because a newsroom's local time is ambiguous twice a year.
    fn from_str(text: &str) -> Result<Timestamp, NotATimestamp> {
        // A date is never longer; longer text is not worth parsing (S45 in the list of attacks).
        if text.len() > 40 {
            return Err(NotATimestamp);
        }
        let moment = DateTime::parse_from_rfc3339(text).map_err(|_| NotATimestamp)?;
        // Through microseconds, which know no leap second: `:60` is the first moment of the next minute, and a cursor
        // must find exactly what was stored.
        let moment = Timestamp::from_microseconds(moment.timestamp_micros()).ok_or(NotATimestamp)?;
        let first = DateTime::from_timestamp(-62_135_596_800, 0).map(|first| Timestamp(first.naive_utc()));
        if Some(moment) < first || moment > Timestamp::FOREVER {
            return Err(NotATimestamp);
        }
        Ok(moment)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// In UTC.
impl From<Timestamp> for NaiveDateTime {
    fn from(moment: Timestamp) -> NaiveDateTime {
        moment.0
    }
}

/// In UTC, cut to microseconds.
impl From<NaiveDateTime> for Timestamp {
    fn from(moment: NaiveDateTime) -> Timestamp {
        Timestamp(moment.trunc_subsecs(6))
    }
}

impl utoipa::PartialSchema for Timestamp {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .into()
    }
}

impl utoipa::ToSchema for Timestamp {}

/// Tells the time: the system's in a server, a hand-moved one in tests. Clones share the same time.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    /// Microseconds since 1970 when the clock is moved by hand.
    by_hand: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Clock {
        Clock { by_hand: None }
    }

    /// A clock that stands still at `start` until [`Clock::advance`] moves it.
    pub fn standing_at(start: Timestamp) -> Clock {
        Clock { by_hand: Some(Arc::new(AtomicI64::new(start.microseconds()))) }
    }

    /// The present moment, cut to microseconds.
    pub fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that may ask the system")]
        let system = || Timestamp(Utc::now().naive_utc().trunc_subsecs(6));
        match &self.by_hand {
            Some(microseconds) => {
                Timestamp::from_microseconds(microseconds.load(Ordering::SeqCst)).unwrap_or_else(system)
            }
            None => system(),
        }
    }

    /// Moves a clock that stands still; the system's clock does not listen.
    pub fn advance(&self, span: Duration) {
        if let Some(microseconds) = &self.by_hand {
            let span = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
            microseconds.fetch_add(span, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_needs_an_offset_and_is_kept_in_utc_to_the_microsecond() {
        let parsed: Timestamp = "2026-03-29T02:30:00.1234567+02:00".parse().unwrap();
        assert_eq!(parsed.to_string(), "2026-03-29T00:30:00.123456Z");
        let leap: Timestamp = "2026-12-31T23:59:60.5Z".parse().unwrap();
        assert_eq!(leap.to_string(), "2027-01-01T00:00:00.500Z");
        assert_eq!(Timestamp::from_microseconds(leap.microseconds()), Some(leap));
        assert!("2026-03-29T02:30:00".parse::<Timestamp>().is_err());
        assert!("(".repeat(100_000).parse::<Timestamp>().is_err());
        assert!("0000-01-01T00:00:00Z".parse::<Timestamp>().is_err());
        assert!("9999-12-31T23:59:59-01:00".parse::<Timestamp>().is_err());
    }

    #[test]
    fn a_clock_moved_by_hand_moves_for_every_clone() {
        let clock = Clock::standing_at("2026-01-01T00:00:00Z".parse().unwrap());
        let clone = clock.clone();
        clock.advance(Duration::from_millis(1500));
        assert_eq!(clone.now().to_string(), "2026-01-01T00:00:01.500Z");
    }

    #[test]
    fn forever_is_the_last_second_of_the_calendar() {
        assert_eq!(Timestamp::FOREVER.to_string(), "9999-12-31T23:59:59Z");
        assert_eq!(Timestamp::FOREVER.unless_forever(), None);
        assert_eq!(Timestamp::FOREVER.after(Duration::from_secs(9)), Timestamp::FOREVER);
    }
}
