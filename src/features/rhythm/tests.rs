use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::{
    calendar::Period,
    features::bench::{Bench, at},
};

fn told(bench: &Bench, beat: &str) -> Vec<String> {
    let calendar = &bench.rules.calendar;
    let day = |at| calendar.local(at).strftime("%m-%d").to_string();
    let mine = verdicts(&bench.dossier).filter(|verdict| verdict.beat == beat);
    mine.map(|one| {
        let late = if one.late { " late" } else { "" };
        format!("{}→{} {}/{} {:?}{late}", day(one.from), day(one.until), one.done, one.wanted, one.fate)
    })
    .collect()
}

fn owes(bench: &Bench, step: &str) -> bool {
    Kind::owes_in(Rhythm::of(&bench.dossier).unwrap(), step, &bench.dossier)
}

/// A bench that hears of one beat alone.
fn bench_of(now: &str, beat: &str, phase: &str) -> Bench {
    let mut bench = Bench::new(now);
    bench.rules.cadence.retain(|rule| rule.name == beat);
    let day = crate::calendar::Span::hours(24 * 3_000);
    (bench.rules.document.log_every, bench.rules.document.test_report_every) = (day, day);
    bench.enter(phase);
    bench
}

// 2026-11-23 is a Monday.

#[test]
fn a_week_begins_on_monday_and_ends_on_sunday_at_midnight() {
    let mut bench = bench_of("2026-11-23 10:00", "开发期沟通", "开发");
    bench.say("张经理", "/沟通 电话 价值:定了接口");
    assert_eq!(
        bench.until("2026-11-29 23:59:59"),
        ["11-27 09:30 →张经理 开发期沟通 1/2，到 11月29日 周日 为止还差 1 次"]
    );
    assert!(bench.say("张经理", "/沟通 电话 价值:定了范围").contains("计入：开发期沟通 2/2"));
    bench.until("2026-11-30 00:00");
    assert!(bench.say("张经理", "/沟通 电话 价值:定了日期").contains("计入：开发期沟通 1/2"));
    assert_eq!(told(&bench, "开发期沟通"), ["11-23→11-30 2/2 Kept"]);
}

#[test]
fn a_touch_in_the_moment_a_week_ends_counts_for_the_next_also_before_the_wake() {
    let mut bench = bench_of("2026-11-23 10:00", "开发期沟通", "开发");
    bench.until("2026-11-29 23:00");
    // Time passes without the wake of midnight.
    bench.now = at("2026-11-30 00:00");
    assert!(
        bench
            .say("张经理", "/沟通 电话 价值:定了接口")
            .contains("计入：开发期沟通 1/2（到 12月6日 周日 为止）")
    );
    assert_eq!(told(&bench, "开发期沟通"), ["11-23→11-30 0/2 Missed"]);
    let said = bench.said();
    assert_eq!(said, ["11-30 00:00 →张经理 开发期沟通 11月23日—11月29日 0/2，记为缺一期"]);
    assert_eq!(bench.until("2026-12-03 09:00"), Vec::<String>::new(), "the miss is told once");
}

#[test]
fn a_week_that_begins_after_wednesday_counts_from_the_next() {
    for (entered, expected) in [("2026-11-25 17:00", "0/2 Missed"), ("2026-11-26 09:00", "0/0 NotCounted")] {
        let mut bench = bench_of(entered, "开发期沟通", "开发");
        bench.until("2026-11-30 00:00");
        assert!(told(&bench, "开发期沟通")[0].ends_with(expected), "{entered}");
    }
}

