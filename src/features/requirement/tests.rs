use proptest::prelude::*;

use super::*;
use crate::{
    dossier::{RoomKind, Waking},
    features::bench::{Bench, at, person},
    store::Key,
};

// 2026-11-23 is a Monday. 客户陈总 is the customer's representative.

const ANALYSIS: &str = "/R1 分析 可行性:4 说明:现有架构能承载 价值:5 贡献:每月少接200个电话 \
                        开发:10 测试:4人天 设计:2 工期:3周 成本:8万";
const CONTENT: &str = "/R1 补充 真实需求:客服少接一半退款电话 目标:退款当天到账 性能:2秒内 界面:退款页 兼容:Chrome \
                       用例:附件12条 流程:客户现场走一遍 签字人:客户陈总 变更规则:走变更单";

fn raised() -> Bench {
    let mut bench = Bench::new("2026-11-23 10:00");
    bench.say_to_customer("客户陈总", "/需求 支付模块支持退款");
    bench.said();
    bench
}

fn analysed() -> Bench {
    let mut bench = raised();
    bench.say("李工", ANALYSIS);
    bench.say("张经理", CONTENT);
    assert_eq!(one(&bench).state, State::AwaitingConfirmation);
    bench
}

fn confirmed() -> Bench {
    let mut bench = analysed();
    let reply = bench.say_to_customer("客户陈总", "/R1 确认 面对面:11月20日");
    assert!(reply.starts_with("R1 支付模块支持退款 已确认"), "{reply}");
    bench
}

fn one(bench: &Bench) -> &Requirement {
    bench.dossier.find::<Requirement>(1).unwrap()
}

#[test]
fn an_analysis_may_come_in_parts_and_says_what_is_missing() {
    let mut bench = raised();
    let reply = bench.say("李工", "/R1 分析 可行性:4 说明:现有架构能承载\n价值:5");
    assert_eq!(
        reply,
        "R1 支付模块支持退款 · 分析中\n\
         可行性 4（现有架构能承载） · 价值 5\n\
         还缺：贡献、开发、测试、设计、工期、成本\n\
         /R1 分析 贡献:… 开发:… 测试:… 设计:… 工期:… 成本:…\n\
         真实需求还没写：客户到底要解决什么问题\n\
         /R1 补充 真实需求:…"
    );
    let reply =
        bench.say("李工", "/R1 分析 贡献:每月少接200个电话 开发:10 测试:4人天 设计:2 工期:3周 成本:8万");
    assert!(reply.contains("投入 开发 10 + 测试 4 + 设计 2 = 16 人天 · 工期 3周 · 成本 8万"), "{reply}");
    assert!(reply.contains("按评分优先级为 高（4.2 分）"), "{reply}");
    assert_eq!(one(&bench).state, State::Analysing);
    let reply = bench.say("李工", "/R1 补充 真实需求:客服少接一半退款电话");
    assert!(reply.contains("分析完成，待确认"), "{reply}");
    assert_eq!(one(&bench).state, State::AwaitingConfirmation);
}

#[test]
fn bad_scores_and_efforts_change_nothing() {
    let mut bench = raised();
    let before = one(&bench).clone();
    for line in [
        "/R1 分析 可行性:9",
        "/R1 分析 价值:0",
        "/R1 分析 价值:高 可行性:3",
        "/R1 分析 开发:很久",
        "/R1 分析 开发:-3",
        "/R1 分析 随便写写",
        "/R1 分析 可行性:4\n没有写是哪一项",
        "/R1 确认 面对面:M3",
        "/R1 确认 面对面:明年",
        "/R1 确认 面对面:M1 无面对面:忙",
        "/R1 开始",
        "/R1 交付",
        "/R1 验收",
        "/R1 规格",
        "/R1 规格 二",
        "/R7 分析 可行性:4",
        "/R1 补充 评分:4",
    ] {
        let reply = bench.say("张经理", line);
        assert!(reply.starts_with('✗'), "{line}: {reply}");
        assert_eq!(*one(&bench), before, "{line}");
    }
    let reply = bench.say("张经理", "/R1 分析 可行性:9");
    assert_eq!(reply, "✗ 可行性写 1 到 5 的整数，5 最高；「9」没有记录");
}

