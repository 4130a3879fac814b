//! All integration tests in one binary.

#![allow(clippy::unwrap_used)]

mod command_line;
mod dates;
mod outbox;
mod store;
