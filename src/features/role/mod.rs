//! Roles: who holds which seat of a project. `/角色 项目经理 @张经理 技术对接人 @李工`.

mod handover;
mod words;

pub use handover::{HandOver, owned, passed_on};
pub use words::titles;

use crate::{
    chat::{Message, Person},
    dossier::{Context, Dossier, Outcome, Refusal, Role, Side},
    grammar::{Args, Command, Form, Object, Rest, Spec, Token, Who},
};

/// How the table calls it.
pub const OBJECT: Object = Object {
    name: "角色",
    english: "role",
    aliases: &[],
    letter: None,
    summary: "谁是客户主管、项目经理、技术对接人……",
};

/// Lists the seats, or fills some.
pub struct Seat {
    args: Args,
}

impl Command for Seat {
    const SPEC: Spec = Spec::new(
        "角色",
        Form::Any,
        "/角色 客户主管 @陈主管 项目经理 @张经理 技术对接人 @李工",
        "定角色，一行可写几个；/角色 看现在的",
    )
    .who(Who::TriangleOnceSet);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self { args })
    }

    fn run(self, dossier: &Dossier, _cx: &Context) -> Result<Outcome, Refusal> {
        let given = read(&self.args, dossier)?;
        if given.is_empty() {
            return Ok(Outcome::reply(seats(dossier)));
        }
        let mut next = dossier.project().clone();
        let mut lines = Vec::new();
        for (role, people) in given {
            let seat = next.seats.entry(role).or_default();
            for person in people {
                if !seat.iter().any(|holder| holder.id == person.id) {
                    seat.push(person);
                }
            }
            let names: Vec<&str> = seat.iter().map(|person| person.name.as_str()).collect();
            let first = if names.len() > 1 { format!("（先找 {}）", names[0]) } else { String::new() };
            lines.push(format!("{} {}{first}", role.name(), names.join("、")));
        }
        let mut reply = Message::text(lines.join(" · "));
        let missing: Vec<&str> = Role::TRIANGLE
            .iter()
            .filter(|role| next.holders(**role).is_empty())
            .map(|role| role.name())
            .collect();
        if !missing.is_empty() {
            reply = reply.line(format!("铁三角还缺：{}", missing.join("、")));
        }
        Ok(Outcome::change(next, format!("定角色：{}", lines.join("，"))).replying(reply))
    }
}

/// The roles of a line with the people behind each: mentioned, or named as the project knows them.
fn read(args: &Args, dossier: &Dossier) -> Result<Vec<(Role, Vec<Person>)>, Refusal> {
    let mut given: Vec<(Role, Vec<Person>)> = Vec::new();
    for token in &args.tokens {
        match token {
            Token::Person(person) => match given.last_mut() {
                Some((_, people)) => people.push(person.clone()),
                None => return Err(Refusal::new(HOW)),
            },
            // `项目经理：张经理、李工`
            Token::Word(word) => {
                for word in word.split([':', '：', ',', '，', '、', ';', '；', '=']) {
                    match Role::parse(word) {
                        Some(role) => given.push((role, Vec::new())),
                        None if word.is_empty() => {}
                        None => {
                            let person = dossier.people().find(|person| person.name == word);
                            match (person, given.last_mut()) {
                                (Some(person), Some((_, people))) => people.push(person.clone()),
                                (Some(_), None) => return Err(Refusal::new(HOW)),
                                (None, Some((role, _))) if nearest(word).is_none() => {
                                    return Err(nobody(word, *role, dossier));
                                }
                                (None, _) => return Err(unknown(word)),
                            }
                        }
                    }
                }
            }
        }
    }
    // The platform does not say where the mentions stood.
    let placed: usize = given.iter().map(|(_, people)| people.len()).sum();
    if placed == 0
        && !args.people.is_empty()
        && let [(_, people)] = given.as_mut_slice()
    {
        people.clone_from(&args.people);
    }
    if let Some((role, _)) = given.iter().find(|(_, people)| people.is_empty()) {
        let name = role.name();
        if !args.people.is_empty() {
            return Err(Refusal::new(format!(
                "这里看不出 @ 的人各是什么角色，没有记录。请一行写一个：/角色 {name} @某人；或直接打名字：/角色 {name} @李工 …"
            )));
        }
        return Err(Refusal::new(format!("{name}是谁？请写：/角色 {name} @某人")));
    }
    Ok(given)
}

