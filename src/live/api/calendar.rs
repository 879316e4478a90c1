//! `/v1/calendar`: how many stories there are from when.

use actix_web::get;
use actix_web::web::Data;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::clock::{Clock, Timestamp};
use crate::db::Db;
use crate::error::Result;
use crate::http::answer::{Answer, Audience};
use crate::http::page::{Cursors, Paging};
use crate::http::query::ListQuery;
use crate::live::calendar::{self, Group, Period, PeriodList};
use crate::live::{ArticleFilter, Sight, freshness};

/// How a calendar is divided.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct CalendarParameters {
    /// How long the periods are: `day`, `month` or `year`.
    #[param(inline, default = "month")]
    group: Group,
    /// What readers saw at this moment, with names as they were printed when it was published; not in the future.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-11-01T00:00:00Z")]
    as_of: Option<Timestamp>,
}

/// Count articles by day, month or year
///
/// How many of the articles that readers see were published in each period (UTC), newest first; periods without any are
/// left out. The filters are those of `/v1/articles`, and `published_after` and `published_before` of a period are the
/// parameters that list its articles.
#[utoipa::path(
    operation_id = "get_calendar", tag = "Articles", params(super::FilterOnly, CalendarParameters, Paging),
    responses((status = 200, body = PeriodList, example = json!(Period::list_sample()))),
)]
#[get("/calendar")]
pub async fn get_calendar(
    query: ListQuery<ArticleFilter, CalendarParameters>,
    db: Data<Db>,
    clock: Data<Clock>,
    cursors: Data<Cursors>,
) -> Result<Answer> {
    query.refuse(&["sort"], "is not a parameter here: periods come newest first")?;
    let page = query.paging.page(&cursors, &query.binding)?;
    let (filter, CalendarParameters { group, as_of }) = (query.filter, query.more);
    let read = db.read(move |connection| {
        let now = clock.now();
        let sight = Sight::asked(as_of, now)?;
        let freshness = freshness::of_list(connection, sight)?;
        Ok((calendar::list(connection, (&filter, group), &page, sight)?, freshness))
    });
    let (list, freshness) = read.await?;
    Ok(Answer::list(&list, Audience::Everyone).fresh(freshness))
}
