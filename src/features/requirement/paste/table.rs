//! Pasted lines as rows: a line each, or the rows of a table under the names of its columns.

use super::words;
use crate::{
    chat::{Typed, is_mention},
    dossier::Refusal,
    features::line::without_bullet,
    grammar::narrow,
};

/// What one requirement is made of.
#[derive(Debug)]
pub(super) struct Row {
    /// As it was typed.
    pub(super) said: Typed,
    /// The same as a line that records it, or why there is none.
    pub(super) line: Result<Typed, String>,
    /// It names a priority, which must then be one.
    pub(super) prioritised: bool,
}

/// A column that a table can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Title,
    Description,
    Priority,
    Owner,
    /// The words of this key.
    Key(&'static str),
    /// The number of the row; it says nothing of the requirement.
    Ordinal,
}

/// The words that name a column.
const COLUMNS: &[(&str, Column)] = &[
    ("需求", Column::Title),
    ("标题", Column::Title),
    ("名称", Column::Title),
    ("优先级", Column::Priority),
    ("负责", Column::Owner),
    ("负责人", Column::Owner),
    ("截止", Column::Key("截止")),
    ("截止时间", Column::Key("截止")),
    ("截止日期", Column::Key("截止")),
    ("标签", Column::Key("标签")),
    ("目标", Column::Key("目标")),
    ("用户", Column::Key("用户")),
    ("指标", Column::Key("指标")),
    ("场景", Column::Key("场景")),
    ("原型", Column::Key("原型")),
    ("描述", Column::Description),
    ("序号", Column::Ordinal),
];

/// The bar, narrow and full-width.
const BARS: [char; 2] = ['|', '｜'];

/// Reads what was pasted, which is not empty.
///
/// # Errors
/// The first row of a table does not name its columns.
pub(super) fn rows(lines: &[Typed]) -> Result<Vec<Row>, Refusal> {
    let Some((head, rest)) = lines.split_first() else { return Ok(Vec::new()) };
    let Some(bar) = separator(lines) else { return Ok(lines.iter().map(line).collect()) };
    let framed = is_framed(head.text());
    let columns = columns(&cells(head.text(), bar, framed))?;
    let below = rest.iter().filter(|row| !is_rule(row.text()));
    Ok(below.map(|said| row(said, &cells(said.text(), bar, framed), &columns)).collect())
}

/// What separates the cells; `None` where this is no table. A bar also stands in sentences: it makes a table
/// where the first row names a column with it, or every row has one.
fn separator(lines: &[Typed]) -> Option<char> {
    let head = lines.first()?.text();
    if head.contains('\t') {
        return Some('\t');
    }
    let bars = |line: &Typed| line.text().chars().any(|c| narrow(c) == '|');
    let named = || cells(head, '|', is_framed(head)).iter().any(|cell| column(cell).is_some());
    (bars(&lines[0]) && (named() || lines.len() > 1 && lines.iter().all(bars))).then_some('|')
}

fn cells(text: &str, separator: char, framed: bool) -> Vec<String> {
    let text = if framed { unframed(text.trim()) } else { text };
    text.split(|c| narrow(c) == separator).map(|cell| cell.trim().to_owned()).collect()
}

/// Whether a row has a bar at its left end too. Only where the first row does is that no empty cell.
fn is_framed(head: &str) -> bool {
    head.trim().starts_with(BARS)
}

fn unframed(text: &str) -> &str {
    let text = text.strip_prefix(BARS).unwrap_or(text);
    text.strip_suffix(BARS).unwrap_or(text)
}

/// Whether this is the line under the head of a table in Markdown.
fn is_rule(text: &str) -> bool {
    text.contains('-') && text.chars().all(|c| "|-: ".contains(narrow(c)))
}

fn column(name: &str) -> Option<Column> {
    COLUMNS.iter().find(|(word, _)| *word == name).map(|(_, column)| *column)
}

/// The columns that a first row names; `None` for one without a name.
fn columns(head: &[String]) -> Result<Vec<Option<Column>>, Refusal> {
    let mut columns = Vec::new();
    for name in head {
        let column = column(name);
        if column.is_none() && !name.is_empty() {
            return Err(words::unknown_column(name));
        }
        if column.is_some() && columns.contains(&column) {
            return Err(words::column_twice(name));
        }
        columns.push(column);
    }
    if !columns.contains(&Some(Column::Title)) {
        return Err(words::no_title_column());
    }
    Ok(columns)
}

fn line(said: &Typed) -> Row {
    let text = said.text().trim();
    let text = without_bullet(text).0;
    let slash = if text.starts_with(['/', '／']) { "" } else { "/需求 " };
    let line = said.without_unplaced().with_text(&format!("{slash}{text}"));
    Row { said: said.without_unplaced().with_text(text), line: Ok(line), prioritised: false }
}

