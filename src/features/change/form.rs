//! The forms of a change: what it costs, and who amends the contract.

use super::{ChangeRequest, impact};
use crate::{
    chat::{Field, FieldKind, Form},
    dossier::Project,
};

/// What a change costs; filled in with what is known.
pub fn impact(change: &ChangeRequest) -> Form {
    let field = |name: &str, label: &str| Field::new(name, FieldKind::Short).label(label);
    let [days, cost, milestones, _] = impact::KEYS;
    Form::new(format!("/变更 C{} 影响", change.number), "记下影响")
        .field(field(days.name, "进度（3天，不影响写 0）"))
        .field(field(cost.name, "成本（20000、2万）"))
        .field(field(milestones.name, "节点（P1、P2）"))
}

/// Who amends the contract, and until when. Of two who bear one name nobody knows which is meant: they are written
/// by their mention.
pub fn contract(change: &ChangeRequest, project: &Project) -> Form {
    let ours = project.people().filter(|person| !project.is_customer(&person.id));
    let alone = |name: &str| project.people().filter(|person| person.name == name).count() == 1;
    let names: Vec<String> = ours.map(|person| person.name.clone()).filter(|name| alone(name)).collect();
    let owner = if names.is_empty() { FieldKind::Short } else { FieldKind::Choice(names) };
    Form::new(format!("/变更 C{} 合同", change.number), "安排合同变更")
        .field(Field::new("负责", owner).required())
        .field(Field::new("截止", FieldKind::Date).required())
}
