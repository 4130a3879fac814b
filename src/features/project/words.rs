//! Every sentence of projects.

use crate::{
    calendar::typed,
    chat::Message,
    dossier::{Context, Dossier, Project, Role, RoomKind},
    features::{acceptance, milestone},
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
                let id = if cx.admin { format!(" {}", room.id.raw()) } else { String::new() };
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
