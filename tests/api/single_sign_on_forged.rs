//! Single sign-on with a provider that lies, is slow, is broken, or changes its keys.

use std::time::Duration;

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::browser::{Browser, behind, merged};
use crate::support::desk::{at_once, text};
use crate::support::provider::{Asked, CALLBACK, Forger, Key, Manner, by_provider, sign_not_at_all};
use crate::support::{Database, TestApp, each_database};

const CONFIGURATION: &str = "/.well-known/openid-configuration";

/// A way to sign claims.
type Sign<'a> = &'a dyn Fn(&Value) -> String;

fn start(database: Database) -> (Forger, TestApp) {
    let forger = Forger::start();
    let app = TestApp::start_with(database, by_provider(&forger.issuer(), &[("newsdesk", "editor")], None));
    (forger, app)
}

/// What the log says last of a refusal.
#[track_caller]
fn reason(app: &TestApp) -> String {
    let page = app.admin().get("/v1/events?resource=user&action=sign_in_refused&limit=100").expect(200).json();
    text(&page["data"].as_array().unwrap().last().expect("an entry")["note"]).to_owned()
}

#[apply(each_database)]
fn p24_what_is_not_said_by_the_provider_for_us_for_this_sign_in_and_now_is_not_believed(database: Database) {
    let (forger, app) = start(database);
    let mut browser = Browser::new(&app, "ada");
    let claims = |now: i64| {
        [
            (json!({ "iss": "https://evil.test" }), "issuer"),
            (json!({ "iss": format!("{}/", forger.issuer()) }), "issuer"),
            (json!({ "aud": "somebody-else" }), "audience"),
            (json!({ "aud": [] }), "audience"),
            (json!({ "aud": null }), "audience"),
            (json!({ "aud": ["dateline", "somebody-else"] }), "trusted audience"),
            (json!({ "azp": "somebody-else" }), "azp"),
            (json!({ "nonce": "another" }), "nonce"),
            (json!({ "nonce": null }), "nonce"),
            (json!({ "exp": now - 60 }), "expired"),
            (json!({ "exp": null }), "cannot be read"),
            (json!({ "iat": now + 61, "exp": now + 300 }), "still to come"),
            (json!({ "iat": now - 601 }), "too long ago"),
            (json!({ "nbf": now + 61 }), "not good yet"),
            (json!({ "nbf": "tomorrow" }), "not good yet"),
            (json!({ "sub": null }), "cannot be read"),
            (json!({ "sub": "" }), "of nobody"),
            (json!({ "sub": "a".repeat(256) }), "of nobody"),
        ]
    };
    for number in 0..claims(0).len() {
        // The log has ten of a network within a quarter of an hour.
        if number % 10 == 9 {
            app.pass(15 * 60);
        }
        let (differing, expected) = claims(app.clock().now().seconds())[number].clone();
        let page = browser.vouched(&forger, "sign_in", differing.clone());
        assert_eq!(behind(&page, "sign_in_error"), "refused", "{differing}");
        let reason = reason(&app);
        assert!(reason.starts_with("single sign-on, from 127.0.0.1: "), "{reason}");
        assert!(reason.contains(expected), "{differing}: {reason}");
    }
    app.pass(15 * 60);
    let key = forger.key();
    let same_name = Key::new("first", 9);
    let signatures: [(&str, Sign); 6] = [
        ("none", &sign_not_at_all),
        ("HS256 with the public key", &|claims| key.sign_with_public_key_as_secret(claims)),
        ("HS256 with the client secret", &|claims| key.sign_with_client_secret(claims)),
        ("another key of the same name", &|claims| same_name.sign(claims)),
        ("a claim that was changed", &|claims| {
            let (good, other) = (key.sign(claims), key.sign(&merged(claims.clone(), json!({ "sub": "eve" }))));
            let parts: Vec<&str> = good.split('.').chain(other.split('.')).collect();
            format!("{}.{}.{}", parts[0], parts[4], parts[2])
        }),
        ("no token at all", &|_| "no token".to_owned()),
    ];
    for (name, sign) in signatures {
        let page = browser.forged(&forger, "sign_in", |claims| sign(&claims));
        assert_eq!(behind(&page, "sign_in_error"), "refused", "{name}");
    }
    // Nobody got an account by any of it; and clocks may differ by a minute.
    assert_eq!(app.admin().get("/v1/users?count=true").expect(200).json()["total"], 1);
    let now = app.clock().now().seconds();
    for differing in [
        json!({ "exp": now - 59 }),
        json!({ "iat": now + 60 }),
        json!({ "nbf": now + 60 }),
        json!({ "azp": "dateline" }),
    ] {
        browser.sign_in(&forger, differing);
    }
}

