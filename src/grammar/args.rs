//! What a line says beside its command: text, priority, people, keys, and the lines after the first.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    calendar::typed::{self, Reading, Unreadable},
    chat::{MessageId, Person, Typed, Words},
    dossier::{Context, Refusal},
    store::Key,
};

/// How much something matters, as typed with `!`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// 低.
    Low,
    /// 中.
    Medium,
    /// 高.
    High,
    /// 紧急.
    Urgent,
}

impl Priority {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "低",
            Self::Medium => "中",
            Self::High => "高",
            Self::Urgent => "紧急",
        }
    }
}

/// What a line says beside its command.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Args {
    /// The record it acts on.
    pub id: Option<Key>,
    /// Plain text, as typed, without keys, priority and mentions.
    pub text: String,
    /// `!紧急` and the like.
    pub priority: Option<Priority>,
    /// `!内部`.
    pub internal: bool,
    /// People mentioned or named with `@`, in order, each once; of a record's description, those mentioned.
    pub people: Vec<Person>,
    /// Text and people of the first line, in order.
    pub tokens: Vec<Token>,
    /// The lines after the first, as typed.
    pub lines: Vec<Typed>,
    /// All that stands behind the command, people and further lines too, without its keys and marks; as a
    /// person would read it.
    pub rest: String,
    /// Everything that was said, as a person would read it.
    pub said: String,
    /// The message that the line turns into a record, with its words.
    pub quote: Option<(MessageId, Words)>,
    pub(super) keys: Vec<(&'static str, Value)>,
}

/// A piece of the first line.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    /// A word, up to a blank.
    Word(String),
    /// Somebody.
    Person(Person),
}

/// The value of a key.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Value {
    /// Its words.
    pub text: String,
    /// The person it names.
    pub person: Option<Person>,
}

/// What stands between a date and the words behind it.
const GAPS: [char; 6] = [' ', '\u{3000}', '，', ',', '；', ';'];

impl Args {
    /// Words alone, without people, keys and marks.
    pub fn of_words(words: String) -> Self {
        Self { text: words.clone(), said: words, ..Self::default() }
    }

    /// What stands behind the command beside its keys and marks; `None` where that is nothing.
    pub fn remark(&self) -> Option<String> {
        (!self.rest.is_empty()).then(|| self.rest.clone())
    }

    /// The text and the lines after the first, without people.
    pub fn words(&self) -> String {
        let text = [self.text.clone()].into_iter().chain(self.description());
        text.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
    }

    /// Its marks, as typed: `!紧急 !内部`; empty without.
    pub fn marks(&self) -> String {
        let priority = self.priority.map(|priority| format!("!{}", priority.name()));
        let internal = self.internal.then(|| "!内部".to_owned());
        priority.into_iter().chain(internal).collect::<Vec<_>>().join(" ")
    }

    /// The number of the record it acts on.
    ///
    /// # Panics
    /// For a form without an id; the table never pairs the two.
    pub fn number(&self) -> u32 {
        self.id.expect("this form has an id").number
    }

    /// The words of a key; `None` where it does not stand or is empty.
    pub fn key(&self, name: &str) -> Option<&str> {
        self.value(name).map(|value| value.text.as_str()).filter(|text| !text.is_empty())
    }

    /// The person of a key.
    pub fn person(&self, name: &str) -> Option<&Person> {
        self.value(name)?.person.as_ref()
    }

    /// The keys that stand in the line, in order.
    pub fn keys(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.keys.iter().map(|(name, value)| (*name, value))
    }

    /// Whoever is responsible: the key `负责`, or else the first person of the line.
    pub fn owner(&self) -> Option<&Person> {
        self.person("负责").or_else(|| self.people.first())
    }

