//! What shows that a delivery comes from Feishu: signature, encryption, and secrets compared in
//! constant time.
//!
//! Source: <https://open.feishu.cn/document/ukTMukTMukTM/uYDNxYjL2QTM24iN0EjN/event-subscription-configure-/encrypt-key-encryption-configuration-case>

use aes::cipher::{BlockModeDecrypt, KeyIvInit, block_padding::Pkcs7};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// An AES block, and so the length of the initialisation vector.
const BLOCK: usize = 16;

/// The lower-case hex signature of a delivery: a plain hash over the concatenation, not an HMAC.
pub fn signature(timestamp: &[u8], nonce: &[u8], encrypt_key: &str, body: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(timestamp);
    hash.update(nonce);
    hash.update(encrypt_key);
    hash.update(body);
    hex(&hash.finalize())
}

/// Opens the base64 of vector and ciphertext; `None` whatever is wrong with it.
pub fn decrypt(encrypt_key: &str, sealed: &str) -> Option<Vec<u8>> {
    let mut sealed = STANDARD.decode(sealed).ok()?;
    if sealed.len() < 2 * BLOCK || !sealed.len().is_multiple_of(BLOCK) {
        return None;
    }
    let mut text = sealed.split_off(BLOCK);
    let key = Sha256::digest(encrypt_key);
    let cipher = cbc::Decryptor::<aes::Aes256>::new_from_slices(&key, &sealed).ok()?;
    let length = cipher.decrypt_padded::<Pkcs7>(&mut text).ok()?.len();
    text.truncate(length);
    Some(text)
}

/// Whether two secrets are the same, in a time that tells nothing of where they differ. An empty
/// secret is no secret and equals nothing.
pub fn same(ours: &str, theirs: &[u8]) -> bool {
    !ours.is_empty() && bool::from(ours.as_bytes().ct_eq(theirs))
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_open_and_sign() {
        let file = include_str!("../../../tests/vectors/feishu-vectors.json");
        let file: serde_json::Value = serde_json::from_str(file).expect("the file is JSON");
        let mut seen = 0;
        for vector in file["vectors"].as_array().expect("a list") {
            let input = |name: &str| vector["input"][name].as_str().unwrap_or_default();
            match vector["kind"].as_str() {
                Some("aes_decrypt") => {
                    let opened = decrypt(input("encrypt_key"), input("encrypt"));
                    let expected =
                        vector["expect"]["plaintext"].as_str().map(|text| text.as_bytes().to_vec());
                    assert_eq!(opened, expected, "{}", vector["id"]);
                    seen += 1;
                }
                Some("event_signature") => {
                    let (timestamp, nonce) = (input("timestamp").as_bytes(), input("nonce").as_bytes());
                    let signed = signature(timestamp, nonce, input("encrypt_key"), input("body").as_bytes());
                    assert_eq!(vector["expect"]["signature"], signed.as_str(), "{}", vector["id"]);
                    seen += 1;
                }
                _ => {}
            }
        }
        assert!(seen >= 2);
    }

    #[test]
    fn what_is_not_whole_or_not_ours_does_not_open() {
        for sealed in
            ["", "AAAA", "!!", "P37w+VZImNgPEO1RBhJ6Rg==", "P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghkA"]
        {
            assert_eq!(decrypt("test key", sealed), None, "{sealed}");
        }
        assert_eq!(decrypt("another key", "P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk="), None);
    }

    #[test]
    fn an_empty_secret_equals_nothing() {
        assert!(!same("", b""));
        assert!(!same("a", b"b"));
        assert!(same("a", b"a"));
    }
}
