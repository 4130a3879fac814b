use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::features::bench::Bench;

// 2026-11-23 is a Monday.

fn first(bench: &Bench) -> Milestone {
    bench.dossier.find::<Milestone>(1).unwrap().clone()
}

fn version(bench: &Bench) -> usize {
    Plan::of(&bench.dossier).map_or(0, Plan::version)
}

/// When somebody is called, and whom.
fn whom(said: &[String]) -> Vec<&str> {
    said.iter().filter_map(|line| line.split(" P1").next()).collect()
}

#[test]
fn reminded_seven_three_and_one_day_before_then_the_manager_and_the_lead_once_each() {
    let mut bench = Bench::new("2026-11-23 10:00");
    bench.say("张经理", "/节点 联调完成 12月18日 标准:全部接口通过 @李工");
    let said = bench.until("2027-01-31 12:00");
    assert_eq!(
        whom(&said),
        [
            "12-11 09:30 →李工",
            "12-15 09:30 →李工",
            "12-17 09:30 →李工",
            "12-18 18:00 →张经理",
            "12-21 09:30 →王主管"
        ]
    );
}

#[test]
fn reminders_on_days_off_come_on_the_working_day_before_and_fall_together() {
    let mut bench = Bench::new("2026-09-15 10:00");
    bench.say("张经理", "/节点 联调完成 10月8日 标准:全部接口通过");
    let said = bench.until("2026-10-31 12:00");
    assert_eq!(said[0], "09-30 09:30 →张经理 P1 联调完成 10月8日 周四 到期，还有 8 天");
    assert_eq!(whom(&said)[1..], ["10-08 18:00 →张经理", "10-09 09:30 →王主管"]);
}

#[test]
fn one_planned_at_short_notice_has_only_the_reminders_that_lie_ahead() {
    let mut bench = Bench::new("2026-11-23 10:00");
    bench.say("张经理", "/节点 联调完成 11月24日 标准:全部接口通过 @李工");
    let said = bench.until("2026-11-24 12:00");
    assert_eq!(said, Vec::<String>::new());
    assert_eq!(whom(&bench.until("2026-11-30 12:00")), ["11-24 18:00 →张经理", "11-25 09:30 →王主管"]);
}

#[test]
fn what_is_reached_dropped_or_of_an_ended_project_is_silent() {
    for line in ["/P1 完成", "/P1 取消 不做了", "/项目 阶段 结束 原因:客户停了预算"] {
        let mut bench = Bench::new("2026-11-23 10:00");
        bench.say("张经理", "/节点 联调完成 12月18日 标准:全部接口通过 @李工");
        let reply = bench.say("张经理", line);
        assert!(!reply.starts_with('✗'), "{reply}");
        assert_eq!(bench.until("2027-01-31 12:00"), Vec::<String>::new(), "{line}");
    }
}

#[test]
fn a_ping_of_a_date_that_was_given_up_is_no_longer_owed() {
    let mut bench = Bench::new("2026-11-23 10:00");
    bench.say("张经理", "/节点 联调完成 12月19日 标准:全部接口通过 @李工");
    bench.until("2026-12-19 18:00");
    let step = first(&bench).step();
    assert!(Kind::owes(&first(&bench), &step));
    bench.say("李工", "/P1 延期 12月25日 原因:技术");
    assert!(!Kind::owes(&first(&bench), &step));
    let said = bench.until("2027-01-31 12:00");
    assert_eq!(
        whom(&said),
        ["12-22 09:30 →李工", "12-24 09:30 →李工", "12-25 18:00 →张经理", "12-28 09:30 →王主管"]
    );
}

#[test]
fn drafting_makes_one_version_and_every_change_after_it_another() {
    let mut bench = Bench::new("2026-11-23 10:00");
    bench.say("张经理", "/节点 联调完成 12月18日");
    bench.say("张经理", "/节点 上线 12月25日 标准:灰度无告警");
    bench.say("赵工", "/P1 标准:全部接口通过");
    assert_eq!(version(&bench), 1);
    bench.say("张经理", "/P1 负责:@李工");
    assert_eq!(version(&bench), 1, "who answers for it is not what the plan says");
    bench.say("张经理", "/P1 标准:全部接口通过，报告归档");
    bench.say("张经理", "/P1 日期:12月16日");
    bench.say("李工", "/P1 延期 12月20日 原因:资源");
    assert_eq!(version(&bench), 4);
    bench.say("张经理", "/项目 阶段 启动");
    assert_eq!(bench.dossier.project().phase, Phase::Kickoff);
    bench.say("张经理", "/节点 验收 12月31日 标准:客户签字");
    assert_eq!(version(&bench), 5);
    let delays = first(&bench).delays;
    assert_eq!((delays.len(), delays[0].from, delays[0].to), (1, date(2026, 12, 16), date(2026, 12, 20)));
}

