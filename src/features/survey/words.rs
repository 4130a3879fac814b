//! Every sentence of surveys.

use jiff::Timestamp;

use super::{Answer, Average, Indicator, Survey, read::Said, season};
use crate::{
    calendar::typed,
    chat::{Button, Field, FieldKind, Form, Line, Message, Person, Tone},
    dossier::{Context, Dossier, Kind, Refusal, Role, RoomKind, Rules, Waking},
    features::{customer::File, improvement::Improvement, review::Review},
};

const EXAMPLE: &str = "/满意度 4 5 3 4 备注";

fn indicators() -> String {
    Indicator::ALL.map(Indicator::name).join("、")
}

fn names<'a>(people: impl IntoIterator<Item = &'a Person>) -> String {
    people.into_iter().map(|person| person.name.as_str()).collect::<Vec<_>>().join("、")
}

/// `S1 2026年四季度满意度`.
fn name(survey: &Survey) -> String {
    format!("S{} {}", survey.number, survey.title())
}

/// The message with people mentioned in front of its first line.
pub fn called(mut message: Message, people: &[Person]) -> Message {
    if let Some(line) = message.lines.first_mut() {
        let mut first = Line::default().people(people);
        first.0.append(&mut line.0);
        *line = first;
    }
    message
}

/// The buttons of one indicator.
fn scores_of(indicator: Indicator) -> impl Iterator<Item = Button> {
    (1..=5).map(move |score| Button {
        label: score.to_string(),
        line: format!("/满意度 {} {score}", indicator.name()),
    })
}

/// The whole answer as a form; where there are none, a button for each score of the first indicator.
fn form(before: Option<&Answer>) -> Form {
    let form = Form::new("/满意度", if before.is_some() { "更新" } else { "提交" });
    let form = Indicator::ALL.into_iter().fold(form, |form, indicator| {
        let score = before.map(|answer| answer.scores[indicator.index()].to_string());
        form.field(Field::new(indicator.name(), FieldKind::Score).required().filled(score))
    });
    let comment = before.and_then(|answer| answer.comment.clone());
    form.field(Field::new("备注", FieldKind::Long).label("备注（选填）").filled(comment))
}

/// A message that asks, with the form and what stands in its place.
fn asking(headline: String) -> Message {
    let first = Indicator::ALL[0];
    let mut form = form(None).or_line(format!("或点按钮逐项打分，第一项：{}", first.name()));
    form.instead.buttons = scores_of(first).collect();
    Message::text(headline).line(format!("一次写完：{EXAMPLE}，依次是 {}", indicators())).form(form)
}

/// What is asked for, how, and until when.
pub fn asked(survey: &Survey, now: Timestamp, rules: &Rules) -> Message {
    let until = typed::echo(survey.due, now, &rules.calendar);
    asking(format!("{}：请打分，1 最低，5 最高，{until} 前", name(survey)))
}

/// The same again, to those who have not answered.
pub fn reminder(survey: &Survey, cx: &Waking) -> Message {
    let until = typed::echo(survey.due, cx.now, &cx.rules.calendar);
    asking(format!("{} 还等您的回答，{until} 前", name(survey)))
}

/// To the customer lead, where nobody of the customer can be reached.
pub fn pass_on(survey: &Survey, dossier: &Dossier) -> Message {
    let customer = dossier.project().customer.clone().unwrap_or_default();
    Message::text(format!("{} 没有客户群，也没有客户代表，请转交客户打分", name(survey)))
        .line(format!("{customer} 依次给 {} 打 1 到 5 分", indicators()))
        .line("收到后替客户填：/满意度 4 5 3 4 备注 代填:客户姓名")
        .line("或设置客户代表：/角色 客户代表 @某人")
        .tone(Tone::Warning)
}

