//! `fields`: which members of an answer somebody wants. It is a projection of finished JSON and knows nothing of what
//! the members mean: `title,authors.name` keeps these, `-body` leaves one out, `*` is everything that comes without
//! asking, and `excerpt(200)` gives a member a size. The order of the members stays as it was.

mod apply;
mod members;

use std::collections::BTreeMap;
use std::marker::PhantomData;

use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::fields;
use crate::error::{Error, Rejection, Result};
use crate::http::input::nearest;

pub use members::{Members, without_required};

/// Most names in one projection.
const MOST_NAMES: usize = 100;

/// What can be projected. Which members there are is what its schema says.
pub trait Projected: ToSchema {
    /// Members that have a size, from 1 to the largest, and the usual one.
    const SIZED: &'static [Size] = &[];

    /// The members, read from the schema once.
    fn members() -> &'static Members;
}

/// A member that has a size.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// The member.
    pub name: &'static str,
    /// The largest size.
    pub largest: usize,
    /// The size when none is given.
    pub usual: usize,
}

/// Which members of an answer are wanted.
#[derive(Debug)]
pub struct Projection<T> {
    /// What is kept; `None` is everything.
    kept: Option<Tree>,
    /// What is left out of that.
    left_out: Tree,
    /// What was asked for by name, at the top.
    named: Vec<String>,
    sizes: BTreeMap<&'static str, usize>,
    of: PhantomData<fn() -> T>,
}

/// Members, and members of members; one without any stands for all of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Tree(BTreeMap<String, Tree>);

impl Tree {
    /// Adds a path; what is in the tree whole stays whole.
    fn add(&mut self, path: &str) {
        let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
        let known = self.0.contains_key(first);
        let below = self.0.entry(first.to_owned()).or_default();
        match rest {
            None => below.0.clear(),
            Some(_) if known && below.0.is_empty() => {}
            Some(rest) => below.add(rest),
        }
    }
}

impl<T: Projected> Projection<T> {
    /// Whether this member at the top was asked for by its name.
    pub fn names(&self, member: &str) -> bool {
        self.named.iter().any(|named| named == member)
    }

    /// The size of a member that has one, when it was asked for.
    pub fn size(&self, member: &str) -> Option<usize> {
        self.sizes.get(member).copied()
    }

    /// Refuses members that `Shown` does not have.
    ///
    /// Errors: 400 that names each of them, with what is allowed and the reason.
    pub fn check<Shown: Projected>(&self, code: &str, reason: &str) -> Result<()> {
        let shown = Shown::members();
        let refused: Vec<Rejection> = self
            .named
            .iter()
            .filter(|name| shown.below(name).is_none())
            .map(|name| {
                let detail = format!("{name} {reason}; allowed: {}", shown.names().join(", "));
                Rejection::parameter("fields", code, detail)
            })
            .collect();
        if refused.is_empty() { Ok(()) } else { Err(Error::BadRequest(refused)) }
    }

    /// Refuses members that a list does not give.
    ///
    /// Errors: 400 that names each of them.
    pub fn refuse_in_lists(&self, members: &[&str]) -> Result<()> {
        let refused: Vec<Rejection> = members
            .iter()
            .filter(|member| self.names(member))
            .map(|member| {
                let detail = format!("{member} comes only when one is read, not in lists");
                Rejection::parameter("fields", "not_in_lists", detail)
            })
            .collect();
        if refused.is_empty() { Ok(()) } else { Err(Error::BadRequest(refused)) }
    }

    fn parse(text: &str) -> Result<Projection<T>, (&'static str, String)> {
        let mut projection = Projection::<T> {
            kept: Some(Tree::default()),
            left_out: Tree::default(),
            named: Vec::new(),
            sizes: BTreeMap::new(),
            of: PhantomData,
        };
        let (mut everything, mut anything_kept) = (false, false);
        let names: Vec<&str> = text.split(',').map(str::trim).collect();
        if names.len() > MOST_NAMES {
            return Err(("too_many", format!("may have at most {MOST_NAMES} names")));
        }
        for name in names {
            if name == "*" {
                everything = true;
                continue;
            }
            let (left_out, name) = name.strip_prefix('-').map_or((false, name), |name| (true, name));
            let (path, size) = split_size(name)?;
            T::members().find(path)?;
            projection.take_size(path, size, left_out)?;
            if left_out {
                projection.left_out.add(path);
                continue;
            }
            anything_kept = true;
            if let Some(kept) = &mut projection.kept {
                kept.add(path);
            }
            projection.named.extend(path.split('.').next().map(str::to_owned));
        }
        if everything || !anything_kept {
            projection.kept = None;
        }
        Ok(projection)
    }

