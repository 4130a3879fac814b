//! What people were promised, kept apart from the bot, and whether the bot's words keep it.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::{Message, Said, random};

const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// CONTRACT 6: a ping that comes later than this because the bot was down says so.
const LATE: SignedDuration = SignedDuration::from_mins(10);

/// Everything acknowledged, and everything heard.
#[derive(Default)]
pub struct Ledger {
    acknowledged: Vec<Message>,
    tickets: Vec<Ticket>,
    /// What the bot said, by room, oldest first.
    heard: BTreeMap<&'static str, Vec<Said>>,
}

/// The response clock of one urgent ticket (RULES 5), and the pings it owed so far.
struct Ticket {
    title: String,
    opened: Timestamp,
    /// The next rung or repeat.
    next: SignedDuration,
    /// How often each sentence was due: half the time, too late; and how many of them come late.
    halfway: usize,
    breach: usize,
    late: usize,
}

impl Ledger {
    /// The bot took a message; its effect has this time.
    pub fn acknowledge(&mut self, message: Message, at: Timestamp) {
        if message.ticket {
            let title = message.title.clone();
            self.tickets.push(Ticket { title, opened: at, next: HOUR, halfway: 0, breach: 0, late: 0 });
        }
        self.acknowledged.push(message);
    }

    /// So many acknowledged messages, at random.
    pub fn some(&self, count: usize) -> Vec<&Message> {
        (0..count).map(|_| &self.acknowledged[random(self.acknowledged.len() as u32) as usize]).collect()
    }

    /// The place of the last line heard in a room.
    pub fn heard(&self, room: &str) -> u64 {
        self.heard.get(room).and_then(|said| said.last()).map_or(0, |said| said.seq)
    }

    /// Takes what the bot said.
    pub fn hear(&mut self, room: &'static str, said: Vec<Said>) {
        self.heard.entry(room).or_default().extend(said);
    }

    /// The bot was down until `now`: each clock speaks once for all that it missed.
    pub fn restarted(&mut self, now: Timestamp) {
        for ticket in &mut self.tickets {
            let age = now.duration_since(ticket.opened);
            if age < ticket.next {
                continue;
            }
            let was_at_breach = ticket.next > HOUR;
            if !was_at_breach && age < HOUR * 2 {
                ticket.halfway += 1;
                ticket.late += usize::from(age - HOUR > LATE);
                ticket.next = HOUR * 2;
                continue;
            }
            ticket.breach += 1;
            ticket.late += usize::from(age - ticket.next > LATE);
            let period = 2 * HOUR.as_secs();
            ticket.next = SignedDuration::from_secs((age.as_secs() / period + 1) * period);
        }
    }

    /// How many pings were owed so far.
    pub fn pings(&self) -> usize {
        self.tickets.iter().map(|ticket| ticket.halfway + ticket.breach).sum()
    }

    /// Everything that is not as it was promised.
    pub fn wrong(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut ids: BTreeMap<(&str, char), Vec<u32>> = BTreeMap::new();
        let mut answers: HashMap<&str, Vec<(&str, &Said)>> = HashMap::new();
        for (room, said) in &self.heard {
            for said in said {
                if let Some(to) = &said.reply_to {
                    answers.entry(to).or_default().push((room, said));
                }
            }
        }
        for message in &self.acknowledged {
            let answers = answers.remove(message.id.as_str()).unwrap_or_default();
            let [(room, said)] = answers[..] else {
                wrong.push(format!("{message:?} has {} answers", answers.len()));
                continue;
            };
            match record_in(&said.text, message) {
                Some(id) if room == message.room => ids.entry((room, id.0)).or_default().push(id.1),
                _ => wrong.push(format!("{message:?} was answered in {room} by {}", said.text)),
            }
        }
        wrong.extend(answers.keys().map(|id| format!("{id} was answered and never sent")));
        for ((room, letter), mut numbers) in ids {
            numbers.sort_unstable();
            let all: Vec<u32> = (1..=numbers.len() as u32).collect();
            if numbers != all {
                wrong.push(format!("the numbers of {letter} in {room} are {numbers:?}"));
            }
        }
        wrong.extend(self.wrong_pings());
        wrong
    }

    fn wrong_pings(&self) -> Vec<String> {
        let lines: Vec<&str> = self.heard.values().flatten().flat_map(|said| said.text.lines()).collect();
        let mut said: HashMap<(&str, &str), (usize, usize)> = HashMap::new();
        for line in lines {
            for phrase in ["已过一半响应时限", "超时未响应"] {
                let Some((before, _)) = line.split_once(phrase) else { continue };
                let title = before.trim_end().rsplit(' ').next().unwrap_or_default();
                let count = said.entry((title, phrase)).or_default();
                count.0 += 1;
                count.1 += usize::from(line.contains("【补发】"));
            }
        }
        let mut wrong = Vec::new();
        for ticket in &self.tickets {
            let mut count = |phrase| said.remove(&(ticket.title.as_str(), phrase)).unwrap_or_default();
            let (halfway, breach) = (count("已过一半响应时限"), count("超时未响应"));
            let heard = (halfway.0, breach.0, halfway.1 + breach.1);
            let owed = (ticket.halfway, ticket.breach, ticket.late);
            if heard != owed {
                wrong.push(format!("{}: pings {heard:?} instead of {owed:?}", ticket.title));
            }
        }
        wrong.extend(said.keys().map(|(title, _)| format!("a ping about {title}, which nobody opened")));
        wrong
    }
}

/// The id in an answer that begins `T12 title …`.
fn record_in(text: &str, message: &Message) -> Option<(char, u32)> {
    let (id, rest) = text.split_once(' ')?;
    let letter = if message.ticket { 'T' } else { 'R' };
    let number = id.strip_prefix(letter)?.parse().ok()?;
    rest.strip_prefix(&message.title)?.starts_with([' ', '\n']).then_some((letter, number))
}