/// What the team is told of a survey that began.
pub fn went_out(survey: &Survey, dossier: &Dossier, now: Timestamp, rules: &Rules) -> Message {
    let project = dossier.project();
    let people = project.holders(Role::CustomerRepresentative);
    let to = match (project.rooms_of(RoomKind::Customer).next(), people) {
        (Some(_), []) => "已发到客户群".to_owned(),
        (Some(_), people) => format!("已发到客户群，请 {} 回答", names(people)),
        (None, []) => "没有客户群，也没有客户代表，已请客户主管转交".to_owned(),
        (None, people) => format!("已私下发给 {}", names(people)),
    };
    let until = typed::echo(survey.due, now, &rules.calendar);
    Message::text(format!("{} {to}，{until} 截止", name(survey)))
}

/// `需求响应速度 4 · 技术方案质量 5 · …`.
fn scores(scores: [u8; 4]) -> String {
    let each = Indicator::ALL.into_iter().zip(scores);
    each.map(|(indicator, score)| format!("{} {score}", indicator.name())).collect::<Vec<_>>().join(" · ")
}

/// The answer to a whole answer.
pub fn answered(answer: &Answer, again: bool, survey: &Survey, cx: &Context) -> Message {
    let who = &answer.by.name;
    let done = if again { "已更新" } else { "已记下" };
    let entered = answer.entered_by.as_ref().map(|by| format!("（{} 代填）", by.name)).unwrap_or_default();
    let mut message =
        Message::text(format!("{who} 的满意度{done}{entered}，谢谢")).line(scores(answer.scores));
    if let Some(comment) = &answer.comment {
        message = message.line(format!("备注：{comment}"));
    }
    if answer.late {
        let ended = survey.closed_at.unwrap_or(survey.due);
        let ended = typed::echo(ended, cx.now, &cx.rules.calendar);
        return message.line(format!("S{} 已在 {ended} 结束，这份回答留存，不计入平均", survey.number));
    }
    message
}

pub fn may_be_changed() -> &'static str {
    "要改再发一次，结束前以最后一次为准"
}

/// The answer to a part of an answer: what is asked next.
pub fn next_score(
    by: &Person,
    said: &Said,
    scores: [Option<u8>; 4],
    asked: Option<Indicator>,
    number: u32,
) -> Message {
    let told: Vec<String> =
        said.scores.iter().map(|(indicator, score)| format!("{} {score}", indicator.name())).collect();
    let done = scores.iter().flatten().count();
    let message = Message::text(format!("S{number} {}：{}（{done}/4）", by.name, told.join("、")));
    match asked {
        Some(indicator) => {
            let mut message = message.line(format!("下一项：{}", indicator.name()));
            message.buttons.extend(scores_of(indicator));
            message
        }
        None => message,
    }
}

pub fn comment_comes_last() -> String {
    format!("备注请和四项分数一起写，这次没有记下：{EXAMPLE}")
}

/// What one of the customer's people sees: what is asked, and their own answer.
pub fn own(survey: &Survey, cx: &Context) -> Message {
    let mine = survey.answers.iter().rfind(|answer| answer.by.id == cx.actor.id);
    let over = survey.is_over(cx.now);
    let mut message = match (over, mine) {
        (false, None) => return asked(survey, cx.now, cx.rules),
        (true, None) => return Message::text(format!("{} 已结束，谢谢", name(survey))),
        (true, Some(_)) => Message::text(format!("{} 已结束，您的回答：", name(survey))),
        (false, Some(_)) => {
            let until = typed::echo(survey.due, cx.now, &cx.rules.calendar);
            Message::text(format!("{}，您的回答（{until} 前可以改）：", name(survey)))
        }
    };
    if let Some(answer) = mine {
        message = message.line(scores(answer.scores));
        if let Some(comment) = &answer.comment {
            message = message.line(format!("备注：{comment}"));
        }
    }
    match mine.filter(|_| !over) {
        Some(answer) => message.form(form(Some(answer))),
        None => message,
    }
}

