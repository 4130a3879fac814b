//! `/客户 诉求 年底前上线跨境支付 @李工`: a major demand of the customer (RULES 1), a ticket that the customer lead owns.

use super::Customer;
use crate::{
    dossier::{Context, Dossier, Outcome, Refusal},
    features::ticket,
    grammar::{Args, Command, Form, Rest, Spec},
};

/// Opens the ticket of a demand.
pub struct Demand(Args);

impl Command for Demand {
    const SPEC: Spec = Spec {
        marked: true,
        ..Spec::new(
            "客户",
            Form::Act("诉求", "demand"),
            "/客户 诉求 年底前上线跨境支付 @李工",
            "客户的重大诉求：开成工单，客户主管负责，@ 的人配合",
        )
        .rest(Rest::Read)
    };

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        if args.text.is_empty() {
            return Err(Refusal::new("诉求是什么？例如：/客户 诉求 年底前上线跨境支付 @李工"));
        }
        Ok(Self(args))
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let name = dossier.project().customer.as_deref();
        let customer = cx.registry.all::<Customer>().find(|customer| Some(customer.name.as_str()) == name);
        let lead = customer.and_then(|customer| customer.lead.clone());
        ticket::Open::demand(self.0, lead, dossier, cx)
    }
}
