use std::sync::Arc;

use jiff::{Timestamp, civil::date};
use proptest::prelude::*;

use super::{board::Verdict, *};
use crate::{
    chat::Typed,
    dossier::Project,
    features::{
        action::ActionItem,
        bench::{Bench, at, person},
        milestone::{Milestone, Plan},
        requirement::{self, Requirement},
    },
};

// 2026-11-23 is a Monday.

/// A project with R1, confirmed; the customer's where `shared`.
fn bench(shared: bool) -> Bench {
    let mut bench = Bench::new("2026-11-23 10:00");
    match shared {
        true => bench.say_to_customer("客户陈总", "/需求 支付模块支持退款"),
        false => bench.say("张经理", "/需求 支付模块支持退款"),
    };
    let mut confirmed = bench.dossier.find::<Requirement>(1).unwrap().clone();
    confirmed.version = 1;
    confirmed.state = requirement::State::Confirmed { version: 1 };
    bench.dossier.put(Arc::new(confirmed));
    bench.said();
    bench
}

/// With a milestone P1 on 12月1日.
fn with_milestone(mut bench: Bench) -> Bench {
    bench.say("张经理", "/节点 上线 12月1日 标准:灰度无告警");
    bench
}

fn seat(bench: &mut Bench, role: Role, names: &[&str]) {
    let mut project: Project = bench.dossier.project().clone();
    project.seats.insert(role, names.iter().map(|name| person(name)).collect());
    bench.dossier.put(Arc::new(project));
}

fn first(bench: &Bench) -> ChangeRequest {
    bench.dossier.find::<ChangeRequest>(1).unwrap().clone()
}

fn version(bench: &Bench) -> u32 {
    bench.dossier.find::<Requirement>(1).unwrap().version
}

/// Only who is called and by what, without the sentences.
fn whom(said: &[String]) -> Vec<String> {
    said.iter().map(|line| line.split(" C1").next().unwrap().to_owned()).collect()
}

#[test]
fn a_small_change_is_filed_voted_on_and_makes_a_new_version() {
    let mut bench = bench(false);
    let reply = bench.say("张经理", "/变更 R1 支持部分退款 原因:市场变化");
    assert_eq!(
        reply,
        "C1 支持部分退款（R1） · 小变更 · 待表决\n\
         原因 市场变化 · 影响 未评估\n\
         影响进度、成本或节点的先写：/变更 C1 影响 进度:3天 成本:20000 节点:P1\n\
         11月24日 周二 10:00 前表决：客户代表 客户陈总、项目经理 张经理、技术负责人 李工"
    );
    // The filer is not called, the customer's person alone and not in the internal room.
    assert_eq!(
        bench.said(),
        [
            "11-23 10:00 →李工 C1 支持部分退款（R1） 请在 11月24日 周二 10:00 前表决",
            "11-23 10:00 →私聊 客户陈总 C1 支持部分退款（R1） 请在 11月24日 周二 10:00 前表决",
        ]
    );
    assert!(bench.say("李工", "/C1 同意").contains("还差 客户代表 客户陈总、项目经理 张经理"));
    assert!(bench.say("张经理", "/C1 同意").contains("还差 客户代表 客户陈总"));
    assert_eq!(version(&bench), 1);
    assert!(bench.said().is_empty());
    bench.say("客户陈总", "/C1 同意");
    assert_eq!(version(&bench), 2);
    assert!(matches!(first(&bench).state, State::Approved { version: 2, .. }));
    assert_eq!(first(&bench).clock, None);
    assert_eq!(bench.until("2026-12-10 10:00").len(), 1, "only the customer's person heard it alone");
}

#[test]
fn the_reminders_come_at_12_and_20_hours_and_the_customer_lead_at_24_and_48() {
    let mut bench = bench(false);
    bench.say("张经理", "/变更 R1 支持部分退款 原因:市场变化");
    bench.say("张经理", "/C1 同意");
    bench.said();
    let said = bench.until("2026-11-26 12:00");
    assert_eq!(
        whom(&said),
        [
            "11-23 22:00 →李工",
            "11-23 22:00 →私聊 客户陈总",
            "11-24 06:00 →李工",
            "11-24 06:00 →私聊 客户陈总",
            "11-24 10:00 →王主管",
            "11-25 10:00 →王主管",
            "11-26 10:00 →王主管",
        ]
    );
    assert_eq!(first(&bench).overdue, Some(at("2026-11-24 10:00")));
}

