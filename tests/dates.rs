//! Dates as colleagues type them, played against the table `tests/data/dates.tsv`; and that none is found in
//! ordinary text.

use jiff::Timestamp;
use jiuding::calendar::Calendar;
use jiuding::calendar::typed::{
    Reading, Unreadable, find_anywhere, read, split_leading, split_trailing, when_line,
};

fn instant(calendar: &Calendar, local: &str) -> Timestamp {
    calendar.zone().to_timestamp(local.parse().unwrap()).unwrap()
}

fn shown(calendar: &Calendar, reading: &Result<Reading, Unreadable>) -> String {
    let Ok(reading) = reading else { return "?".to_owned() };
    let local = |at| calendar.local(at).strftime("%m-%d %H:%M").to_string();
    let end = reading.end.map(|end| format!(" - {}", local(end))).unwrap_or_default();
    format!("{}{end}", local(reading.at))
}

#[test]
fn every_line_of_the_table_reads_as_written() {
    let calendar = Calendar::shanghai();
    let lines = include_str!("data/dates.tsv").lines().filter(|line| !line.starts_with('#'));
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in lines {
        let [time, text, expected] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line:?}") };
        let answer = when_line(text, instant(&calendar, time), &calendar);
        let read = answer.as_deref().map_or("?", |answer| answer.split('\t').next().unwrap_or_default());
        if read != expected {
            wrong.push(format!("{time} {text:?}: expected {expected}, read {answer:?}"));
        }
        count += 1;
    }
    assert!(count >= 160, "only {count} lines");
    assert!(wrong.is_empty(), "{} of {count} lines are read wrongly:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn stretches_of_time_end_where_they_should() {
    let calendar = Calendar::shanghai();
    let now = instant(&calendar, "2026-11-24T09:00");
    let table = [
        ("明天10点-11点半", "11-25 10:00 - 11-25 11:30"),
        ("10:00-11:00", "11-24 10:00 - 11-24 11:00"),
        ("10点到11点", "11-24 10:00 - 11-24 11:00"),
        ("明天下午2点~4点", "11-25 14:00 - 11-25 16:00"),
        ("明天下午2-4点", "11-25 14:00 - 11-25 16:00"),
        ("明天下午两点到四点半", "11-25 14:00 - 11-25 16:30"),
        ("明天9-11点", "11-25 09:00 - 11-25 11:00"),
        ("明天2点-4点", "11-25 14:00 - 11-25 16:00"),
        ("上午11点到1点", "11-24 11:00 - 11-24 13:00"),
        ("明天11点-2点", "11-25 11:00 - 11-25 14:00"),
        ("上午10点到下午3点", "11-24 10:00 - 11-24 15:00"),
        ("晚上11点到凌晨1点", "11-24 23:00 - 11-25 01:00"),
        ("22:00-02:00", "11-24 22:00 - 11-25 02:00"),
        ("晚上10点到12点", "11-24 22:00 - 11-25 00:00"),
        ("周三14:00～15:30", "11-25 14:00 - 11-25 15:30"),
        ("明天 2-4pm", "11-25 14:00 - 11-25 16:00"),
        ("今天22:00到明天2点", "11-24 22:00 - 11-25 14:00"),
        ("今天22:00到明天凌晨2点", "11-24 22:00 - 11-25 02:00"),
        ("11月30日 10:00 - 11:30", "11-30 10:00 - 11-30 11:30"),
    ];
    for (text, expected) in table {
        assert_eq!(shown(&calendar, &read(text, now, &calendar)), expected, "{text}");
    }
}