    fn take_size(&mut self, path: &str, size: Option<&str>, left_out: bool) -> Result<(), (&'static str, String)> {
        let sized = T::SIZED.iter().find(|sized| sized.name == path);
        let size = match (sized, size) {
            (None, None) => return Ok(()),
            (None, Some(_)) => {
                let sized: Vec<&str> = T::SIZED.iter().map(|sized| sized.name).collect();
                let detail = format!("{path} has no size; only these have: {}", sized.join(", "));
                return Err(("invalid_size", detail));
            }
            (Some(sized), None) => sized.usual,
            (Some(sized), Some(text)) => match text.parse::<usize>() {
                Ok(size) if (1..=sized.largest).contains(&size) => size,
                _ => {
                    let detail = format!("the size of {path} must be a whole number from 1 to {}", sized.largest);
                    return Err(("invalid_size", detail));
                }
            },
        };
        if let (Some(sized), false) = (sized, left_out) {
            self.sizes.insert(sized.name, size);
        }
        Ok(())
    }
}

/// `excerpt(200)` is a name and a size.
fn split_size(name: &str) -> Result<(&str, Option<&str>), (&'static str, String)> {
    match (name.split_once('('), name.strip_suffix(')')) {
        (None, None) => Ok((name, None)),
        (Some((path, _)), Some(open)) => Ok((path, open.get(path.len() + 1..))),
        _ => {
            let shown: String = name.chars().take(64).collect();
            Err(("invalid", format!("{shown:?} has a bracket too many or too few; a size is given like excerpt(200)")))
        }
    }
}

impl<'de, T: Projected> Deserialize<'de> for Projection<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Projection::parse(&text).map_err(|(code, detail)| fields::refusal(code, detail))
    }
}

