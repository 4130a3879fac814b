//! The gate before 已确认 (RULES 2): what must be filled, who may sign, and on what proof.

use jiff::{Timestamp, ToSpan, civil::Date};

use super::{Proof, Requirement};
use crate::{
    calendar::Calendar,
    chat::Person,
    dossier::{Dossier, Project, Refusal, Role, Rules},
    features::meeting::{self, Meeting},
    grammar::{narrow, parse_id},
};

/// Goal, delivery standard, acceptance method and change rules.
const NEEDED: [&str; 8] = ["真实需求", "目标", "性能", "界面", "兼容", "用例", "流程", "变更规则"];

impl Requirement {
    /// What must be filled before it can be confirmed and is not, by the names people type.
    pub(super) fn missing_for_confirmation(&self, project: &Project) -> Vec<&'static str> {
        let mut missing: Vec<&str> =
            NEEDED.into_iter().filter(|name| !self.fields.contains_key(*name)).collect();
        if !self.fields.contains_key("签字人") && project.holders(Role::Signer).is_empty() {
            missing.push("签字人");
        }
        missing
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

/// Reads `面对面:M3` or `面对面:11月20日`: a meeting that has begun, or a day that is not ahead.
pub(super) fn face_to_face(
    text: &str,
    dossier: &Dossier,
    now: Timestamp,
    rules: &Rules,
) -> Result<Proof, Refusal> {
    if let Some(key) = parse_id(text.trim()).filter(|key| key.letter == 'M') {
        let Some(found) = dossier.find::<Meeting>(key.number) else {
            return Err(Refusal::new(format!(
                "没有会议 {key}。看编号：/会议 列表；也可写日期：面对面:11月20日"
            )));
        };
        if matches!(found.state, meeting::State::Cancelled { .. }) {
            return Err(Refusal::new(format!("{key} 已取消，不能作为面对面的凭据")));
        }
        if found.starts > now {
            return Err(Refusal::new(format!(
                "{key} 还没有开，开过再确认；已当面谈过请写日期：面对面:11月20日"
            )));
        }
        return Ok(Proof::Meeting(key.number));
    }
    match past_day(text, now, &rules.calendar) {
        Some(day) if day <= rules.calendar.date(now) => Ok(Proof::Date(day)),
        Some(day) => Err(Refusal::new(format!("面对面的日期 {day} 还没到，没有记录"))),
        None => Err(Refusal::new(format!(
            "看不懂面对面「{text}」。写会议编号或日期：面对面:M3、面对面:11月20日、面对面:昨天；没有面谈写 无面对面:原因"
        ))),
    }
}

/// A day as people write one that has passed: the last one of that name. [`crate::calendar::typed`] reads
/// what lies ahead and refuses this.
fn past_day(text: &str, now: Timestamp, calendar: &Calendar) -> Option<Date> {
    let text: String = text.chars().map(narrow).filter(|c| !c.is_whitespace()).collect();
    let today = calendar.date(now);
    match text.as_str() {
        "今天" | "今日" | "today" => return Some(today),
        "昨天" | "昨日" | "yesterday" => return Some(today.saturating_sub(1.day())),
        "前天" => return Some(today.saturating_sub(2.days())),
        _ => {}
    }
    let fits = |c: char| c.is_ascii_digit() || "-/.年月日号".contains(c);
    if !text.chars().all(fits) {
        return None;
    }
    let numbers: Vec<i16> = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    let day = |year: i16, month: i16, day: i16| {
        Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    };
    match numbers.as_slice() {
        [year, month, number] if *year >= 2000 => day(*year, *month, *number),
        [month, number] => {
            let this = day(today.year(), *month, *number)?;
            // 12月30日 said in January is last year's; a day later this month is a slip to be refused.
            if this > today.saturating_add(60.days()) {
                day(today.year() - 1, *month, *number)
            } else {
                Some(this)
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::bench::at;

    #[test]
    fn days_that_passed_are_read() {
        let calendar = Calendar::shanghai();
        let read = |text: &str| {
            past_day(text, at("2026-11-23 09:00"), &calendar).map(|day| day.to_string()).unwrap_or_default()
        };
        assert_eq!(read("11月20日"), "2026-11-20");
        assert_eq!(read("2026-11-20"), "2026-11-20");
        assert_eq!(read("１１/２０"), "2026-11-20");
        assert_eq!(read("昨天"), "2026-11-22");
        assert_eq!(read("11月30日"), "2026-11-30");
        for bad in ["", "下周五", "13月1日", "2月30日", "20", "M", "3天前", "11月20日下午"] {
            assert_eq!(read(bad), "", "{bad}");
        }
        let january = past_day("12月30日", at("2027-01-04 09:00"), &calendar).unwrap();
        assert_eq!(january.to_string(), "2026-12-30");
    }
}
