//! `/待办 出接口文档 @李工 周四`, and the same as a line of minutes.

use jiff::Timestamp;

use super::{ActionItem, State, clock, words};
use crate::{
    chat::Person,
    dossier::{Context, Dossier, Outcome, Refusal, RoomKind},
    features::origin::Origin,
    grammar::{Args, Command, Form, KeySpec, On, Priority, Spec},
};

/// Adds an action item.
pub struct Add {
    line: Line,
    origin: Origin,
}

/// What a line says of an action item.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Line {
    /// What is to be done.
    pub title: String,
    /// Who is to do it.
    pub owner: Option<Person>,
    /// Who was named beside the owner.
    pub helpers: Vec<Person>,
    /// By when.
    pub due: Option<Timestamp>,
    /// By what one sees that it is done.
    pub measure: Option<String>,
    /// How much it matters.
    pub priority: Option<Priority>,
}

impl Command for Add {
    const SPEC: Spec = Spec::new(
        "待办",
        Form::Text,
        "/待办 出退款接口文档 @李工 周四",
        "记一个待办；到期前一个工作日和当天 09:30 提醒负责人",
    )
    .keys(&[KeySpec::person("负责", "owner"), KeySpec::text("截止", "due"), KeySpec::text("衡量", "measure")])
    .on(On::ProjectOrNew)
    .from_quote();

    fn parse(mut args: Args, cx: &Context) -> Result<Self, Refusal> {
        let due = match args.quote {
            // What is done stands in the quoted message; what stands here may be the date alone.
            Some(_) => args.date_alone("截止", cx)?,
            None => args.deadline("截止", cx)?,
        };
        args.take_quoted_title();
        if args.text.is_empty() {
            return Err(Refusal::new("待办要写明做什么，例如：/待办 出退款接口文档 @李工 周四"));
        }
        let origin = Origin::of(&args, cx);
        Ok(Self { line: Line::of(args, due), origin })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        self.origin.is_new::<ActionItem>(dossier, |item| item.message.as_ref())?;
        let mut outcome = Outcome::default();
        let number = outcome.next_number::<ActionItem>(dossier);
        let shared = is_shared(dossier, cx) || self.line.is_the_customers(dossier);
        let item = self.line.into_item(number, self.origin.said.clone(), shared, None, cx);
        let item = ActionItem { message: self.origin.message.clone(), ..item };
        outcome.what = "记待办".into();
        outcome.about = Some(crate::dossier::Record::key(&item));
        outcome.reply = Some(self.origin.named_in(words::added(&item, cx), cx));
        Ok(outcome.and(item))
    }
}

/// Whether what is said here is the customer's too.
fn is_shared(dossier: &Dossier, cx: &Context) -> bool {
    cx.place.kind == RoomKind::Customer
        || dossier.founded().is_some_and(|project| project.is_customer(&cx.actor.id))
}

/// Whether the customer's people have to do it.
pub(super) fn is_the_customers(owner: Option<&Person>, dossier: &Dossier) -> bool {
    let project = dossier.founded();
    owner.is_some_and(|owner| project.is_some_and(|project| project.is_customer(&owner.id)))
}

impl Line {
    /// What the arguments of a line say; its date was taken out of them before.
    pub fn of(args: Args, due: Option<Timestamp>) -> Self {
        let owner = args.owner().cloned();
        let helpers = args.people.iter().filter(|person| Some(&person.id) != owner.as_ref().map(|o| &o.id));
        Self {
            helpers: helpers.cloned().collect(),
            due,
            measure: args.key("衡量").map(str::to_owned),
            priority: args.priority,
            owner,
            title: args.text,
        }
    }

    /// Whether one of the customer's people is to do it: then their room may see it.
    pub fn is_the_customers(&self, dossier: &Dossier) -> bool {
        is_the_customers(self.owner.as_ref(), dossier)
    }

    /// The record that the line makes.
    pub fn into_item(
        self,
        number: u32,
        said: String,
        shared: bool,
        source: Option<String>,
        cx: &Context,
    ) -> ActionItem {
        ActionItem {
            number,
            title: self.title,
            said,
            by: cx.actor.clone(),
            message: None,
            room: cx.place.room.clone(),
            created_at: cx.now,
            shared,
            source,
            owner: self.owner,
            helpers: self.helpers,
            due: self.due,
            measure: self.measure,
            priority: self.priority,
            state: State::Open,
            clock: self.due.map(|due| clock(due, cx.now, cx.rules)),
            postponed: Vec::new(),
        }
    }

    /// The record that an earlier version of the line made, with what this one says anew; `None` if that is
    /// nothing.
    pub fn amended(&self, before: &ActionItem, dossier: &Dossier, cx: &Context) -> Option<ActionItem> {
        let mut next = before.clone();
        next.shared |= self.is_the_customers(dossier);
        if let Some(owner) = &self.owner {
            next.owner = Some(owner.clone());
            next.helpers.clone_from(&self.helpers);
        }
        if let Some(due) = self.due.filter(|due| before.due != Some(*due)) {
            next = next.due_by(due, cx.now, cx.rules);
        }
        next.measure = self.measure.clone().or(next.measure);
        next.priority = self.priority.or(next.priority);
        (before.is_open() && next != *before).then_some(next)
    }
}
