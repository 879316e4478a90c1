//! Who may do what to which story: the one function that decides, asked by every operation.

use super::caller::SignedIn;
use super::grant::Grant;
use super::permission::{Permission, roles_with};
use crate::error::Error;

/// What the decision looks at in a story.
#[derive(Debug, Clone, Copy)]
pub struct Story<'a> {
    /// The account that began it.
    pub created_by: Option<&'a str>,
    /// The account that submitted it for review, while that goes on.
    pub submitted_by: Option<&'a str>,
    /// The id of its section.
    pub section: Option<&'a str>,
    /// The id of its source.
    pub source: Option<&'a str>,
    /// Its language tag.
    pub language: &'a str,
    /// Whether it was ever published or scheduled.
    pub published: bool,
}

/// What somebody may do: what their role may, and, when they came with an API token, no more than the token may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    /// The name of the role.
    pub role: String,
    /// What the role may do; empty for a role that does not exist.
    pub granted: Vec<Grant>,
    /// What the API token may do that they came with, when they did.
    pub token: Option<Vec<Grant>>,
}

/// A set of grants that has to allow something, and whose it is.
#[derive(Clone, Copy)]
enum Layer<'a> {
    Role(&'a str),
    Token,
}

impl Rights {
    /// The sets of grants that all have to allow what is done.
    pub fn layers(&self) -> impl Iterator<Item = &[Grant]> {
        std::iter::once(self.granted.as_slice()).chain(self.token.as_deref())
    }

    /// Whether every working copy there is may be read.
    pub fn read_every_draft(&self) -> bool {
        let unlimited = |grant: &Grant| grant.action.covers(Permission::ReadDrafts) && grant.is_unlimited();
        self.layers().all(|grants| grants.iter().any(unlimited))
    }
}

/// Why something may not be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody said who they are.
    SignIn,
    /// We know who it is, and this is not theirs to do. In words.
    Forbidden(String),
    /// We know who it is, and they have to set up a second factor before anything else. In words.
    SecondFactor(String),
}

/// Whether this caller (`None`: anonymous) may do this to this story; without one, whether to anything at all. There is
/// no other rule by role in the house.
///
/// Errors: why not.
pub fn decide(caller: Option<&SignedIn>, action: Permission, story: Option<&Story>) -> Result<(), Refusal> {
    let user = caller.ok_or(Refusal::SignIn)?;
    if user.lacks_second_factor && !action.precedes_second_factor() {
        return Err(Refusal::SecondFactor(first_the_second_factor(user)));
    }
    let layers = [Layer::Role(&user.rights.role), Layer::Token];
    for (layer, grants) in layers.into_iter().zip(user.rights.layers()) {
        let covering: Vec<&Grant> = grants.iter().filter(|grant| grant.action.covers(action)).collect();
        if covering.is_empty() {
            return Err(Refusal::Forbidden(layer.lacks(action)));
        }
        if story.is_some_and(|story| !covering.iter().any(|grant| grant.reaches(&user.user_id, story))) {
            return Err(Refusal::Forbidden(layer.does_not_reach(action, &covering)));
        }
    }
    match story {
        Some(story) if action == Permission::ReviewArticles && story.is_of(&user.user_id) => {
            // Nobody approves their own work who could not publish it without anybody's approval.
            decide(caller, Permission::PublishArticles, Some(story)).map_err(|_| {
                let detail = "You began this article or submitted it, so somebody else reviews it: ask an editor.";
                Refusal::Forbidden(detail.to_owned())
            })
        }
        _ => Ok(()),
    }
}

/// What to do for whoever has to set up a second factor before anything else.
fn first_the_second_factor(user: &SignedIn) -> String {
    let role = &user.rights.role;
    match user.token_id() {
        None => format!(
            "Your role {role} needs a second factor, and you have none yet: POST /v1/auth/second-factor with your password \
             gives the secret for an authenticator app, POST /v1/auth/second-factor/confirm with a code turns it on. Where \
             there are passkeys, signing in with one will do, too."
        ),
        Some(_) => format!(
            "The role {role} needs a second factor, and whoever made this API token has none yet. Once they signed in and \
             set one up, the token may again what it may."
        ),
    }
}

