//! `/帮助`, from the table that parses.

use crate::{
    dossier::{Context, Dossier, Outcome, Refusal},
    features::{OBJECTS, help},
    grammar::{self, Args, Command, Form, Object, On, Spec},
};

/// How the table calls it.
pub const OBJECT: Object = Object {
    name: "帮助",
    english: "help",
    aliases: &["?", "？", "菜单"],
    letter: None,
    summary: "所有命令；/帮助 工单 看一个命令的全部写法",
};

/// Shows help.
pub struct Help {
    about: String,
}

impl Command for Help {
    const SPEC: Spec = Spec::new("帮助", Form::Any, "/帮助 工单", "一个命令的全部写法").on(On::Nothing);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self { about: args.text })
    }

    fn run(self, _dossier: &Dossier, _cx: &Context) -> Result<Outcome, Refusal> {
        // `/帮助 工单 响应` asks for the same as `/帮助 工单`.
        let word = self.about.split_whitespace().next().unwrap_or_default();
        let word = word.trim_start_matches(['/', '／']);
        if word.is_empty() {
            return Ok(Outcome::reply(help(None)));
        }
        if let Some(object) = OBJECTS.iter().find(|object| object.is_called(word)) {
            return Ok(Outcome::reply(help(Some(object))));
        }
        let refusal = Refusal::new(match grammar::nearest(word, OBJECTS) {
            Some(object) => format!("没有「{word}」这个命令。是不是 /帮助 {}？", object.name),
            None => format!("没有「{word}」这个命令。全部命令：/帮助"),
        });
        Err(refusal.button("全部命令", "/帮助"))
    }
}
