//! 《客户关系健康度报告》 as people read and print it: as a Word file, and as a page of its own.

mod chart;
mod docx;
mod html;

use super::file_word;
use crate::chat::File;

/// A report on one customer and one quarter.
#[derive(Debug, Clone, PartialEq)]
pub struct Health {
    /// The customer's name.
    pub customer: String,
    /// `2026年四季度`.
    pub quarter: String,
    /// `2026Q4`.
    pub code: String,
    /// The day on which it was made, as `2027-01-01`.
    pub day: String,
    /// Whether it is a draft or was released; `None` in what the customer reads.
    pub state: Option<String>,
    /// From 0 to 100; `None` where there was nothing to measure.
    pub score: Option<u32>,
    /// The score at one glance.
    pub light: Option<(&'static str, Colour)>,
    /// The score before it.
    pub before: Option<u32>,
    /// Each quarter and its score, oldest first, this one last.
    pub trend: Vec<(String, u32)>,
    /// Its parts.
    pub rows: Vec<Row>,
    /// The records behind them.
    pub evidence: Vec<Evidence>,
    /// What to do next.
    pub next: Vec<String>,
    /// Improvements that are open.
    pub improvements: Vec<String>,
    /// From which score it is yellow, and from which green.
    pub bounds: (u32, u32),
    /// When this document was made.
    pub printed: String,
}

/// The colours of a light.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Well.
    Green,
    /// To be watched.
    Yellow,
    /// Badly.
    Red,
}

/// A part.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What it is called.
    pub name: String,
    /// What it counts.
    pub rule: String,
    /// Its own score, from 0 to 100; `None` where there was nothing to measure.
    pub points: Option<u32>,
    /// How much of the whole it decides.
    pub percent: Option<u32>,
    /// Its raw figures, for the team.
    pub figures: Option<String>,
}

/// The records of one project behind a part.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// The part.
    pub part: String,
    /// Which project's, and what was looked at.
    pub of: String,
    /// What was in order.
    pub kept: String,
    /// What was not.
    pub missed: String,
}

impl Row {
    /// `92 分`, or that there was nothing to measure.
    fn told(&self) -> String {
        self.points.map_or_else(|| "没有数据，不计分".into(), |points| format!("{points} 分"))
    }

    fn share(&self) -> String {
        self.percent.map_or_else(|| "—".into(), |percent| format!("{percent}%"))
    }

    fn figures(&self) -> &str {
        self.figures.as_deref().unwrap_or("—")
    }
}

impl Health {
    /// `72 分 · 黄灯 · 比上次降 8 分`.
    fn verdict(&self) -> String {
        let Some(score) = self.score else { return "没有评分".into() };
        let light = self.light.map(|(name, _)| format!(" · {name}")).unwrap_or_default();
        let change = match self.before {
            Some(before) if before < score => format!(" · 比上次升 {} 分", score - before),
            Some(before) if before > score => format!(" · 比上次降 {} 分", before - score),
            Some(_) => " · 和上次持平".into(),
            None => String::new(),
        };
        format!("{score} 分{light}{change}")
    }

    /// Whether the team's figures and records stand in it.
    fn is_internal(&self) -> bool {
        self.state.is_some()
    }

    /// The Word file for a chat; `None` where it is too big for one.
    pub fn file(&self) -> Option<File> {
        let content = self.docx().ok()?;
        let name = format!("客户关系健康度报告-{}-{}", file_word(&self.customer), self.code);
        let whose = if self.is_internal() { "-内部" } else { "" };
        File::new(format!("{name}{whose}.docx"), content, "Word 版这里发不了，内容见上一条")
    }
}

#[cfg(test)]
pub(crate) fn sample() -> Health {
    let row = |name: &str, points: Option<u32>, figures: &str| Row {
        name: name.into(),
        rule: "按时响应和解决的次数".into(),
        points,
        percent: points.map(|_| 20),
        figures: points.map(|_| figures.into()),
    };
    Health {
        customer: "远山<银行>".into(),
        quarter: "2026年四季度".into(),
        code: "2026Q4".into(),
        day: "2027-01-01".into(),
        state: Some("草稿，还没有发给客户".into()),
        score: Some(72),
        light: Some(("黄灯", Colour::Yellow)),
        before: Some(80),
        trend: [("2026Q1", 58), ("2026Q2", 76), ("2026Q3", 80), ("2026Q4", 72)]
            .map(|(quarter, score)| (quarter.to_owned(), score))
            .to_vec(),
        rows: vec![
            row("满意度", None, ""),
            row("工单时效", Some(92), "11/12"),
            row("需求响应与交付", Some(60), "6/10"),
            row("沟通节奏", Some(75), "9/12"),
            row("纪要按时", Some(85), "11/13"),
            row("风险应对", Some(50), "1/2"),
        ],
        evidence: vec![
            Evidence {
                part: "工单时效".into(),
                of: "远山支付 解决".into(),
                kept: "T1、T2".into(),
                missed: "T3".into(),
            },
            Evidence {
                part: "风险应对".into(),
                of: "远山支付 风险".into(),
                kept: "K1".into(),
                missed: "K2（高且未关闭）".into(),
            },
        ],
        next: vec!["需求：4 条没按时（远山支付 R3、R5），先给客户答复和新日期".into()],
        improvements: vec!["远山支付 I2 两人轮值 · 李工 · 12月30日 周三".into()],
        bounds: (60, 80),
        printed: "2027-01-01 10:00".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_file_is_named_after_customer_and_quarter_and_says_whose_it_is() {
        let file = sample().file().expect("it is small");
        assert_eq!(file.name, "客户关系健康度报告-远山银行-2026Q4-内部.docx");
        assert!(file.content.starts_with(b"PK\x03\x04"));
        if let Ok(path) = std::env::var("HEALTH_SAMPLE") {
            std::fs::write(format!("{path}.docx"), &file.content).unwrap();
            std::fs::write(format!("{path}.html"), sample().html()).unwrap();
        }
        let customers = Health { state: None, ..sample() };
        assert_eq!(customers.file().expect("it is small").name, "客户关系健康度报告-远山银行-2026Q4.docx");
    }
}
