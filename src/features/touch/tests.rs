use super::*;
use crate::features::bench::{Bench, at};

// 2026-11-24 is a Tuesday.

fn bench(phase: &str) -> Bench {
    let mut bench = Bench::new("2026-11-24 10:00");
    bench.enter(phase);
    bench
}

#[test]
fn a_touch_counts_once_it_says_what_it_was_worth() {
    let mut bench = bench("开发");
    assert_eq!(
        bench.say("张经理", "/沟通 今天和王总电话，确认了退款方案 参与:王总、客户陈总"),
        "U1 和王总电话，确认了退款方案 · 客户陈总、王总 · 11月24日 周二\n\
         这次沟通给客户带来了什么价值？\n\
         直接回复本消息，或发：/U1 价值:…，补上才计入 开发期沟通"
    );
    assert_eq!(bench.dossier.find::<Touch>(1).unwrap().mode.as_deref(), Some("电话"));
    let reply = bench.say("张经理", "/沟通 U1 价值:退款三天内到账");
    assert!(
        reply.ends_with("价值：退款三天内到账\n计入：开发期沟通 1/2（到 11月29日 周日 为止）"),
        "{reply}"
    );
    let reply = bench.say("张经理", "/U1 价值:退款当天到账");
    assert!(!reply.contains("计入"), "once: {reply}");
    let values: Vec<&str> = bench.dossier.all::<Value>().map(|value| value.text.as_str()).collect();
    assert_eq!(values, ["退款当天到账"]);
    assert!(bench.say("张经理", "/U1").contains("已计入：开发期沟通"));
}

#[test]
fn the_value_may_come_as_an_answer_to_the_question() {
    let mut bench = bench("测试");
    bench.say("李工", "/沟通 电话");
    let mut answer = |who: &str, said: &str| {
        let actor = crate::features::bench::person(who);
        let registry = crate::dossier::Dossier::empty(crate::store::ProjectId(0));
        let cx = bench.context(&actor, &registry, "in", crate::dossier::RoomKind::Internal);
        let outcome = answer_by_quote(1, said, &bench.dossier, &cx)?;
        let reply = outcome.reply.as_ref().map(|message| message.plain());
        bench.apply(outcome);
        reply
    };
    for nod in ["好的", "收到。", "为什么？", "  "] {
        assert_eq!(answer("李工", nod), None, "{nod}");
    }
    assert_eq!(answer("客户陈总", "没有什么价值"), None, "a customer does not answer for us");
    let reply = answer("李工", "未解决 3，已修复：５个").unwrap();
    assert!(
        reply.contains("缺陷：未解决 3 · 已修复 5\n这次沟通给客户带来了什么价值？\n请写缺陷的个数：新增"),
        "{reply}"
    );
    let reply = answer("李工", "新增1，阻塞上线的问题都没有了").unwrap();
    assert!(
        reply.contains(
            "价值：阻塞上线的问题都没有了\n缺陷：未解决 3 · 已修复 5 · 新增 1\n计入：测试结果同步 1/1"
        ),
        "{reply}"
    );
    assert_eq!(answer("李工", "再说一句"), None);
}

#[test]
fn numbers_are_whole_and_not_negative() {
    let mut bench = bench("测试");
    for number in ["-1", "三", "1.5", "123456", "多"] {
        let reply = bench.say("李工", &format!("/沟通 电话 价值:修好了 未解决:{number} 已修复:1 新增:0"));
        assert!(reply.starts_with("✗ 未解决 要写缺陷的个数"), "{reply}");
    }
    assert_eq!(bench.dossier.all::<Touch>().count(), 0);
    let reply = bench.say("李工", "/沟通 电话 价值:修好了 未解决:0 已修复：１２ 新增:3个");
    assert!(reply.contains("缺陷：未解决 0 · 已修复 12 · 新增 3"), "{reply}");
}

#[test]
fn a_day_that_is_over_may_be_told_of_and_one_ahead_not() {
    let mut bench = bench("开发");
    bench.until("2026-11-26 10:00");
    let told = |bench: &mut Bench, line: &str| {
        let reply = bench.say("张经理", line);
        let touch = bench.dossier.all::<Touch>().last().cloned();
        (reply, touch.map(|touch| (touch.at, touch.text)))
    };
    let (_, touch) = told(&mut bench, "/沟通 昨天现场拜访客户 价值:看清了流程");
    assert_eq!(touch, Some((at("2026-11-25 18:00"), "现场拜访客户".into())));
    let (_, touch) = told(&mut bench, "/沟通 电话 时间:11月24日 15:00 价值:定了范围");
    assert_eq!(touch, Some((at("2026-11-24 15:00"), String::new())));
    let (reply, _) = told(&mut bench, "/沟通 11月24日上午9点电话 价值:定了范围");
    assert!(reply.ends_with("开发期沟通 从 11月24日 周二 10:00 起计，这次在那之前，没有计入"), "{reply}");
    let (reply, _) = told(&mut bench, "/沟通 明天和王总电话");
    assert!(reply.starts_with("✗ 11月27日 周五 还没到，没有记录"), "{reply}");
    let (reply, _) = told(&mut bench, "/沟通 电话 时间:某天");
    assert!(reply.starts_with("✗ 看不懂时间「某天」"), "{reply}");
    assert!(bench.say("张经理", "/U1 时间:昨天").starts_with("✗ U1 的时间不能改"));
    assert!(bench.say("张经理", "/沟通 @李工").starts_with("✗ 和客户沟通了什么"));
    assert_eq!(bench.dossier.all::<Touch>().count(), 3);
}

#[test]
fn a_customers_room_reads_nothing_of_counts_and_questions() {
    let mut bench = bench("开发");
    assert_eq!(bench.say_to_customer("张经理", "/沟通 电话，讲了排期"), "U1 电话，讲了排期 · 11月24日 周二");
    assert_eq!(bench.said(), ["11-24 10:00 →张经理 U1 电话，讲了排期"]);
    bench.say("张经理", "/沟通 面谈，客户对报价不满 价值:稳住了关系 !内部");
    assert_eq!(bench.say_to_customer("客户陈总", "/沟通"), "沟通 1 条\nU1 电话，讲了排期 · 11月24日 周二");
    let values: Vec<bool> = bench.dossier.all::<Value>().map(|value| value.internal).collect();
    assert_eq!(values, [true]);
}
