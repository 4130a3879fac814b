//! jiuding sits in a project's chat group and sees to it that what the department promised its
//! customer is written down, has an owner and a date, and is said aloud again before it is late.
//!
//! A message goes one way: [`platform`] turns wire bytes into a [`chat::Inbound`]; [`engine`] finds the
//! project's [`dossier`]; [`grammar`] reads the line; a command of [`features`] decides, purely; the
//! [`store`] writes the outcome in one commit; the [`outbox`] delivers what is to be said.

pub mod bot;
pub mod calendar;
pub mod chat;
pub mod clock;
pub mod config;
pub mod dossier;
pub mod engine;
pub mod features;
pub mod grammar;
pub mod outbox;
pub mod platform;
pub mod report;
pub mod search;
pub mod store;
pub mod web;
