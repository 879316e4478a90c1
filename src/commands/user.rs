//! `dateline user`: accounts, for the person who runs the server. The first admin is made here.

use std::io::{BufRead, IsTerminal, stdin};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{CommandError, Shape, in_runtime};
use crate::app::App;
use crate::auth::{Accounts, NewUser, RoleName, User, UserInput};
use crate::config::Settings;
use crate::error::Error;
use crate::events::Actor;
use crate::http::etag::IfMatch;
use crate::http::input::{Complete, Partial};
use crate::http::query::WriteOptions;

/// Manage who may sign in.
///
/// Passwords are asked for on a terminal and read from the standard input otherwise, so that they never stand on a
/// command line.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  dateline user add --email ada@example.org --role admin\n  \
    echo 'correct horse battery' | dateline user add --email bo@example.org --role writer --name 'Bo Lund'")]
pub struct Users {
    #[command(subcommand)]
    action: UserAction,
}

#[derive(Debug, Subcommand)]
enum UserAction {
    /// Make an account.
    Add {
        /// The e-mail address to sign in with.
        #[arg(long)]
        email: String,
        /// What the person may do: admin, editor, writer, contributor, partner, viewer, or a role that you made.
        #[arg(long, default_value = "editor")]
        role: RoleName,
        /// The person's name. Default: what stands before the @.
        #[arg(long)]
        name: Option<String>,
    },
    /// List all accounts.
    List,
    /// Change what somebody may do; ends their sessions.
    SetRole {
        /// Whose account.
        #[arg(long)]
        email: String,
        /// What the person may do from now on: a role, as for `add`.
        #[arg(long)]
        role: RoleName,
    },
    /// Set a new password; ends all sessions of the account.
    SetPassword {
        /// Whose account.
        #[arg(long)]
        email: String,
    },
    /// Let somebody who has lost app and recovery codes sign in with the password alone; ends their sessions.
    RemoveSecondFactor {
        /// Whose account.
        #[arg(long)]
        email: String,
    },
    /// Let nobody sign in by the passkeys of somebody who has lost a device; ends their sessions.
    RemovePasskeys {
        /// Whose account.
        #[arg(long)]
        email: String,
    },
    /// Let somebody no longer sign in; ends their sessions.
    Deactivate {
        /// Whose account.
        #[arg(long)]
        email: String,
    },
    /// Let somebody sign in again.
    Activate {
        /// Whose account.
        #[arg(long)]
        email: String,
    },
}

impl Users {
    /// Does it, and says so in one line.
    pub fn run(self, settings: Settings) -> Result<(), CommandError> {
        // The first account may begin a newsroom; whoever looks for one in another folder does not.
        let shape = match self.action {
            UserAction::Add { .. } => Shape::BroughtUp,
            _ => Shape::LeftAlone,
        };
        in_runtime((settings, shape), |app| self.act(app))
    }

    async fn act(self, app: App) -> Result<(), CommandError> {
        let accounts = app.accounts();
        let user = match self.action {
            UserAction::List => return list(&accounts).await,
            UserAction::Add { email, role, name } => {
                let name = name.unwrap_or_else(|| email.split('@').next().unwrap_or_default().to_owned());
                let password = read_password()?;
                let members = json!({ "email": email, "name": name, "role": role, "password": password });
                let input = Complete::<UserInput>::from_value(members)?;
                accounts.create(Actor::Operator, WriteOptions::default(), NewUser::try_from(input)?).await?.user
            }
            UserAction::SetRole { email, role } => change(&accounts, &email, json!({ "role": role })).await?,
            UserAction::RemoveSecondFactor { email } => {
                let remove =
                    async |id| accounts.remove_second_factor(Actor::Operator, WriteOptions::default(), id).await;
                take_away(&accounts, &email, ("second factor", remove)).await?
            }
            UserAction::RemovePasskeys { email } => {
                let remove = async |id| accounts.remove_passkeys(Actor::Operator, WriteOptions::default(), id).await;
                take_away(&accounts, &email, ("passkey", remove)).await?
            }
            UserAction::Deactivate { email } => change(&accounts, &email, json!({ "active": false })).await?,
            UserAction::Activate { email } => change(&accounts, &email, json!({ "active": true })).await?,
            UserAction::SetPassword { email } => {
                accounts.find(&email).await.map_err(|error| no_account(error, &email))?;
                change(&accounts, &email, json!({ "password": read_password()? })).await?
            }
        };
        println!("{} is {} and {}", user.email, user.role, if user.active { "active" } else { "not active" });
        Ok(())
    }
}

