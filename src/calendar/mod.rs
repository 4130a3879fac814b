//! (being written)

mod span;

pub use span::Span;
