//! Sending: a card, the same words as text where the card is refused, and a plain message where the one
//! to be answered is gone.
//!
//! Sources: <https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/reference/im-v1/message/create>,
//! <https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/reference/im-v1/message/reply>

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    chat::{Message, MessageId, Target},
    platform::{Accepted, Parcel, Undelivered},
};

use super::{Chat, Feishu, NAME, api::Call, card, directory::is_id, fault::Fault, seal, text};

/// The body of a call with a card may have 30 KB, and Feishu's own form of it may be larger than ours.
const MOST_OF_A_CARD: usize = 28 * 1024;
/// The body of a call with text may have 150 KB.
const MOST_OF_A_TEXT: usize = 145 * 1024;
/// Ends what an earlier try may have said, too long ago for its `uuid` to be remembered.
pub(super) const REPEATED: &str = "（可能重复）";

/// One of the forms in which a parcel can be said.
pub(super) struct Form {
    pub(super) msg_type: &'static str,
    pub(super) content: String,
}

impl Form {
    /// A card, where it is not too large for one.
    fn card(message: &Message) -> Option<Self> {
        let form = Self { msg_type: "interactive", content: card::card(message).to_string() };
        (form.size() <= MOST_OF_A_CARD).then_some(form)
    }

    /// A text message, with as much of the words as one may hold.
    fn text(message: &Message) -> Self {
        let words = text::text(message);
        let mut most = MOST_OF_A_TEXT;
        loop {
            let shortened = text::shortened(message, &words, most);
            let form = Self { msg_type: "text", content: json!({ "text": shortened }).to_string() };
            // Only what is full of quotes and line breaks needs a second look.
            if form.size() <= MOST_OF_A_TEXT || most == 0 {
                return form;
            }
            most = most * 3 / 4;
        }
    }

    /// What it takes of a call's body, where the content is a string, so that its quotes count twice.
    fn size(&self) -> usize {
        json!(self.content).to_string().len()
    }
}

/// A message as a card, where it is not too large for one.
pub(super) fn small_card(message: &Message) -> Option<Value> {
    Form::card(message).map(|_| card::card(message))
}

/// Where a form goes.
#[derive(Clone, Copy)]
enum Way<'a> {
    Answer(&'a str),
    Into { id_type: &'static str, id: &'a str },
}

impl Feishu {
    /// Sends a parcel in the best form that Feishu takes. Each form has its own `uuid`, made from the
    /// parcel's id: a repeated try within an hour makes no second message.
    pub(super) async fn send(&self, parcel: &Parcel) -> Result<Accepted, Undelivered> {
        if parcel.to.platform() != NAME || !is_id(raw(&parcel.to)) {
            return Err(Undelivered::Never { why: "the target is not on feishu".into() });
        }
        if let Some(file) = &parcel.message.file {
            return self.send_file(parcel, file).await;
        }
        let accepted = self.send_form(parcel, None).await.map_err(|fault| fault.sorted())?;
        if let Some(message) = accepted.message.as_ref().filter(|_| parcel.message.urgent) {
            self.call_for(parcel, message).await;
        }
        if self.settings.calendar {
            self.calendars.keep(parcel).await;
        }
        Ok(accepted)
    }

    /// Puts another card in the place of one that was sent. What went as text stays: Feishu says so.
    ///
    /// Source: <https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/reference/im-v1/message/patch>
    pub(super) async fn edit_card(&self, message: &MessageId, fresh: &Message) -> Result<(), Undelivered> {
        if message.platform() != NAME || !is_id(message.raw()) {
            return Err(Undelivered::Never { why: "the message is not on feishu".into() });
        }
        let Some(card) = Form::card(fresh) else {
            return Err(Undelivered::Never { why: "the card is too large".into() });
        };
        let body = json!({ "content": card.content });
        let edited = self.api.call(Call::patch(&format!("im/v1/messages/{}", message.raw()), &body)).await;
        edited.map(drop).map_err(|fault| fault.sorted())
    }

