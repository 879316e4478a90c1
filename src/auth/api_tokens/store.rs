//! The rows of API tokens.

use std::time::Duration;

use diesel::prelude::*;
use serde::Serialize;

use super::definition::{ApiToken, ApiTokenFilter, ApiTokenList};
use super::secret::ApiTokenSecret;
use crate::auth::decide::Rights;
use crate::auth::grant::Grant;
use crate::auth::permission::Permission;
use crate::auth::roles;
use crate::clock::Timestamp;
use crate::db::schema::{api_tokens, users};
use crate::db::{AnyConnection, Backend};
use crate::error::{Error, Rejection, Result};
use crate::events::{Action, Event, Journal, Resource, Sealed, chain};
use crate::http::page::{Key, Page, Start};

/// Most tokens of one account.
const MOST_TOKENS: i64 = 50;

/// For how long a token is listed after it expired, so that people find out why a script stopped.
const LISTED_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How exactly the last use is kept: a busy token must not write with every request.
const BETWEEN_NOTES: Duration = Duration::from_secs(60);

/// A token as it is stored: without its secret.
#[allow(missing_docs, reason = "the migrations say what each column means")]
#[derive(Debug, Clone, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = api_tokens)]
pub struct ApiTokenRow {
    pub id: String,
    pub user_id: String,
    pub name: String,
    pub hash: String,
    pub hint: String,
    /// JSON: a list of permissions.
    pub scopes: String,
    /// JSON: a list of ids.
    pub sections: Option<String>,
    /// JSON: a list of ids.
    pub sources: Option<String>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// Changes without an entry in the log, so no seal has it.
    #[serde(skip)]
    pub last_used_at: Option<Timestamp>,
    /// As above.
    #[serde(skip)]
    pub last_used_from: Option<String>,
}

/// A token that is good now, and what its bearer may do.
pub struct Bearer {
    /// The token.
    pub id: String,
    /// Whose it is.
    pub user_id: String,
    /// What may be done with it now.
    pub rights: Rights,
    /// Whether its use should be noted.
    pub note: bool,
}

impl Sealed for ApiTokenRow {
    const RESOURCE: Resource = Resource::Token;

    fn id(&self) -> &str {
        &self.id
    }

    fn seal(&self, _: &mut AnyConnection) -> Result<String> {
        chain::digest(self)
    }
}

impl ApiTokenRow {
    fn show(self) -> Result<ApiToken> {
        let ids = |list: Option<String>| list.map(|text| read(&text)).transpose();
        Ok(ApiToken {
            scopes: read(&self.scopes)?,
            sections: ids(self.sections)?,
            sources: ids(self.sources)?,
            id: self.id,
            name: self.name,
            user_id: self.user_id,
            hint: self.hint,
            created_at: self.created_at,
            expires_at: self.expires_at,
            last_used_at: self.last_used_at,
            last_used_from: self.last_used_from,
        })
    }

    /// What the token allows, whoever has it.
    fn grants(&self) -> Result<Vec<Grant>> {
        let ids = |list: &Option<String>| list.as_deref().map(read::<Vec<String>>).transpose();
        let (sections, sources) = (ids(&self.sections)?, ids(&self.sources)?);
        let scopes: Vec<Permission> = read(&self.scopes)?;
        let limited = |action: Permission| match action.is_about_stories() {
            true => Grant { sections: sections.clone(), sources: sources.clone(), ..Grant::of(action) },
            false => Grant::of(action),
        };
        // Every token may ask whose it is.
        Ok(scopes.into_iter().map(limited).chain([Grant::of(Permission::ReadAccount)]).collect())
    }
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| Error::internal(format!("a stored API token cannot be read: {error}")))
}

/// The token with this secret, when it is good now and its owner may sign in.
pub fn find(connection: &mut AnyConnection, secret: &ApiTokenSecret, now: Timestamp) -> Result<Option<Bearer>> {
    find_by_hash(connection, &secret.hash(), now)
}

/// The same for the token with this id.
pub fn find_by_id(connection: &mut AnyConnection, id: &str, now: Timestamp) -> Result<Option<Bearer>> {
    let hash: Option<String> = api_tokens::table.find(id).select(api_tokens::hash).get_result(connection).optional()?;
    hash.map_or(Ok(None), |hash| find_by_hash(connection, &hash, now))
}