#[test]
fn a_week_without_a_working_day_expects_nothing() {
    // Spring Festival: 15 to 23 February, the 14th is worked.
    let mut bench = bench_of("2026-02-09 10:00", "开发期沟通", "开发");
    assert_eq!(
        bench.until("2026-03-02 00:00"),
        [
            "02-13 09:30 →张经理 开发期沟通 0/2，到 2月15日 周日 为止还差 2 次",
            "02-14 09:30 →张经理 开发期沟通 0/2，到 2月15日 周日 为止还差 2 次",
            "02-16 00:00 →张经理 开发期沟通 2月9日—2月15日 0/2，记为缺一期",
            "02-27 09:30 →张经理 开发期沟通 0/2，到 3月1日 周日 为止还差 2 次",
            "02-28 09:30 →张经理 开发期沟通 0/2，到 3月1日 周日 为止还差 2 次",
            "03-02 00:00 →张经理 开发期沟通 2月23日—3月1日 0/2，已连续缺 2 期",
        ]
    );
    assert_eq!(
        told(&bench, "开发期沟通"),
        ["02-09→02-16 0/2 Missed", "02-16→02-23 0/0 NotCounted", "02-23→03-02 0/2 Missed"]
    );
}

#[test]
fn every_three_days_begins_anew_with_each_sync() {
    let mut bench = bench_of("2026-11-23 10:00", "测试结果同步", "测试");
    assert_eq!(
        bench.until("2026-11-25 10:00"),
        ["11-25 09:30 →李工 测试结果同步 0/1，11月26日 周四 10:00 前还差 1 次"]
    );
    let reply = bench.say("李工", "/沟通 电话 价值:阻塞问题都已修复 未解决:3 已修复：５ 新增:2个");
    assert!(reply.contains("计入：测试结果同步 1/1，下一次 11月28日 周六 10:00 前"), "{reply}");
    assert_eq!(
        bench.until("2026-11-28 12:00"),
        [
            "11-27 09:30 →李工 测试结果同步 0/1，11月28日 周六 10:00 前还差 1 次",
            "11-28 10:00 →李工 张经理 测试结果同步 11月25日 10:00—11月28日 10:00 0/1，记为缺一期",
        ]
    );
}

#[test]
fn months_after_delivery_keep_their_day_and_are_twelve() {
    let mut bench = bench_of("2027-01-31 10:00", "交付后回访", "交付后");
    bench.until("2027-02-10 10:00");
    assert!(
        bench
            .say("陈主管", "/沟通 拜访 价值:教会了对账")
            .contains("计入：交付后回访 1/1（到 2月27日 周六 为止）")
    );
    bench.until("2028-06-01 10:00");
    let all = told(&bench, "交付后回访");
    assert_eq!(all.len(), 12);
    assert_eq!(all[..3], ["01-31→02-28 1/1 Kept", "02-28→03-31 0/1 Missed", "03-31→04-30 0/1 Missed"]);
    assert_eq!(all[11], "12-31→01-31 0/1 Missed");
    assert!(Kind::wakes_at(Rhythm::of(&bench.dossier).unwrap(), &bench.rules).is_none());
}

#[test]
fn a_phase_that_is_left_is_not_counted_and_the_weekly_meeting_goes_on() {
    let mut bench = Bench::new("2026-11-23 10:00");
    bench.enter("启动");
    bench.until("2026-11-24 10:00");
    bench.enter("开发");
    bench.until("2026-11-25 10:00");
    bench.enter("启动");
    assert_eq!(told(&bench, "启动期正式会议"), ["11-23→11-24 0/1 NotCounted"]);
    assert_eq!(told(&bench, "开发期沟通"), ["11-24→11-25 0/2 NotCounted"]);
    let rhythm = Rhythm::of(&bench.dossier).unwrap();
    assert_eq!(rhythm.running["项目例会"].from, at("2026-11-23 10:00"));
    let names: Vec<&str> = rhythm.running.keys().map(String::as_str).collect();
    assert_eq!(names, ["启动期正式会议", "项目例会"]);
}

