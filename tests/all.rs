//! All integration tests in one binary.

#![allow(clippy::unwrap_used)]

mod command_line;
mod conformance;
mod crash;
mod dates;
mod dingtalk;
mod end_to_end;
mod fake_dingtalk;
mod fake_feishu;
mod feishu;
mod outbox;
mod store;
