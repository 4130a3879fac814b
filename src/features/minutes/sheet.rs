//! The lines of one message as minutes: `决议:`, `待办:`, `风险:`, `待确认:`, and what continues them.

use crate::{chat::Typed, features::line::without_bullet, grammar::narrow};

/// The lines by kind, each with the mentions that stand in it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Sheet {
    pub(super) decisions: Vec<Typed>,
    pub(super) actions: Vec<Typed>,
    pub(super) risks: Vec<Typed>,
    pub(super) questions: Vec<Typed>,
    pub(super) remarks: Vec<Typed>,
    /// Prefixes behind which nothing stands, each once.
    pub(super) empty: Vec<String>,
    /// Lines that are commands: minutes do not carry them out.
    pub(super) commands: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Decisions,
    Actions,
    Risks,
    Questions,
    Remarks,
}

/// The words before a colon, and what they begin.
const PREFIXES: [(&str, Section); 25] = [
    ("决议", Section::Decisions),
    ("决定", Section::Decisions),
    ("结论", Section::Decisions),
    ("decision", Section::Decisions),
    ("decisions", Section::Decisions),
    ("待办", Section::Actions),
    ("待办事项", Section::Actions),
    ("行动项", Section::Actions),
    ("action", Section::Actions),
    ("actions", Section::Actions),
    ("action item", Section::Actions),
    ("action items", Section::Actions),
    ("todo", Section::Actions),
    ("风险", Section::Risks),
    ("risk", Section::Risks),
    ("risks", Section::Risks),
    ("待确认", Section::Questions),
    ("待确认事项", Section::Questions),
    ("问题", Section::Questions),
    ("question", Section::Questions),
    ("questions", Section::Questions),
    ("备注", Section::Remarks),
    ("其他", Section::Remarks),
    ("remark", Section::Remarks),
    ("remarks", Section::Remarks),
];

impl Sheet {
    /// Reads the lines. A line without a prefix continues the item before; under a prefix that stands alone,
    /// and with a bullet or number, it is an item of its own; before any prefix it is a remark.
    pub(super) fn read(lines: &[Typed]) -> Self {
        let mut sheet = Self::default();
        let mut section = None;
        let mut open = false;
        // A prefix that still waits for its items.
        let mut alone: Option<String> = None;
        for line in lines {
            let text = line.text().trim();
            if text.is_empty() {
                continue;
            }
            if text.starts_with(['/', '／']) {
                sheet.commands.push(line.words().trim().to_owned());
                continue;
            }
            let (bare, bulleted) = without_bullet(text);
            if let Some((begun, rest)) = prefixed(bare) {
                sheet.is_alone(alone.take());
                section = Some(begun);
                let (rest, _) = without_bullet(rest);
                open = !is_blank(rest);
                if open {
                    sheet.items(begun).push(line.with_text(rest));
                } else {
                    alone = Some(bare.chars().take_while(|c| c.is_alphabetic()).collect());
                }
                continue;
            }
            alone = None;
            let items = sheet.items(section.unwrap_or(Section::Remarks));
            match items.last_mut().filter(|_| open && !bulleted && section.is_some()) {
                Some(last) => *last = last.with_text(&format!("{} {bare}", last.text())),
                None => items.push(line.with_text(bare)),
            }
        }
        sheet.is_alone(alone);
        sheet
    }

    fn is_alone(&mut self, prefix: Option<String>) {
        self.empty.extend(prefix.filter(|prefix| !self.empty.contains(prefix)));
    }

    fn items(&mut self, section: Section) -> &mut Vec<Typed> {
        match section {
            Section::Decisions => &mut self.decisions,
            Section::Actions => &mut self.actions,
            Section::Risks => &mut self.risks,
            Section::Questions => &mut self.questions,
            Section::Remarks => &mut self.remarks,
        }
    }

    /// Whether nothing was said.
    pub(super) fn is_empty(&self) -> bool {
        self.is_unsorted() && self.remarks.is_empty()
    }

    /// Whether no line says of what kind it is.
    pub(super) fn is_unsorted(&self) -> bool {
        self.decisions.is_empty()
            && self.actions.is_empty()
            && self.risks.is_empty()
            && self.questions.is_empty()
    }
}

/// Nothing, or what the template leaves to be filled in.
fn is_blank(text: &str) -> bool {
    text.is_empty() || text.starts_with('…') || text.starts_with("...")
}

/// The prefixes that count without their colon, before a blank: glued to the line before, a promise would be lost.
const BARE: [&str; 4] = ["决议", "待办", "风险", "待确认"];

/// What a prefix begins, and the words behind it.
fn prefixed(text: &str) -> Option<(Section, &str)> {
    behind_colon(text).or_else(|| {
        let (word, rest) = text.split_once(char::is_whitespace)?;
        let bare = BARE.iter().find(|name| **name == word)?;
        let section = PREFIXES.iter().find(|(name, _)| name == bare).map(|(_, section)| *section)?;
        Some((section, rest.trim()))
    })
}

