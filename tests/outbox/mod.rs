//! The outbox, with a scripted platform, a store in memory, a clock moved by hand, and paused real time.

#![allow(clippy::unwrap_used)]

mod bundles;
mod crash;
mod fakes;
mod order;
mod planner;
mod stored;
mod time;