/// What everybody of ours sees.
pub fn status(survey: &Survey, dossier: &Dossier, now: Timestamp, rules: &Rules) -> Message {
    let at = |moment| typed::echo(moment, now, &rules.calendar);
    let answered = match survey.counted().count() {
        0 if survey.is_closed() => "没有人回答".to_owned(),
        0 => "还没有人回答".to_owned(),
        count => format!("{count} 人回答"),
    };
    if let Some(closed) = survey.closed_at {
        return Message::text(format!("{} · {} 结束 · {answered}", name(survey), at(closed)));
    }
    let message = Message::text(format!("{} · {} 截止 · {answered}", name(survey), at(survey.due)));
    match survey.awaited(dossier).as_slice() {
        [] => message,
        awaited => message.line(format!("还等 {}", names(awaited.iter().copied()))),
    }
}

/// `沟通效率 3.0（↑0.5）`.
fn compared(indicator: Indicator, average: Average, before: Option<&Survey>) -> String {
    let before = before.and_then(|before| before.average(indicator));
    let change = before.map(|before| format!("（{}）", average.change_words(before))).unwrap_or_default();
    format!("{} {}{change}", indicator.name(), average.words())
}

fn all_compared(survey: &Survey, averages: &[Average; 4], dossier: &Dossier) -> String {
    let before = survey.before(dossier);
    let each = Indicator::ALL.into_iter().zip(averages);
    let each = each.map(|(indicator, average)| compared(indicator, *average, before));
    let against = before.map(|before| format!("（与{}比）", before.quarter.words())).unwrap_or_default();
    format!("平均{against}：{}", each.collect::<Vec<_>>().join(" · "))
}

/// Everything, for the triangle.
pub fn results(survey: &Survey, dossier: &Dossier, cx: &Context) -> Message {
    let at = |moment| typed::echo(moment, cx.now, &cx.rules.calendar);
    let mut message = status(survey, dossier, cx.now, cx.rules);
    if let Some(averages) = survey.averages() {
        message = message.line(all_compared(survey, &averages, dossier));
    }
    for answer in &survey.answers {
        let scores = answer.scores.map(|score| score.to_string()).join(" ");
        let entered = answer.entered_by.as_ref().map(|by| format!("，{} 代填", by.name)).unwrap_or_default();
        let late = if answer.late { "，迟，不计入" } else { "" };
        let comment = answer.comment.as_ref().map(|comment| format!("：{comment}")).unwrap_or_default();
        let when = at(answer.at);
        message = message.line(format!("· {} {scores}（{when}{entered}{late}）{comment}", answer.by.name));
    }
    if !survey.drafts.is_empty() {
        let people = names(survey.drafts.iter().map(|draft| &draft.by));
        message = message.line(format!("没有答完，不计入：{people}"));
    }
    let reviews = dossier.all::<Review>().filter(|review| review.survey == survey.number);
    reviews.fold(message, |message, review| {
        message.line(format!("复盘 W{} {} · {}", review.number, review.indicator.name(), review.state()))
    })
}

/// To the customer lead when a survey is over.
pub fn summary(
    survey: &Survey,
    averages: &[Average; 4],
    judged: &[Improvement],
    opened: &[Review],
    dossier: &Dossier,
) -> Message {
    let count = survey.counted().count();
    let mut message = Message::text(format!("{} 结束，{count} 人回答", name(survey)))
        .line(all_compared(survey, averages, dossier));
    for improvement in judged {
        message = message.line(crate::features::improvement::verdict_line(improvement));
    }
    message = match opened {
        [] => message.tone(Tone::Good),
        opened => {
            let each = opened.iter().map(|review| format!("W{} {}", review.number, review.indicator.name()));
            message.line(format!("要复盘：{}", each.collect::<Vec<_>>().join("、"))).tone(Tone::Warning)
        }
    };
    message.button("结果", "/满意度 结果")
}

/// To the customer lead when nobody has answered.
pub fn unanswered(survey: &Survey, dossier: &Dossier) -> Message {
    let message = Message::text(format!("{} 结束，没有人回答", name(survey)))
        .line("请当面问问客户；补的回答会留存，不计入平均")
        .tone(Tone::Warning);
    let waiting = dossier.all::<Improvement>().filter(|improvement| improvement.is_to_be_judged());
    let waiting: Vec<String> = waiting.map(|improvement| format!("I{}", improvement.number)).collect();
    if waiting.is_empty() {
        message
    } else {
        message.line(format!("{} 留到下一次验证", waiting.join("、")))
    }
}

