use std::sync::Arc;

use jiff::{Timestamp, civil::date};
use proptest::prelude::*;

use super::*;
use crate::{
    dossier::Project,
    features::{
        bench::{Bench, person},
        requirement::{Requirement, State},
    },
};

// 2026-11-23 is a Monday.

/// A project in 开发 with so many confirmed requirements.
fn bench(confirmed: u32) -> Bench {
    let mut bench = Bench::new("2026-11-23 10:00");
    bench.say("张经理", "/项目 阶段 开发 原因:补录");
    for number in 1..=confirmed {
        bench.say("张经理", "/需求 支付模块支持退款");
        let mut next = bench.dossier.find::<Requirement>(number).unwrap().clone();
        next.version = 1;
        next.state = State::Confirmed { version: 1 };
        bench.dossier.put(Arc::new(next));
    }
    bench.said();
    bench
}

fn project(bench: &Bench) -> &Project {
    bench.dossier.project()
}

fn accepted(bench: &Bench) -> Option<&Accepted> {
    Acceptance::of(&bench.dossier).and_then(Acceptance::accepted)
}

/// What is said up to `to` with this word in it; a phase has other reminders too.
fn said_of(word: &str, bench: &mut Bench, to: &str) -> Vec<String> {
    bench.until(to).into_iter().filter(|line| line.contains(word)).collect()
}

const ACCEPT: &str = "/项目 阶段 交付后 面对面:今天 签字人:客户陈总";

#[test]
fn everything_that_is_missing_is_named_at_once_with_the_line_to_send_back() {
    let mut bench = bench(2);
    bench.say("张经理", "/R2 开始");
    assert_eq!(
        bench.say("张经理", "/项目 阶段 交付后"),
        "✗ 还不能验收，缺 4 样\n\
         · R1 支付模块支持退款 已确认：/R1 开始，不做了 /R1 豁免 原因\n\
         · R2 支付模块支持退款 进行中：/R2 交付，不做了 /R2 豁免 原因\n\
         · 面对面的会议或日期；没有面谈写 无面对面:原因\n\
         · 签字人：谁签的字\n\
         补齐后发：/项目 阶段 交付后 面对面:M… 签字人:…"
    );
    assert!(bench.say("张经理", ACCEPT).starts_with("✗ 还不能验收，缺 2 样\n· R1"));
    bench.say("张经理", "/R1 豁免 客户同意下期再做");
    bench.say("张经理", "/R2 交付");
    let reply = bench.say("张经理", ACCEPT);
    assert_eq!(
        reply,
        "项目「支付」：开发 → 交付后\n\
         11月23日 周一 验收 · 签字 客户陈总 · 面对面：2026年11月23日 周一\n\
         豁免：R1\n\
         交付后服务到 2027年11月23日 周二"
    );
    assert_eq!(accepted(&bench).unwrap().waived, [1]);
}

#[test]
fn what_was_rejected_withdrawn_or_never_confirmed_holds_nothing_up() {
    let mut bench = bench(0);
    bench.say("张经理", "/需求 以后再说");
    bench.say("张经理", "/需求 不做的");
    bench.say("张经理", "/R2 拒绝 与流程冲突");
    assert!(bench.say("张经理", ACCEPT).starts_with("项目「支付」：开发 → 交付后"));
}

#[test]
fn one_signer_of_the_project_is_meant_without_being_named_and_two_are_not() {
    for (holders, fits) in [(vec!["客户陈总"], true), (vec!["客户陈总", "王主管"], false)] {
        let mut bench = bench(0);
        let mut next = project(&bench).clone();
        next.seats.insert(Role::Signer, holders.into_iter().map(person).collect());
        bench.dossier.put(Arc::new(next));
        let reply = bench.say("张经理", "/项目 阶段 交付后 无面对面:邮件签字");
        assert_eq!(reply.contains("签字 客户陈总 · 无面对面：邮件签字"), fits, "{reply}");
        assert_eq!(reply.contains("· 签字人：谁签的字"), !fits, "{reply}");
    }
}

#[test]
fn a_meeting_that_did_not_begin_or_was_cancelled_proves_nothing() {
    let mut bench = bench(0);
    bench.say("张经理", "/会议 验收会 明天10点-11点");
    let line = "/项目 阶段 交付后 面对面:M1 签字人:客户陈总";
    assert!(bench.say("张经理", line).starts_with("✗ M1 还没有开"));
    bench.until("2026-11-24 16:00");
    bench.say("张经理", line);
    assert_eq!(accepted(&bench).unwrap().on, date(2026, 11, 24));
    for wrong in ["面对面:M9", "面对面:明年", "面对面:12月1日", "面对面:M1 无面对面:忙"]
    {
        let mut bench = self::bench(0);
        let reply = bench.say("张经理", &format!("/项目 阶段 交付后 {wrong} 签字人:客户陈总"));
        assert!(reply.starts_with('✗') && accepted(&bench).is_none(), "{wrong}: {reply}");
    }
}

