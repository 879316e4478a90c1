//! What is asked: every filter alone in every order, every pair of filters, by everybody.

use crate::support::TestApp;
use crate::support::client::Client;

/// Filters with values that many stories have, some have, few have and none has.
const FILTERS: [&str; 41] = [
    "tag=tag-1",
    "tag=tag-30",
    "tag=tag-1,tag-2,tag-40",
    "tag=tag-48,tag-49",
    "tag=nobody",
    "tag=01997b2e-8f5a-7c3e-8001-100000000001,tag-49",
    "tag_all=tag-1,tag-2",
    "tag_all=tag-45,tag-46",
    "tag_not=tag-1,tag-3",
    "author=author-1",
    "author=author-18,author-19",
    "author_all=author-1,author-5",
    "author_not=author-1",
    "source=source-1",
    "source=source-2,source-5,source-9",
    "source_all=source-1",
    "source_not=source-1",
    "section=tag-51",
    "section=tag-52,tag-57",
    "section_all=tag-53",
    "section_not=tag-51",
    "language=en",
    "language=fr,de",
    "language_not=en",
    "type=report",
    "type=satire",
    "type_not=report,analysis",
    "featured=true",
    "featured=false",
    "has=image",
    "has=corrections,source",
    "has_not=image",
    "has_not=corrections,source",
    "id=story-1,story-900,01997b2e-8f5a-7c3e-9000-100000000077",
    "id_not=story-1,story-900",
    "published_after=2020-01-14T00:00:00Z",
    "published_after=2020-01-02T00:00:00Z&published_before=2020-01-12T00:00:00Z",
    "updated_after=2020-01-14T12:00:00Z",
    "updated_before=2020-01-10T00:00:00Z",
    "updated_after=2020-01-02T00:00:00Z&updated_before=2020-01-02T03:00:00Z",
    "published_before=2020-01-01T04:00:00Z",
];

const SORTS: [&str; 12] = [
    "",
    "sort=published_at",
    "sort=-updated_at",
    "sort=updated_at",
    "sort=title",
    "sort=-title",
    "sort=created_at",
    "sort=-created_at",
    "sort=id",
    "sort=-id",
    "sort=-published_at,title",
    "sort=title,-updated_at,created_at",
];

const WALKS: [&str; 4] = ["", "count=true", "limit=5&page=4", "limit=100&count=true&page=2"];

/// One list: who asks, which, and whether its second page is asked for, too.
#[derive(Debug, Clone)]
pub struct Question {
    who: usize,
    path: String,
}

/// Everybody who asks for lists.
pub struct Asker {
    clients: Vec<(Client, &'static str)>,
}

impl Asker {
    /// Readers now and in the past, partners, editors and writers, and editors who look for a state.
    pub fn new(app: &TestApp) -> Asker {
        let (reader, editor) = (app.anonymous(), app.editor());
        Asker {
            clients: vec![
                (reader.clone(), ""),
                (editor.clone(), "view=draft"),
                (reader, "as_of=2020-01-12T00:00:00Z"),
                (app.partner(), ""),
                (app.writer(), "view=draft"),
                (editor.clone(), "status=published"),
                (editor.clone(), "status=draft,changed"),
                (editor.clone(), "status=scheduled"),
                (editor.clone(), "status=killed"),
                (editor.clone(), "status=expired"),
                (editor.clone(), "status=in_review"),
                (editor, "status=approved,changes_requested"),
                (app.writer(), "status=in_review"),
                (app.editor(), "status=trashed"),
            ],
        }
    }

    /// Every question: each order for everybody, each filter in each order, and each pair of filters in one order after the
    /// other, shared out among those who ask.
    pub fn questions(&self) -> Vec<Question> {
        let mut questions = Vec::new();
        let mut turn = 0;
        let mut ask = |who: usize, parts: &[&str]| {
            let (_, view) = &self.clients[who];
            let parts: Vec<&str> = parts.iter().copied().chain([*view]).filter(|part| !part.is_empty()).collect();
            questions.push(Question { who, path: format!("/v1/articles?{}", parts.join("&")) });
        };
        for who in 0..self.clients.len() {
            for sort in SORTS {
                turn += 1;
                ask(who, &[sort, WALKS[turn % WALKS.len()]]);
            }
        }
        for filter in FILTERS {
            for sort in SORTS {
                turn += 1;
                let who = [0, 1, 2, 3 + turn % (self.clients.len() - 3)][turn % 4];
                ask(who, &[filter, sort, WALKS[turn / 3 % WALKS.len()]]);
            }
        }
        for (index, filter) in FILTERS.iter().enumerate() {
            for other in FILTERS.iter().skip(index + 1).filter(|other| can_go_together(filter, other)) {
                turn += 1;
                let who = [0, 1, 2, 3 + turn % (self.clients.len() - 3)][turn % 4];
                ask(who, &[filter, other, SORTS[turn % SORTS.len()], WALKS[turn / 4 % WALKS.len()]]);
            }
        }
        questions
    }

    /// Asks for a list, and says where its next page is when that goes by cursor.
    pub fn ask(&self, question: &Question) -> Option<Question> {
        let page = self.clients[question.who].0.get(&question.path).expect(200).json();
        let next = page["next"].as_str().filter(|_| !question.path.contains("page="))?;
        Some(Question { who: question.who, path: format!("{}&cursor={next}", question.path) })
    }
}

/// A parameter is given once.
fn can_go_together(one: &str, other: &str) -> bool {
    let name = |part: &str| part.split('=').next().unwrap_or_default().to_owned();
    one.split('&').all(|part| other.split('&').all(|rival| name(part) != name(rival)))
}
