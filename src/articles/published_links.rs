//! The links by which what is published is found under an author or a tag, with the slugs that were printed. A link repeats
//! what lists by it need of the publication; the database keeps the end of the interval in step.

use diesel::prelude::*;
use diesel::sql_types::{Bool, Text, Timestamp as SqlTimestamp};

use super::publication::Publication;
use crate::clock::Timestamp;
use crate::db::schema::{authors, publication_authors, publication_tags, tags};
use crate::db::{AnyConnection, Prepare, in_few_lengths};
use crate::error::Result;
use crate::live::Printed;
use crate::live::seal::Printing;

/// Links a publication to what was printed, in one statement that copies the slugs of now, and puts right what was renamed
/// or deleted since it was printed.
macro_rules! link {
    ($connection:expr, $publication:expr, $printed:expr, $names:ident, $links:ident, $id:ident) => {{
        use $links::{article_id, live_from, live_until, publication_id, published_at, slug, superseded};
        let (publication, printing): (&Publication, &Printing) = ($publication, &$publication.printing);
        let copied: Vec<(String, String)> = $names::table
            .filter($names::id.eq_any(in_few_lengths($printed.iter().map(|one| &one.id))))
            .select(($names::id, $names::slug, repeated(publication)))
            .insert_into($links::table)
            .into_columns((
                $links::$id,
                slug,
                (publication_id, article_id, published_at, live_from, live_until, superseded),
            ))
            .returning(($links::$id, slug))
            .prepared()
            .load($connection)?;
        for one in $printed {
            match copied.iter().find(|(id, _)| *id == one.id) {
                Some((_, copied)) if *copied == one.slug => {}
                Some(_) => {
                    let link = $links::table.find((&printing.id, &one.id));
                    diesel::update(link).set(slug.eq(&one.slug)).execute($connection)?;
                }
                None => {
                    let link = (publication_id.eq(&printing.id), $links::$id.eq(&one.id), slug.eq(&one.slug));
                    let dates = (published_at.eq(printing.published_at), live_from.eq(printing.live_from));
                    let end = (live_until.eq(publication.live_until), superseded.eq(publication.superseded));
                    let row = (link, article_id.eq(&printing.article_id), dates, end);
                    diesel::insert_into($links::table).values(row).execute($connection)?;
                }
            }
        }
    }};
}

/// Writes the links of a publication that was just written.
pub fn write(connection: &mut AnyConnection, publication: &Publication, printed: &Printed) -> Result<()> {
    link!(connection, publication, &printed.authors, authors, publication_authors, author_id);
    link!(connection, publication, &printed.tags, tags, publication_tags, tag_id);
    Ok(())
}

/// What a link repeats of its publication.
#[diesel::dsl::auto_type(no_type_alias)]
fn repeated<'a>(publication: &'a Publication) -> _ {
    let printing: &'a Printing = &publication.printing;
    let (id, article): (&'a str, &'a str) = (printing.id.as_str(), printing.article_id.as_str());
    let (published_at, live_from): (Timestamp, Timestamp) = (printing.published_at, printing.live_from);
    let (live_until, superseded): (Timestamp, bool) = (publication.live_until, publication.superseded);
    (
        id.into_sql::<Text>(),
        article.into_sql::<Text>(),
        published_at.into_sql::<SqlTimestamp>(),
        live_from.into_sql::<SqlTimestamp>(),
        live_until.into_sql::<SqlTimestamp>(),
        superseded.into_sql::<Bool>(),
    )
}
