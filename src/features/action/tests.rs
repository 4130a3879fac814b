use super::*;
use crate::features::bench::{Bench, at};

// 2026-11-23 is a Monday.

#[test]
fn owner_and_trailing_date_are_read_and_echoed() {
    let mut bench = Bench::new("2026-11-23 10:00");
    let reply = bench.say("张经理", "/待办 出接口文档 @李工 周四");
    assert_eq!(reply, "A1 出接口文档\n负责 @李工 · 11月26日 周四 18:00 前完成");
    let item = bench.dossier.find::<ActionItem>(1).unwrap();
    assert_eq!(item.due, Some(at("2026-11-26 18:00")));
}

#[test]
fn what_is_missing_is_filed_and_pointed_out_and_has_no_clock() {
    let mut bench = Bench::new("2026-11-23 10:00");
    let reply = bench.say("张经理", "/待办 出接口文档");
    assert!(reply.contains("缺负责人和截止时间"), "{reply}");
    assert_eq!(bench.until("2026-12-31 09:00"), Vec::<String>::new());
    assert!(bench.say("赵工", "/待办 A1 @李工 截止:2027-01-05").contains("负责 @李工"));
    assert!(bench.dossier.find::<ActionItem>(1).unwrap().clock.is_some());
    assert!(bench.say("赵工", "/待办").starts_with("待办 1 条\nA1 出接口文档 · 李工 · 2027年1月5日"));
}

#[test]
fn the_owner_is_reminded_before_and_called_daily_once_late_and_the_manager_from_the_third_day() {
    let mut bench = Bench::new("2026-11-23 10:00");
    bench.say("张经理", "/待办 出接口文档 @李工 周四");
    let said = bench.until("2026-12-01 12:00");
    assert_eq!(
        said,
        [
            "11-25 09:30 →李工 A1 出接口文档 11月26日 周四 18:00 到期",
            "11-26 09:30 →李工 A1 出接口文档 今天到期：11月26日 周四 18:00",
            "11-27 09:30 →李工 A1 出接口文档 已逾期 15 小时 30 分",
            // The third day is a Sunday.
            "11-30 09:30 →李工 张经理 A1 出接口文档 已逾期 3 天 15 小时",
            "12-01 09:30 →李工 张经理 A1 出接口文档 已逾期 4 天 15 小时",
        ]
    );
}

#[test]
fn the_third_day_is_not_the_second() {
    let mut bench = Bench::new("2026-11-23 10:00");
    bench.say("张经理", "/待办 出接口文档 @李工 截止:周二");
    let said = bench.until("2026-11-27 12:00");
    let whom: Vec<&str> = said.iter().filter_map(|line| line.split(" A1").next()).collect();
    assert_eq!(
        whom,
        ["11-24 09:30 →李工", "11-25 09:30 →李工", "11-26 09:30 →李工", "11-27 09:30 →李工 张经理"]
    );
}

#[test]
fn without_an_owner_the_manager_is_called() {
    let mut bench = Bench::new("2026-11-23 10:00");
    bench.say("李工", "/待办 出接口文档 周四");
    let said = bench.until("2026-11-25 12:00");
    assert_eq!(said, ["11-25 09:30 →张经理 A1 出接口文档 11月26日 周四 18:00 到期"]);
}

#[test]
fn what_is_done_or_cancelled_is_silent() {
    let mut bench = Bench::new("2026-11-23 10:00");
    bench.say("张经理", "/待办 出接口文档 @李工 周四");
    bench.say("赵工", "/待办 压测 @李工 周四");
    assert!(bench.say("赵工", "/待办 A1 完成").contains("A1 由 李工 负责，完成须由本人或铁三角来做"));
    assert_eq!(bench.say("李工", "/A1 完成"), "A1 出接口文档 已完成");
    assert!(bench.say("钱工", "/A2 取消").starts_with("✗"));
    assert_eq!(bench.say("赵工", "/A2 取消 不做了"), "A2 压测 已取消\n备注：不做了");
    assert_eq!(bench.until("2026-12-10 09:00"), Vec::<String>::new());
    assert!(bench.say("李工", "/A1 完成").starts_with("✗ A1 已由 李工 完成"));
}

#[test]
fn a_later_date_starts_the_reminders_again() {
    let mut bench = Bench::new("2026-11-23 10:00");
    bench.say("张经理", "/待办 出接口文档 @李工 周二");
    bench.until("2026-11-25 10:00");
    let reply = bench.say("李工", "/待办 A1 延期 周五 等第三方接口");
    assert_eq!(
        reply,
        "A1 出接口文档 延期到 11月27日 周五 18:00（原 11月24日 周二 18:00）\n原因：等第三方接口"
    );
    assert!(bench.say("李工", "/待办 A1 截止:下周一").contains("请用延期"));
    assert_eq!(bench.until("2026-11-26 12:00").len(), 1);
    assert!(bench.say("李工", "/A1").contains("原定 11月24日 周二 18:00：等第三方接口"));
    assert!(bench.say("李工", "/待办 A1 延期 昨天").starts_with("✗"));
    // However the date is written.
    for (line, due) in [
        ("2026-12-01 等第三方接口", "12月1日 周二 18:00"),
        ("到 12/2，等第三方接口", "12月2日 周三 18:00"),
        ("12-03 10:00 等第三方接口", "12月3日 周四 10:00"),
        ("等第三方接口，下周五", "12月4日 周五 18:00"),
    ] {
        let reply = bench.say("李工", &format!("/待办 A1 延期 {line}"));
        assert!(reply.contains(&format!("延期到 {due}（")), "{line}: {reply}");
        assert!(reply.ends_with("原因：等第三方接口"), "{line}: {reply}");
    }
}

#[test]
fn one_made_after_the_reminder_of_its_day_is_not_reminded_in_hindsight() {
    let mut bench = Bench::new("2026-11-23 10:00");
    bench.say("张经理", "/待办 出接口文档 @李工 今天16点");
    assert_eq!(bench.until("2026-11-24 08:00"), Vec::<String>::new());
    assert_eq!(bench.until("2026-11-24 09:30").len(), 1);
}