#[test]
fn contact_is_left_with_triangle_and_plan_or_with_a_reason() {
    let mut bench = Bench::new("2026-11-23 10:00");
    let leave = |bench: &mut Bench| bench.say("张经理", "/项目 阶段 启动");
    assert!(leave(&mut bench).contains("· 还没有计划：/节点"));
    bench.say("张经理", "/节点 联调完成 12月18日");
    assert!(leave(&mut bench).contains("· P1 缺交付标准：/节点 P1 标准:…"));
    bench.say("张经理", "/P1 取消 不做");
    assert!(leave(&mut bench).contains("· 还没有计划"));
    bench.say("张经理", "/节点 上线 12月18日 标准:灰度无告警");
    assert!(leave(&mut bench).starts_with("项目「支付」：接触 → 启动"));
    let mut bench = Bench::new("2026-11-23 10:00");
    assert!(bench.say("张经理", "/项目 阶段 启动 原因:客户催").starts_with("项目「支付」：接触 → 启动"));
}

#[test]
fn face_to_face_is_read_and_is_the_default_of_what_is_settled_with_the_customer() {
    let table = [
        ("联调完成 12月18日 标准:通过", false),
        ("联调完成 12月18日 标准:通过 面对面", true),
        ("联调完成 12月18日 标准:通过 @李工 面对面", true),
        ("联调完成 面对面 12月18日", true),
        ("需求确认 12月18日", true),
        ("客户验收 12月18日 不用面对面", false),
    ];
    for (text, wanted) in table {
        let mut bench = Bench::new("2026-11-23 10:00");
        let reply = bench.say("张经理", &format!("/节点 {text}"));
        assert!(!reply.starts_with('✗'), "{text}: {reply}");
        let milestone = first(&bench);
        assert_eq!((milestone.face_to_face, milestone.day), (wanted, date(2026, 12, 18)), "{text}");
        assert!(!milestone.title.contains("面对面") && milestone.standard != Some("通过 面对面".into()));
    }
}

#[test]
fn the_date_stands_behind_the_title_or_in_front_of_it() {
    for text in ["上线 12月18日", "12月18日 上线", "上线 2026-12-18", "2026-12-18 上线", "上线 日期:12-18"]
    {
        let mut bench = Bench::new("2026-11-23 10:00");
        let reply = bench.say("张经理", &format!("/节点 {text} 标准:灰度无告警"));
        assert!(reply.starts_with("P1 上线 · 12月18日 周五"), "{text}: {reply}");
    }
}

#[test]
fn customers_see_no_reason_no_lateness_and_nothing_internal() {
    let mut bench = Bench::new("2026-11-23 10:00");
    bench.say("张经理", "/节点 联调完成 11月24日 标准:全部接口通过 @李工");
    bench.say("张经理", "/节点 压测 11月24日 标准:500 并发 @赵工 !内部");
    bench.say("李工", "/P1 延期 11月25日 原因:资源 李工请假");
    bench.until("2026-11-30 12:00");
    for line in ["/节点", "/P1", "/项目"] {
        let reply = bench.say_to_customer("客户陈总", line);
        for hidden in ["请假", "资源", "逾期", "压测"] {
            assert!(!reply.contains(hidden), "{line}: {reply}");
        }
    }
    assert!(bench.say_to_customer("客户陈总", "/节点").contains("标准：全部接口通过"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Whatever the date and whenever it was planned: in order, in working hours or at the deadline, and
    /// never twice.
    #[test]
    fn reminders_lie_before_the_day_on_working_mornings(days in 1_i64..400, planned in 0_i64..400) {
        let rules = crate::config::Config::default().rules().unwrap();
        let calendar = &rules.calendar;
        let today = date(2026, 1, 1) + planned.days();
        let now = calendar.at(today, jiff::civil::time(10, 0, 0, 0));
        let day = today + days.days();
        let ladder = clock(day, now, &rules);
        let due = ladder.due;
        for rung in ladder.ahead() {
            prop_assert!(rung.at >= now);
            match rung.name.as_str() {
                "remind" => prop_assert!(calendar.date(rung.at) < day && !calendar.is_quiet(rung.at)),
                "late" => prop_assert_eq!(rung.at, due),
                _ => prop_assert!(calendar.date(rung.at) > day && !calendar.is_quiet(rung.at)),
            }
        }
        prop_assert_eq!(ladder.ahead().iter().filter(|rung| rung.name != "remind").count(), 2);
    }
}
