use crate::{chat::Typed, dossier::RoomKind, features::bench::Bench};

#[test]
fn a_customers_suggestion_is_answered_in_the_room_where_it_was_made() {
    let mut bench = Bench::new("2026-11-23 10:00");
    let reply = bench.say_to_customer("客户陈总", "/建议 登录页加扫码登录");
    assert_eq!(reply, "G1 登录页加扫码登录\n已记下，采纳与否都会给您答复和理由");
    assert_eq!(
        bench.said(),
        ["11-23 10:00 项目群 客户陈总 建议：G1 登录页加扫码登录\n答复：/G1 采纳 理由，或 /G1 谢绝 理由"]
    );
    assert!(bench.say("张经理", "/G1 采纳").starts_with("✗ 采纳要写理由"));
    let reply = bench.say("张经理", "/G1 谢绝 银行要求只用 U 盾登录");
    assert_eq!(reply, "G1 谢绝，已在客户群告诉 客户陈总\n理由：银行要求只用 U 盾登录");
    assert_eq!(
        bench.said(),
        ["11-23 10:00 客户群 @客户陈总 您的建议 G1 登录页加扫码登录：未采纳\n理由：银行要求只用 U 盾登录"]
    );
    assert!(bench.say("张经理", "/G1 采纳 又想做了").starts_with("✗ G1 未采纳，张经理 已经答复过"));
}

#[test]
fn in_the_same_room_the_answer_is_the_reply() {
    let mut bench = Bench::new("2026-11-23 10:00");
    bench.say("赵工", "/建议 每周五下午不开会");
    let reply = bench.say("张经理", "/建议 G1 采纳 从下周开始");
    assert_eq!(reply, "@赵工 您的建议 G1 每周五下午不开会：已采纳\n理由：从下周开始");
    assert_eq!(bench.said(), Vec::<String>::new());
    assert_eq!(bench.say("赵工", "/建议"), "建议 1 条\nG1 每周五下午不开会 · 赵工 · 已采纳");
    assert!(bench.say_to_customer("客户陈总", "/建议").starts_with("还没有建议"));
}

#[test]
fn one_made_in_a_direct_chat_is_answered_there() {
    let mut bench = Bench::new("2026-11-23 10:00");
    bench.hear("赵工", &Typed::plain("/建议 换一个打卡软件"), RoomKind::Direct);
    let reply = bench.say("张经理", "/G1 采纳 已在采购");
    assert_eq!(reply, "G1 采纳，已私下告诉 赵工\n理由：已在采购");
    assert_eq!(bench.said(), ["11-23 10:00 赵工: 您的建议 G1 换一个打卡软件：已采纳\n理由：已在采购"]);
}
