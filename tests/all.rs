//! All integration tests in one binary.

#![allow(clippy::unwrap_used)]

mod command_line;
mod dates;
mod fake_feishu;
mod feishu;
mod outbox;
mod store;
