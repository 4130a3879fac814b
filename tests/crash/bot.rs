//! The real program, started and killed, and spoken to over HTTP.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Mutex,
};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

/// What a person writes.
#[derive(Debug, Clone)]
pub struct Message {
    pub room: &'static str,
    pub id: String,
    pub client: usize,
    pub text: String,
    pub title: String,
    pub ticket: bool,
}

/// What the bot said.
#[derive(Debug, Deserialize)]
pub struct Said {
    pub seq: u64,
    pub text: String,
    pub reply_to: Option<String>,
}

/// A running bot; killed when dropped.
pub struct Bot {
    child: Mutex<Child>,
    url: String,
    http: reqwest::Client,
}

impl Bot {
    /// Starts on this folder at this time; returns when it listens.
    pub fn start(folder: &Path, now: Timestamp) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_jiuding"))
            .args(["serve", "--simulated-clock", &now.to_string()])
            .current_dir(folder)
            .env("JIUDING_SERVER__LISTEN", "127.0.0.1:0")
            .env("JIUDING_STORE__PATH", folder.join("data"))
            .env("RUST_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("jiuding: ").and_then(|url| url.strip_suffix('/'));
        let url = url.unwrap_or_else(|| panic!("the bot did not start, it said {line:?}")).to_owned();
        Self { child: Mutex::new(child), url, http: jiuding::platform::http::client() }
    }

    /// SIGKILL, while others may be speaking to it.
    pub fn strike(&self) {
        self.child.lock().unwrap().kill().unwrap();
    }

    /// SIGKILL, and waits until it is gone.
    pub fn kill(&mut self) {
        self.strike();
        self.child.get_mut().unwrap().wait().unwrap();
    }

    /// Says something; whether it had been carried out before, or `None` if nobody answers.
    pub async fn say(&self, message: &Message) -> Option<bool> {
        let body = json!({
            "room": message.room, "room_name": format!("项目{}", message.room), "text": message.text,
            "sender": { "id": format!("c{}", message.client), "name": format!("{}号", message.client) },
            "message_id": message.id,
        });
        let response = self.http.post(format!("{}/api/playground/messages", self.url)).json(&body).send();
        let response = response.await.ok()?;
        let status = response.status();
        let answer: Value = response.json().await.ok()?;
        assert!(status.is_success(), "{status}: {answer}");
        answer["seen"].as_bool()
    }

    /// Waits until everything due by now was said.
    pub async fn settle(&self) {
        let request = self.http.post(format!("{}/api/clock", self.url)).json(&json!({ "advance": "0s" }));
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["pending"], 0, "{answer}");
    }

    /// What the bot said in a room after `after`.
    pub async fn read(&self, room: &str, after: u64) -> Vec<Said> {
        #[derive(Deserialize)]
        struct Answer {
            messages: Vec<Said>,
        }
        let url = format!("{}/api/playground/messages?room={room}&after={after}", self.url);
        self.http.get(url).send().await.unwrap().json::<Answer>().await.unwrap().messages
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        if let Ok(child) = self.child.get_mut() {
            // It may be gone already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
