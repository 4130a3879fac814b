//! What is said when a requirement cannot be moved: why not, and the line to send instead.

use super::{
    Requirement, State,
    words::{analyse_line, fill_line},
};
use crate::{
    chat::{Message, Person},
    dossier::{Context, Dossier, Kind, Refusal},
    features::change,
};

/// What a requirement wants next, as the line to send.
fn next_step(requirement: &Requirement) -> Option<String> {
    let number = requirement.number;
    match requirement.state {
        State::Collected | State::Analysing => {
            Some(format!("先分析：/R{number} 分析 可行性:4 价值:5 …（/帮助 需求）"))
        }
        State::AwaitingConfirmation => Some(format!("先请签字人确认：/R{number} 确认 面对面:M…")),
        State::Confirmed { .. } => Some(format!("下一步：/R{number} 开始")),
        State::InProgress => Some(format!("下一步：/R{number} 交付")),
        State::Delivered { .. } => Some(format!("下一步：/R{number} 验收")),
        State::Waived { .. } => Some(format!("要做就重新开始：/R{number} 开始")),
        State::Accepted { .. } | State::Rejected { .. } | State::Withdrawn { .. } => None,
    }
}

/// A move that does not fit where the requirement stands; says the line that does.
pub fn wrong_state(requirement: &Requirement, action: &str) -> Refusal {
    let step = next_step(requirement).map(|step| format!("。{step}")).unwrap_or_default();
    Refusal::new(format!("R{} {}，不能{action}{step}", requirement.number, requirement.state()))
}

/// It is not analysed yet, or it is over.
pub fn not_to_be_confirmed(requirement: &Requirement, dossier: &Dossier, cx: &Context) -> Refusal {
    let analysing = matches!(requirement.state, State::Collected | State::Analysing);
    if !analysing {
        return wrong_state(requirement, "确认");
    }
    let number = requirement.number;
    let mut message = Message::text(format!("R{number} {}，分析完才能确认", requirement.state()));
    if !cx.sees_internal(dossier) {
        return Refusal(message);
    }
    let missing = requirement.analysis.missing();
    if !missing.is_empty() {
        message = message
            .line(format!("分析还缺：{}", missing.join("、")))
            .line(analyse_line(requirement, &missing));
    }
    let missing = requirement.missing_for_confirmation(dossier.project());
    if !missing.is_empty() {
        message =
            message.line(format!("确认还缺：{}", missing.join("、"))).line(fill_line(requirement, &missing));
    }
    Refusal(message)
}

/// What the gate misses, with the lines to send.
pub fn incomplete(requirement: &Requirement, missing: &[&str], has_proof: bool) -> Refusal {
    let number = requirement.number;
    let mut message = Message::text(format!("R{number} 还不能确认"));
    if !missing.is_empty() {
        message = message
            .line(format!("还缺：{}（没有的写「无」）", missing.join("、")))
            .line(fill_line(requirement, missing));
    }
    if !has_proof {
        message = message
            .line("确认要当面：写会议或日期；没有面谈写明原因")
            .line(format!("/R{number} 确认 面对面:M… 或 /R{number} 确认 无面对面:…"));
    }
    Refusal(message)
}

/// How many people are offered for a signer whom nobody knows.
const OFFERED: usize = 3;

/// Nobody in the project bears the signer's name: who is meant, the customer's people first.
pub fn unknown_signer(requirement: &Requirement, dossier: &Dossier) -> Refusal {
    let number = requirement.number;
    let named = requirement.fields.get("签字人").map(String::as_str).unwrap_or_default();
    let refusal = Refusal::new(format!(
        "签字人「{named}」项目里对不上人，没有确认。是下面哪位就点谁；都不是，请本人先在群里说句话，或改签字人：/R{number} 补充 签字人:@某人"
    ));
    let mut people: Vec<&Person> = dossier.people().collect();
    people.sort_by_key(|person| !dossier.project().is_customer(&person.id));
    let alone = |person: &&&Person| people.iter().filter(|other| other.name == person.name).count() == 1;
    people.iter().filter(alone).take(OFFERED).fold(refusal, |refusal, person| {
        refusal.button(format!("@{}", person.name), format!("/R{number} 补充 签字人:@{}", person.name))
    })
}

/// Only the signer may.
pub fn signer_only(requirement: &Requirement, signers: &[Person]) -> Refusal {
    let names: Vec<&str> = signers.iter().map(|signer| signer.name.as_str()).collect();
    Refusal::new(format!("R{} 须由签字人 {} 确认", requirement.number, names.join("、")))
}

/// Why it cannot be given up: its signed content `holds`, or a change of it is still to be decided; `None` where
/// neither is so.
pub fn kept(requirement: &Requirement, action: &str, holds: bool, dossier: &Dossier) -> Option<Refusal> {
    let waiting = change::undecided(requirement.number, dossier).map(|change| {
        format!(
            "R{} 有未决的变更 C{id} {}，不能{action}。请提出人 {} 先撤回变更：/变更 C{id} 撤回",
            requirement.number,
            change.title,
            change.by.name,
            id = change.number
        )
    });
    let holds = holds.then(|| frozen(requirement));
    match (holds, waiting) {
        (Some(frozen), Some(waiting)) => Some(frozen.line(waiting)),
        (frozen, waiting) => frozen.or(waiting.map(Refusal::new)),
    }
}

/// A signed content is not changed by hand.
pub fn frozen(requirement: &Requirement) -> Refusal {
    let number = requirement.number;
    Refusal::new(format!(
        "R{number} {}（V{}），内容不能直接改。要改走变更：/变更 R{number} 改什么 原因:客户业务调整",
        requirement.state(),
        requirement.version
    ))
}

/// There is no specification before the confirmation.
pub fn no_specification(requirement: &Requirement) -> Refusal {
    let step = next_step(requirement).map(|step| format!("。{step}")).unwrap_or_default();
    Refusal::new(format!(
        "R{} {}，确认后才有《需求规格说明书》{step}",
        requirement.number,
        requirement.state()
    ))
}
