//! `/项目 绑定` and `/项目 解绑`: which chats belong to a project.

use crate::{
    chat::{Message, ONE_WAY, RoomId},
    dossier::{BoundRoom, Context, Dossier, Hearing, Outcome, Refusal, RoomKind, Say},
    grammar::{Args, Command, Form, KeySpec, On, Rest, Spec, Who},
};

/// The key that names a room which is only spoken into.
const ONE_WAY_ROOM: &str = "群";

/// `/项目 绑定 远山支付 客户群`: this room belongs to that project.
pub struct Bind {
    kind: RoomKind,
    /// The configured room that becomes the customer room, in place of this one.
    one_way: Option<BoundRoom>,
}

impl Command for Bind {
    const SPEC: Spec = Spec::new(
        "项目",
        Form::Act("绑定", "bind"),
        "/项目 绑定 远山支付 客户群",
        "把本群绑到项目，写「客户群」则是客户所在的群；在项目群发 /项目 绑定 群:\"名称\" 用只能发言的群当客户群",
    )
    .keys(&[KeySpec::text(ONE_WAY_ROOM, "room")])
    .rest(Rest::Read)
    .who(Who::Triangle)
    .on(On::Named);

    fn parse(args: Args, cx: &Context) -> Result<Self, Refusal> {
        let one_way = args.key(ONE_WAY_ROOM).map(|name| configured(name, cx)).transpose()?;
        let customer = one_way.is_some() || args.text.trim_end().ends_with("客户群");
        Ok(Self { kind: if customer { RoomKind::Customer } else { RoomKind::Internal }, one_way })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        if cx.place.kind == RoomKind::Direct {
            return Err(Refusal::new("请在要绑定的群里发这条命令"));
        }
        if let Some(room) = self.one_way {
            return bind_one_way(room, dossier, cx);
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
        next.rooms.push(BoundRoom::new(cx.place.room.clone(), cx.place.name.clone(), self.kind));
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

/// The configured room of that name.
fn configured(name: &str, cx: &Context) -> Result<BoundRoom, Refusal> {
    let rooms = &cx.rules.one_way_rooms;
    if rooms.iter().any(|room| room == name) {
        let id = RoomId::new(ONE_WAY, name);
        return Ok(BoundRoom::new(id, Some(name.to_owned()), RoomKind::Customer));
    }
    let refusal = Refusal::new(format!("没有叫「{name}」的只发言群"));
    match rooms.is_empty() {
        true => Err(refusal.line("请管理员先在配置里写 [[webhook_room]]：群名、机器人地址、密钥")),
        false => Err(refusal.line(format!("配置里有：{}", rooms.join("、")))),
    }
}

fn bind_one_way(room: BoundRoom, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
    if cx.place.kind != RoomKind::Internal {
        return Err(Refusal::new("请在项目群里发这条命令"));
    }
    let mut next = dossier.project().clone();
    let name = room.name.clone().unwrap_or_default();
    if next.room_kind(&room.id).is_some() {
        return Err(Refusal::new(format!("「{name}」已是项目「{}」的客户群", next.name)));
    }
    next.rooms.push(room);
    let reply = Message::text(format!("「{name}」是项目「{}」的客户群，只能由我发言", next.name))
        .line("周报、纪要和答复发到那里；客户在那里说的话我听不到，需求和工单请代记");
    Ok(Outcome::change(next, "绑定客户群").replying(reply))
}

/// `/项目 解绑`: this room no longer belongs to its project.
pub struct Unbind {
    one_way: Option<String>,
}

impl Command for Unbind {
    const SPEC: Spec = Spec::new(
        "项目",
        Form::Act("解绑", "unbind"),
        "/项目 解绑",
        "本群不再属于项目；群:\"名称\" 解绑只发言的群",
    )
    .keys(&[KeySpec::text(ONE_WAY_ROOM, "room")])
    .who(Who::Triangle);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self { one_way: args.key(ONE_WAY_ROOM).map(str::to_owned) })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let mut next = dossier.project().clone();
        let name = next.name.clone();
        let gone = match &self.one_way {
            Some(name) => RoomId::new(ONE_WAY, name),
            None => cx.place.room.clone(),
        };
        next.rooms.retain(|room| room.id != gone);
        if next.rooms.len() == dossier.project().rooms.len() {
            return Err(match &self.one_way {
                Some(room) => Refusal::new(format!("「{room}」不是项目「{name}」的群")),
                None => Refusal::new("请在要解绑的群里发这条命令"),
            });
        }
        if next.rooms.is_empty() && !next.archived {
            return Err(Refusal::new(format!(
                "这是项目「{name}」唯一的群，解绑后没有地方提醒。不再用的项目请先 /项目 归档"
            )));
        }
        let room = self.one_way.map_or_else(|| "本群".to_owned(), |room| format!("「{room}」"));
        Ok(Outcome::change(next, "解绑群").replying(Message::text(format!("{room}已不属于项目「{name}」"))))
    }
}
