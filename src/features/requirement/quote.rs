//! A plain answer to the bot's message about a requirement fills the scenario question that is next.

use super::{Requirement, State, words};
use crate::dossier::{Context, Dossier, Outcome};

/// Answers that acknowledge and say nothing.
const NODS: [&str; 14] =
    ["好", "好的", "好滴", "收到", "嗯", "嗯嗯", "是", "是的", "可以", "谢谢", "知道了", "ok", "okay", "1"];
/// A longer text is a conversation, not the answer to a question.
const LONGEST: usize = 500;

/// What a plain message `said` that quotes a message about this requirement does; `None`: nothing.
pub fn answer_by_quote(number: u32, said: &str, dossier: &Dossier, cx: &Context) -> Option<Outcome> {
    let before = dossier.find::<Requirement>(number)?;
    let open = matches!(before.state, State::Collected | State::Analysing | State::AwaitingConfirmation);
    let said = said.trim();
    let bare = said.trim_end_matches(['。', '.', '！', '!', '~', '～', ' ']);
    let nod = bare.is_empty() || NODS.iter().any(|nod| nod.eq_ignore_ascii_case(bare));
    let seen = before.shared || cx.sees_internal(dossier);
    if !open || !seen || nod || said.chars().count() > LONGEST || said.ends_with(['?', '？']) {
        return None;
    }
    let name = before.unanswered().first().copied()?;
    let mut next = before.clone().heard(dossier, cx);
    next.fields.insert(name.to_owned(), said.to_owned());
    let next = next.advanced(cx.now, cx.rules);
    let reply = words::answered(&next, name);
    Some(Outcome::change(next, format!("补充{name}")).replying(reply))
}
