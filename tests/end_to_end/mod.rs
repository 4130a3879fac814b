//! The whole bot in this process, between a pretend Feishu and a pretend DingTalk, on a simulated clock
//! and a real store.
//!
//! The bot has a runtime of its own, so that a test can take it away between two steps as a power cut
//! would, and so that its figures and its log lines are its own.

#![allow(clippy::unwrap_used)]

mod accounts;
mod calendar;
mod cards;
mod crash;
pub mod database;
mod dingtalk;
mod export;
mod faults;
mod feishu;
mod file;
mod health;
mod one_way;
mod operation;
mod outage;
mod socket;
pub mod stage;
