//! Writes the letters with one-time links, at the moment when they are sent: until then there is no link, and nothing
//! secret waits in the queue. A letter that is sent again has a fresh one.

use super::{Links, Purpose};
use crate::auth::user_store::{self, UserRow};
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::events::{Action, Event, Journal, Resource};
use crate::mail::{Letter, queue};
use crate::smtp::Message;

/// Takes a letter from the queue and writes it. `None` when somebody else took it, or when it is for nobody: there is no
/// such account, or a link would be nothing to it. Such a letter is forgotten.
pub fn write(
    connection: &mut AnyConnection,
    journal: &mut Journal,
    (links, letter): (&Links, &Letter),
) -> Result<Option<(Letter, Message)>> {
    let purpose: Purpose = letter.purpose.parse().map_err(Error::Internal)?;
    let Some(taken) = queue::take(connection, letter, journal.now())? else { return Ok(None) };
    let user = user_store::find_by_email(connection, &letter.recipient)?;
    let Some(user) = user.filter(|user| purpose.suits(user)) else {
        queue::remove(connection, &letter.id)?;
        return Ok(None);
    };
    let link = links.make(connection, journal, (purpose, &user))?;
    Ok(Some((taken, in_words(purpose, &user, (&links.site(), &link)))))
}

/// Puts back a letter that was taken and could not be sent, and says whether it was given up, which is in the log of the
/// account that waits for it.
pub fn put_back(connection: &mut AnyConnection, journal: &mut Journal, taken: &Letter) -> Result<bool> {
    let given_up = queue::put_back(connection, taken, journal.now())?;
    if given_up && let Some(user) = user_store::find_by_email(connection, &taken.recipient)? {
        let event = Event::new(Action::LetterGivenUp, Resource::User, user.id);
        journal.record(event.noted(Some(format!("{}, tried {} times", taken.purpose, taken.attempts))));
    }
    Ok(given_up)
}

fn in_words(purpose: Purpose, user: &UserRow, (site, link): (&str, &str)) -> Message {
    let UserRow { name, email, .. } = user;
    let (subject, text) = match purpose {
        Purpose::Invite => (
            format!("Your account at {site}"),
            format!(
                "Hello {name},\n\nan account at {site} was made for you. Open this link within 7 days to choose a \
                 password; it works once:\n\n{link}\n\nIf you do not know what this is about, do nothing.\n"
            ),
        ),
        Purpose::Reset => (
            format!("A new password for {site}"),
            format!(
                "Hello {name},\n\nsomebody asked for a new password for your account at {site}. Open this link within \
                 an hour to choose one; it works once:\n\n{link}\n\nIf that was not you, do nothing: your password \
                 stays as it is.\n"
            ),
        ),
    };
    Message { to: email.clone(), subject, text }
}