#[test]
fn whoever_sits_in_the_seat_at_the_time_is_called() {
    let mut bench = bench(false);
    bench.say("张经理", "/变更 R1 支持部分退款 原因:市场变化");
    bench.say("张经理", "/C1 同意");
    bench.said();
    assert_eq!(whom(&bench.until("2026-11-23 23:00"))[0], "11-23 22:00 →李工");
    seat(&mut bench, Role::TechnicalLead, &["赵工", "钱工"]);
    seat(&mut bench, Role::CustomerRepresentative, &[]);
    assert_eq!(whom(&bench.until("2026-11-24 07:00")), ["11-24 06:00 →赵工 钱工"]);
    assert!(bench.say("李工", "/C1 同意").starts_with("✗ 变更由变更委员会表决"));
    // One of those who share a seat is enough.
    assert!(bench.say("钱工", "/C1 同意").contains("已通过"));
}

#[test]
fn a_seat_that_becomes_empty_is_not_waited_for() {
    let mut bench = bench(false);
    bench.say("张经理", "/变更 R1 支持部分退款 原因:市场变化");
    bench.say("张经理", "/C1 同意");
    bench.say("李工", "/C1 同意");
    bench.said();
    seat(&mut bench, Role::CustomerRepresentative, &[]);
    let said = bench.until("2026-11-30 12:00");
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("C1 支持部分退款（R1） 已通过"), "{said:?}");
    assert_eq!(version(&bench), 2);
}

#[test]
fn without_anybody_in_the_board_nothing_is_decided() {
    let mut bench = bench(false);
    bench.say("张经理", "/变更 R1 支持部分退款 原因:市场变化");
    for role in [Role::CustomerRepresentative, Role::ProjectManager, Role::TechnicalContact] {
        seat(&mut bench, role, &[]);
    }
    bench.said();
    let reply = bench.say("王主管", "/C1 同意");
    assert!(reply.starts_with("✗ 变更委员会还没有人"), "{reply}");
    assert!(reply.contains("/角色 客户代表 @某人 项目经理 @某人 技术负责人 @某人"), "{reply}");
    assert_eq!(whom(&bench.until("2026-11-23 23:00")), ["11-23 22:00 →王主管"]);
    assert_eq!(version(&bench), 1);
}

#[test]
fn the_quorum_is_every_filled_seat_and_one_rejection_ends_it() {
    use Verdict::{Approved, Open, Rejected};
    // Filled seats and votes in the order customer, manager, technical; `.` no vote, `+`, `-`.
    let table = [
        ("", "...", Open),
        ("", "+++", Open),
        ("cmt", "...", Open),
        ("cmt", "+..", Open),
        ("cmt", "++.", Open),
        ("cmt", "+.+", Open),
        ("cmt", ".++", Open),
        ("cmt", "+++", Approved),
        ("cmt", "++-", Rejected),
        ("cmt", "-..", Rejected),
        ("cmt", ".-.", Rejected),
        ("mt", ".+.", Open),
        ("mt", ".++", Approved),
        ("mt", "..-", Rejected),
        ("c", "+..", Approved),
        ("c", "...", Open),
        ("m", ".+.", Approved),
        ("t", "..+", Approved),
        ("ct", "+..", Open),
        ("ct", "+.+", Approved),
        // A vote of a seat that was vacated since stays, and fills no other.
        ("m", "+.+", Open),
    ];
    let seats = [
        ('c', BoardSeat::Customer, Role::CustomerRepresentative),
        ('m', BoardSeat::Manager, Role::ProjectManager),
        ('t', BoardSeat::Technical, Role::TechnicalLead),
    ];
    for (filled, votes, verdict) in table {
        let mut bench = Bench::new("2026-11-23 10:00");
        seat(&mut bench, Role::TechnicalContact, &[]);
        let mut given = board::Votes::new();
        for ((letter, of, role), vote) in seats.into_iter().zip(votes.chars()) {
            let names: &[&str] = if filled.contains(letter) { &["甲"] } else { &[] };
            seat(&mut bench, role, names);
            if vote != '.' {
                let vote = Vote { by: person("甲"), at: bench.now, agrees: vote == '+', why: None };
                given.insert(of, vote);
            }
        }
        assert_eq!(board::verdict(&given, bench.dossier.project()), verdict, "{filled} {votes}");
    }
}

