//! Pictures within markdown: each was uploaded before, as an image.

use std::collections::HashMap;

/// The bytes of every picture that a text shows; `Err` with the address of one that nobody can see.
pub fn shown(text: &str, media: &HashMap<String, (String, Vec<u8>)>) -> Result<Vec<Vec<u8>>, String> {
    let addresses = text.split("![").skip(1).filter_map(|piece| piece.split_once("](")?.1.split_once(')'));
    addresses
        .map(|(address, _)| match media.get(address) {
            Some((kind, bytes)) if kind == "image" => Ok(bytes.clone()),
            _ => Err(address.to_owned()),
        })
        .collect()
}

/// Whether these bytes are an image that the platform takes, of at most 20 MB.
pub fn is_image(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x89PNG\r\n\x1a\n") && bytes.len() <= 20 * 1024 * 1024
}