#[apply(each_database)]
fn p24_an_answer_is_of_this_provider_and_is_used_once(database: Database) {
    let (forger, app) = start(database);
    let mut browser = Browser::new(&app, "ada");
    let mut answer = |change: &dyn Fn(String) -> String| {
        let asked = Asked::of(&browser.begin("sign_in"));
        let good = forger.give(&asked, forger.key().sign(&forger.claims(&app, &asked)));
        behind(&browser.come_back(&change(good)), "sign_in_error")
    };
    let without = |name: &'static str| {
        move |good: String| {
            let url = url::Url::parse(&good).unwrap();
            let kept: Vec<_> = url.query_pairs().filter(|(given, _)| given != name).collect();
            let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).finish();
            format!("{CALLBACK}?{query}")
        }
    };
    // Whose answer it is (RFC 9207), and that it is one.
    assert_eq!(answer(&|good| without("iss")(good) + "&iss=https%3A%2F%2Fevil.test"), "refused");
    assert_eq!(answer(&without("iss")), "refused");
    assert_eq!(answer(&without("code")), "refused");
    assert_eq!(answer(&without("state")), "expired");
    assert_eq!(answer(&|good| format!("{good}&state=another")), "expired");
    assert_eq!(answer(&|good| format!("{good}&error=access_denied")), "cancelled");
    assert_eq!(answer(&|good| format!("{good}&error=%0ANot+a+word")), "cancelled");
    assert!(reason(&app).ends_with("the provider says: something else"));
    // A code of another sign-in: the provider refuses its verifier, or that it comes again.
    let (mut victim, mut thief) = (Browser::new(&app, "ada"), Browser::new(&app, "eve"));
    let asked = Asked::of(&victim.begin("sign_in"));
    let code = forger.give(&asked, forger.key().sign(&forger.claims(&app, &asked)));
    let state = Asked::of(&thief.begin("sign_in")).get("state").to_owned();
    let stolen = format!("{}&state={state}", without("state")(code.clone()));
    assert_eq!(behind(&thief.come_back(&stolen), "sign_in_error"), "refused");
    assert!(reason(&app).ends_with("the provider refuses the code: invalid_grant"), "{}", reason(&app));
    assert_eq!(behind(&victim.come_back(&code), "sign_in_error"), "refused");
    assert_eq!(behind(&victim.come_back(&code), "sign_in_error"), "expired");
}