#[test]
fn a_person_in_two_seats_votes_for_both_and_is_called_once() {
    let mut bench = bench(false);
    seat(&mut bench, Role::TechnicalLead, &["张经理"]);
    bench.say("赵工", "/变更 R1 支持部分退款 原因:理解偏差");
    assert_eq!(whom(&bench.said())[0], "11-23 10:00 →张经理");
    assert!(bench.say("张经理", "/C1 同意").ends_with("还差 客户代表 客户陈总，11月24日 周二 10:00 前表决"));
}

#[test]
fn a_rejection_needs_a_reason_ends_it_and_is_told() {
    let mut bench = bench(true);
    bench.say_to_customer("客户陈总", "/变更 R1 支持部分退款 原因:客户业务调整");
    bench.say("李工", "/C1 同意");
    bench.said();
    assert!(bench.say("李工", "/C1 反对").starts_with("✗ 反对要写原因"));
    assert!(bench.say("赵工", "/C1 反对").starts_with("✗ 变更由变更委员会表决"));
    // A vote can be changed while it is open.
    let reply = bench.say("李工", "/C1 反对 上线前不改");
    assert_eq!(reply, "C1 支持部分退款（R1） 被 李工 否决\n原因：上线前不改\nR1 不变");
    let said = bench.said();
    assert_eq!(said.len(), 1);
    assert!(said[0].starts_with("11-23 10:00 客户群 C1 支持部分退款（R1） 被 李工 否决"));
    assert_eq!(bench.until("2026-12-10 10:00"), Vec::<String>::new());
    assert!(bench.say("张经理", "/C1 同意").starts_with("✗ C1 已否决，不能再改"));
    assert_eq!(version(&bench), 1);
}

#[test]
fn the_filer_withdraws_and_nobody_else() {
    let mut bench = bench(false);
    bench.say("赵工", "/变更 R1 支持部分退款 原因:其他");
    bench.said();
    assert!(bench.say("张经理", "/C1 撤回").starts_with("✗ C1 由 赵工 提出，须由本人撤回"));
    assert!(bench.say("赵工", "/C1 撤回 客户改主意了").contains("由 赵工 撤回\n原因：客户改主意了"));
    assert!(bench.until("2026-12-10 10:00").iter().all(|line| line.contains("撤回")));
}

#[test]
fn what_it_touches_decides_the_size() {
    let table = [
        ("无", Some(false)),
        ("进度:0 成本:0", Some(false)),
        ("进度:0天 成本:0元 节点:无", Some(false)),
        ("范围:退款页文案", Some(false)),
        ("只改文案", Some(false)),
        ("进度:3天", Some(true)),
        ("进度:半天 成本:0", Some(true)),
        ("进度:-2天", Some(true)),
        ("成本:1", Some(true)),
        ("成本:-5000", Some(true)),
        ("成本:2万", Some(true)),
        ("节点:P1", Some(true)),
        ("节点:P1、P2 进度:0", Some(true)),
        // Without their colons all the same.
        ("进度3天", Some(true)),
        ("进度 3天", Some(true)),
        ("费用2万", Some(true)),
        ("推迟两周", Some(true)),
        ("进度不变", Some(false)),
        ("schedule:3", Some(true)),
        ("进度:很久", None),
        ("成本:不少", None),
        ("节点:上线", None),
        ("节点:P9", None),
        ("", None),
    ];
    for (text, large) in table {
        let mut bench = with_milestone(bench(false));
        bench.say("张经理", "/节点 验收 12月8日 标准:客户签字");
        bench.say("张经理", "/变更 R1 支持部分退款 原因:市场变化");
        let reply = bench.say("张经理", &format!("/变更 C1 影响 {text}"));
        assert_eq!(reply.starts_with('✗'), large.is_none(), "{text}: {reply}");
        assert_eq!(first(&bench).is_large(), large.unwrap_or(false), "{text}: {reply}");
        if text.is_empty() || large.is_none() {
            continue;
        }
        let line = format!("/变更 R1 支持部分退款 原因:市场变化 影响:{text}");
        assert!(!bench.say("张经理", &line).starts_with('✗'), "{line}");
        let filed = bench.dossier.find::<ChangeRequest>(2).unwrap();
        assert_eq!(Some(filed.is_large()), large, "{line}");
        assert_eq!(filed.title, "支持部分退款");
    }
}

