use super::*;
use crate::{
    chat::Typed,
    dossier::{Record, RoomKind},
    features::{
        action::ActionItem,
        bench::{Bench, at, person},
        risk::Risk,
    },
};

/// A meeting of Monday 10:00-11:00 that has just ended.
fn held() -> Bench {
    let mut bench = Bench::new("2026-11-23 09:00");
    bench.say("张经理", "/会议 项目例会 今天10点-11点 @李工");
    let said = bench.until("2026-11-23 11:00");
    assert_eq!(said[1], "11-23 11:00 →张经理 M1 项目例会 已结束，请在 11月24日 周二 11:00 前交纪要");
    bench
}

const LINES: &str = "/纪要 M1\n决议: 退款走原路返回\n待办: 出退款接口文档 @李工 周四\n待办：准备压测环境 11月30日\n\
                     风险: 第三方接口延迟，测试可能推迟2天 方案:已协调优先处理 !高\n风险: 人手不足 !内部\n待确认: 手续费由谁承担";

#[test]
fn reminders_come_before_and_the_breach_at_the_very_second() {
    let mut bench = held();
    // 23:00 and 07:00 wait for the morning, and are one.
    assert_eq!(
        bench.until("2026-11-24 10:59:59"),
        [
            "11-24 07:00 →张经理 M1 项目例会 纪要还有 2 小时 30 分 到时限",
            "11-24 10:00 →张经理 M1 项目例会 纪要还有 1 小时 到时限",
        ]
    );
    let mut punctual = Bench::new("2026-11-24 10:59:59");
    punctual.dossier = bench.dossier.clone();
    assert!(punctual.say("张经理", LINES).starts_with("M1 项目例会 纪要已归档\n"));
    punctual.said();
    assert_eq!(bench.until("2026-11-24 11:00"), ["11-24 11:00 →张经理 王主管 M1 项目例会 纪要超时未交"]);
    let meeting = bench.dossier.find::<Meeting>(1).unwrap();
    assert_eq!(meeting.minutes.breached, Some(at("2026-11-24 11:00")));
    assert_eq!(
        bench.until("2026-11-25 12:00"),
        ["11-25 11:00 →张经理 王主管 M1 项目例会 纪要超时未交，已超 1 天"]
    );
    let reply = bench.say("张经理", LINES);
    assert!(reply.starts_with("M1 项目例会 纪要已归档，迟交 1 天 1 小时"), "{reply}");
    bench.said();
    assert!(!bench.until("2026-11-26 12:00").iter().any(|line| line.contains("纪要")));
}

#[test]
fn a_breach_on_a_holiday_is_kept_but_speaks_once() {
    let mut bench = Bench::new("2026-11-27 09:00");
    bench.say("张经理", "/会议 例会 今天16点-17点");
    bench.until("2026-11-27 17:00");
    let said = bench.until("2026-11-30 09:00");
    assert_eq!(said, ["11-29 17:00 →张经理 王主管 M1 例会 纪要超时未交，已超 1 天 15 小时"]);
    assert_eq!(bench.dossier.find::<Meeting>(1).unwrap().minutes.breached, Some(at("2026-11-28 17:00")));
}

#[test]
fn an_excuse_needs_a_reason_and_silences() {
    let mut bench = held();
    assert!(bench.say("张经理", "/纪要 M1 豁免").contains("豁免要写原因"));
    assert!(bench.say("张经理", "/纪要 M1 豁免 临时沟通").starts_with("M1 项目例会 不用交纪要"));
    assert_eq!(bench.until("2026-12-01 12:00"), Vec::<String>::new());
    let meeting = bench.dossier.find::<Meeting>(1).unwrap();
    assert!(!crate::dossier::Kind::owes(meeting, STEP) && Record::state(meeting) == "免交纪要");
}

