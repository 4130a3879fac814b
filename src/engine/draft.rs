//! A commit in the making: decisions are applied to the dossiers in memory at once and gathered here, so
//! that one event, one batch or one wake is one commit.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    chat::Invite,
    dossier::{COUNTER, Dossier, Outcome, Project, Record, Rules},
    store::{Change, Commit, Entry, Key, Outgoing, ProjectId, RowKey, Seen, WakeChange},
};
use std::sync::Arc;

/// What one commit will hold.
#[derive(Default)]
pub(super) struct Draft {
    seen: Vec<Seen>,
    guards: BTreeMap<ProjectId, u64>,
    rows: BTreeMap<RowKey, Option<Value>>,
    wakes: BTreeMap<RowKey, (Option<Timestamp>, Option<Timestamp>)>,
    log: Vec<(ProjectId, Entry)>,
    outgoing: Vec<Outgoing>,
    /// How records that were touched are to stand in people's calendars.
    invites: BTreeMap<RowKey, Invite>,
    /// Records that came into being here, and those that the answer shows: what is said of them is a card of theirs.
    cards: BTreeSet<RowKey>,
}

impl Draft {
    /// Marks something as carried out.
    pub(super) fn seen(&mut self, key: impl Into<String>, until: Timestamp) {
        self.seen.push(Seen { key: key.into(), until });
    }

    /// Adds an answer; it is said before anything else. Its file follows it.
    pub(super) fn answer(&mut self, message: Outgoing) {
        self.outgoing.splice(0..0, message.apart());
    }

    /// Adds messages, each with its file behind it.
    pub(super) fn say(&mut self, messages: impl IntoIterator<Item = Outgoing>) {
        self.outgoing.extend(messages.into_iter().flat_map(Outgoing::apart));
    }

    /// What is said of this record here shows it as a whole.
    pub(super) fn shows(&mut self, row: RowKey) {
        self.cards.insert(row);
    }

    /// What is said here is about several records at once, and no card of any.
    pub(super) fn shows_none(&mut self) {
        self.cards.clear();
    }

    /// Whether what is said of this record shows it as a whole.
    pub(super) fn is_shown(&self, row: RowKey) -> bool {
        self.cards.contains(&row)
    }

    /// What is to be said.
    pub(super) fn outgoing(&mut self) -> &mut Vec<Outgoing> {
        &mut self.outgoing
    }

    /// The records of a project that this changes.
    pub(super) fn changed(&self, project: ProjectId) -> Vec<Key> {
        self.rows.keys().filter(|row| row.project == project).map(|row| row.key).collect()
    }

