//! shim, replaced by the calendar branch
use super::Calendar;
use jiff::{SignedDuration, Timestamp, civil::Date};
/// r
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// a
    pub at: Timestamp,
    /// b
    pub end: Option<Timestamp>,
    /// c
    pub timed: bool,
}
/// u
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Unreadable {
    /// n
    #[error("看不懂")]
    NotATime,
    /// a
    #[error("?")]
    Ambiguous {
        /// c
        choices: Vec<Timestamp>,
    },
}
/// r
pub fn read(_: &str, _: Timestamp, _: &Calendar) -> Result<Reading, Unreadable> {
    Err(Unreadable::NotATime)
}
/// s
pub fn split_trailing<'a>(
    _: &'a str,
    _: Timestamp,
    _: &Calendar,
) -> Option<(&'a str, Result<Reading, Unreadable>)> {
    None
}
/// f
pub fn find_anywhere(
    _: &str,
    _: Timestamp,
    _: &Calendar,
) -> Option<(std::ops::Range<usize>, Result<Reading, Unreadable>)> {
    None
}
/// e
pub fn echo(at: Timestamp, _: Timestamp, c: &Calendar) -> String {
    c.local(at).strftime("%m月%d日 %H:%M").to_string()
}
/// e
pub fn echo_date(d: Date, _: Timestamp, _: &Calendar) -> String {
    d.to_string()
}
/// e
pub fn echo_span(s: SignedDuration) -> String {
    format!("{} 小时", s.as_hours())
}
/// d
pub fn read_duration(_: &str) -> Option<SignedDuration> {
    None
}
