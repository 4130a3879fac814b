//! The accounts of one person on several platforms. Whoever links two is one person to every project: what is heard
//! from any of them counts for the first, and a mention goes to the one that its room can reach.
//!
//! To link them, the person asks for a code with one account and says it with the other, each alone with the bot: so
//! nobody is linked to an account that is not theirs.

mod merge;
mod words;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use merge::merged;

use crate::{
    chat::{Person, PersonId},
    dossier::{Context, Dossier, Kind, Outcome, Record, Refusal, RoomKind},
    grammar::{Args, Command, Form, Object, On, Rest, Spec},
};

/// How the table calls it.
pub const OBJECT: Object = Object {
    name: "账号",
    english: "account",
    aliases: &["帐号"],
    letter: None,
    summary: "把同一个人在飞书和钉钉的账号关联起来",
};

/// How long a code can be used.
const CODE_HOLDS: SignedDuration = SignedDuration::from_mins(10);

/// Accounts that are one person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// Its number in the registry.
    pub number: u32,
    /// The accounts, one of each platform; the first is the one that records name.
    pub accounts: Vec<Person>,
    /// What links the next one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
}

/// A code that links one more account, once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Code {
    /// What is to be said.
    pub text: String,
    /// From when on it is worth nothing.
    pub until: Timestamp,
}

impl Identity {
    fn of<'a>(person: &PersonId, registry: &'a Dossier) -> Option<&'a Self> {
        registry.all::<Self>().find(|identity| identity.accounts.iter().any(|account| account.id == *person))
    }
}

impl Kind for Identity {
    const LETTER: char = '@';
    const NAME: &'static str = "账号";
    const FIELDS: &'static [(&'static str, &'static str)] = &[];

    fn number(&self) -> u32 {
        self.number
    }

    fn title(&self) -> String {
        self.accounts.first().map(|account| account.name.clone()).unwrap_or_default()
    }

    fn state(&self) -> &'static str {
        if self.accounts.len() > 1 { "已关联" } else { "未关联" }
    }

    fn shared(&self) -> bool {
        false
    }
}

/// `/账号`: which accounts count as the asker.
pub struct Show;

impl Command for Show {
    const SPEC: Spec = Spec::new("账号", Form::List, "/账号", "看我关联了哪些账号").on(On::Registry);

    fn parse(_args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn run(self, _dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        alone(cx)?;
        Ok(Outcome::reply(words::shown(linked(cx))))
    }
}

/// `/账号 关联`: gives a code; with the code, said by the other account: they are one person.
pub struct Link {
    code: String,
}

impl Command for Link {
    const SPEC: Spec = Spec::new(
        "账号",
        Form::Act("关联", "link"),
        "/账号 关联",
        "先在一个平台私聊我要码，再到另一个平台私聊我：/账号 关联 码",
    )
    .rest(Rest::Read)
    .on(On::Registry);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self { code: args.words().trim().to_ascii_uppercase() })
    }

    fn run(self, _dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        alone(cx)?;
        if self.code.is_empty() { give_code(cx) } else { link(&self.code, cx) }
    }
}

/// `/账号 取消`: the account that says it is a person of its own again.
pub struct Unlink;

impl Command for Unlink {
    const SPEC: Spec =
        Spec::new("账号", Form::Act("取消", "unlink"), "/账号 取消", "取消关联，各算各的").on(On::Registry);

    fn parse(_args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn run(self, _dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        alone(cx)?;
        let identity = linked(cx).ok_or_else(words::not_linked)?;
        let next = Identity { accounts: identity.accounts[..1].to_vec(), code: None, ..identity.clone() };
        Ok(Outcome::change(next, words::UNLINKED_LOG).replying(words::unlinked(identity)))
    }
}

/// Whose accounts nobody else may read.
fn alone(cx: &Context) -> Result<(), Refusal> {
    if cx.place.kind == RoomKind::Direct { Ok(()) } else { Err(words::not_alone()) }
}

fn linked<'a>(cx: &Context<'a>) -> Option<&'a Identity> {
    Identity::of(&cx.actor.id, cx.registry).filter(|identity| identity.accounts.len() > 1)
}

fn give_code(cx: &Context) -> Result<Outcome, Refusal> {
    // Nobody else knows the id of a message that was said to the bot alone.
    let Some(message) = cx.message else { return Err(words::no_code()) };
    let digest = Sha256::digest(format!("{}\n{}\n{}", message.0, cx.account.0, cx.now));
    let text: String =
        digest.iter().take(8).map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    let code = Some(Code { text: text.clone(), until: cx.now.checked_add(CODE_HOLDS).unwrap_or(cx.now) });
    let next = match Identity::of(&cx.actor.id, cx.registry) {
        Some(identity) => Identity { code, ..identity.clone() },
        None => Identity {
            number: Outcome::default().next_number::<Identity>(cx.registry),
            accounts: vec![cx.actor.clone()],
            code,
        },
    };
    Ok(Outcome::change(next, words::CODE_LOG).replying(words::code(&text)))
}

/// Without the signs that are taken for each other.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

fn link(code: &str, cx: &Context) -> Result<Outcome, Refusal> {
    let holds = |code_: &&Code| code_.until > cx.now && code_.text == code;
    let identity =
        cx.registry.all::<Identity>().find(|identity| identity.code.as_ref().filter(holds).is_some());
    let identity = identity.ok_or_else(words::wrong_code)?;
    let platform = cx.account.platform();
    if identity.accounts.iter().any(|account| account.id.platform() == platform) {
        return Err(words::same_platform());
    }
    if linked(cx).is_some() {
        return Err(words::linked_already());
    }
    let mut next = Identity { code: None, ..identity.clone() };
    next.accounts.push(cx.actor.clone());
    let reply = words::linked(&next);
    let mut outcome = Outcome::change(next, words::LINKED_LOG).replying(reply);
    // A code of this account's own that was never used.
    if let Some(own) = Identity::of(&cx.actor.id, cx.registry) {
        outcome.removed.push(Record::key(own));
    }
    Ok(outcome)
}
