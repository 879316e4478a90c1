//! The tables: who calls, on which stories, and what every operation must answer.

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    Reader,
    Partner,
    Viewer,
    /// An editor's API token that may only read.
    Token,
    Contributor,
    Writer,
    /// Has a role that an admin made: writes and publishes in the section `sport`.
    Desk,
    Editor,
    Admin,
}

/// Everybody, in the order of the columns below.
pub const EVERYBODY: [Who; 9] = [
    Who::Reader,
    Who::Partner,
    Who::Viewer,
    Who::Token,
    Who::Contributor,
    Who::Writer,
    Who::Desk,
    Who::Editor,
    Who::Admin,
];

/// What an operation on a story asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum May {
    Read,
    Write,
    Review,
    Publish,
}

/// With which stories somebody may do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    None,
    Own,
    /// Own ones that were never published.
    OwnNew,
    /// Those in the section `sport`.
    Sport,
    Any,
}

/// Which story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// One that the caller began.
    Own,
    /// An editor's.
    Another,
    /// An editor's, in the section `sport`.
    Sport,
}

/// Where the story stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Draft,
    InReview,
    Live,
    Killed,
    Trashed,
}

pub const STATES: [State; 5] = [State::Draft, State::InReview, State::Live, State::Killed, State::Trashed];

/// Who may do what with which stories: to read, to write, to publish. Whoever may publish a story may review it, and here
/// nobody else.
pub fn reach(who: Who, may: May) -> Reach {
    let [read, write, publish] = match who {
        Who::Reader | Who::Partner => [Reach::None, Reach::None, Reach::None],
        Who::Viewer | Who::Token => [Reach::Any, Reach::None, Reach::None],
        Who::Contributor => [Reach::Own, Reach::OwnNew, Reach::None],
        Who::Writer => [Reach::Own, Reach::Own, Reach::None],
        Who::Desk => [Reach::Sport, Reach::Sport, Reach::Sport],
        Who::Editor | Who::Admin => [Reach::Any, Reach::Any, Reach::Any],
    };
    match may {
        May::Read => read,
        May::Write => write,
        May::Review | May::Publish => publish,
    }
}

/// Operations on a story: what they ask for, and what they answer to whoever may, for a story in each state.
#[rustfmt::skip]
pub const STORIES: [(&str, May, [u16; 5]); 24] = [
    //                                   draft review live killed trashed
    ("replace_article",    May::Write,   [200, 200, 200, 200, 404]),
    ("update_article",     May::Write,   [200, 200, 200, 200, 404]),
    // A published story is unpublished first.
    ("delete_article",     May::Write,   [204, 204, 409, 204, 404]),
    ("restore_article",    May::Write,   [409, 409, 409, 409, 200]),
    ("note_presence",      May::Write,   [200, 200, 200, 200, 404]),
    ("end_presence",       May::Write,   [204, 204, 204, 204, 404]),
    ("restore_revision",   May::Write,   [200, 200, 200, 200, 404]),
    ("submit_article",     May::Write,   [200, 409, 409, 409, 404]),
    ("unsubmit_article",   May::Write,   [409, 200, 409, 409, 404]),
    // Reading the one and writing another. Only an admin takes up what was killed.
    ("duplicate_article",  May::Read,    [201, 201, 201, 403, 404]),
    ("list_revisions",     May::Read,    [200, 200, 200, 200, 404]),
    ("get_revision",       May::Read,    [200, 200, 200, 200, 404]),
    ("compare_revisions",  May::Read,    [200, 200, 200, 200, 404]),
    ("approve_article",    May::Review,  [409, 200, 409, 409, 404]),
    ("request_changes",    May::Review,  [409, 200, 409, 409, 404]),
    // What was killed is shown to nobody.
    ("create_preview_link", May::Read,   [201, 201, 201, 409, 404]),
    ("list_preview_links", May::Read,    [200, 200, 200, 200, 404]),
    ("get_preview_link",   May::Read,    [200, 200, 200, 200, 404]),
    // Somebody else's link, of whoever may read.
    ("revoke_preview_link", May::Write,  [204, 204, 204, 204, 404]),
    // Only an admin publishes what was killed.
    ("publish_article",    May::Publish, [200, 200, 200, 403, 404]),
    ("unpublish_article",  May::Publish, [409, 409, 200, 409, 404]),
    ("unschedule_article", May::Publish, [409, 409, 409, 409, 404]),
    ("kill_article",       May::Publish, [409, 409, 200, 409, 404]),
    ("correct_article",    May::Publish, [409, 409, 200, 409, 404]),
];

