//! What is ours alone and was said where customers read along.

use crate::dossier::{Context, Refusal, RoomKind};

/// What was marked as internal where customers read along: where to send it instead.
pub fn not_internal_here(said: &str, cx: &Context) -> Refusal {
    if cx.place.kind != RoomKind::Customer {
        return Refusal::new("内部事项由项目组来记，没有记录。请去掉「!内部」再发");
    }
    let line = said.lines().next().unwrap_or_default();
    Refusal::new("这里客户看得到，不能记内部事项，没有记录。请撤回这条消息，到项目群里发：")
        .line(line.to_owned())
}
