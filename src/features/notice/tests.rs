use super::*;
use crate::features::bench::Bench;

// 2026-11-23 is a Monday.

#[test]
fn an_urgent_one_calls_who_has_not_acknowledged_then_the_manager_then_the_lead() {
    let mut bench = Bench::new("2026-11-23 22:00");
    let reply = bench.say("王主管", "/通知 @李工 @赵工 !紧急 今晚停机升级");
    assert_eq!(reply, "N1 今晚停机升级 · 紧急通知\n请 @李工 @赵工 确认收到");
    bench.until("2026-11-23 22:10");
    assert_eq!(bench.say("李工", "/N1 收到"), "N1 李工 收到，还差 赵工");
    assert_eq!(
        bench.until("2026-11-26 12:00"),
        [
            "11-23 22:30 →赵工 N1 今晚停机升级 还没有全部确认，已 30 分钟",
            "11-23 23:00 →赵工 张经理 N1 今晚停机升级 还没有全部确认，已 1 小时",
            "11-24 00:00 →赵工 张经理 王主管 N1 今晚停机升级 还没有全部确认，已 2 小时",
        ]
    );
    let reply = bench.say("赵工", "/通知 N1 收到");
    assert_eq!(reply, "N1 今晚停机升级 已全部确认：李工 11月23日 周一 22:10、赵工 11月26日 周四 12:00");
}

#[test]
fn once_all_acknowledged_the_clock_stands_still() {
    let mut bench = Bench::new("2026-11-23 10:00");
    bench.say("王主管", "/通知 @李工 !紧急 今晚停机升级");
    assert_eq!(bench.say("李工", "/N1 收到"), "N1 今晚停机升级 已全部确认：李工 11月23日 周一 10:00");
    assert_eq!(bench.until("2026-11-30 10:00"), Vec::<String>::new());
    assert_eq!(bench.say("李工", "/N1 收到"), "N1 您已经确认过");
    assert_eq!(bench.say("赵工", "/N1 收到"), "✗ N1 没有点名您，不用确认");
    assert!(bench.say("赵工", "/通知").starts_with("通知 1 条\nN1 今晚停机升级 · 紧急 · 1/1 · 全部确认"));
}

#[test]
fn a_high_one_waits_four_hours_and_for_the_end_of_quiet_hours_then_calls_the_manager_next_morning() {
    let mut bench = Bench::new("2026-11-23 10:00");
    bench.say("王主管", "/通知 @李工 !高 接口要改");
    assert_eq!(
        bench.until("2026-11-27 12:00"),
        [
            "11-23 14:00 →李工 N1 接口要改 还没有全部确认，已 4 小时",
            "11-24 09:30 →李工 张经理 N1 接口要改 还没有全部确认，已 23 小时 30 分",
        ]
    );
    let mut bench = Bench::new("2026-11-27 18:00");
    bench.say("王主管", "/通知 @李工 !高 接口要改");
    let said = bench.until("2026-12-02 12:00");
    let when: Vec<&str> = said.iter().filter_map(|line| line.split(" N1").next()).collect();
    assert_eq!(when, ["11-30 08:30 →李工", "11-30 09:30 →李工 张经理"]);
}

#[test]
fn others_are_called_once_on_the_next_working_morning() {
    let mut bench = Bench::new("2026-11-27 10:00");
    bench.say("王主管", "/通知 @李工 @赵工 !中 下周起用新模板");
    assert_eq!(
        bench.until("2026-12-10 12:00"),
        ["11-30 09:30 →李工 赵工 N1 下周起用新模板 还没有全部确认，已 2 天 23 小时"]
    );
}

#[test]
fn without_people_or_priority_it_is_refused_with_the_fix() {
    let mut bench = Bench::new("2026-11-23 10:00");
    assert!(bench.say("王主管", "/通知 今晚停机").starts_with("✗ 通知要点名谁来确认，并写明优先级"));
    assert!(bench.say("王主管", "/通知 @所有人 !高 今晚停机").starts_with("✗ 通知要 @ 到人"));
    assert!(bench.say("王主管", "/通知 @李工 今晚停机").starts_with("✗ 通知要写明优先级"));
    assert!(bench.say("王主管", "/通知 @李工 !高").starts_with("✗ 通知要写内容"));
    assert!(bench.dossier.find::<Notice>(1).is_none());
    // Whom it calls could not see it.
    assert!(bench.say("王主管", "/通知 @客户陈总 !高 今晚停机").starts_with("✗ 客户陈总 是客户方"));
}

#[test]
fn in_the_customers_room_its_people_are_asked_there_and_escalations_stay_inside() {
    let mut bench = Bench::new("2026-11-23 10:00");
    bench.say_to_customer("张经理", "/通知 @客户陈总 @李工 !紧急 今晚停机升级");
    assert_eq!(
        bench.until("2026-11-23 13:00"),
        [
            "11-23 10:30 客户群 @客户陈总 N1 今晚停机升级，看到请点「收到」",
            "11-23 10:30 →李工 N1 今晚停机升级 还没有全部确认，已 30 分钟",
            "11-23 11:00 →李工 张经理 N1 今晚停机升级 还没有全部确认，已 1 小时",
            "11-23 12:00 →李工 张经理 王主管 N1 今晚停机升级 还没有全部确认，已 2 小时",
        ]
    );
    assert_eq!(bench.say_to_customer("客户陈总", "/N1 收到"), "N1 客户陈总 收到，还差 李工");
    bench.say("李工", "/N1 收到");
    assert_eq!(bench.said().len(), 1, "the customer's room hears that all acknowledged");
}

#[test]
fn the_text_may_stand_below_and_what_it_says_is_shown_with_who_acknowledged_when() {
    let mut bench = Bench::new("2026-11-23 10:00");
    bench.say("王主管", "/通知 @李工 @赵工 !低\n周五团建\n下午三点出发");
    bench.say("李工", "/N1 收到");
    assert_eq!(
        bench.say("张经理", "/N1"),
        "N1 周五团建 · 低 · 待确认\n王主管 于 11月23日 周一 10:00 发出\n下午三点出发\n\
         已确认：李工 11月23日 周一 10:00\n未确认：赵工"
    );
    assert_eq!(bench.say_to_customer("客户陈总", "/通知"), "还没有通知");
}