/// How its deadline came to be.
pub fn why(survey: &Survey, now: Timestamp, rules: &Rules) -> Vec<String> {
    let at = |moment| typed::echo(moment, now, &rules.calendar);
    let opened = match &survey.opened_by {
        Some(by) => format!("{} 由 {} 提前发起", at(survey.opened_at), by.name),
        None => format!("{} 发起：每季度最后一个月的第一个工作日", at(survey.opened_at)),
    };
    let days: Vec<String> = rules.survey.remind_days.iter().map(u16::to_string).collect();
    vec![
        opened,
        format!("{} 天内回答，到 {}；客户代表都答完就提前结束", rules.survey.answer_days, at(survey.due)),
        format!("没有客户代表回答时，第 {} 天提醒", days.join("、")),
    ]
}

pub fn no_score(word: &str) -> Refusal {
    Refusal::new(format!("「{word}」不是 1 到 5 的整数，没有记录。例如：{EXAMPLE}"))
}

pub fn four_expected(found: usize) -> Refusal {
    let found = if found == 0 { "没有看到分数".to_owned() } else { format!("只看到 {found} 个") };
    Refusal::new(format!("要四个分数（1 到 5），{found}，没有记录。依次是 {}，例如：{EXAMPLE}", indicators()))
}

pub fn too_many() -> Refusal {
    Refusal::new(format!("分数超过 4 个，没有记录。依次是 {}，例如：{EXAMPLE}", indicators()))
}

pub fn score_expected(indicator: Indicator) -> Refusal {
    let indicator = indicator.name();
    Refusal::new(format!("「{indicator}」打几分？1 到 5，例如：/满意度 {indicator} 4；四项一起：{EXAMPLE}"))
}

pub fn for_whom() -> Refusal {
    Refusal::new(format!("替谁填？写上客户的名字，没有记录。例如：{EXAMPLE} 代填:王女士"))
}

pub fn not_ours(triangle: bool) -> Refusal {
    let refusal = Refusal::new("满意度由客户来答，没有记录");
    if triangle { refusal.line(format!("替客户填：{EXAMPLE} 代填:客户姓名")) } else { refusal }
}

pub fn behalf_is_triangles() -> Refusal {
    Refusal::new("代填须由铁三角来做，没有记录")
}

pub fn is_ours(person: &Person) -> Refusal {
    Refusal::new(format!("{} 是我们自己的人，不能算客户的回答，没有记录", person.name))
}

pub fn answer_without_id() -> Refusal {
    Refusal::new(format!("回答不用写编号，没有记录。例如：{EXAMPLE}"))
}

pub fn unknown(number: u32) -> Refusal {
    Refusal::new(format!("没有 S{number}"))
}

pub fn none_yet(file: Option<&File>, cx: &Context) -> Refusal {
    let refusal = Refusal::new("还没有满意度");
    match file {
        Some(file) => {
            let at = season::opens_at(file, cx.rules);
            refusal.line(format!("下一次 {} 发出", typed::echo(at, cx.now, &cx.rules.calendar)))
        }
        None => refusal,
    }
}

pub fn there_is(survey: &Survey, cx: &Context) -> Refusal {
    let at = |moment| typed::echo(moment, cx.now, &cx.rules.calendar);
    let state = match survey.closed_at {
        Some(closed) => format!("{} 已结束", at(closed)),
        None => format!("{} 截止", at(survey.due)),
    };
    Refusal::new(format!("{} 已在 {} 发出，{state}", name(survey), at(survey.opened_at)))
}

pub fn nobody_works() -> Refusal {
    Refusal::new("这个客户没有进行中的项目，不发满意度")
}

pub fn results_are_ours() -> Refusal {
    Refusal::new("结果请在项目群或私聊里看")
}
