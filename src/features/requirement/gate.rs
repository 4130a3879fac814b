//! The gate before 已确认 (RULES 2): what must be filled, and who may sign.

use super::{Requirement, State};
use crate::{
    chat::Person,
    dossier::{Dossier, Project, Role},
};

/// Goal, delivery standard, acceptance method and change rules.
const NEEDED: [&str; 8] = ["真实需求", "目标", "性能", "界面", "兼容", "用例", "流程", "变更规则"];

impl Requirement {
    /// What must be filled before it can be confirmed and is not, by the names people type.
    pub(super) fn missing_for_confirmation(&self, project: &Project) -> Vec<&'static str> {
        let mut missing: Vec<&str> = NEEDED.into_iter().filter(|name| !self.is_filled(name)).collect();
        if !self.fields.contains_key("签字人") && project.holders(Role::Signer).is_empty() {
            missing.push("签字人");
        }
        missing
    }

    /// What is found out among ourselves, until the requirement waits for its signer.
    pub(super) fn drafts(&self) -> &'static [&'static str] {
        match self.state {
            State::Collected | State::Analysing => &["真实需求", "背景"],
            State::Rejected { .. } | State::Withdrawn { .. } if self.version == 0 => &["真实需求", "背景"],
            _ => &[],
        }
    }

    /// Whether a field says enough for a signature. There may be no screen; there is always a goal.
    fn is_filled(&self, name: &str) -> bool {
        match name {
            "真实需求" | "目标" => self.has(name),
            _ => self.fields.contains_key(name),
        }
    }

    /// Whose confirmation counts: the person or role that 签字人 names, else who holds 签字确认人. Empty
    /// where the name is nobody's whom the project knows.
    pub(super) fn signers(&self, dossier: &Dossier) -> Vec<Person> {
        if let Some(signer) = &self.signer {
            return vec![signer.clone()];
        }
        let project = dossier.project();
        match self.fields.get("签字人") {
            None => project.holders(Role::Signer).to_vec(),
            Some(name) => named(name, dossier),
        }
    }
}

/// The people whom a name or a role means here. A name that two people bear means none of them.
pub(super) fn named(name: &str, dossier: &Dossier) -> Vec<Person> {
    let name = name.trim().trim_start_matches(['@', '＠']);
    if let Some(role) = Role::parse(name) {
        return dossier.project().holders(role).to_vec();
    }
    let people: Vec<Person> = dossier.people().filter(|person| person.name == name).cloned().collect();
    if people.len() == 1 { people } else { Vec::new() }
}
