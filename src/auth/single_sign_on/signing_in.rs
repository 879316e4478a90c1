//! The way there and back, and the exchange of the one-time code.

use super::admission::{Admission, Arrival};
use super::person::Person;
use super::proof::{Challenge, Verifier};
use super::provider::Answer;
use super::refusal::Refusal;
use super::ticket::{self, BrowserToken, Errand, SignInCode, StateToken, Ticket};
use super::{On, store};
use crate::auth::SignedIn;
use crate::auth::limiter::Place;
use crate::auth::second_factor::{self, SignIn};
use crate::auth::sessions::{Begun, Means, Sessions, open};
use crate::auth::user_store;
use crate::auth::visitor::Visitor;
use crate::clock::Timestamp;
use crate::db::AnyConnection;
use crate::db::types::new_id;
use crate::error::{Error, Rejection, Result};
use crate::events::{Action, Actor, Event, Journal, Resource};
use crate::http::query::WriteOptions;

/// What the log says of how somebody came.
pub const HOW: &str = "single sign-on";

/// How often somebody is let in anew whose account is changed at the same moment.
const MOST_TRIES: u32 = 4;

/// Longest word of the provider that is repeated.
const LONGEST_WORD: usize = 40;

/// Where a browser goes, and with which cookie.
pub struct Departure {
    /// The address.
    pub address: String,
    /// The header that sets the cookie.
    pub cookie: Option<String>,
}

/// What a browser brings back from the provider.
#[derive(Default)]
pub struct Brought {
    /// Ours.
    pub state: Option<StateToken>,
    /// What is exchanged for what the provider says.
    pub code: Option<String>,
    /// Why there is none.
    pub error: Option<String>,
    /// Who sent the browser.
    pub issuer: Option<String>,
}

impl On {
    /// Where the front end hears that somebody did not get in.
    fn refused(&self, errand: Errand, refusal: &Refusal) -> String {
        format!("{}#{errand}_error={}", self.page, refusal.code())
    }

    /// Where the front end gets a code.
    fn welcome(&self, errand: Errand, code: SignInCode) -> String {
        // Behind the #, where no server on the way writes it into its log.
        format!("{}#{errand}={}", self.page, code.into_text())
    }

    /// Refuses whoever comes from a network from which too much came that was not good. Nothing counts before it was found
    /// so, because a whole newsroom may come back in the same moment.
    ///
    /// Errors: 429.
    fn refuse_flood(&self, visitor: &Visitor, hash: &str, now: Timestamp) -> Result<()> {
        let attempt = self.bad_answers.begin(now, stranger(visitor), hash)?;
        self.bad_answers.take_back(&attempt);
        Ok(())
    }

    /// Counts an answer, or a code, that was not good.
    fn count_bad(&self, visitor: &Visitor, hash: &str, now: Timestamp) {
        let _counted = self.bad_answers.begin(now, stranger(visitor), hash);
    }

    /// Who it is that came back.
    async fn meet(&self, ticket: &Ticket, brought: Brought, now: Timestamp) -> Result<Person, Refusal> {
        self.provider.check_sender(brought.issuer.as_deref(), now).await?;
        if let Some(error) = brought.error {
            let is_word =
                error.len() <= LONGEST_WORD && error.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            return Err(Refusal::Cancelled(if is_word { error } else { "something else".to_owned() }));
        }
        let code = brought.code.filter(|code| !code.is_empty());
        let code = code.ok_or_else(|| Refusal::Untrusted("the answer has no code".to_owned()))?;
        let answer = Answer { code, verifier: self.verifier(ticket), nonce: self.nonce(ticket) };
        self.provider.person(answer, now).await
    }
}