#[test]
fn the_reason_stands_anywhere_and_is_one_of_four() {
    let table = [
        ("/变更 R1 支持部分退款 原因:市场变化 影响 进度:3天", Some(Reason::Market), true),
        ("/变更 R1 原因:理解偏差 支持部分退款", Some(Reason::Misunderstanding), false),
        ("/变更 R1 支持部分退款\n原因:客户业务调整\n进度:3天", Some(Reason::Business), true),
        ("/change R1 支持部分退款 reason:other", Some(Reason::Other), false),
        ("/变更 R1 支持部分退款", None, false),
    ];
    for (line, reason, large) in table {
        let mut bench = bench(false);
        let reply = bench.say("张经理", line);
        assert!(!reply.starts_with('✗'), "{line}: {reply}");
        let change = first(&bench);
        assert_eq!((change.reason, change.is_large()), (reason, large), "{line}");
        assert_eq!(change.title, "支持部分退款", "{line}");
        assert_eq!(reply.contains("还缺原因"), reason.is_none(), "{reply}");
    }
    let mut bench = bench(false);
    assert!(
        bench.say("张经理", "/变更 R1 退款 原因:老板说的").contains("市场变化、客户业务调整、理解偏差、其他")
    );
    bench.say("张经理", "/变更 R1 支持部分退款");
    assert!(bench.say("张经理", "/C1 原因:市场变化").contains("的原因：市场变化"));
    bench.say("张经理", "/变更 R1 支持多次退款 原因:市场变化");
    let list = bench.say("张经理", "/变更");
    assert!(list.starts_with("变更 2 条\nC1 支持部分退款（R1） · 小变更 · 市场变化"), "{list}");
    assert!(list.ends_with("全部 2 条，通过 0，否决 0，撤回 0 · 原因：市场变化 2"), "{list}");
}

#[test]
fn only_a_confirmed_requirement_changes_by_the_board() {
    let mut bench = bench(false);
    bench.say("张经理", "/需求 导出对账单");
    let reply = bench.say("张经理", "/变更 R2 支持按月导出");
    assert!(
        reply.starts_with("✗ R2 已收集，还没有确认，不用走变更，没有记录。直接改：/需求 R2 补充"),
        "{reply}"
    );
    assert!(bench.say("张经理", "/变更 R9 支持按月导出").starts_with("✗ 没有 R9"));
    assert!(bench.say("张经理", "/变更 支持按月导出").starts_with("✗ 变更哪个需求？"));
    // An internal requirement is not told of in the customer's room.
    assert!(bench.say_to_customer("客户陈总", "/变更 R1 支持部分退款").starts_with("✗ 没有 R1"));
    assert_eq!(bench.dossier.all::<ChangeRequest>().count(), 0);
}

/// Holds a meeting now.
fn hold(bench: &mut Bench, number: u32) {
    bench.say("张经理", &format!("/M{number} 开始 提前开始"));
    bench.say("张经理", &format!("/M{number} 结束"));
}