#[test]
fn the_customers_room_hears_nothing_of_the_analysis() {
    let mut bench = raised();
    bench.say("李工", ANALYSIS);
    assert_eq!(bench.said(), Vec::<String>::new());
    let shown = bench.say_to_customer("客户陈总", "/R1");
    for internal in ["可行性", "8万", "人天", "评分", "高"] {
        assert!(!shown.contains(internal), "{shown}");
    }
    let why = bench.say_to_customer("客户陈总", "/为什么 R1");
    assert!(!why.contains("评分") && why.contains("3 个工作日"), "{why}");
    assert!(bench.say_to_customer("李工", ANALYSIS).starts_with('✗'));
    assert!(!bench.say_to_customer("客户陈总", "/需求").contains("高"));
}

#[test]
fn priority_is_explained_and_what_was_typed_wins() {
    let mut bench = raised();
    assert!(bench.say("李工", "/为什么 R1").contains("还没有优先级"));
    bench.say("李工", ANALYSIS);
    let why = bench.say("李工", "/为什么 R1");
    assert!(why.contains("优先级 高：按评分算的"), "{why}");
    assert!(
        why.contains("（价值 5×50 + 可行性 4×20 + 投入 3×30）÷ 100 = 4.2；3.8 起为高，2.5 起为中"),
        "{why}"
    );
    assert!(why.contains("投入 16 人天得 3 分（≤5 为 5，≤10 为 4，≤20 为 3，≤40 为 2，更多为 1）"), "{why}");
    assert!(bench.say("李工", "/需求").contains("R1 支付模块支持退款 · 高（按评分）"));
    bench.say("李工", "/R1 !低");
    assert!(bench.say("李工", "/为什么 R1").contains("优先级 低：手写的 !低，优先于按评分算的 高"));
}

#[test]
fn the_technical_contact_is_reminded_of_the_analysis_and_the_manager_of_the_confirmation() {
    let mut bench = raised();
    let said = bench.until("2026-11-30 12:00");
    assert_eq!(said, ["11-26 10:00 →李工 R1 支付模块支持退款 还没分析完，应在 11月26日 周四 10:00 前完成"]);
    bench.say("李工", ANALYSIS);
    bench.say("李工", CONTENT);
    let said = bench.until("2026-12-20 12:00");
    assert_eq!(said, ["12-03 12:00 →张经理 R1 支付模块支持退款 还没确认，应在 12月3日 周四 12:00 前确认"]);
}

#[test]
fn what_was_done_in_time_is_not_reminded_of() {
    let mut bench = analysed();
    assert!(!one(&bench).owes("analyse") && one(&bench).owes("confirm"));
    bench.say_to_customer("客户陈总", "/R1 确认 面对面:今天");
    bench.said();
    assert_eq!(bench.until("2026-12-20 12:00"), Vec::<String>::new());
}

#[test]
fn the_first_answer_is_kept_with_its_time() {
    let mut bench = raised();
    bench.say_to_customer("客户陈总", "/R1 补充 用户:客服");
    assert_eq!(one(&bench).answered, None);
    bench.until("2026-11-23 12:30");
    bench.say("李工", "/R1 分析");
    bench.until("2026-11-24 12:30");
    bench.say("张经理", "/R1 补充 场景:月底");
    let answer = one(&bench).answered.clone().unwrap();
    assert_eq!((answer.by, answer.at), (person("李工"), at("2026-11-23 12:30")));
    assert!(bench.say("李工", "/为什么 R1").contains("李工 首次答复，用时 2 小时 30 分"));
}

