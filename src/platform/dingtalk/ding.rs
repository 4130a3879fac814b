//! DING: an escalation that is not overlooked. It goes in place of a direct message, which goes where DingTalk does not
//! call; beside a message of a group's own robot it calls those who are mentioned there.
//!
//! <https://open.dingtalk.com/document/development/robot-sends-nail-message>

use serde_json::{Value, json};

use super::{
    DingTalk,
    answer::{self, Refusal},
    render,
};
use crate::{
    chat::{Message, Tone},
    platform::{Undelivered, resting::AN_HOUR},
};

/// How people are called to an escalation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ding {
    /// By messages alone.
    Off,
    /// By the app.
    App,
    /// By SMS where something is late, which the organisation pays for; else by the app.
    Sms,
    /// By telephone where something is late, which the organisation pays for; else by the app.
    Phone,
}

impl DingTalk {
    /// Calls these people to what a message says; gives those who were not called.
    pub(super) async fn ding<'p>(&self, message: &Message, people: &[&'p str]) -> Vec<&'p str> {
        let now = self.clock.now();
        if people.is_empty() || self.settings.ding == Ding::Off || self.resting.is_on(now) {
            return people.to_vec();
        }
        let late = message.tone == Tone::Alarm;
        let ways: &[u8] = match self.settings.ding {
            Ding::Sms if late => &[2, 1],
            Ding::Phone if late => &[3, 1],
            Ding::Off | Ding::App | Ding::Sms | Ding::Phone => &[1],
        };
        let mut missed = people.to_vec();
        for way in ways {
            match self.ding_by(*way, message, &missed).await {
                Ok(answer) => {
                    let failed =
                        answer["failedList"].as_object().into_iter().flat_map(|failed| failed.values());
                    let failed: Vec<&str> =
                        failed.filter_map(Value::as_array).flatten().filter_map(Value::as_str).collect();
                    missed.retain(|person| failed.contains(person));
                }
                Err(refusal) => {
                    let lasts = matches!(
                        refusal,
                        Refusal::NotPermitted { .. } | Refusal::Undelivered(Undelivered::Never { .. })
                    );
                    let why = refusal.into_undelivered().to_string();
                    tracing::warn!(why, way, "DingTalk did not call anybody");
                    if lasts && *way == 1 {
                        self.resting.until(now + AN_HOUR);
                    }
                }
            }
            if missed.is_empty() {
                break;
            }
        }
        missed
    }

    async fn ding_by(&self, way: u8, message: &Message, people: &[&str]) -> Result<Value, Refusal> {
        let body = json!({
            "robotCode": self.settings.robot_code,
            "remindType": way,
            "receiverUserIdList": people,
            "content": content(message),
        });
        let answer = self.api.call("/v1.0/robot/ding/send", &body).await?;
        answer::read(answer.status, &answer.body)
    }

    /// The same for everybody whom a group message mentions; where they are not called, the mention has to do.
    pub(super) async fn ding_the_mentioned(&self, message: &Message) {
        let people = message.mentions();
        let ids: Vec<&str> = people.iter().filter_map(|person| render::staff_id(&person.id)).collect();
        self.ding(message, &ids).await;
    }
}

/// The words, and in place of each button the line that it says: a DING has none.
fn content(message: &Message) -> String {
    let lines = message.buttons.iter().map(|button| format!("{}：{}", button.label, button.line));
    std::iter::once(message.plain()).chain(lines).collect::<Vec<_>>().join("\n")
}
