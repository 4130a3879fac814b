//! How long the health reports of a quarter take: 200 customers with ten projects each. `cargo bench --bench health`.
//!
//! Each project has what a busy quarter leaves behind: tickets, requirements, meetings with minutes, contacts with
//! their periods, and risks, a part of each late. Beside it two baselines in the same run: every record looked at
//! once, and every record read from its JSON once. A report is measured alone and as the job makes it, with its words
//! and its Word file.
//!
//! The bound is a minute for all; on two cores the job took 1.9 times as long as reading the same 218,000 records from
//! JSON once.

use std::{hint::black_box, sync::Arc, time::Instant};

use jiff::{Timestamp, ToSpan, civil::date};
use jiuding::{
    calendar::Quarter,
    chat::{Person, PersonId},
    config::Config,
    dossier::{Dossier, Project, Rules, Served, Waking},
    features::{self, customer::File, health},
    store::{Key, ProjectId},
};
use serde_json::{Value, json};

const CUSTOMERS: u32 = 200;
const PROJECTS: u32 = 10;
/// Of each kind, in each project.
const TICKETS: u32 = 40;
const REQUIREMENTS: u32 = 20;
const MEETINGS: u32 = 13;
const TOUCHES: u32 = 26;
const RISKS: u32 = 8;

/// A customer with its file, its projects, and every record of them as JSON.
struct Customer {
    file: Dossier,
    projects: Vec<Dossier>,
    rows: Vec<(Key, Vec<u8>)>,
}

fn main() -> anyhow::Result<()> {
    let rules = Config::default().rules()?;
    let customers: Vec<Customer> = (0..CUSTOMERS)
        .map(|number| customer(number, &rules))
        .collect::<Result<_, _>>()
        .map_err(anyhow::Error::msg)?;
    let records: usize = customers.iter().map(|customer| customer.rows.len()).sum();
    println!("{CUSTOMERS} customers, {} projects, {records} records", CUSTOMERS * PROJECTS);
    let now = at(1_000);
    let quarter: Quarter = "2026Q4".parse().map_err(anyhow::Error::msg)?;

    let looked = timed("every record looked at once", || {
        customers
            .iter()
            .flat_map(|customer| &customer.projects)
            .flat_map(Dossier::records)
            .map(|(_, record)| record.title().len())
            .sum()
    });
    let decoded = timed("every record read from JSON once", || {
        let rows = customers.iter().flat_map(|customer| &customer.rows);
        rows.filter_map(|(key, row)| features::decode(*key, row).ok())
            .map(|record| record.title().len())
            .sum()
    });
    let measured = timed("reports measured", || {
        let reports =
            customers.iter().map(|one| health::compute(&one.file, &one.projects, quarter, now, &rules));
        reports.map(|report| report.score.unwrap_or(0) as usize).sum()
    });
    let due = at(0);
    let made = timed("reports as the job makes them", || {
        let cx = Waking { now: due, due, rules: &rules };
        customers.iter().map(|one| health::quarterly(&one.file, &one.projects, &cx).say.len()).sum()
    });
    println!("  measured: {:.1} times looking, {:.2} times reading", measured / looked, measured / decoded);
    println!("  the job:  {:.1} times looking, {:.2} times reading", made / looked, made / decoded);
    Ok(())
}

fn timed(what: &str, work: impl Fn() -> usize) -> f64 {
    let begin = Instant::now();
    let sum = black_box(work());
    let took = begin.elapsed().as_secs_f64();
    println!("  {what:<34} {:>8.1} ms   ({sum})", took * 1_000.0);
    took
}

/// So many hours after the first of January 2027, ten o'clock.
fn at(hours: i64) -> Timestamp {
    let begin = date(2027, 1, 1).at(10, 0, 0, 0).in_tz("Asia/Shanghai").expect("it is a day").timestamp();
    begin.saturating_add(hours.hours()).expect("hours are a time")
}

/// So many hours into the fourth quarter of 2026.
fn into(hours: u32) -> Timestamp {
    at(i64::from(hours) - 92 * 24)
}

fn customer(number: u32, rules: &Rules) -> Result<Customer, String> {
    let name = format!("客户{number}");
    let mut rows = Vec::new();
    let mut projects = Vec::new();
    for index in 0..PROJECTS {
        let mut dossier = Dossier::empty(ProjectId(number * PROJECTS + index + 1));
        for (letter, number, value) in records(&name, dossier.id.0) {
            let (key, row) = (Key { letter, number }, value.to_string().into_bytes());
            dossier.put(features::decode(key, &row)?);
            rows.push((key, row));
        }
        projects.push(dossier);
    }
    let mut file = Dossier::empty(ProjectId::file(number + 1));
    file.put(Arc::new(File::open(&name, into(0))));
    let standing: Vec<&Project> = projects.iter().filter_map(Dossier::founded).collect();
    let lead = Person { id: PersonId::new("playground", "lead"), name: "陈主管".into() };
    let served = Served { name: &name, industry: None, lead: Some(&lead) };
    file.put(Arc::new(Project::standing_for(&served, &standing)));
    // Read once, so that nothing is measured for the first time.
    let _ = health::compute(&file, &projects, "2026Q4".parse()?, at(0), rules);
    Ok(Customer { file, projects, rows })
}