impl Sessions {
    /// Sends a browser to the provider, or back to the page when that is away.
    ///
    /// Errors: 429 when too many from one network are on the way.
    pub(super) async fn depart(
        &self,
        on: &On,
        visitor: &Visitor,
        browser: Option<BrowserToken>,
        (errand, challenge): (Errand, Challenge),
    ) -> Result<Departure> {
        let (state, now) = (StateToken::make()?, self.clock.now());
        // The same for every tab, so that signing in twice at once breaks neither.
        let browser = browser.map_or_else(BrowserToken::make, Ok)?;
        let ticket = Ticket::of_state((&state, &browser), (errand, challenge), visitor.network(), now);
        let (nonce, verifier) = (on.nonce(&ticket), on.verifier(&ticket));
        match on.provider.address(&state.into_text(), &nonce, &verifier, now).await {
            Ok(address) => {
                self.db.write(move |connection| ticket::put_state(connection, &ticket, now)).await?;
                Ok(Departure { address, cookie: Some(on.cookie.give(browser)) })
            }
            Err(refusal) => {
                tracing::info!(reason = %refusal, "nobody can be sent to the provider of single sign-on");
                Ok(Departure { address: on.refused(errand, &refusal), cookie: None })
            }
        }
    }

    /// Takes a browser that comes back from the provider, and says where it goes on: to the page, with a code or with the
    /// reason why there is none.
    pub(super) async fn arrive(
        &self,
        on: &On,
        visitor: &Visitor,
        browser: Option<BrowserToken>,
        brought: Brought,
    ) -> Result<String> {
        let now = self.clock.now();
        let taken = match (&brought.state, browser) {
            (Some(_), Some(browser)) => self.take_state(&brought, browser, now).await?,
            _ => None,
        };
        let Some(ticket) = taken else {
            if on.noted.strays.is_noted(now, visitor.network()) {
                self.note_refused_arrival((&Refusal::Expired, None), visitor.note_behind(HOW)).await?;
            }
            return Ok(on.refused(Errand::SignIn, &Refusal::Expired));
        };
        let errand = ticket.purpose;
        // The state is used up: whatever happens now, the browser has to get back to the page.
        let outcome = self.receive(on, visitor, ticket, brought).await.unwrap_or_else(|error| {
            tracing::error!(%error, "a sign-in by single sign-on broke off");
            Err(Refusal::Broken)
        });
        Ok(match outcome {
            Ok(code) => on.welcome(errand, code),
            Err(refusal) => {
                tracing::info!(reason = %refusal, "somebody was not let in by single sign-on");
                on.refused(errand, &refusal)
            }
        })
    }

    /// Asks the provider who it is that came back, and makes a code for them or says why not.
    async fn receive(
        &self,
        on: &On,
        visitor: &Visitor,
        ticket: Ticket,
        brought: Brought,
    ) -> Result<Result<SignInCode, Refusal>> {
        let now = self.clock.now();
        // Whoever makes up answers must neither use up the turns at the provider nor flood it.
        if on.refuse_flood(visitor, &ticket.hash, now).is_err() {
            return Ok(Err(Refusal::TooMany));
        }
        let met = on.meet(&ticket, brought, now).await;
        if let Err(Refusal::Untrusted(_)) = met {
            on.count_bad(visitor, &ticket.hash, now);
        }
        match met {
            Ok(person) if ticket.purpose == Errand::Link => self.give_link_code(on, ticket, person).await.map(Ok),
            Ok(person) => self.let_in(on, visitor, ticket, person).await,
            Err(refusal) => {
                if on.noted.unbelieved.is_noted(now, visitor.network()) {
                    self.note_refused_arrival((&refusal, None), visitor.note_behind(HOW)).await?;
                }
                Ok(Err(refusal))
            }
        }
    }

    async fn take_state(&self, brought: &Brought, browser: BrowserToken, now: Timestamp) -> Result<Option<Ticket>> {
        let Some(state) = brought.state.as_ref().map(StateToken::hash) else { return Ok(None) };
        let browser = browser.hash();
        self.db.write(move |connection| ticket::take_state(connection, (&state, &browser), now)).await
    }

