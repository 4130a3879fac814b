//! `/纪要 M3` with lines: files minutes and everything in them as one decision; again: corrects them.

use std::sync::Arc;

use super::{
    Made, Minutes, Point, Version, line,
    sheet::Sheet,
    words::{self, Filed, Records},
};
use crate::{
    chat::{Person, Typed},
    dossier::{CadenceRule, Context, Dossier, Hearing, Kind, Outcome, Record, Refusal, RoomKind, Say},
    features::{
        action::{self, ActionItem},
        change,
        meeting::{Meeting, State, Told, meeting, tell_moved},
        risk::{self, Risk},
    },
    grammar::{Args, Command, Form, Lines, Priority, Spec, Token, narrow},
    store::Key,
};

/// Files the minutes of a meeting, or shows them.
pub struct File {
    number: u32,
    lines: Vec<Typed>,
    unplaced: Vec<Person>,
}

impl Command for File {
    const SPEC: Spec = Spec {
        lines: Lines::Items,
        ..Spec::new(
            "纪要",
            Form::Id,
            "/纪要 M3",
            "看纪要；后面跟几行就是交纪要，每行一条：决议:… 待办:… @李工 周四 风险:… 方案:… 待确认:…；再发一次是更正",
        )
    };

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self { number: args.number(), unplaced: unplaced(&args), lines: lines(&args) })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = meeting(dossier, self.number)?;
        if self.lines.iter().all(|line| line.text().trim().is_empty()) {
            return Ok(Outcome::reply(words::shown(before, dossier, cx)));
        }
        file(before, &self.lines, &self.unplaced, dossier, cx)
    }
}

/// Files minutes without saying of which meeting: of the one that waits for them.
pub struct FileUnnamed {
    lines: Vec<Typed>,
    unplaced: Vec<Person>,
}

impl Command for FileUnnamed {
    const SPEC: Spec = Spec {
        lines: Lines::Items,
        ..Spec::new("纪要", Form::Text, "/纪要 决议:退款走原路返回", "只有一个会等着交纪要时，可以不写编号")
    };

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        Ok(Self { unplaced: unplaced(&args), lines: lines(&args) })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        if let Some(Key { letter: 'M', number }) = cx.quoted
            && let Some(quoted) = dossier.find::<Meeting>(number)
            && (quoted.shared || cx.sees_internal(dossier))
        {
            return file(quoted, &self.lines, &self.unplaced, dossier, cx);
        }
        let seen = |meeting: &&Meeting| meeting.shared || cx.sees_internal(dossier);
        let waiting: Vec<&Meeting> =
            dossier.all::<Meeting>().filter(|meeting| meeting.owes_minutes()).filter(seen).collect();
        match waiting.as_slice() {
            [only] => file(only, &self.lines, &self.unplaced, dossier, cx),
            [] => Err(Refusal::new(
                "没有等着交纪要的会，没有记录。交哪个会的请写编号：/纪要 M3；看编号：/会议 列表",
            )),
            several => Err(words::which(several, &self.lines, cx)),
        }
    }
}

/// All lines, with what stands behind the command in its own line.
fn lines(args: &Args) -> Vec<Typed> {
    let mut first = Typed::default();
    for token in &args.tokens {
        match token {
            Token::Word(word) => first.push_text(word),
            Token::Person(person) => first.push_mention(person.clone()),
        }
        first.push_text(" ");
    }
    let mark = args.priority.map(|priority| match priority {
        Priority::Urgent => "!紧急",
        Priority::High => "!高",
        Priority::Medium => "!中",
        Priority::Low => "!低",
    });
    first.push_text(mark.unwrap_or_default());
    first.push_text(if args.internal { " !内部" } else { "" });
    let first = (!first.text().trim().is_empty()).then_some(first);
    first.into_iter().chain(args.lines.iter().cloned()).collect()
}

/// Who was mentioned, the platform does not say in which line.
fn unplaced(args: &Args) -> Vec<Person> {
    args.lines.first().map(|line| line.unplaced().to_vec()).unwrap_or_default()
}