#[test]
fn what_was_done_before_a_phase_was_left_counts_when_it_comes_back_in_the_same_week() {
    let mut bench = bench_of("2026-11-23 10:00", "开发期沟通", "开发");
    bench.say("张经理", "/沟通 电话 价值:定了接口");
    bench.until("2026-11-24 10:00");
    bench.enter("测试");
    bench.until("2026-11-27 11:00");
    bench.enter("开发");
    assert!(bench.say("张经理", "/沟通 电话 价值:定了范围").contains("计入：开发期沟通 2/2"));
    bench.until("2026-11-30 00:00");
    assert_eq!(told(&bench, "开发期沟通"), ["11-23→11-24 1/2 NotCounted", "11-27→11-30 2/2 Kept"]);
}

#[test]
fn a_touch_told_of_late_makes_good_for_a_week_and_no_longer() {
    let mut bench = bench_of("2026-11-23 10:00", "开发期沟通", "开发");
    bench.say("张经理", "/沟通 电话 价值:定了接口");
    bench.until("2026-12-02 10:00");
    let reply = bench.say("张经理", "/沟通 上周五现场演示 价值:确认了样式");
    assert!(reply.contains("补计：开发期沟通 11月23日—11月29日 2/2，补上，这一期算达成"), "{reply}");
    assert_eq!(told(&bench, "开发期沟通"), ["11-23→11-30 2/2 Kept late"]);
    assert!(!owes(&bench, &bench.pings.last().unwrap().step), "no longer missed");
    bench.until("2026-12-13 23:00");
    let reply = bench.say("张经理", "/沟通 12月1日电话 价值:定了范围");
    assert!(reply.contains("补计：开发期沟通 11月30日—12月6日 1/2，仍缺"), "{reply}");
    bench.until("2026-12-14 00:01");
    let reply = bench.say("张经理", "/沟通 11月24日电话 价值:定了范围");
    assert!(reply.contains("这一期已过 5 个工作日 的补记期"), "{reply}");
}

#[test]
fn other_rules_hold_at_once_for_new_beats_and_from_the_next_period_for_old_ones() {
    let mut bench = bench_of("2026-11-23 10:00", "开发期沟通", "开发");
    let mut rule = bench.rules.cadence[0].clone();
    bench.rules.cadence[0].times = 3;
    rule.name = "周三碰头".into();
    rule.every = Period::Weeks(1);
    bench.rules.cadence.push(rule);
    assert!(Kind::wakes_at(Rhythm::of(&bench.dossier).unwrap(), &bench.rules) <= Some(bench.now));
    bench.until("2026-11-30 00:00");
    let rhythm = Rhythm::of(&bench.dossier).unwrap();
    assert_eq!(rhythm.running["开发期沟通"].wanted, 3);
    assert_eq!(told(&bench, "开发期沟通"), ["11-23→11-30 0/2 Missed"]);
    assert_eq!(told(&bench, "周三碰头"), ["11-23→11-30 0/2 Missed"]);
    bench.rules.cadence.clear();
    bench.until("2026-12-01 00:00");
    assert!(!Rhythm::of(&bench.dossier).unwrap().running.contains_key("开发期沟通"));
}

#[test]
fn nothing_is_owed_while_a_project_is_put_away() {
    let mut bench = bench_of("2026-11-23 10:00", "开发期沟通", "开发");
    bench.until("2026-11-24 10:00");
    bench.say("张经理", "/项目 归档");
    bench.until("2026-12-16 10:00");
    bench.say("张经理", "/项目 归档 取消");
    bench.until("2026-12-21 00:00");
    assert_eq!(told(&bench, "开发期沟通"), ["11-23→11-24 0/2 NotCounted", "12-16→12-21 0/2 Missed"]);
}