fn row(said: &Typed, cells: &[String], columns: &[Option<Column>]) -> Row {
    let said = said.without_unplaced().with_text(said.text().trim());
    let named = |wanted: Column| {
        let at = columns.iter().position(|column| *column == Some(wanted));
        at.and_then(|at| cells.get(at)).map(String::as_str).filter(|cell| !cell.is_empty())
    };
    let priority = named(Column::Priority).map(|cell| cell.trim_start_matches(['!', '！']));
    let refused = |why: &str| Row { said: said.clone(), line: Err(why.to_owned()), prioritised: false };
    let beyond = cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty());
    if beyond.into_iter().any(|(at, _)| columns.get(at).is_none_or(Option::is_none)) {
        return refused("有一格没有列名");
    }
    let Some(title) = named(Column::Title) else { return refused("没有写需求是什么") };
    let mut line = format!("/需求 {title}");
    if let Some(priority) = priority {
        line.push_str(&format!(" !{priority}"));
    }
    if let Some(owner) = named(Column::Owner) {
        // A name with a blank in it needs quotes; a mention says by itself where it ends.
        let bare = owner.trim_start_matches(['@', '＠']);
        let owner = if owner.chars().any(is_mention) { owner.to_owned() } else { quoted(bare) };
        line.push_str(&format!(" 负责:{owner}"));
    }
    for key in ["截止", "标签", "目标", "原型"] {
        if let Some(value) = named(Column::Key(key)) {
            line.push_str(&format!(" {key}:{}", quoted(value)));
        }
    }
    if let Some(description) = named(Column::Description) {
        line.push_str(&format!("\n{description}"));
    }
    Row { line: Ok(said.with_text(&line)), said, prioritised: priority.is_some() }
}

/// A cell in quotes, so that nothing in it is read as another key.
fn quoted(cell: &str) -> String {
    if cell.contains('」') { format!("\"{cell}\"") } else { format!("「{cell}」") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<String>, String> {
        let lines: Vec<Typed> = text.lines().map(Typed::plain).collect();
        let rows = rows(&lines).map_err(|refusal| refusal.0.plain())?;
        Ok(rows
            .into_iter()
            .map(|row| row.line.map_or_else(|why| format!("✗ {why}"), |line| line.words()))
            .collect())
    }

    #[test]
    fn lines_lose_their_bullets_and_nothing_else() {
        assert_eq!(
            read("1. 支持退款 !高\n- 导出 Excel 截止:周五\n支持 A|B 两种模式").unwrap(),
            ["/需求 支持退款 !高", "/需求 导出 Excel 截止:周五", "/需求 支持 A|B 两种模式"]
        );
        assert_eq!(read("支持 A|B 两种模式").unwrap(), ["/需求 支持 A|B 两种模式"]);
    }

    #[test]
    fn a_table_may_be_separated_by_tabs_or_bars_of_either_width() {
        let expected = ["/需求 支持退款 !高 负责:「李工」 截止:「下周五」", "/需求 导出 标签:「对账」"];
        for table in [
            "标签\t需求\t优先级\t负责人\t截止日期\n\t支持退款\t高\t@李工\t下周五\n对账\t导出",
            "标签|需求|优先级|负责|截止\n|支持退款|！高|李工|下周五\n对账|导出|",
            "| 标签 | 标题 | 优先级 | 负责 | 截止 |\n|---|:--|---|---|---|\n| | 支持退款 | 高 | 李工 | 下周五 |\n| 对账 | 导出 | | | |",
            "标签｜名称｜优先级｜负责｜截止\n｜支持退款｜高｜李工｜下周五\n对账｜导出｜｜｜",
        ] {
            assert_eq!(read(table).unwrap(), expected, "{table}");
        }
    }

    #[test]
    fn a_head_that_names_no_title_or_something_unknown_is_refused() {
        assert!(read("优先级\t截止\n高\t周五").unwrap_err().contains("需求、标题 或 名称"));
        assert!(read("需求\t预算\n支持退款\t3万").unwrap_err().contains("「预算」"));
        assert!(read("需求\t标题\n支持退款\t退款").unwrap_err().contains("「标题」"));
        assert!(read("支持退款|高\n导出|低").unwrap_err().contains("「支持退款」"));
    }

    #[test]
    fn a_row_without_title_or_with_a_cell_too_many_says_so() {
        let rows = read("序号\t需求\t优先级\n1\t\t高\n2\t导出\t低\t周五\n3\t对账\t").unwrap();
        assert_eq!(rows, ["✗ 没有写需求是什么", "✗ 有一格没有列名", "/需求 对账"]);
    }

    #[test]
    fn a_cell_is_no_other_key() {
        let rows = read("需求\t目标\t描述\n导出\t对账不用「手工」 截止:周五\t每月一次").unwrap();
        assert_eq!(rows, ["/需求 导出 目标:\"对账不用「手工」 截止:周五\"\n每月一次"]);
    }
}
