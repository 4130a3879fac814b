use super::*;
use crate::{
    chat::Typed,
    dossier::RoomKind,
    features::bench::{Bench, at, person},
};

// 2026-11-23 is a Monday.

#[test]
fn time_and_people_stand_free_and_are_echoed() {
    let mut bench = Bench::new("2026-11-23 10:00");
    let reply =
        bench.say("张经理", "/会议 项目例会 明天10点-11点半 @李工 地点:3楼 线上:https://meet.example.com/1");
    assert_eq!(
        reply,
        "M1 项目例会 · 11月24日 周二 10:00-11:30\n参会 @李工 \n地点 3楼 · 线上 https://meet.example.com/1\n\
         11月24日 周二 09:45 提醒参会人"
    );
    let reply = bench.say("张经理", "/会议 对方案 时间:明天15点 时长:90分钟 参会:赵工、外部孙总");
    assert!(reply.starts_with("M2 对方案 · 11月24日 周二 15:00-16:30\n其他\n参会 @赵工 外部孙总"), "{reply}");
}

#[test]
fn without_an_hour_it_is_refused_with_how_to_write_it() {
    let mut bench = Bench::new("2026-11-23 10:00");
    for line in ["/会议 项目例会", "/会议 项目例会 明天", "/会议 项目例会 明天下午", "/会议 例会 昨天10点"]
    {
        let reply = bench.say("张经理", line);
        assert!(reply.starts_with("✗"), "{line}: {reply}");
    }
    assert!(bench.say("张经理", "/会议 项目例会").contains("/会议 项目例会 明天10点-11点 @李工"));
    assert!(bench.say("张经理", "/会议 例会 明天10点 类型:茶话会").contains("没有「茶话会」这种会议"));
}

#[test]
fn who_must_be_there_is_named() {
    let mut bench = Bench::new("2026-11-23 10:00");
    let reply = bench.say("张经理", "/会议 支付需求评审 明天10点 @李工");
    assert!(reply.contains("需求评审须有客户代表参加，还没有请 客户陈总"), "{reply}");
    assert!(reply.contains("需求评审须有技术骨干参加，项目里还没有设置"), "{reply}");
    let reply = bench.say("张经理", "/会议 M1 @客户陈总");
    assert!(!reply.contains("客户代表参加"), "{reply}");
    let reply = bench.say("张经理", "/会议 见面 明天14点 类型:启动会");
    assert!(reply.contains("启动会须有客户高层参加"), "{reply}");
}

#[test]
fn participants_are_reminded_and_a_cancelled_meeting_is_silent() {
    let mut bench = Bench::new("2026-11-23 08:00");
    bench.say("张经理", "/会议 例会 今天10点 @李工 @赵工");
    bench.say("张经理", "/会议 碰头 今天11点");
    bench.say("张经理", "/会议 讨论 今天11点");
    assert!(bench.say("赵工", "/会议 M3 取消").starts_with("✗ 取消 M3 须由约会的 张经理 或铁三角来做"));
    bench.say("张经理", "/会议 M3 取消 客户出差");
    bench.said();
    assert_eq!(
        bench.until("2026-11-23 10:50"),
        [
            "11-23 09:45 →李工 赵工 M1 例会 15 分钟后开始：11月23日 周一 10:00",
            "11-23 10:45 →张经理 M2 碰头 15 分钟后开始：11月23日 周一 11:00",
        ]
    );
}

#[test]
fn the_customers_people_hear_of_a_shared_meeting_in_their_own_room() {
    let mut bench = Bench::new("2026-11-23 08:00");
    bench.say_to_customer("张经理", "/会议 对账 今天10点 @李工 @客户陈总");
    let said = bench.until("2026-11-23 09:50");
    assert_eq!(said[0], "11-23 09:45 →李工 M1 对账 15 分钟后开始：11月23日 周一 10:00");
    assert!(said[1].starts_with("11-23 09:45 客户群 M1 对账 15 分钟后开始"), "{said:?}");
}