#[test]
fn a_large_change_goes_its_way_in_order_and_is_approved_at_its_end() {
    let mut bench = with_milestone(bench(true));
    bench.say("张经理", "/会议 变更评审 明天10点-11点");
    let reply = bench.say("张经理", "/变更 R1 支持部分退款 原因:客户业务调整 进度:3天 成本:2万 节点:P1");
    assert_eq!(
        reply,
        "C1 支持部分退款（R1） · 大变更 · 待会议\n\
         原因 客户业务调整 · 影响 进度 3 天，成本 20000 元，节点 P1\n\
         依次：会议 → 计划 → 客户确认 → 合同 → 表决\n\
         下一步会议：/变更 C1 会议 M5（没约先约：/会议 变更评审 明天10点-11点）"
    );
    bench.said();

    let steps = [
        ("张经理", "/变更 C1 会议 M1", "下一步会议：/变更 C1 会议 M5"),
        ("张经理", "/变更 C1 计划 P1 上线 12月1日→12月4日", "下一步计划：/变更 C1 计划 P1"),
        ("客户陈总", "/变更 C1 客户确认", "下一步客户确认：由 客户陈总 发 /变更 C1 客户确认"),
        ("张经理", "/变更 C1 合同 负责:@李工 截止:12月5日", "下一步合同：/变更 C1 合同 负责:"),
    ];
    for (done, (who, line, _)) in steps.iter().enumerate() {
        // Every step that lies further on is refused, with the line that is next.
        let further = steps[done + 1..].iter().map(|(who, line, _)| (*who, *line));
        for (who, line) in further.chain([("李工", "/变更 C1 同意"), ("客户陈总", "/变更 C1 同意")])
        {
            let reply = bench.say(who, line);
            assert!(reply.starts_with("✗ C1 是大变更，还不能"), "{line}: {reply}");
            assert!(reply.contains(steps[done].2), "{line}: {reply}");
        }
        // Time alone decides nothing and calls nobody to a vote.
        let reply = bench.say(who, line);
        assert!(!reply.starts_with('✗'), "{line}: {reply}");
        if done == 0 {
            hold(&mut bench, 1);
        }
    }
    let item = bench.dossier.find::<ActionItem>(1).unwrap();
    assert_eq!((item.title.as_str(), item.source.as_deref()), ("C1 合同变更：支持部分退款", Some("C1")));
    assert_eq!(item.due, Some(at("2026-12-05 18:00")));
    let said = bench.said();
    assert!(
        said.iter().any(|line| line.contains("客户群 @客户陈总 C1 支持部分退款（R1） 请确认影响和计划")),
        "{said:?}"
    );
    assert!(
        said.last()
            .unwrap()
            .contains("客户群 @客户陈总 C1 支持部分退款（R1） 请在 11月24日 周二 10:00 前表决"),
        "{said:?}"
    );
    bench.say("李工", "/C1 同意");
    bench.say("张经理", "/C1 同意");
    bench.said();
    let reply = bench.say_to_customer("客户陈总", "/C1 同意");
    assert!(
        reply.starts_with("@客户陈总 C1 支持部分退款（R1） 已通过\nR1 支付模块支持退款 更新为 V2"),
        "{reply}"
    );
    let said = bench.said();
    assert_eq!(said.len(), 1, "one message in each room: {said:?}");
    assert!(said[0].starts_with("11-23 10:00 项目群 @张经理 @李工 C1 支持部分退款（R1） 已通过"), "{said:?}");
    assert_eq!(version(&bench), 2);
    let milestone = bench.dossier.find::<Milestone>(1).unwrap();
    assert_eq!((milestone.day, milestone.delays.len()), (date(2026, 12, 4), 1));
    assert_eq!(milestone.delays[0].reason.in_words(), "客户原因（C1 支持部分退款）");
    assert_eq!(Plan::of(&bench.dossier).unwrap().version(), 2);
}

#[test]
fn a_plan_names_every_milestone_that_the_change_touches_and_reads_its_new_date() {
    let table = [
        ("P1 上线 12月1日→12月4日", Some("P1 上线 延期：12月1日 周二 → 12月4日 周五")),
        ("P1 改到12月4日", Some("P1 上线 延期：12月1日 周二 → 12月4日 周五")),
        ("Ｐ１ 推迟3天，其他不变", Some("P1 上线 延期：12月1日 周二 → 12月4日 周五")),
        ("P1 提前2天", Some("P1 上线 提前：12月1日 周二 → 11月29日 周日")),
        ("人力不够，联调改由赵工做；P1 不变", Some("人力不够，联调改由赵工做\nP1 不变")),
        ("上线推迟到12月4日", Some("P1 上线 延期：12月1日 周二 → 12月4日 周五")),
        ("大家再商量", None),
        ("P1 12月1日→12月1日", None),
        ("P1 推迟一些", None),
        ("P1 12月1日→11月20日", None),
        ("P1 →12月4日 P9 →12月8日", None),
    ];
    for (text, read) in table {
        let mut bench = with_milestone(bench(false));
        bench.say("张经理", "/会议 变更评审 明天10点-11点");
        bench.say("张经理", "/变更 R1 支持部分退款 原因:市场变化 节点:P1");
        bench.say("张经理", "/变更 C1 会议 M1");
        hold(&mut bench, 1);
        let reply = bench.say("张经理", &format!("/变更 C1 计划 {text}"));
        assert_eq!(first(&bench).plan.map(|plan| plan.text), read.map(str::to_owned), "{text}: {reply}");
        assert_eq!(reply.starts_with('✗'), read.is_none(), "{text}: {reply}");
    }
}

