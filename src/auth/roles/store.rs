//! Roles in the database. The built-in ones are not there: they are what the code says.

use std::collections::{BTreeSet, HashMap};

use diesel::prelude::*;
use serde::Serialize;

use super::definition::{RoleDefinition, RoleInput, RoleList};
use super::name::RoleName;
use crate::auth::decide::Rights;
use crate::auth::grant::Grant;
use crate::auth::role::Role;
use crate::clock::Timestamp;
use crate::db::schema::{roles, sources, tags, users};
use crate::db::{AnyConnection, Db, MOST_ROWS, Turn, take_turns};
use crate::error::{Error, Rejection, Result};
use crate::events::{self, Event, Journal, Resource, Sealed, chain};
use crate::http::etag::IfMatch;
use crate::http::input::nearest;
use crate::http::page::List;

/// Most roles, the built-in ones among them: as many as stand on one page of a list.
const MOST_ROLES: usize = 100;

/// Most of them that admins can make.
const MOST_MADE: usize = MOST_ROLES - Role::ALL.len();

/// A role that an admin made.
#[allow(missing_docs, reason = "the migrations say what each column means")]
#[derive(Debug, Clone, Serialize, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = roles, treat_none_as_null = true)]
pub struct RoleRow {
    pub name: String,
    description: Option<String>,
    /// JSON; sections and sources by id.
    permissions: String,
    version: i32,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl Sealed for RoleRow {
    const RESOURCE: Resource = Resource::Role;

    fn id(&self) -> &str {
        &self.name
    }

    fn seal(&self, _: &mut AnyConnection) -> Result<String> {
        chain::digest(self)
    }
}

impl RoleRow {
    fn grants(&self) -> Result<Vec<Grant>> {
        serde_json::from_str(&self.permissions)
            .map_err(|error| Error::internal(format!("the stored role {} cannot be read: {error}", self.name)))
    }
}

/// What a role may do now. One that does not exist may do nothing.
pub fn rights_of(connection: &mut AnyConnection, role: String) -> Result<Rights> {
    let granted = match role.parse::<Role>() {
        Ok(built_in) => built_in.grants(),
        Err(_) => {
            let row: Option<RoleRow> = roles::table.find(&role).get_result(connection).optional()?;
            let made = row.map(|row| row.grants()).transpose()?;
            made.map(with_own_account).unwrap_or_default()
        }
    };
    Ok(Rights { role, granted, token: None })
}

/// Whoever has a role has an account.
fn with_own_account(mut grants: Vec<Grant>) -> Vec<Grant> {
    grants.push(Grant::of(crate::auth::Permission::OwnAccount));
    grants
}

/// Makes sure that a role exists, and holds it until the commit, so that nobody deletes it while it is being given.
///
/// Errors: 422 on `/role`, with the nearest name and all of them.
pub fn hold(connection: &mut AnyConnection, name: &RoleName) -> Result<()> {
    if name.as_str().parse::<Role>().is_ok() {
        return Ok(());
    }
    let held = diesel::update(roles::table.find(name.as_str())).set(roles::version.eq(roles::version));
    if held.execute(connection)? == 1 {
        return Ok(());
    }
    let detail = no_such_role(name, &names(connection)?);
    Err(Error::Unprocessable(vec![Rejection::field("/role", "unknown_role", detail)]))
}

/// Makes sure that the roles exist which a list is asked for: one that is misspelled would look as if nobody had it.
///
/// Errors: 400 on `role`, with the nearest name and all of them.
pub fn refuse_unknown(connection: &mut AnyConnection, asked: &[RoleName]) -> Result<()> {
    if asked.iter().all(|name| name.as_str().parse::<Role>().is_ok()) {
        return Ok(());
    }
    let names = names(connection)?;
    match asked.iter().find(|name| !names.iter().any(|known| known == name.as_str())) {
        Some(unknown) => Err(Error::bad_parameter("role", "unknown_role", no_such_role(unknown, &names))),
        None => Ok(()),
    }
}

/// The names of all roles: the built-in ones, then the others in order.
fn names(connection: &mut AnyConnection) -> Result<Vec<String>> {
    let made: Vec<String> = roles::table.order(roles::name.asc()).select(roles::name).load(connection)?;
    Ok(Role::ALL.iter().map(ToString::to_string).chain(made).collect())
}

/// Those of these names that no role has.
fn missing(connection: &mut AnyConnection, wanted: &[String]) -> Result<Vec<String>> {
    let names = names(connection)?;
    Ok(wanted.iter().filter(|name| !names.contains(name)).cloned().collect())
}

/// Says in the log which roles do not exist that a setting names.
pub async fn warn_of_missing(db: &Db, setting: &'static str, wanted: Vec<String>) {
    match db.read(move |connection| missing(connection, &wanted)).await {
        Ok(missing) if missing.is_empty() => {}
        Ok(missing) => tracing::warn!(?missing, "{setting} names roles that do not exist"),
        Err(error) => tracing::warn!(%error, "it is not known whether the roles in {setting} exist"),
    }
}

/// That there is no role of this name; which one was meant, perhaps, and which there are.
fn no_such_role(name: &RoleName, names: &[String]) -> String {
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    let near = nearest(name.as_str(), &all).map(|near| format!("did you mean {near}? ")).unwrap_or_default();
    format!("there is no role {name}; {near}There are: {}", all.join(", "))
}

/// All roles: the built-in ones, then the others by name.
pub fn list(connection: &mut AnyConnection) -> Result<RoleList> {
    let holders: Vec<(String, i64)> =
        users::table.group_by(users::role).select((users::role, diesel::dsl::count(users::id))).load(connection)?;
    let holders: HashMap<String, i64> = holders.into_iter().collect();
    let accounts = |name: &str| holders.get(name).copied().unwrap_or(0);
    let mut data: Vec<RoleDefinition> =
        Role::ALL.iter().map(|role| RoleDefinition::built_in(*role, accounts(role.as_str()))).collect();
    let rows: Vec<RoleRow> = roles::table.order(roles::name.asc()).load(connection)?;
    let made = rows.into_iter().map(|row| Ok((row.grants()?, row))).collect::<Result<Vec<(Vec<Grant>, RoleRow)>>>()?;
    let slugs = slugs_of(connection, made.iter().flat_map(|(grants, _)| grants))?;
    for (grants, row) in made {
        let accounts = accounts(&row.name);
        data.push(show(row, grants, (&slugs, accounts)));
    }
    Ok(List { data, next: None, total: None })
}

/// The role with this name.
///
/// Errors: 404.
pub fn get(connection: &mut AnyConnection, name: &str) -> Result<RoleDefinition> {
    let accounts = holders(connection, name)?;
    match name.parse::<Role>() {
        Ok(built_in) => Ok(RoleDefinition::built_in(built_in, accounts)),
        Err(_) => {
            let row = find(connection, name)?;
            show_one(connection, row, accounts)
        }
    }
}

/// Makes a role.
///
/// Errors: 409 when there is one of this name or there are too many, 422 for sections and sources that do not exist.
pub fn create(connection: &mut AnyConnection, journal: &mut Journal, input: RoleInput) -> Result<RoleDefinition> {
    let name = crate::auth::user::given(input.name, "/name")?;
    let taken = || Error::taken("/name", "there is a role of this name; change that one, or choose another name");
    if name.as_str().parse::<Role>().is_ok() {
        return Err(taken());
    }
    take_turns(connection, Turn::MakingRoles)?;
    let made: i64 = roles::table.count().get_result(connection)?;
    if usize::try_from(made).unwrap_or(0) >= MOST_MADE {
        let detail = format!("there are {MOST_ROLES} roles, the most that are kept; delete one that nobody has");
        return Err(Error::Conflict(Rejection::anywhere("too_many_roles", detail)));
    }
    let grants = resolve(connection, input.permissions.value().unwrap_or_default())?;
    let row = RoleRow {
        name: name.into(),
        description: input.description.value().map(String::from),
        permissions: serde_json::to_string(&grants).map_err(Error::internal)?,
        version: 1,
        created_at: journal.now(),
        updated_at: journal.now(),
    };
    let inserted = diesel::insert_into(roles::table).values(&row).execute(connection).map_err(Error::from);
    inserted.map_err(|error| if matches!(error, Error::Conflict(_)) { taken() } else { error })?;
    journal.record(Event::created(Resource::Role, &row.name).sealing(row.seal(connection)?));
    show_one(connection, row, 0)
}

/// Changes what a role may do, from the next request of each of its holders on.
///
/// Errors: 404; 409 for a built-in one; 412; 422 for sections and sources that do not exist, or another name.
pub fn update(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    (name, if_match): (&str, &IfMatch),
    input: RoleInput,
) -> Result<RoleDefinition> {
    refuse_built_in(name)?;
    let before = find(connection, name)?;
    if_match.check(before.version)?;
    if input.name.as_value().is_some_and(|other| other.as_str() != name) {
        let detail = "cannot be changed, because accounts are given the role by it; make another role instead";
        return Err(Error::Unprocessable(vec![Rejection::field("/name", "read_only", detail)]));
    }
    let mut row = RoleRow { version: before.version + 1, updated_at: journal.now(), ..before.clone() };
    input.description.map(String::from).apply_to(&mut row.description);
    if let Some(grants) = input.permissions.value() {
        row.permissions = serde_json::to_string(&resolve(connection, grants)?).map_err(Error::internal)?;
    }
    let accounts = holders(connection, name)?;
    if (&row.description, &row.permissions) == (&before.description, &before.permissions) {
        return show_one(connection, before, accounts);
    }
    let unchanged = roles::table.filter(roles::name.eq(name)).filter(roles::version.eq(before.version));
    if diesel::update(unchanged).set(&row).execute(connection)? == 0 {
        return Err(Error::version_mismatch(find(connection, name)?.version));
    }
    let whose: Vec<String> = users::table.filter(users::role.eq(name)).select(users::id).load(connection)?;
    events::withhold_answers_to(connection, &whose)?;
    journal.record(Event::updated(Resource::Role, name, row.version).sealing(row.seal(connection)?));
    show_one(connection, row, accounts)
}

/// Deletes a role that nobody has.
///
/// Errors: 404; 409 for a built-in one, or when accounts have it; 412.
pub fn delete(connection: &mut AnyConnection, journal: &mut Journal, name: &str, if_match: &IfMatch) -> Result<()> {
    refuse_built_in(name)?;
    let row = find(connection, name)?;
    if_match.check(row.version)?;
    // First the row, then the count: whoever is being given the role waits at the row or is counted.
    let unchanged = roles::table.filter(roles::name.eq(name)).filter(roles::version.eq(row.version));
    if diesel::delete(unchanged).execute(connection)? == 0 {
        return Err(Error::version_mismatch(row.version + 1));
    }
    match holders(connection, name)? {
        0 => {}
        accounts => {
            let detail = format!("{accounts} accounts have this role; give them another one first");
            return Err(Error::Conflict(Rejection::anywhere("in_use", detail)));
        }
    }
    journal.record(Event::deleted(Resource::Role, name, row.version));
    Ok(())
}

fn find(connection: &mut AnyConnection, name: &str) -> Result<RoleRow> {
    roles::table.find(name).get_result(connection).optional()?.ok_or(Error::NotFound("role"))
}

fn holders(connection: &mut AnyConnection, name: &str) -> Result<i64> {
    Ok(users::table.filter(users::role.eq(name)).count().get_result(connection)?)
}

fn refuse_built_in(name: &str) -> Result<()> {
    match name.parse::<Role>() {
        Ok(role) => {
            let detail =
                format!("the role {role} is built in and stays as it is; make another one that suits you better");
            Err(Error::Conflict(Rejection::anywhere("built_in", detail)))
        }
        Err(_) => Ok(()),
    }
}

/// The same with the ids of sections and sources in place of what was said. A limit outlives the name that it was given
/// by, so it is kept by id.
///
/// Errors: 422 with every one that does not exist.
fn resolve(connection: &mut AnyConnection, grants: Vec<Grant>) -> Result<Vec<Grant>> {
    let said = |list: fn(&Grant) -> &Option<Vec<String>>| -> Vec<String> {
        grants.iter().filter_map(|grant| list(grant).as_ref()).flatten().cloned().collect()
    };
    let sections = known_sections(connection, &said(|grant| &grant.sections))?;
    let sources = known_sources(connection, &said(|grant| &grant.sources))?;
    let mut refused = Vec::new();
    let mut grants = grants;
    for (index, grant) in grants.iter_mut().enumerate() {
        let place = format!("/permissions/{index}");
        replace_all(&mut grant.sections, (&sections, "section"), &format!("{place}/sections"), &mut refused);
        replace_all(&mut grant.sources, (&sources, "source"), &format!("{place}/sources"), &mut refused);
    }
    if refused.is_empty() { Ok(grants) } else { Err(Error::Unprocessable(refused)) }
}

/// Puts ids in place of the ids and slugs of sections and sources that a token is limited to, in `/sections` and
/// `/sources` of a body; notes every one that does not exist.
pub fn replace_by_ids(
    connection: &mut AnyConnection,
    (sections, sources): (&mut Option<Vec<String>>, &mut Option<Vec<String>>),
    refused: &mut Vec<Rejection>,
) -> Result<()> {
    let known = known_sections(connection, sections.as_deref().unwrap_or_default())?;
    replace_all(sections, (&known, "section"), "/sections", refused);
    let known = known_sources(connection, sources.as_deref().unwrap_or_default())?;
    replace_all(sources, (&known, "source"), "/sources", refused);
    Ok(())
}

/// The ids and slugs of those that exist.
fn known_sections(connection: &mut AnyConnection, said: &[String]) -> Result<Vec<(String, String)>> {
    let sections = tags::table.filter(tags::kind.eq("section"));
    let named = sections.filter(tags::id.eq_any(said).or(tags::slug.eq_any(said)));
    Ok(named.select((tags::id, tags::slug)).load(connection)?)
}

/// The ids and slugs of those that exist.
fn known_sources(connection: &mut AnyConnection, said: &[String]) -> Result<Vec<(String, String)>> {
    let named = sources::table.filter(sources::id.eq_any(said).or(sources::slug.eq_any(said)));
    Ok(named.select((sources::id, sources::slug)).load(connection)?)
}

/// Puts ids in place of ids and slugs.
fn replace_all(
    limit: &mut Option<Vec<String>>,
    (known, what): (&[(String, String)], &str),
    place: &str,
    refused: &mut Vec<Rejection>,
) {
    for (index, text) in limit.iter_mut().flatten().enumerate() {
        match known.iter().find(|(id, slug)| id == text || slug == text) {
            Some((id, _)) => text.clone_from(id),
            None => {
                let detail = format!("there is no {what} with this id or slug");
                refused.push(Rejection::field(format!("{place}/{index}"), "unknown_reference", detail));
            }
        }
    }
}

/// A role by itself, as it looks from outside.
fn show_one(connection: &mut AnyConnection, row: RoleRow, accounts: i64) -> Result<RoleDefinition> {
    let grants = row.grants()?;
    let slugs = slugs_of(connection, &grants)?;
    Ok(show(row, grants, (&slugs, accounts)))
}

/// The slugs of all sections and sources that these permissions are limited to, by their ids.
fn slugs_of<'a>(
    connection: &mut AnyConnection,
    grants: impl IntoIterator<Item = &'a Grant>,
) -> Result<HashMap<String, String>> {
    let (mut of_sections, mut of_sources) = (BTreeSet::new(), BTreeSet::new());
    for grant in grants {
        of_sections.extend(grant.sections.iter().flatten());
        of_sources.extend(grant.sources.iter().flatten());
    }
    let mut slugs: Vec<(String, String)> = Vec::new();
    // A hundred roles may name more than one statement can.
    for ids in Vec::from_iter(of_sections).chunks(MOST_ROWS) {
        slugs.extend(tags::table.filter(tags::id.eq_any(ids)).select((tags::id, tags::slug)).load(connection)?);
    }
    for ids in Vec::from_iter(of_sources).chunks(MOST_ROWS) {
        let named = sources::table.filter(sources::id.eq_any(ids)).select((sources::id, sources::slug));
        slugs.extend(named.load(connection)?);
    }
    Ok(slugs.into_iter().collect())
}

/// A role as it looks from outside: sections and sources by slug, and by id when there is no such thing any more.
fn show(
    row: RoleRow,
    mut permissions: Vec<Grant>,
    (slugs, accounts): (&HashMap<String, String>, i64),
) -> RoleDefinition {
    for grant in &mut permissions {
        for id in grant.sections.iter_mut().flatten().chain(grant.sources.iter_mut().flatten()) {
            if let Some(slug) = slugs.get(id.as_str()) {
                id.clone_from(slug);
            }
        }
    }
    RoleDefinition {
        name: row.name,
        description: row.description,
        permissions,
        built_in: false,
        accounts,
        version: row.version,
        created_at: Some(row.created_at),
        updated_at: Some(row.updated_at),
    }
}
