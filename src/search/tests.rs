use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{chat::PersonId, dossier::Query, features};

fn key(text: &str) -> Key {
    text.parse().expect("an id of the test")
}

/// A project of `经理`, whose customer is 远山银行 or another.
fn project(id: u32, customer: &str) -> Dossier {
    let mut dossier = Dossier::empty(ProjectId(id));
    found(&mut dossier, customer);
    dossier
}

fn found(dossier: &mut Dossier, customer: &str) {
    let person = json!({ "id": "playground:经理", "name": "经理" });
    let value = json!({
        "name": format!("项目{}", dossier.id.0), "customer": customer, "industry": "银行",
        "phase": "development", "rooms": [], "seats": { "project_manager": [person] },
        "created_by": person, "created_at": "2026-01-01T00:00:00Z",
    });
    let project = features::decode(Key { letter: PROJECT, number: 0 }, value.to_string().as_bytes());
    dossier.put(project.expect("a project"));
}

fn requirement(dossier: &mut Dossier, number: u32, title: &str) -> Key {
    let value = json!({
        "number": number, "title": title, "said": format!("/需求 {title}"), "room": "playground:群",
        "by": { "id": "playground:提", "name": "提" }, "at": "2026-01-01T00:00:00Z", "shared": true,
        "state": { "is": "collected" },
    });
    let key = Key { letter: 'R', number };
    dossier.put(features::decode(key, value.to_string().as_bytes()).expect("a requirement"));
    key
}

/// What the manager, or another of the team, finds.
fn finds(index: &Index, person: &str, words: &str) -> Vec<String> {
    let person = PersonId::new("playground", person);
    let asker = Asker { person: &person, admin: false, place: RoomKind::Internal, home: Some(ProjectId(9)) };
    let query = Query { words: words.into(), letter: None, project: None, state: None, page: 1 };
    let rules = crate::config::Config::default().rules().expect("the shipped rules");
    let found = index.look_up(&Ask::Search(query), &asker, &SearchRules { page: 50, ..rules.search });
    let told = |hit: &Hit| match hit {
        Hit::Record { key, project, record, .. } => format!("{project:?} {key} {}", record.title()),
        Hit::Case { title, .. } => title.clone(),
    };
    found.hits.iter().map(told).collect()
}

/// The room in which it is asked: a team's, of a project that has nothing else.
fn home() -> (Index, Dossier) {
    let home = project(9, "家");
    let mut index = Index::default();
    index.learn(&home, home.records().map(|(key, _)| key));
    (index, home)
}

#[test]
fn a_name_that_becomes_known_is_hidden_from_then_on() {
    let (mut index, _) = home();
    let mut dossier = project(1, "近海");
    let row = requirement(&mut dossier, 1, "远山银行退款");
    index.learn(&dossier, [key("*0"), row]);
    assert_eq!(finds(&index, "旁人", "远山银行"), ["远山银行退款"]);
    found(&mut dossier, "远山银行");
    index.learn(&dossier, [key("*0")]);
    assert_eq!(finds(&index, "旁人", "退款"), ["某客户退款"]);
    assert!(finds(&index, "旁人", "远山银行").is_empty(), "nor is it found by the name");
    assert_eq!(finds(&index, "经理", "远山银行"), ["Some(\"项目1\") R1 远山银行退款"]);
}

#[test]
fn the_trade_of_a_registered_customer_counts() {
    let (mut index, _) = home();
    index.learn_industries([("远山银行".to_owned(), "金融".to_owned())].into());
    let mut project = Project::clone(project(1, "远山银行").project());
    assert_eq!(index.industry(&project), Some("银行"));
    project.industry = None;
    assert_eq!(index.industry(&project), Some("金融"));
    assert!(same_industry(Some("银行业"), Some("银行")) && same_industry(Some("银行 "), Some("银行行业")));
    assert!(!same_industry(Some("工业"), Some("农业")) && !same_industry(None, None));
}

const TITLES: [&str; 6] = ["退款走原路", "远山银行退款", "支付对账", "OAuth2 登录", "退", "报表导出"];
const QUERIES: [&str; 8] = ["退款", "退", "支付", "oauth", "银行 退款", "导出 登录", "提", "r2"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Records come, change and go, projects change their customer; what followed all of it finds what an
    /// index made at the end finds.
    #[test]
    fn an_index_that_followed_finds_what_a_new_one_finds(
        steps in prop::collection::vec((1..4_u32, 0..5_u32, 0..8_usize), 1..40)
    ) {
        let (mut followed, home) = home();
        let mut dossiers = [1, 2, 3].map(|id| project(id, "家"));
        for (id, number, step) in steps {
            let dossier = &mut dossiers[id as usize - 1];
            let key = match TITLES.get(step) {
                _ if number == 0 => {
                    found(dossier, ["远山银行", "支付公司"][step % 2]);
                    key("*0")
                }
                Some(title) => requirement(dossier, number, title),
                None => {
                    let key = Key { letter: 'R', number };
                    dossier.take(key);
                    key
                }
            };
            followed.learn(dossier, [Key { letter: PROJECT, number: 0 }, key]);
        }
        let mut new = Index::default();
        for dossier in dossiers.iter().chain([&home]) {
            new.learn(dossier, dossier.records().map(|(key, _)| key));
        }
        for query in QUERIES {
            for person in ["经理", "旁人"] {
                prop_assert_eq!(finds(&followed, person, query), finds(&new, person, query), "{}", query);
            }
        }
    }
}
