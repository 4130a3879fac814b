//! Signing and encrypting as Feishu does, written apart from the bot's own code.

use aes::cipher::{BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

/// `X-Lark-Signature` of a body.
pub fn signature(timestamp: &str, nonce: &str, encrypt_key: &str, body: &[u8]) -> String {
    let all = [timestamp.as_bytes(), nonce.as_bytes(), encrypt_key.as_bytes(), body].concat();
    Sha256::digest(all).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Encrypts with a random vector.
pub fn encrypt(encrypt_key: &str, plain: &[u8]) -> String {
    let mut vector = [0; 16];
    getrandom::fill(&mut vector).expect("the machine has randomness");
    encrypt_with(vector, encrypt_key, plain)
}

/// Encrypts with a given vector.
pub fn encrypt_with(vector: [u8; 16], encrypt_key: &str, plain: &[u8]) -> String {
    let mut text = plain.to_vec();
    text.resize(plain.len() / 16 * 16 + 16, 0);
    let cipher = cbc::Encryptor::<aes::Aes256>::new_from_slices(&Sha256::digest(encrypt_key), &vector);
    cipher
        .expect("the lengths are right")
        .encrypt_padded::<Pkcs7>(&mut text, plain.len())
        .expect("there is room for the padding");
    STANDARD.encode([&vector[..], &text].concat())
}