#[test]
fn a_milestone_that_was_moved_otherwise_meanwhile_stays_there() {
    let mut bench = with_milestone(bench(false));
    bench.say("张经理", "/会议 变更评审 明天10点-11点");
    bench.say("张经理", "/变更 R1 支持部分退款 原因:市场变化 节点:P1");
    hold(&mut bench, 1);
    for (who, line) in [
        ("张经理", "/变更 C1 会议 M1"),
        ("张经理", "/变更 C1 计划 P1 →12月4日"),
        ("客户陈总", "/变更 C1 客户确认"),
        ("张经理", "/变更 C1 合同 负责:@李工 截止:12月5日"),
        ("张经理", "/P1 延期 12月7日 原因:资源"),
        ("张经理", "/C1 同意"),
        ("李工", "/C1 同意"),
        ("客户陈总", "/C1 同意"),
    ] {
        let reply = bench.say(who, line);
        assert!(!reply.starts_with('✗'), "{line}: {reply}");
    }
    assert_eq!(version(&bench), 2);
    assert_eq!(bench.dossier.find::<Milestone>(1).unwrap().day, date(2026, 12, 7));
}

#[test]
fn the_steps_are_refused_to_who_may_not_and_to_what_is_not_there() {
    let mut bench = with_milestone(bench(true));
    bench.say("张经理", "/变更 R1 支持部分退款 原因:市场变化");
    for line in ["会议 M1", "计划 P1 12月1日→12月4日", "客户确认", "合同 负责:@李工 截止:12月5日"]
    {
        let reply = bench.say("客户陈总", &format!("/变更 C1 {line}"));
        assert!(reply.starts_with("✗ C1 是小变更，不用"), "{reply}");
    }
    assert!(bench.say("客户陈总", "/变更 C1 影响 进度:0").starts_with("✗ 这件事须由"));
    bench.say("张经理", "/变更 C1 影响 进度:3天");
    assert!(bench.say("张经理", "/变更 C1 会议 M1").starts_with("✗ 没有 M1"));
    assert!(bench.say("张经理", "/变更 C1 会议").starts_with("✗ 哪个会？"));
    bench.say("张经理", "/会议 变更评审 明天10点-11点");
    bench.say("张经理", "/会议 变更再评审 明天14点-15点");
    bench.say("张经理", "/M1 取消");
    assert!(bench.say("张经理", "/变更 C1 会议 M1").starts_with("✗ M1 已取消"));
    bench.say("张经理", "/变更 C1 会议 M2");
    assert!(bench.say("张经理", "/变更 C1 计划 尽快").contains("下一步会议：M2 变更再评审 开完再排计划"));
    // A meeting that does not take place is none.
    bench.say("张经理", "/M2 取消");
    let reply = bench.say("张经理", "/变更 C1 计划 P1 12月1日→12月4日");
    assert!(reply.contains("下一步会议：/变更 C1 会议"), "{reply}");
    bench.say("张经理", "/会议 变更三评审 明天10点-11点");
    hold(&mut bench, 3);
    bench.say("张经理", "/变更 C1 会议 M3");
    assert!(bench.say("张经理", "/变更 C1 计划 尽快").starts_with("✗ 计划要写清哪个节点从哪天改到哪天"));
    bench.say("张经理", "/变更 C1 计划 P1 上线 12月1日→12月4日");
    assert!(bench.say("张经理", "/变更 C1 客户确认").starts_with("✗ 须由客户代表本人确认"));
    assert!(bench.say("李工", "/变更 C1 客户确认").starts_with("✗ 须由客户代表本人确认"));
    bench.say_to_customer("客户陈总", "/变更 C1 客户确认");
    assert!(bench.say("张经理", "/变更 C1 影响 进度:5天").contains("客户已确认，不能再改"));
    assert!(bench.say("张经理", "/变更 C1 合同").contains("还缺负责人和截止时间"));
    assert!(bench.say("张经理", "/变更 C1 合同 负责:@李工").contains("还缺截止时间"));
}

#[test]
fn a_changed_size_starts_and_stops_the_clock_and_voids_the_votes() {
    let mut bench = bench(false);
    bench.say("张经理", "/变更 R1 支持部分退款 原因:市场变化");
    bench.say("张经理", "/C1 同意");
    assert!(bench.say("张经理", "/变更 C1 影响 进度:3天").contains("已投的票作废"));
    bench.said();
    assert_eq!(bench.until("2026-11-24 09:00"), Vec::<String>::new());
    assert!(first(&bench).votes.is_empty());
    bench.say("张经理", "/变更 C1 影响 进度:0");
    assert_eq!(first(&bench).clock.unwrap().due, at("2026-11-24 10:00"));
    bench.said();
    assert_eq!(whom(&bench.until("2026-11-24 10:00")), ["11-24 10:00 →王主管"]);
}