#[apply(each_database)]
fn p24_keys_rotate_and_an_unknown_one_is_looked_for_once_in_a_while(database: Database) {
    let (forger, app) = start(database);
    let mut browser = Browser::new(&app, "ada");
    browser.sign_in(&forger, json!({}));
    assert_eq!((forger.times(CONFIGURATION), forger.times("/jwks")), (1, 1));
    // A new key is found with the first token that is signed with it, at once.
    forger.rotate(Key::new("second", 2));
    // And what it signs is looked at as ever: that an access token is another one is seen with the new key, too.
    let page = browser.vouched(&forger, "sign_in", json!({ "at_hash": "bm90IHRoZSBoYXNoIG9mIGl0" }));
    assert_eq!(behind(&page, "sign_in_error"), "refused");
    assert!(reason(&app).ends_with("the access token is another one (at_hash)"), "{}", reason(&app));
    browser.sign_in(&forger, json!({}));
    assert_eq!((forger.times(CONFIGURATION), forger.times("/jwks")), (1, 2));
    // The former one is good no more, and whoever keeps coming with it makes us ask no more often.
    let former = Key::new("first", 1);
    for _ in 0..3 {
        let page = browser.forged(&forger, "sign_in", |claims| former.sign(&claims));
        assert_eq!(behind(&page, "sign_in_error"), "refused");
    }
    assert_eq!(forger.times("/jwks"), 2);
    app.pass(30);
    for _ in 0..3 {
        browser.forged(&forger, "sign_in", |claims| former.sign(&claims));
    }
    assert_eq!(forger.times("/jwks"), 3);
    browser.sign_in(&forger, json!({}));
    // So is a new one that goes by the name of the former.
    app.pass(30);
    forger.rotate(Key::new("second", 3));
    browser.sign_in(&forger, json!({}));
    assert_eq!(forger.times("/jwks"), 4);
    // What it says of itself is good for an hour and, while it is away, for a day.
    app.pass(60 * 60);
    browser.sign_in(&forger, json!({}));
    assert_eq!(forger.times(CONFIGURATION), 2);
    forger.answer(CONFIGURATION, Some(Manner::Broken));
    app.pass(60 * 60);
    browser.sign_in(&forger, json!({}));
    app.pass(24 * 60 * 60);
    assert_eq!(behind(&browser.begin("sign_in"), "sign_in_error"), "unavailable");
}

#[apply(each_database)]
fn p24_what_a_provider_says_elsewhere_is_of_the_same_person(database: Database) {
    let (forger, app) = start(database);
    forger.tell(json!({
        "sub": "ada", "email": "lund@example.org", "email_verified": true, "groups": ["newsdesk"], "preferred_username": "ada.l"
    }));
    let mut browser = Browser::new(&app, "ada");
    let silent = json!({ "email": null, "email_verified": null, "groups": null, "name": null });
    let tokens = browser.sign_in(&forger, silent.clone());
    assert_eq!((&tokens["user"]["email"], &tokens["user"]["name"]), (&json!("lund@example.org"), &json!("ada.l")));
    // Claims of another are nobody's here.
    let page = browser.vouched(&forger, "sign_in", merged(silent.clone(), json!({ "sub": "bo" })));
    assert_eq!(behind(&page, "sign_in_error"), "refused");
    forger.answer("/me", Some(Manner::Broken));
    let page = browser.vouched(&forger, "sign_in", silent);
    assert_eq!(behind(&page, "sign_in_error"), "unavailable");
}

#[apply(each_database)]
fn p24_a_provider_that_is_away_or_says_nonsense_keeps_nobody_from_anything_else(database: Database) {
    let (forger, app) = start(database);
    let usual = forger.usual();
    let other = |name: &str, value: Value| Some(Manner::Json(merged(usual.clone(), json!({ name: value }))));
    let manners = [
        Some(Manner::Broken),
        Some(Manner::Never),
        Some(Manner::Bytes(b"<html>".to_vec())),
        Some(Manner::Bytes(vec![b' '; 2 * 1024 * 1024])),
        Some(Manner::Redirect(format!("{}/elsewhere", forger.issuer()))),
        Some(Manner::Json(json!([]))),
        other("issuer", json!("https://evil.test")),
        other("jwks_uri", json!("http://evil.test/jwks")),
        other("jwks_uri", json!("file:///etc/passwd")),
        other("authorization_endpoint", json!("javascript:alert(1)")),
        other("authorization_endpoint", json!("http://evil.test/authorize")),
        other("end_session_endpoint", json!("http://evil.test/end")),
    ];
    let mut browser = Browser::new(&app, "ada");
    for manner in manners {
        forger.answer(CONFIGURATION, manner);
        let page = browser.begin("sign_in");
        assert_eq!(behind(&page, "sign_in_error"), "unavailable");
        app.anonymous().get("/v1/articles").expect(200);
        // Asked once, it is left alone for a while.
        let asked = forger.times(CONFIGURATION);
        browser.begin("sign_in");
        assert_eq!(forger.times(CONFIGURATION), asked);
        // It rests for ten seconds, from the end of the attempt.
        app.pass(30);
    }
    assert_eq!(forger.times("/elsewhere"), 0, "a redirect was followed");
    forger.answer(CONFIGURATION, None);
    browser.sign_in(&forger, json!({}));
    for manner in [Manner::Broken, Manner::Bytes(vec![b' '; 2 * 1024 * 1024]), Manner::Redirect(forger.issuer())] {
        forger.answer("/token", Some(manner));
        let page = browser.vouched(&forger, "sign_in", json!({}));
        assert!(["unavailable", "refused"].contains(&&*behind(&page, "sign_in_error")), "{page}");
    }
    app.admin();
}

