//! The link tables of working copies: which authors and tags a document names, for the lists that ask for them.

use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::db::schema::{article_authors, article_tags, authors, tags};
use crate::db::{AnyConnection, Prepare, in_few_lengths};
use crate::error::Result;
use crate::live::Document;

/// Writes the link tables from the document of a new story.
pub fn link(connection: &mut AnyConnection, article: &str, document: &Document) -> Result<()> {
    link_authors(connection, article, document)?;
    link_tags(connection, article, document)
}

/// Writes those link tables anew whose part of the document changed.
pub fn relink(connection: &mut AnyConnection, article: &str, (before, after): (&Document, &Document)) -> Result<()> {
    if before.authors != after.authors {
        diesel::delete(article_authors::table.filter(article_authors::article_id.eq(article))).execute(connection)?;
        link_authors(connection, article, after)?;
    }
    if before.tags != after.tags {
        diesel::delete(article_tags::table.filter(article_tags::article_id.eq(article))).execute(connection)?;
        link_tags(connection, article, after)?;
    }
    Ok(())
}

/// One statement, however many authors. What no longer exists is left out.
fn link_authors(connection: &mut AnyConnection, article: &str, document: &Document) -> Result<()> {
    let ids = in_few_lengths(document.authors.iter().map(|credit| &credit.id));
    authors::table
        .filter(authors::id.eq_any(ids))
        .select((article.into_sql::<Text>(), authors::id))
        .insert_into(article_authors::table)
        .into_columns((article_authors::article_id, article_authors::author_id))
        .returning(article_authors::author_id)
        .prepared()
        .run(connection)?;
    Ok(())
}

/// One statement, however many tags. What no longer exists is left out.
fn link_tags(connection: &mut AnyConnection, article: &str, document: &Document) -> Result<()> {
    tags::table
        .filter(tags::id.eq_any(in_few_lengths(&document.tags)))
        .select((article.into_sql::<Text>(), tags::id))
        .insert_into(article_tags::table)
        .into_columns((article_tags::article_id, article_tags::tag_id))
        .returning(article_tags::tag_id)
        .prepared()
        .run(connection)?;
    Ok(())
}