/// A refused name: what is near, and what is allowed in its place.
fn unknown(name: &str, place: &str, allowed: &[&str]) -> (&'static str, String) {
    let shown: String = name.chars().take(64).collect();
    let near = nearest(name, allowed).map(|near| format!("did you mean {place}{near}? ")).unwrap_or_default();
    let within = if place.is_empty() { String::new() } else { format!(" in {}", place.trim_end_matches('.')) };
    let detail = format!("{place}{shown} is not a field here; {near}Allowed{within}: {}", allowed.join(", "));
    ("unknown_field", detail)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use serde::Serialize;
    use serde_json::{Map, Value};

    use super::*;

    /// A letter, as an example.
    #[derive(Debug, Serialize, ToSchema)]
    struct Letter {
        title: String,
        body: Option<String>,
        /// Comes when it is asked for.
        excerpt: Option<String>,
        sender: Person,
        copies: Vec<Person>,
        #[schema(value_type = BTreeMap<String, Value>)]
        custom: Map<String, Value>,
    }

    #[derive(Debug, Serialize, ToSchema)]
    struct Person {
        id: u8,
        name: Option<String>,
    }

    impl Projected for Letter {
        const SIZED: &'static [Size] = &[Size { name: "excerpt", largest: 1000, usual: 200 }];

        fn members() -> &'static Members {
            static MEMBERS: LazyLock<Members> = LazyLock::new(Members::of::<Letter>);
            &MEMBERS
        }
    }

    impl Projected for Person {
        fn members() -> &'static Members {
            static MEMBERS: LazyLock<Members> = LazyLock::new(Members::of::<Person>);
            &MEMBERS
        }
    }

    const LETTER: &str = r#"{"title":"Ti","body":"b, {\"x\":1}","sender":{"name":null,"id":1},"copies":[{"id":2,"name":"Z"},{"id":3}],"custom":{"b":{"c":[1]},"a":1.50}}"#;

    fn project(text: &str) -> String {
        let projection = Projection::<Letter>::parse(text).unwrap();
        String::from_utf8(projection.one(LETTER.as_bytes()).unwrap()).unwrap()
    }

    fn refused(text: &str) -> (&'static str, String) {
        Projection::<Letter>::parse(text).unwrap_err()
    }

    #[test]
    fn what_is_named_is_kept_in_the_order_of_the_answer_and_byte_for_byte() {
        assert_eq!(project("custom,title"), r#"{"title":"Ti","custom":{"b":{"c":[1]},"a":1.50}}"#);
        assert_eq!(project("copies.name,sender"), r#"{"sender":{"name":null,"id":1},"copies":[{"name":"Z"},{}]}"#);
        assert_eq!(project("custom.b.c, body"), r#"{"body":"b, {\"x\":1}","custom":{"b":{"c":[1]}}}"#);
        assert_eq!(project("sender.id,sender"), project("sender"));
        assert_eq!(project("sender,sender.id"), project("sender"));
    }

    #[test]
    fn what_is_left_out_leaves_the_rest() {
        let rest = r#"{"title":"Ti","sender":{"name":null},"copies":[{"name":"Z"},{}],"custom":{"a":1.50}}"#;
        assert_eq!(project("-body,-sender.id,-copies.id,-custom.b"), rest);
        assert_eq!(project("sender,-sender.id"), r#"{"sender":{"name":null}}"#);
        assert_eq!(project("*"), LETTER);
        assert_eq!(
            project("*,excerpt,-custom,-copies"),
            r#"{"title":"Ti","body":"b, {\"x\":1}","sender":{"name":null,"id":1}}"#
        );
        assert_eq!(project("body,-body"), "{}");
    }

    #[test]
    fn lists_are_projected_row_by_row() {
        let projection = Projection::<Letter>::parse("title").unwrap();
        let list = format!(r#"{{"data":[{LETTER},{LETTER}],"next":"x","total":2}}"#);
        let projected = projection.list(list.as_bytes()).unwrap();
        let expected = r#"{"data":[{"title":"Ti"},{"title":"Ti"}],"next":"x","total":2}"#;
        assert_eq!(String::from_utf8(projected).unwrap(), expected);
    }

    #[test]
    fn sizes_and_names_are_told() {
        let projection = Projection::<Letter>::parse("title,excerpt(30),copies.name").unwrap();
        assert_eq!((projection.size("excerpt"), projection.size("body")), (Some(30), None));
        assert!(projection.names("copies") && !projection.names("body"));
        assert_eq!(Projection::<Letter>::parse("*,excerpt").unwrap().size("excerpt"), Some(200));
        assert_eq!(Projection::<Letter>::parse("-excerpt").unwrap().size("excerpt"), None);
    }

    #[test]
    fn what_is_wrong_is_named_with_what_is_near_and_what_is_allowed() {
        let (code, detail) = refused("titel");
        assert_eq!(code, "unknown_field");
        assert_eq!(
            detail,
            "titel is not a field here; did you mean title? Allowed: title, body, excerpt, sender, copies, custom"
        );
        let detail = "copies.nmae is not a field here; did you mean copies.name? Allowed in copies: id, name";
        assert_eq!(refused("title,-copies.nmae").1, detail);
        assert_eq!(refused("title.x").1, "title has no parts; name it alone");
        assert_eq!(refused("").0, "empty");
        assert_eq!(refused("title,,body").0, "empty");
        assert_eq!(refused("-").0, "empty");
        assert_eq!(refused("sender.").0, "empty");
        for wrong in ["excerpt(0)", "excerpt(1001)", "excerpt()", "excerpt(a)", "excerpt(-1)", "title(3)"] {
            assert_eq!(refused(wrong).0, "invalid_size", "{wrong}");
        }
        for wrong in ["excerpt(1", "excerpt1)", "excerpt)1(", "(1)x"] {
            assert_eq!(refused(wrong).0, "invalid", "{wrong}");
        }
        assert_eq!(refused(&"title,".repeat(101)).0, "too_many");
        assert_eq!(refused(&format!("custom{}", ".a".repeat(10))).0, "too_deep");
    }

    #[test]
    fn a_projection_is_held_against_what_somebody_gets() {
        let projection = Projection::<Letter>::parse("title,-id,name").err();
        assert!(projection.is_some());
        let projection = Projection::<Letter>::parse("title,body.x").err();
        assert!(projection.is_some());
        let projection = Projection::<Letter>::parse("title,custom.anything.at.all").unwrap();
        assert!(projection.check::<Letter>("x", "y").is_ok());
        let Err(Error::BadRequest(refused)) = projection.check::<Person>("x", "is not hers") else {
            panic!("accepted")
        };
        assert_eq!(refused[0].detail, "title is not hers; allowed: id, name");
        assert!(projection.refuse_in_lists(&["body"]).is_ok());
        assert!(projection.refuse_in_lists(&["title"]).is_err());
    }
}
