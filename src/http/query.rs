//! Reads query strings: typed parameters in, or every refused parameter at once. A parameter that is not known is an
//! error, because a filter that is silently ignored shows the wrong stories.

use std::fmt;
use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::de::value::MapDeserializer;
use serde::de::{self, DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};
use utoipa::IntoParams;

use super::input::{field_names, nearest, one_of};
use super::{fields, page};
use crate::clock::Timestamp;
use crate::db::keyset::Direction;
use crate::error::{Error, Rejection, Result};

/// Most values in a comma-separated list.
const MOST_VALUES: usize = 20;

/// The parameter that is a text of somebody's, and not a value that could be wrong.
const FREE_TEXT: &str = "q";

/// Longest query string that is read, in bytes.
const LONGEST_QUERY: usize = 8 * 1024;

/// The parameters of an operation that gives one thing or takes one action.
#[derive(Debug)]
pub struct Query<T>(pub T);

/// The parameters of a list: paging, whatever filters `F` has, and perhaps more of another kind.
#[derive(Debug)]
pub struct ListQuery<F, More = NoMore> {
    /// Filters and sorting.
    pub filter: F,
    /// Parameters that are not the filter's.
    pub more: More,
    /// `limit`, `cursor`, `page` and `count`.
    pub paging: page::Paging,
    /// What a cursor of this list is bound to: the address and every filter, in a canonical order.
    pub binding: String,
    /// The names of the parameters that were sent.
    pub given: Vec<String>,
}

impl<F, More> ListQuery<F, More> {
    /// Refuses every parameter that was sent and is none of these, with what to do instead.
    pub fn allow_only(&self, names: &[&str], instead: &str) -> Result<()> {
        let others = self.given.iter().filter(|name| !names.contains(&name.as_str()));
        refuse_together(others, instead)
    }

    /// Refuses every one of these parameters that was sent, with what to do instead.
    pub fn refuse(&self, names: &[&str], instead: &str) -> Result<()> {
        refuse_together(self.given.iter().filter(|name| names.contains(&name.as_str())), instead)
    }
}

fn refuse_together<'a>(names: impl Iterator<Item = &'a String>, instead: &str) -> Result<()> {
    let refused: Vec<Rejection> = names.map(|name| Rejection::parameter(name, "not_here", instead)).collect();
    if refused.is_empty() { Ok(()) } else { Err(Error::BadRequest(refused)) }
}

/// A list that has no filters.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct NoFilter {}

/// A list that has no other parameters.
#[derive(Debug, Default, Deserialize)]
pub struct NoMore {}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(pairs(request).and_then(|pairs| {
            let known = field_names::<T>();
            refuse_unknown(&pairs, known).and_then(|()| read(&pairs, known)).map(Query)
        }))
    }
}

impl<F: DeserializeOwned, More: DeserializeOwned> FromRequest for ListQuery<F, More> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(pairs(request).and_then(|pairs| list_query(request.path(), &pairs)))
    }
}

fn list_query<F: DeserializeOwned, More: DeserializeOwned>(
    path: &str,
    pairs: &[(String, String)],
) -> Result<ListQuery<F, More>> {
    let of_paging = field_names::<page::Paging>();
    let of_more = field_names::<More>();
    // A parameter that both know means what `More` says.
    let of_filter: Vec<&str> = field_names::<F>().iter().copied().filter(|name| !of_more.contains(name)).collect();
    refuse_unknown(pairs, &[&of_filter, of_more, of_paging].concat())?;
    let mut refused = Vec::new();
    let filter = collect(read::<F>(pairs, &of_filter), &mut refused)?;
    let more = collect(read::<More>(pairs, of_more), &mut refused)?;
    let paging = collect(read::<page::Paging>(pairs, of_paging), &mut refused)?;
    let (Some(filter), Some(more), Some(paging)) = (filter, more, paging) else {
        return Err(Error::BadRequest(refused));
    };
    paging.check()?;
    // What a row holds has nothing to do with which row is next.
    let binds = |name: &str| name != "fields" && !of_paging.contains(&name);
    let mut bound: Vec<_> = pairs.iter().filter(|(name, _)| binds(name)).collect();
    bound.sort();
    let bound: Vec<String> = bound.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let given = pairs.iter().map(|(name, _)| name.clone()).collect();
    Ok(ListQuery { filter, more, paging, binding: format!("{path}?{}", bound.join("&")), given })
}

/// Keeps what was refused for later, so that all of it is said at once.
fn collect<T>(read: Result<T>, refused: &mut Vec<Rejection>) -> Result<Option<T>> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(Error::BadRequest(more)) => {
            refused.extend(more);
            Ok(None)
        }
        Err(other) => Err(other),
    }
}

