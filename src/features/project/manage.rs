//! `/项目 新建`, `/项目 归档`.

use jiff::civil::Date;

use super::words;
use crate::{
    chat::Message,
    dossier::{BoundRoom, Context, Dossier, Outcome, Project, Refusal, RoomKind},
    features::{
        acceptance::{Acceptance, Verdict},
        customer::Customer,
        rhythm::Course,
    },
    grammar::{Args, Command, Form, KeySpec, On, Rest, Spec, Who},
};

/// `/项目 新建 名称`: this room becomes its internal room.
pub struct Found {
    name: String,
    customer: Option<String>,
    industry: Option<String>,
    engagement: Option<String>,
    completion: Option<Date>,
}

/// How long a project's name may be.
const NAME: usize = 60;

impl Command for Found {
    const SPEC: Spec = Spec::new(
        "项目",
        Form::Act("新建", "new"),
        "/项目 新建 远山支付 客户:远山银行 行业:银行 类型:定制开发 完成日:2027-06-30",
        "建项目，本群为项目群",
    )
    .keys(&[
        KeySpec::text("客户", "customer"),
        KeySpec::text("行业", "industry"),
        KeySpec::text("类型", "kind"),
        KeySpec::text("完成日", "completion"),
    ])
    .rest(Rest::Read)
    .on(On::New);

    fn parse(args: Args, cx: &Context) -> Result<Self, Refusal> {
        if args.text.is_empty() {
            return Err(Refusal::new("项目叫什么？例如：/项目 新建 远山支付 客户:远山银行"));
        }
        if args.rest != args.text {
            return Err(Refusal::new(
                "建项目只写名称和客户、行业、类型、完成日，没有建。定角色另发：/角色 项目经理 @某人",
            ));
        }
        if args.text.chars().count() > NAME || args.text.contains('\n') {
            return Err(Refusal::new(format!("项目名请在 {NAME} 字以内，写成一行")));
        }
        let completion = args.date("完成日", cx)?.map(|at| cx.rules.calendar.date(at));
        let key = |name: &str| args.key(name).map(str::to_owned);
        let (customer, industry, engagement) = (key("客户"), key("行业"), key("类型"));
        Ok(Self { name: args.text, customer, industry, engagement, completion })
    }

    fn run(self, _dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        if cx.place.kind == RoomKind::Direct {
            return Err(Refusal::new("请在项目群里建项目：这个群会成为它的项目群"));
        }
        let room = BoundRoom::new(cx.place.room.clone(), cx.place.name.clone(), RoomKind::Internal);
        let mut project = Project::found(self.name.clone(), room, cx.actor.clone(), cx.now);
        let known = is_registered(self.customer.as_deref(), cx);
        project.customer = self.customer;
        project.industry = self.industry;
        project.engagement = self.engagement;
        project.completion = self.completion;
        let reply = words::founded(&self.name, &project, known);
        let (phase, completion) = (project.phase, project.completion);
        let outcome = Outcome::change(project, "建立项目").replying(reply);
        Ok(match completion {
            Some(_) => outcome.and(Acceptance::ahead(phase, completion, cx.now, cx.rules)),
            None => outcome,
        })
    }
}

/// `/项目 修改 客户:远山银行 行业:银行`: what was not known when it was made.
pub struct Describe {
    customer: Option<String>,
    industry: Option<String>,
    engagement: Option<String>,
}

