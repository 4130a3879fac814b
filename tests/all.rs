//! All integration tests in one binary.

mod dingtalk;
mod fake_dingtalk;
