use super::*;
use crate::{
    chat::Typed,
    dossier::{Record, RoomKind},
    features::bench::{Bench, at, person},
};

const LINES: &str = "/需求 批量\n支付模块支持退款 !高 @李工 截止:下周五\n对账单导出 Excel 标签:对账";

fn made(bench: &Bench) -> Vec<&Requirement> {
    bench.dossier.all::<Requirement>().collect()
}

#[test]
fn a_date_means_the_day_on_which_it_was_pasted() {
    let mut bench = Bench::new("2026-11-29 23:50");
    let single = bench.say("张经理", "/需求 支付模块支持退款 !高 @李工 截止:下周五");
    assert!(single.contains("R1"), "{single}");
    bench.say("张经理", LINES);
    bench.now = at("2026-11-30 08:00");
    assert!(bench.say("张经理", "/需求 批量 确认").starts_with("已记下 2 条需求\nR2 "));
    let made = made(&bench);
    assert_eq!(made[1].due, made[0].due);
    assert_eq!(made[1].at, at("2026-11-29 23:50"));
    assert_eq!(made[1].said, "支付模块支持退款 !高 @李工 截止:下周五");
    assert_eq!(made[1].owner, Some(person("李工")));
    // The clock of the analysis runs from the confirmation.
    let clock = made[1].clock.as_ref().map(|clock| clock.due);
    assert!(clock > made[0].clock.as_ref().map(|clock| clock.due));
}

#[test]
fn it_can_be_confirmed_up_to_a_day_later_and_not_after() {
    for (now, recorded) in [("2026-11-24 09:00", 2), ("2026-11-24 09:00:01", 0)] {
        let mut bench = Bench::new("2026-11-23 09:00");
        bench.say("张经理", LINES);
        bench.now = at(now);
        let reply = bench.say("张经理", "/需求 批量 确认");
        assert_eq!(made(&bench).len(), recorded, "{reply}");
    }
}

#[test]
fn a_date_that_has_passed_since_records_nothing() {
    let mut bench = Bench::new("2026-11-23 09:00");
    bench.say("张经理", "/需求 批量\n导出 截止:今天18:00\n对账");
    bench.now = at("2026-11-23 18:00");
    let reply = bench.say("张经理", "/需求 批量 确认");
    assert!(reply.starts_with("✗ 有的截止时间已经过去了，都没有记录"), "{reply}");
    assert!(made(&bench).is_empty());
}

#[test]
fn the_customers_list_is_the_customers_to_see_and_ours_is_not() {
    let mut bench = Bench::new("2026-11-23 09:00");
    bench.say_to_customer("客户陈总", LINES);
    bench.say("张经理", LINES);
    bench.say("张经理", "/需求 批量 确认");
    bench.say_to_customer("客户陈总", "/需求 批量 确认");
    let shared: Vec<bool> = made(&bench).iter().map(|requirement| requirement.shared).collect();
    assert_eq!(shared, [false, false, true, true]);
}

#[test]
fn a_list_of_one_room_is_not_confirmed_in_another() {
    let mut bench = Bench::new("2026-11-23 09:00");
    bench.say("张经理", LINES);
    for line in ["/需求 批量 确认", "/需求 批量 确认 1", "/需求 批量 取消 1"] {
        let reply = bench.say_to_customer("张经理", line);
        assert!(reply.starts_with("✗ "), "{reply}");
    }
    assert!(made(&bench).is_empty());
}

#[test]
fn bad_lines_change_nothing() {
    let mut bench = Bench::new("2026-11-23 09:00");
    for line in [
        "/需求 批量",
        "/需求 批量 确认",
        "/需求 批量 取消",
        "/需求 批量 确认 7",
        "/需求 批量 确认 很多",
        "/需求 批量 支持退款\n导出",
        "/需求 批量 !高\n导出",
        "/需求 批量 @李工\n导出",
        "/需求 批量 确认\n导出",
        "/需求 批量\n导出 截止:上周五",
        "/需求 批量\n!高",
        "/需求 批量\n/工单 登录页打不开",
        "/需求 批量\n需求\t截止",
        "/需求 批量\n需求\t优先级\n导出\tP1",
        "/需求 批量\n需求\t负责\n导出\t没有的人",
    ] {
        let reply = bench.say("张经理", line);
        assert!(reply.starts_with("✗ "), "{line}: {reply}");
    }
    assert_eq!(bench.dossier.all::<Paste>().count(), 0);
    assert!(made(&bench).is_empty());
}

#[test]
fn a_mention_counts_for_the_line_in_which_it_stands() {
    let mut bench = Bench::new("2026-11-23 09:00");
    let mut typed = Typed::plain("/需求 批量\n需求\t负责\n导出\t");
    typed.push_mention(person("赵工"));
    typed.push_text("\n对账\t钱工");
    bench.hear("张经理", &typed, RoomKind::Internal);
    bench.say("张经理", "/需求 批量 确认");
    let owners: Vec<Option<Person>> = made(&bench).iter().map(|made| made.owner.clone()).collect();
    assert_eq!(owners, [Some(person("赵工")), Some(person("钱工"))]);
}

#[test]
fn it_never_wakes() {
    let mut bench = Bench::new("2026-11-23 09:00");
    bench.say("张经理", LINES);
    let paste = bench.dossier.all::<Paste>().next().unwrap();
    assert_eq!(Record::wakes_at(paste, &bench.rules), None);
    assert!(Record::open(paste, &bench.dossier).is_empty() && Record::card(paste).is_none());
}
