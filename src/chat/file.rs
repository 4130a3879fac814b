//! A file that the bot hands over in a chat.
//!
//! No platform has a message that is both words and a file. A decision attaches the file to the words it belongs
//! to ([`Message::file`](super::Message::file)), so that it goes wherever they go; before they wait for delivery
//! the two are taken apart into one message each, the file behind the words
//! ([`Message::apart`](super::Message::apart)).

use std::{fmt, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// The largest file, in bytes. A copy of it waits in the store for every room; the platforms themselves take 20 MB.
const MOST: usize = 2 * 1024 * 1024;

/// A file. In JSON its content is base64; as debugging output it has its size alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its name with its extension, without anything that a file system refuses.
    pub name: String,
    /// Its bytes.
    #[serde(serialize_with = "encode", deserialize_with = "decode")]
    pub content: Arc<[u8]>,
    /// What is said in its place where no file can be sent.
    pub instead: String,
}

impl File {
    /// A file; `None` where it is empty or too big to be sent.
    pub fn new(name: impl Into<String>, content: Vec<u8>, instead: impl Into<String>) -> Option<Self> {
        let fits = (1..=MOST).contains(&content.len());
        fits.then(|| Self { name: name.into(), content: content.into(), instead: instead.into() })
    }

    /// The line that stands for it where a chat is written down.
    pub fn line(&self) -> String {
        format!("📎 {}", self.name)
    }

    /// What follows the last dot of its name, in lower case; empty where there is none.
    pub fn extension(&self) -> String {
        self.name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default()
    }

    /// Its name with words before the extension.
    pub fn name_with(&self, words: &str) -> String {
        match self.name.rsplit_once('.') {
            Some((stem, extension)) => format!("{stem}{words}.{extension}"),
            None => format!("{}{words}", self.name),
        }
    }

    /// What kind of content it has, as HTTP names it.
    pub fn content_type(&self) -> &'static str {
        match self.extension().as_str() {
            "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "csv" => "text/csv; charset=utf-8",
            "md" => "text/markdown; charset=utf-8",
            "json" => "application/json",
            "zip" => "application/zip",
            _ => "application/octet-stream",
        }
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "File {{ name: {:?}, {} bytes }}", self.name, self.content.len())
    }
}

fn encode<S: Serializer>(content: &Arc<[u8]>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(content))
}

fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<[u8]>, D::Error> {
    let text = String::deserialize(deserializer)?;
    STANDARD.decode(text).map(Arc::from).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(content: Vec<u8>) -> Option<File> {
        File::new("规格-V1.docx", content, "发不了文件")
    }

    #[test]
    fn its_bytes_come_back_from_json_and_are_not_in_the_log() {
        let whole = file((0..=255).collect()).unwrap();
        let json = serde_json::to_string(&whole).unwrap();
        assert_eq!(serde_json::from_str::<File>(&json).unwrap(), whole);
        assert_eq!(format!("{whole:?}"), "File { name: \"规格-V1.docx\", 256 bytes }");
        assert!(serde_json::from_str::<File>(&json.replace("AAEC", "??EC")).is_err());
    }

    #[test]
    fn nothing_and_too_much_is_no_file() {
        assert!(file(Vec::new()).is_none() && file(vec![0; MOST + 1]).is_none());
        assert!(file(vec![0; MOST]).is_some());
    }

    #[test]
    fn words_go_before_the_extension() {
        let name = |name: &str| File { name: name.into(), ..file(vec![0]).unwrap() };
        assert_eq!(name("a.b.DOCX").name_with("（2）"), "a.b（2）.DOCX");
        assert_eq!(name("说明").name_with("（2）"), "说明（2）");
        assert_eq!(name("a.b.DOCX").extension(), "docx");
    }
}
