//! `/满意度 4 5 3 4 备注`, and a button for each score.

use super::{
    Answer, Draft, Indicator, Survey,
    read::{self, Said},
    words,
};
use crate::{
    chat::{Person, PersonId},
    dossier::{Context, Dossier, Outcome, Refusal, RoomKind, Side},
    features::{customer::File, quote},
    grammar::{Args, Command, Form, KeySpec, Lines, On, Spec},
};

/// Answers the survey.
pub struct Answering {
    said: Said,
    behalf: Option<Behalf>,
}

/// For whom of the customer's people an answer is written down.
enum Behalf {
    Known(Person),
    /// Somebody with an id nowhere.
    Named(String),
}

impl Command for Answering {
    const SPEC: Spec = Spec {
        lines: Lines::Keys,
        ..Spec::new(
            "满意度",
            Form::Text,
            "/满意度 4 5 3 4 沟通可以再快一点",
            "客户打分，依次四项，1 到 5；铁三角替客户填：代填:王女士",
        )
        .keys(&[KeySpec::text("备注", "comment"), KeySpec::text("代填", "for")])
        .on(On::Customer)
    };

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        let mut text = args.rest.clone();
        let named = args.keys().find(|(name, _)| *name == "代填").map(|(_, value)| value.text.trim());
        let behalf = match (named, args.people.first()) {
            (None, _) => None,
            (Some(""), Some(person)) => {
                text = text.replacen(&format!("@{}", person.name), "", 1);
                Some(Behalf::Known(person.clone()))
            }
            (Some(""), None) => return Err(words::for_whom()),
            // Behind the name there is room for a comment.
            (Some(named), _) => {
                let (name, comment) = named.split_once(char::is_whitespace).unwrap_or((named, ""));
                text = format!("{text} {comment}");
                Some(Behalf::Named(name.trim_start_matches(['@', '＠']).to_owned()))
            }
        };
        let mut said = read::read(text.trim())?;
        let comments = said.comment.iter().map(String::as_str).chain(args.key("备注"));
        said.comment = Some(comments.collect::<Vec<_>>().join(" ")).filter(|comment| !comment.is_empty());
        Ok(Self { said, behalf })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let Some(survey) = Survey::latest(dossier) else {
            return Err(words::none_yet(dossier.find::<File>(0), cx));
        };
        let by = match self.behalf {
            None if is_customers(&cx.actor.id, dossier, cx) => cx.actor.clone(),
            None => return Err(words::not_ours(cx.is_triangle(dossier))),
            Some(_) if !cx.is_triangle(dossier) => return Err(words::behalf_is_triangles()),
            Some(Behalf::Known(person)) => person,
            Some(Behalf::Named(name)) => {
                let known = dossier.people().find(|person| person.name == name).cloned();
                known.unwrap_or_else(|| Person { id: PersonId::new("", &name), name })
            }
        };
        if is_ours(&by.id, dossier) {
            return Err(words::is_ours(&by));
        }
        Ok(survey.answered(by, self.said, dossier, cx))
    }
}

/// What a plain message `said` that quotes a message about this survey does; `None`: nothing.
pub fn answer_by_quote(number: u32, said: &str, dossier: &Dossier, cx: &Context) -> Option<Outcome> {
    let survey = dossier.find::<Survey>(number)?;
    let said = read::read(quote::answer(said)?).ok()?;
    let may = is_customers(&cx.actor.id, dossier, cx);
    may.then(|| survey.answered(cx.actor.clone(), said, dossier, cx))
}

/// Whether this person answers for the customer: seated so, or in the customer's room and none of ours.
pub(super) fn is_customers(person: &PersonId, dossier: &Dossier, cx: &Context) -> bool {
    let roles = dossier.project().roles_of(person);
    let seated = roles.iter().any(|role| role.side() != Side::Ours);
    !cx.admin && !is_ours(person, dossier) && (seated || cx.place.kind == RoomKind::Customer)
}

fn is_ours(person: &PersonId, dossier: &Dossier) -> bool {
    let project = dossier.project();
    let ours = project.roles_of(person).iter().any(|role| role.side() == Side::Ours);
    ours || project.created_by.id == *person
}

impl Survey {
    /// The survey with what this person says now; complete scores replace what they said before, as long as it is
    /// not over.
    fn answered(&self, by: Person, said: Said, dossier: &Dossier, cx: &Context) -> Outcome {
        let late = self.is_over(cx.now);
        let whole = said.scores.len() == Indicator::ALL.len();
        let mut next = self.clone();
        let known = next.answers.iter().position(|answer| answer.by.id == by.id && answer.late == late);
        let draft = next.drafts.iter().position(|draft| draft.by.id == by.id);
        let draft = draft.map(|at| next.drafts.remove(at).scores);
        let mut scores = match known {
            Some(at) => next.answers[at].scores.map(Some),
            None => draft.unwrap_or_default(),
        };
        for (indicator, score) in &said.scores {
            scores[indicator.index()] = Some(*score);
        }
        let [Some(a), Some(b), Some(c), Some(d)] = scores else {
            let asked = Indicator::ALL.into_iter().find(|indicator| scores[indicator.index()].is_none());
            let reply = words::next_score(&by, &said, scores, asked, self.number);
            let reply = match &said.comment {
                Some(_) => reply.line(words::comment_comes_last()),
                None => reply,
            };
            next.drafts.push(Draft { by, scores });
            return Outcome::change(next, "回答一项").replying(reply);
        };
        let before = known.map(|at| next.answers.remove(at));
        let answer = Answer {
            entered_by: Some(cx.actor.clone()).filter(|actor| actor.id != by.id),
            at: cx.now,
            scores: [a, b, c, d],
            comment: said.comment.or_else(|| before.as_ref().filter(|_| !whole)?.comment.clone()),
            late,
            by,
        };
        let mut reply = words::answered(&answer, before.is_some(), self, cx);
        next.answers.push(answer);
        let representatives = dossier.project().holders(crate::dossier::Role::CustomerRepresentative);
        if !late && !representatives.is_empty() && next.awaited(dossier).is_empty() {
            next.complete_at = Some(cx.now);
        } else if !late {
            reply = reply.line(words::may_be_changed());
        }
        Outcome::change(next, if before.is_some() { "更新回答" } else { "回答满意度" }).replying(reply)
    }
}