#[test]
fn one_message_files_everything_and_points_out_what_is_missing() {
    let mut bench = held();
    let reply = bench.say("张经理", LINES);
    assert_eq!(
        reply,
        "M1 项目例会 纪要已归档\n决议 1 · 待办 2 · 风险 2 · 待确认 1\n\
         决议：退款走原路返回\n\
         待办：A1 出退款接口文档 · @李工 · 11月26日 周四 18:00 前\n\
         待办：A2 准备压测环境 · 负责人未定 · 11月30日 周一 18:00 前\n\
         风险：K1 第三方接口延迟，测试可能推迟2天 · 高 · 方案：已协调优先处理\n\
         风险：K2 人手不足 · 中 · 内部\n待确认：手续费由谁承担\n\
         A2 缺负责人，补上：/待办 A2 负责:@某人\n\
         K2 缺应对方案，不会告诉客户。补上：/K2 方案 …"
    );
    // The answer is the room's copy; the customer hears of the high risk alone.
    let said = bench.said();
    assert!(said.len() == 1 && said[0].starts_with("11-23 11:00 客户群 风险提示"), "{said:?}");
    assert_eq!(bench.dossier.find::<ActionItem>(1).unwrap().source.as_deref(), Some("M1"));
    assert!(bench.say("李工", "/纪要 M1").contains("风险：K2 人手不足"));
    assert!(bench.say("李工", "/纪要").contains("纪要已归档"));
}

#[test]
fn the_customer_reads_no_internal_line_and_no_risk_without_countermeasure() {
    let mut bench = Bench::new("2026-11-23 09:00");
    bench.say_to_customer("张经理", "/会议 对账会 今天10点-11点");
    bench.until("2026-11-23 11:00");
    let lines = "/纪要 M1\n决议: 改期\n决议: 报价再降 !内部\n风险: 接口慢\n风险: 预算紧 方案:加人 !内部\n风险: 延迟 方案:已协调 !高";
    bench.say("张经理", lines);
    let said = bench.said();
    let customers: Vec<&String> = said.iter().filter(|line| line.contains("客户群")).collect();
    assert_eq!(
        customers,
        [
            "11-23 11:00 客户群 纪要 M1 对账会 · 11月23日 周一 10:00-11:00\n决议：改期\n风险：K3 延迟 · 高 · 方案：已协调"
        ]
    );
    let shown = bench.say_to_customer("客户陈总", "/纪要 M1");
    assert!(!shown.contains("预算") && !shown.contains("接口慢") && !shown.contains("降"), "{shown}");
}

#[test]
fn filing_again_corrects_and_makes_nothing_twice() {
    let mut bench = held();
    bench.say("张经理", LINES);
    let again =
        LINES.replace("准备压测环境", "准备压测环境 @赵工").replace("待办: 出退款接口文档 @李工 周四\n", "")
            + "\n待办: 约验收 @钱工 12月1日";
    let reply = bench.say("张经理", &again);
    assert!(reply.starts_with("M1 项目例会 纪要已更正，现为第 2 版"), "{reply}");
    assert!(reply.contains("A2 准备压测环境 · @赵工"), "{reply}");
    assert!(reply.contains("A3 约验收") && reply.contains("A1 不在新版里，仍然有效"), "{reply}");
    assert_eq!(bench.dossier.all::<ActionItem>().count(), 3);
    assert_eq!(bench.dossier.all::<Risk>().count(), 2);
    assert_eq!(bench.dossier.find::<Meeting>(1).unwrap().minutes.versions.len(), 2);
}

#[test]
fn what_cannot_be_read_in_a_line_is_filed_and_said() {
    let mut bench = held();
    let reply =
        bench.say("张经理", "/纪要 M1\n待办: 发邮件 @孙某某 昨天\n待办: A9 完成\n风险: 延迟 概率:9 影响:2");
    assert!(reply.contains("A1 发邮件 孙某某 · 负责人未定 · 截止未定"), "{reply}");
    assert!(reply.contains("待办「发邮件 孙某某」：11月22日 周日 18:00 已经过去了"), "{reply}");
    assert!(reply.contains("叫「孙某某」的人。"), "{reply}");
    assert!(reply.contains("A2 A9 完成"), "{reply}");
    assert!(reply.contains("K1 ") && reply.contains("概率请写 1–5"), "{reply}");
}