async fn list(accounts: &Accounts) -> Result<(), CommandError> {
    for user in accounts.all().await? {
        let proofs = proofs(&user);
        let User { email, role, name, active, .. } = user;
        let active = if active { "active" } else { "not active" };
        println!("{email:<40} {role:<12} {active:<12} {proofs:<26} {name}");
    }
    Ok(())
}

/// What somebody can show beside a password.
fn proofs(user: &User) -> String {
    let passkeys = match user.passkeys {
        0 => None,
        1 => Some("1 passkey".to_owned()),
        several => Some(format!("{several} passkeys")),
    };
    let second_factor = user.second_factor.then(|| "second factor".to_owned());
    second_factor.into_iter().chain(passkeys).collect::<Vec<_>>().join(", ")
}

async fn change(accounts: &Accounts, email: &str, members: Value) -> Result<User, CommandError> {
    let user = accounts.find(email).await.map_err(|error| no_account(error, email))?;
    let input = Partial::<UserInput>::from_value(members)?;
    Ok(accounts.update((Actor::Operator, WriteOptions::default()), user.id, IfMatch::Any, input).await?)
}

/// Takes from an account what its owner has lost, or says that there is none.
async fn take_away(
    accounts: &Accounts,
    email: &str,
    (what, remove): (&str, impl AsyncFnOnce(String) -> Result<(), Error>),
) -> Result<User, CommandError> {
    let user = accounts.find(email).await.map_err(|error| no_account(error, email))?;
    match remove(user.id.clone()).await {
        Ok(()) => Ok(user),
        Err(Error::NotFound(_)) => Err(CommandError::Other(format!("{email} has no {what}"))),
        Err(other) => Err(other.into()),
    }
}

fn no_account(error: Error, email: &str) -> CommandError {
    match error {
        Error::NotFound(_) => CommandError::Other(format!("there is no account {email}; see: dateline user list")),
        other => other.into(),
    }
}

/// From the terminal, twice and unseen; otherwise the first line of the standard input.
fn read_password() -> Result<String, CommandError> {
    let refuse = |error: std::io::Error| CommandError::Other(format!("the password cannot be read: {error}"));
    if !stdin().is_terminal() {
        let mut line = String::new();
        stdin().lock().read_line(&mut line).map_err(refuse)?;
        let password = line.trim_end_matches(['\n', '\r']).to_owned();
        if password.is_empty() {
            let text = "no password came on the standard input; pipe one in, or run this on a terminal";
            return Err(CommandError::Other(text.to_owned()));
        }
        return Ok(password);
    }
    let password = rpassword::prompt_password("Password (15 to 128 characters): ").map_err(refuse)?;
    if rpassword::prompt_password("The same again: ").map_err(refuse)? != password {
        return Err(CommandError::Other("the two passwords differ; nothing was changed".to_owned()));
    }
    Ok(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_says_what_somebody_has_beside_a_password() {
        let [mira, tom] = User::samples();
        assert_eq!((proofs(&mira).as_str(), proofs(&tom).as_str()), ("second factor, 1 passkey", ""));
        assert_eq!(proofs(&User { second_factor: false, passkeys: 3, ..mira }), "3 passkeys");
    }
}