/// Files these lines as the minutes of a meeting.
fn file(
    before: &Meeting,
    lines: &[Typed],
    unplaced: &[Person],
    dossier: &Dossier,
    cx: &Context,
) -> Result<Outcome, Refusal> {
    let sheet = Sheet::read(lines);
    if sheet.is_empty() {
        return Err(words::nothing_said(before));
    }
    let mut outcome = Outcome::default();
    let mut next = held(before, cx)?;
    if before.is_ahead()
        && let Some(following) = next.following(outcome.next_number::<Meeting>(dossier), cx.now, cx.rules)
    {
        outcome = tell_moved(outcome.and(following.clone()), &following, cx.now, cx.rules);
    }
    // What asked for minutes counts with the first of them, the rest where they say that it is over.
    let (ends, first) = (before.is_ahead(), before.minutes.are_missing());
    let counts = |rule: &CadenceRule| if rule.minutes { ends || first } else { ends };
    if ends || first {
        let at = next.ended_at().unwrap_or(cx.now);
        outcome = next.held(at, counts, outcome, dossier, (cx.now, cx.rules)).0;
        if ends {
            outcome.say.extend(change::after_meeting(before.number, dossier));
        }
    }
    let customer = next.shared && dossier.project().rooms_of(RoomKind::Customer).next().is_some();
    let unsorted = sheet.is_unsorted();
    let mut doubts = words::left_out(&sheet.empty, &sheet.commands);
    let items = actions(&sheet, unplaced, before, dossier, cx, &mut outcome, &mut doubts);
    let risks = risks(&sheet, before, customer, dossier, cx, &mut outcome, &mut doubts);
    let version = Version {
        by: cx.actor.clone(),
        at: cx.now,
        decisions: points(&sheet.decisions),
        actions: items.iter().map(|item| Made { text: item.title.clone(), number: item.number }).collect(),
        risks: risks.iter().map(|risk| Made { text: risk.title.clone(), number: risk.number }).collect(),
        questions: points(&sheet.questions),
        remarks: points(&sheet.remarks),
    };
    let dropped = dropped(&before.minutes, &version, dossier);
    next.minutes.versions.push(version);
    next.minutes.excused = None;
    let made = Records { items: &items, risks: &risks };
    let filed = Filed { meeting: &next, made, doubts: &doubts, dropped: &dropped, unsorted };
    outcome.reply = Some(words::filed(&filed, dossier, cx));
    outcome.about = Some(next.key());
    outcome.what = if before.minutes.latest().is_some() { "更正纪要" } else { "交纪要" }.into();
    let about = Some(next.key());
    // The answer holds the minutes already: a room that reads it needs no second copy.
    let answered = |kind| cx.place.kind == kind && dossier.project().rooms_of(kind).count() == 1;
    let mut say = Vec::new();
    if !answered(RoomKind::Internal) {
        let message = words::posted(&next, made, Hearing::Internal, cx);
        say.push(Say::Announce { hearing: Hearing::Internal, message, about });
    }
    if customer && !answered(RoomKind::Customer) {
        let message = words::posted(&next, made, Hearing::Customer, cx);
        say.push(Say::Announce { hearing: Hearing::Customer, message, about });
    }
    outcome.say.splice(0..0, say);
    Ok(outcome.and(next))
}

/// The meeting as one that is over: whoever files minutes of one that has begun says that it ended.
fn held(before: &Meeting, cx: &Context) -> Result<Meeting, Refusal> {
    let number = before.number;
    match before.state {
        State::Ended { .. } => Ok(before.clone()),
        State::Cancelled { .. } => Err(Refusal::new(format!("M{number} 已取消，没有纪要可交"))),
        State::Planned if cx.now < before.starts => {
            Err(Refusal::new(format!("M{number} 还没有开始，没有记录。开始了请发 /M{number} 开始")))
        }
        State::Planned | State::Running { .. } => Ok(before.over(cx.now, Told::People, cx.now, cx.rules)),
    }
}

