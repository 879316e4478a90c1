//! Whose a slug is in the model: what once led readers to a story leads there, unless an editor takes it over.

use super::story::{Run, Story};

/// The newest of these publications that bears a name, with the story that it is of.
fn newest<'a>(stories: &'a [Story], slug: &str, counts: impl Fn(&Run) -> bool) -> Option<(usize, &'a Run)> {
    let all = stories.iter().enumerate().flat_map(|(index, story)| story.runs.iter().map(move |run| (index, run)));
    let named = all.filter(|(_, run)| run.slug == slug && run.end > run.from && counts(run));
    named.max_by_key(|(_, run)| (run.from, run.serial))
}

/// Whether a story may not have this slug.
pub fn is_refused(stories: &[Story], index: usize, slug: &str, taken_over: bool, now: u64) -> bool {
    match newest(stories, slug, |_| true) {
        Some((owner, _)) if owner != index => {
            let still_read = stories[owner].runs.iter().any(|run| run.slug == slug && !run.ended && run.end > now);
            !taken_over || still_read
        }
        _ => false,
    }
}

/// Whether readers of this slug are to be told that another story was killed: only an admin gives it to this one.
pub fn is_anothers_kill(stories: &[Story], index: usize, slug: &str) -> bool {
    newest(stories, slug, |_| true).is_some_and(|(owner, _)| owner != index && stories[owner].killed.is_some())
}

/// Whether a story has a slug of another one's past without leave.
pub fn is_borrowed(stories: &[Story], index: usize) -> bool {
    let story = &stories[index];
    !story.taken_over && newest(stories, &story.slug, |_| true).is_some_and(|(owner, _)| owner != index)
}

/// A story was killed: its slugs that others took over for their working copies are not theirs any more.
pub fn end_takeovers(stories: &mut [Story], killed: usize) {
    let its: Vec<String> = stories[killed].runs.iter().map(|run| run.slug.clone()).collect();
    let others = stories.iter_mut().enumerate().filter(|(index, _)| *index != killed);
    others.filter(|(_, story)| its.contains(&story.slug)).for_each(|(_, story)| story.taken_over = false);
}

/// Whether a story may not be published under its slug.
pub fn is_unpublishable(stories: &[Story], index: usize, now: u64) -> bool {
    let story = &stories[index];
    let known = story.running(now).is_some_and(|run| run.slug == story.slug);
    !known && is_refused(stories, index, &story.slug, story.taken_over, now)
}

/// Whether another working copy has this slug.
pub fn is_taken(stories: &[Story], index: usize, slug: &str) -> bool {
    stories.iter().enumerate().any(|(other, story)| other != index && !story.trashed && story.slug == slug)
}

/// What readers get under a name: the status, and the slug that they are led to or the id of what they find.
pub fn lead(stories: &[Story], name: &str, now: u64) -> (u16, Option<String>) {
    let here = stories.iter().find(|story| story.running(now).is_some_and(|run| run.slug == name));
    if let Some(story) = here {
        return (200, Some(story.id.clone()));
    }
    let Some((owner, _)) = newest(stories, name, |run| run.from <= now) else { return (404, None) };
    match stories[owner].running(now) {
        Some(run) => (301, Some(run.slug.clone())),
        None if stories[owner].is_gone() => (410, None),
        None => (404, None),
    }
}

/// The ids of the stories in other languages that readers are told of.
pub fn translations(stories: &[Story], index: usize, now: u64) -> Vec<String> {
    let original = |story: &Story| story.running(now).map(|run| run.original.clone().unwrap_or(story.id.clone()));
    let of_this = original(&stories[index]);
    let others = stories.iter().enumerate().filter(|(other, _)| *other != index);
    let mut ids: Vec<String> = others
        .filter(|(_, story)| original(story).is_some() && original(story) == of_this)
        .map(|(_, story)| story.id.clone())
        .collect();
    ids.sort();
    ids
}