impl Story<'_> {
    /// Whether it is this account's own work: they began it, or submitted it.
    fn is_of(&self, user_id: &str) -> bool {
        [self.created_by, self.submitted_by].contains(&Some(user_id))
    }
}

impl Layer<'_> {
    fn lacks(self, action: Permission) -> String {
        match self {
            Layer::Role(role) => {
                let who = roles_with(action);
                format!("This needs the permission {action} (role {who}); you are signed in as {role}.")
            }
            Layer::Token if action.is_grantable() => format!("This API token does not have the scope {action}."),
            Layer::Token => format!("No API token has the permission {action}: sign in for this."),
        }
    }

    fn does_not_reach(self, action: Permission, covering: &[&Grant]) -> String {
        let limits: Vec<String> = covering.iter().map(|grant| grant.limits_in_words()).collect();
        let limits = limits.join(", or ");
        match self {
            Layer::Role(role) => {
                format!("Your role {role} has {action} only for {limits}; this is none of them. Ask an editor.")
            }
            Layer::Token => format!("This API token has {action} only for {limits}; this is none of them."),
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        match refusal {
            Refusal::SignIn => Error::Unauthorized(
                "Send an access token in the header `Authorization: Bearer …`. POST /v1/auth/login gives one.".into(),
            ),
            Refusal::Forbidden(detail) => Error::Forbidden(detail.into()),
            Refusal::SecondFactor(detail) => Error::SecondFactorRequired(detail),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::caller::Credential;
    use super::super::role::Role;
    use super::*;

    fn user(granted: Vec<Grant>) -> SignedIn {
        let rights = Rights { role: "desk".to_owned(), granted, token: None };
        let credential = Credential::Session("session".to_owned());
        SignedIn { user_id: "ada".to_owned(), credential, rights, lacks_second_factor: false }
    }

    const STORY: Story = Story {
        created_by: Some("ada"),
        submitted_by: None,
        section: Some("sport"),
        source: Some("agency"),
        language: "en-GB",
        published: false,
    };

    fn may(granted: Vec<Grant>, action: Permission, story: &Story) -> bool {
        decide(Some(&user(granted)), action, Some(story)).is_ok()
    }

    #[test]
    fn s16_nobody_may_do_anything_without_a_grant() {
        for action in Permission::ALL {
            assert_eq!(decide(None, *action, None), Err(Refusal::SignIn));
            assert!(decide(Some(&user(Vec::new())), *action, None).is_err());
            assert!(!may(Vec::new(), *action, &STORY));
        }
    }

    #[test]
    fn s16_every_limit_of_a_grant_has_to_be_met_and_one_grant_is_enough() {
        let write = || Grant::of(Permission::WriteArticles);
        let only = |text: &str| Some(vec![text.to_owned()]);
        let sport = Grant { own: true, sections: only("sport"), ..write() };
        let others = Story { created_by: Some("bo"), ..STORY };
        assert!(may(vec![sport.clone()], Permission::WriteArticles, &STORY));
        assert!(!may(vec![sport.clone()], Permission::WriteArticles, &others));
        assert!(!may(vec![sport.clone()], Permission::WriteArticles, &Story { section: None, ..STORY }));
        let agency = Grant { sources: only("agency"), ..write() };
        assert!(may(vec![sport, agency], Permission::WriteArticles, &others));
        let unpublished = Grant { unpublished: true, ..write() };
        assert!(!may(vec![unpublished], Permission::WriteArticles, &Story { published: true, ..STORY }));
    }

    #[test]
    fn a_language_reaches_its_varieties_and_not_its_neighbours() {
        let english = || {
            let languages = Some(serde_json::from_value(serde_json::json!(["en"])).unwrap());
            vec![Grant { languages, ..Grant::of(Permission::PublishArticles) }]
        };
        for (language, reached) in [("en", true), ("en-GB", true), ("enm", false), ("de", false)] {
            assert_eq!(
                may(english(), Permission::PublishArticles, &Story { language, ..STORY }),
                reached,
                "{language}"
            );
        }
    }

    #[test]
    fn whoever_may_publish_a_story_may_read_it_and_nothing_more() {
        let publish = || vec![Grant::of(Permission::PublishArticles)];
        assert!(may(publish(), Permission::ReadDrafts, &STORY));
        assert!(!may(publish(), Permission::WriteArticles, &STORY));
    }

    #[test]
    fn nobody_reviews_their_own_work_who_may_not_publish_it() {
        let review = || vec![Grant::of(Permission::ReviewArticles)];
        let others = Story { created_by: Some("bo"), ..STORY };
        assert!(may(review(), Permission::ReviewArticles, &others));
        assert!(!may(review(), Permission::ReviewArticles, &STORY));
        assert!(!may(review(), Permission::ReviewArticles, &Story { submitted_by: Some("ada"), ..others }));
        assert!(may(review(), Permission::ReadDrafts, &STORY));
        let publish = |section: &str| Grant {
            sections: Some(vec![section.to_owned()]),
            ..Grant::of(Permission::PublishArticles)
        };
        assert!(may(vec![publish("sport")], Permission::ReviewArticles, &STORY));
        let elsewhere = [review(), vec![publish("politics")]].concat();
        assert!(!may(elsewhere, Permission::ReviewArticles, &STORY));
    }

    #[test]
    fn t45_a_token_may_no_more_than_its_owner_and_no_more_than_its_scopes() {
        let write = || Grant::of(Permission::WriteArticles);
        let with = |granted, token| {
            let user = user(granted);
            SignedIn { rights: Rights { token: Some(token), ..user.rights }, ..user }
        };
        let others = Story { created_by: Some("bo"), ..STORY };
        let own = Grant { own: true, ..write() };
        let sport = Grant { sections: Some(vec!["sport".to_owned()]), ..write() };
        let caller =
            with(vec![own, Grant::of(Permission::ReadLog)], vec![sport, Grant::of(Permission::PublishArticles)]);
        let decided = |action, story| decide(Some(&caller), action, story).is_ok();
        assert!(decided(Permission::WriteArticles, Some(&STORY)));
        assert!(!decided(Permission::WriteArticles, Some(&others)), "the role reaches own stories only");
        assert!(!decided(Permission::WriteArticles, Some(&Story { section: None, ..STORY })), "the token, sport only");
        assert!(!decided(Permission::PublishArticles, Some(&STORY)), "the role cannot publish");
        assert!(!decided(Permission::ReadLog, None), "the token cannot read the log");
    }

    #[test]
    fn p23_whoever_lacks_a_second_factor_may_set_one_up_and_nothing_else() {
        for credential in [Credential::Session("session".to_owned()), Credential::ApiToken("token".to_owned())] {
            let admin = SignedIn { credential, lacks_second_factor: true, ..user(Role::Admin.grants()) };
            for action in Permission::ALL {
                let left = matches!(action, Permission::ReadAccount | Permission::SecureAccount);
                match decide(Some(&admin), *action, None) {
                    Ok(()) => assert!(left, "{action}"),
                    Err(refusal) => assert!(!left && matches!(refusal, Refusal::SecondFactor(_)), "{refusal:?}"),
                }
            }
        }
    }

    #[test]
    fn a_refusal_says_who_may_and_what_the_limits_are() {
        let editor = Rights { role: "editor".to_owned(), granted: Role::Editor.grants(), token: None };
        let editor = SignedIn { rights: editor, ..user(Vec::new()) };
        let Err(Refusal::Forbidden(detail)) = decide(Some(&editor), Permission::ManageUsers, None) else { panic!() };
        assert_eq!(detail, "This needs the permission users:manage (role admin); you are signed in as editor.");
        let own = Grant { own: true, ..Grant::of(Permission::WriteArticles) };
        let others = Story { created_by: None, ..STORY };
        let refused = decide(Some(&user(vec![own])), Permission::WriteArticles, Some(&others));
        assert_eq!(
            refused,
            Err(Refusal::Forbidden(
                "Your role desk has articles:write only for stories that you began; this is none of them. Ask an editor."
                    .to_owned()
            ))
        );
    }
}
