use super::*;
use crate::features::{
    bench::Bench,
    rhythm::{BEATS, Rhythm},
};

// 2026-11-23 is a Monday.

#[test]
fn a_link_and_a_summary_are_read_and_what_is_missing_is_asked_for() {
    let mut bench = Bench::new("2026-11-23 10:00");
    let reply = bench.say("李工", "/文档 支付联调开发日志 https://docs.example.com/d/1");
    assert_eq!(
        reply,
        "D1 支付联调开发日志\nhttps://docs.example.com/d/1\n\
         请补一句不懂技术的人也看得懂的说明：/D1 说明:…"
    );
    assert!(bench.say("李工", "/D1 说明:七种支付方式都已跑通").contains("说明：七种支付方式都已跑通"));
    let reply = bench.say("李工", "/文档 第三轮 链接:https://docs.example.com/d/2 说明:没有大问题");
    assert_eq!(reply, "D2 第三轮\nhttps://docs.example.com/d/2\n说明：没有大问题");
    assert!(bench.say("李工", "/文档 https://docs.example.com/d/3").starts_with("✗ 文档要写标题"));
    assert!(bench.say("李工", "/文档").starts_with("文档 2 条\nD2 第三轮"));
    assert_eq!(bench.say_to_customer("客户陈总", "/文档"), "还没有登记文档");
}

#[test]
fn development_asks_for_a_log_each_week_and_says_when_one_is_missing() {
    let mut bench = Bench::new("2026-11-23 10:00");
    bench.say("张经理", "/项目 阶段 开发 原因:补录");
    assert_eq!(
        bench.until("2026-12-07 11:00"),
        [
            "11-27 09:30 →李工 11月30日 周一 10:00 前要交开发日志",
            "11-30 10:00 →李工 开发日志没有按时交，应在 11月30日 周一 10:00 前",
            "12-04 09:30 →李工 12月7日 周一 10:00 前要交开发日志",
            "12-07 10:00 →李工 张经理 开发日志连续 2 期没有交，最近一期应在 12月7日 周一 10:00 前",
        ]
    );
    let reply = bench.say("李工", "/文档 开发日志 https://docs.example.com/d/1 说明:完成退款");
    assert!(reply.contains("下一份开发日志 12月14日 周一 11:00 前交"), "{reply}");
    assert_eq!(bench.until("2026-12-11 09:00"), Vec::<String>::new());
    let kept: Vec<bool> =
        Rhythm::of(&bench.dossier).unwrap().verdicts.iter().map(|verdict| verdict.kept).collect();
    assert_eq!(kept, [false, false, true]);
}

#[test]
fn a_phase_that_is_over_asks_for_nothing_and_the_new_one_begins_at_once() {
    let mut bench = Bench::new("2026-11-23 10:00");
    bench.say("张经理", "/项目 阶段 开发 原因:补录");
    bench.until("2026-11-24 10:00");
    bench.say("张经理", "/项目 阶段 测试");
    assert_eq!(
        bench.until("2026-11-28 09:00"),
        [
            "11-26 09:30 →李工 11月27日 周五 10:00 前要交测试报告",
            "11-27 10:00 →李工 测试报告没有按时交，应在 11月27日 周五 10:00 前",
        ]
    );
    bench.say("张经理", "/项目 阶段 验收");
    assert_eq!(bench.until("2027-01-31 09:00"), Vec::<String>::new());
}

#[test]
fn after_a_holiday_one_call_is_heard_and_not_a_pile() {
    let mut bench = Bench::new("2026-09-29 10:00");
    bench.say("张经理", "/项目 阶段 测试 原因:补录");
    let said = bench.until("2026-10-08 12:00");
    // Oct 2 and 5 fall into the holiday; what is due on the 5th is heard on the 8th at 08:30.
    assert_eq!(
        said,
        [
            "09-30 09:30 →李工 10月2日 周五 10:00 前要交测试报告",
            "10-05 10:00 →李工 张经理 测试报告连续 2 期没有交，最近一期应在 10月5日 周一 10:00 前",
            "10-08 10:00 →李工 张经理 测试报告连续 3 期没有交，最近一期应在 10月8日 周四 10:00 前",
        ]
    );
}

#[test]
fn beats_have_names_of_their_own() {
    let mut names: Vec<&str> = BEATS.iter().map(|beat| beat.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), BEATS.len());
}

mod every_period {
    use proptest::prelude::*;

    use super::*;
    use crate::{calendar::Calendar, dossier::Rules, features::bench::at};
    use jiff::{SignedDuration, Timestamp};

    #[derive(Debug, Clone)]
    enum Step {
        Phase(usize),
        Done(usize),
        Wait(i64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            (0..Phase::ALL.len()).prop_map(Step::Phase),
            (0..BEATS.len()).prop_map(Step::Done),
            (1i64..24 * 12).prop_map(Step::Wait),
        ];
        prop::collection::vec(step, 1..40)
    }

    /// The verdicts and the running period of a beat stand one behind the other, gaps only where its
    /// phase was left.
    fn holds(rhythm: &Rhythm, entered: Timestamp) {
        for beat in BEATS {
            let mine: Vec<_> = rhythm.verdicts.iter().filter(|verdict| verdict.beat == beat.name).collect();
            for pair in mine.windows(2) {
                assert!(pair[0].until <= pair[1].from, "{pair:?}");
            }
            let Some(running) = rhythm.running.get(beat.name) else { continue };
            assert!(beat.phases.contains(&rhythm.phase));
            if let Some(last) = mine.last() {
                assert!(last.until == running.from || running.from == entered, "{last:?} {running:?}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn has_one_verdict_and_no_call_belongs_to_a_phase_that_is_over(steps in steps()) {
            let mut bench = Bench::new("2026-09-21 10:00");
            let rules: Rules = bench.rules.clone();
            let _: &Calendar = &rules.calendar;
            let mut entered = at("2026-09-21 10:00");
            bench.dossier.put(std::sync::Arc::new(
                Rhythm::entering(Phase::Contact, None, bench.now, &rules)));
            for step in steps {
                let rhythm = Rhythm::of(&bench.dossier).unwrap().clone();
                match step {
                    Step::Phase(index) if Phase::ALL[index] != rhythm.phase => {
                        entered = bench.now;
                        let next = Rhythm::entering(Phase::ALL[index], Some(&rhythm), bench.now, &rules);
                        bench.dossier.put(std::sync::Arc::new(next));
                    }
                    Step::Phase(_) => {}
                    Step::Done(index) => {
                        let next = rhythm.done(BEATS[index], bench.now, &rules);
                        bench.dossier.put(std::sync::Arc::new(next));
                    }
                    Step::Wait(hours) => {
                        let to = bench.now.checked_add(SignedDuration::from_hours(hours)).unwrap();
                        let to = rules.calendar.local(to).strftime("%Y-%m-%d %H:%M").to_string();
                        let said = bench.until(&to);
                        let phase = Rhythm::of(&bench.dossier).unwrap().phase;
                        for line in said {
                            let of = if line.contains("测试报告") { Phase::Testing } else { Phase::Development };
                            prop_assert_eq!(of, phase);
                        }
                    }
                }
                holds(Rhythm::of(&bench.dossier).unwrap(), entered);
            }
        }
    }
}