#[test]
fn what_an_older_version_wrote_is_read_and_has_a_record_for_each_verdict_with_the_next_change() {
    let text = r#"{"phase":"development","since":"2026-11-23T02:00:00Z","running":{"development_log":{"from":
        "2026-11-23T02:00:00Z","done":0,"clock":{"due":"2026-11-30T02:00:00Z","rungs":[]}}},"verdicts":[{"beat":
        "development_log","from":"2026-11-09T02:00:00Z","until":"2026-11-16T02:00:00Z","done":1,"kept":true},{"beat":
        "development_log","from":"2026-11-16T02:00:00Z","until":"2026-11-23T02:00:00Z","done":0,"kept":false}]}"#;
    let mut bench = Bench::new("2026-11-24 10:00");
    bench.dossier.put(std::sync::Arc::new(serde_json::from_str::<Rhythm>(text).unwrap()));
    let known = ["11-09→11-16 1/1 Kept", "11-16→11-23 0/1 Missed"];
    assert_eq!(told(&bench, "development_log"), known);
    let before = Rhythm::of(&bench.dossier).unwrap().clone();
    let outcome = Course::of(&bench.dossier).unwrap().tuned(bench.now, &bench.rules);
    bench.apply(outcome.write(Outcome::default(), &bench.dossier));
    assert_eq!(Rhythm::of(&bench.dossier).unwrap().running.len(), 3);
    assert_eq!(Rhythm::of(&bench.dossier).unwrap().older, []);
    assert_eq!(told(&bench, "development_log"), known);
    assert_eq!(bench.dossier.all::<Verdict>().map(Kind::number).collect::<Vec<_>>(), [1, 2]);
    // Taken back, and changed once more: no number is given twice.
    for number in [1, 2] {
        bench.dossier.take(crate::store::Key { letter: Verdict::LETTER, number });
    }
    bench.dossier.put(std::sync::Arc::new(before));
    assert_eq!(told(&bench, "development_log"), known);
    bench.until("2026-11-30 10:00");
    assert_eq!(told(&bench, "development_log")[..2], known);
    assert_eq!(bench.dossier.all::<Verdict>().next().map(Kind::number), Some(3));
}

#[test]
fn a_touch_writes_what_is_running_and_no_verdict_that_stays_as_it_was() {
    let mut bench = bench_of("2026-11-23 10:00", "开发期沟通", "开发");
    bench.until("2026-12-23 10:00");
    assert_eq!(told(&bench, "开发期沟通").len(), 4);
    let fits = |beat: &Beat| beat.name == "开发期沟通";
    let now = (bench.now, &bench.rules);
    let (outcome, _) = counting(Outcome::default(), bench.now, fits, &bench.dossier, now);
    assert_eq!(outcome.records.iter().map(|record| record.key().to_string()).collect::<Vec<_>>(), ["~0"]);
}

#[derive(Debug, Clone)]
enum Step {
    Phase(usize),
    Touch(i64),
    Meeting(i64),
    Archive(bool),
    Wait(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0..Phase::ALL.len()).prop_map(Step::Phase),
        4 => prop_oneof![Just(0), 0i64..24 * 20].prop_map(Step::Touch),
        2 => prop_oneof![Just(0), 0i64..24 * 20].prop_map(Step::Meeting),
        1 => prop::bool::ANY.prop_map(Step::Archive),
        6 => (1i64..60 * 24 * 12).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 1..40)
}

/// When a beat held: from, until.
type Stays = Vec<(Timestamp, Timestamp)>;