/// The action items of the lines: new ones, those of an earlier version, and those that this one completes.
fn actions(
    sheet: &Sheet,
    unplaced: &[Person],
    before: &Meeting,
    dossier: &Dossier,
    cx: &Context,
    outcome: &mut Outcome,
    doubts: &mut Vec<String>,
) -> Vec<ActionItem> {
    let mut lines: Vec<(action::Line, String)> = Vec::new();
    for typed in &sheet.actions {
        let read = line::action(typed, dossier, cx);
        doubts.extend(read.doubts.iter().map(|doubt| format!("待办「{}」：{doubt}", read.what.title)));
        lines.push((read.what, typed.words()));
    }
    // A platform that tells who was mentioned but not where: one line and one person belong together.
    let mut without: Vec<&mut action::Line> =
        lines.iter_mut().map(|(line, _)| line).filter(|line| line.owner.is_none()).collect();
    match (without.as_mut_slice(), unplaced) {
        (_, []) | ([], _) => {}
        ([line], [person]) => line.owner = Some(person.clone()),
        _ => doubts.push("看不出 @ 的人各在哪一行，待办里请直接写 @姓名 再发一次".to_owned()),
    }
    let mut items: Vec<ActionItem> = Vec::new();
    for (line, said) in lines {
        let number = before.minutes.made(&line.title, |version| &version.actions);
        let known = number.and_then(|number| dossier.find::<ActionItem>(number));
        let known = known.filter(|known| !items.iter().any(|item| item.number == known.number));
        let (item, changed) = match known {
            Some(known) => {
                line.amended(known, dossier, cx).map_or_else(|| (known.clone(), false), |next| (next, true))
            }
            None => {
                let number = outcome.next_number::<ActionItem>(dossier);
                let source = Some(before.key().to_string());
                let shared = before.shared || line.is_the_customers(dossier);
                (line.into_item(number, said, shared, source, cx), true)
            }
        };
        if changed {
            outcome.records.push(Arc::new(item.clone()));
        }
        items.push(item);
    }
    items
}

/// The risks of the lines; those of an earlier version stay, with a countermeasure that this one adds. A high
/// one is told early, unless the customer reads it in these minutes.
fn risks(
    sheet: &Sheet,
    before: &Meeting,
    customer: bool,
    dossier: &Dossier,
    cx: &Context,
    outcome: &mut Outcome,
    doubts: &mut Vec<String>,
) -> Vec<Risk> {
    let mut risks: Vec<Risk> = Vec::new();
    for typed in &sheet.risks {
        let read = line::risk(typed, outcome.next_number::<Risk>(dossier), dossier, cx);
        doubts.extend(read.doubts.iter().map(|doubt| format!("风险「{}」：{doubt}", read.what.title)));
        let number = before.minutes.made(&read.what.title, |version| &version.risks);
        let known = number.and_then(|number| dossier.find::<Risk>(number));
        let risk = match known.filter(|known| !risks.iter().any(|risk| risk.number == known.number)) {
            None if customer => read.what.told(cx.now, dossier),
            None => read.what.told_if_high(cx.now, dossier),
            Some(known) => {
                let mut next = known.clone();
                if let (None, Some(plan)) = (&known.plan, read.what.plan)
                    && known.is_open()
                {
                    next.plan = Some(plan);
                    next.state = risk::State::Mitigating;
                }
                next.owner = read.what.owner.or(next.owner);
                next = if customer { next.told(cx.now, dossier) } else { next.told_if_high(cx.now, dossier) };
                if next == *known {
                    risks.push(next);
                    continue;
                }
                next
            }
        };
        if !(customer && Kind::shared(&risk)) {
            outcome.say.extend(risk.told_early(dossier));
        }
        outcome.records.push(Arc::new(risk.clone()));
        risks.push(risk);
    }
    risks
}

/// The open action items of the version before that this one no longer names.
fn dropped(minutes: &Minutes, version: &Version, dossier: &Dossier) -> Vec<u32> {
    let named = |number: u32| version.actions.iter().any(|line| line.number == number);
    let before = minutes.latest().map(|latest| latest.actions.as_slice()).unwrap_or_default();
    let open = |number: u32| dossier.find::<ActionItem>(number).is_some_and(ActionItem::is_open);
    before.iter().map(|line| line.number).filter(|number| !named(*number) && open(*number)).collect()
}

fn points(lines: &[Typed]) -> Vec<Point> {
    lines
        .iter()
        .map(|line| {
            let words = line.words();
            let plain: String = words.chars().map(narrow).collect::<String>().to_lowercase();
            let mark = ["!内部", "!internal"].into_iter().find_map(|mark| Some((plain.find(mark)?, mark)));
            // The mark is cut out as typed: its narrow form may be shorter in bytes.
            let text: String = match mark {
                Some((at, mark)) => {
                    let from = plain[..at].chars().count();
                    let to = from + mark.chars().count();
                    words.chars().enumerate().filter(|(i, _)| *i < from || *i >= to).map(|(_, c)| c).collect()
                }
                None => words,
            };
            Point { text: text.trim().to_owned(), internal: mark.is_some() }
        })
        .collect()
}
