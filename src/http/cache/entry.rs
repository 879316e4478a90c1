//! A finished answer.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::web::Bytes;

use crate::clock::Timestamp;
use crate::http::coding::{Coding, SMALLEST};
use crate::http::etag;
use crate::http::sharing::Sharing;

/// What an entry costs beside its bodies: its headers, its keys, its places in the lists.
const OVERHEAD: usize = 1024;

/// A finished answer: bytes that only have to be sent.
#[derive(Debug)]
pub struct Entry {
    /// Headers that only this answer has: its kind, its link to the next page, its keys for purging.
    headers: Vec<(HeaderName, HeaderValue)>,
    plain: Form,
    brotli: OnceLock<Form>,
    gzip: OnceLock<Form>,
    until: Timestamp,
    sharing: Sharing,
    alive: AtomicBool,
}

/// The answer in one coding.
#[derive(Debug, Clone)]
pub struct Form {
    /// The body.
    pub body: Bytes,
    /// Its tag: each form has one of its own, because a strong tag stands for bytes.
    pub tag: HeaderValue,
    /// How the body is coded.
    pub coding: Coding,
}

impl Entry {
    /// An answer with this tag, true until a moment at most; `sharing` is what other caches may do with it.
    pub fn new(
        headers: Vec<(HeaderName, HeaderValue)>,
        (body, tag): (Bytes, HeaderValue),
        (until, sharing): (Timestamp, Sharing),
    ) -> Entry {
        Entry {
            headers,
            plain: Form { body, tag, coding: Coding::Plain },
            brotli: OnceLock::new(),
            gzip: OnceLock::new(),
            until,
            sharing,
            alive: AtomicBool::new(true),
        }
    }

    /// Whether it is still true at this moment.
    pub fn holds(&self, now: Timestamp) -> bool {
        now < self.until && self.is_alive()
    }

    /// Whether nothing that it was made from changed.
    pub fn is_alive(&self) -> bool {
        self.alive.load(Ordering::Acquire)
    }

    /// Something that it was made from changed.
    pub fn end(&self) {
        self.alive.store(false, Ordering::Release);
    }

    /// The form in this coding, when it was made already. Small bodies have one form only.
    pub fn form(&self, coding: Coding) -> Option<&Form> {
        if self.plain.body.len() < SMALLEST {
            return Some(&self.plain);
        }
        match coding {
            Coding::Plain => Some(&self.plain),
            Coding::Brotli => self.brotli.get(),
            Coding::Gzip => self.gzip.get(),
        }
    }

    /// The form in this coding, made now when it was not. Takes milliseconds for a long text.
    pub fn make_form(&self, coding: Coding) -> &Form {
        let slot = match coding {
            _ if self.plain.body.len() < SMALLEST => return &self.plain,
            Coding::Plain => return &self.plain,
            Coding::Brotli => &self.brotli,
            Coding::Gzip => &self.gzip,
        };
        slot.get_or_init(|| match (coding.name(), coding.encode(&self.plain.body)) {
            (Some(name), Ok(coded)) => Form { body: coded.into(), tag: etag::coded(&self.plain.tag, name), coding },
            // Nothing that writes to memory fails; if it does, the plain bytes are as right.
            _ => self.plain.clone(),
        })
    }

    /// Writes the headers that this answer has of its own; `is_known` is for a caller who has it already, who gets what
    /// RFC 9110 §15.4.5 asks for.
    pub fn write_head(&self, form: &Form, (is_known, now): (bool, Timestamp), headers: &mut HeaderMap) {
        let of_body = |name: &HeaderName| is_known && *name == header::CONTENT_TYPE;
        for (name, value) in self.headers.iter().filter(|(name, _)| !of_body(name)) {
            headers.insert(name.clone(), value.clone());
        }
        if let Some(coding) = form.coding.name().filter(|_| !is_known) {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        headers.insert(header::ETAG, form.tag.clone());
        // Which depends on when it is given.
        if self.sharing.is_on() {
            headers.insert(header::CACHE_CONTROL, self.sharing.cache_control(now));
        }
    }

    /// Bytes that it takes at most, with all its forms.
    pub fn weight(&self) -> usize {
        // Coded forms are together smaller than the plain one: text takes a third.
        OVERHEAD + self.plain.body.len() * 2
    }
}