#[test]
fn a_late_acceptance_needs_its_cause_and_an_early_one_does_not() {
    let mut bench = bench(0);
    bench.say("张经理", "/项目 阶段 开发 完成日:11月25日");
    bench.until("2026-11-27 10:00");
    let reply = bench.say("张经理", ACCEPT);
    assert!(reply.contains("· 晚于计划完成日 2 天的原因：需求理解偏差/第三方"), "{reply}");
    bench.say("张经理", &format!("{ACCEPT} 原因:第三方 接口晚到"));
    assert_eq!(accepted(&bench).unwrap().days_late(), Some(2));
    assert!(bench.say("张经理", "/项目").contains("· 晚 2 天"));
    assert!(bench.say("张经理", "/项目").contains("延期 1 次：第三方 1"));
    let mut bench = self::bench(0);
    bench.say("张经理", "/项目 阶段 开发 完成日:11月25日");
    assert!(bench.say("张经理", ACCEPT).contains("· 提前 2 天"));
}

#[test]
fn whoever_goes_back_in_front_of_the_acceptance_passes_the_gate_again() {
    let mut bench = bench(1);
    bench.say("张经理", "/R1 豁免 下期");
    bench.say("张经理", ACCEPT);
    bench.say("张经理", "/项目 阶段 结束");
    bench.say("张经理", "/项目 阶段 交付后");
    assert!(accepted(&bench).is_some(), "an end after the acceptance can be taken back");
    bench.say("张经理", "/项目 阶段 验收");
    assert!(accepted(&bench).is_none());
    bench.say("张经理", "/R1 开始");
    assert!(bench.say("张经理", ACCEPT).starts_with("✗ 还不能验收，缺 1 样\n· R1"));
}

#[test]
fn the_planned_completion_stands_once_the_project_is_accepted() {
    let mut bench = bench(0);
    bench.say("张经理", "/项目 阶段 开发 完成日:11月25日");
    bench.say("张经理", ACCEPT);
    let reply = bench.say("张经理", "/项目 阶段 交付后 完成日:12月25日 原因:资源");
    assert!(reply.starts_with("✗ 项目已经了结"), "{reply}");
    assert_eq!(delays(&bench.dossier).count(), 0);
    let reply = bench.say("张经理", "/项目 阶段 测试 完成日:12月25日 原因:资源");
    assert_eq!(reply, "项目「支付」：交付后 → 测试，计划完成 11月25日 周三 → 12月25日 周五\n原因：资源");
    assert_eq!(said_of("预验收", &mut bench, "2026-12-31 12:00").len(), 1);
}

#[test]
fn an_end_without_acceptance_is_a_cancellation_with_a_reason() {
    let mut bench = bench(1);
    assert!(bench.say("张经理", "/项目 阶段 结束").starts_with("✗ 项目还没有验收，现在结束算取消"));
    bench.say("张经理", "/项目 阶段 结束 原因:客户停了预算");
    assert!(bench.say("张经理", "/项目").contains("11月23日 周一 取消：客户停了预算"));
    assert!(bench.say("张经理", "/项目 阶段 交付后").starts_with("✗ 还不能验收"));
}

#[test]
fn the_pre_acceptance_meeting_is_reminded_of_three_days_before_the_completion() {
    let mut bench = bench(1);
    bench.say("张经理", "/项目 阶段 开发 完成日:12月10日");
    assert_eq!(
        said_of("预验收", &mut bench, "2026-12-31 12:00"),
        ["12-07 09:30 →张经理 计划 12月10日 周四 完成，还有 3 天，请准备预验收"]
    );
    // On a Sunday: on the Friday before. Put off meanwhile: for the new day alone.
    let mut bench = self::bench(1);
    bench.say("张经理", "/项目 阶段 开发 完成日:12月9日");
    bench.until("2026-12-03 10:00");
    bench.say("张经理", "/项目 阶段 开发 完成日:12月16日 原因:资源");
    assert_eq!(
        said_of("预验收", &mut bench, "2026-12-31 12:00"),
        ["12-11 09:30 →张经理 计划 12月16日 周三 完成，还有 5 天，请准备预验收"]
    );
}

#[test]
fn at_short_notice_it_is_reminded_of_the_next_morning_that_is_in_time() {
    for (day, wanted) in [("11月25日", 1), ("11月24日", 1), ("11月23日", 0)] {
        let mut bench = bench(0);
        bench.say("张经理", &format!("/项目 阶段 开发 完成日:{day}"));
        let said = said_of("预验收", &mut bench, "2026-12-31 12:00");
        assert_eq!(said.len(), wanted, "{said:?}");
    }
}

