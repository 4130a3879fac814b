//! The project: its rooms, its seats, its phase.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{Cell, Kind, met::Met};
use crate::{
    chat::{Person, PersonId, RoomId},
    store::Key,
};

/// One engagement with one customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Project {
    /// What people call it.
    pub name: String,
    /// Whom it serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// The customer's trade.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub industry: Option<String>,
    /// 定制开发, 联合研发 or 技术支持.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engagement: Option<String>,
    /// Where it stands.
    pub phase: Phase,
    /// Since when it stands there; the epoch where it was not kept yet.
    #[serde(default)]
    pub phase_since: Timestamp,
    /// When it is to be completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion: Option<Date>,
    /// Its chats.
    pub rooms: Vec<BoundRoom>,
    /// Who holds which role; the first named is pinged first.
    #[serde(default)]
    pub seats: BTreeMap<Role, Vec<Person>>,
    /// People seen in its rooms who hold no role.
    #[serde(default)]
    pub guests: Vec<Person>,
    /// Those among them whom the team's own room has seen. Whoever was only seen before customers may be the
    /// customer's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub insiders: BTreeMap<PersonId, Met>,
    /// Who made it.
    pub created_by: Person,
    /// When.
    pub created_at: Timestamp,
    /// No longer worked on: no pings, no digests.
    #[serde(default)]
    pub archived: bool,
    /// On which day an empty seat was last spoken of.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub missed_seats: BTreeMap<Role, Date>,
}

/// A chat that belongs to a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoundRoom {
    /// Which chat.
    pub id: RoomId,
    /// Its title when it was bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Who sits in it.
    pub kind: RoomKind,
    /// Since when the bot is no longer in it: nothing can be said there until it is taken in again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Timestamp>,
}

impl BoundRoom {
    /// A room that the bot is in.
    pub fn new(id: RoomId, name: Option<String>, kind: RoomKind) -> Self {
        Self { id, name, kind, left: None }
    }
}

/// Who sits in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomKind {
    /// The team alone.
    Internal,
    /// The customer too: nothing internal is said here.
    Customer,
    /// One person alone with the bot; sees what that person may see.
    Direct,
}

/// Phases of RULES 1, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// 接触.
    Contact,
    /// 启动.
    Kickoff,
    /// 开发.
    Development,
    /// 测试.
    Testing,
    /// 验收.
    Acceptance,
    /// 交付后.
    Aftercare,
    /// 结束.
    Closed,
}

impl Phase {
    /// All, in order.
    pub const ALL: [Phase; 7] = [
        Self::Contact,
        Self::Kickoff,
        Self::Development,
        Self::Testing,
        Self::Acceptance,
        Self::Aftercare,
        Self::Closed,
    ];

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Contact => "接触",
            Self::Kickoff => "启动",
            Self::Development => "开发",
            Self::Testing => "测试",
            Self::Acceptance => "验收",
            Self::Aftercare => "交付后",
            Self::Closed => "结束",
        }
    }

    /// Its English word.
    pub fn english(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Kickoff => "kickoff",
            Self::Development => "development",
            Self::Testing => "testing",
            Self::Acceptance => "acceptance",
            Self::Aftercare => "aftercare",
            Self::Closed => "closed",
        }
    }

    /// The phase of that name, Chinese or English.
    pub fn parse(word: &str) -> Option<Self> {
        let word = word.trim().trim_end_matches("阶段");
        Self::ALL.into_iter().find(|phase| phase.name() == word || phase.english().eq_ignore_ascii_case(word))
    }
}

/// Roles of RULES 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 客户主管.
    CustomerLead,
    /// 项目经理.
    ProjectManager,
    /// 技术对接人.
    TechnicalContact,
    /// 客户代表.
    CustomerRepresentative,
    /// 技术负责人.
    TechnicalLead,
    /// 技术骨干.
    CoreEngineer,
    /// 客户高层.
    CustomerExecutive,
    /// 客户对接人.
    CustomerContact,
    /// 客户技术团队.
    CustomerEngineer,
    /// 签字确认人.
    Signer,
}

/// Whose person holds a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The department's.
    Ours,
    /// The customer's.
    Customer,
    /// Either's.
    Either,
}

impl Role {
    /// All roles: Chinese, English, code.
    pub const ALL: [(Role, &'static str, &'static str); 10] = [
        (Self::CustomerLead, "客户主管", "lead"),
        (Self::ProjectManager, "项目经理", "pm"),
        (Self::TechnicalContact, "技术对接人", "tech"),
        (Self::CustomerRepresentative, "客户代表", "rep"),
        (Self::TechnicalLead, "技术负责人", "techlead"),
        (Self::CoreEngineer, "技术骨干", "engineer"),
        (Self::CustomerExecutive, "客户高层", "executive"),
        (Self::CustomerContact, "客户对接人", "contact"),
        (Self::CustomerEngineer, "客户技术团队", "custeng"),
        (Self::Signer, "签字确认人", "signer"),
    ];

    /// The three seats of the iron triangle.
    pub const TRIANGLE: [Role; 3] = [Self::CustomerLead, Self::ProjectManager, Self::TechnicalContact];

