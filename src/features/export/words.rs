//! Every sentence of exports.

use super::Format;
use crate::{
    chat::Message,
    dossier::{Kind, Project, Refusal},
    report::table::Table,
};

/// What the file that comes behind it holds.
pub fn told(tables: &[Table], format: Format) -> Message {
    let records = tables.iter().filter(|table| table.name != Project::NAME);
    let counts = records.map(|table| format!("{} {} 条", table.name, table.rows.len()));
    let message = Message::text(format!("已导出 {}", counts.collect::<Vec<_>>().join("、")));
    match format {
        Format::Json => message.line("不含变更记录；要完整的，请管理员运行 jiuding export --format json"),
        Format::Xlsx | Format::Csv | Format::Md => message,
    }
}

/// What is said where a file cannot be sent.
pub fn instead(format: Format, project: &str) -> String {
    let extension = format.extension();
    let other = if format == Format::Xlsx { "" } else { "可以换 /导出 xlsx，或" };
    format!(
        "导出的 {extension} 文件发不出来，{other}请管理员运行 jiuding export --format {extension} --project \"{project}\" --out 文件"
    )
}

pub fn too_big() -> Refusal {
    Refusal::new(
        "导出的文件太大，聊天里发不了。可以只导一类：/导出 xlsx 需求；要全部，请管理员运行 jiuding export",
    )
}

pub fn unknown<'a>(word: &str, kinds: impl Iterator<Item = &'a str>) -> Refusal {
    let kinds: Vec<&str> = kinds.collect();
    Refusal::new(format!("没有「{word}」这种格式或种类，没有导出"))
        .line("格式：xlsx、csv、json、md")
        .line(format!("种类：{}", kinds.join("、")))
}

pub fn one_at_a_time() -> Refusal {
    Refusal::new("一次导一种格式，一类或全部。例如：/导出 csv 需求，/导出")
}

pub fn nothing(kind: Option<&str>) -> Refusal {
    Refusal::new(format!("这里没有可以导出的{}", kind.unwrap_or("记录")))
}

pub fn json_is_whole() -> Refusal {
    Refusal::new("json 只能导整个项目：/导出 json。单独一类可以用 xlsx、csv、md")
}

pub fn json_is_ours() -> Refusal {
    Refusal::new("json 含项目组内部内容，只给项目组。这里可以用 xlsx、csv、md")
}