fn records(customer: &str, id: u32) -> Vec<(char, u32, Value)> {
    let person = json!({ "id": format!("playground:p{id}"), "name": format!("工程师{id}") });
    let room = format!("playground:{id}");
    let project = json!({
        "name": format!("项目{id}"), "customer": customer, "phase": "development", "created_by": person,
        "created_at": into(0), "rooms": [{ "id": room, "kind": "internal" }],
        "seats": { "project_manager": [person], "technical_contact": [person] },
    });
    let clock = |due: Timestamp, name: &str, climbed: u32| json!({ "due": due, "rungs": [{ "at": due, "name": name }], "climbed": climbed });
    let mut all = vec![('*', 0, project)];
    for number in 1..=TICKETS {
        let opened = number * 50;
        let late = number % 7 == 0;
        let breaches = if late { json!([{ "clock": "close", "at": into(opened + 24) }]) } else { json!([]) };
        all.push(('T', number, json!({
            "number": number, "title": "登录页打不开", "said": "/工单 登录页打不开", "by": person, "room": room,
            "opened_at": into(opened), "shared": true, "urgency": "urgent", "breaches": breaches,
            "state": { "is": "closed", "at": into(opened + 70), "cause": "证书过期", "explanation": "已更换" },
            "response": { "by": person, "at": into(opened + 1) }, "solved_at": into(opened + 20),
            "close": clock(into(opened + 24), "breach", u32::from(late)),
        })));
    }
    for number in 1..=REQUIREMENTS {
        let asked = number * 90;
        all.push(('R', number, json!({
            "number": number, "title": "支付模块支持退款", "said": "/需求 支付模块支持退款", "by": person, "room": room,
            "at": into(asked), "shared": true, "due": into(asked + 200), "answered": { "by": person, "at": into(asked + 30) },
            "fields": { "目标": "少接一半电话", "用户": "客服", "场景": "退货" },
            "state": { "is": "accepted", "at": into(asked + 300), "delivered": into(asked + if number % 5 == 0 { 230 } else { 150 }) },
        })));
    }
    for number in 1..=MEETINGS {
        let (starts, ends) = (into(number * 160), into(number * 160 + 1));
        let filed = into(number * 160 + if number % 6 == 0 { 40 } else { 10 });
        all.push(('M', number, json!({
            "number": number, "title": "项目例会", "said": "/会议 项目例会", "by": person, "room": room, "created_at": into(0),
            "shared": true, "kind": "weekly", "starts": starts, "ends": ends, "people": [person],
            "state": { "is": "ended", "at": ends, "told": "schedule" },
            "minutes": {
                "clock": clock(into(number * 160 + 25), "breach", 0),
                "versions": [{ "by": person, "at": filed, "decisions": [{ "text": "退款走原路返回" }] }],
            },
        })));
    }
    for number in 1..=TOUCHES {
        all.push(('U', number, json!({
            "number": number, "text": "进展同步", "said": "/沟通 进展同步", "value": "看到了退款页", "by": person, "room": room,
            "at": into(number * 80), "told_at": into(number * 80), "shared": false, "counted": ["开发期沟通"],
        })));
    }
    for number in 1..=RISKS {
        all.push(('K', number, json!({
            "number": number, "title": "第三方接口延迟", "said": "/风险 第三方接口延迟", "by": person, "room": room,
            "at": into(number * 200), "level": if number == 1 { "high" } else { "medium" }, "plan": "已协调",
            "state": { "is": "mitigating" }, "plan_by": clock(into(number * 200 + 24), "plan", u32::from(number % 4 == 0)),
        })));
    }
    all.push(('~', 0, json!({ "phase": "development", "since": into(0), "running": {} })));
    for week in 0..13 {
        for (number, beat, wanted) in [(week * 2 + 1, "开发期沟通", 2), (week * 2 + 2, "项目例会", 1)]
        {
            all.push(('!', number, json!({
                "number": number, "beat": beat, "from": into(week * 168), "until": into(week * 168 + 168), "done": wanted,
                "wanted": wanted, "kept": week % 4 != 0,
            })));
        }
    }
    all
}