#[test]
fn the_gate_names_everything_missing_with_the_lines_to_send() {
    let mut bench = raised();
    let reply = bench.say("张经理", "/R1 确认 面对面:昨天");
    assert!(reply.starts_with("✗ R1 已收集，分析完才能确认"), "{reply}");
    bench.say("李工", ANALYSIS);
    bench.say("李工", "/R1 补充 真实需求:少接电话 性能:2秒");
    let reply = bench.say_to_customer("客户陈总", "/R1 确认");
    assert_eq!(
        reply,
        "✗ R1 还不能确认\n\
         还缺：目标、界面、兼容、用例、流程、变更规则、签字人（没有的写「无」）\n\
         /R1 补充 目标:… 界面:… 兼容:… 用例:… 流程:… 变更规则:… 签字人:…\n\
         确认要当面：写会议或日期；没有面谈写明原因\n\
         /R1 确认 面对面:M… 或 /R1 确认 无面对面:…"
    );
    bench.say("李工", CONTENT);
    let reply = bench.say_to_customer("客户陈总", "/R1 确认");
    assert!(reply.starts_with("✗ R1 还不能确认\n确认要当面"), "{reply}");
    for bad in ["面对面:M9", "面对面:11月30日", "面对面:看情况", "就这样"] {
        assert!(bench.say_to_customer("客户陈总", &format!("/R1 确认 {bad}")).starts_with('✗'), "{bad}");
    }
    assert_eq!(one(&bench).version, 0);
}

#[test]
fn the_signer_confirms_and_everybody_concerned_hears_it() {
    let mut bench = analysed();
    assert_eq!(bench.say_to_customer("钱工", "/R1 确认 面对面:今天"), "✗ R1 须由签字人 客户陈总 确认");
    bench.said();
    let reply = bench.say_to_customer("客户陈总", "/R1 确认 无面对面:疫情封控，电话确认");
    let fingerprint = one(&bench).edition().unwrap().fingerprint.clone();
    let short = crate::report::specification::short_fingerprint(&fingerprint);
    assert_eq!(
        reply,
        format!(
            "R1 支付模块支持退款 已确认\n\
             《需求规格说明书》V1 · 指纹 {short} · 客户陈总 2026年11月23日 周一 确认 · 无面对面：疫情封控，电话确认\n\
             注意：有界面但没有原型，交付时容易对不上\n\
             以后要改，走变更：/变更 R1 改什么 原因:…"
        )
    );
    assert_eq!(bench.said(), [format!("11-23 10:00 项目群 {reply}")]);
    assert_eq!(one(&bench).state, State::Confirmed { version: 1 });
}

#[test]
fn a_meeting_proves_once_it_has_begun() {
    let mut bench = analysed();
    bench.say("张经理", "/会议 需求评审 14点-15点");
    let reply = bench.say_to_customer("客户陈总", "/R1 确认 面对面:M1");
    assert!(reply.starts_with("✗ M1 还没有开"), "{reply}");
    bench.until("2026-11-23 15:30");
    let reply = bench.say_to_customer("客户陈总", "/R1 确认 面对面:m1");
    assert!(reply.contains("面对面：M1 需求评审"), "{reply}");
}

#[test]
fn one_of_us_asks_the_signer_and_does_not_sign() {
    let mut bench = Bench::new("2026-11-23 10:00");
    bench.say("张经理", "/需求 支付模块支持退款");
    bench.say("李工", ANALYSIS);
    bench.say("张经理", CONTENT);
    assert!(!one(&bench).shared);
    let reply = bench.say("张经理", "/R1 确认 面对面:昨天");
    assert_eq!(reply, "R1 支付模块支持退款 材料齐全，已在客户群请 客户陈总 确认");
    assert!(one(&bench).shared && one(&bench).version == 0);
    let said = bench.said();
    assert!(said[0].starts_with("11-23 10:00 客户群 @客户陈总 请确认 R1 支付模块支持退款"), "{said:?}");
    assert!(!said[0].contains("8万"), "{said:?}");
    let reply = bench.say_to_customer("客户陈总", "/R1 确认 面对面:\"昨天\"");
    assert!(reply.contains("面对面：2026年11月22日 周日"), "{reply}");
}