#[test]
fn a_date_at_the_end_of_a_text_is_split_off() {
    let calendar = Calendar::shanghai();
    let now = instant(&calendar, "2026-11-24T09:00");
    let table = [
        ("出接口文档 @李工 周四", "出接口文档 @李工", "11-26 18:00"),
        ("准备压测环境 @赵工 11月30日", "准备压测环境 @赵工", "11-30 18:00"),
        ("响应 16点前回复", "响应", "11-24 16:00"),
        ("响应 今天下班前给方案", "响应", "11-24 18:00"),
        ("响应 明天上午10点前给客户答复。", "响应", "11-25 10:00"),
        ("出接口文档，下周三前完成", "出接口文档", "12-02 18:00"),
        ("修复登录问题周五前", "修复登录问题", "11-27 18:00"),
        ("整理会议纪要明天", "整理会议纪要", "11-25 18:00"),
        ("联系客户 截止12月1日", "联系客户", "12-01 18:00"),
        ("出接口文档 12/1", "出接口文档", "12-01 18:00"),
        ("出接口文档（周五）", "出接口文档", "11-27 18:00"),
        ("出接口文档 2026-12-01 15:00", "出接口文档", "12-01 15:00"),
        ("给报价 下午3点", "给报价", "11-24 15:00"),
        ("更新排期 月底", "更新排期", "11-30 18:00"),
        ("更新排期 3天内", "更新排期", "11-27 18:00"),
        ("复测 30号前", "复测", "11-30 18:00"),
        ("提交报告 by friday", "提交报告", "11-27 18:00"),
        ("提交报告 昨天", "提交报告", "?"),
        ("第3点意见明天给", "第3点意见", "11-25 18:00"),
        ("出月底报表 周五", "出月底报表", "11-27 18:00"),
        ("出退款接口文档 周四！", "出退款接口文档", "11-26 18:00"),
        ("响应 已联系客户，下午3点前回复", "响应 已联系客户", "11-24 15:00"),
        ("响应 我看一下，半小时内回复", "响应 我看一下", "11-24 09:30"),
        ("响应 2小时后给结论", "响应", "11-24 11:00"),
        ("把评审放在周五", "把评审放在", "11-27 18:00"),
        ("写方案,截止:周五", "写方案", "11-27 18:00"),
        ("提交初稿 11月30日前提交", "提交初稿", "11-30 18:00"),
        ("签补充协议 2027-03-31 前签完", "签补充协议", "03-31 18:00"),
        ("评审 2.1 版本 下周三下午3点", "评审 2.1 版本", "12-02 15:00"),
    ];
    for (text, rest, expected) in table {
        let found = split_trailing(text, now, &calendar);
        let Some((before, reading)) = found else { panic!("no date in {text}") };
        assert_eq!((before, shown(&calendar, &reading).as_str()), (rest, expected), "{text}");
    }
}

#[test]
fn a_promise_is_read_as_people_give_it() {
    let calendar = Calendar::shanghai();
    let now = instant(&calendar, "2026-11-24T09:00");
    let whole = [
        ("16点前回复", "11-24 16:00"),
        ("30分钟后回复", "11-24 09:30"),
        ("半小时内回复", "11-24 09:30"),
        ("两小时内给方案", "11-24 11:00"),
        ("今天下班前给结论", "11-24 18:00"),
        ("明天上午10点之前给客户答复", "11-25 10:00"),
        ("2小时后给结果", "11-24 11:00"),
        ("下午3点给答复", "11-24 15:00"),
        ("周五前", "11-27 18:00"),
        ("半小时", "11-24 09:30"),
    ];
    for (text, expected) in whole {
        assert_eq!(shown(&calendar, &read(text, now, &calendar)), expected, "{text}");
        assert_eq!(split_trailing(text, now, &calendar), None, "nothing stands before {text}");
    }
    let leading = [
        ("16点前回复，已联系运维", "16点前回复，", "11-24 16:00"),
        ("今天下班前给结论 正在查日志", "今天下班前给结论 ", "11-24 18:00"),
        ("30分钟后回复。先重启", "30分钟后回复。", "11-24 09:30"),
    ];
    for (text, phrase, expected) in leading {
        let (found, reading) = split_leading(text, now, &calendar).unwrap();
        assert_eq!((found, shown(&calendar, &reading).as_str()), (phrase, expected), "{text}");
    }
    for text in ["已在看", "3天的日志", "明天会更好", "昨晚就在查", "马上看"] {
        assert_eq!(split_leading(text, now, &calendar), None, "{text}");
    }
}

