//! The envelope of organisation events: AES-256-CBC under a 43-character key, signed with SHA-1.
//!
//! <https://open.dingtalk.com/document/development/http-callback-overview>

use aes::Aes256;
use base64::{
    Engine,
    alphabet::STANDARD as ALPHABET,
    engine::{GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, block_padding::NoPadding};
use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;

/// The padding's block, twice that of AES.
const PADDED_TO: usize = 32;
/// Random bytes in front of the text.
const SALT: usize = 16;
/// The length field behind them.
const LENGTH: usize = 4;

/// Token and key of the console's event subscription.
pub struct Envelope {
    token: String,
    key: [u8; 32],
}

/// What an envelope held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The event, as JSON.
    pub text: String,
    /// Whose subscription it belongs to; the answer goes to the same.
    pub owner: String,
}

/// What was wrong with a letter; told to nobody but our own counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// The configured key is not 43 letters and digits.
    #[error("the event key must be 43 letters and digits")]
    Key,
    /// The signature is another one.
    #[error("wrong signature")]
    Signature,
    /// The cipher text is not base64, or not whole blocks.
    #[error("not a cipher text")]
    CipherText,
    /// Padding, length field or encoding are wrong.
    #[error("not a letter of this key")]
    PlainText,
    /// It is meant for another app or organisation.
    #[error("meant for another owner")]
    Owner,
}

impl Envelope {
    /// An envelope for `token` and the 43 characters of `key`.
    ///
    /// # Errors
    /// The key is not a key.
    pub fn new(token: &str, key: &str) -> Result<Self, EnvelopeError> {
        // 43 characters carry two bits more than 32 bytes, and the console does not clear them.
        let lenient =
            GeneralPurpose::new(&ALPHABET, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));
        let bytes = lenient.decode(format!("{key}=")).map_err(|_| EnvelopeError::Key)?;
        Ok(Self { token: token.to_owned(), key: bytes.try_into().map_err(|_| EnvelopeError::Key)? })
    }

    /// The signature over a cipher text: SHA-1 of the four strings in byte order.
    pub fn signature(&self, timestamp: &str, nonce: &str, encrypt: &str) -> String {
        let mut parts = [self.token.as_str(), timestamp, nonce, encrypt];
        parts.sort_unstable();
        Sha1::digest(parts.concat()).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Checks the signature in constant time, then opens the letter for one of `owners`.
    ///
    /// # Errors
    /// Anything at all is wrong.
    pub fn open(
        &self,
        signature: &str,
        timestamp: &str,
        nonce: &str,
        encrypt: &str,
        owners: &[&str],
    ) -> Result<Opened, EnvelopeError> {
        let right: bool =
            self.signature(timestamp, nonce, encrypt).as_bytes().ct_eq(signature.as_bytes()).into();
        if !right {
            return Err(EnvelopeError::Signature);
        }
        self.decrypt(encrypt, owners)
    }

    fn decrypt(&self, encrypt: &str, owners: &[&str]) -> Result<Opened, EnvelopeError> {
        let mut bytes = STANDARD.decode(encrypt).map_err(|_| EnvelopeError::CipherText)?;
        // The padding's block is not AES's own, so it is taken off by hand.
        let padded = cbc::Decryptor::<Aes256>::new_from_slices(&self.key, &self.key[..16])
            .expect("the key has 32 bytes and its first half 16")
            .decrypt_padded::<NoPadding>(&mut bytes)
            .map_err(|_| EnvelopeError::CipherText)?;
        let plain = unpad(padded)?;

        let length = plain.get(SALT..SALT + LENGTH).ok_or(EnvelopeError::PlainText)?;
        let length = u32::from_be_bytes(length.try_into().expect("the slice has four bytes")) as usize;
        let rest = &plain[SALT + LENGTH..];
        let (text, owner) = rest.split_at_checked(length).ok_or(EnvelopeError::PlainText)?;
        let owner = owners.iter().find(|ours| ours.as_bytes() == owner).ok_or(EnvelopeError::Owner)?;
        let text = String::from_utf8(text.to_vec()).map_err(|_| EnvelopeError::PlainText)?;
        Ok(Opened { text, owner: (*owner).to_owned() })
    }

    /// Seals `text` for `owner` behind `salt`, which must be fresh random bytes.
    pub fn seal(&self, salt: [u8; SALT], text: &str, owner: &str) -> String {
        let mut plain = salt.to_vec();
        let length = u32::try_from(text.len()).expect("what the bot answers is one short word");
        plain.extend(length.to_be_bytes());
        plain.extend(text.as_bytes());
        plain.extend(owner.as_bytes());
        let padding = PADDED_TO - plain.len() % PADDED_TO;
        plain.extend(std::iter::repeat_n(padding as u8, padding));
        let length = plain.len();
        let sealed = cbc::Encryptor::<Aes256>::new_from_slices(&self.key, &self.key[..16])
            .expect("the key has 32 bytes and its first half 16")
            .encrypt_padded::<NoPadding>(&mut plain, length)
            .expect("the padding made whole blocks");
        STANDARD.encode(sealed)
    }
}

/// Takes off the padding: its last byte says how many bytes of that value there are.
fn unpad(padded: &[u8]) -> Result<&[u8], EnvelopeError> {
    let count = usize::from(*padded.last().ok_or(EnvelopeError::PlainText)?);
    if !(1..=PADDED_TO).contains(&count) || count > padded.len() {
        return Err(EnvelopeError::PlainText);
    }
    let (plain, padding) = padded.split_at(padded.len() - count);
    if padding.iter().any(|byte| usize::from(*byte) != count) {
        return Err(EnvelopeError::PlainText);
    }
    Ok(plain)
}