/// The decoded parameters in the order they were sent; a repeated one is refused, because which would win is a guess.
fn pairs(request: &HttpRequest) -> Result<Vec<(String, String)>> {
    let text = request.query_string();
    if text.len() > LONGEST_QUERY {
        let detail = format!("the query has more than {LONGEST_QUERY} bytes");
        return Err(Error::BadRequest(vec![Rejection::anywhere("query_too_long", detail)]));
    }
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut refused = Vec::new();
    for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
        // Whatever somebody searches for is searched for; no text has this character.
        let value = if name == FREE_TEXT { value.replace('\0', " ").into() } else { value };
        if name.contains('\0') || value.contains('\0') {
            let detail = "must not contain the character NUL (%00)";
            refused.push(Rejection::parameter(name.replace('\0', ""), "control_character", detail));
        } else if pairs.iter().any(|(given, _)| *given == name) {
            let detail = "is given twice; give several values as a comma-separated list, such as tag=nato,kosovo";
            refused.push(Rejection::parameter(name, "repeated_parameter", detail));
        } else {
            pairs.push((name.into_owned(), value.into_owned()));
        }
    }
    if refused.is_empty() { Ok(pairs) } else { Err(Error::BadRequest(refused)) }
}

fn refuse_unknown(pairs: &[(String, String)], known: &[&str]) -> Result<()> {
    let unknown = pairs.iter().filter(|(name, _)| !known.contains(&name.as_str()));
    let refused: Vec<Rejection> = unknown
        .map(|(name, _)| {
            let near = nearest(name, known).map(|near| format!("did you mean {near}? ")).unwrap_or_default();
            let allowed = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            Rejection::parameter(
                name,
                "unknown_parameter",
                format!("is not a parameter here; {near}Allowed: {allowed}"),
            )
        })
        .collect();
    if refused.is_empty() { Ok(()) } else { Err(Error::BadRequest(refused)) }
}

/// `T` from those pairs that belong to it, or every refused one.
fn read<T: DeserializeOwned>(pairs: &[(String, String)], names: &[&str]) -> Result<T> {
    let of_this: Vec<_> = pairs.iter().filter(|(name, _)| names.contains(&name.as_str())).collect();
    let refused: Vec<Rejection> = of_this
        .iter()
        .filter_map(|pair| {
            let message = read_pairs::<T>(std::slice::from_ref(pair)).err()?.to_string();
            let (code, detail) = fields::take_apart(&message);
            Some(Rejection::parameter(&pair.0, code, format!("{detail}{}", hint(&pair.1))))
        })
        .collect();
    if !refused.is_empty() {
        return Err(Error::BadRequest(refused));
    }
    read_pairs(&of_this).map_err(|error| {
        Error::BadRequest(vec![Rejection::anywhere("bad_request", format!("the query cannot be read: {error}"))])
    })
}

/// What to do about a time whose `+` became a space on its way, as it does in every query string.
fn hint(value: &str) -> &'static str {
    match value.contains(' ') && value.replace(' ', "+").parse::<Timestamp>().is_ok() {
        true => "; in an address a + is a space: write it as %2B, or give the time in UTC with a Z",
        false => "",
    }
}

fn read_pairs<T: DeserializeOwned>(pairs: &[&(String, String)]) -> Result<T, de::value::Error> {
    T::deserialize(MapDeserializer::new(pairs.iter().map(|(name, value)| (name.as_str(), Value(value)))))
}

/// The text of one parameter, which serde may ask to be a number or a truth value.
#[derive(Clone, Copy)]
struct Value<'a>(&'a str);

impl Value<'_> {
    fn parse<T: FromStr>(self, expected: &str) -> Result<T, de::value::Error> {
        self.0.parse().map_err(|_| fields::refusal("invalid", format_args!("must be {expected}")))
    }
}

impl<'de, 'a> IntoDeserializer<'de, de::value::Error> for Value<'a> {
    type Deserializer = Value<'a>;

    fn into_deserializer(self) -> Value<'a> {
        self
    }
}

impl<'de> Deserializer<'de> for Value<'_> {
    type Error = de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_some(self)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_bool(self.parse("true or false")?)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_u32(self.parse("a whole number from 0 to 4294967295")?)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        if !variants.contains(&self.0) {
            return Err(fields::refusal("invalid", one_of(self.0, variants)));
        }
        IntoDeserializer::<Self::Error>::into_deserializer(self.0).deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

/// A comma-separated list of 1 to 20 values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T>(pub Vec<T>);

impl<T: ToString> List<T> {
    /// The values as text, or `None` when the parameter was not sent.
    pub fn given(&self) -> Option<Vec<String>> {
        (!self.0.is_empty()).then(|| self.0.iter().map(ToString::to_string).collect())
    }
}

impl<T> Default for List<T> {
    fn default() -> List<T> {
        List(Vec::new())
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(ListVisitor(PhantomData))
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<T: DeserializeOwned> Visitor<'_> for ListVisitor<T> {
    type Value = List<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a comma-separated list")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<List<T>, E> {
        let values: Vec<&str> = text.split(',').map(str::trim).collect();
        if values.len() > MOST_VALUES {
            return Err(fields::refusal("too_many", format_args!("may have at most {MOST_VALUES} values")));
        }
        if values.contains(&"") {
            return Err(fields::refusal("empty", "must be one or more values separated by commas"));
        }
        let read = |value| T::deserialize(Value(value)).map_err(E::custom);
        values.into_iter().map(read).collect::<Result<_, E>>().map(List)
    }
}

