//! Names of people whom a message calls only by id.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::task::JoinSet;

use super::{
    answer::{self, Refusal},
    api::Api,
    wire::is_staff_id,
};
use crate::{
    chat::{Person, PersonId},
    clock::SharedClock,
    platform::Undelivered,
};

/// All look-ups of one message together; the platform waits 2.5 s for our answer.
const BUDGET: Duration = Duration::from_millis(800);
/// How long a name is believed.
const FRESH: SignedDuration = SignedDuration::from_hours(24);
/// How long nobody asks again for somebody whom the directory does not tell us.
const SORRY: SignedDuration = SignedDuration::from_mins(10);
/// How many names are kept; then all are forgotten and asked again.
const MOST: usize = 20_000;

/// The organisation's directory, remembered.
pub(super) struct Directory {
    api: Arc<Api>,
    clock: SharedClock,
    /// Names by staff id, each with its end. Held only for a look or an entry.
    known: Mutex<HashMap<String, (Option<String>, Timestamp)>>,
}

impl Directory {
    pub fn new(api: Arc<Api>, clock: SharedClock) -> Self {
        Self { api, clock, known: Mutex::default() }
    }

    /// The people of these ids; whoever's name cannot be had in time is called by the id.
    pub async fn people(self: &Arc<Self>, ids: Vec<PersonId>) -> Vec<Person> {
        let deadline = tokio::time::Instant::now() + BUDGET;
        let mut asked = JoinSet::new();
        let mut names: Vec<Option<String>> = vec![None; ids.len()];
        for (index, id) in ids.iter().enumerate() {
            let (directory, id) = (self.clone(), id.raw().to_owned());
            asked.spawn(async move { (index, directory.name(&id).await) });
        }
        // What is still being asked when time is up is dropped; the next message asks again.
        while let Ok(Some(answer)) = tokio::time::timeout_at(deadline, asked.join_next()).await {
            if let Ok((index, name)) = answer {
                names[index] = name;
            }
        }
        ids.into_iter()
            .zip(names)
            .map(|(id, name)| Person { name: name.unwrap_or_else(|| id.raw().to_owned()), id })
            .collect()
    }

    /// The name of one person; `None` for people outside the organisation.
    pub async fn name(&self, staff_id: &str) -> Option<String> {
        if !is_staff_id(staff_id) {
            return None;
        }
        let now = self.clock.now();
        if let Some((name, until)) = self.known().get(staff_id)
            && *until > now
        {
            return name.clone();
        }
        // A directory that is out of reach is asked again by the next message.
        let name = self.ask(staff_id).await.ok()?;
        let until = now + if name.is_some() { FRESH } else { SORRY };
        let mut known = self.known();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(staff_id.to_owned(), (name.clone(), until));
        name
    }

    /// What was told before of somebody who may be gone.
    pub fn known_name(&self, staff_id: &str) -> Option<String> {
        self.known().get(staff_id).and_then(|(name, _)| name.clone())
    }

    /// The same within the time that a caller who waits for an answer has.
    pub async fn name_in_time(&self, staff_id: &str) -> Option<String> {
        tokio::time::timeout(BUDGET, self.name(staff_id)).await.ok().flatten()
    }

    /// The name, or that there is none for us; <https://open.dingtalk.com/document/development/query-user-details>.
    async fn ask(&self, staff_id: &str) -> Result<Option<String>, Refusal> {
        let body = json!({"userid": staff_id, "language": "zh_CN"});
        let answer = self.api.call_old("/topapi/v2/user/get", &body).await?;
        let answer = match answer::read(answer.status, &answer.body) {
            Err(refusal) if refusal.is_final() => return Ok(None),
            answer => answer?,
        };
        let name = answer["result"]["name"].as_str().map(str::trim).filter(|name| !name.is_empty());
        Ok(name.map(str::to_owned))
    }

    /// The staff id of a union id, within the time that a caller who waits for an answer has; `None` for people
    /// outside the organisation. <https://open.dingtalk.com/document/development/query-a-user-by-the-union-id>
    ///
    /// # Errors
    /// The directory does not tell now.
    pub async fn staff_of(&self, union_id: &str) -> Result<Option<String>, Refusal> {
        let body = json!({"unionid": union_id});
        let asked = self.api.call_old("/topapi/user/getbyunionid", &body);
        let answer = match tokio::time::timeout(BUDGET, asked).await {
            Ok(answer) => answer?,
            Err(_) => {
                let why = "no answer in time".to_owned();
                return Err(Refusal::Undelivered(Undelivered::Later { after: None, why }));
            }
        };
        let answer = match answer::read(answer.status, &answer.body) {
            Err(refusal) if refusal.is_final() => {
                tracing::warn!("whoever made a DingTalk meeting cannot be looked up: {refusal:?}");
                return Ok(None);
            }
            answer => answer?,
        };
        let result = &answer["result"];
        let inside = result["contact_type"].as_i64() != Some(1);
        let staff = result["userid"].as_str().filter(|id| inside && is_staff_id(id));
        Ok(staff.map(str::to_owned))
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<String, (Option<String>, Timestamp)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