    /// Makes a code for whoever the provider vouches for, by the rules.
    async fn let_in(
        &self,
        on: &On,
        visitor: &Visitor,
        ticket: Ticket,
        person: Person,
    ) -> Result<Result<SignInCode, Refusal>> {
        let (issuer, subject) = (on.provider.issuer().to_owned(), person.subject.clone());
        let known = self.db.read(move |connection| store::account(connection, (&issuer, &subject))).await?;
        let fresh_id = new_id();
        let how = format!("{HOW} as {}", person.subject);
        let known = known.map(|(_, user)| user.id);
        let actor = Actor::User(known.clone().unwrap_or_else(|| fresh_id.clone()));
        let (rules, issuer) = (on.rules.clone(), on.provider.issuer().to_owned());
        let arrival = Arrival { rules, issuer, person, fresh_id, note: visitor.note_behind(HOW) };
        let mut tries = 1;
        let tried = loop {
            match self.write_admission(actor.clone(), arrival.clone(), ticket.clone()).await {
                // Two of their first sign-ins at once: the other one has made the account. Or it was changed at this moment.
                Err(Error::Conflict(_)) if tries < MOST_TRIES => tries += 1,
                tried => break tried?,
            }
        };
        match tried {
            Ok(code) => Ok(Ok(code)),
            Err((refusal, id)) => {
                let (now, network) = (self.clock.now(), visitor.network());
                let is_noted = match &known {
                    Some(account) => on.noted.vouched_for.is_noted_of(now, network, account),
                    None => on.noted.vouched_for.is_noted(now, network),
                };
                if is_noted {
                    self.note_refused_arrival((&refusal, id), visitor.note_behind(&how)).await?;
                }
                Ok(Err(refusal))
            }
        }
    }

    async fn write_admission(
        &self,
        actor: Actor,
        arrival: Arrival,
        ticket: Ticket,
    ) -> Result<Result<SignInCode, (Refusal, Option<String>)>> {
        let write = self.ledger.write(actor, WriteOptions::default(), move |connection, journal| {
            match arrival.admit(connection, journal)? {
                Admission::In(user) => {
                    let code = SignInCode::make()?;
                    let second_factor = arrival.person.second_factor;
                    let ticket =
                        Ticket { user_id: Some(user.id), second_factor, ..ticket.of_code(&code, journal.now()) };
                    ticket::put(connection, &ticket)?;
                    Ok(Ok(code))
                }
                Admission::Out(refusal, id) => Ok(Err((refusal, id))),
            }
        });
        write.await
    }

    /// Makes a code that links: it tells who the provider vouches for, and is good with a session only.
    async fn give_link_code(&self, on: &On, ticket: Ticket, person: Person) -> Result<SignInCode> {
        let (code, now) = (SignInCode::make()?, self.clock.now());
        let (issuer, subject) = (Some(on.provider.issuer().to_owned()), Some(person.subject));
        let ticket = Ticket { issuer, subject, ..ticket.of_code(&code, now) };
        self.db.write(move |connection| ticket::put(connection, &ticket)).await.map(|()| code)
    }

    /// Like a refused password it is nobody's doing: whoever was refused is not signed in. Who it is at the provider is said
    /// all the same, once that is known: an admin has to find whom to help.
    async fn note_refused_arrival(&self, (refusal, id): (&Refusal, Option<String>), note: String) -> Result<()> {
        let refusal = refusal.clone();
        let write = self.ledger.write(Actor::Anonymous, WriteOptions::default(), move |_, journal| {
            record_refusal(journal, &refusal, &note, id);
            Ok(())
        });
        write.await
    }

