//! How a value lies in its row: format version, checksum, and never more than 4 KB.
//!
//! A row is one byte of format, the crc32, and the payload. The checksum covers the key too, so that a
//! value in the wrong place is noticed. A long value leaves its rest in rows of their own, since sled
//! puts a node of its tree with more than 128 KiB into a file that it never syncs: without the
//! synchronous-updates attribute such a store could not be opened after a power cut. A leaf holds about
//! sixteen rows, so 4 KB each stay well below.

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde::de::DeserializeOwned;
use sled::IVec;

use super::keys::{KeyBytes, Kind, describe};

/// The newest format that this program reads, and the one it writes.
pub(super) const FORMAT: u8 = 1;
/// How much of a value one row holds.
const PIECE: usize = 3_500;
/// Format, checksum.
const OUTER: usize = 1 + 4;
/// Format, checksum, number of further rows.
const HEAD: usize = OUTER + 2;

/// The rows in which this value lies, the first under its own key.
pub(super) fn encode(key: &[u8], payload: &[u8]) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let (first, rest) = payload.split_at(payload.len().min(PIECE));
    let rest: Vec<&[u8]> = rest.chunks(PIECE).collect();
    let parts = u16::try_from(rest.len()).context("a value is too large for the store")?.to_be_bytes();
    let mut rows = Vec::with_capacity(1 + rest.len());
    // The head's checksum covers the whole value, so that the rest of an older value does not pass.
    let sum = checksum(&[key, &parts, payload]);
    rows.push((key.to_vec(), [&[FORMAT], sum.as_slice(), &parts, first].concat()));
    for (piece, part) in rest.into_iter().zip(0..) {
        let key = rest_key(key, part);
        let sum = checksum(&[&key, piece]);
        rows.push((key.0, [&[FORMAT], sum.as_slice(), piece].concat()));
    }
    Ok(rows)
}

/// The value under `key`, its checksums checked.
pub(super) fn read(key: &[u8], get: impl Fn(&[u8]) -> sled::Result<Option<IVec>>) -> Result<Option<Vec<u8>>> {
    let Some(head) = get(key)? else { return Ok(None) };
    decode(key, &head, get).map(Some)
}

/// The value whose first row is `head`, its checksums checked.
pub(super) fn decode(
    key: &[u8],
    head: &[u8],
    get: impl Fn(&[u8]) -> sled::Result<Option<IVec>>,
) -> Result<Vec<u8>> {
    let parts = parts(key, head)?;
    let mut payload = head[HEAD..].to_vec();
    for part in 0..parts {
        let key = rest_key(key, part);
        let row = get(&key)?.with_context(|| format!("{} is missing", describe(&key)))?;
        check_rest(&key, &row)?;
        payload.extend(&row[OUTER..]);
    }
    let sum = checksum(&[key, &parts.to_be_bytes(), &payload]);
    ensure!(head[1..OUTER] == sum, "{} has a wrong checksum", describe(key));
    Ok(payload)
}

/// The value of one row under `key`, checked as when it is read from disk. For throwing made-up bytes at: no
/// row stands beside it.
///
/// # Errors
/// It is not one that this program wrote there.
pub fn examine(key: &[u8], row: &[u8]) -> Result<Vec<u8>> {
    check(key, row, |_| Ok(None))?;
    decode(key, row, |_| Ok(None))
}

/// How many rows follow the first row of a value.
pub(super) fn parts(key: &[u8], head: &[u8]) -> Result<u16> {
    check_format(key, head)?;
    let parts = head.get(OUTER..HEAD).with_context(|| format!("{} is cut short", describe(key)))?;
    Ok(u16::from_be_bytes([parts[0], parts[1]]))
}

/// Checks a row that is the rest of a value.
pub(super) fn check_rest(key: &[u8], row: &[u8]) -> Result<()> {
    check_format(key, row)?;
    ensure!(row.len() >= OUTER, "{} is cut short", describe(key));
    ensure!(row[1..OUTER] == checksum(&[key, &row[OUTER..]]), "{} has a wrong checksum", describe(key));
    Ok(())
}

