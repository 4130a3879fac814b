//! The forms with files that bots upload, read as the pretend platforms read them.

use axum::http::{HeaderMap, header};

/// A part of a form.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    pub name: String,
    /// Set where the part is a file.
    pub file_name: Option<String>,
    pub content: Vec<u8>,
}

/// The parts of a body; `None` where it is no such form, or a file's name is not plain ASCII: the platforms take a
/// part whose name is written `filename*=` for a field without a file.
pub fn read(headers: &HeaderMap, body: &[u8]) -> Option<Vec<Part>> {
    let content_type = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=")?.trim_matches('"');
    let (first, between) = (format!("--{boundary}\r\n"), format!("\r\n--{boundary}"));
    let mut rest = body.strip_prefix(first.as_bytes())?;
    let mut parts = Vec::new();
    loop {
        let end = find(rest, between.as_bytes())?;
        parts.push(part(&rest[..end])?);
        rest = &rest[end + between.len()..];
        if rest.starts_with(b"--") {
            return Some(parts);
        }
        rest = rest.strip_prefix(b"\r\n")?;
    }
}

/// The content of a part with this name.
pub fn field<'a>(parts: &'a [Part], name: &str) -> Option<&'a [u8]> {
    parts.iter().find(|part| part.name == name).map(|part| part.content.as_slice())
}

fn part(raw: &[u8]) -> Option<Part> {
    let end = find(raw, b"\r\n\r\n")?;
    let head = std::str::from_utf8(&raw[..end]).ok()?;
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
    if !line.is_ascii() || line.contains("filename*") {
        return None;
    }
    let value = |key: &str| {
        let (_, rest) = line.split_once(&format!("; {key}=\""))?;
        Some(rest[..rest.find('"')?].to_owned())
    };
    Some(Part { name: value("name")?, file_name: value("filename"), content: raw[end + 4..].to_vec() })
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