    /// What people call it.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(role, ..)| *role == self).map_or("", |(_, name, _)| name)
    }

    /// The role of that name, Chinese or English.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, chinese, english)| *chinese == word || english.eq_ignore_ascii_case(word))
            .map(|(role, ..)| *role)
    }

    /// Whose person holds it.
    pub fn side(self) -> Side {
        match self {
            Self::CustomerRepresentative
            | Self::CustomerExecutive
            | Self::CustomerContact
            | Self::CustomerEngineer => Side::Customer,
            Self::CustomerLead
            | Self::ProjectManager
            | Self::TechnicalContact
            | Self::TechnicalLead
            | Self::CoreEngineer => Side::Ours,
            Self::Signer => Side::Either,
        }
    }

    /// Whom to call where nobody holds it (RULES 1).
    pub(super) fn next_up(self) -> Option<Self> {
        match self {
            Self::CustomerLead => None,
            Self::ProjectManager => Some(Self::CustomerLead),
            Self::TechnicalLead => Some(Self::TechnicalContact),
            Self::TechnicalContact
            | Self::CustomerRepresentative
            | Self::CoreEngineer
            | Self::CustomerExecutive
            | Self::CustomerContact
            | Self::CustomerEngineer
            | Self::Signer => Some(Self::ProjectManager),
        }
    }
}

impl Project {
    /// The id of its record, which nobody types.
    pub const KEY: Key = Key { letter: <Self as Kind>::LETTER, number: 0 };

    /// A new project with one internal room.
    pub fn found(name: String, room: BoundRoom, by: Person, at: Timestamp) -> Self {
        Self {
            name,
            customer: None,
            industry: None,
            engagement: None,
            phase: Phase::Contact,
            phase_since: at,
            completion: None,
            rooms: vec![room],
            seats: BTreeMap::new(),
            guests: Vec::new(),
            insiders: BTreeMap::new(),
            created_by: by,
            created_at: at,
            archived: false,
            missed_seats: BTreeMap::new(),
        }
    }

    /// Who holds a role, first named first.
    pub fn holders(&self, role: Role) -> &[Person] {
        self.seats.get(&role).map_or(&[], Vec::as_slice)
    }

    /// Whether this person holds this role.
    pub fn holds(&self, person: &PersonId, role: Role) -> bool {
        self.holders(role).iter().any(|holder| holder.id == *person)
    }

    /// Puts `to` in the place of `from` in every seat; whoever sits there already does so once.
    pub fn reseat(&mut self, from: &PersonId, to: &Person) {
        self.seats.values_mut().for_each(|seat| replace(seat, from, to));
    }

    /// The roles of a person.
    pub fn roles_of(&self, person: &PersonId) -> Vec<Role> {
        self.seats
            .iter()
            .filter(|(_, people)| people.iter().any(|p| p.id == *person))
            .map(|(r, _)| *r)
            .collect()
    }

    /// Whether somebody sits in the triangle; until then who made the project stands in for it.
    pub fn has_triangle(&self) -> bool {
        Role::TRIANGLE.iter().any(|role| !self.holders(*role).is_empty())
    }

    /// Whether this person is one of the triangle, or stands in for it.
    pub fn is_triangle(&self, person: &PersonId) -> bool {
        Role::TRIANGLE.iter().any(|role| self.holds(person, *role))
            || (!self.has_triangle() && self.created_by.id == *person)
    }

    /// Whether this person sits here for the customer and not for us.
    pub fn is_customer(&self, person: &PersonId) -> bool {
        let sides: Vec<Side> = self.roles_of(person).into_iter().map(Role::side).collect();
        sides.contains(&Side::Customer) && !sides.contains(&Side::Ours)
    }

    /// The rooms of a kind in which the bot can speak.
    pub fn rooms_of(&self, kind: RoomKind) -> impl Iterator<Item = &BoundRoom> {
        self.rooms.iter().filter(move |room| room.kind == kind && room.left.is_none())
    }

    /// What kind of room this is here; `None` if it is not bound to this project.
    pub fn room_kind(&self, room: &RoomId) -> Option<RoomKind> {
        self.rooms.iter().find(|bound| bound.id == *room).map(|bound| bound.kind)
    }

    /// Everybody known here, each once.
    pub fn people(&self) -> impl Iterator<Item = &Person> {
        let mut known: Vec<&Person> = Vec::new();
        for person in self.seats.values().flatten().chain(&self.guests).chain([&self.created_by]) {
            if !known.iter().any(|other| other.id == person.id) {
                known.push(person);
            }
        }
        known.into_iter()
    }
}

/// Puts `to` in the place of `from`; whoever is among them already stays there once.
pub fn replace(people: &mut Vec<Person>, from: &PersonId, to: &Person) {
    let Some(at) = people.iter().position(|person| person.id == *from) else { return };
    match people.iter().any(|person| person.id == to.id) {
        true => drop(people.remove(at)),
        false => people[at] = to.clone(),
    }
}

impl Kind for Project {
    const LETTER: char = '*';
    const NAME: &'static str = "项目";
    const FIELDS: &'static [(&'static str, &'static str)] = &[
        ("name", "名称"),
        ("customer", "客户"),
        ("industry", "行业"),
        ("engagement", "类型"),
        ("phase", "阶段"),
        ("completion", "完成日"),
        ("archived", "归档"),
    ];
    const SHOWN: &'static [&'static str] = &["客户", "行业", "类型", "阶段", "完成日"];

    fn number(&self) -> u32 {
        0
    }

    fn title(&self) -> String {
        self.name.clone()
    }

    fn state(&self) -> &'static str {
        self.phase.name()
    }

    fn shared(&self) -> bool {
        true
    }

    fn cells(&self) -> Vec<(&'static str, Cell)> {
        let mut cells = vec![("阶段", self.phase.name().into())];
        cells.extend(Role::ALL.map(|(role, name, _)| (name, Cell::people(self.holders(role)))));
        cells
    }

    /// What is asked of the project as a whole was looked at when it was said.
    fn owes(&self, _step: &str) -> bool {
        true
    }
}
