//! The store: one conformance suite for every store, and what only the embedded one promises.

mod chat;
mod concurrent;
mod conformance;
mod crash;
mod dossier;
mod messages;
mod sample;
mod sled;
