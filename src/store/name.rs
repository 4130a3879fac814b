//! Names from outside as short keys: as they are, or by their hash where they are very long.

use sha2::{Digest, Sha256};

/// Longer names are kept by their hash. Ids of platforms are far shorter.
const LONGEST_NAME: usize = 200;
/// Begins a hash; no text begins so. No length of a name is as high.
pub(super) const HASHED: u8 = 0xFF;

/// The bytes under which a name is kept.
pub(super) fn short(name: &str) -> Vec<u8> {
    if name.len() <= LONGEST_NAME {
        return name.as_bytes().to_vec();
    }
    let mut hashed = vec![HASHED];
    hashed.extend(Sha256::digest(name.as_bytes()));
    hashed
}
