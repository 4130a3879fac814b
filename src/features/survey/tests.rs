use super::*;
use crate::{
    chat::Typed,
    features::{
        bench::{Bench, at, person},
        customer::File,
        improvement::Improvement,
        review::Review,
    },
};

/// A customer's file on the bench, kept since then.
fn file_on_the_bench(since: &str) -> Bench {
    let mut bench = Bench::new(since);
    bench.dossier.put(std::sync::Arc::new(File::open("远山银行", at(since))));
    bench
}

fn opened(bench: &Bench) -> Vec<(String, String)> {
    let time = |at| bench.rules.calendar.local(at).strftime("%Y-%m-%d %H:%M").to_string();
    let surveys = bench.dossier.all::<Survey>();
    surveys.map(|survey| (survey.quarter.to_string(), time(survey.opened_at))).collect()
}

#[test]
fn one_survey_opens_in_each_quarter_on_its_day() {
    let mut bench = file_on_the_bench("2026-02-10 10:00");
    bench.until("2026-12-31 18:00");
    let days = [
        // 1 March 2026 is a Sunday.
        ("2026Q1", "2026-03-02 09:30"),
        ("2026Q2", "2026-06-01 09:30"),
        ("2026Q3", "2026-09-01 09:30"),
        ("2026Q4", "2026-12-01 09:30"),
    ];
    assert_eq!(opened(&bench), days.map(|(quarter, at)| (quarter.to_owned(), at.to_owned())));
}

#[test]
fn a_file_that_opens_after_the_day_waits_for_the_next_quarter() {
    let mut bench = file_on_the_bench("2026-12-01 09:31");
    bench.until("2027-02-28 18:00");
    assert_eq!(opened(&bench), []);
    bench.until("2027-03-01 09:30");
    assert_eq!(opened(&bench), [("2027Q1".to_owned(), "2027-03-01 09:30".to_owned())]);
}

#[test]
fn of_quarters_that_were_missed_only_the_present_one_is_asked_for() {
    let mut bench = file_on_the_bench("2026-02-10 10:00");
    let file = bench.dossier.find::<File>(0).unwrap().clone();
    for (now, surveyed, asks) in [
        ("2026-08-20 10:00", "2026Q2", false),
        ("2026-09-10 10:00", "2026Q3", true),
        ("2026-03-02 09:29", "", false),
    ] {
        bench.now = at(now);
        let cx = Waking { now: bench.now, due: season::opens_at(&file, &bench.rules), rules: &bench.rules };
        let outcome = season::wake(&file, &bench.dossier, &cx);
        let mut after = bench.dossier.clone();
        let changed = !outcome.records.is_empty();
        outcome.records.into_iter().for_each(|record| after.put(record));
        let quarter = after.find::<File>(0).unwrap().surveyed.map(|quarter| quarter.to_string());
        assert_eq!(quarter.unwrap_or_default(), surveyed, "{now}");
        assert_eq!((after.find::<Survey>(1).is_some(), changed), (asks, !surveyed.is_empty()), "{now}");
    }
}

#[test]
fn nobody_is_asked_while_nobody_works_for_the_customer() {
    let mut bench = file_on_the_bench("2026-02-10 10:00");
    let mut project = bench.dossier.project().clone();
    project.archived = true;
    bench.dossier.put(std::sync::Arc::new(project));
    assert_eq!(bench.until("2026-12-31 18:00"), Vec::<String>::new());
    assert_eq!(opened(&bench), []);
}

#[test]
fn a_file_of_before_there_were_surveys_can_be_read() {
    let file: File =
        serde_json::from_str(r#"{"customer":"远山银行","opened_at":"2026-02-10T02:00:00Z"}"#).unwrap();
    assert_eq!((file.opened_at, file.surveyed), (at("2026-02-10 10:00"), None));
}

#[test]
fn an_answer_in_the_last_moment_counts_and_one_after_it_does_not() {
    for (time, late) in [("2026-12-15 18:00", false), ("2026-12-15 18:00:01", true)] {
        let mut bench = file_on_the_bench("2026-11-23 10:00");
        bench.until("2026-12-15 17:00");
        // Written at that moment; that the survey is over by then is not looked at before it.
        bench.now = at(time);
        bench.say_to_customer("孙总", "/满意度 4 5 3 4");
        let survey = bench.dossier.find::<Survey>(1).unwrap();
        assert_eq!((survey.answers[0].late, survey.averages().is_none()), (late, late), "{time}");
    }
}

#[test]
fn our_own_people_do_not_answer_for_the_customer_in_its_room_either() {
    let mut bench = file_on_the_bench("2026-11-23 10:00");
    bench.until("2026-12-01 10:00");
    assert!(bench.say_to_customer("李工", "/满意度 4 5 3 4").starts_with("✗ 满意度由客户来答"));
    let reply = bench.hear("客户陈总", &Typed::plain("/满意度 4 5 3 4"), RoomKind::Direct);
    assert!(reply.starts_with("客户陈总 的满意度已记下"), "{reply}");
}

#[test]
fn a_review_that_is_still_open_goes_on_in_the_next_one() {
    let mut bench = file_on_the_bench("2026-08-03 10:00");
    for (day, number) in [("2026-09-01 10:00", 1), ("2026-12-01 10:00", 2)] {
        bench.until(day);
        bench.say_to_customer("客户陈总", "/满意度 4 4 2 4");
        bench.until(day);
        let review = bench.dossier.find::<Review>(number).unwrap();
        assert_eq!(
            (review.is_open(), review.quarter),
            (true, bench.dossier.find::<Survey>(number).unwrap().quarter)
        );
    }
    let [first, second] = [1, 2].map(|number| bench.dossier.find::<Review>(number).unwrap());
    assert!(!first.is_open() && second.is_open());
    assert_eq!(second.cites.iter().map(ToString::to_string).collect::<Vec<_>>(), ["W1"]);
}

#[test]
fn a_quarter_without_answers_decides_on_nothing_and_the_next_one_does() {
    let mut bench = file_on_the_bench("2026-08-03 10:00");
    bench.until("2026-09-01 10:00");
    bench.say_to_customer("客户陈总", "/满意度 4 4 2 4");
    bench.until("2026-09-01 11:00");
    bench.say("张经理", "/W1 根因 没有值班 类别:流程 理由:清楚");
    bench.say("张经理", "/改进 W1 排值班 @李工 截止:9月11日");
    bench.say("李工", "/I1 完成");
    let said = bench.until("2026-12-15 18:00");
    assert!(said.iter().any(|line| line.contains("没有人回答")), "{said:?}");
    assert_eq!(bench.dossier.find::<Improvement>(1).unwrap().verdict, None);
    bench.until("2027-03-01 10:00");
    bench.say_to_customer("客户陈总", "/满意度 4 4 3 4");
    bench.until("2027-03-01 11:00");
    assert!(bench.dossier.find::<Improvement>(1).unwrap().is_effective());
    assert_eq!(bench.dossier.find::<Survey>(2).unwrap().answers, []);
    assert_eq!(
        bench.dossier.all::<Review>().filter(|review| review.is_open()).count(),
        1,
        "3 is still below 4"
    );
    let answered = bench.dossier.find::<Survey>(3).unwrap();
    assert!(answered.is_answered_by(&person("客户陈总")));
}
