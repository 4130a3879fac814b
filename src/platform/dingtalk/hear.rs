//! From a robot message to what every platform shares.

use jiff::Timestamp;

use super::{
    DingTalk,
    wire::{AtUser, DIRECT, Delivery, Piece, is_staff_id, outside_id, present},
};
use crate::chat::{
    Author, Inbound, MessageId, Person, PersonId, Quote, ReplyTo, Room, RoomId, Session, Typed, What, Words,
};

/// The name of the platform in ids.
pub(super) const NAME: &str = "dingtalk";

/// The most people of one message whose names are asked for; the signature does not cover the list.
const MOST_LOOKED_UP: usize = 100;

impl DingTalk {
    /// What a checked delivery says; `None` where the bot has no use for it (pictures, files, voice).
    pub(super) async fn understand(&self, delivery: &Delivery) -> Option<Inbound> {
        let what = if delivery.is_over_quota() {
            What::OverQuota
        } else {
            let text = self.typed(delivery).await?;
            What::Said { text, addressed: !delivery.is_direct(), quotes: quoted(delivery) }
        };
        Some(Inbound {
            keys: vec![format!("{NAME}:{}:{}", self.settings.robot_code, delivery.msg_id)],
            room: room(delivery),
            sender: sender(delivery),
            written_at: delivery.create_at.as_ref().and_then(|at| moment(at.number()?)),
            reply_to: Some(ReplyTo {
                message: MessageId::new(NAME, &delivery.msg_id),
                session: self.session(delivery),
            }),
            what,
        })
    }

    async fn typed(&self, delivery: &Delivery) -> Option<Typed> {
        match delivery.msgtype.as_deref()? {
            "text" => {
                let content = match &delivery.text {
                    Some(text) => text.content.as_deref()?,
                    // One page of the documentation shows it without the object around it.
                    None => delivery.content.as_ref()?.as_str()?,
                };
                // DingTalk has taken every linked name out of the text, ours and everybody's; who was
                // mentioned is told by id alone. A leading `@word` is something that was typed.
                let mut typed = Typed::plain(content.trim_matches(is_blank));
                self.add_unplaced(&mut typed, delivery).await;
                Some(typed)
            }
            "richText" => {
                let pieces = delivery.content.as_ref()?.get("richText")?.as_array()?;
                let pieces = pieces.iter().filter_map(|piece| serde_json::from_value(piece.clone()).ok());
                let mut typed = placed(delivery, pieces.collect());
                self.add_unplaced(&mut typed, delivery).await;
                Some(typed)
            }
            _ => None,
        }
    }

    /// Adds those of `atUsers` whom the text itself does not name by id.
    async fn add_unplaced(&self, typed: &mut Typed, delivery: &Delivery) {
        let mut ids: Vec<PersonId> = Vec::new();
        for user in delivery.mentioned() {
            let Some(id) = user.id() else { continue };
            let id = PersonId::new(NAME, &id);
            if ids.len() == MOST_LOOKED_UP {
                break;
            }
            if !ids.contains(&id) && !typed.people().iter().any(|person| person.id == id) {
                ids.push(id);
            }
        }
        for person in self.directory.people(ids).await {
            typed.add_unplaced(person);
        }
    }

    /// The reply address, where it is one that the bot may post to.
    fn session(&self, delivery: &Delivery) -> Option<Session> {
        let url = present(&delivery.session_webhook)?;
        let Some(url) = self.reply_hosts.admit(url) else {
            metrics::counter!("jiuding_dingtalk_reply_urls_refused_total").increment(1);
            return None;
        };
        let expires = moment(delivery.session_webhook_expired_time.as_ref()?.number()?)?;
        Some(Session { url: url.into(), expires })
    }
}

/// Reads the body of a robot message, and says whether it holds one. Nothing comes of it: for throwing made-up
/// bytes at. Names that only DingTalk knows are not asked for.
pub fn examine(body: &[u8]) -> bool {
    let Some(delivery) = Delivery::read(body) else { return false };
    let pieces = delivery.content.iter().filter_map(|content| content.get("richText")?.as_array()).flatten();
    let pieces = pieces.filter_map(|piece| serde_json::from_value(piece.clone()).ok());
    let placed = placed(&delivery, pieces.collect());
    let mentioned = delivery.mentioned().filter_map(AtUser::id).count();
    let at = delivery.create_at.as_ref().and_then(|at| moment(at.number()?));
    tracing::trace!(room = ?room(&delivery), sender = ?sender(&delivery).id, quotes = ?quoted(&delivery), ?at, mentioned);
    delivery.text.is_some() || !placed.text().is_empty()
}

/// The room of a direct chat with somebody inside the organisation. It bears the person's id, because
/// no call takes the conversation id of a direct chat.
pub(super) fn direct_room(staff_id: &str) -> RoomId {
    RoomId::new(NAME, &format!("{DIRECT}{staff_id}"))
}