fn behind_colon(text: &str) -> Option<(Section, &str)> {
    let (at, colon) = text.char_indices().take(16).find(|(_, c)| narrow(*c) == ':')?;
    let word: String = text[..at].chars().map(narrow).collect::<String>().to_lowercase();
    let word =
        word.trim().trim_end_matches(|c: char| c.is_ascii_digit()).trim_matches(['【', '】', '[', ']', ' ']);
    let section = PREFIXES.iter().find(|(name, _)| *name == word).map(|(_, section)| *section)?;
    Some((section, text[at + colon.len_utf8()..].trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Sheet {
        Sheet::read(&text.lines().map(Typed::plain).collect::<Vec<_>>())
    }

    fn words(items: &[Typed]) -> Vec<String> {
        items.iter().map(Typed::words).collect()
    }

    #[test]
    fn lines_are_sorted_by_their_prefix_in_both_languages_and_widths() {
        let sheet = read(
            "决议: 退款走原路\n待办：出文档 周四\nAction: load test\n风险1：延迟\nquestion： who pays\n决定:改期",
        );
        assert_eq!(words(&sheet.decisions), ["退款走原路", "改期"]);
        assert_eq!(words(&sheet.actions), ["出文档 周四", "load test"]);
        assert_eq!(words(&sheet.risks), ["延迟"]);
        assert_eq!(words(&sheet.questions), ["who pays"]);
    }

    #[test]
    fn a_line_without_prefix_continues_the_one_before_or_is_a_remark() {
        let sheet =
            read("大家都到了\n决议: 退款走原路返回\n由银行侧处理\n\n待办:\n1. 出文档\n2、压测\n- 验收单");
        assert_eq!(words(&sheet.remarks), ["大家都到了"]);
        assert_eq!(words(&sheet.decisions), ["退款走原路返回 由银行侧处理"]);
        assert_eq!(words(&sheet.actions), ["出文档", "压测", "验收单"]);
    }

    #[test]
    fn a_prefix_that_lost_its_colon_still_begins_an_item() {
        let sheet = read("待办: 出文档 @李工 周四\n待办 准备压测 @赵工 11月30日\n风险可控");
        assert_eq!(words(&sheet.actions), ["出文档 @李工 周四", "准备压测 @赵工 11月30日 风险可控"]);
    }

    #[test]
    fn a_prefix_without_items_and_a_command_are_named() {
        let sheet = read(
            "决议: 上线\n待办:\n风险: … 方案:…\n待确认：\n- 谁付\n待办: … @李工 周四\n/工单 打不开 !紧急",
        );
        assert_eq!(sheet.empty, ["待办", "风险"]);
        assert_eq!(sheet.commands, ["/工单 打不开 !紧急"]);
        assert_eq!(words(&sheet.questions), ["谁付"]);
        assert!(sheet.actions.is_empty() && sheet.risks.is_empty());
        assert!(read("决议:\n待办: …").is_empty());
    }

    #[test]
    fn text_with_a_colon_is_no_prefix() {
        let sheet = read("决议: 上线\n时间: 周五\n1.2 版上线");
        assert_eq!(words(&sheet.decisions), ["上线 时间: 周五 1.2 版上线"]);
    }

    proptest::proptest! {
        /// Whatever is typed into a box of the form is an item of its kind.
        #[test]
        fn a_filled_form_gives_each_line_back_as_an_item_of_its_box(
            boxes in proptest::collection::vec(
                proptest::collection::vec("(决议:|待办：|/工单 |!内部|- |1\\. |\"|“|…|[a-z退款 :：@]){1,6}", 0..4), 4
            )
        ) {
            use crate::{chat::{Field, FieldKind, Form}, grammar::compose};
            const NAMES: [&str; 4] = ["决议", "待办", "风险", "待确认"];
            let fields = NAMES.map(|name| Field::new(name, FieldKind::Long).items());
            let form = fields.into_iter().fold(Form::new("/纪要 M3", "交"), Form::field);
            let filled = NAMES.iter().map(|name| (*name).to_owned());
            let filled = filled.zip(boxes.iter().map(|lines| lines.join("\n"))).collect();
            let Ok(line) = compose(&form, &filled) else { return Ok(()) };
            let (_, rest) = line.split_once('\n').unwrap();
            let sheet = read(rest);
            let read = [&sheet.decisions, &sheet.actions, &sheet.risks, &sheet.questions];
            let bare = |line: &String| without_bullet(line.trim().trim_start_matches(['…', ' '])).0.trim().to_owned();
            for (items, lines) in read.into_iter().zip(&boxes) {
                let expected: Vec<String> = lines.iter().map(bare).filter(|line| !is_blank(line)).collect();
                proptest::prop_assert_eq!(words(items), expected, "{}", rest);
            }
            proptest::prop_assert!(sheet.remarks.is_empty() && sheet.commands.is_empty());
        }
    }
}
