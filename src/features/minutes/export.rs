//! `/纪要 M3 导出`: the minutes of one meeting as a file, with their archive number.

use super::{Point, Version, words};
use crate::{
    calendar::typed,
    chat::File,
    dossier::{Context, Dossier, Kind, Outcome, Record, Refusal},
    features::{
        action::ActionItem,
        meeting::{Meeting, meeting, name},
        risk::Risk,
    },
    grammar::{Args, Command, Form, Rest, Spec},
    report::{file_word, paper::Paper, specification::Section},
};

/// Hands over the minutes of a meeting.
pub struct Export {
    number: u32,
    markdown: bool,
}

impl Command for Export {
    const SPEC: Spec = Spec::new(
        "纪要",
        Form::IdAct("导出", "export"),
        "/纪要 M3 导出",
        "一次会的纪要成一个 Word 文件，带归档号；要 Markdown：/纪要 M3 导出 md",
    )
    .rest(Rest::Read);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        let number = args.number();
        match args.rest.trim().to_lowercase().as_str() {
            "" | "docx" | "word" => Ok(Self { number, markdown: false }),
            "md" | "markdown" => Ok(Self { number, markdown: true }),
            other => Err(words::no_format(number, other)),
        }
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let meeting = meeting(dossier, self.number)?;
        let Some(version) = meeting.minutes.latest() else { return Err(words::nothing_to_export(meeting)) };
        let archive = archive_number(meeting, cx);
        let paper = paper(meeting, version, &archive, dossier, cx);
        let (content, extension) = match self.markdown {
            true => (Ok(paper.markdown().into_bytes()), "md"),
            false => (paper.docx(), "docx"),
        };
        let project = file_word(&dossier.project().name);
        let file = content.ok().and_then(|content| {
            let name = format!("{project}-纪要-{archive}.{extension}");
            File::new(name, content, words::file_instead(self.number))
        });
        let message = words::exported(meeting, &archive).attach(file.ok_or_else(words::file_too_big)?);
        Ok(Outcome { about: Some(meeting.key()), ..Outcome::reply(message) })
    }
}

/// `M3-20261125-V2`: the meeting, the day on which it ended, and the version. One of a kind in its project.
pub(super) fn archive_number(meeting: &Meeting, cx: &Context) -> String {
    let day = cx.rules.calendar.date(meeting.ended_at().unwrap_or(meeting.ends)).strftime("%Y%m%d");
    format!("M{}-{day}-V{}", meeting.number, meeting.minutes.versions.len())
}

/// The minutes as a document. Invariant: the customer's has no internal line and no risk that is not theirs to see.
pub(super) fn paper(
    meeting: &Meeting,
    version: &Version,
    archive: &str,
    dossier: &Dossier,
    cx: &Context,
) -> Paper {
    let internal = cx.sees_internal(dossier);
    let calendar = &cx.rules.calendar;
    let points = |points: &[Point]| -> Vec<(String, String)> {
        let seen = points.iter().filter(|point| internal || !point.internal);
        seen.enumerate().map(|(at, point)| (format!("{}.", at + 1), point.text.clone())).collect()
    };
    let items = version.actions.iter().filter_map(|made| dossier.find::<ActionItem>(made.number));
    let items = items.map(|item| {
        let owner = item.owner.as_ref().map_or("负责人未定", |owner| owner.name.as_str());
        let due = item.due.map_or_else(
            || "截止未定".to_owned(),
            |due| format!("{} 前", typed::echo(due, cx.now, calendar)),
        );
        (format!("A{}", item.number), format!("{} · {owner} · {due} · {}", item.title, Kind::state(item)))
    });
    let risks = version.risks.iter().filter_map(|made| dossier.find::<Risk>(made.number));
    let risks = risks.filter(|risk| internal || Kind::shared(*risk)).map(|risk| {
        let plan = risk.plan.as_ref().map(|plan| format!(" · 方案：{plan}")).unwrap_or_default();
        (format!("K{}", risk.number), format!("{} · {}{plan}", risk.title, risk.level.name()))
    });
    let section = |title, rows| Section { title, rows };
    Paper {
        title: "会议纪要".into(),
        subtitle: name(meeting),
        facts: words::facts(meeting, version, archive, dossier, cx),
        sections: vec![
            section("决议", points(&version.decisions)),
            section("待办", items.collect()),
            section("风险", risks.collect()),
            section("待确认", points(&version.questions)),
            section("备注", points(&version.remarks)),
        ],
        footer: archive.to_owned(),
    }
}