#[test]
fn a_ping_is_owed_only_by_a_seat_that_has_not_voted() {
    let mut bench = bench(false);
    bench.say("赵工", "/变更 R1 支持部分退款 原因:市场变化");
    bench.say("李工", "/C1 同意");
    let change = first(&bench);
    assert!(!Kind::owes(&change, "vote:technical/2") && Kind::owes(&change, "vote:manager/2"));
    assert!(Kind::owes(&change, "vote:technical+manager/2") && Kind::owes(&change, "vote"));
    assert!(!Kind::owes(&change, "contract") && !Kind::owes(&change, "meeting"));
    // A later reminder takes the place of one that waits for the morning; a later escalation too.
    bench.until("2026-11-23 23:00");
    assert!(!Kind::owes(&first(&bench), "vote:manager/2") && Kind::owes(&first(&bench), "vote:manager/1"));
    bench.until("2026-11-24 10:00");
    assert!(Kind::owes(&first(&bench), "vote:manager/0") && !Kind::owes(&first(&bench), "vote:manager/1"));
    assert!(Kind::owes(&first(&bench), "over/2026-11-25T02:00:00Z"));
    bench.until("2026-11-25 10:00");
    assert!(Kind::owes(&first(&bench), "vote:manager/0"));
    assert!(!Kind::owes(&first(&bench), "over/2026-11-25T02:00:00Z"));
    bench.say("赵工", "/C1 撤回");
    assert!(!Kind::owes(&first(&bench), "vote:manager/0") && !Kind::owes(&first(&bench), "vote"));
}

#[test]
fn the_same_vote_again_changes_nothing() {
    let mut bench = bench(false);
    bench.say("赵工", "/变更 R1 支持部分退款 原因:市场变化");
    bench.say("李工", "/C1 同意");
    assert!(bench.say("李工", "/C1 同意").starts_with("✗ C1 您已表决"));
}

#[test]
fn a_private_approval_is_told_once_in_each_room() {
    let mut bench = bench(true);
    bench.say("赵工", "/变更 R1 支持部分退款 原因:市场变化");
    bench.say("李工", "/C1 同意");
    bench.say_to_customer("客户陈总", "/C1 同意");
    bench.said();
    assert_eq!(bench.hear("张经理", &Typed::plain("/C1 同意"), RoomKind::Direct), "");
    let said = bench.said();
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(said[0].starts_with("11-23 10:00 张经理: 【支付】C1 支持部分退款（R1） 已通过"), "{said:?}");
}

#[test]
fn what_is_internal_is_not_said_in_the_customers_room() {
    let mut bench = with_milestone(bench(false));
    bench.say("赵工", "/变更 R1 支持部分退款 原因:市场变化 进度:3天");
    bench.say("张经理", "/会议 变更评审 明天10点-11点");
    bench.say("张经理", "/变更 C1 会议 M1");
    hold(&mut bench, 1);
    bench.say("张经理", "/变更 C1 计划 P1 上线 12月1日→12月4日");
    bench.say("客户陈总", "/变更 C1 客户确认");
    bench.say("张经理", "/变更 C1 合同 负责:@李工 截止:12月5日");
    bench.say("张经理", "/C1 同意");
    let mut said = bench.until("2026-11-26 10:00");
    bench.say("李工", "/C1 同意");
    bench.say("客户陈总", "/C1 同意");
    assert_eq!(version(&bench), 2);
    said.extend(bench.said());
    assert!(said.iter().all(|line| !line.contains("客户群")), "{said:?}");
    let mentioned = |line: &&String| line.contains("→") && line.contains("客户陈总 C1");
    assert!(said.iter().filter(mentioned).all(|line| line.contains("→私聊 客户陈总 C1")), "{said:?}");
    assert!(said.iter().any(|line| line.contains("→私聊 客户陈总 C1 支持部分退款（R1） 请确认影响和计划")));
    let customer = bench.say_to_customer("客户陈总", "/变更");
    assert!(customer.starts_with("没有变更"), "{customer}");
    assert!(bench.dossier.find::<ChangeRequest>(1).is_some_and(|change| !change.shared));
}

