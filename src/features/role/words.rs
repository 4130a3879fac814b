//! Every sentence of handing over.

use crate::{
    chat::{Message, Person, short},
    dossier::{Dossier, Refusal, Role},
    store::Key,
};

/// How many records are named before the rest is counted.
const NAMED: usize = 5;

/// How the log tells of it.
pub fn log(from: &Person, to: &Person) -> String {
    format!("{} 交接给 {}", from.name, to.name)
}

/// The answer.
pub fn handed_over(from: &Person, to: &Person, roles: &[Role], owned: &[Key], dossier: &Dossier) -> Message {
    let mut message = Message::text(format!("{} 的事已交给 {}", from.name, to.name));
    if !roles.is_empty() {
        let names: Vec<&str> = roles.iter().map(|role| role.name()).collect();
        message = message.line(format!("角色：{}", names.join("、")));
    }
    match owned.is_empty() {
        true => message,
        false => message.line(format!("{} 项：{}", owned.len(), titles(owned, dossier))),
    }
}

/// What the new owner is told.
pub fn taken_over(from: &Person, owned: &[Key], dossier: &Dossier) -> Message {
    Message::text(format!("您接手 {} 的 {} 项：{}", from.name, owned.len(), titles(owned, dossier)))
        .line("全部看 /我的")
}

/// The first few records by id and title.
pub fn titles(keys: &[Key], dossier: &Dossier) -> String {
    let title = |key: &Key| dossier.record(*key).map(|record| short(&record.title())).unwrap_or_default();
    let named: Vec<String> = keys.iter().take(NAMED).map(|key| format!("{key} {}", title(key))).collect();
    let rest = if keys.len() > NAMED { " 等" } else { "" };
    format!("{}{rest}", named.join("、"))
}

pub fn nothing_to_hand_over(from: &Person) -> Refusal {
    Refusal::new(format!("{} 没有角色，名下也没有未了结的事", from.name))
}

pub fn other_side(from: &Person, to: &Person) -> Refusal {
    Refusal::new(format!("{} 和 {} 一个是我方、一个是客户方，不能交接，没有改", from.name, to.name))
}

pub fn nobody(name: &str) -> Refusal {
    Refusal::new(format!(
        "项目里没有叫「{name}」的人，没有改。新来的人请用平台的 @ 选：/角色 交接 李工 @赵工"
    ))
}

pub fn two_of_that_name(name: &str) -> Refusal {
    Refusal::new(format!("叫「{name}」的不止一人，没有改。请用平台的 @ 选人"))
}

/// `lost`: two were mentioned, but the platform does not say in which order.
pub fn how(lost: bool) -> Refusal {
    match lost {
        true => Refusal::new("这里看不出谁交给谁，没有改。请直接打名字：/角色 交接 李工 赵工"),
        false => Refusal::new("谁交给谁？请写：/角色 交接 李工 赵工，前一位的事交给后一位"),
    }
}
