//! `/变更`: the open ones and the reasons counted. `/变更 C3`: one of them.

use super::{ChangeRequest, Reason, change, file::read_reason, sheet, words};
use crate::{
    chat::Message,
    dossier::{Context, Dossier, Outcome, Refusal},
    features::{listing, requirement::links},
    grammar::{Args, Command, Form, KeySpec, Spec},
};

/// Lists changes.
pub struct List;

impl Command for List {
    const SPEC: Spec = Spec::new("变更", Form::List, "/变更 列表", "未决的变更，和全部变更的原因统计");

    fn parse(_args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let all: Vec<&ChangeRequest> =
            dossier.all::<ChangeRequest>().filter(|change| change.is_seen(dossier, cx)).collect();
        if all.is_empty() {
            return Ok(Outcome::reply(Message::text(
                "没有变更。提一个：/变更 R12 支持部分退款 原因:市场变化",
            )));
        }
        let open = all.iter().filter(|change| change.is_open());
        let lines = open.map(|change| sheet::listed(change, dossier, cx)).collect();
        let message = listing("变更", lines, Message::text("没有未决的变更"));
        Ok(Outcome::reply(message.line(sheet::counted(&all))))
    }
}

/// Shows a change; with a reason it fills that in.
pub struct Show {
    number: u32,
    reason: Option<Reason>,
    text: String,
}

impl Command for Show {
    const SPEC: Spec = Spec::new("变更", Form::Id, "/变更 C3", "看一个变更；/变更 C3 原因:市场变化 补上原因")
        .keys(&[KeySpec::text("原因", "reason")]);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        let reason = args.key("原因").map(read_reason).transpose()?;
        Ok(Self { number: args.number(), reason: reason.map(|(reason, _)| reason), text: args.words() })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = change(dossier, self.number)?;
        let number = self.number;
        if !self.text.is_empty() {
            return Err(Refusal::new(format!(
                "看不懂「{}」，没有记录。写影响：{}；表决：/变更 C{number} 同意；全部写法：/帮助 变更",
                self.text,
                words::assess_line(number)
            )));
        }
        let Some(reason) = self.reason else {
            return Ok(Outcome::reply(links::on_card(
                sheet::shown(before, dossier, cx),
                before,
                dossier,
                cx,
            )));
        };
        if before.by.id != cx.actor.id && !cx.is_triangle(dossier) {
            let by = &before.by.name;
            return Err(Refusal::new(format!("C{number} 的原因须由提出人 {by} 或铁三角来写")));
        }
        if before.reason == Some(reason) {
            return Err(Refusal::new(format!("C{number} 的原因已经是{}，没有改", reason.name())));
        }
        let mut next = before.clone();
        next.reason = Some(reason);
        let reply = Message::text(format!("{} 的原因：{}", words::name(&next), reason.name()));
        Ok(Outcome::change(next, format!("写明原因：{}", reason.name())).replying(reply))
    }
}
