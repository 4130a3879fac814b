//! `/需求 R12 规格 [版本]`: the specification made again, of any version.
//!
//! Its words answer, its Word file goes with them ([`attached`]); so does the file of a version that was just made,
//! wherever people hear of it. It is made in the decision, from the edition alone: the same commit that makes a
//! version holds its file, and no crash comes between the two.

use jiff::Timestamp;

use super::{Edition, Origin, Requirement, refusal, requirement};
use crate::{
    calendar::{Calendar, typed},
    chat::Message,
    dossier::{Context, Dossier, Outcome, Refusal},
    grammar::{Args, Command, Form, Rest, Spec, behind_command, narrow},
    report::specification::{Revision, Section, Signature, Specification},
};

/// The parts of a specification and the fields that stand in each, after what was asked for.
const PARTS: [(&str, &[&str]); 4] = [
    ("背景与目标", &["背景", "真实需求", "目标", "功能", "用户", "指标", "场景", "原型", "反应"]),
    ("交付标准", &["性能", "界面", "兼容"]),
    ("验收方法", &["用例", "流程", "签字人"]),
    ("变更规则", &["变更规则", "评估周期", "费用规则"]),
];

/// Shows a specification.
pub struct Specify {
    number: u32,
    version: Option<u32>,
}

impl Command for Specify {
    const SPEC: Spec = Spec::new(
        "需求",
        Form::IdAct("规格", "spec"),
        "/需求 R1 规格",
        "《需求规格说明书》；旧版本写 /需求 R1 规格 1",
    )
    .rest(Rest::Read);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        let number = args.number();
        let text: String = args.rest.chars().map(narrow).collect();
        let text = text.trim().trim_start_matches(['V', 'v', '第']).trim_end_matches('版').trim();
        let version = match text {
            "" => None,
            text => Some(text.parse().map_err(|_| {
                Refusal::new(format!("看不懂版本「{}」。例如：/R{number} 规格 1", args.rest))
            })?),
        };
        Ok(Self { number, version })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let found = requirement(dossier, self.number)?;
        match specification(found, self.version, dossier, &cx.rules.calendar) {
            Some(specification) => {
                let message = Message::text(specification.heading());
                let lines = specification.chat_lines();
                let message = lines.into_iter().fold(message, |message, line| message.line(line));
                let message = attached(message, &specification, "内容见上一条");
                Ok(Outcome { about: Some(crate::dossier::Record::key(found)), ..Outcome::reply(message) })
            }
            None if found.version == 0 => Err(refusal::no_specification(found)),
            None => Err(Refusal::new(format!("R{} 只有 V1 到 V{}", self.number, found.version))),
        }
    }
}

/// The message with the file of a requirement's newest version, where it has one.
pub fn with_newest(
    message: Message,
    requirement: &Requirement,
    dossier: &Dossier,
    calendar: &Calendar,
) -> Message {
    match specification(requirement, None, dossier, calendar) {
        Some(specification) => {
            let (number, version) = (requirement.number, requirement.version);
            attached(message, &specification, &format!("看内容发 /R{number} 规格 {version}"))
        }
        None => message,
    }
}

/// The message with a specification's Word file; `read` is where to read it where no file can be sent.
fn attached(message: Message, specification: &Specification, read: &str) -> Message {
    let Specification { id, version, .. } = specification;
    match specification.file(format!("{id}《需求规格说明书》V{version} 的 Word 文件发不出来，{read}"))
    {
        Some(file) => message.attach(file),
        None => message.line(format!("Word 文件太大，没有附上，{read}")),
    }
}

/// The specification of a version, the newest where none is named; `None` where there is no such version.
pub fn specification(
    requirement: &Requirement,
    version: Option<u32>,
    dossier: &Dossier,
    calendar: &Calendar,
) -> Option<Specification> {
    let version = version.unwrap_or(requirement.version);
    let edition = requirement.editions.iter().find(|edition| edition.version == version)?;
    let project = dossier.project();
    let revisions: Vec<Revision> = requirement
        .editions
        .iter()
        .filter(|other| other.version <= version)
        .map(|other| revision(other, calendar))
        .collect();
    Some(Specification {
        project: project.name.clone(),
        customer: project.customer.clone(),
        id: format!("R{}", edition.content.number),
        title: edition.content.title.clone(),
        version,
        fingerprint: edition.fingerprint.clone(),
        date: day(edition.at, calendar),
        sections: sections(edition, calendar),
        revisions,
        signature: signature(requirement, dossier, calendar)?,
    })
}

fn sections(edition: &Edition, calendar: &Calendar) -> Vec<Section> {
    let content = &edition.content;
    let mut asked = vec![("表面需求".to_owned(), content.title.clone())];
    asked.push(("原话".to_owned(), behind_command(&content.said, &super::OBJECT).to_owned()));
    asked.push(("提出人".to_owned(), content.by.clone()));
    asked.extend(content.description.clone().map(|text| ("描述".to_owned(), text)));
    asked.extend(content.priority.map(|priority| ("优先级".to_owned(), priority.name().to_owned())));
    asked.extend(content.due.map(|due| ("期望完成".to_owned(), day(due, calendar))));
    let mut sections = vec![Section { title: "需求", rows: asked }];
    for (title, names) in PARTS {
        let row = |name: &&str| Some(((*name).to_owned(), content.fields.get(*name)?.clone()));
        sections.push(Section { title, rows: names.iter().filter_map(row).collect() });
    }
    let changes = content.amendments.iter().map(|amendment| {
        (format!("{} {}", amendment.change, day(amendment.at, calendar)), amendment.description.clone())
    });
    sections.push(Section { title: "已批准的变更", rows: changes.collect() });
    sections
}

fn revision(edition: &Edition, calendar: &Calendar) -> Revision {
    let what = match &edition.origin {
        Origin::Signed { by, .. } => format!("{} 确认", by.name),
        Origin::Changed { change } => {
            let amendment = edition.content.amendments.last();
            let text = amendment.map(|amendment| amendment.description.as_str()).unwrap_or_default();
            format!("{change} {text}")
        }
    };
    Revision {
        version: edition.version,
        date: day(edition.at, calendar),
        what,
        fingerprint: edition.fingerprint.clone(),
    }
}

fn signature(requirement: &Requirement, dossier: &Dossier, calendar: &Calendar) -> Option<Signature> {
    requirement.editions.iter().find_map(|edition| match &edition.origin {
        Origin::Signed { by, proof } => Some(Signature {
            by: by.name.clone(),
            date: day(edition.at, calendar),
            proof: proof.in_words(dossier),
        }),
        Origin::Changed { .. } => None,
    })
}

fn day(at: Timestamp, calendar: &Calendar) -> String {
    typed::echo_full_date(calendar.date(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::specification::sample;

    #[test]
    fn a_specification_that_is_too_big_for_a_file_says_so() {
        let attach = |specification| attached(Message::text("已确认"), &specification, "内容见上一条");
        let message = attach(sample());
        let file = message.file.expect("it is small");
        assert_eq!(file.name, "需求规格说明书-R12-支付模块支持退款-V2.docx");
        assert_eq!(file.instead, "R12《需求规格说明书》V2 的 Word 文件发不出来，内容见上一条");

        let mut long = sample();
        long.sections[0].rows[0].1 = "长".repeat(1_000_000);
        let message = attach(long);
        assert_eq!(
            (message.plain().as_str(), message.file),
            ("已确认\nWord 文件太大，没有附上，内容见上一条", None)
        );
    }
}
