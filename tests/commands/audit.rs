//! `dateline audit`, as the person who runs the server uses it.

use serde_json::{Value, json};

use crate::support::program::Program;
use crate::{PASSWORD, add_user};

fn lines(program: &Program, options: &[&str]) -> Vec<String> {
    let run = program.run(&[&["audit"], options].concat()).expect_success();
    run.output.lines().map(str::to_owned).collect()
}

#[test]
fn the_log_is_read_with_names_and_by_what_one_looks_for() {
    let program = Program::migrated();
    add_user(&program, "ada@example.org", "admin").expect_success();
    let serving = program.serve();
    let sign_in = |password: &str| json!({ "email": "ada@example.org", "password": password });
    let tokens = serving.anonymous().post("/v1/auth/login", sign_in(PASSWORD)).expect(200).json();
    serving.anonymous().post("/v1/auth/login", sign_in("not the password")).expect(401);
    let ada = serving.anonymous().bearer(tokens["access_token"].as_str().unwrap());
    let asked = json!({ "name": "Website", "scopes": ["taxonomy:write"] });
    let token = ada.post("/v1/tokens", asked).expect(201).json();
    let script = serving.anonymous().bearer(token["token"].as_str().unwrap());
    script.post("/v1/tags", json!({ "name": "Harbour" })).expect(201);

    let all = lines(&program, &[]);
    let last = all.last().unwrap();
    assert!(last.contains("  Website of ada@example.org  ") && last.contains("created tag "), "{all:?}");
    assert!(all.iter().any(|line| line.contains("  operator  ") && line.contains("created user ")), "{all:?}");
    let refused = lines(&program, &["--action", "sign_in_refused"]);
    assert!(refused.len() == 1 && refused[0].contains("127.0.0.1"), "{refused:?}");
    // What her script did is hers, and can be seen alone.
    let hers = lines(&program, &["--actor", "ada@example.org", "--last", "2"]);
    assert!(hers[0].contains("  ada@example.org  ") && hers[0].contains("created token "), "{hers:?}");
    assert_eq!(hers[1..], all[all.len() - 1..]);
    assert_eq!(lines(&program, &["--actor", token["id"].as_str().unwrap()]), std::slice::from_ref(last));
    let nothing = program.run(&["audit", "--until", "2001-01-01T00:00:00Z"]).expect_success();
    assert_eq!((nothing.output.as_str(), nothing.errors.as_str()), ("", "no entry of the log is like that\n"));
    assert_eq!(lines(&program, &["--after", &(all.len() - 1).to_string()]), std::slice::from_ref(last));

    // For machines it is what the API gives.
    let json = lines(&program, &["--json", "--after", "0"]);
    let json: Vec<Value> = json.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(json!(json), ada.get("/v1/events").expect(200).json()["data"]);

    // A token that was revoked did what it did.
    ada.delete(&format!("/v1/tokens/{}", token["id"].as_str().unwrap())).expect(204);
    let hers = lines(&program, &["--actor", "ada@example.org", "--last", "2"]);
    assert!(hers[0].contains("created tag ") && hers[1].contains("deleted token "), "{hers:?}");

    let unknown = program.run(&["audit", "--actor", "bo@example.org"]);
    assert!(unknown.failure().contains("there is no account bo@example.org"), "{unknown:?}");
    let mistyped = program.run(&["audit", "--action", "publishd"]);
    assert!(mistyped.errors.contains("published"), "{mistyped:?}");
    let wrong = program.run(&["audit", "--since", "yesterday"]);
    assert!(wrong.errors.contains("--since"), "{wrong:?}");
}