/// What a list is sorted by: `sort=-published_at,title`, a minus for descending, at most three keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort<Column>(pub Vec<(Column, Direction)>);

impl<'de, Column> Deserialize<'de> for Sort<Column>
where
    Column: FromStr<Err = String> + PartialEq,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut keys = Vec::new();
        for part in text.split(',') {
            let (name, direction) = match part.trim().strip_prefix('-') {
                Some(name) => (name, Direction::Descending),
                None => (part.trim(), Direction::Ascending),
            };
            let column = name.parse::<Column>().map_err(|wrong| {
                fields::refusal("invalid_sort", format_args!("{wrong}; a minus before it is for descending order"))
            })?;
            if keys.iter().any(|(given, _)| *given == column) {
                return Err(fields::refusal("invalid_sort", format_args!("names {name} twice")));
            }
            keys.push((column, direction));
        }
        if keys.len() > 3 {
            return Err(fields::refusal("too_many", "may have at most 3 keys"));
        }
        Ok(Sort(keys))
    }
}

/// A refusal of a value that could also have been one certain word, by itself: says so, and whether it was meant.
pub fn or_alone(refused: &de::value::Error, given: &str, word: &str) -> de::value::Error {
    let message = refused.to_string();
    let (code, detail) = fields::take_apart(&message);
    let is_meant = |part: &str| nearest(part.trim().trim_start_matches('-'), &[word]).is_some();
    let near = match given.split(',').any(is_meant) {
        true => format!("; did you mean {word}?"),
        false => String::new(),
    };
    fields::refusal(code, format_args!("{detail}; or {word} alone{near}"))
}

/// What every write understands.
#[derive(Debug, Clone, Copy, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct WriteOptions {
    /// `true` checks everything and answers as if it had been done, but stores nothing.
    pub dry_run: bool,
}

/// What deleting something that stories use understands.
#[derive(Debug, Clone, Copy, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct DeleteOptions {
    /// `true` deletes it although articles use it, and takes it off them.
    pub force: bool,
    /// `true` checks everything and answers as if it had been done, but stores nothing.
    pub dry_run: bool,
}

impl From<DeleteOptions> for WriteOptions {
    fn from(options: DeleteOptions) -> WriteOptions {
        WriteOptions { dry_run: options.dry_run }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Filter {
        tag: List<String>,
        featured: Option<bool>,
    }

    fn query(text: &str) -> Result<ListQuery<Filter>> {
        let pairs = url::form_urlencoded::parse(text.as_bytes()).into_owned().collect::<Vec<_>>();
        list_query("/v1/articles", &pairs)
    }

    #[test]
    fn lists_truth_values_and_numbers_are_read() {
        let query = query("tag=nato,%20kosovo&featured=true&limit=5").unwrap();
        assert_eq!(query.filter.tag.0, ["nato", "kosovo"]);
        assert_eq!(query.filter.featured, Some(true));
        assert_eq!(query.paging.limit(), 5);
        assert_eq!(query.binding, "/v1/articles?featured=true&tag=nato, kosovo");
    }

    #[test]
    fn every_wrong_parameter_is_named_with_the_nearest_right_one() {
        let Err(Error::BadRequest(refused)) = query("tagg=nato&limt=3") else { panic!("accepted") };
        assert!(refused[0].detail.contains("did you mean tag?"), "{refused:?}");
        assert!(refused[1].detail.contains("did you mean limit?"), "{refused:?}");
        let Err(Error::BadRequest(refused)) = query("featured=maybe&limit=101") else { panic!("accepted") };
        let names: Vec<_> = refused.iter().filter_map(|one| one.parameter.as_deref()).collect();
        assert_eq!(names, ["featured", "limit"]);
    }

    #[test]
    fn a_plus_that_became_a_space_is_explained() {
        #[derive(Debug, Default, Deserialize)]
        #[serde(default)]
        struct Moment {
            as_of: Option<Timestamp>,
        }
        let read = |text: &str| {
            let pairs = url::form_urlencoded::parse(text.as_bytes()).into_owned().collect::<Vec<_>>();
            list_query::<Moment, NoMore>("/v1/articles", &pairs).map(|query| query.filter.as_of)
        };
        let Err(Error::BadRequest(refused)) = read("as_of=2026-11-28T10:00:00+01:00") else { panic!("accepted") };
        assert!(refused[0].detail.ends_with("write it as %2B, or give the time in UTC with a Z"), "{refused:?}");
        assert!(read("as_of=2026-11-28T10:00:00%2B01:00").unwrap().is_some());
        let Err(Error::BadRequest(refused)) = read("as_of=last week") else { panic!("accepted") };
        assert!(!refused[0].detail.contains("%2B"), "{refused:?}");
    }
}
