//! All integration tests in one binary.

#![allow(clippy::unwrap_used)]

mod command_line;
mod dates;
mod dingtalk;
mod fake_dingtalk;
mod fake_feishu;
mod feishu;
mod outbox;
mod store;
mod transcripts;