    /// Exchanges a one-time code for a session, or asks for the code of a second factor that the provider did not ask for.
    ///
    /// Errors: 400 on `/code` when it is not good, or not with this verifier; 429 after too many of those.
    pub(super) async fn exchange(
        &self,
        on: &On,
        visitor: &Visitor,
        code: SignInCode,
        verifier: Verifier,
    ) -> Result<SignIn> {
        // First, because whoever was signed in must be told so.
        let keys = self.keys.keyring(&self.db).await?;
        let hash = code.hash();
        let now = self.clock.now();
        on.refuse_flood(visitor, &hash, now)?;
        let begun = self.use_code(on, visitor, hash.clone(), verifier).await;
        if let Err(Error::BadRequest(_)) = begun {
            on.count_bad(visitor, &hash, now);
        }
        self.told(&keys, begun?)
    }

    async fn use_code(&self, on: &On, visitor: &Visitor, hash: String, verifier: Verifier) -> Result<Begun> {
        let (key, now) = (hash.clone(), self.clock.now());
        let find = move |connection: &mut AnyConnection| ticket::find_code(connection, (Errand::SignIn, &key), now);
        let Some(user_id) = self.db.read(find).await?.and_then(|ticket| ticket.user_id) else {
            let refusal = Refusal::Untrusted("the one-time code".to_owned());
            self.note_refused_arrival((&refusal, None), visitor.note_behind(HOW)).await?;
            return Err(code_not_good());
        };
        let (visitor, issuer) = (visitor.clone(), on.provider.issuer().to_owned());
        let actor = Actor::User(user_id.clone());
        let write = self.ledger.write(actor, WriteOptions::default(), move |connection, journal| {
            // Held first, so that whoever switches the account off comes entirely before this or after.
            user_store::hold(connection, &user_id)?;
            let ticket = ticket::find_code(connection, (Errand::SignIn, &hash), journal.now())?;
            let ticket = ticket.ok_or_else(code_not_good)?;
            if !ticket::take_code(connection, &hash)? {
                return Err(code_not_good());
            }
            let user = user_store::find(connection, &user_id)?.filter(|user| user.active && !user.invited);
            let is_linked = store::find(connection, &user_id, &issuer)?.is_some();
            let Some(user) = user.filter(|_| is_linked && verifier.fits(&ticket.challenge)) else {
                // The code is used up all the same: somebody else may have it.
                let refusal = Refusal::Untrusted("the one-time code, or its verifier".to_owned());
                record_refusal(journal, &refusal, &visitor.note_behind(HOW), Some(user_id));
                return Ok(None);
            };
            if second_factor::is_on(connection, &user.id)? && !ticket.second_factor {
                return second_factor::ask(connection, &user, journal.now()).map(Begun::Challenged).map(Some);
            }
            let means = Means::SingleSignOn { second_factor: ticket.second_factor };
            open(connection, journal, (user, &visitor), means).map(Begun::Opened).map(Some)
        });
        write.await?.ok_or_else(code_not_good)
    }

    /// Where somebody signs out at the provider, when their account is linked with it.
    pub(super) async fn address_to_sign_out(&self, on: &On, user: &SignedIn) -> Result<Option<String>> {
        let (id, issuer) = (user.user_id.clone(), on.provider.issuer().to_owned());
        let linked = self.db.read(move |connection| store::find(connection, &id, &issuer)).await?;
        match linked {
            Some(_) => Ok(on.provider.sign_out_address(&on.page, self.clock.now()).await),
            None => Ok(None),
        }
    }
}

/// Nobody is familiar who is not known yet.
fn stranger(visitor: &Visitor) -> Place {
    Place { network: visitor.network(), is_familiar: false }
}

fn record_refusal(journal: &mut Journal, refusal: &Refusal, note: &str, id: Option<String>) {
    let event = Event::new(Action::SignInRefused, Resource::User, id.unwrap_or_else(|| "unknown".to_owned()));
    journal.record(event.noted(Some(format!("{note}: {refusal}"))));
}

/// One answer, whatever the reason.
pub(super) fn code_not_good() -> Error {
    let detail = "was used, is older than two minutes, or belongs to a sign-in of another browser; begin again";
    Error::BadRequest(vec![Rejection::field("/code", "code_not_good", detail)])
}
