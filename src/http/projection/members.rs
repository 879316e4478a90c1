//! Which members an answer has, read from its schema: the one list of them that there is.

use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems, Schema};

use super::unknown;

/// Deepest nesting of members that is followed.
const DEEPEST: usize = 10;

/// The members of an answer, in order.
#[derive(Debug, Clone, Default)]
pub struct Members {
    names: Vec<(String, Members)>,
    /// Whether it may have others, too.
    open: bool,
}

type Schemas = [(String, RefOr<Schema>)];

impl Members {
    /// The members that the schema of `T` names, at every depth.
    pub fn of<T: ToSchema>() -> Members {
        let mut members = Members::default();
        members.collect(&T::schema(), &schemas::<T>(), 0);
        members
    }

    /// The names at the top.
    pub(super) fn names(&self) -> Vec<&str> {
        self.names.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The members of a member.
    pub(super) fn below(&self, name: &str) -> Option<&Members> {
        self.names.iter().find(|(known, _)| known == name).map(|(_, below)| below)
    }

    /// Refuses a path that leads nowhere, with what is near and what is allowed at the place where it goes wrong.
    pub(super) fn find(&self, path: &str) -> Result<(), (&'static str, String)> {
        if path.split('.').count() > DEEPEST {
            return Err(("too_deep", format!("may have at most {DEEPEST} names between its dots")));
        }
        let (mut here, mut place) = (self, String::new());
        for name in path.split('.') {
            if name.is_empty() {
                let detail = "must be names separated by commas, such as title,authors.name,-body";
                return Err(("empty", detail.to_owned()));
            }
            match here.below(name) {
                Some(below) => here = below,
                None if here.open => return Ok(()),
                None if here.names.is_empty() => {
                    return Err((
                        "unknown_field",
                        format!("{} has no parts; name it alone", place.trim_end_matches('.')),
                    ));
                }
                None => return Err(unknown(name, &place, &here.names())),
            }
            place = format!("{place}{name}.");
        }
        Ok(())
    }

    fn collect(&mut self, schema: &RefOr<Schema>, known: &Schemas, depth: usize) {
        let Some(schema) = resolve(schema, known).filter(|_| depth < DEEPEST) else { return };
        match schema {
            Schema::Object(object) => {
                for (name, schema) in &object.properties {
                    let mut below = Members::default();
                    below.collect(schema, known, depth + 1);
                    if self.below(name).is_none() {
                        self.names.push((name.clone(), below));
                    }
                }
                let free = object.additional_properties.as_deref();
                self.open |= free.is_some_and(|free| !matches!(free, AdditionalProperties::FreeForm(false)));
            }
            Schema::Array(array) => {
                if let ArrayItems::RefOrSchema(items) = &array.items {
                    self.collect(items, known, depth + 1);
                }
            }
            Schema::OneOf(several) => several.items.iter().for_each(|one| self.collect(one, known, depth + 1)),
            Schema::AllOf(several) => several.items.iter().for_each(|one| self.collect(one, known, depth + 1)),
            Schema::AnyOf(several) => several.items.iter().for_each(|one| self.collect(one, known, depth + 1)),
            _ => {}
        }
    }
}

fn schemas<T: ToSchema>() -> Vec<(String, RefOr<Schema>)> {
    let mut schemas = Vec::new();
    T::schemas(&mut schemas);
    schemas
}

fn resolve<'a>(schema: &'a RefOr<Schema>, known: &'a Schemas) -> Option<&'a Schema> {
    match schema {
        RefOr::T(schema) => Some(schema),
        RefOr::Ref(reference) => {
            let name = reference.ref_location.rsplit('/').next()?;
            let (_, schema) = known.iter().find(|(known, _)| known == name)?;
            resolve(schema, known)
        }
    }
}

/// The schema of a part of `T`: every member may be missing, at every depth.
pub fn without_required<T: ToSchema>() -> RefOr<Schema> {
    let mut schema = T::schema();
    loosen(&mut schema, &schemas::<T>(), 0);
    schema
}

fn loosen(schema: &mut RefOr<Schema>, known: &Schemas, depth: usize) {
    if let Some(resolved) = resolve(schema, known).filter(|_| depth < DEEPEST).cloned() {
        *schema = RefOr::T(resolved);
    }
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Object(object) => {
            object.required.clear();
            object.properties.values_mut().for_each(|below| loosen(below, known, depth + 1));
        }
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                loosen(items, known, depth + 1);
            }
        }
        Schema::OneOf(several) => several.items.iter_mut().for_each(|one| loosen(one, known, depth + 1)),
        Schema::AllOf(several) => several.items.iter_mut().for_each(|one| loosen(one, known, depth + 1)),
        Schema::AnyOf(several) => several.items.iter_mut().for_each(|one| loosen(one, known, depth + 1)),
        _ => {}
    }
}
