//! A transcript as it is read and written.

use std::fmt::Write;

use jiff::civil::{Date, DateTime, Time, Weekday};

/// A file without the bot's lines.
#[derive(Debug)]
pub struct Script {
    /// What it shows: everything before the first time.
    pub head: String,
    /// What happens, in order; begins with a time.
    pub steps: Vec<Step>,
}

/// One thing that happens.
#[derive(Debug, Clone)]
pub enum Step {
    /// The clock moves to this time.
    Time(DateTime),
    /// Somebody does something; the lines as they stand in the file.
    Act(Act, String),
}

/// What somebody does.
#[derive(Debug, Clone)]
pub enum Act {
    /// A message.
    Say {
        who: String,
        place: Place,
        text: String,
        /// The id that the answered message of the bot names.
        quotes: Option<String>,
        /// When it was written, if not now.
        written: Option<Time>,
    },
    /// A button.
    Press {
        who: String,
        place: Option<Place>,
        label: String,
        on: Option<String>,
    },
    /// A form, filled in.
    Fill {
        who: String,
        place: Place,
        /// Which record its message names, where that is said.
        on: Option<String>,
        /// Names of fields and values.
        filled: String,
    },
    Setup,
    Jobs,
    /// Edits are shown from here on.
    Cards,
    People(Vec<String>),
    Restart,
    Stop,
    Start,
    Joined(String),
    /// What a platform tells of a room: `gone`, `renamed`, `came`, `left`, with its words; `recalled`, with whose
    /// last message there was taken back.
    Told {
        room: String,
        what: String,
        words: Vec<String>,
    },
    MeetingEnded {
        topic: String,
        from: Time,
        to: Time,
    },
    Recorded {
        topic: String,
        url: String,
    },
    Remark,
}

/// Where something is said.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    Room(String),
    Direct,
}

/// How a form begins, shown or filled in; it ends with 〕.
pub const FORM: &str = "〔表单 ";

/// The project's own room.
pub const HOME: &str = "项目群";

impl Script {
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut head = Vec::new();
        let mut steps: Vec<Step> = Vec::new();
        let mut date = None;
        // Whether `|` continues what a person says; otherwise the bot.
        let mut continues = false;
        for (index, line) in text.lines().enumerate() {
            if let Some(at) = time(line, date) {
                date = Some(at.date());
                steps.push(Step::Time(at));
                continues = false;
            } else if steps.is_empty() {
                head.push(line);
            } else if line.trim().is_empty() {
                continues = false;
            } else if line.starts_with([' ', '\t', '　']) {
                let Some(more) = line.trim_start().strip_prefix('|').filter(|_| continues) else {
                    continues = false;
                    continue;
                };
                let Some(Step::Act(Act::Say { text, .. } | Act::Fill { filled: text, .. }, written)) =
                    steps.last_mut()
                else {
                    continue;
                };
                write!(text, "\n{}", more.strip_prefix(' ').unwrap_or(more)).unwrap();
                write!(written, "\n{line}").unwrap();
            } else {
                let act = act(line).ok_or_else(|| format!("line {}: cannot be read: {line}", index + 1))?;
                continues = matches!(act, Act::Say { .. } | Act::Fill { .. });
                steps.push(Step::Act(act, line.to_owned()));
            }
        }
        if steps.is_empty() {
            return Err("no time stands in it".into());
        }
        Ok(Self { head: head.join("\n").trim_end().to_owned(), steps })
    }

    /// Everybody who says something.
    pub fn speakers(&self) -> Vec<String> {
        let mut speakers = Vec::new();
        for step in &self.steps {
            match step {
                Step::Act(Act::Say { who, .. } | Act::Press { who, .. } | Act::Fill { who, .. }, _) => {
                    speakers.push(who.clone());
                }
                Step::Act(Act::People(people), _) => speakers.extend(people.iter().cloned()),
                _ => {}
            }
        }
        speakers.sort();
        speakers.dedup();
        speakers
    }
}

/// `2026-11-23 09:00 周一`, or `09:00` on the day before it in the file.
fn time(line: &str, date: Option<Date>) -> Option<DateTime> {
    let mut words = line.split(' ');
    let first = words.next()?;
    if let (Ok(date), Some(Ok(time))) = (first.parse::<Date>(), words.next().map(clock)) {
        return Some(date.to_datetime(time));
    }
    let time = clock(line).ok()?;
    Some(date?.to_datetime(time))
}

fn clock(text: &str) -> Result<Time, ()> {
    if text.len() < 5 || !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b':') {
        return Err(());
    }
    text.parse().map_err(|_| ())
}