#[test]
fn a_signer_by_role_or_by_a_name_nobody_bears() {
    let mut bench = analysed();
    let reply = bench.say("张经理", "/R1 补充 签字人:孙副行长");
    assert!(reply.starts_with("✗ 项目里还没有叫「孙副行长」的人，没有记录"), "{reply}");
    bench.say("张经理", "/R1 补充 签字人:\"孙副行长\"");
    let reply = bench.say_to_customer("客户陈总", "/R1 确认 面对面:今天");
    assert!(reply.starts_with("✗ 签字人「孙副行长」项目里对不上人"), "{reply}");
    bench.say("张经理", "/R1 补充 签字人:客户代表");
    assert!(bench.say_to_customer("客户陈总", "/R1 确认 面对面:今天").contains("已确认"));
}

#[test]
fn nobody_names_themselves_the_signer() {
    let mut bench = analysed();
    let reply = bench.say("钱工", "/R1 补充 签字人:钱工");
    assert!(reply.starts_with("✗ 这件事须由"), "{reply}");
    assert_eq!(one(&bench).fields["签字人"], "客户陈总");
}

#[test]
fn a_screen_with_a_prototype_or_no_screen_gives_no_warning() {
    for line in ["/R1 补充 原型:https://p.example/1", "/R1 补充 界面:无"] {
        let mut bench = analysed();
        bench.say("张经理", line);
        let reply = bench.say_to_customer("客户陈总", "/R1 确认 面对面:今天");
        assert!(reply.contains("已确认") && !reply.contains("原型"), "{reply}");
    }
}

#[test]
fn states_come_in_order_and_a_refusal_says_the_next_line() {
    let mut bench = raised();
    assert!(bench.say("李工", "/R1 开始").starts_with("✗ R1 已收集，不能开始。先分析：/R1 分析"));
    let mut bench = confirmed();
    assert_eq!(bench.say("李工", "/R1 交付"), "✗ R1 已确认，不能交付。下一步：/R1 开始");
    bench.say("李工", "/R1 开始");
    assert_eq!(bench.say("李工", "/R1 开始"), "✗ R1 进行中，不能开始。下一步：/R1 交付");
    assert_eq!(bench.say("李工", "/R1 验收"), "✗ R1 进行中，不能验收。下一步：/R1 交付");
    bench.say("李工", "/R1 交付");
    assert!(bench.say_to_customer("客户陈总", "/R1 验收").contains("已验收"));
}

#[test]
fn a_confirmed_requirement_points_to_the_change_request() {
    let mut bench = confirmed();
    let before = one(&bench).clone();
    for line in
        ["/R1 补充 性能:1秒", "/R1 分析 价值:3", "/R1 !低", "/R1 截止:周五", "/R1 拒绝 不做了", "/R1 撤回"]
    {
        let reply = bench.say("张经理", line);
        assert!(reply.contains("要改走变更：/变更 R1"), "{line}: {reply}");
        assert_eq!(*one(&bench), before, "{line}");
    }
    assert!(bench.say("张经理", "/R1 @李工").contains("负责 李工"));
}

#[test]
fn an_approved_change_makes_a_version_and_every_version_can_be_shown() {
    let mut bench = confirmed();
    let change = Key { letter: 'C', number: 3 };
    let next = one(&bench).amended(change, "支持部分退款", at("2026-12-02 10:00"));
    assert_eq!((next.version, next.state.clone()), (2, State::Confirmed { version: 2 }));
    bench.apply(crate::dossier::Outcome::change(next, "变更"));
    let newest = bench.say("张经理", "/R1 规格");
    assert!(newest.starts_with("《需求规格说明书》R1 支付模块支持退款 V2"), "{newest}");
    assert!(newest.contains("【已批准的变更】\nC3 2026年12月2日 周三：支持部分退款"), "{newest}");
    assert!(newest.contains("签字 客户陈总 · 2026年11月23日 周一 · 面对面：2026年11月20日 周五"), "{newest}");
    let first = bench.say("张经理", "/R1 规格 V1");
    assert!(first.contains(" V1\n") && !first.contains("部分退款"), "{first}");
    assert_eq!(bench.say("张经理", "/R1 规格 3"), "✗ R1 只有 V1 到 V2");
    let file = specification(one(&bench), Some(2), &bench.dossier, &bench.rules.calendar).unwrap();
    assert!(file.markdown().contains("## 交付标准") && file.docx().unwrap().len() > 1000);
    // Given up only after the change that says so.
    assert!(bench.say("张经理", "/R1 撤回 按 C3 不做").contains("已撤回"));
}