    /// Whether there is anything to write beside marks.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.outgoing.is_empty() && self.log.is_empty() && self.wakes.is_empty()
    }

    /// Whether records change.
    pub(super) fn has_rows(&self) -> bool {
        !self.rows.is_empty()
    }

    /// Names a dossier that this commit touches.
    pub(super) fn guard(&mut self, dossier: &Dossier) {
        self.guards.entry(dossier.id).or_insert(dossier.version);
    }

    /// Applies a decision's records to the dossier; gives what changed, for the log.
    pub(super) fn apply(&mut self, dossier: &mut Dossier, outcome: &Outcome, rules: &Rules) -> Vec<Change> {
        let mut changes = Vec::new();
        for record in &outcome.records {
            changes.extend(self.put(dossier, record.clone(), rules));
        }
        for key in &outcome.removed {
            changes.extend(self.remove(dossier, *key, rules));
        }
        changes
    }

    /// Puts one record.
    pub(super) fn put(
        &mut self,
        dossier: &mut Dossier,
        record: Arc<dyn Record>,
        rules: &Rules,
    ) -> Option<Change> {
        self.guard(dossier);
        let key = record.key();
        let old = dossier.record(key).cloned();
        let before = old.as_ref().map_or(Value::Null, |old| old.encode());
        let after = record.encode();
        if before == after {
            return None;
        }
        if old.is_none() {
            self.shows(RowKey { project: dossier.id, key });
        }
        let was_archived = is_archived(dossier);
        let wake_before = old.as_ref().and_then(|old| wake_of(dossier, old.as_ref(), rules));
        dossier.put(record.clone());
        self.invite(RowKey { project: dossier.id, key }, record.invite());
        let wake_after = wake_of(dossier, record.as_ref(), rules);
        self.wake(RowKey { project: dossier.id, key }, wake_before, wake_after);
        self.rows.insert(RowKey { project: dossier.id, key }, Some(after.clone()));
        if is_archived(dossier) != was_archived {
            self.rewake_all(dossier, rules, was_archived);
        }
        Some(Change { key, before, after })
    }

    /// Takes a record out; its number stays counted.
    pub(super) fn remove(&mut self, dossier: &mut Dossier, key: Key, rules: &Rules) -> Option<Change> {
        self.guard(dossier);
        let old = dossier.record(key).cloned()?;
        let wake_before = wake_of(dossier, old.as_ref(), rules);
        dossier.take(key);
        let gone = |invite| Invite { cancelled: true, ..invite };
        self.invite(RowKey { project: dossier.id, key }, old.invite().map(gone));
        self.wake(RowKey { project: dossier.id, key }, wake_before, None);
        self.rows.insert(RowKey { project: dossier.id, key }, None);
        let counter = Key { letter: COUNTER, number: u32::from(key.letter) };
        let counted = Value::from(dossier.counted(key.letter));
        self.rows.insert(RowKey { project: dossier.id, key: counter }, Some(counted));
        Some(Change { key, before: old.encode(), after: Value::Null })
    }

    /// Takes how a record is to stand in people's calendars now.
    fn invite(&mut self, row: RowKey, invite: Option<Invite>) {
        match invite {
            Some(invite) => {
                let uid = format!("{}-{}", row.project.0, invite.uid);
                self.invites.insert(row, Invite { uid, ..invite });
            }
            None => drop(self.invites.remove(&row)),
        }
    }

    /// Moves a wake that the index has at the wrong time.
    pub(super) fn wake(&mut self, row: RowKey, before: Option<Timestamp>, after: Option<Timestamp>) {
        if before != after || self.wakes.contains_key(&row) {
            self.wakes.entry(row).or_insert((before, after)).1 = after;
        }
    }

    /// The records that were touched and would wake at once.
    pub(super) fn due(&self, project: ProjectId, now: Timestamp) -> Vec<Key> {
        let due = self.wakes.iter().filter(|(_, (before, after))| before != after && *after <= Some(now));
        due.filter(|(row, (_, after))| row.project == project && after.is_some())
            .map(|(row, _)| row.key)
            .collect()
    }

    /// An archived project does not wake; one that is taken up again does.
    fn rewake_all(&mut self, dossier: &Dossier, rules: &Rules, was_archived: bool) {
        let moves: Vec<(RowKey, Option<Timestamp>)> = dossier
            .records()
            .map(|(key, record)| (RowKey { project: dossier.id, key }, record.wakes_at(rules)))
            .collect();
        for (row, at) in moves {
            if was_archived { self.wake(row, None, at) } else { self.wake(row, at, None) }
        }
    }

    /// Whether a record of this letter changes.
    pub(super) fn touches(&self, letter: char) -> bool {
        self.rows.keys().any(|row| row.key.letter == letter)
    }

    /// Forgets everything about a project that is not made after all.
    pub(super) fn abandon(&mut self, project: ProjectId) {
        self.guards.remove(&project);
        self.rows.retain(|row, _| row.project != project);
        self.wakes.retain(|row, _| row.project != project);
        self.log.retain(|(id, _)| *id != project);
        self.invites.retain(|row, _| row.project != project);
    }

    /// Adds a line to a project's log.
    pub(super) fn log(&mut self, project: &Dossier, entry: Entry) {
        self.guard(project);
        self.log.push((project.id, entry));
    }

    /// Gives the invites to the first message on each platform; a file has no words, and goes by itself.
    fn hand_out_invites(&mut self) {
        let invites: Vec<Invite> = std::mem::take(&mut self.invites).into_values().collect();
        let mut served: Vec<String> = Vec::new();
        for outgoing in &mut self.outgoing {
            let platform = outgoing.to.platform();
            if outgoing.message.file.is_none() && !served.iter().any(|known| known == platform) {
                served.push(platform.to_owned());
                outgoing.message.invites.clone_from(&invites);
            }
        }
    }

    /// The commit.
    pub(super) fn commit(mut self) -> Commit {
        self.hand_out_invites();
        let encode = |value: Value| serde_json::to_vec(&value).expect("a value is always JSON");
        Commit {
            seen: self.seen,
            guards: self.guards.into_iter().collect(),
            rows: self.rows.into_iter().map(|(key, value)| (key, value.map(encode))).collect(),
            wakes: self
                .wakes
                .into_iter()
                .filter(|(_, (before, after))| before != after)
                .map(|(row, (before, after))| WakeChange { row, before, after })
                .collect(),
            log: self.log,
            outgoing: self.outgoing,
        }
    }
}

fn is_archived(dossier: &Dossier) -> bool {
    dossier.founded().is_some_and(|project: &Project| project.archived)
}

/// When a record of this dossier wakes.
pub(super) fn wake_of(dossier: &Dossier, record: &dyn Record, rules: &Rules) -> Option<Timestamp> {
    if is_archived(dossier) { None } else { record.wakes_at(rules) }
}
