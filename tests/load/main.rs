//! Too much, too slow and too strange: whoever behaves badly costs nobody else anything.

#[path = "../support/mod.rs"]
mod support;

mod hostile;
mod overload;
mod slow_clients;
mod slow_statements;