/// Text with the words of a date in it, none of which is one.
const ORDINARY: [&str; 61] = [
    "三天打鱼",
    "三天打鱼两天晒网",
    "第3点意见",
    "按第3点",
    "见附件第三点",
    "版本1.2",
    "版本 1.2",
    "升级到 12.1",
    "升级到v2.11",
    "12/1 比例",
    "月底报表导出",
    "测试可能推迟2天",
    "工期 3天",
    "响应时间 2小时",
    "首次响应2小时内",
    "支持 7 种支付方式",
    "周五前端联调",
    "今天天气不错",
    "每周五",
    "每周五 17:00 发周报",
    "每周五 17:00",
    "每天9点同步",
    "每月底对账",
    "日志保留30日",
    "周报模板",
    "明天会更好",
    "一周三次例会",
    "十一月账单核对",
    "2026年规划",
    "今年目标",
    "上周五的问题",
    "对比昨天",
    "登录页打不开",
    "99.9 可用性",
    "10.0.0.1 连不上",
    "接口 3.2.1",
    "提升 5-10 个点",
    "分成两点说明",
    "早点处理",
    "晚点回复客户",
    "后天线调试",
    "年底奖金规则",
    "前天线上问题",
    "T1 未关闭",
    "客户说3点意见要改",
    "一点建议",
    "迁移到 2026.1 版本",
    "电话 010-1234",
    "早上好",
    "晚上登录慢",
    "2小时未响应",
    "7x24 小时支持",
    "周一飞",
    "双十一",
    "请联系 @周一",
    "修改第二章节后",
    "多年前",
    "春节前端值班",
    "项目例会 每周三 10点",
    "R12",
    "",
];

#[test]
fn ordinary_text_is_left_whole() {
    let calendar = Calendar::shanghai();
    let now = instant(&calendar, "2026-11-24T09:00");
    for text in ORDINARY {
        assert_eq!(split_trailing(text, now, &calendar), None, "at the end of {text}");
        let found = find_anywhere(text, now, &calendar);
        assert_eq!(found, None, "in {text}");
    }
}

#[test]
fn the_time_of_a_meeting_is_found_anywhere() {
    let calendar = Calendar::shanghai();
    let now = instant(&calendar, "2026-11-24T09:00");
    let table = [
        ("项目例会 明天10点-11点 @李工", "明天10点-11点", "11-25 10:00 - 11-25 11:00"),
        ("项目例会 明天10点-11点 ", "明天10点-11点", "11-25 10:00 - 11-25 11:00"),
        ("明天10点 项目例会", "明天10点", "11-25 10:00"),
        ("明天下午3点开评审会", "明天下午3点", "11-25 15:00"),
        ("评审会（周三 14:00-15:30）三楼会议室", "周三 14:00-15:30", "11-25 14:00 - 11-25 15:30"),
        ("月底报表评审 下周三下午3点", "下周三下午3点", "12-02 15:00"),
        ("第3点意见讨论 明天上午10点", "明天上午10点", "11-25 10:00"),
        ("需求评审 12/1 10:00 @李工", "12/1 10:00", "12-01 10:00"),
        ("启动会 11月30日 周一 下午3点 线下", "11月30日 周一 下午3点", "11-30 15:00"),
        ("预验收 周五", "周五", "11-27 18:00"),
        ("明天 项目例会 10点", "10点", "11-25 10:00"),
        ("今天下午3点跟客户开会", "今天下午3点", "11-24 15:00"),
        ("需求评审 10点-11点 明天", "10点-11点 明天", "11-25 10:00 - 11-25 11:00"),
        ("例会 昨天10点", "昨天10点", "?"),
    ];
    for (text, words, expected) in table {
        let Some((range, reading)) = find_anywhere(text, now, &calendar) else { panic!("no time in {text}") };
        assert_eq!((&text[range], shown(&calendar, &reading).as_str()), (words, expected), "{text}");
    }
}

#[test]
fn refusals_say_what_was_read() {
    let calendar = Calendar::shanghai();
    let now = instant(&calendar, "2026-11-24T14:00");
    let refused = |text: &str| read(text, now, &calendar).unwrap_err().to_string();
    assert_eq!(refused("10月8日"), "10月8日 周四 18:00 已经过去了，请写一个以后的时间");
    assert_eq!(refused("2025年11月30日"), "2025年11月30日 周日 18:00 已经过去了，请写一个以后的时间");
    assert_eq!(refused("11月30日周二"), "「11月30日 周一」和「周二」对不上，请核对日期");
    assert_eq!(refused("11月31日"), "没有 2026年11月31日 这一天，请核对日期");
    assert_eq!(refused("9点"), "这个时间有几种读法，请选一个：11月24日 周二 21:00、11月25日 周三 09:00");
    assert_eq!(refused("今天9点"), "是指 11月24日 周二 21:00 吗？请写明上午还是晚上");
    assert!(refused("2226-12-01").ends_with("太远了，请核对年份"));
    let Err(Unreadable::Ambiguous { choices, .. }) = read("下周", now, &calendar) else { panic!() };
    assert_eq!(choices.len(), 3);
}