fn find_by_hash(connection: &mut AnyConnection, hash: &str, now: Timestamp) -> Result<Option<Bearer>> {
    let found: Option<(ApiTokenRow, String)> = api_tokens::table
        .inner_join(users::table.on(users::id.eq(api_tokens::user_id)))
        .filter(api_tokens::hash.eq(hash))
        .filter(api_tokens::expires_at.gt(now))
        .filter(users::active.eq(true))
        .filter(users::invited.eq(false))
        .select((ApiTokenRow::as_select(), users::role))
        .get_result(connection)
        .optional()?;
    let Some((row, role)) = found else { return Ok(None) };
    let rights = roles::rights_of(connection, role)?;
    let rights = Rights { token: Some(row.grants()?), ..rights };
    let note = row.last_used_at.is_none_or(|last| last.after(BETWEEN_NOTES) <= now);
    Ok(Some(Bearer { id: row.id, user_id: row.user_id, rights, note }))
}

/// Notes when and from where a token was used, unless that was done within the last minute.
pub fn note_use(connection: &mut AnyConnection, id: &str, address: Option<&str>, now: Timestamp) -> Result<()> {
    let long_ago = api_tokens::last_used_at.is_null().or(api_tokens::last_used_at.le(now.before(BETWEEN_NOTES)));
    diesel::update(api_tokens::table.filter(api_tokens::id.eq(id)).filter(long_ago))
        .set((api_tokens::last_used_at.eq(now), api_tokens::last_used_from.eq(address)))
        .execute(connection)?;
    Ok(())
}

/// Keeps a new token. Its owner is held ([`crate::auth::standing::hold`]), so that nobody else makes one meanwhile that is
/// not counted.
///
/// Errors: 409 when the account has as many as it may.
pub fn insert(connection: &mut AnyConnection, row: ApiTokenRow) -> Result<ApiToken> {
    let of_owner = api_tokens::table.filter(api_tokens::user_id.eq(&row.user_id));
    if of_owner.count().get_result::<i64>(connection)? >= MOST_TOKENS {
        let detail = format!("you have {MOST_TOKENS} tokens, the most that are kept; revoke one that is not used");
        return Err(Error::Conflict(Rejection::anywhere("too_many_tokens", detail)));
    }
    diesel::insert_into(api_tokens::table).values(&row).execute(connection)?;
    row.show()
}

/// One page of tokens, the newest first.
pub fn list(connection: &mut AnyConnection, filter: &ApiTokenFilter, page: &Page) -> Result<ApiTokenList> {
    let total = if page.count { Some(filtered(filter).count().get_result(connection)?) } else { None };
    let mut query = filtered(filter);
    if let Start::After(keys) = &page.start
        && let Some(id) = keys.first()
    {
        query = query.filter(api_tokens::id.lt(id.text()?));
    }
    let rows: Vec<ApiTokenRow> = query
        .order(api_tokens::id.desc())
        .limit(page.fetch())
        .offset(page.offset())
        .select(ApiTokenRow::as_select())
        .load(connection)?;
    let list = page.list(rows, total, |row| vec![Key::from(row.id.clone())]);
    let data = list.data.into_iter().map(ApiTokenRow::show).collect::<Result<_>>()?;
    Ok(ApiTokenList { data, next: list.next, total: list.total })
}

fn filtered<'a>(filter: &ApiTokenFilter) -> api_tokens::BoxedQuery<'a, Backend> {
    let query = api_tokens::table.into_boxed();
    match &filter.user {
        Some(user) => query.filter(api_tokens::user_id.eq(user.clone())),
        None => query,
    }
}

/// The token with this id; of this account only, when one is named.
///
/// Errors: 404.
pub fn get(connection: &mut AnyConnection, id: &str, owner: Option<&str>) -> Result<ApiToken> {
    let found = api_tokens::table.find(id).select(ApiTokenRow::as_select()).get_result(connection).optional()?;
    let theirs = |row: &ApiTokenRow| owner.is_none_or(|owner| owner == row.user_id);
    found.filter(theirs).ok_or(Error::NotFound("token"))?.show()
}

/// Revokes a token; `false` when somebody was faster.
pub fn revoke(connection: &mut AnyConnection, id: &str) -> Result<bool> {
    Ok(diesel::delete(api_tokens::table.find(id)).execute(connection)? == 1)
}

/// Revokes every token of an account, and gives their ids.
pub fn revoke_all(connection: &mut AnyConnection, user_id: &str) -> Result<Vec<String>> {
    let of_user = api_tokens::table.filter(api_tokens::user_id.eq(user_id));
    Ok(diesel::delete(of_user).returning(api_tokens::id).get_results(connection)?)
}

/// Deletes tokens that expired a month ago and more, and says so in the log. Gives how many.
pub fn prune(connection: &mut AnyConnection, journal: &mut Journal) -> Result<usize> {
    let old = api_tokens::table.filter(api_tokens::expires_at.le(journal.now().before(LISTED_FOR)));
    let ids: Vec<String> = diesel::delete(old).returning(api_tokens::id).get_results(connection)?;
    for id in &ids {
        journal.record(Event::new(Action::Deleted, Resource::Token, id).noted(Some("expired".to_owned())));
    }
    Ok(ids.len())
}
