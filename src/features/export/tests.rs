use super::*;
use crate::{dossier::RoomKind, features::bench::Bench};

/// Words that only the team may read; each is planted where a shared record keeps something internal.
const SECRETS: [&str; 7] =
    ["架构撑不住", "约省五万", "预算不够", "证书没人管", "内部重构", "供应商可能换人", "先别告诉客户"];

fn bench() -> Bench {
    let mut bench = Bench::new("2026-11-23 10:00");
    bench.say_to_customer("客户陈总", "/需求 支付模块支持退款 !高");
    bench.say("李工", "/R1 补充 目标:减少电话");
    bench.say("李工", "/R1 分析 可行性:3 说明:架构撑不住 价值:4 贡献:约省五万 开发:3 成本:预算不够");
    bench.say_to_customer("客户陈总", "/工单 登录页打不开 !紧急");
    bench.say("李工", "/T1 先别告诉客户");
    bench.say("李工", "/T1 响应");
    bench.say("李工", "/T1 解决 原因:证书没人管 说明:已更换证书");
    bench.say("李工", "/需求 内部重构");
    bench.say("李工", "/风险 供应商可能换人 !高");
    bench.say("李工", "/风险 接口延迟 !高 方案:已协调");
    bench.say("李工", "/节点 联调完成 12月20日 标准:全部接口通过 @李工");
    bench
}

fn texts(bench: &Bench, internal: bool) -> String {
    let zone = bench.rules.calendar.zone();
    let scope = Scope { internal, letter: None };
    let tables = tables(std::slice::from_ref(&bench.dossier), scope);
    let csv: String = tables.iter().map(|table| table.csv(zone)).collect();
    document(&bench.dossier, scope, zone) + &csv
}

#[test]
fn customers_get_what_is_theirs_and_nothing_of_ours() {
    let bench = bench();
    let (ours, theirs) = (texts(&bench, true), texts(&bench, false));
    for secret in SECRETS.iter().chain(&["下一步", "客户可见", "可行性", "原因"]) {
        assert!(ours.contains(secret), "{secret} is not in\n{ours}");
        assert!(!theirs.contains(secret), "{secret} is in\n{theirs}");
    }
    for told in
        ["支付模块支持退款", "减少电话", "已更换证书", "接口延迟", "已协调", "全部接口通过", "2026-12-20"]
    {
        assert!(theirs.contains(told), "{told} is not in\n{theirs}");
    }
    assert!(theirs.contains("- R1 · 支付模块支持退款 · "), "{theirs}");
}

#[test]
fn a_column_that_customers_read_is_one_that_there_is() {
    let bench = bench();
    let heads = |internal| -> Vec<String> {
        let scope = Scope { internal, letter: None };
        let tables = tables(std::slice::from_ref(&bench.dossier), scope);
        tables
            .iter()
            .flat_map(|table| table.columns.iter().map(|head| format!("{} {head}", table.name)))
            .collect()
    };
    let ours = heads(true);
    let theirs = heads(false);
    assert!(theirs.iter().all(|head| ours.contains(head)), "{theirs:?}");
    assert!(theirs.contains(&"工单 说明".into()) && theirs.contains(&"需求 目标".into()), "{theirs:?}");
}

#[test]
fn what_is_too_big_for_a_chat_says_what_to_do() {
    let mut bench = bench();
    bench.say("李工", &format!("/需求 很长\n{}", "长".repeat(800_000)));
    let answer = bench.say("张经理", "/导出 md");
    assert!(answer.starts_with("✗ 导出的文件太大") && answer.contains("jiuding export"), "{answer}");
    let answer = bench.say("张经理", "/导出 md 风险");
    assert_eq!(answer, "已导出 风险 2 条");
}

#[test]
fn what_an_export_does_not_know_is_refused() {
    let mut bench = bench();
    for line in
        ["/导出 !高", "/导出 需求 !内部", "/导出 @李工", "/导出 需求\n只要高的", "/导出 R1", "/导出 pdf"]
    {
        let answer = bench.hear("张经理", &crate::chat::Typed::plain(line), RoomKind::Internal);
        assert!(answer.starts_with("✗ "), "{line}: {answer}");
    }
}

#[test]
fn a_customers_file_as_the_store_has_it_is_named_by_the_customer() {
    let mut bench = Bench::new("2026-11-23 10:00");
    let file = crate::features::customer::File::open("远山银行", bench.now);
    bench.dossier.put(std::sync::Arc::new(file));
    bench.until("2026-12-01 10:00");
    bench.say_to_customer("客户陈总", "/满意度 4 4 3 4");
    bench.until("2026-12-01 10:00");
    bench.say("张经理", "/W1 根因 没有值班 类别:流程 理由:清楚");
    bench.say("张经理", "/改进 W1 排值班 @李工 截止:12月11日");
    bench.dossier.take("*0".parse().unwrap());
    let ours = texts(&bench, true);
    for told in
        ["# 远山银行", "满意度", "复盘", "改进", "远山银行,W1,沟通效率（2026年四季度）", "排值班", "流程"]
    {
        assert!(ours.contains(told), "{told} is not in\n{ours}");
    }
}