impl Command for Describe {
    const SPEC: Spec = Spec::new(
        "项目",
        Form::Act("修改", "edit"),
        "/项目 修改 客户:远山银行 行业:银行 类型:定制开发",
        "补上或改客户、行业、类型",
    )
    .keys(&[
        KeySpec::text("客户", "customer"),
        KeySpec::text("行业", "industry"),
        KeySpec::text("类型", "kind"),
    ])
    .rest(Rest::Read)
    .who(Who::TriangleOnceSet);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        let key = |name: &str| args.key(name).map(str::to_owned);
        let (customer, industry, engagement) = (key("客户"), key("行业"), key("类型"));
        if !args.text.is_empty() || (&customer, &industry, &engagement) == (&None, &None, &None) {
            return Err(Refusal::new(
                "能改的是客户、行业、类型，没有改。例如：/项目 修改 客户:远山银行 行业:银行；完成日：/项目 阶段 开发 完成日:…",
            ));
        }
        Ok(Self { customer, industry, engagement })
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let before = dossier.project();
        let mut next = before.clone();
        next.customer = self.customer.or(next.customer);
        next.industry = self.industry.or(next.industry);
        next.engagement = self.engagement.or(next.engagement);
        if next == *before {
            return Err(Refusal::new(format!("项目「{}」已经是这样，没有改", next.name)));
        }
        let reply = words::described(&next, is_registered(next.customer.as_deref(), cx));
        Ok(Outcome::change(next, "修改项目").replying(reply))
    }
}

/// Whether the registry knows a customer of this name; where none is named there is nothing to know.
fn is_registered(name: Option<&str>, cx: &Context) -> bool {
    name.is_none_or(|name| cx.registry.all::<Customer>().any(|customer| customer.name == *name))
}

/// `/项目 归档`: no pings, no digests; `/项目 归档 取消` takes it up again.
pub struct Archive {
    archived: bool,
    verdict: Option<Verdict>,
    why: Option<String>,
}

impl Command for Archive {
    const SPEC: Spec = Spec::new(
        "项目",
        Form::Act("归档", "archive"),
        "/项目 归档 结果:超成本",
        "不再提醒和汇总，可写结果 超成本、取消（要写原因）；/项目 归档 取消 恢复",
    )
    .keys(&[Verdict::KEY, KeySpec::text("原因", "reason")])
    .rest(Rest::Read)
    .who(Who::Triangle);

    fn parse(args: Args, _cx: &Context) -> Result<Self, Refusal> {
        let (verdict, why) = (Verdict::read(&args)?, args.key("原因").map(str::to_owned));
        match args.rest.as_str() {
            "" => Ok(Self { archived: true, verdict, why }),
            "取消" | "恢复" if verdict.is_none() => Ok(Self { archived: false, verdict, why }),
            other => Err(Refusal::new(format!("看不懂「{other}」。/项目 归档，或 /项目 归档 取消"))),
        }
    }

    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let mut next = dossier.project().clone();
        if next.archived == self.archived {
            let state = if self.archived { "已经归档" } else { "没有归档" };
            return Err(Refusal::new(format!("项目「{}」{state}", next.name)));
        }
        next.archived = self.archived;
        let judged = match self.verdict {
            Some(verdict) => {
                let acceptance = Acceptance::or_ahead(dossier, cx.now, cx.rules);
                Some(acceptance.judged(verdict, cx.rules.calendar.date(cx.now), self.why.as_deref())?)
            }
            None => None,
        };
        let mut reply = if self.archived {
            Message::text(format!("项目「{}」已归档，不再提醒和汇总", next.name))
        } else {
            Message::text(format!("项目「{}」恢复提醒和汇总", next.name))
        };
        if let Some(verdict) = self.verdict {
            let why = self.why.as_ref().map(|why| format!("（{why}）")).unwrap_or_default();
            reply = reply.line(match verdict {
                Verdict::OverCost => format!("结果：超成本{why}"),
                Verdict::Cancelled => format!("结果：取消{why}"),
            });
        }
        if self.archived {
            reply = reply.line("恢复：/项目 归档 取消");
        }
        let what = if self.archived { "归档" } else { "取消归档" };
        let mut outcome = Outcome::change(next, what).because(self.why).replying(reply);
        if let Some(acceptance) = judged {
            outcome = outcome.and(acceptance);
        }
        // Nothing is owed while a project is put away (RULES 8).
        let Some(course) = Course::of(dossier) else { return Ok(outcome) };
        let course = match self.archived {
            true => course.stopped(cx.now, cx.rules),
            false => course.tuned(cx.now, cx.rules),
        };
        Ok(course.write(outcome, dossier))
    }
}
