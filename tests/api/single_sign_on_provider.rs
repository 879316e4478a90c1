//! Single sign-on with a real provider: npm `oidc-provider`, started by the test.

use rstest_reuse::apply;
use serde_json::json;

use crate::support::browser::{Browser, behind};
use crate::support::desk::text;
use crate::support::provider::{PAGE, RealProvider, by_provider};
use crate::support::{Database, TestApp, each_database};
use crate::verify::assert_untouched;

#[apply(each_database)]
fn p24_a_real_provider_signs_people_in_and_out(database: Database) {
    let Some(provider) = RealProvider::start() else { return };
    let by = by_provider(provider.issuer(), &[("newsdesk", "editor")], None);
    let app = TestApp::start_by_real_time(database, by);
    let mut browser = Browser::new(&app, "ada");
    let come_back = |browser: &mut Browser, account: &str| {
        let there = browser.begin("sign_in");
        let back = browser.follow(&there, account);
        (browser.come_back(&back), back)
    };
    // Claims of people come from the user info address; the ID token has the subject only.
    let (page, back) = come_back(&mut browser, "account=ada&amr=pwd,mfa");
    let tokens = browser.exchange(&page).expect(200).json();
    assert_eq!((&tokens["user"]["email"], &tokens["user"]["role"]), (&json!("ada@example.org"), &json!("editor")));
    assert_eq!(tokens["user"]["name"], "Ada Lund");
    let ada = app.anonymous().bearer(text(&tokens["access_token"]));
    // The same answer again is none, and the session at the provider signs in without a question.
    assert_eq!(behind(&browser.come_back(&back), "sign_in_error"), "expired");
    let there = browser.begin("sign_in");
    let back = browser.follow(&there, "account=bo");
    let page = browser.come_back(&back);
    assert_eq!(browser.exchange(&page).expect(200).json()["user"]["id"], tokens["user"]["id"]);
    // Who is in no group, whose address nobody verified, and who thought better of it.
    for (account, expected) in
        [("account=bo", "not_allowed"), ("account=cy", "email_unverified"), ("account=nobody", "cancelled")]
    {
        let mut other = Browser::new(&app, "other");
        assert_eq!(behind(&come_back(&mut other, account).0, "sign_in_error"), expected, "{account}");
    }
    let address = ada.send("POST", "/v1/auth/single-sign-on/sign-out", None).expect(200).json()["address"].clone();
    let address = text(&address);
    let page = url::form_urlencoded::byte_serialize(PAGE.as_bytes()).collect::<String>();
    assert!(address.starts_with(provider.issuer()) && address.ends_with(&page), "{address}");
    // The provider knows the address, and asks before it leads back to the page.
    assert!(browser.look(address).contains("Do you want to sign-out"), "{address}");
    ada.get("/v1/auth/me").expect(401);
    assert_untouched(&app);
}

#[apply(each_database)]
fn p24_what_a_real_provider_made_for_somebody_else_is_not_believed(database: Database) {
    let Some(provider) = RealProvider::start() else { return };
    // The provider says who it is without the slash; whoever writes it otherwise means another.
    let other_issuer = by_provider(&format!("{}/", provider.issuer()), &[], Some("editor"));
    let app = TestApp::start_by_real_time(database, other_issuer);
    assert_eq!(behind(&Browser::new(&app, "ada").begin("sign_in"), "sign_in_error"), "unavailable");
    // A client that the provider does not know gets nobody back from it.
    let right = by_provider(provider.issuer(), &[], Some("editor"));
    let unknown = app.beside_with(|config| {
        right(config);
        config.single_sign_on.as_mut().unwrap().client_id = "somebody-else".to_owned();
    });
    let there = Browser::new(&unknown, "ada").begin("sign_in");
    assert!(Browser::new(&unknown, "ada").look(&there).contains("invalid_client"));
    // A secret that is not theirs gets no answer for a code.
    let right = by_provider(provider.issuer(), &[], Some("editor"));
    let wrong_secret = app.beside_with(|config| {
        right(config);
        config.single_sign_on.as_mut().unwrap().client_secret = Some("another secret".into());
    });
    let mut browser = Browser::new(&wrong_secret, "ada");
    let there = browser.begin("sign_in");
    let back = browser.follow(&there, "account=ada");
    assert_eq!(behind(&browser.come_back(&back), "sign_in_error"), "refused");
    // An answer that has run out on its way: our clock is an hour ahead, and tokens live as long.
    let right = by_provider(provider.issuer(), &[], Some("editor"));
    let late = TestApp::start_with(database, right);
    let mut browser = Browser::new(&late, "ada");
    late.clock().advance(std::time::Duration::from_secs(400 * 24 * 60 * 60));
    let there = browser.begin("sign_in");
    let back = browser.follow(&there, "account=ada");
    assert_eq!(behind(&browser.come_back(&back), "sign_in_error"), "refused");
}
