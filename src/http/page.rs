//! Pages of lists: by an opaque cursor, which neither shows a row twice nor loses one while the list changes, or by
//! number.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Deserializer, Serialize};
use sha2::Sha256;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::fields;
use crate::clock::Timestamp;
use crate::config::Secret;
use crate::error::{Error, Result};

/// Rows of a page when nobody says how many.
const DEFAULT_LIMIT: u32 = 20;

/// Most rows of a page.
const LARGEST_LIMIT: u32 = 100;

/// Farthest page that can be asked for by number.
const LAST_PAGE: u32 = 100_000;

/// Bytes of the signature inside a cursor.
const SIGNATURE: usize = 16;

/// How to walk through a list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// How many to give, from 1 to 100.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, default = 20)]
    limit: Option<Limit>,
    /// Where to go on: the `next` of the page before. Belongs to the same filters and sorting; opaque.
    #[param(max_length = 2000)]
    cursor: Option<String>,
    /// A page by its number, from 1. For walking through everything, `cursor` is the safe way.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100000)]
    page: Option<PageNumber>,
    /// `true` adds `total`, how many there are altogether.
    count: Option<bool>,
}

/// 1 to 100.
#[derive(Debug, Clone, Copy)]
struct Limit(u32);

/// 1 to 100,000.
#[derive(Debug, Clone, Copy)]
struct PageNumber(u32);

/// A whole number in a range, or a refusal that says the range.
pub fn number_between<'de, D: Deserializer<'de>>(deserializer: D, first: u32, last: u32) -> Result<u32, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.parse::<u32>() {
        Ok(number) if (first..=last).contains(&number) => Ok(number),
        _ => Err(fields::refusal("out_of_range", format_args!("must be a whole number from {first} to {last}"))),
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        number_between(deserializer, 1, LARGEST_LIMIT).map(Limit)
    }
}

impl<'de> Deserialize<'de> for PageNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        number_between(deserializer, 1, LAST_PAGE).map(PageNumber)
    }
}

impl Paging {
    /// Refuses parameters that contradict each other.
    pub fn check(&self) -> Result<()> {
        if self.cursor.is_some() && self.page.is_some() {
            let detail = "cannot be combined with cursor; use one of them";
            return Err(Error::bad_parameter("page", "contradiction", detail));
        }
        Ok(())
    }

    /// How many rows a page has.
    pub fn limit(&self) -> u32 {
        self.limit.map_or(DEFAULT_LIMIT, |limit| limit.0)
    }

    /// The page that was asked for. `binding` is what the cursor must have been made for; it holds the address, the
    /// filters and who sees the list.
    pub fn page(&self, cursors: &Cursors, binding: &str) -> Result<Page> {
        let start = match (&self.cursor, self.page) {
            (Some(cursor), _) => Start::After(cursors.open(cursor, binding)?),
            (None, Some(number)) => Start::At(i64::from(number.0 - 1) * i64::from(self.limit())),
            (None, None) => Start::Top,
        };
        Ok(Page {
            limit: self.limit(),
            start,
            count: self.count.unwrap_or(false),
            cursors: cursors.clone(),
            binding: binding.to_owned(),
        })
    }
}

/// A checked request for one page.
#[derive(Debug, Clone)]
pub struct Page {
    limit: u32,
    /// Where the page begins.
    pub start: Start,
    /// Whether the total was asked for.
    pub count: bool,
    cursors: Cursors,
    binding: String,
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// At the first row.
    Top,
    /// After the row with these sort keys; the id is the last of them.
    After(Vec<Key>),
    /// After this many rows.
    At(i64),
}

/// One sort key of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Key {
    /// A moment, in microseconds, or a position.
    Number(i64),
    /// A text or an id.
    Text(String),
}

impl From<Timestamp> for Key {
    fn from(moment: Timestamp) -> Key {
        Key::Number(moment.microseconds())
    }
}

impl From<i64> for Key {
    fn from(position: i64) -> Key {
        Key::Number(position)
    }
}

impl From<String> for Key {
    fn from(text: String) -> Key {
        Key::Text(text)
    }
}

impl Key {
    /// The moment; a cursor that has something else here is not ours.
    pub fn time(&self) -> Result<Timestamp> {
        match self {
            Key::Number(microseconds) => Timestamp::from_microseconds(*microseconds).ok_or_else(Error::wrong_cursor),
            Key::Text(_) => Err(Error::wrong_cursor()),
        }
    }

    /// The position; a cursor that has something else here is not ours.
    pub fn position(&self) -> Result<i64> {
        match self {
            Key::Number(position) => Ok(*position),
            Key::Text(_) => Err(Error::wrong_cursor()),
        }
    }

    /// The text; a cursor that has something else here is not ours.
    pub fn text(&self) -> Result<String> {
        match self {
            Key::Text(text) => Ok(text.clone()),
            Key::Number(_) => Err(Error::wrong_cursor()),
        }
    }
}

impl Page {
    /// The same page with at most this many rows, for lists whose rows cost more than others.
    pub fn at_most(self, rows: u32) -> Page {
        let limit = self.limit.min(rows);
        let start = match self.start {
            Start::At(offset) => Start::At(offset / i64::from(self.limit) * i64::from(limit)),
            start => start,
        };
        Page { limit, start, ..self }
    }

    /// The same request with this many rows.
    pub fn of(self, limit: u32) -> Page {
        Page { limit, ..self }
    }

    /// The page that follows the row with these keys.
    pub fn following(&self, keys: Vec<Key>) -> Page {
        Page { start: Start::After(keys), ..self.clone() }
    }