/// Operations that show readers what is published, and what they answer for a story in each state. By its id nobody finds
/// a killed one; that it was killed is told to whoever knew its address.
pub const READING: [(&str, [u16; 5]); 4] = [
    ("get_article", [404, 404, 200, 404, 404]),
    ("list_versions", [404, 404, 200, 404, 404]),
    ("get_proof", [404, 404, 200, 404, 404]),
    ("list_related", [404, 404, 200, 404, 404]),
];

/// Every other operation.
#[rustfmt::skip]
pub const OTHERS: [(&str, [u16; 9]); 92] = [
    //                    reader partner viewer token contributor writer desk editor admin
    ("list_articles",      [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("search_articles",    [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("export_articles",    [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("get_calendar",       [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("list_author_articles",[200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("list_source_articles",[200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("list_tag_articles",  [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("create_article",     [401, 403, 403, 403, 201, 201, 201, 201, 201]),
    // Each item has its own answer; tests/api/bulk.rs looks at those.
    ("change_articles",    [401, 403, 403, 403, 200, 200, 200, 200, 200]),
    ("get_preview",        [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("list_appointments",  [401, 403, 200, 200, 200, 200, 200, 200, 200]),
    ("get_checkpoint",     [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("list_events",        [401, 403, 403, 403, 403, 403, 403, 200, 200]),

    ("list_authors",       [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("create_author",      [401, 403, 403, 403, 403, 403, 403, 201, 201]),
    ("get_author",         [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("replace_author",     [401, 403, 403, 403, 403, 403, 403, 200, 200]),
    ("update_author",      [401, 403, 403, 403, 403, 403, 403, 200, 200]),
    ("delete_author",      [401, 403, 403, 403, 403, 403, 403, 204, 204]),

    ("list_sources",       [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("create_source",      [401, 403, 403, 403, 403, 403, 403, 201, 201]),
    ("get_source",         [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("replace_source",     [401, 403, 403, 403, 403, 403, 403, 200, 200]),
    ("update_source",      [401, 403, 403, 403, 403, 403, 403, 200, 200]),
    ("delete_source",      [401, 403, 403, 403, 403, 403, 403, 204, 204]),

    ("list_tags",          [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("create_tag",         [401, 403, 403, 403, 403, 403, 403, 201, 201]),
    ("get_tag",            [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("replace_tag",        [401, 403, 403, 403, 403, 403, 403, 200, 200]),
    ("update_tag",         [401, 403, 403, 403, 403, 403, 403, 200, 200]),
    ("delete_tag",         [401, 403, 403, 403, 403, 403, 403, 204, 204]),

    ("get_jwks",           [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("sign_in",            [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("refresh_session",    [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("sign_out",           [401, 204, 204, 403, 204, 204, 204, 204, 204]),
    ("get_me",             [401, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("can",                [401, 200, 200, 200, 200, 200, 200, 200, 200]),
    // Tokens that are none; tests/api/one_time_links.rs has good ones.
    ("request_password_reset", [202, 202, 202, 202, 202, 202, 202, 202, 202]),
    ("reset_password",     [422, 422, 422, 422, 422, 422, 422, 422, 422]),
    ("accept_invite",      [422, 422, 422, 422, 422, 422, 422, 422, 422]),
    ("change_password",    [401, 204, 204, 403, 204, 204, 204, 204, 204]),
    // Nobody here has one on; tests/api/second_factor.rs has.
    ("get_second_factor",  [401, 200, 200, 403, 200, 200, 200, 200, 200]),
    ("begin_second_factor", [401, 200, 200, 403, 200, 200, 200, 200, 200]),
    ("confirm_second_factor", [401, 422, 422, 403, 422, 422, 422, 422, 422]),
    ("renew_recovery_codes", [401, 409, 409, 403, 409, 409, 409, 409, 409]),
    ("remove_second_factor", [401, 409, 409, 403, 409, 409, 409, 409, 409]),
    ("verify_second_factor", [422, 422, 422, 422, 422, 422, 422, 422, 422]),
    // There is no provider here; tests/api/single_sign_on.rs has one.
    ("get_single_sign_on", [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("begin_single_sign_on", [400, 400, 400, 400, 400, 400, 400, 400, 400]),
    ("finish_single_sign_on", [409, 409, 409, 409, 409, 409, 409, 409, 409]),
    ("exchange_sign_in_code", [422, 422, 422, 422, 422, 422, 422, 422, 422]),
    ("sign_out_everywhere", [401, 200, 200, 403, 200, 200, 200, 200, 200]),
    ("get_identity_link",  [401, 409, 409, 403, 409, 409, 409, 409, 409]),
    ("link_identity",      [401, 422, 422, 403, 422, 422, 422, 422, 422]),
    ("unlink_identity",    [401, 409, 409, 403, 409, 409, 409, 409, 409]),
    // There is no page to sign in on; tests/api/passkeys.rs has one.
    ("list_passkeys",      [401, 409, 409, 403, 409, 409, 409, 409, 409]),
    ("begin_passkey",      [401, 409, 409, 403, 409, 409, 409, 409, 409]),
    ("add_passkey",        [401, 422, 422, 403, 422, 422, 422, 422, 422]),
    ("remove_passkey",     [401, 409, 409, 403, 409, 409, 409, 409, 409]),
    ("begin_passkey_sign_in", [409, 409, 409, 409, 409, 409, 409, 409, 409]),
    ("sign_in_by_passkey", [422, 422, 422, 422, 422, 422, 422, 422, 422]),
    ("list_sessions",      [401, 200, 200, 403, 200, 200, 200, 200, 200]),
    ("end_session",        [401, 204, 204, 403, 204, 204, 204, 204, 204]),
    ("end_sessions",       [401, 204, 204, 403, 204, 204, 204, 204, 204]),

    ("list_tokens",        [401, 200, 200, 403, 200, 200, 200, 200, 200]),
    ("create_token",       [401, 201, 201, 403, 201, 201, 201, 201, 201]),
    ("get_token",          [401, 200, 200, 403, 200, 200, 200, 200, 200]),
    ("revoke_token",       [401, 204, 204, 403, 204, 204, 204, 204, 204]),

    ("list_users",         [401, 403, 403, 403, 403, 403, 403, 403, 200]),
    ("create_user",        [401, 403, 403, 403, 403, 403, 403, 403, 201]),
    ("get_user",           [401, 403, 403, 403, 403, 403, 403, 403, 200]),
    ("update_user",        [401, 403, 403, 403, 403, 403, 403, 403, 200]),
    ("delete_user",        [401, 403, 403, 403, 403, 403, 403, 403, 204]),
    // An account with a password; whoever has none is invited.
    ("invite_user",        [401, 403, 403, 403, 403, 403, 403, 403, 409]),
    ("remove_user_second_factor", [401, 403, 403, 403, 403, 403, 403, 403, 404]),
    ("remove_user_passkeys", [401, 403, 403, 403, 403, 403, 403, 403, 409]),
    ("get_user_identity_link", [401, 403, 403, 403, 403, 403, 403, 403, 409]),
    ("link_user_identity", [401, 403, 403, 403, 403, 403, 403, 403, 409]),
    ("unlink_user_identity", [401, 403, 403, 403, 403, 403, 403, 403, 409]),
    ("list_user_sessions", [401, 403, 403, 403, 403, 403, 403, 403, 200]),
    ("end_user_sessions",  [401, 403, 403, 403, 403, 403, 403, 403, 204]),

    ("list_roles",         [401, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("create_role",        [401, 403, 403, 403, 403, 403, 403, 403, 201]),
    ("get_role",           [401, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("update_role",        [401, 403, 403, 403, 403, 403, 403, 403, 200]),
    ("delete_role",        [401, 403, 403, 403, 403, 403, 403, 403, 204]),

    ("get_root",           [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("check_live",         [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("check_ready",        [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("get_metrics",        [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    // About the document itself, and therefore not in it.
    ("GET /openapi.json",  [200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("GET /docs",          [200, 200, 200, 200, 200, 200, 200, 200, 200]),
];

/// Whether somebody with this reach may do it with this story.
pub fn reaches(reach: Reach, (whose, state): (Whose, State)) -> bool {
    match reach {
        Reach::None => false,
        Reach::Own => whose == Whose::Own,
        Reach::OwnNew => whose == Whose::Own && !matches!(state, State::Live | State::Killed),
        Reach::Sport => whose == Whose::Sport,
        Reach::Any => true,
    }
}

/// What an operation on a story must answer.
pub fn expected(name: &str, who: Who, (whose, state): (Whose, State)) -> Option<u16> {
    if let Some((_, answers)) = READING.iter().find(|(reading, _)| *reading == name) {
        let reads = name == "get_article" && state != State::Trashed && reaches(reach(who, May::Read), (whose, state));
        return Some(if reads { 200 } else { answers[state as usize] });
    }
    let (_, may, answers) = STORIES.iter().find(|(story, _, _)| *story == name)?;
    let ever = match name {
        "duplicate_article" => May::Write,
        // Whoever may read makes own ones, and revokes those.
        "revoke_preview_link" => May::Read,
        _ => *may,
    };
    let seen = reaches(reach(who, May::Read), (whose, state)) && state != State::Trashed;
    Some(match () {
        () if who == Who::Reader => 401,
        () if reach(who, ever) == Reach::None => 403,
        () if reaches(reach(who, *may), (whose, state)) => match (name, who, state) {
            ("publish_article", Who::Admin, State::Killed) => 200,
            ("duplicate_article", Who::Admin, State::Killed) => 201,
            _ => answers[state as usize],
        },
        () if seen || state == State::Live => 403,
        () => 404,
    })
}
