//! Random editors against a small model of a newsroom: whatever they do, everybody sees what the model says. The seed is
//! printed, and a failure gives the shortest sequence of actions that was found to show it. `TEST_SEED=…` plays the same
//! games again, `TEST_MODEL_GAMES=…` more of them.

#[path = "../support/mod.rs"]
mod support;

mod action;
mod names;
mod newsroom;
mod story;

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rstest_reuse::apply;

use action::Action;
use newsroom::Newsroom;
use support::{Database, each_database};

/// Games on each database; a new server and a new database for each.
const GAMES: usize = 20;

/// Actions in a game: 10,000 on each database.
const ACTIONS: usize = 500;

/// How long a shorter sequence is looked for.
const SEARCH: Duration = Duration::from_secs(60);

/// Plays a sequence on a fresh server; gives where and why it failed.
fn play(database: Database, actions: &[Action]) -> Result<(), (usize, String)> {
    let mut newsroom = Newsroom::open(database);
    for (index, action) in actions.iter().enumerate() {
        let step = catch_unwind(AssertUnwindSafe(|| newsroom.play(action)));
        let failure = match step {
            Ok(Ok(())) => continue,
            Ok(Err(difference)) => difference,
            Err(panic) => panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "a panic".to_owned()),
        };
        return Err((index, failure));
    }
    Ok(())
}

/// The shortest sequence that was found to fail as well: whole chunks are left out first, single actions at the end.
fn shorten(database: Database, mut actions: Vec<Action>) -> (Vec<Action>, String) {
    let (begun, mut failure) = (Instant::now(), String::new());
    let mut chunk = actions.len();
    while chunk > 0 {
        let mut at = 0;
        while at < actions.len() && begun.elapsed() < SEARCH {
            let mut shorter = actions.clone();
            shorter.drain(at..(at + chunk).min(actions.len()));
            match play(database, &shorter) {
                Err((last, found)) => {
                    shorter.truncate(last + 1);
                    (actions, failure) = (shorter, found);
                }
                Ok(()) => at += chunk,
            }
        }
        chunk /= 2;
    }
    (actions, failure)
}

#[apply(each_database)]
fn whatever_is_done_everybody_sees_what_the_model_says(database: Database) {
    let number = |name: &str| env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seed = number("TEST_SEED").unwrap_or_else(rand::random::<u64>);
    println!("TEST_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    for game in 0..number("TEST_MODEL_GAMES").unwrap_or(GAMES as u64) {
        let actions: Vec<Action> = (0..ACTIONS).map(|_| Action::any(&mut random)).collect();
        let Err((last, failure)) = play(database, &actions) else { continue };
        let (shortest, said) = shorten(database, actions[..=last].to_vec());
        let steps: Vec<String> = shortest.iter().map(|action| format!("  {action:?}")).collect();
        panic!(
            "TEST_SEED={seed}, game {game}, after {} actions:\n{failure}\n\nthe shortest sequence found:\n{}\n{said}",
            last + 1,
            steps.join("\n")
        );
    }
    // So that nobody takes a quiet machine for a proof: something random was played at all.
    assert_ne!(random.random::<u64>(), StdRng::seed_from_u64(seed).random::<u64>());
}
