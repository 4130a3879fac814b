//! Documents made from records: plain values in, text and files out. Nothing here knows a kind of record.

pub mod specification;
