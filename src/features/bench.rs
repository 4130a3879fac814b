//! A project on a bench: lines are read and decided, and time passes, without engine and store.

use std::sync::Arc;

use jiff::Timestamp;

use crate::{
    chat::{Person, PersonId, RoomId, Typed},
    dossier::{
        BoundRoom, Context, Dossier, Found, Hearing, Outcome, Ping, Place, Project, Refusal, Role, RoomKind,
        Rules, Say, Waking,
    },
    features::{COMMANDS, OBJECTS},
    grammar::{self, Parsed, Reader},
    store::ProjectId,
};

/// No search finds anything on the bench.
static NOTHING: Found = Found::NOTHING;

/// One project with a full triangle, an internal room and a customer room.
pub struct Bench {
    pub dossier: Dossier,
    pub now: Timestamp,
    pub rules: Rules,
    /// What was said without being asked since this was last looked at.
    heard: Vec<String>,
    /// Every ping that was ever decided on.
    pub pings: Vec<Ping>,
}

pub fn person(name: &str) -> Person {
    Person { id: PersonId::new("playground", name), name: name.into() }
}

impl Bench {
    pub fn new(now: &str) -> Self {
        let now = at(now);
        let room = |name: &str, kind| BoundRoom::new(RoomId::new("playground", name), None, kind);
        let mut project =
            Project::found("支付".into(), room("in", RoomKind::Internal), person("张经理"), now);
        project.rooms.push(room("out", RoomKind::Customer));
        for (role, name) in [
            (Role::CustomerLead, "王主管"),
            (Role::ProjectManager, "张经理"),
            (Role::TechnicalContact, "李工"),
            (Role::CustomerRepresentative, "客户陈总"),
        ] {
            project.seats.insert(role, vec![person(name)]);
        }
        project.guests = vec![person("赵工"), person("钱工")];
        let mut dossier = Dossier::empty(ProjectId(1));
        dossier.put(Arc::new(project));
        let rules = crate::config::Config::default().rules().unwrap();
        Self { dossier, now, rules, heard: Vec::new(), pings: Vec::new() }
    }

    /// What the bot answers to a line in the internal room; refusals begin with ✗.
    pub fn say(&mut self, who: &str, line: &str) -> String {
        self.hear(who, &Typed::plain(line), RoomKind::Internal)
    }

    /// The project comes to a phase, whatever would be missing for it; gives the answer.
    pub fn enter(&mut self, phase: &str) -> String {
        let gate = if phase == "交付后" { " 面对面:今天 签字人:客户陈总" } else { "" };
        self.say("张经理", &format!("/项目 阶段 {phase}{gate} 原因:其他"))
    }

    pub fn say_to_customer(&mut self, who: &str, line: &str) -> String {
        self.hear(who, &Typed::plain(line), RoomKind::Customer)
    }

    pub fn hear(&mut self, who: &str, line: &Typed, kind: RoomKind) -> String {
        match self.decide(who, line, kind) {
            Ok(outcome) => {
                let reply = outcome.reply.as_ref().map(|message| message.plain()).unwrap_or_default();
                self.apply(outcome);
                reply
            }
            Err(Refusal(message)) => format!("✗ {}", message.plain()),
        }
    }

    fn decide(&self, who: &str, line: &Typed, kind: RoomKind) -> Result<Outcome, Refusal> {
        let actor = person(who);
        let known: Vec<Person> = self.dossier.people().cloned().collect();
        let reader = Reader {
            objects: OBJECTS,
            commands: COMMANDS,
            known: &known,
            sender: &actor,
            quoted: None,
            quote: None,
        };
        let Parsed { command, args } = grammar::parse(line, &reader)?;
        let room = if kind == RoomKind::Internal { "in" } else { "out" };
        let registry = Dossier::empty(ProjectId(0));
        let cx = self.context(&actor, &registry, room, kind);
        (command.run)(args, &self.dossier, &cx)
    }

    pub fn context<'a>(
        &'a self,
        actor: &'a Person,
        registry: &'a Dossier,
        room: &str,
        kind: RoomKind,
    ) -> Context<'a> {
        Context {
            now: self.now,
            rules: &self.rules,
            actor,
            account: &actor.id,
            admin: false,
            place: Place { room: RoomId::new("playground", room), name: None, kind },
            quoted: None,
            message: None,
            log: &[],
            projects: &[],
            found: &NOTHING,
            registry,
            causes: Arc::default(),
        }
    }

    pub fn apply(&mut self, outcome: Outcome) {
        let time = self.rules.calendar.local(self.now).strftime("%m-%d %H:%M").to_string();
        for record in outcome.records {
            self.dossier.put(record);
        }
        for key in outcome.removed {
            self.dossier.take(key);
        }
        for say in outcome.say {
            if let Say::Ping(ping) = &say {
                self.pings.push(ping.clone());
            }
            self.heard.push(match say {
                Say::PingAlone(ping) => {
                    let names: Vec<&str> =
                        ping.call.people.iter().map(|person| person.name.as_str()).collect();
                    format!("{time} →私聊 {} {}", names.join(" "), ping.message.lines[0].plain())
                }
                Say::Ping(ping) => {
                    let names: Vec<&str> =
                        ping.call.people.iter().map(|person| person.name.as_str()).collect();
                    format!("{time} →{} {}", names.join(" "), ping.message.lines[0].plain())
                }
                Say::Announce { hearing, message, .. } | Say::AnnounceNow { hearing, message, .. } => {
                    let room = if hearing == Hearing::Customer { "客户群" } else { "项目群" };
                    format!("{time} {room} {}", message.plain())
                }
                Say::Direct { person, message } => format!("{time} {}: {}", person.name, message.plain()),
            });
        }
    }

    /// Time passes to `to`; gives what was said on the way.
    pub fn until(&mut self, to: &str) -> Vec<String> {
        let to = at(to);
        let (mut last, mut wakes) = (None, 0);
        loop {
            let due =
                self.dossier.records().filter_map(|(key, record)| Some((record.wakes_at(&self.rules)?, key)));
            let Some((due, key)) = due.min().filter(|(due, _)| *due <= to) else { break };
            self.now = self.now.max(due);
            let record = self.dossier.record(key).expect("it was just there").clone();
            let outcome = record.wake(&self.dossier, &Waking { now: self.now, due, rules: &self.rules });
            self.apply(outcome);
            let next = self.dossier.record(key).and_then(|record| record.wakes_at(&self.rules));
            // Two clocks of one record may run out together; it is woken for each.
            wakes = if last == Some((due, key)) { wakes + 1 } else { 0 };
            last = Some((due, key));
            assert!(wakes < 4 && next.is_none_or(|next| next >= due), "{key} does not move on");
        }
        self.now = to;
        self.said()
    }

    /// What was said since this was last asked.
    pub fn said(&mut self) -> Vec<String> {
        std::mem::take(&mut self.heard)
    }
}

/// `2026-11-23 09:00` in Shanghai.
pub fn at(text: &str) -> Timestamp {
    let text = text.replace(' ', "T");
    let text = if text.matches(':').count() == 1 { format!("{text}:00") } else { text };
    format!("{text}+08:00").parse().expect("a time of the test")
}
