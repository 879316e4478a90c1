//! How many stories there are from each day, month or year: for archives.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::filter::ArticleFilter;
use super::listing;
use super::sight::Sight;
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::http::page::{Key, List, Page, Start};

/// The grain of time.
const MICROSECOND: Duration = Duration::from_micros(1);

/// A day in UTC, which has no leap seconds here.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the periods of a calendar are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// A day, in UTC.
    Day,
    /// A month.
    #[default]
    Month,
    /// A year.
    Year,
}

/// How many stories there are from one period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Period {
    /// The period in UTC: `2026-11-23`, `2026-11` or `2026`.
    #[schema(example = "2026-11")]
    pub period: String,
    /// How many stories readers see whose `published_at` lies in it.
    #[schema(minimum = 1)]
    pub articles: i64,
    /// The parameter `published_after` that lists them: the last moment before the period.
    pub published_after: Timestamp,
    /// The parameter `published_before` that lists them: the first moment after the period.
    pub published_before: Timestamp,
}

/// One page of periods.
pub type PeriodList = List<Period>;

impl Group {
    /// By what a day, written as a number (20261123), is divided to get its period.
    fn divisor(self) -> i32 {
        match self {
            Group::Day => 1,
            Group::Month => 100,
            Group::Year => 10_000,
        }
    }

    /// Most days with stories that one period can have.
    fn most_days(self) -> i64 {
        match self {
            Group::Day => 1,
            Group::Month => 31,
            Group::Year => 366,
        }
    }

    /// The period of this number, in words and from when until when.
    fn period(self, number: i32, articles: i64) -> Result<Period> {
        let (year, month, day) = match self {
            Group::Day => (number / 10_000, number / 100 % 100, number % 100),
            Group::Month => (number / 100, number % 100, 1),
            Group::Year => (number, 1, 1),
        };
        let first = midnight(year, month, day)?;
        let end = match self {
            Group::Day => first.after(DAY),
            Group::Month if month < 12 => midnight(year, month + 1, 1)?,
            // The calendar ends with the year 9999.
            Group::Month | Group::Year => midnight(year + 1, 1, 1).unwrap_or(Timestamp::FOREVER),
        };
        let period = match self {
            Group::Day => format!("{year:04}-{month:02}-{day:02}"),
            Group::Month => format!("{year:04}-{month:02}"),
            Group::Year => format!("{year:04}"),
        };
        Ok(Period { period, articles, published_after: first.before(MICROSECOND), published_before: end })
    }
}

fn midnight(year: i32, month: i32, day: i32) -> Result<Timestamp> {
    format!("{year:04}-{month:02}-{day:02}T00:00:00Z").parse().map_err(Error::internal)
}

/// One page of the periods from which these eyes see stories that this filter selects, newest first. The days come
/// counted from the database, in the order of an index; months and years are sums of them.
pub fn list(
    connection: &mut AnyConnection,
    (filter, group): (&ArticleFilter, Group),
    page: &Page,
    sight: Sight,
) -> Result<PeriodList> {
    let before = match &page.start {
        Start::After(keys) => Some(place(keys)?.saturating_mul(group.divisor())),
        Start::Top | Start::At(_) => None,
    };
    // Enough days for all the periods of the page, and for one more.
    let most = (page.offset() + page.fetch()).saturating_mul(group.most_days());
    let most = if page.count { i64::MAX } else { most };
    let mut periods: Vec<(i32, i64)> = Vec::new();
    for (day, articles) in listing::count_days(connection, filter, (before, most), sight)? {
        let number = day / group.divisor();
        match periods.last_mut().filter(|(last, _)| *last == number) {
            Some((_, together)) => *together += articles,
            None => periods.push((number, articles)),
        }
    }
    let total = page.count.then(|| i64::try_from(periods.len()).unwrap_or(i64::MAX));
    let passed = usize::try_from(page.offset()).unwrap_or(usize::MAX);
    let rows = periods.into_iter().skip(passed).take(page.limit() + 1).collect();
    let List { data, next, total } = page.list(rows, total, |(number, _)| vec![Key::from(i64::from(*number))]);
    let data = data.into_iter().map(|(number, articles)| group.period(number, articles)).collect::<Result<_>>()?;
    Ok(List { data, next, total })
}

/// The number of the period that a cursor stands at.
fn place(keys: &[Key]) -> Result<i32> {
    i32::try_from(keys.first().ok_or_else(Error::wrong_cursor)?.position()?).map_err(|_| Error::wrong_cursor())
}

impl Period {
    /// An example for the API docs: a page of two.
    pub fn list_sample() -> Value {
        json!({
            "data": [
                {
                    "period": "2026-03", "articles": 412, "published_after": "2026-02-28T23:59:59.999999Z",
                    "published_before": "2026-04-01T00:00:00Z"
                },
                {
                    "period": "2026-02", "articles": 388, "published_after": "2026-01-31T23:59:59.999999Z",
                    "published_before": "2026-03-01T00:00:00Z"
                }
            ],
            "next": null
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_says_what_lists_it() {
        let said = |group: Group, number| {
            let period = group.period(number, 1).unwrap();
            (period.period, period.published_after.to_string(), period.published_before.to_string())
        };
        let owned = |texts: [&str; 3]| (texts[0].to_owned(), texts[1].to_owned(), texts[2].to_owned());
        assert_eq!(
            said(Group::Day, 20_281_231),
            owned(["2028-12-31", "2028-12-30T23:59:59.999999Z", "2029-01-01T00:00:00Z"])
        );
        assert_eq!(
            said(Group::Month, 202_802),
            owned(["2028-02", "2028-01-31T23:59:59.999999Z", "2028-03-01T00:00:00Z"])
        );
        assert_eq!(
            said(Group::Month, 202_812),
            owned(["2028-12", "2028-11-30T23:59:59.999999Z", "2029-01-01T00:00:00Z"])
        );
        assert_eq!(said(Group::Year, 2028), owned(["2028", "2027-12-31T23:59:59.999999Z", "2029-01-01T00:00:00Z"]));
        assert_eq!(said(Group::Year, 9999).2, "9999-12-31T23:59:59Z");
    }
}