/// Whose direct chat this room is, if it is one.
pub(super) fn direct_with(room: &RoomId) -> Option<&str> {
    room.raw().strip_prefix(DIRECT)
}

fn room(delivery: &Delivery) -> Room {
    if !delivery.is_direct() {
        let id = RoomId::new(NAME, &delivery.conversation_id);
        return Room { id, name: present(&delivery.conversation_title).map(str::to_owned), direct: false };
    }
    let id = match staff(delivery) {
        Some(staff_id) => direct_room(staff_id),
        None => RoomId::new(NAME, &delivery.conversation_id),
    };
    Room { id, name: None, direct: true }
}

/// The sender; never known by the nick, which everybody chooses for themselves.
fn sender(delivery: &Delivery) -> Person {
    let id = staff(delivery).map_or_else(|| outside_id(&delivery.sender_id), str::to_owned);
    let name = present(&delivery.sender_nick).unwrap_or(&id);
    Person { id: PersonId::new(NAME, &id), name: name.chars().take(64).collect() }
}

fn staff(delivery: &Delivery) -> Option<&str> {
    present(&delivery.sender_staff_id).filter(|id| is_staff_id(id))
}

fn quoted(delivery: &Delivery) -> Option<Quote> {
    // A message that we sent by the API is known to us by its query key only.
    let ours = present(&delivery.original_process_query_key);
    let replied = delivery.text.as_ref().and_then(|text| text.replied_msg.as_ref());
    let id = ours.or_else(|| replied.and_then(|replied| present(&replied.msg_id)))?;
    let words = replied.and_then(|replied| {
        let by = match present(&replied.sender_id) {
            _ if ours.is_some() => Author::Bot,
            Some(id) if Some(id) == present(&delivery.chatbot_user_id) => Author::Bot,
            Some(id) if id == delivery.sender_id => Author::Person(sender(delivery)),
            // An opaque id, of which nobody can be asked whose it is.
            _ => Author::Unknown,
        };
        let at = replied.created_at.as_ref().and_then(|at| moment(at.number()?));
        Some(Words { text: replied.content.as_ref()?.words()?, by, at })
    });
    Some(Quote { message: MessageId::new(NAME, id), words })
}

fn moment(milliseconds: i64) -> Option<Timestamp> {
    Timestamp::from_millisecond(milliseconds).ok()
}

/// A part of a `richText` as it will stand in the typed text.
enum Part {
    Words(String),
    Mention(Person),
}

/// The pieces in order, mentions in their places, without the robot's own name.
fn placed(delivery: &Delivery, pieces: Vec<Piece>) -> Typed {
    let mut parts: Vec<Part> = Vec::new();
    for (index, piece) in pieces.into_iter().enumerate() {
        let words = piece.text.as_deref().unwrap_or_default();
        match piece.kind.as_deref() {
            Some("at") => parts.extend(mention(delivery, &piece).map(Part::Mention)),
            Some("picture") => push_words(&mut parts, " "),
            // Some clients leave the robot's name standing as the first piece.
            _ if index == 0 && delivery.begins_with_robot() && is_bare_name(words) => {}
            _ => push_words(&mut parts, words),
        }
    }
    if let Some(Part::Words(words)) = parts.first_mut() {
        *words = words.trim_start_matches(is_blank).to_owned();
    }
    if let Some(Part::Words(words)) = parts.last_mut() {
        words.truncate(words.trim_end_matches(is_blank).len());
    }
    let mut typed = Typed::default();
    for part in parts {
        match part {
            Part::Words(words) => typed.push_text(&words),
            Part::Mention(person) => typed.push_mention(person),
        }
    }
    typed
}

/// Appends to the words before; a lone space, which stands for a picture, only where there is none.
fn push_words(parts: &mut Vec<Part>, more: &str) {
    match parts.last_mut() {
        Some(Part::Words(words)) if more == " " && words.ends_with(is_blank) => {}
        Some(Part::Words(words)) => words.push_str(more),
        _ => parts.push(Part::Words(more.to_owned())),
    }
}

/// Whom an `at` piece names; `None` for the robot.
fn mention(delivery: &Delivery, piece: &Piece) -> Option<Person> {
    let id = present(&piece.at_user_id)?;
    if present(&delivery.chatbot_user_id) == Some(id) {
        return None;
    }
    let same = |user: &&AtUser| user.dingtalk() == Some(id) || present(&user.staff_id) == Some(id);
    let id = delivery.mentioned().find(same).and_then(AtUser::id).unwrap_or_else(|| id.to_owned());
    let name = present(&piece.at_name).unwrap_or(&id).trim_start_matches('@').trim();
    Some(Person { id: PersonId::new(NAME, &id), name: name.to_owned() })
}

fn is_bare_name(words: &str) -> bool {
    let words = words.trim_matches(is_blank);
    words.starts_with('@') && !words.contains(char::is_whitespace)
}

/// White space, and what looks like none at all.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200B}' | '\u{2060}' | '\u{FEFF}')
}