/// The key of a further row of the value under `key`.
pub(super) fn rest_key(key: &[u8], part: u16) -> KeyBytes {
    Kind::Rest.key().part(key, part)
}

/// The key and part that a `+` key continues.
pub(super) fn read_rest_key(rest: &[u8]) -> Option<(&[u8], u16)> {
    let (key, part) = rest.get(1..)?.split_last_chunk()?;
    Some((key, u16::from_be_bytes(*part)))
}

/// Checks one row by itself, whatever it is a part of.
pub(super) fn check(key: &[u8], row: &[u8], get: impl Fn(&[u8]) -> sled::Result<Option<IVec>>) -> Result<()> {
    match Kind::of(key) {
        Some(Kind::Rest) => check_rest(key, row),
        _ => decode(key, row, get).map(drop),
    }
}

/// Reads JSON. The error names no value: that would be what people said.
pub(super) fn parse<T: DeserializeOwned>(value: &[u8]) -> Result<T> {
    serde_json::from_slice(value)
        .map_err(|_| anyhow!("a stored value does not have the form that was expected"))
}

fn check_format(key: &[u8], row: &[u8]) -> Result<()> {
    match row.first() {
        Some(&FORMAT) => Ok(()),
        Some(&newer) if newer > FORMAT => {
            bail!("{} was written by a newer version of this program (format {newer})", describe(key))
        }
        _ => bail!("{} has no format that this program knows", describe(key)),
    }
}

fn checksum(pieces: &[&[u8]]) -> [u8; 4] {
    let mut hasher = crc32fast::Hasher::new();
    pieces.iter().for_each(|piece| hasher.update(piece));
    hasher.finalize().to_be_bytes()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn read_from(rows: &BTreeMap<Vec<u8>, Vec<u8>>, key: &[u8]) -> Result<Option<Vec<u8>>> {
        read(key, |key| Ok(rows.get(key).map(|row| IVec::from(row.as_slice()))))
    }

    proptest! {
        #[test]
        fn every_value_comes_back_from_short_rows(payload in prop::collection::vec(any::<u8>(), 0..20_000)) {
            let rows: BTreeMap<_, _> = encode(b"r1", &payload).unwrap().into_iter().collect();
            prop_assert!(rows.values().all(|row| row.len() < 4096));
            prop_assert_eq!(read_from(&rows, b"r1").unwrap(), Some(payload));
        }

        #[test]
        fn every_flipped_bit_is_noticed(
            payload in prop::collection::vec(any::<u8>(), 0..9_000),
            row: prop::sample::Index,
            byte: prop::sample::Index,
            bit in 0..8,
        ) {
            let mut rows: BTreeMap<_, _> = encode(b"r1", &payload).unwrap().into_iter().collect();
            let count = rows.len();
            let row = rows.values_mut().nth(row.index(count)).unwrap();
            let place = byte.index(row.len());
            row[place] ^= 1_u8 << bit;
            prop_assert!(read_from(&rows, b"r1").is_err());
        }
    }

    #[test]
    fn a_value_in_the_wrong_place_is_noticed() {
        let rows: BTreeMap<_, _> =
            encode(b"r1", b"{}").unwrap().into_iter().map(|(_, row)| (b"r2".to_vec(), row)).collect();
        assert!(read_from(&rows, b"r2").is_err());
    }

    #[test]
    fn the_rest_of_an_older_value_does_not_pass() {
        let mut rows: BTreeMap<_, _> = encode(b"r1", &[1; 5_000]).unwrap().into_iter().collect();
        let newer = encode(b"r1", &[2; 5_000]).unwrap().remove(0);
        rows.insert(newer.0, newer.1);
        assert!(read_from(&rows, b"r1").is_err());
    }

    #[test]
    fn a_newer_format_is_named_as_such() {
        let mut rows: BTreeMap<_, _> = encode(b"r1", b"{}").unwrap().into_iter().collect();
        rows.get_mut(b"r1".as_slice()).unwrap()[0] = FORMAT + 1;
        assert!(read_from(&rows, b"r1").unwrap_err().to_string().contains("newer version"));
    }
}
