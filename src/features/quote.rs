//! What a plain message says that quotes one of the bot's.

/// Answers that acknowledge and say nothing.
const NODS: [&str; 14] =
    ["好", "好的", "好滴", "收到", "嗯", "嗯嗯", "是", "是的", "可以", "谢谢", "知道了", "ok", "okay", "1"];
/// A longer text is a conversation, not the answer to a question.
const LONGEST: usize = 500;

/// The text as the answer to a question of the bot's; `None` for a nod, a question, or a conversation.
pub(super) fn answer(said: &str) -> Option<&str> {
    let said = said.trim();
    let bare = said.trim_end_matches(['。', '.', '！', '!', '~', '～', ' ']);
    let nod = bare.is_empty() || NODS.iter().any(|nod| nod.eq_ignore_ascii_case(bare));
    (!nod && said.chars().count() <= LONGEST && !said.ends_with(['?', '？'])).then_some(said)
}