/// The periods of a beat cover the time in which it held, each moment once, and each has the verdict that its
/// numbers give it.
fn holds(dossier: &Dossier, beat: &Beat, stays: &Stays, now: Timestamp) {
    let mine: Vec<&Verdict> = verdicts(dossier).filter(|one| one.beat == beat.name).collect();
    for one in &mine {
        match one.fate {
            Fate::Kept => assert!(one.done >= one.wanted && one.wanted > 0, "{one:?}"),
            Fate::Missed => assert!(one.done < one.wanted, "{one:?}"),
            Fate::NotCounted => {}
        }
    }
    let mut periods: Stays = mine.iter().map(|one| (one.from, one.until)).collect();
    let rhythm = Rhythm::of(dossier).unwrap();
    periods.extend(rhythm.running.get(beat.name).map(|running| (running.from, now)));
    for pair in periods.windows(2) {
        assert!(pair[0].1 <= pair[1].0, "{} twice: {pair:?}", beat.name);
    }
    let sum =
        |all: &Stays| all.iter().map(|(from, until)| until.duration_since(*from)).sum::<SignedDuration>();
    if matches!(beat.duty, Duty::Contact(rule) if rule.most > 0) {
        assert!(sum(&periods) <= sum(stays), "{}", beat.name);
    } else {
        assert_eq!(sum(&periods), sum(stays), "{}: {periods:?} {stays:?}", beat.name);
    }
    for (from, until) in periods.into_iter().filter(|(from, until)| from < until) {
        assert!(stays.iter().any(|stay| stay.0 <= from && until <= stay.1), "{} outside", beat.name);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn every_period_has_one_verdict_and_no_call_belongs_to_a_phase_that_is_over(steps in steps()) {
        // National Day, make-up days, and the turn of the year lie ahead.
        let mut bench = Bench::new("2026-09-21 10:00");
        let rules = bench.rules.clone();
        let course = Course::entering(Phase::Contact, &bench.dossier, bench.now, &rules);
        bench.apply(course.write(Outcome::default(), &bench.dossier));
        let all: Vec<Beat> = beats(&rules).collect();
        let mut stays: Vec<Stays> = vec![Vec::new(); all.len()];
        let mut archived = false;
        for step in steps {
            let began = bench.now;
            let phase = bench.dossier.project().phase;
            match step {
                Step::Phase(index) => {
                    bench.enter(Phase::ALL[index].name());
                    // Archived, nothing is owed of any phase.
                    if archived {
                        bench.say("张经理", "/项目 归档 取消");
                        archived = false;
                    }
                }
                Step::Archive(put_away) => {
                    bench.say("张经理", if put_away { "/项目 归档" } else { "/项目 归档 取消" });
                    archived = put_away;
                }
                Step::Touch(hours) | Step::Meeting(hours) if !archived => {
                    let at = bench.now - SignedDuration::from_hours(hours);
                    let touch = matches!(step, Step::Touch(_));
                    let fits = |beat: &Beat| match beat.duty {
                        Duty::Contact(rule) => rule.counts_touches() == touch,
                        Duty::Document(_) => touch,
                    };
                    let now = bench.now;
                    let counted = counting(Outcome::default(), at, fits, &bench.dossier, (now, &rules)).0;
                    bench.apply(counted);
                }
                Step::Touch(_) | Step::Meeting(_) => {}
                Step::Wait(minutes) => {
                    bench.now += SignedDuration::from_mins(minutes);
                    let to = bench.rules.calendar.local(bench.now).strftime("%Y-%m-%d %H:%M").to_string();
                    bench.now = began;
                    if archived {
                        bench.now = at(&to);
                    } else {
                        bench.until(&to);
                    }
                    for (beat, stays) in all.iter().zip(&mut stays) {
                        if archived || !beat.phases.contains(&phase) {
                            continue;
                        }
                        match stays.last_mut().filter(|stay| stay.1 == began) {
                            Some(stay) => stay.1 = bench.now,
                            None => stays.push((began, bench.now)),
                        }
                    }
                }
            }
            let rhythm = Rhythm::of(&bench.dossier).unwrap();
            for (beat, stays) in all.iter().zip(&stays) {
                holds(&bench.dossier, beat, stays, bench.now);
            }
            let over: BTreeSet<&str> = all
                .iter()
                .filter(|beat| !beat.phases.contains(&rhythm.phase))
                .map(|beat| beat.name)
                .collect();
            for ping in &bench.pings {
                let beat = ping.step.splitn(3, ' ').nth(2).unwrap_or_default();
                prop_assert!(!over.contains(beat) || !owes(&bench, &ping.step), "{} is over", ping.step);
            }
        }
    }
}