const HOW: &str = "请先写角色再写人，例如：/角色 项目经理 @张经理 技术对接人 @李工";

/// A name that nobody has; whoever holds no role yet is the likeliest to be meant.
fn nobody(name: &str, role: Role, dossier: &Dossier) -> Refusal {
    const OFFERED: usize = 3;
    let (project, side) = (dossier.project(), role.side());
    let fits = |person: &&Person| match side {
        Side::Ours => !project.is_customer(&person.id),
        Side::Customer => project.is_customer(&person.id) || project.roles_of(&person.id).is_empty(),
        Side::Either => true,
    };
    let mut people: Vec<&Person> =
        dossier.people().filter(fits).filter(|person| !project.holds(&person.id, role)).collect();
    people.sort_by_key(|person| !project.roles_of(&person.id).is_empty());
    let role = role.name();
    let refusal = Refusal::new(format!(
        "项目里还没有叫「{name}」的人，没有记录。请用平台的 @ 选人：/角色 {role} @{name}"
    ));
    people.iter().take(OFFERED).fold(refusal, |refusal, person| {
        refusal.button(format!("@{}", person.name), format!("/角色 {role} @{}", person.name))
    })
}

/// The role whose name is nearest to a word, if any is near.
fn nearest(word: &str) -> Option<&'static str> {
    let distance = |name: &&str| strsim::damerau_levenshtein(word, name);
    let all = Role::ALL.map(|(_, name, _)| name).into_iter();
    all.filter(|name| distance(name) * 2 <= name.chars().count()).min_by_key(distance)
}

fn unknown(word: &str) -> Refusal {
    let all = Role::ALL.map(|(_, name, _)| name);
    match nearest(word) {
        Some(near) => {
            Refusal::new(format!("没有「{word}」这个角色，没有记录。是不是「{near}」？人请写 @某人"))
        }
        None => {
            Refusal::new(format!("没有「{word}」这个角色，没有记录。可写：{}。人请写 @某人", all.join("、")))
        }
    }
}

fn seats(dossier: &Dossier) -> Message {
    let project = dossier.project();
    let mut message = Message::text(format!("项目「{}」的角色", project.name));
    for (role, name, _) in Role::ALL {
        let holders = project.holders(role);
        let names: Vec<&str> = holders.iter().map(|person| person.name.as_str()).collect();
        if !names.is_empty() {
            message = message.line(format!("{name}：{}", names.join("、")));
        } else if Role::TRIANGLE.contains(&role) {
            message = message.line(format!("{name}：还没有"));
        }
    }
    message.line("设置：/角色 项目经理 @某人；移除：/角色 移除 @某人")
}

/// `/角色 移除 @李工 [技术对接人]`.
pub struct Remove {
    people: Vec<Person>,
    role: Option<Role>,
}

impl Command for Remove {
    const SPEC: Spec = Spec::new(
        "角色",
        Form::Act("移除", "remove"),
        "/角色 移除 @李工 技术对接人",
        "不再担任；不写角色则移除全部角色",
    )
    .rest(Rest::Read)
    .who(Who::TriangleOnceSet);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        let words = args.words();
        let role = match words.trim() {
            "" => None,
            word => Some(Role::parse(word).ok_or_else(|| unknown(word))?),
        };
        if args.people.is_empty() {
            return Err(Refusal::new("移除谁？请写：/角色 移除 @李工"));
        }
        Ok(Self { people: args.people, role })
    }

    fn run(self, dossier: &Dossier, _cx: &Context) -> Result<Outcome, Refusal> {
        let mut next = dossier.project().clone();
        let mut done = Vec::new();
        for (role, seat) in &mut next.seats {
            if self.role.is_none_or(|only| only == *role) {
                for person in &self.people {
                    if let Some(at) = seat.iter().position(|holder| holder.id == person.id) {
                        let gone = seat.remove(at);
                        done.push(format!("{} 不再是{}", gone.name, role.name()));
                        if !next.guests.iter().any(|guest| guest.id == gone.id) {
                            next.guests.push(gone);
                        }
                    }
                }
            }
        }
        next.seats.retain(|_, seat| !seat.is_empty());
        if done.is_empty() {
            let names: Vec<&str> = self.people.iter().map(|person| person.name.as_str()).collect();
            return Err(Refusal::new(format!("{} 没有这个角色", names.join("、"))));
        }
        let reply = Message::text(done.join("，"));
        Ok(Outcome::change(next, done.join("，")).replying(reply))
    }
}
