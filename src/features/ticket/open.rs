//! `/工单 登录页打不开 !紧急` opens a ticket and starts its clocks; so does `/客户 诉求`, for the customer lead to own.

use super::{State, Ticket, Urgency, close_ladder, respond_ladder, words};
use crate::{
    chat::Person,
    dossier::{Context, Dossier, Outcome, Refusal, Role, RoomKind, Say},
    features::origin::Origin,
    grammar::{Args, Command, Form, KeySpec, On, Priority, Spec},
};

/// Opens a ticket.
pub struct Open {
    title: String,
    origin: Origin,
    urgency: Urgency,
    owner: Option<Person>,
}

impl Command for Open {
    const SPEC: Spec =
        Spec::new("工单", Form::Text, "/工单 登录页打不开 !紧急 @李工", "记一个工单，开始计时")
            .keys(&[KeySpec::person("负责", "owner")])
            .on(On::ProjectOrNew)
            .from_quote();

    fn parse(mut args: Args, cx: &Context) -> Result<Self, Refusal> {
        args.take_quoted_title();
        if args.text.is_empty() {
            return Err(Refusal::new("工单要写明是什么问题，例如：/工单 登录页打不开 !紧急"));
        }
        let urgency = match args.priority {
            Some(Priority::Urgent) => Urgency::Urgent,
            Some(Priority::High | Priority::Medium | Priority::Low) | None => Urgency::Normal,
        };
        let owner = args.owner().cloned();
        Ok(Self { origin: Origin::of(&args, cx), title: args.text, urgency, owner })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        self.opened(None, dossier, cx)
    }
}

impl Open {
    /// A demand of the customer, which its lead sees to with the help of these people.
    pub fn demand(
        args: Args,
        lead: Option<Person>,
        dossier: &Dossier,
        cx: &Context,
    ) -> Result<Outcome, Refusal> {
        let helpers: Vec<Person> =
            args.people.iter().filter(|person| Some(*person) != lead.as_ref()).cloned().collect();
        let lead = lead.or_else(|| dossier.project().call(&[Role::CustomerLead]).people.first().cloned());
        let open = Self { owner: lead, ..Self::parse(args, cx)? };
        open.opened(Some(helpers), dossier, cx)
    }

    /// `helpers` of a demand; `None` for any other ticket.
    fn opened(
        self,
        helpers: Option<Vec<Person>>,
        dossier: &Dossier,
        cx: &Context,
    ) -> Result<Outcome, Refusal> {
        self.origin.is_new::<Ticket>(dossier, |ticket| ticket.message.as_ref())?;
        let mut outcome = Outcome::default();
        let ticket = Ticket {
            number: outcome.next_number::<Ticket>(dossier),
            title: self.title,
            said: self.origin.said.clone(),
            by: self.origin.by.clone(),
            message: self.origin.message.clone(),
            room: cx.place.room.clone(),
            opened_at: cx.now,
            shared: cx.place.kind == RoomKind::Customer || dossier.project().is_customer(&self.origin.by.id),
            urgency: self.urgency,
            owner: self.owner,
            demand: helpers.is_some(),
            helpers: helpers.unwrap_or_default(),
            state: State::New,
            response: None,
            respond: (self.urgency == Urgency::Urgent).then(|| respond_ladder(cx.now, cx.rules)),
            close: close_ladder(self.urgency, cx.now, cx.rules),
            ask: None,
            breaches: Vec::new(),
            paused: 0,
            pauses: Vec::new(),
            remarks: Vec::new(),
            solved_at: None,
            reopened: Vec::new(),
        };
        let mut ping = ticket.ping(
            dossier,
            &[Role::TechnicalContact],
            ticket.first_step(),
            words::please_respond(&ticket, cx.now, &cx.rules.calendar),
        );
        ping.call.people.extend(ticket.helpers.iter().cloned());
        outcome.reply = Some(self.origin.named_in(words::opened(&ticket, dossier, cx), cx));
        outcome.what = "提出工单".into();
        outcome.about = Some(crate::dossier::Record::key(&ticket));
        Ok(outcome.and(ticket).saying(Say::Ping(ping)))
    }
}
