//! A store in memory that knows chats only.

use std::{collections::BTreeMap, path::Path, sync::Mutex};

use jiff::Timestamp;
use jiuding::{
    chat::MessageId,
    store::*,
};

#[derive(Default)]
pub struct Memory {
    rooms: Mutex<BTreeMap<String, Vec<(String, Vec<u8>)>>>,
}

#[async_trait::async_trait]
impl Store for Memory {
    async fn chat_append(&self, room: &str, key: &str, value: Vec<u8>) -> anyhow::Result<u64> {
        let mut rooms = self.rooms.lock().unwrap();
        let lines = rooms.entry(room.to_owned()).or_default();
        if let Some(at) = lines.iter().position(|(known, _)| known == key) {
            return Ok(at as u64 + 1);
        }
        lines.push((key.to_owned(), value));
        Ok(lines.len() as u64)
    }

    async fn chat_since(&self, room: &str, after: u64, most: usize) -> anyhow::Result<Vec<ChatLine>> {
        let rooms = self.rooms.lock().unwrap();
        let lines = rooms.get(room).into_iter().flatten().enumerate().skip(after as usize).take(most);
        Ok(lines.map(|(at, (_, value))| ChatLine { seq: at as u64 + 1, value: value.clone() }).collect())
    }

    async fn chat_rooms(&self) -> anyhow::Result<Vec<String>> {
        Ok(self.rooms.lock().unwrap().keys().cloned().collect())
    }

    async fn commit(&self, _: Commit) -> Result<Committed, CommitError> {
        unimplemented!()
    }
    async fn settle(&self, _: u64, _: Settlement) -> anyhow::Result<()> {
        unimplemented!()
    }
    async fn projects(&self) -> anyhow::Result<Vec<ProjectId>> {
        unimplemented!()
    }
    async fn load(&self, _: ProjectId) -> anyhow::Result<Stored> {
        unimplemented!()
    }
    async fn due(&self, _: Timestamp, _: usize) -> anyhow::Result<Vec<(Timestamp, RowKey)>> {
        unimplemented!()
    }
    async fn next_wake(&self) -> anyhow::Result<Option<Timestamp>> {
        unimplemented!()
    }
    async fn log(&self, _: ProjectId, _: Option<Key>, _: usize) -> anyhow::Result<Vec<Entry>> {
        unimplemented!()
    }
    async fn has_seen(&self, _: &str) -> anyhow::Result<bool> {
        unimplemented!()
    }
    async fn outgoing(&self) -> anyhow::Result<Vec<Outgoing>> {
        unimplemented!()
    }
    async fn about(&self, _: &MessageId) -> anyhow::Result<Option<About>> {
        unimplemented!()
    }
    async fn dead_letters(&self) -> anyhow::Result<Vec<DeadLetter>> {
        Ok(Vec::new())
    }
    async fn revive(&self, _: u64) -> anyhow::Result<Option<Outgoing>> {
        Ok(None)
    }
    async fn forget(&self, _: u64) -> anyhow::Result<bool> {
        Ok(false)
    }
    async fn sweep(&self, _: Timestamp) -> anyhow::Result<usize> {
        unimplemented!()
    }
    async fn writable(&self) -> anyhow::Result<()> {
        Ok(())
    }
    async fn verify(&self) -> anyhow::Result<Findings> {
        unimplemented!()
    }
    async fn backup(&self, _: &Path) -> anyhow::Result<u64> {
        Ok(3)
    }
}