    /// Sends a parcel in this form; without one, as a card or the text of it.
    pub(super) async fn send_form(&self, parcel: &Parcel, form: Option<&Form>) -> Result<Accepted, Fault> {
        let doubted;
        let parcel = match parcel.maybe_repeated {
            true => {
                doubted = Parcel { message: parcel.message.clone().line(REPEATED), ..parcel.clone() };
                &doubted
            }
            false => parcel,
        };
        let id_type = match &parcel.to {
            Target::Room(_) => "chat_id",
            Target::Person(_) => "open_id",
        };
        let into = Way::Into { id_type, id: raw(&parcel.to) };
        // A message for one person alone must not land where the one it answers stands.
        let answered = match (&parcel.reply_to, &parcel.to) {
            (Some(reply_to), Target::Room(_)) => Some(reply_to.message.raw()).filter(|id| is_id(id)),
            _ => None,
        };
        let sent = match answered {
            Some(answered) => match self.send_by(Way::Answer(answered), parcel, form).await {
                Err(Fault::Refused(refused)) if refused.of_reply() => self.send_by(into, parcel, form).await,
                sent => sent,
            },
            None => self.send_by(into, parcel, form).await,
        };
        let answer = sent?;
        let data = &answer["data"];
        if let (Target::Person(_), Some(chat)) = (&parcel.to, data["chat_id"].as_str()) {
            self.directory.note_chat(chat, Chat { name: None, direct: true });
        }
        let message = data["message_id"].as_str().map(|id| MessageId::new(NAME, id));
        Ok(Accepted { message })
    }

    async fn send_by(&self, way: Way<'_>, parcel: &Parcel, form: Option<&Form>) -> Result<Value, Fault> {
        if let Some(form) = form {
            return self.post(way, parcel, form).await;
        }
        if let Some(card) = Form::card(&parcel.message) {
            match self.post(way, parcel, &card).await {
                Err(Fault::Refused(refused)) if refused.of_card() => {
                    metrics::counter!("jiuding_feishu_cards_refused_total").increment(1);
                    tracing::warn!(why = %Fault::Refused(refused).why(), "feishu refused a card, its text is sent");
                }
                sent => return sent,
            }
        }
        self.post(way, parcel, &Form::text(&parcel.message.clone().formless())).await
    }

    async fn post(&self, way: Way<'_>, parcel: &Parcel, form: &Form) -> Result<Value, Fault> {
        let uuid = uuid(&parcel.id, way, form.msg_type);
        let mut body = json!({ "msg_type": form.msg_type, "content": form.content, "uuid": uuid });
        match way {
            Way::Answer(message) => {
                self.api.call(Call::post(&format!("im/v1/messages/{message}/reply"), &[], &body)).await
            }
            Way::Into { id_type, id } => {
                body["receive_id"] = json!(id);
                self.api.call(Call::post("im/v1/messages", &[("receive_id_type", id_type)], &body)).await
            }
        }
    }
}

fn raw(to: &Target) -> &str {
    match to {
        Target::Room(room) => room.raw(),
        Target::Person(person) => person.raw(),
    }
}

/// The idempotency key, at most 50 characters: another for each content, the same at every try.
fn uuid(parcel: &str, way: Way<'_>, msg_type: &str) -> String {
    let way = match way {
        Way::Answer(_) => "answer",
        Way::Into { .. } => "into",
    };
    let digest = Sha256::digest(format!("{way}\n{msg_type}\n{parcel}"));
    format!("jiuding-{}", &seal::hex(&digest)[..40])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_has_its_own_key_and_keeps_it() {
        let into = Way::Into { id_type: "chat_id", id: "oc_1" };
        let key = uuid("p1", into, "interactive");
        assert!(key.len() <= 50);
        assert_eq!(key, uuid("p1", into, "interactive"));
        assert_ne!(key, uuid("p1", into, "text"));
        assert_ne!(key, uuid("p1", Way::Answer("om_1"), "interactive"));
        assert_ne!(key, uuid("p2", into, "interactive"));
    }
}