#[test]
fn one_person_mentioned_nobody_knows_where_belongs_to_the_one_line_without() {
    let mut bench = held();
    let mut typed = Typed::plain("/纪要 M1\n待办: 出文档 周四\n待办: 压测 @赵工 周五");
    typed.add_unplaced(person("李工"));
    bench.hear("张经理", &typed, RoomKind::Internal);
    assert_eq!(bench.dossier.find::<ActionItem>(1).unwrap().owner, Some(person("李工")));
    assert_eq!(bench.dossier.find::<ActionItem>(2).unwrap().owner, Some(person("赵工")));
}

#[test]
fn without_an_id_the_one_that_waits_is_meant() {
    let mut bench = held();
    bench.say("张经理", "/会议 评审 今天12点-13点");
    assert!(bench.say("张经理", "/纪要 M2\n决议: 无").starts_with("✗ M2 还没有开始"));
    bench.until("2026-11-23 13:00");
    let reply = bench.say("张经理", "/纪要\n决议: 改期");
    assert!(reply.starts_with("✗ 是哪个会的纪要"), "{reply}");
    bench.say("张经理", "/纪要 M2 决议: 改期");
    assert!(bench.say("张经理", "/纪要\n决议: 改期").starts_with("M1 项目例会 纪要已归档"));
    assert!(bench.say("张经理", "/纪要\n决议: 改期").starts_with("✗ 没有等着交纪要的会"));
}

#[test]
fn filing_during_a_meeting_ends_it() {
    let mut bench = Bench::new("2026-11-23 09:00");
    bench.say("张经理", "/会议 项目例会 今天10点-11点 重复:每周");
    bench.until("2026-11-23 10:30");
    bench.say("张经理", "/纪要 M1\n决议: 改期");
    assert_eq!(bench.dossier.find::<Meeting>(1).unwrap().ended_at(), Some(at("2026-11-23 10:30")));
    assert_eq!(bench.dossier.find::<Meeting>(2).unwrap().starts, at("2026-11-30 10:00"));
}

#[test]
fn the_file_for_the_customer_has_no_internal_line_and_no_risk_without_a_countermeasure() {
    let mut bench = Bench::new("2026-11-23 08:00");
    bench.say_to_customer("张经理", "/会议 对账 今天10点-11点");
    bench.until("2026-11-23 11:00");
    bench.say(
        "张经理",
        "/纪要 M1\n决议: 走原路\n决议: 底价三万 !内部\n待办: 出文档 @李工 周四\n风险: 接口慢\n风险: 账号晚 方案:先借用",
    );
    let text = |kind| {
        let (actor, registry) = (person("客户陈总"), Dossier::empty(crate::store::ProjectId(0)));
        let team = person("张经理");
        let actor = if kind == RoomKind::Customer { &actor } else { &team };
        let cx = bench.context(actor, &registry, "in", kind);
        let meeting = bench.dossier.find::<Meeting>(1).unwrap();
        let archive = export::archive_number(meeting, &cx);
        export::paper(meeting, meeting.minutes.latest().unwrap(), &archive, &bench.dossier, &cx).markdown()
    };
    let theirs = text(RoomKind::Customer);
    assert!(theirs.contains("M1-20261123-V1") && theirs.contains("1. 走原路"), "{theirs}");
    assert!(theirs.contains("A1 出文档 · 李工") && theirs.contains("账号晚"), "{theirs}");
    assert!(!theirs.contains("底价") && !theirs.contains("接口慢"), "{theirs}");
    let ours = text(RoomKind::Internal);
    assert!(ours.contains("底价三万") && ours.contains("接口慢"), "{ours}");
}