    /// The cursor of the row with these keys: a page that is asked for with it begins behind that row.
    pub fn cursor(&self, keys: &[Key]) -> String {
        self.cursors.seal(keys, &self.binding)
    }

    /// How many rows the page has.
    pub fn limit(&self) -> usize {
        self.limit as usize
    }

    /// One row more than the page has, to know whether there is a next one.
    pub fn fetch(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// How many rows to pass over.
    pub fn offset(&self) -> i64 {
        match self.start {
            Start::At(rows) => rows,
            Start::Top | Start::After(_) => 0,
        }
    }

    /// The list from the rows that [`Page::fetch`] asked for; `keys` gives a row's sort keys.
    pub fn list<Row>(&self, mut rows: Vec<Row>, total: Option<i64>, keys: impl Fn(&Row) -> Vec<Key>) -> List<Row> {
        let more = rows.len() > self.limit();
        rows.truncate(self.limit());
        let next = rows.last().filter(|_| more).map(|row| self.cursor(&keys(row)));
        List { data: rows, next, total }
    }
}

/// One page of a list.
#[derive(Debug, Serialize)]
pub struct List<T> {
    /// The rows of this page, in order.
    pub data: Vec<T>,
    /// Give this as `cursor` to get the next page; `null` on the last one.
    pub next: Option<String>,
    /// How many there are altogether; only when `count=true` was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<i64>,
}

impl<T> List<T> {
    /// The same page with every row converted.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> List<U> {
        List { data: self.data.into_iter().map(convert).collect(), next: self.next, total: self.total }
    }
}

/// A list of tags is known as `TagList`.
impl<T: ToSchema> ToSchema for List<T> {
    fn name() -> Cow<'static, str> {
        format!("{}List", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}

impl<T: ToSchema> PartialSchema for List<T> {
    fn schema() -> RefOr<Schema> {
        let next = "Give this as `cursor` to get the next page; `null` on the last one.";
        let total = "How many there are altogether; only when `count=true` was asked for.";
        ObjectBuilder::new()
            .description(Some("One page of a list."))
            .property("data", ArrayBuilder::new().items(Ref::from_schema_name(T::name())).max_items(Some(100)))
            .required("data")
            .property(
                "next",
                ObjectBuilder::new()
                    .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
                    .description(Some(next)),
            )
            .required("next")
            .property(
                "total",
                ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).description(Some(total)),
            )
            .into()
    }
}

/// Signs and checks cursors, so that nobody can make one that sorts by what is hidden.
#[derive(Debug, Clone)]
pub struct Cursors {
    key: [u8; 32],
}

impl Cursors {
    /// Cursors signed with a key of their own, derived from the instance's secret.
    pub fn new(secret: &Secret) -> Cursors {
        Cursors { key: secret.derive("cursor") }
    }

    /// A cursor for the row with these keys.
    fn seal(&self, keys: &[Key], binding: &str) -> String {
        let payload = serde_json::to_vec(keys).unwrap_or_default();
        let mut bytes = self.sign(&payload, binding).to_vec();
        bytes.extend(payload);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The keys in a cursor that was made here, for the same list.
    fn open(&self, cursor: &str, binding: &str) -> Result<Vec<Key>> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| Error::wrong_cursor())?;
        let (signature, payload) = bytes.split_at_checked(SIGNATURE).ok_or_else(Error::wrong_cursor)?;
        self.mac(payload, binding).verify_truncated_left(signature).map_err(|_| Error::wrong_cursor())?;
        serde_json::from_slice(payload).map_err(|_| Error::wrong_cursor())
    }

    fn mac(&self, payload: &[u8], binding: &str) -> Hmac<Sha256> {
        let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.key) else {
            unreachable!("HMAC takes a key of any length")
        };
        mac.update(&(payload.len() as u64).to_be_bytes());
        mac.update(payload);
        mac.update(binding.as_bytes());
        mac
    }

    fn sign(&self, payload: &[u8], binding: &str) -> [u8; SIGNATURE] {
        let whole: [u8; 32] = self.mac(payload, binding).finalize().into_bytes().into();
        *whole.first_chunk().unwrap_or(&[0; SIGNATURE])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursors() -> Cursors {
        Cursors::new(&Secret::new("0123456789abcdef0123456789abcdef".to_owned()).unwrap())
    }

    #[test]
    fn s02_t41_a_cursor_opens_only_unchanged_and_for_its_own_list() {
        let cursors = cursors();
        let keys = vec![Key::Number(1_700_000_000_000_000), Key::from("id".to_owned())];
        let cursor = cursors.seal(&keys, "/v1/articles?tag=nato");
        assert_eq!(cursors.open(&cursor, "/v1/articles?tag=nato").unwrap(), keys);
        assert!(cursors.open(&cursor, "/v1/articles?tag=kosovo").is_err());
        for index in 0..cursor.len() {
            let mut changed = cursor.clone().into_bytes();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            assert!(cursors.open(&String::from_utf8(changed).unwrap(), "/v1/articles?tag=nato").is_err());
        }
    }

    #[test]
    fn a_page_knows_whether_there_is_another_one() {
        let paging = Paging { limit: Some(Limit(2)), ..Paging::default() };
        let page = paging.page(&cursors(), "/").unwrap();
        let key = |row: &&str| vec![Key::from((*row).to_owned())];
        assert!(page.list(vec!["a", "b", "c"], None, key).next.is_some());
        assert!(page.list(vec!["a", "b"], None, key).next.is_none());
    }
}
