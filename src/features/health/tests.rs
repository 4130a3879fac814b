use super::{sheet::Reader, *};
use crate::{
    config::Config,
    dossier::{Project, Served},
    features,
    store::{Key, ProjectId},
};
use std::sync::Arc;

fn file() -> Dossier {
    let mut file = Dossier::empty(ProjectId::file(1));
    let served = Served { name: "远山银行", industry: None, lead: None };
    file.put(Arc::new(Project::standing_for(&served, &[])));
    file
}

fn report() -> HealthReport {
    let text = r#"{
        "number": 1, "quarter": "2026Q4", "at": "2027-01-01T02:00:00Z", "score": 55, "light": "red", "before": 80,
        "parts": [
            {"part": "satisfaction", "weight": 35},
            {"part": "sla", "weight": 20, "share": 500, "sources": [
                {"project": "远山支付", "what": "解决", "kept": ["T1"], "missed": ["T3"]}]},
            {"part": "risk", "weight": 10, "share": 0, "sources": [
                {"project": "远山支付", "what": "风险", "missed": ["K2（高且未关闭）"]}]}
        ],
        "improvements": ["I1 两人轮值"]
    }"#;
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_shortest_report_that_was_ever_kept_is_read() {
    let text = br#"{"number": 1, "quarter": "2026Q4", "at": "2027-01-01T02:00:00Z", "parts": []}"#;
    let record = features::decode(Key { letter: '$', number: 1 }, text).unwrap();
    assert_eq!((record.state(), record.title().as_str()), ("草稿", "健康度报告 2026年四季度"));
}

#[test]
fn a_customer_reads_no_record_no_risk_and_nothing_that_is_to_be_done() {
    let (file, report, rules) = (file(), report(), Config::default().rules().unwrap());
    let said = words::for_customer(&report, &file, &rules.health).plain();
    let page = sheet(&report, &file, Reader::Customer, report.at, &rules).html();
    for read in [said, page] {
        assert!(read.contains("55 分") && read.contains("工单时效"), "{read}");
        for internal in ["T1", "T3", "K2", "风险", "I1", "远山支付", "红灯", "下一步", "扣分"] {
            assert!(!read.contains(internal), "{internal} in {read}");
        }
    }
    let page = sheet(&report, &file, Reader::Team, report.at, &rules).html();
    for internal in ["T3", "K2", "风险应对", "I1", "红灯", "下一步"] {
        assert!(page.contains(internal), "{internal} in {page}");
    }
}

#[test]
fn what_costs_the_most_points_is_done_first() {
    let steps = report().next_steps();
    assert_eq!(
        steps,
        [
            "工单：1 次超时（远山支付 T3），找出卡在哪一步",
            "风险：1 条（远山支付 K2），补方案，到期的了结或改期",
        ]
    );
}

#[test]
fn a_red_light_or_a_deep_fall_alarms() {
    let rules = Config::default().rules().unwrap().health;
    let of = |score, before| HealthReport {
        score: Some(score),
        light: Some(Light::of(score, &rules)),
        before,
        ..report()
    };
    for (score, before, alarms) in [
        (59, None, true),
        (60, None, false),
        (60, Some(74), false),
        (70, Some(85), true),
        (85, Some(100), true),
        (100, Some(0), false),
    ] {
        assert_eq!(of(score, before).is_alarming(&rules), alarms, "{score} after {before:?}");
    }
}

#[test]
fn a_released_report_never_wakes_and_owes_nothing() {
    let rules = Config::default().rules().unwrap();
    let clock = Ladder::new(Timestamp::UNIX_EPOCH).rung(Timestamp::UNIX_EPOCH, "late");
    let draft = HealthReport { clock: Some(clock), ..report() };
    assert!(Kind::wakes_at(&draft, &rules).is_some() && Kind::owes(&draft, DRAFT));
    let by = Person { id: crate::chat::PersonId::new("playground", "chen"), name: "陈主管".into() };
    let released = HealthReport { released: Some(Released { by, at: Timestamp::UNIX_EPOCH }), ..draft };
    assert!(Kind::wakes_at(&released, &rules).is_none());
    assert!(!Kind::owes(&released, DRAFT) && !Kind::owes(&released, &released.step()));
}
