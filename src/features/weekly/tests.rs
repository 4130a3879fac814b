use proptest::prelude::*;

use super::*;
use crate::features::bench::{Bench, at};

// 2026-11-27 is a Friday.

fn friday_of(bench: &mut Bench, when: &str) -> Vec<String> {
    bench.until(when);
    bench.said();
    let cx = Waking { now: at(when), due: at(when), rules: &bench.rules };
    let outcome = friday(&bench.dossier, &cx);
    bench.apply(outcome);
    bench.said()
}

fn busy() -> Bench {
    let mut bench = Bench::new("2026-11-24 10:00");
    bench.say("李工", "/价值 支付模块已完成联调，支持 7 种支付方式");
    bench.say("李工", "/价值 重构省了两台机器 !内部");
    bench.say_to_customer("客户陈总", "/需求 支持退款");
    bench.say("张经理", "/需求 换日志框架");
    bench.say("张经理", "/风险 第三方接口延迟 方案:已协调优先处理 !高");
    bench.say("张经理", "/风险 核心人员可能离职 方案:已谈加薪 !内部");
    bench.say("张经理", "/风险 机房搬迁");
    bench.say_to_customer("客户陈总", "/工单 登录页打不开 !紧急");
    bench.say("李工", "/T1 响应");
    bench.say("李工", "/T1 解决 原因:证书过期 说明:已更换证书");
    bench.say("张经理", "/待办 出接口文档 @李工 周三");
    bench.say("张经理", "/待办 压测 @赵工 下周二");
    bench.say("张经理", "/会议 项目例会 下周一10点-11点");
    bench.say_to_customer("客户陈总", "/建议 登录页加扫码");
    bench
}

#[test]
fn friday_posts_the_internal_report_and_the_customer_gets_theirs_after_sending() {
    let mut bench = busy();
    let said = friday_of(&mut bench, "2026-11-27 17:00");
    assert_eq!(
        said,
        ["11-27 17:00 项目群 支付 周报 11月20日—11月27日\n\
          本周交付的价值 2\n· 支付模块已完成联调，支持 7 种支付方式\n· 重构省了两台机器 · 内部\n\
          需求：已收集 2\n\
          风险 3\n· K1 第三方接口延迟 · 高 · 应对：已协调优先处理\n\
          · K2 核心人员可能离职 · 中 · 内部 · 应对：已谈加薪\n· K3 机房搬迁 · 中 · 还没有应对方案\n\
          工单：新增 1 · 解决 1 · 处理中 0 · 响应按时 1/1 · 解决按时 1/1\n\
          待办：完成 0 · 逾期 1\n· A1 出接口文档 · 李工 · 应在 11月25日 周三 18:00 前\n\
          下周 2\n· 11月30日 周一 10:00 M1 项目例会 · 开会\n· 12月1日 周二 18:00 A2 压测 · 完成\n\
          建议待答复 1\n· G1 登录页加扫码 · 客户陈总"]
    );
    assert!(bench.say("赵工", "/周报 发送").len() > 3);
    bench.said();
    let mut bench = busy();
    friday_of(&mut bench, "2026-11-27 17:00");
    assert_eq!(bench.say("张经理", "/周报 发送"), "周报客户版已发到客户群");
    assert_eq!(
        bench.said(),
        ["11-27 17:00 客户群 支付 周报 11月20日—11月27日\n\
          本周交付的价值 1\n· 支付模块已完成联调，支持 7 种支付方式\n\
          需求：已收集 1\n\
          风险 1\n· K1 第三方接口延迟 · 高 · 应对：已协调优先处理\n\
          工单：新增 1 · 解决 1 · 处理中 0 · 响应按时 1/1 · 解决按时 1/1"]
    );
    assert!(bench.say("王主管", "/周报 发送").starts_with("✗ 周报已在 11月27日 周五 17:00 发到客户群"));
    assert_eq!(bench.said(), Vec::<String>::new());
}

#[test]
fn sent_on_monday_it_is_still_fridays_report() {
    let mut bench = busy();
    friday_of(&mut bench, "2026-11-27 17:00");
    bench.until("2026-11-30 09:00");
    bench.say("李工", "/价值 周一的事");
    bench.said();
    bench.say("张经理", "/周报 发送");
    let said = bench.said();
    assert!(said[0].contains("周报 11月20日—11月27日") && !said[0].contains("周一的事"), "{said:?}");
}

