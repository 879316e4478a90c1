//! What somebody, or time, does in a newsroom: plain data, so that a sequence can be played again in part.

use rand::RngExt;
use rand::rngs::StdRng;

/// How many stories there are at a time.
pub const STORIES: usize = 6;

/// One thing that happens. Moments are seconds from then on.
#[derive(Debug, Clone)]
pub enum Action {
    /// Time passes.
    Pass(u64),
    /// The headline changes.
    Save(usize, u32),
    /// The tag is put on, or taken off.
    Tag(usize, bool),
    /// The slug changes.
    Rename(usize, u32),
    /// A slug that many want: which, and whether it is taken over.
    Take(usize, u32, bool),
    /// An earlier revision is saved again; counted from the newest.
    Return(usize, usize),
    /// A copy is made, looked at, and removed.
    Duplicate(usize),
    /// It becomes a translation of another story, or of none.
    Translate(usize, Option<usize>),
    /// Published: from when, until when.
    Publish(usize, Option<u64>, Option<u64>),
    /// Taken down.
    Unpublish(usize),
    /// What is scheduled is cancelled.
    Unschedule(usize),
    /// An embargo is set, or lifted.
    Embargo(usize, Option<u64>),
    /// A public note, at once or with the next publication.
    Correct(usize, bool),
    /// Killed.
    Kill(usize),
    /// Published by an admin, who may bring back what was killed.
    Lift(usize),
    /// Put into the trash.
    Trash(usize),
    /// Brought back from the trash.
    Restore(usize),
    /// Removed for good, and another story begun in its place.
    Purge(usize),
    /// Several of the above in one request.
    Bulk(bool, Vec<Action>),
    /// The server is stopped and started again.
    Restart,
}

impl Action {
    /// Anything that can happen.
    pub fn any(random: &mut StdRng) -> Action {
        match random.random_range(0..112) {
            0..=24 => Action::Pass(random.random_range(1..=5)),
            25..=34 => {
                let items = random.random_range(1..=4);
                match random.random_range(0..4) {
                    0 => Action::Bulk(random.random_bool(0.5), (0..items).map(|_| Action::in_bulk(random)).collect()),
                    _ => Action::Tag(story(random), random.random_bool(0.6)),
                }
            }
            35..=46 => Action::in_bulk(random),
            47..=50 => Action::Rename(story(random), random.random_range(0..4)),
            51..=66 => {
                let at = random.random_bool(0.5).then(|| random.random_range(0..10));
                let until = random.random_bool(0.5).then(|| random.random_range(0..20));
                Action::Publish(story(random), at, until)
            }
            67..=70 => Action::Unpublish(story(random)),
            71..=73 => Action::Unschedule(story(random)),
            74..=80 => Action::Embargo(story(random), random.random_bool(0.6).then(|| random.random_range(1..12))),
            81..=86 => Action::Correct(story(random), random.random_bool(0.5)),
            87..=88 => Action::Kill(story(random)),
            89..=91 => Action::Lift(story(random)),
            92..=93 => Action::Trash(story(random)),
            94..=97 => Action::Restore(story(random)),
            98 => Action::Purge(story(random)),
            99 => Action::Restart,
            100..=105 => Action::Take(story(random), random.random_range(0..3), random.random_bool(0.6)),
            106..=107 => Action::Return(story(random), random.random_range(0..4)),
            108 => Action::Duplicate(story(random)),
            _ => Action::Translate(story(random), random.random_bool(0.7).then(|| story(random))),
        }
    }

    /// Anything that can be done in bulk, too.
    fn in_bulk(random: &mut StdRng) -> Action {
        match random.random_range(0..8) {
            0..=3 => Action::Save(story(random), random.random()),
            4..=5 => Action::Publish(story(random), None, None),
            6 => Action::Unpublish(story(random)),
            _ => Action::Trash(story(random)),
        }
    }
}

fn story(random: &mut StdRng) -> usize {
    random.random_range(0..STORIES)
}
