//! The store: one conformance suite for every store, what each promises beside, and the way between them.

mod chat;
mod concurrent;
mod conformance;
mod crash;
mod dossier;
mod members;
mod messages;
mod moved;
mod postgres;
mod sample;
mod sled;
