//! The tables as diesel sees them: the same on both databases. `tests/migrations.rs` compares them with what the
//! migrations make.

diesel::table! {
    events (position) {
        position -> BigInt,
        id -> Text,
        at -> Timestamp,
        actor_kind -> Text,
        actor_id -> Nullable<Text>,
        action -> Text,
        resource_kind -> Text,
        resource_id -> Text,
        version_before -> Nullable<Integer>,
        version_after -> Nullable<Integer>,
        note -> Nullable<Text>,
        digest -> Nullable<Text>,
        hash -> Text,
        signature -> Nullable<Text>,
    }
}

diesel::table! {
    event_head (id) {
        id -> Integer,
        position -> BigInt,
        hash -> Text,
    }
}

diesel::table! {
    users (id) {
        id -> Text,
        email -> Text,
        email_key -> Text,
        name -> Text,
        role -> Text,
        password_hash -> Text,
        active -> Bool,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        invited -> Bool,
    }
}

diesel::table! {
    one_time_links (hash) {
        hash -> Text,
        user_id -> Text,
        purpose -> Text,
        email_key -> Text,
        created_at -> Timestamp,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    second_factors (user_id) {
        user_id -> Text,
        secret -> Binary,
        created_at -> Timestamp,
        on_since -> Nullable<Timestamp>,
        last_step -> BigInt,
        wrong_codes -> Integer,
    }
}

diesel::table! {
    recovery_codes (hash) {
        hash -> Text,
        user_id -> Text,
    }
}

diesel::table! {
    sign_in_challenges (hash) {
        hash -> Text,
        user_id -> Text,
        password -> Text,
        attempts -> Integer,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    identities (id) {
        id -> Text,
        user_id -> Text,
        issuer -> Text,
        subject -> Text,
        created_at -> Timestamp,
        last_used_at -> Nullable<Timestamp>,
        refused_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    passkeys (id) {
        id -> Text,
        user_id -> Text,
        credential_id -> Binary,
        static_state -> Binary,
        dynamic_state -> Binary,
        name -> Text,
        created_at -> Timestamp,
        last_used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    used_ceremonies (hash) {
        hash -> Text,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    sign_in_tickets (hash) {
        hash -> Text,
        purpose -> Text,
        browser -> Nullable<Text>,
        challenge -> Text,
        network -> Nullable<Text>,
        user_id -> Nullable<Text>,
        issuer -> Nullable<Text>,
        subject -> Nullable<Text>,
        second_factor -> Bool,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    letters (id) {
        id -> Text,
        purpose -> Text,
        recipient -> Text,
        created_at -> Timestamp,
        due_at -> Timestamp,
        attempts -> Integer,
        given_up_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    roles (name) {
        name -> Text,
        description -> Nullable<Text>,
        permissions -> Text,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    sessions (id) {
        id -> Text,
        user_id -> Text,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        last_used_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
        device -> Nullable<Text>,
        address -> Nullable<Text>,
        network -> Nullable<Text>,
        second_factor -> Bool,
    }
}

diesel::table! {
    api_tokens (id) {
        id -> Text,
        user_id -> Text,
        name -> Text,
        hash -> Text,
        hint -> Text,
        scopes -> Text,
        sections -> Nullable<Text>,
        sources -> Nullable<Text>,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        last_used_at -> Nullable<Timestamp>,
        last_used_from -> Nullable<Text>,
    }
}

diesel::table! {
    preview_links (id) {
        id -> Text,
        article_id -> Text,
        made_by -> Text,
        token_id -> Nullable<Text>,
        label -> Nullable<Text>,
        hash -> Text,
        hint -> Text,
        created_at -> Timestamp,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    access_keys (id) {
        id -> Text,
        signs_from -> Timestamp,
        trusted_until -> Timestamp,
    }
}

diesel::table! {
    refresh_tokens (hash) {
        hash -> Text,
        session_id -> Text,
        created_at -> Timestamp,
        used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    former_slugs (kind, slug) {
        kind -> Text,
        slug -> Text,
        resource_id -> Text,
        retired_at -> Timestamp,
    }
}

diesel::table! {
    tags (id) {
        id -> Text,
        slug -> Text,
        name -> Text,
        kind -> Text,
        description -> Nullable<Text>,
        parent_id -> Nullable<Text>,
        code -> Nullable<Text>,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    sources (id) {
        id -> Text,
        slug -> Text,
        name -> Text,
        kind -> Text,
        homepage_url -> Nullable<Text>,
        feed_url -> Nullable<Text>,
        country -> Nullable<Text>,
        language -> Nullable<Text>,
        credit_line -> Nullable<Text>,
        usage_terms -> Nullable<Text>,
        logo_url -> Nullable<Text>,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    authors (id) {
        id -> Text,
        slug -> Text,
        name -> Text,
        job_title -> Nullable<Text>,
        bio -> Nullable<Text>,
        contact_email -> Nullable<Text>,
        image_url -> Nullable<Text>,
        links -> Text,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

// A view over the three tables above.
diesel::table! {
    names (id) {
        id -> Text,
        kind -> Text,
        slug -> Text,
        name -> Text,
        credit_line -> Nullable<Text>,
    }
}

diesel::table! {
    articles (id) {
        id -> Text,
        slug -> Text,
        slug_taken_over -> Bool,
        version -> Integer,
        title -> Text,
        language -> Text,
        kind -> Text,
        featured -> Bool,
        has_image -> Bool,
        section_id -> Nullable<Text>,
        source_id -> Nullable<Text>,
        document -> Text,
        body -> Text,
        body_html -> Text,
        editor_note -> Nullable<Text>,
        embargo_until -> Nullable<Timestamp>,
        translation_of -> Nullable<Text>,
        corrections -> Text,
        created_by -> Nullable<Text>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        published_at -> Timestamp,
        first_published_at -> Timestamp,
        publication_number -> Integer,
        publication_hash -> Nullable<Text>,
        killed_at -> Nullable<Timestamp>,
        deleted_at -> Nullable<Timestamp>,
        passed_at -> Timestamp,
        review_step -> Nullable<Text>,
        review_version -> Nullable<Integer>,
        review_by -> Nullable<Text>,
        review_at -> Nullable<Timestamp>,
        review_note -> Nullable<Text>,
        submitted_by -> Nullable<Text>,
    }
}

diesel::table! {
    article_authors (article_id, author_id) {
        article_id -> Text,
        author_id -> Text,
    }
}

diesel::table! {
    article_tags (article_id, tag_id) {
        article_id -> Text,
        tag_id -> Text,
    }
}

diesel::table! {
    revisions (article_id, number) {
        article_id -> Text,
        number -> Integer,
        title -> Text,
        base -> Nullable<Integer>,
        content -> Binary,
        saved_by -> Nullable<Text>,
        saved_at -> Timestamp,
        note -> Nullable<Text>,
    }
}

diesel::table! {
    publications (id) {
        id -> Text,
        article_id -> Text,
        number -> Integer,
        revision -> Integer,
        partner_from -> Timestamp,
        live_from -> Timestamp,
        live_until -> Timestamp,
        expires_at -> Timestamp,
        superseded -> Bool,
        slug -> Text,
        title -> Text,
        language -> Text,
        kind -> Text,
        featured -> Bool,
        has_image -> Bool,
        has_corrections -> Bool,
        section_id -> Nullable<Text>,
        section_slug -> Nullable<Text>,
        source_id -> Nullable<Text>,
        source_slug -> Nullable<Text>,
        original_id -> Text,
        created_at -> Timestamp,
        first_published_at -> Timestamp,
        published_at -> Timestamp,
        modified_at -> Timestamp,
        previous_hash -> Nullable<Text>,
        hash -> Text,
        card -> Text,
        body -> Text,
        body_html -> Text,
        document -> Text,
        published_day -> Integer,
    }
}

diesel::table! {
    publication_authors (publication_id, author_id) {
        publication_id -> Text,
        author_id -> Text,
        slug -> Text,
        article_id -> Text,
        published_at -> Timestamp,
        live_from -> Timestamp,
        live_until -> Timestamp,
        superseded -> Bool,
    }
}

diesel::table! {
    publication_tags (publication_id, tag_id) {
        publication_id -> Text,
        tag_id -> Text,
        slug -> Text,
        article_id -> Text,
        published_at -> Timestamp,
        live_from -> Timestamp,
        live_until -> Timestamp,
        superseded -> Bool,
    }
}

diesel::table! {
    withdrawals (id) {
        id -> Text,
        article_id -> Text,
        kind -> Text,
        begun_at -> Timestamp,
        ended_at -> Timestamp,
        up_to -> Integer,
        reason_public -> Nullable<Text>,
        reason_internal -> Nullable<Text>,
        withdrawn_by -> Nullable<Text>,
    }
}

// A view over publications and withdrawals.
diesel::table! {
    killed_publications (publication_id) {
        publication_id -> Text,
    }
}

diesel::table! {
    announcements (publication_id) {
        publication_id -> Text,
        due_at -> Timestamp,
    }
}

diesel::table! {
    presence (article_id, user_id) {
        article_id -> Text,
        user_id -> Text,
        since -> Timestamp,
        seen_at -> Timestamp,
    }
}

diesel::table! {
    idempotency_keys (user_id, key) {
        user_id -> Text,
        key -> Text,
        fingerprint -> Text,
        status -> Integer,
        body -> Text,
        version -> Nullable<Integer>,
        location -> Nullable<Text>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    log_keys (kid) {
        kid -> Text,
        x -> Text,
        since -> Timestamp,
    }
}

diesel::table! {
    departures (publication_id) {
        publication_id -> Text,
        article_id -> Text,
        slug -> Nullable<Text>,
        gone_at -> Timestamp,
        back_at -> Timestamp,
        reason -> Text,
    }
}

diesel::table! {
    search_entries (position) {
        position -> BigInt,
        publication_id -> Text,
        article_id -> Text,
        partner_from -> Timestamp,
        live_from -> Timestamp,
        live_until -> Timestamp,
        head -> Text,
        filed -> Text,
    }
}

// A view that takes a publication into the entries, the words and the vocabulary at once.
diesel::table! {
    search_index (publication_id) {
        positions -> Text,
        publication_id -> Text,
        article_id -> Text,
        partner_from -> Timestamp,
        live_from -> Timestamp,
        live_until -> Timestamp,
        head -> Text,
        filed -> Text,
        words -> Text,
        vocabulary -> Text,
    }
}

diesel::table! {
    tallies (id) {
        id -> BigInt,
        role -> Text,
        name_id -> Text,
        at -> Timestamp,
        delta -> Integer,
    }
}

diesel::table! {
    search_vocabulary (word) {
        word -> Text,
        reversed -> Text,
        partner_from -> Timestamp,
        live_from -> Timestamp,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    events,
    event_head,
    users,
    one_time_links,
    second_factors,
    recovery_codes,
    sign_in_challenges,
    identities,
    passkeys,
    used_ceremonies,
    sign_in_tickets,
    letters,
    roles,
    api_tokens,
    sessions,
    refresh_tokens,
    access_keys,
    preview_links,
    former_slugs,
    tags,
    sources,
    authors,
    names,
    articles,
    article_authors,
    article_tags,
    revisions,
    publications,
    publication_authors,
    publication_tags,
    withdrawals,
    killed_publications,
    departures,
    tallies,
    announcements,
    presence,
    idempotency_keys,
    log_keys,
    search_entries,
    search_vocabulary,
);
