//! Every sentence of accounts.

use super::Identity;
use crate::{
    chat::{Message, Person},
    dossier::Refusal,
};

/// How the log tells of a code.
pub const CODE_LOG: &str = "要关联码";
/// How the log tells of a link.
pub const LINKED_LOG: &str = "关联账号";
/// How the log tells of its end.
pub const UNLINKED_LOG: &str = "取消关联";

/// The code, and what to do with it.
pub fn code(text: &str) -> Message {
    Message::text(format!("关联码 {text}，10 分钟内有效"))
        .line(format!("用另一个平台的账号私聊我：/账号 关联 {text}"))
}

/// Both are one from now on.
pub fn linked(identity: &Identity) -> Message {
    Message::text(format!("已关联：{}", named(identity)))
        .line("以后在哪边说都算同一个人，提醒在哪个群就 @ 哪个账号")
        .button("取消关联", "/账号 取消")
}

/// Which they are.
pub fn shown(identity: Option<&Identity>) -> Message {
    match identity {
        Some(identity) => {
            Message::text(format!("已关联：{}", named(identity))).button("取消关联", "/账号 取消")
        }
        None => Message::text("还没有关联别的账号")
            .line("在两个平台都用我的话，发 /账号 关联 要一个码")
            .button("要码", "/账号 关联"),
    }
}

/// Each is a person of its own again.
pub fn unlinked(identity: &Identity) -> Message {
    let first = identity.accounts.first().map(called).unwrap_or_default();
    Message::text("已取消关联，各算各的").line(format!("关联期间的记录都在 {first} 名下"))
}

pub fn not_linked() -> Refusal {
    Refusal::new("这个账号没有关联别的账号")
}

pub fn not_alone() -> Refusal {
    Refusal::new("请私聊我发这条命令")
}

pub fn no_code() -> Refusal {
    Refusal::new("这里给不出关联码，请在另一个平台私聊我发 /账号 关联")
}

pub fn wrong_code() -> Refusal {
    Refusal::new("关联码不对或已过期，没有关联。请重新要一个：用第一个账号私聊我发 /账号 关联")
}

pub fn same_platform() -> Refusal {
    Refusal::new("码是同一个平台的账号要的，没有关联。请到另一个平台私聊我发这个码")
}

pub fn linked_already() -> Refusal {
    Refusal::new("这个账号已关联过别的账号，没有改。要换，先发 /账号 取消")
}

/// How a project's log tells of it.
pub fn merged_log(person: &Person) -> String {
    format!("{} 关联了另一个账号", person.name)
}

fn named(identity: &Identity) -> String {
    identity.accounts.iter().map(called).collect::<Vec<_>>().join(" = ")
}

fn called(account: &Person) -> String {
    let platform = match account.id.platform() {
        "feishu" => "飞书",
        "dingtalk" => "钉钉",
        other => other,
    };
    format!("{platform} {}", account.name)
}