    /// The lines after the first, as text.
    pub fn description(&self) -> Option<String> {
        let text = self.lines.iter().map(Typed::words).collect::<Vec<_>>().join("\n");
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// The moment that a key names.
    ///
    /// # Errors
    /// It cannot be read, lies in the past, or may mean several.
    pub fn date(&self, name: &str, cx: &Context) -> Result<Option<Timestamp>, Refusal> {
        let Some(text) = self.key(name) else { return Ok(None) };
        match typed::read(text, cx.now, &cx.rules.calendar) {
            Ok(reading) => Ok(Some(last(&reading))),
            Err(why) => Err(unreadable(name, text, &why, &self.said, cx)),
        }
    }

    /// The moment that a key names, or that stands at the end of the text, behind something else; the text
    /// loses it, also where it cannot be taken.
    ///
    /// # Errors
    /// As [`Args::date`].
    pub fn deadline(&mut self, name: &str, cx: &Context) -> Result<Option<Timestamp>, Refusal> {
        if let Some(at) = self.date(name, cx)? {
            return Ok(Some(at));
        }
        let calendar = &cx.rules.calendar;
        let found = match self.behind_people().map(|words| typed::read(&words, cx.now, calendar)) {
            None | Some(Err(Unreadable::NotATime)) => typed::split_trailing(&self.text, cx.now, calendar),
            Some(reading) => self.behind_people().and_then(|words| {
                let rest = self.text.strip_suffix(&words)?.trim_end();
                (!rest.is_empty()).then_some((rest, reading))
            }),
        };
        let Some((rest, reading)) = found else { return Ok(None) };
        let (rest, phrase) = (rest.trim().to_owned(), self.text[rest.len()..].trim().to_owned());
        self.text = rest;
        self.forget(&phrase);
        match reading {
            Ok(reading) => Ok(Some(last(&reading))),
            Err(why) => Err(unreadable(name, &phrase, &why, &self.said, cx)),
        }
    }

    /// The moment that a key names, or that is all of the text, which then is no title: `转待办 @李工 周四`.
    ///
    /// # Errors
    /// As [`Args::date`].
    pub fn date_alone(&mut self, name: &str, cx: &Context) -> Result<Option<Timestamp>, Refusal> {
        if let Some(at) = self.date(name, cx)? {
            return Ok(Some(at));
        }
        match typed::read(&self.text, cx.now, &cx.rules.calendar) {
            Ok(reading) => {
                self.text.clear();
                Ok(Some(last(&reading)))
            }
            Err(Unreadable::NotATime) => Ok(None),
            Err(why) => Err(unreadable(name, &self.text, &why, &self.said, cx)),
        }
    }

    /// Makes the quoted message's first line the text where the line itself has none, and the rest of it the
    /// first lines of the description.
    pub fn take_quoted_title(&mut self) {
        let Some((_, words)) = &self.quote else { return };
        let mut said = words.text.trim().lines().map(str::trim_end).filter(|line| !line.is_empty());
        if self.text.is_empty() {
            self.text = said.next().unwrap_or_default().to_owned();
        }
        self.lines.splice(0..0, said.map(Typed::plain));
    }

    /// The words behind the last person of the first line: in `节后 @李工 三个工作日后` a date of their own.
    fn behind_people(&self) -> Option<String> {
        let last = self.tokens.iter().rposition(|token| matches!(token, Token::Person(_)))?;
        let words = self.tokens[last + 1..].iter().filter_map(|token| match token {
            Token::Word(word) => Some(word.as_str()),
            Token::Person(_) => None,
        });
        let words = words.collect::<Vec<_>>().join(" ");
        (!words.is_empty()).then_some(words)
    }

    /// The moment that a key names, or that is the whole text, or stands at its end or its beginning:
    /// `30分钟后回复`; the text loses it.
    ///
    /// # Errors
    /// As [`Args::date`].
    pub fn promise(&mut self, name: &str, cx: &Context) -> Result<Option<Timestamp>, Refusal> {
        let calendar = &cx.rules.calendar;
        if self.key(name).is_none() {
            let text = self.text.clone();
            let begins = typed::split_leading(&text, cx.now, calendar);
            let (phrase, reading, rest) = match typed::read(&text, cx.now, calendar) {
                Err(Unreadable::NotATime) => match begins {
                    Some((phrase, reading)) => (phrase, reading, &text[phrase.len()..]),
                    None => return self.deadline(name, cx),
                },
                reading => (text.as_str(), reading, ""),
            };
            let reading = reading.map_err(|why| unreadable(name, phrase, &why, &self.said, cx))?;
            self.text = rest.trim_start_matches([' ', ',', '，', ';', '；', '。']).to_owned();
            self.forget(phrase);
            return Ok(Some(last(&reading)));
        }
        self.date(name, cx)
    }

    /// Why something is put off: what the key says, and what is left behind the date that was read.
    pub fn reason(&self, key: &str) -> Option<String> {
        let said = self.rest.trim_start_matches(['到', '至', ' ', '，', ',', '：', ':', '；', ';']);
        let said = said.trim_end_matches([' ', '，', ',', '；', ';']);
        let why: Vec<&str> = self.key(key).into_iter().chain([said]).filter(|why| !why.is_empty()).collect();
        (!why.is_empty()).then(|| why.join("；"))
    }

    /// Takes what was read out of what is left.
    fn forget(&mut self, phrase: &str) {
        if let Some(at) = self.rest.rfind(phrase) {
            self.cut_out(at, phrase.len());
        }
    }

    fn cut_out(&mut self, at: usize, length: usize) {
        let (before, behind) = (&self.rest[..at], &self.rest[at + length..]);
        let ends = |c: char| c.is_whitespace() || ",，;；、:：。(（)）".contains(c);
        let (before, behind) = (before.trim_end_matches(ends), behind.trim_start_matches(ends));
        let gap = if before.is_empty() || behind.is_empty() { "" } else { " " };
        self.rest = format!("{before}{gap}{behind}");
    }

    /// The time that a key names, or that stands anywhere in the text, with its words; the text loses it.
    ///
    /// # Errors
    /// As [`Args::date`].
    pub fn time(&mut self, name: &str, cx: &Context) -> Result<Option<(Reading, String)>, Refusal> {
        let calendar = &cx.rules.calendar;
        if let Some(text) = self.key(name) {
            let reading = typed::read(text, cx.now, calendar);
            let reading = reading.map_err(|why| unreadable(name, text, &why, &self.said, cx))?;
            return Ok(Some((reading, text.to_owned())));
        }
        let Some((range, reading)) = typed::find_anywhere(&self.text, cx.now, calendar) else {
            return Ok(None);
        };
        let phrase = self.text[range.clone()].to_owned();
        let reading = reading.map_err(|why| unreadable(name, &phrase, &why, &self.said, cx))?;
        let (before, after) = (self.text[..range.start].trim_end(), self.text[range.end..].trim_start());
        let gap = if before.is_empty() || after.is_empty() { "" } else { " " };
        self.text = format!("{before}{gap}{after}");
        self.forget(&phrase);
        Ok(Some((reading, phrase)))
    }

    /// The moment that a key names, or with which the text begins, or that stands anywhere in it; the text loses
    /// it. For what is put off: the date comes first, in whatever form, and the reason behind it.
    ///
    /// # Errors
    /// As [`Args::date`].
    pub fn until(&mut self, name: &str, cx: &Context) -> Result<Option<Timestamp>, Refusal> {
        if let Some(at) = self.date(name, cx)? {
            return Ok(Some(at));
        }
        let text = self.text.trim_start_matches(['到', '至', '，', ',', '：', ':', ' ']).to_owned();
        let ends = text.match_indices(GAPS).map(|(at, _)| at);
        let ends: Vec<usize> = ends.chain([text.len()]).take(2).collect();
        let mut found: Option<(usize, Timestamp)> = None;
        for end in ends {
            match typed::read(&text[..end], cx.now, &cx.rules.calendar) {
                // `12月25日 18:00` says more than `12月25日`; `12月25日 上线` does not.
                Ok(reading) if found.is_some_and(|(_, at)| at == reading.at) => {}
                Ok(reading) => found = Some((end, reading.at)),
                Err(Unreadable::NotATime) => {}
                Err(_) if found.is_some() => {}
                Err(why) => return Err(unreadable(name, &text[..end], &why, &self.said, cx)),
            }
        }
        if let Some((end, at)) = found {
            self.text = text[end..].trim_matches(GAPS).to_owned();
            if let Some(begin) = self.rest.find(&text[..end]) {
                self.cut_out(begin, end);
            }
            return Ok(Some(at));
        }
        Ok(self.time(name, cx)?.map(|(reading, _)| reading.at))
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.keys.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    pub(super) fn mention(&mut self, person: Person) {
        if !self.people.iter().any(|known| known.id == person.id) {
            self.people.push(person);
        }
    }
}

/// Until when something is to be done that was said of a stretch of time: its end.
fn last(reading: &Reading) -> Timestamp {
    reading.end.unwrap_or(reading.at)
}

/// What to say to a time that cannot be taken: the reading shown, or a choice of absolute ones.
fn unreadable(key: &str, phrase: &str, why: &Unreadable, said: &str, cx: &Context) -> Refusal {
    let mut refusal = Refusal::new(format!("{why}。没有记录"));
    if let Unreadable::Ambiguous { choices, .. } = why {
        for choice in choices.iter().take(3) {
            let words = typed::echo(*choice, cx.now, &cx.rules.calendar);
            let exact = cx.rules.calendar.local(*choice).strftime("%Y-%m-%d %H:%M").to_string();
            let (first, description) = said.split_at(said.find('\n').unwrap_or(said.len()));
            let line = match first.rfind(phrase) {
                Some(at) => format!("{}{exact}{}", &first[..at], &first[at + phrase.len()..]),
                None => format!("{first} {key}:{exact}"),
            };
            refusal = refusal.button(words, line + description);
        }
    }
    refusal
}