#[test]
fn what_was_never_confirmed_is_not_amended() {
    let bench = analysed();
    let change = Key { letter: 'C', number: 1 };
    assert_eq!(one(&bench).amended(change, "别的", at("2026-12-02 10:00")), *one(&bench));
}

#[test]
fn a_quoting_answer_fills_the_next_question() {
    let bench = raised();
    let actor = person("客户陈总");
    let registry = crate::dossier::Dossier::empty(crate::store::ProjectId(0));
    let cx = bench.context(&actor, &registry, "out", RoomKind::Customer);
    let outcome = answer_by_quote(1, "门店的客服", &bench.dossier, &cx).unwrap();
    let reply = outcome.reply.as_ref().unwrap().plain();
    assert_eq!(reply, "R1 用户：门店的客服\n下一问：看哪些数（指标）？引用本条直接回答即可");
    for nothing in ["好的", "收到！", "", "什么时候能好？"] {
        assert!(answer_by_quote(1, nothing, &bench.dossier, &cx).is_none(), "{nothing}");
    }
    let confirmed = confirmed();
    assert!(answer_by_quote(1, "门店的客服", &confirmed.dossier, &cx).is_none());
}

#[test]
fn the_list_is_filtered_counted_and_paged() {
    let mut bench = raised();
    for n in 2..=25 {
        bench.say("张经理", &format!("/需求 第{n}件 标签:支付"));
    }
    bench.say("张经理", "/R2 !高 @李工");
    bench.say("张经理", "/R3 拒绝 重复");
    let first = bench.say("张经理", "/需求");
    assert!(first.starts_with("需求 24 条：已收集 24 · 已拒绝 1\nR2 第2件 · 高"), "{first}");
    assert!(first.ends_with("第 1 页，共 2 页") && first.lines().count() == 22, "{first}");
    let second = bench.say("张经理", "/需求 列表 页:2");
    assert!(second.ends_with("第 2 页，共 2 页") && second.lines().count() == 6, "{second}");
    assert_eq!(bench.say("张经理", "/需求 列表 页:3"), "✗ 只有 2 页");
    assert_eq!(
        bench.say("张经理", "/需求 列表 负责:李工 标签:支付 !高"),
        "需求 1 条：已收集 1\nR2 第2件 · 高 · 已收集 · 负责 李工 · 标签 支付"
    );
    assert!(bench.say("张经理", "/需求 列表 状态:拒绝").starts_with("需求 1 条：已拒绝 1\nR3"));
    assert_eq!(bench.say("张经理", "/需求 列表 状态:已确认"), "没有符合的需求");
    for bad in ["状态:快了", "页:零", "随便"] {
        assert!(bench.say("张经理", &format!("/需求 列表 {bad}")).starts_with('✗'), "{bad}");
    }
    assert!(bench.say_to_customer("客户陈总", "/需求").starts_with("需求 1 条"));
}