fn act(line: &str) -> Option<Act> {
    let words: Vec<&str> = line.split(' ').collect();
    match words.as_slice() {
        ["setup"] => return Some(Act::Setup),
        ["jobs"] => return Some(Act::Jobs),
        ["cards"] => return Some(Act::Cards),
        ["restart"] => return Some(Act::Restart),
        ["stop"] => return Some(Act::Stop),
        ["start"] => return Some(Act::Start),
        ["joined", room] => return Some(Act::Joined((*room).to_owned())),
        ["room", room, what @ ("gone" | "renamed" | "came" | "left" | "recalled"), words @ ..] => {
            let words = words.iter().map(|word| (*word).to_owned()).collect();
            return Some(Act::Told { room: (*room).to_owned(), what: (*what).to_owned(), words });
        }
        ["people", people @ ..] => {
            return Some(Act::People(people.iter().map(|name| (*name).to_owned()).collect()));
        }
        ["meeting", "ended", topic, times] => {
            let (from, to) = times.split_once('-')?;
            let (from, to) = (clock(from).ok()?, clock(to).ok()?);
            return Some(Act::MeetingEnded { topic: (*topic).to_owned(), from, to });
        }
        ["meeting", "recorded", topic, url] => {
            return Some(Act::Recorded { topic: (*topic).to_owned(), url: (*url).to_owned() });
        }
        [who, "presses", label @ ..] => {
            let (who, place) = match who.contains('@') {
                true => placed(who).map(|(who, place)| (who, Some(place)))?,
                false => ((*who).to_owned(), None),
            };
            let (label, on) = match label {
                [label @ .., "on", id] => (label.join(" "), Some((*id).to_owned())),
                label => (label.join(" "), None),
            };
            return Some(Act::Press { who, place, label, on });
        }
        _ if line.starts_with('#') => return Some(Act::Remark),
        _ => {}
    }
    let (head, text) = line.split_once('>')?;
    let mut words = head.split(' ');
    let (who, place) = placed(words.next()?)?;
    let (mut quotes, mut written) = (None, None);
    while let Some(word) = words.next() {
        match word {
            "quotes" => quotes = Some(words.next()?.to_owned()),
            "at" => written = Some(clock(words.next()?).ok()?),
            _ => return None,
        }
    }
    let text = text.strip_prefix(' ').unwrap_or(text).to_owned();
    if let Some(filled) = text.strip_prefix(FORM) {
        return Some(Act::Fill { who, place, on: quotes, filled: filled.to_owned() });
    }
    Some(Act::Say { who, place, text, quotes, written })
}

fn placed(speaker: &str) -> Option<(String, Place)> {
    let (who, place) = match speaker.split_once('@') {
        None => (speaker, Place::Room(HOME.into())),
        Some((who, "鼎")) => (who, Place::Direct),
        Some((who, room)) => (who, Place::Room(room.into())),
    };
    (!who.is_empty() && who != "鼎").then(|| (who.to_owned(), place))
}

/// A transcript in the making.
#[derive(Default)]
pub struct Page {
    text: String,
    date: Option<Date>,
    at: Option<DateTime>,
    /// Nothing stands under the last time yet.
    silent: bool,
}

impl Page {
    pub fn begin(script: &Script) -> Self {
        Self { text: format!("{}\n", script.head), ..Self::default() }
    }

    /// A time; the same again is not written twice.
    pub fn time(&mut self, at: DateTime) {
        if self.at == Some(at) {
            return;
        }
        self.close();
        let clock = match at.second() {
            0 => at.strftime("%H:%M"),
            _ => at.strftime("%H:%M:%S"),
        };
        match self.date == Some(at.date()) {
            true => writeln!(self.text, "\n{clock}").unwrap(),
            false => writeln!(self.text, "\n{} {clock} {}", at.date(), weekday(at.date())).unwrap(),
        }
        (self.date, self.at, self.silent) = (Some(at.date()), Some(at), true);
    }

    /// What somebody does.
    pub fn act(&mut self, written: &str) {
        writeln!(self.text, "{written}").unwrap();
        self.silent = false;
    }

    /// What the bot says.
    pub fn say(&mut self, speaker: &str, lines: &[String]) {
        for (index, line) in lines.iter().enumerate() {
            let line = match index {
                0 => format!("  {speaker}> {line}"),
                _ => format!("     | {line}"),
            };
            writeln!(self.text, "{}", line.trim_end()).unwrap();
        }
        self.silent = false;
    }

    fn close(&mut self) {
        if self.silent {
            self.text.push_str("  （没有消息）\n");
        }
    }

    pub fn end(mut self) -> String {
        self.close();
        self.text
    }
}

fn weekday(date: Date) -> &'static str {
    match date.weekday() {
        Weekday::Monday => "周一",
        Weekday::Tuesday => "周二",
        Weekday::Wednesday => "周三",
        Weekday::Thursday => "周四",
        Weekday::Friday => "周五",
        Weekday::Saturday => "周六",
        Weekday::Sunday => "周日",
    }
}
