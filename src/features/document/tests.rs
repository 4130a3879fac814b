use crate::features::{
    bench::Bench,
    rhythm::{Fate, verdicts},
};

/// Without the contacts that a phase owes beside its documents.
fn bench(now: &str) -> Bench {
    let mut bench = Bench::new(now);
    bench.rules.cadence.clear();
    bench
}

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
    let mut bench = bench("2026-11-23 10:00");
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
    let logs = verdicts(&bench.dossier).filter(|verdict| verdict.beat == "development_log");
    let fates: Vec<Fate> = logs.map(|verdict| verdict.fate).collect();
    assert_eq!(fates, [Fate::Missed, Fate::Missed, Fate::Kept]);
}

#[test]
fn a_phase_that_is_over_asks_for_nothing_and_the_new_one_begins_at_once() {
    let mut bench = bench("2026-11-23 10:00");
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
    let mut bench = bench("2026-09-29 10:00");
    bench.say("张经理", "/项目 阶段 测试 原因:补录");
    let said = bench.until("2026-10-08 12:00");
    // What is missed on Oct 2 is heard on the 8th at 08:30; from then to the 8th nobody works a day.
    assert_eq!(
        said,
        [
            "09-30 09:30 →李工 10月2日 周五 10:00 前要交测试报告",
            "10-02 10:00 →李工 测试报告没有按时交，应在 10月2日 周五 10:00 前",
        ]
    );
}
