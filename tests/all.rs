//! All integration tests in one binary.

#![allow(clippy::unwrap_used)]

mod architecture;
mod around;
mod cluster;
mod command_line;
mod commands;
mod conformance;
mod crash;
mod dates;
mod dingtalk;
mod doctor;
mod end_to_end;
mod fake_dingtalk;
mod fake_feishu;
mod feishu;
mod fuzzed;
mod gated;
mod grammar;
mod growth;
mod hostile;
mod multipart;
mod outbox;
mod playground;
mod postgres;
mod sdks;
mod store;
mod transcripts;
