//! All integration tests in one binary.

mod fake_feishu;
mod feishu;
