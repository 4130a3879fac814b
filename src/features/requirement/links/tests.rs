use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::features::bench::{Bench, at};

/// Requirements R1 to R3, all confirmed, and a milestone P1.
fn bench() -> Bench {
    let mut bench = Bench::new("2026-11-23 10:00");
    for number in 1..=3 {
        bench.say("张经理", &format!("/需求 支付模块支持退款 第{number}期"));
        let mut confirmed = one(&bench, number).clone();
        confirmed.version = 1;
        confirmed.state = State::Confirmed { version: 1 };
        bench.dossier.put(Arc::new(confirmed));
    }
    bench.say("张经理", "/节点 上线 12月1日 标准:灰度无告警");
    bench.said();
    bench
}

fn one(bench: &Bench, number: u32) -> &Requirement {
    bench.dossier.find(number).unwrap()
}

fn key(letter: char, number: u32) -> Key {
    Key { letter, number }
}

/// The ends of the links of a requirement that wait for a look, with the change.
fn suspects(bench: &Bench, number: u32) -> Vec<(Target, Key)> {
    one(bench, number)
        .suspects(&bench.dossier)
        .into_iter()
        .map(|(tie, since)| (tie.to.clone(), since))
        .collect()
}

fn change(bench: &mut Bench, requirement: u32, change: u32) {
    let next = one(bench, requirement).amended(key('C', change), "改一改", at("2026-11-23 10:00"));
    bench.dossier.put(Arc::new(next));
}

#[test]
fn what_was_kept_before_there_were_links_can_be_read() {
    let bench = bench();
    let value = one(&bench, 1).encode();
    assert_eq!(value.get("links"), None);
    assert_eq!(serde_json::from_value::<Requirement>(value).unwrap(), *one(&bench, 1));
}

#[test]
fn a_change_before_the_link_does_not_make_it_suspect() {
    let mut bench = bench();
    change(&mut bench, 1, 1);
    bench.say("赵工", "/R1 关联 P1 R2");
    assert_eq!(suspects(&bench, 1), []);
    change(&mut bench, 2, 2);
    change(&mut bench, 1, 3);
    let (milestone, other) = (Target::Record(key('P', 1)), Target::Record(key('R', 2)));
    assert_eq!(suspects(&bench, 1), [(milestone, key('C', 3)), (other, key('C', 2))]);
}

#[test]
fn ids_and_tests_are_told_apart_however_they_are_typed() {
    for line in [
        "/R1 关联 R2 P1 测试:退款用例集、冒烟 回归",
        "/R1 关联 r2、Ｐ１，测试：退款用例集，冒烟 回归",
        "/R1 关联 R2 测试:退款用例集 P1；冒烟 回归",
        "/R1 link #R-2,p1 testing:退款用例集;冒烟 回归 R2",
    ] {
        let mut bench = bench();
        let reply = bench.say("张经理", line);
        assert!(!reply.starts_with('✗'), "{line}: {reply}");
        let mut ends: Vec<String> = one(&bench, 1).links.iter().map(|tie| words::short(&tie.to)).collect();
        ends.sort();
        assert_eq!(ends, ["P1", "R2", "测试「冒烟 回归」", "测试「退款用例集」"], "{line}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever was linked, changed and looked at before: an approved change leaves no link of the requirement, and
    /// none that leads to it, without its mark; and no other link gets one.
    #[test]
    fn any_approved_change_marks_every_link_of_both_directions(
        steps in proptest::collection::vec((0..4u8, 1..=3u32, 1..=3u32), 0..20),
        changed in 1..=3u32,
    ) {
        let mut bench = bench();
        for (number, (what, requirement, other)) in steps.into_iter().enumerate() {
            match what {
                0 => drop(bench.say("张经理", &format!("/R{requirement} 关联 R{other}"))),
                1 => drop(bench.say("张经理", &format!("/R{requirement} 关联 P1 测试:冒烟"))),
                2 => drop(bench.say("张经理", &format!("/R{requirement} 复核"))),
                _ => change(&mut bench, requirement, number as u32 + 1),
            }
        }
        for requirement in 1..=3 {
            bench.say("张经理", &format!("/R{requirement} 复核"));
            prop_assert_eq!(suspects(&bench, requirement), []);
        }
        let last = key('C', 99);
        let told = shaken(
            &one(&bench, changed).amended(last, "改一改", at("2026-11-23 10:00")),
            &bench.dossier,
        );
        change(&mut bench, changed, 99);
        for requirement in 1..=3 {
            let hangs = |tie: &&Tie| requirement == changed || tie.to == Target::Record(key('R', changed));
            let expected: Vec<(Target, Key)> =
                one(&bench, requirement).links.iter().filter(hangs).map(|tie| (tie.to.clone(), last)).collect();
            let names = expected.iter().all(|(to, _)| {
                told.as_ref().is_some_and(|told| told.contains(&format!("R{requirement} 的")) && told.contains(&words::short(to)))
            });
            prop_assert!(names, "{:?} of R{} in {:?}", expected, requirement, told);
            prop_assert_eq!(suspects(&bench, requirement), expected);
        }
    }
}
