//! `/项目 绑定` and `/项目 解绑`: which chats belong to a project.

use crate::{
    chat::Message,
    dossier::{BoundRoom, Context, Dossier, Hearing, Outcome, Refusal, RoomKind, Say},
    grammar::{Args, Command, Form, On, Rest, Spec, Who},
};

/// `/项目 绑定 远山支付 客户群`: this room belongs to that project.
pub struct Bind {
    kind: RoomKind,
}

impl Command for Bind {
    const SPEC: Spec = Spec::new(
        "项目",
        Form::Act("绑定", "bind"),
        "/项目 绑定 远山支付 客户群",
        "把本群绑到项目，写「客户群」则是客户所在的群",
    )
    .rest(Rest::Read)
    .who(Who::Triangle)
    .on(On::Named);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        let customer = args.text.trim_end().ends_with("客户群");
        Ok(Self { kind: if customer { RoomKind::Customer } else { RoomKind::Internal } })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        if cx.place.kind == RoomKind::Direct {
            return Err(Refusal::new("请在要绑定的群里发这条命令"));
        }
        let mut next = dossier.project().clone();
        let name = next.name.clone();
        let what = if self.kind == RoomKind::Customer { "客户群" } else { "项目群" };
        if let Some(bound) = next.room_kind(&cx.place.room) {
            if bound == self.kind {
                return Err(Refusal::new(format!("本群已是项目「{name}」的{what}")));
            }
            return Err(Refusal::new(format!("本群已绑到项目「{name}」。要改，先 /项目 解绑")));
        }
        next.rooms.push(BoundRoom {
            id: cx.place.room.clone(),
            name: cx.place.name.clone(),
            kind: self.kind,
        });
        let reply = match self.kind {
            RoomKind::Customer => Message::text(format!("本群是项目「{name}」的客户群"))
                .line("客户可以在这里提需求和工单；内部风险和升级提醒不会出现在这里"),
            RoomKind::Internal | RoomKind::Direct => Message::text(format!("本群是项目「{name}」的项目群")),
        };
        let room = cx.place.name.clone().unwrap_or_else(|| "一个群".into());
        let told = Message::text(format!("{} 把「{room}」绑定为{what}", cx.actor.name));
        let first = dossier.project().rooms_of(RoomKind::Internal).next().is_some();
        let mut outcome = Outcome::change(next, format!("绑定{what}")).replying(reply);
        if first && self.kind == RoomKind::Customer {
            outcome =
                outcome.saying(Say::Announce { hearing: Hearing::Internal, message: told, about: None });
        }
        Ok(outcome)
    }
}

/// `/项目 解绑`: this room no longer belongs to its project.
pub struct Unbind;

impl Command for Unbind {
    const SPEC: Spec =
        Spec::new("项目", Form::Act("解绑", "unbind"), "/项目 解绑", "本群不再属于项目").who(Who::Triangle);

    fn parse(_args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let mut next = dossier.project().clone();
        let name = next.name.clone();
        next.rooms.retain(|room| room.id != cx.place.room);
        if next.rooms.len() == dossier.project().rooms.len() {
            return Err(Refusal::new("请在要解绑的群里发这条命令"));
        }
        if next.rooms.is_empty() && !next.archived {
            return Err(Refusal::new(format!(
                "这是项目「{name}」唯一的群，解绑后没有地方提醒。不再用的项目请先 /项目 归档"
            )));
        }
        Ok(Outcome::change(next, "解绑群").replying(Message::text(format!("本群已不属于项目「{name}」"))))
    }
}