/// Everything that may be said about one change, by whoever may or may not.
fn lines() -> impl Strategy<Value = Option<(&'static str, String)>> {
    let who = prop::sample::select(vec!["张经理", "李工", "王主管", "客户陈总", "赵工"]);
    let what = prop::sample::select(vec![
        "影响 进度:3天",
        "影响 进度:0 成本:0 节点:无",
        "影响 成本:100",
        "影响 节点:P1",
        "会议 M1",
        "会议 M2",
        "计划 P1 推迟3天",
        "客户确认",
        "合同 负责:@李工 截止:12月5日",
        "同意",
        "同意",
        "同意",
        "反对 不行",
        "撤回",
        "",
    ]);
    let line = (who, what).prop_map(|(who, what)| Some((who, format!("/变更 C1 {what}"))));
    let other = prop::sample::select(vec!["/M1 取消", "/会议 评审 明天10点-11点"]);
    prop_oneof![
        4 => line,
        1 => other.prop_map(|line| Some(("张经理", line.to_owned()))),
        // What would really be next; without it hardly any sequence comes to its end.
        12 => Just(None),
    ]
}

/// The right line at this moment, by the right person.
fn right(bench: &Bench) -> (&'static str, String) {
    let change = first(bench);
    let meetings = bench.dossier.all::<Meeting>();
    let meeting =
        meetings.rev().find(|meeting| is_or_will_be_held(meeting)).map_or(1, |meeting| meeting.number);
    match change.stage_in(&bench.dossier) {
        Stage::Meeting => ("张经理", format!("/变更 C1 会议 M{meeting}")),
        Stage::Plan => ("张经理", "/变更 C1 计划 P1 推迟3天".into()),
        Stage::Confirmation => ("客户陈总", "/变更 C1 客户确认".into()),
        Stage::Contract => ("张经理", "/变更 C1 合同 负责:@李工 截止:12月25日".into()),
        Stage::Vote => {
            let missing = board::missing(&change.votes, bench.dossier.project());
            let who = match missing.first() {
                Some(BoardSeat::Customer) => "客户陈总",
                Some(BoardSeat::Manager) | None => "张经理",
                Some(BoardSeat::Technical) => "李工",
            };
            (who, "/变更 C1 同意".into())
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_sequence_approves_a_large_change_with_a_missing_step(
        said in prop::collection::vec(lines(), 1..40),
        hours in prop::collection::vec(0_i64..10, 40),
    ) {
        let mut bench = bench(true);
        bench.say("张经理", "/节点 上线 2027-12-01 标准:灰度无告警");
        bench.say("张经理", "/会议 变更评审 12月1日10点-11点");
        hold(&mut bench, 1);
        bench.say("赵工", "/变更 R1 支持部分退款 原因:市场变化 进度:3天");
        for (line, hours) in said.into_iter().zip(hours) {
            let (who, line) = line.unwrap_or_else(|| right(&bench));
            bench.say(who, &line);
            let later: Timestamp = bench.now + jiff::SignedDuration::from_hours(hours);
            pass(&mut bench, later);
            let change = first(&bench);
            if let State::Approved { version, .. } = change.state {
                prop_assert_eq!(version, 2);
                prop_assert_eq!(self::version(&bench), 2);
                prop_assert_eq!(change.votes.len(), 3);
                prop_assert!(change.votes.values().all(|vote| vote.agrees));
                if change.is_large() {
                    let meeting = change.meeting.and_then(|number| bench.dossier.find::<Meeting>(number));
                    prop_assert!(meeting.is_some_and(is_or_will_be_held));
                    let confirmed = change.confirmation.as_ref().map(|said| (said.by.name.as_str(), said.at));
                    let plan = change.plan.as_ref().map(|said| said.at);
                    prop_assert_eq!(confirmed.map(|(by, _)| by), Some("客户陈总"));
                    prop_assert!(plan.is_some() && plan <= confirmed.map(|(_, at)| at));
                    prop_assert!(change.contract.is_some_and(|n| bench.dossier.find::<ActionItem>(n).is_some()));
                    prop_assert!(change.votes.values().all(|vote| Some(vote.at) >= confirmed.map(|(_, at)| at)));
                }
                break;
            }
            prop_assert_eq!(self::version(&bench), 1);
            if !change.is_open() {
                prop_assert_eq!(Kind::wakes_at(&change, &bench.rules), None);
            }
        }
    }
}

fn pass(bench: &mut Bench, to: Timestamp) {
    let text = bench.rules.calendar.local(to).strftime("%Y-%m-%d %H:%M").to_string();
    bench.until(&text);
}