#[test]
fn with_nothing_to_say_there_is_no_message_and_no_report_on_days_off() {
    let mut bench = Bench::new("2026-11-24 10:00");
    assert_eq!(friday_of(&mut bench, "2026-11-27 17:00"), Vec::<String>::new());
    assert_eq!(bench.say("张经理", "/周报"), "近 7 天没有可写进周报的事");
    assert!(bench.say("张经理", "/周报 发送").starts_with("✗ 没有可以给客户看的内容"));
    // 25 September and 2 October are days off: the Friday after them covers all of it.
    let mut bench = Bench::new("2026-09-17 10:00");
    bench.say("李工", "/价值 第一周");
    assert_eq!(friday_of(&mut bench, "2026-09-18 17:00").len(), 1);
    bench.say("李工", "/价值 节前的事");
    assert_eq!(friday_of(&mut bench, "2026-09-25 17:00"), Vec::<String>::new());
    assert_eq!(friday_of(&mut bench, "2026-10-02 17:00"), Vec::<String>::new());
    let said = friday_of(&mut bench, "2026-10-09 17:00");
    assert!(said[0].contains("节前的事") && !said[0].contains("第一周"), "{said:?}");
}

#[test]
fn it_is_sent_at_once_where_configured_so() {
    let mut bench = busy();
    bench.rules.weekly.send_at_once = true;
    let said = friday_of(&mut bench, "2026-11-27 17:00");
    assert_eq!(said.len(), 2);
    assert!(said[0].ends_with("客户版已发到客户群") && said[1].contains("客户群 支付 周报"), "{said:?}");
}

#[test]
fn what_minutes_left_open_is_listed_and_internal_points_stay_inside() {
    let mut bench = Bench::new("2026-11-24 09:00");
    bench.say_to_customer("张经理", "/会议 项目例会 今天10点-11点");
    bench.until("2026-11-24 12:00");
    bench.say("张经理", "/纪要 M1\n决议: 走原路\n待确认: 手续费由谁承担\n待确认: 要不要让利 !内部");
    let inside = bench.say("张经理", "/周报");
    assert!(inside.contains("待确认 2\n· 手续费由谁承担（M1）\n· 要不要让利（M1）"), "{inside}");
    let outside = bench.say_to_customer("客户陈总", "/周报");
    assert!(outside.contains("待确认 1\n· 手续费由谁承担（M1）"), "{outside}");
}

#[test]
fn a_broken_promise_is_counted_in_the_week_in_which_it_broke() {
    let mut bench = Bench::new("2026-11-24 10:00");
    bench.say_to_customer("客户陈总", "/工单 登录页打不开 !紧急");
    bench.until("2026-11-24 13:00");
    bench.say("李工", "/T1 响应");
    let said = bench.say("张经理", "/周报");
    assert!(said.contains("工单：新增 1 · 解决 0 · 处理中 1 · 响应按时 0/1"), "{said}");
}

/// What nobody outside may read.
const SECRET: &str = "机密";

/// Lines that make a record, each with a place for its words; those said inside without being shared.
const INSIDE: [&str; 10] = [
    "/需求 {}",
    "/风险 {}",
    "/风险 {} 方案:{} !内部",
    "/工单 {} !紧急",
    "/待办 {} @李工 周五",
    "/会议 {} 下周一10点-11点",
    "/价值 {} !内部",
    "/文档 {} 说明:{}",
    "/建议 {}",
    "/通知 @李工 !高 {}",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn the_customers_version_has_nothing_internal(
        lines in prop::collection::vec((0..INSIDE.len(), any::<bool>(), 0u32..30), 1..25)
    ) {
        let mut bench = Bench::new("2026-11-23 10:00");
        for (index, shared, hours) in lines {
            let line = INSIDE[index];
            if shared {
                bench.say_to_customer("客户陈总", &line.replace("{}", "公开").replace(" !内部", ""));
            } else {
                let reply = bench.say("张经理", &line.replace("{}", SECRET));
                prop_assert!(!reply.starts_with('✗'), "{}", reply);
            }
            let to = bench.now.checked_add(SignedDuration::from_hours(hours.into())).unwrap();
            bench.until(&bench.rules.calendar.local(to).strftime("%Y-%m-%d %H:%M").to_string());
        }
        let week = Week { from: later(bench.now, -LONGEST), until: bench.now };
        if let Some(message) = report(&bench.dossier, week, bench.now, &bench.rules, Reader::Customer) {
            prop_assert!(!message.plain().contains(SECRET), "{}", message.plain());
        }
        let outside = bench.say_to_customer("客户陈总", "/周报");
        prop_assert!(!outside.contains(SECRET), "{}", outside);
    }
}