#[test]
fn p24_a_slow_provider_uses_up_no_threads() {
    let (forger, app) = start(Database::Sqlite);
    let mut browsers: Vec<_> = (0..12).map(|_| Browser::new(&app, "ada")).collect();
    let come_back = |browser: &mut Browser| {
        let asked = Asked::of(&browser.begin("sign_in"));
        forger.give(&asked, forger.key().sign(&forger.claims(&app, &asked)))
    };
    let addresses: Vec<_> = browsers.iter_mut().map(come_back).collect();
    forger.answer("/token", Some(Manner::Never));
    // Whoever comes while eight wait already waits for a turn, and nobody else does.
    std::thread::scope(|scope| {
        let pages = scope.spawn(|| at_once(12, |number| browsers[number].come_back(&addresses[number])));
        while forger.times("/token") < 8 {
            std::thread::sleep(Duration::from_millis(10));
        }
        app.anonymous().get("/v1/articles").expect(200);
        assert_eq!(forger.times("/token"), 8);
        let pages = pages.join().unwrap();
        assert!(pages.iter().all(|page| behind(page, "sign_in_error") == "unavailable"), "{pages:?}");
    });
    // A newsroom that comes back in the same moment gets in.
    forger.answer("/token", Some(Manner::Slowly(Duration::from_millis(200))));
    let addresses: Vec<_> = browsers.iter_mut().map(come_back).collect();
    let pages = at_once(12, |number| browsers[number].come_back(&addresses[number]));
    assert!(pages.iter().all(|page| page.contains("#sign_in=")), "{pages:?}");
}

#[apply(each_database)]
fn p24_rubbish_of_one_network_neither_floods_the_provider_nor_hides_others_from_the_log(database: Database) {
    let (forger, app) = start(database);
    let mut browser = Browser::new(&app, "ada");
    // A colleague who mistypes a password keeps nobody out.
    for _ in 0..10 {
        let guess = json!({ "email": "nobody@example.org", "password": "no password of anybody" });
        app.anonymous().post("/v1/auth/login", guess).expect(401);
    }
    browser.sign_in(&forger, json!({}));
    let asked_before = forger.times("/token");
    let mut errors = Vec::new();
    for _ in 0..14 {
        let state = Asked::of(&browser.begin("sign_in")).get("state").to_owned();
        let page = browser.come_back(&format!("{CALLBACK}?state={state}&code=rubbish&iss={}", forger.issuer()));
        errors.push(behind(&page, "sign_in_error"));
        assert_eq!(behind(&browser.come_back(&format!("{CALLBACK}?state=rubbish")), "sign_in_error"), "expired");
    }
    assert_eq!(errors[..10], vec!["refused"; 10]);
    assert_eq!(errors[10..], vec!["unavailable"; 4]);
    assert_eq!(forger.times("/token") - asked_before, 10);
    // Only that network waits, and what is said of whom the provider vouches for is in the log all the same.
    app.pass(15 * 60);
    for _ in 0..12 {
        browser.come_back(&format!("{CALLBACK}?state=rubbish"));
    }
    let stranger = json!({ "sub": "eve", "email": "eve@example.org", "groups": ["guests"] });
    assert_eq!(behind(&browser.vouched(&forger, "sign_in", stranger), "sign_in_error"), "not_allowed");
    assert!(reason(&app).starts_with("single sign-on as eve, "), "{}", reason(&app));
}
