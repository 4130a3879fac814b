//! Every sentence of projects.

use crate::{
    calendar::typed,
    chat::{Message, Person, Tone},
    dossier::{BoundRoom, Context, Dossier, Project, Role, RoomKind},
    features::{acceptance, milestone, role},
    store::Key,
};

/// A project as one message.
pub fn card(dossier: &Dossier, cx: &Context) -> Message {
    let project = dossier.project();
    let mut message = Message::text(headline(project));
    let facts: Vec<String> = [
        project.customer.as_ref().map(|customer| format!("客户 {customer}")),
        project.engagement.clone(),
        project
            .completion
            .map(|date| format!("计划完成 {}", typed::echo_date(date, cx.now, &cx.rules.calendar))),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !facts.is_empty() {
        message = message.line(facts.join(" · "));
    }
    message = milestone::summary(dossier, cx).into_iter().fold(message, Message::line);
    message = acceptance::words::card(dossier, cx).into_iter().fold(message, Message::line);
    let seats: Vec<String> = Role::ALL
        .iter()
        .filter(|(role, ..)| !project.holders(*role).is_empty())
        .map(|(role, name, _)| format!("{name} {}", names(project, *role)))
        .collect();
    if !seats.is_empty() {
        message = message.line(seats.join(" · "));
    }
    let missing: Vec<&str> = Role::TRIANGLE
        .iter()
        .filter(|role| project.holders(**role).is_empty())
        .map(|role| role.name())
        .collect();
    if !missing.is_empty() {
        message = message.line(format!("还没有{}：/角色 {} @某人", missing.join("、"), missing[0]));
    }
    if cx.sees_internal(dossier) {
        let rooms: Vec<String> = project
            .rooms
            .iter()
            .map(|room| {
                let kind = if room.kind == RoomKind::Customer { "客户群" } else { "项目群" };
                // What the configuration calls a room by, for whoever writes it.
                let mut id = if cx.admin { format!(" {}", room.id.raw()) } else { String::new() };
                if room.left.is_some() {
                    id.push_str("（我已不在群里）");
                }
                match &room.name {
                    Some(name) => format!("{kind}「{name}」{id}"),
                    None => format!("{kind}{id}"),
                }
            })
            .collect();
        message = message.line(rooms.join("、"));
    }
    message
}

fn headline(project: &Project) -> String {
    let archived = if project.archived { " · 已归档" } else { "" };
    format!("项目「{}」 · {}阶段{archived}", project.name, project.phase.name())
}

/// One line of a list.
pub fn listed(dossier: &Dossier) -> String {
    let project = dossier.project();
    let open = dossier.records().filter(|(_, record)| !record.open(dossier).is_empty()).count();
    let customer = project.customer.as_ref().map(|customer| format!(" · {customer}")).unwrap_or_default();
    let outcome = acceptance::words::brief(dossier).map(|brief| format!(" · {brief}")).unwrap_or_default();
    format!("{}{customer} · {} · 未了结 {open} 件{outcome}", project.name, project.phase.name())
}

fn names(project: &Project, role: Role) -> String {
    project.holders(role).iter().map(|person| person.name.as_str()).collect::<Vec<_>>().join("、")
}

/// What is known of a project after somebody changed it.
pub fn described(project: &Project, known_customer: bool) -> Message {
    let facts = [("客户", &project.customer), ("行业", &project.industry), ("类型", &project.engagement)];
    let facts = facts.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", value.as_ref()?)));
    let message =
        Message::text(format!("项目「{}」已修改", project.name)).line(facts.collect::<Vec<_>>().join(" · "));
    match &project.customer {
        Some(customer) if !known_customer => message.line(unregistered(customer)),
        _ => message,
    }
}

/// The bot is no longer in a room of the project; `goes_on`: it still speaks in another of the team's.
pub fn gone(room: &BoundRoom, goes_on: bool) -> Message {
    let message =
        Message::text(format!("我已不在{}里：被移出，或群已解散", called(room))).tone(Tone::Warning);
    let message = match room.kind {
        RoomKind::Customer => message.line("客户在那里收不到纪要、周报和调查"),
        RoomKind::Internal | RoomKind::Direct if goes_on => message,
        RoomKind::Internal | RoomKind::Direct => message.line("提醒先改为私聊负责人"),
    };
    message.line("拉我回群即恢复，不用重新绑定")
}

/// How the log tells of it.
pub fn gone_log(room: &BoundRoom) -> String {
    format!("机器人离开{}", called(room))
}

/// The bot is in the room again.
pub fn back(kind: RoomKind, project: &str) -> Message {
    let what = if kind == RoomKind::Customer { "客户群" } else { "项目群" };
    Message::text(format!("我回来了，本群仍是项目「{project}」的{what}"))
}

/// How the log tells of it.
pub fn back_log(room: &BoundRoom) -> String {
    format!("机器人回到{}", called(room))
}

/// How the log tells of another title.
pub fn renamed_log(name: &str) -> String {
    format!("群改名为「{name}」")
}

/// People who are not ours came into a room of the team.
pub fn came(strangers: &[&Person], project: &Project, room: &BoundRoom) -> Message {
    let names: Vec<String> = strangers
        .iter()
        .map(|person| match project.is_customer(&person.id) {
            true => format!("{}（{}）", person.name, role_names(&project.roles_of(&person.id))),
            false => format!("{}（外部人员）", person.name),
        })
        .collect();
    Message::text(format!("{} 进了{}", names.join("、"), called(room)))
        .line("那里会说到内部风险和升级提醒。不该在的请移出；客户请用客户群")
        .tone(Tone::Warning)
}

/// Somebody with a role or with open items left; with what they own, and who could take it.
pub fn left(
    person: &Person,
    roles: &[Role],
    room: Option<&BoundRoom>,
    (owned, heirs): (&[Key], &[&Person]),
    dossier: &Dossier,
) -> Message {
    const OFFERED: usize = 3;
    let name = &person.name;
    let seat = if roles.is_empty() { String::new() } else { format!("（{}）", role_names(roles)) };
    let message = Message::text(match room {
        Some(room) => format!("{name}{seat}已不在{}里", called(room)),
        None => format!("{name}{seat}已不在企业通讯录里"),
    });
    let message = match owned.is_empty() {
        true => message,
        false => message.line(format!("名下未了结 {} 项：{}", owned.len(), role::titles(owned, dossier))),
    };
    let message = message.tone(Tone::Warning).line(format!("换人：/角色 交接 {name} 接手人"));
    heirs.iter().take(OFFERED).fold(message, |message, heir| {
        message.button(format!("交给 {}", heir.name), format!("/角色 交接 {name} {}", heir.name))
    })
}

fn role_names(roles: &[Role]) -> String {
    roles.iter().map(|role| role.name()).collect::<Vec<_>>().join("、")
}

fn called(room: &BoundRoom) -> String {
    let kind = if room.kind == RoomKind::Customer { "客户群" } else { "项目群" };
    room.name.as_ref().map_or_else(|| kind.to_owned(), |name| format!("{kind}「{name}」"))
}

fn unregistered(customer: &str) -> String {
    format!("新客户，已登记；补上级别和主管：/客户 新建 {customer} 级别:A 主管:@某人")
}

/// What a new project still needs.
pub fn founded(dossier_name: &str, project: &Project, known_customer: bool) -> Message {
    let mut message =
        Message::text(format!("项目「{dossier_name}」已建立，本群为项目群 · {}阶段", project.phase.name()));
    if let Some(customer) = &project.customer {
        message = message.line(format!("客户 {customer}"));
        if !known_customer {
            message = message.line(unregistered(customer));
        }
    }
    message
        .line("下一步，定角色：/角色 客户主管 @某人 项目经理 @某人 技术对接人 @某人")
        .line(format!("客户所在的群里发：/项目 绑定 {dossier_name} 客户群"))
}