/// Lines that people might say about R1, in any order.
fn lines() -> impl Strategy<Value = (&'static str, bool, String)> {
    let who = prop::sample::select(vec!["张经理", "李工", "客户陈总", "钱工"]);
    let fixed = vec![
        ANALYSIS,
        CONTENT,
        "/R1 分析 可行性:4 价值:2",
        "/R1 分析 成本:3万 工期:2周",
        "/R1 补充 性能:1秒 目标:快",
        "/R1 补充 签字人:李工",
        "/R1 补充 签字人:客户代表",
        "/R1 补充 真实需求:少接电话",
        "/R1 确认",
        "/R1 确认 面对面:今天",
        "/R1 确认 无面对面:出差",
        "/R1 确认 面对面:12月30日",
        "/R1 开始",
        "/R1 交付",
        "/R1 验收",
        "/R1 拒绝 不做",
        "/R1 撤回",
        "/R1 !高 截止:2027-01-05",
        "/R1 @李工",
    ];
    let line = prop_oneof![
        9 => prop::sample::select(fixed).prop_map(str::to_owned),
        1 => "[\\p{Han}a-z0-9:：!@ ]{0,20}".prop_map(|text| format!("/R1 {text}")),
    ];
    (who, any::<bool>(), line)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// No sequence of commands reaches 已确认 without the gate, and what was signed never changes.
    #[test]
    fn nothing_goes_around_the_gate(
        start in prop::sample::select(vec![raised as fn() -> Bench, analysed, confirmed]),
        said in prop::collection::vec(lines(), 1..40),
    ) {
        let mut bench = start();
        for (who, out, line) in said {
            let before = one(&bench).clone();
            let reply = if out { bench.say_to_customer(who, &line) } else { bench.say(who, &line) };
            let after = one(&bench);
            if reply.starts_with('✗') {
                prop_assert_eq!(after, &before);
            }
            if before.version == 0 && after.version > 0 {
                prop_assert_eq!(&before.state, &State::AwaitingConfirmation);
                prop_assert!(before.missing_for_confirmation(bench.dossier.project()).is_empty());
                prop_assert!(before.analysis.missing().is_empty());
                prop_assert!(before.signers(&bench.dossier).contains(&person(who)));
                prop_assert!(line.contains("面对面"));
            }
            if before.version > 0 {
                prop_assert_eq!(after.content(), before.content());
                prop_assert_eq!(&after.analysis, &before.analysis);
                prop_assert_eq!(&after.editions, &before.editions);
            }
            if matches!(after.state, State::Confirmed { .. } | State::InProgress | State::Delivered { .. } | State::Accepted { .. }) {
                prop_assert!(after.is_confirmed());
                let edition = after.edition().unwrap();
                prop_assert_eq!(&edition.content.fingerprint(), &edition.fingerprint);
                prop_assert_eq!(&edition.content, &after.content());
            }
            // What it is in the store, it is again.
            let stored: Requirement = serde_json::from_value(serde_json::to_value(after).unwrap()).unwrap();
            prop_assert_eq!(&stored, after);
        }
    }

    /// Equal content has one fingerprint, any difference another.
    #[test]
    fn fingerprints_tell_contents_apart(
        one in prop::collection::btree_map("[a-c]{1,2}", "[a-c\"]{0,2}", 0..3),
        other in prop::collection::btree_map("[a-c]{1,2}", "[a-c\"]{0,2}", 0..3),
        titles in ("[a-b]{0,2}", "[a-b]{0,2}"),
    ) {
        let bench = raised();
        let content = |title: &String, fields: &BTreeMap<String, String>| Content {
            title: title.clone(), fields: fields.clone(), ..self::one(&bench).content()
        };
        let (one, other) = (content(&titles.0, &one), content(&titles.1, &other));
        prop_assert_eq!(one == other, one.fingerprint() == other.fingerprint());
    }

    /// A wake finds the record as it is: twice is once.
    #[test]
    fn a_wake_says_a_thing_once(hours in 0i64..400) {
        let bench = raised();
        let now = crate::dossier::ladder::later(bench.now, jiff::SignedDuration::from_hours(hours));
        let waking = Waking { now, due: now, rules: &bench.rules };
        let first = Kind::wake(one(&bench), &bench.dossier, &waking);
        let mut after = bench.dossier.clone();
        for record in first.records {
            after.put(record);
        }
        let again = Kind::wake(after.find::<Requirement>(1).unwrap(), &after, &waking);
        prop_assert!(again.say.is_empty() && again.records.is_empty());
    }
}