#[test]
fn it_ends_by_schedule_or_by_word_whichever_is_told_first() {
    let mut bench = Bench::new("2026-11-23 08:00");
    bench.say("张经理", "/会议 甲 今天10点-11点");
    bench.say("张经理", "/会议 乙 今天10点-11点");
    assert!(bench.say("李工", "/会议 M1 结束").starts_with("✗"), "it has not begun");
    bench.until("2026-11-23 10:50");
    assert!(bench.say("李工", "/M1 结束 11:30").starts_with("✗"));
    let reply = bench.say("李工", "/M1 结束 10:40");
    assert_eq!(reply, "M1 甲 已结束");
    bench.until("2026-11-23 11:20");
    assert!(bench.say("李工", "/M2 结束").starts_with("✗ M2 已在 11月23日 周一 11:00 结束"));
}

#[test]
fn the_platforms_event_ends_the_meeting_of_that_topic_once() {
    let mut bench = Bench::new("2026-11-23 08:00");
    bench.say("张经理", "/会议 甲 今天10点-11点");
    bench.say("张经理", "/会议 乙 今天10点-11点");
    bench.until("2026-11-23 10:50");
    let registry = Dossier::empty(crate::store::ProjectId(0));
    let actor = person("张经理");
    let told = |bench: &Bench, topic: &str| {
        let cx = bench.context(&actor, &registry, "in", RoomKind::Internal);
        ended_by_platform(topic, None, at("2026-11-23 10:45"), &bench.dossier, &cx)
    };
    assert!(told(&bench, "丙").is_none(), "two meetings fit");
    let outcome = told(&bench, "乙").unwrap();
    bench.apply(outcome);
    assert_eq!(bench.dossier.find::<Meeting>(2).unwrap().ended_at(), Some(at("2026-11-23 10:45")));
    assert!(told(&bench, "乙").is_none());
    assert!(told(&bench, "丙").is_none());
}

#[test]
fn a_weekly_meeting_makes_the_next_one_and_goes_around_the_national_day() {
    let mut bench = Bench::new("2026-09-24 08:00");
    bench.say("张经理", "/会议 项目例会 今天10点-11点 @李工 重复:每周");
    bench.until("2026-09-24 11:00");
    let next = bench.dossier.find::<Meeting>(2).unwrap();
    // Thursday 1 October is a holiday; work begins again on Thursday the 8th.
    assert_eq!(next.starts, at("2026-10-08 10:00"));
    assert_eq!(
        words::following(next, bench.now, &bench.rules),
        "下一次 M2 项目例会 · 10月8日 周四 10:00-11:00（10月1日 周四 休息，顺延）"
    );
    bench.say("张经理", "/纪要 M1 豁免 测试");
    bench.until("2026-10-08 11:00");
    // The one of the 8th was held already.
    assert_eq!(bench.dossier.find::<Meeting>(3).unwrap().starts, at("2026-10-15 10:00"));
}

#[test]
fn another_time_is_told_and_reminded_of() {
    let mut bench = Bench::new("2026-11-23 08:00");
    bench.say("张经理", "/会议 例会 今天10点-11点半 @李工");
    let reply = bench.say("张经理", "/会议 M1 时间:明天15点");
    assert!(reply.starts_with("M1 例会 · 11月24日 周二 15:00-16:30"), "{reply}");
    let said = bench.said();
    assert_eq!(said.len(), 1);
    assert!(said[0].starts_with("11-23 08:00 →李工 M1 例会 改到 11月24日"), "{said:?}");
    assert_eq!(bench.until("2026-11-24 14:50").len(), 1);
    assert!(bench.hear("李工", &Typed::plain("/M1"), RoomKind::Internal).contains("未开始"));
}

#[test]
fn the_weekly_meeting_gets_its_agenda_an_hour_before_in_the_internal_room() {
    let mut bench = Bench::new("2026-11-16 08:00");
    bench.say("张经理", "/会议 项目例会 今天10点-11点 重复:每周");
    bench.until("2026-11-16 11:00");
    bench.say(
        "张经理",
        "/纪要 M1\n待办: 出文档 @李工 周五\n待办: 压测 @赵工 周五\n风险: 接口慢 方案:催\n待确认: 手续费",
    );
    bench.say("李工", "/A1 完成");
    bench.said();
    let said = bench.until("2026-11-23 09:00");
    assert_eq!(
        said.last().unwrap(),
        "11-23 09:00 项目群 议程 M2 项目例会 · 11月23日 周一 10:00-11:00\n上次以来完成 1\n· A1 出文档\n\
         风险 1\n· K1 接口慢 · 中 · 催\n待确认 1\n· 手续费（M1 留下）\n未完成待办 1\n· A2 压测 · 赵工 · 11月20日 周五 · 已逾期"
    );
}
