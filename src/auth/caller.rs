//! Who is calling, as handlers see it.

use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};

use super::decide::{Rights, decide};
use super::permission::{Needs, Permission};
use crate::error::{Error, Result};
use crate::events::Actor;
use crate::http::answer::Audience;

/// Who is calling. Only [`super::authenticate`] makes one from a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Nobody who said who they are: a reader.
    Anonymous,
    /// Somebody with a living session or a good API token.
    User(SignedIn),
}

/// Somebody with a living session or a good API token, as the database knew them when the request came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The account.
    pub user_id: String,
    /// What they showed.
    pub credential: Credential,
    /// What they may do, from the database and not from the token.
    pub rights: Rights,
    /// Whether they have to set up a second factor before they may do any of it.
    pub lacks_second_factor: bool,
}

/// What somebody showed to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// The access token of this session.
    Session(String),
    /// The API token with this id.
    ApiToken(String),
    /// Nothing: they are not calling, and it is about something that they made.
    Absent,
}

impl Caller {
    /// Who the log names.
    pub fn actor(&self) -> Actor {
        self.user().map_or(Actor::Anonymous, SignedIn::actor)
    }

    /// Somebody who said who they are, when there is one.
    pub fn user(&self) -> Option<&SignedIn> {
        match self {
            Caller::Anonymous => None,
            Caller::User(user) => Some(user),
        }
    }

    /// Who an answer to this caller may be shown to: what depends on the caller is for the caller only.
    pub fn audience(&self) -> Audience {
        match self {
            Caller::Anonymous => Audience::Everyone,
            Caller::User(_) => Audience::Caller,
        }
    }

    /// Whether the caller may do this to anything at all; an anonymous one may do nothing.
    pub fn may(&self, permission: Permission) -> bool {
        decide(self.user(), permission, None).is_ok()
    }

    /// Whether they are shown what readers will see before its embargo ends. Whoever sees every working copy needs no
    /// embargo lifted: they see what readers see exactly as those do.
    pub fn reads_ahead(&self) -> bool {
        self.may(Permission::ReadEmbargoed) && !self.user().is_some_and(|user| user.rights.read_every_draft())
    }

    /// Somebody with a session who may do this to something.
    ///
    /// Errors: 401 for anonymous, 403 naming who may.
    pub fn require(&self, permission: Permission) -> Result<&SignedIn> {
        decide(self.user(), permission, None)?;
        self.user().ok_or_else(|| Error::internal("somebody anonymous was allowed something"))
    }
}

impl SignedIn {
    /// Who the log names.
    pub fn actor(&self) -> Actor {
        match &self.credential {
            Credential::Session(_) | Credential::Absent => Actor::User(self.user_id.clone()),
            Credential::ApiToken(id) => Actor::Token { id: id.clone(), user: self.user_id.clone() },
        }
    }

    /// The session, when it is one.
    pub fn session_id(&self) -> Option<&str> {
        match &self.credential {
            Credential::Session(id) => Some(id),
            Credential::ApiToken(_) | Credential::Absent => None,
        }
    }

    /// The id of the API token, when it is one.
    pub fn token_id(&self) -> Option<&str> {
        match &self.credential {
            Credential::ApiToken(id) => Some(id),
            Credential::Session(_) | Credential::Absent => None,
        }
    }

    /// Whether they may do this to anything at all.
    pub fn may(&self, permission: Permission) -> bool {
        decide(Some(self), permission, None).is_ok()
    }
}

impl FromRequest for Caller {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        // Anonymous is something that was found out, never what is left when nobody asked.
        let missing = || Error::internal("no caller: auth::authenticate is not wrapped around this route");
        ready(request.extensions().get::<Caller>().cloned().ok_or_else(missing))
    }
}

/// A caller who has the permission that `N` stands for. It comes before the body in a handler's signature, so that
/// nothing is read for somebody who may not.
#[derive(Debug, Clone)]
pub struct Allow<N> {
    user: SignedIn,
    needs: PhantomData<N>,
}

impl<N> Deref for Allow<N> {
    type Target = SignedIn;

    fn deref(&self) -> &SignedIn {
        &self.user
    }
}

impl<N: Needs> FromRequest for Allow<N> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = Caller::from_request(request, payload).into_inner();
        ready(caller.and_then(|caller| {
            let user = caller.require(N::PERMISSION)?.clone();
            Ok(Allow { user, needs: PhantomData })
        }))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::super::permission::needs;
    use super::super::role::Role;
    use super::*;

    fn allow<N: Needs>(caller: Option<Caller>) -> Result<Allow<N>> {
        let request = TestRequest::default().to_http_request();
        if let Some(caller) = caller {
            request.extensions_mut().insert(caller);
        }
        Allow::from_request(&request, &mut Payload::None).into_inner()
    }

    fn user(role: Role) -> Option<Caller> {
        let rights = Rights { role: role.to_string(), granted: role.grants(), token: None };
        let credential = Credential::Session("session".to_owned());
        Some(Caller::User(SignedIn { user_id: "user".to_owned(), credential, rights, lacks_second_factor: false }))
    }

    #[test]
    fn s10_a_route_without_the_middleware_lets_nobody_in() {
        assert!(matches!(allow::<needs::OwnAccount>(None), Err(Error::Internal(_))));
    }

    #[test]
    fn anonymous_is_401_and_the_wrong_role_is_403_naming_the_right_one() {
        assert!(matches!(allow::<needs::OwnAccount>(Some(Caller::Anonymous)), Err(Error::Unauthorized(_))));
        let Err(Error::Forbidden(detail)) = allow::<needs::ManageUsers>(user(Role::Editor)) else { panic!("allowed") };
        assert_eq!(detail, "This needs the permission users:manage (role admin); you are signed in as editor.");
        assert_eq!(allow::<needs::ManageUsers>(user(Role::Admin)).unwrap().actor(), Actor::User("user".to_owned()));
    }
}