#[test]
fn the_proposal_to_close_comes_once_to_the_customer_lead_on_a_working_morning() {
    let mut bench = bench(0);
    bench.say("张经理", ACCEPT);
    let said = said_of("可以结束", &mut bench, "2028-12-31 12:00");
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].starts_with("11-23 09:30 →王主管 项目「支付」交付后服务到 11月23日 周二 到期"),
        "{said:?}"
    );
    let mut bench = self::bench(0);
    bench.say("张经理", ACCEPT);
    bench.say("张经理", "/项目 阶段 结束");
    assert_eq!(said_of("可以结束", &mut bench, "2028-12-31 12:00"), Vec::<String>::new());
}

#[test]
fn care_lasts_to_the_same_day_of_the_month_or_its_last() {
    let mut rules = crate::config::Config::default().rules().unwrap();
    assert_eq!(care_until(date(2026, 11, 30), &rules), date(2027, 11, 30));
    assert_eq!(care_until(date(2028, 2, 29), &rules), date(2029, 2, 28));
    rules.acceptance.aftercare_months = 6;
    assert_eq!(care_until(date(2026, 8, 31), &rules), date(2027, 2, 28));
    assert_eq!(care_until(date(2027, 8, 31), &rules), date(2028, 2, 29));
    assert_eq!(care_until(date(2026, 3, 31), &rules), date(2026, 9, 30));
}

fn lines() -> impl Strategy<Value = (&'static str, &'static str)> {
    let who = prop::sample::select(vec!["张经理", "李工", "王主管", "客户陈总", "赵工"]);
    let what = prop::sample::select(vec![
        "/R1 开始",
        "/R1 交付",
        "/R1 验收",
        "/R1 豁免 下期",
        "/R1 撤回",
        "/R1 拒绝 不做",
        "/R2 开始",
        "/R2 交付",
        "/R2 豁免",
        "/R2 豁免 下期",
        "/R2 撤回 不要了",
        "/项目 阶段 接触",
        "/项目 阶段 测试",
        "/项目 阶段 验收",
        "/项目 阶段 结束",
        "/项目 阶段 结束 原因:停",
        "/项目 阶段 结束 原因:停 面对面:今天 签字人:客户陈总",
        "/项目 阶段 交付后",
        "/项目 阶段 交付后 原因:第三方",
        "/项目 阶段 交付后 面对面:今天 原因:第三方",
        "/项目 阶段 交付后 签字人:客户陈总 原因:第三方",
        "/项目 阶段 交付后 面对面:今天 签字人:客户陈总 原因:第三方",
        "/项目 阶段 交付后 无面对面:忙 签字人:客户陈总 原因:第三方",
        "/项目 阶段 开发 完成日:2026-11-24",
        "/项目 归档",
        "/项目 归档 取消",
    ]);
    (who, what)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whatever is said by whomever: a project is accepted only while every confirmed requirement is
    /// delivered or waived, with a signer and with a proof or a reason; and it ends accepted or cancelled.
    #[test]
    fn nothing_goes_around_the_gate(
        said in prop::collection::vec(lines(), 1..40),
        hours in prop::collection::vec(0_i64..40, 40),
    ) {
        let mut bench = bench(2);
        for ((who, line), hours) in said.into_iter().zip(hours) {
            let before = accepted(&bench).cloned();
            bench.say(who, line);
            let after = accepted(&bench).cloned();
            if after.is_some() && before.is_none() {
                prop_assert_eq!(project(&bench).phase, Phase::Aftercare, "{}", line);
                prop_assert_eq!(undelivered(&bench.dossier).count(), 0, "{}", line);
                let state = |number| bench.dossier.find::<Requirement>(number).unwrap().state.clone();
                for state in [state(1), state(2)] {
                    let settled = matches!(
                        state,
                        State::Delivered { .. } | State::Accepted { .. } | State::Waived { .. }
                    );
                    prop_assert!(settled, "{} {:?}", line, state);
                }
                prop_assert!(line.contains("签字人") && line.contains("面对面:"), "{}", line);
            }
            let end = Acceptance::of(&bench.dossier).map(|acceptance| acceptance.end.clone());
            match project(&bench).phase {
                Phase::Aftercare => prop_assert!(after.is_some(), "{}", line),
                Phase::Closed => prop_assert!(end.is_some_and(|end| end != End::Ahead), "{}", line),
                _ => prop_assert!(after.is_none(), "{}", line),
            }
            let later: Timestamp = bench.now + jiff::SignedDuration::from_hours(hours);
            let text = bench.rules.calendar.local(later).strftime("%Y-%m-%d %H:%M").to_string();
            bench.until(&text);
        }
    }
}
