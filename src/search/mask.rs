//! What a case does not tell: the names by which its customer could be known.

use crate::dossier::{Project, RoomKind, Side};

/// What stands in place of a name.
const SOMEBODY: &str = "某客户";
/// A project's name from this length on is taken for a name, and not for its subject (支付).
const TELLING: usize = 4;

/// The names of one project that are hidden, the longest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mask(Vec<String>);

impl Mask {
    /// The customer's name, the beginning that the project's name shares with it (远山 of 远山银行 and
    /// 远山支付), a telling project's name, the titles of the customer's rooms, and the customer's people.
    pub(super) fn of(project: &Project) -> Self {
        let mut names: Vec<String> = Vec::new();
        if let Some(customer) = &project.customer {
            let shared = customer.chars().zip(project.name.chars()).take_while(|(one, other)| one == other);
            names.push(shared.map(|(c, _)| c).collect());
            names.push(customer.clone());
        }
        if project.name.chars().count() >= TELLING {
            names.push(project.name.clone());
        }
        names.extend(project.rooms_of(RoomKind::Customer).filter_map(|room| room.name.clone()));
        let theirs = project.seats.iter().filter(|(role, _)| role.side() == Side::Customer);
        names.extend(theirs.flat_map(|(_, people)| people).map(|person| person.name.clone()));
        names.retain(|name| name.chars().count() > 1);
        names.sort_by_key(|name| (std::cmp::Reverse(name.len()), name.clone()));
        names.dedup();
        Self(names)
    }

    /// The text without these names.
    pub(super) fn hide(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, name| text.replace(name, SOMEBODY))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{
        chat::{Person, PersonId, RoomId},
        dossier::{BoundRoom, Role},
    };

    #[test]
    fn names_are_hidden_and_subjects_are_not() {
        let person = |name: &str| Person { id: PersonId::new("playground", name), name: name.into() };
        let room =
            |name: &str, kind| BoundRoom::new(RoomId::new("playground", name), Some(name.into()), kind);
        let found = |name: &str, customer: Option<&str>| {
            let room = room("项目群", RoomKind::Internal);
            let mut project = Project::found(name.into(), room, person("张经理"), Timestamp::default());
            project.customer = customer.map(str::to_owned);
            project
        };
        let mut project = found("远山支付", Some("远山银行"));
        project.rooms.push(room("远山数字金融部", RoomKind::Customer));
        project.seats.insert(Role::CustomerRepresentative, vec![person("王女士")]);
        project.seats.insert(Role::ProjectManager, vec![person("张经理")]);
        for (title, told) in [
            ("远山银行支付模块支持退款", "某客户支付模块支持退款"),
            ("远山支付退款", "某客户退款"),
            ("远山行内退款", "某客户行内退款"),
            ("按王女士的要求退款", "按某客户的要求退款"),
            ("给远山数字金融部的报表", "给某客户的报表"),
            ("支付支持银行卡", "支付支持银行卡"),
        ] {
            assert_eq!(Mask::of(&project).hide(title), told);
        }
        assert_eq!(Mask::of(&found("支付", None)).hide("支付支持退款"), "支付支持退款");
        assert_eq!(Mask::of(&found("近海风控", None)).hide("近海风控规则"), "某客户规则");
    }
}
