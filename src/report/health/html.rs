//! A report as a page of its own that prints well: nothing of it is loaded from anywhere.

use std::fmt::Write;

use super::{Colour, Health, chart};

impl Health {
    /// The whole page.
    pub fn html(&self) -> String {
        let title = format!("{} {} 客户关系健康度报告", escaped(&self.customer), escaped(&self.quarter));
        let mut body = format!(
            "<header><h1>客户关系健康度报告</h1><p class=\"sub\">{} · {}</p>",
            escaped(&self.customer),
            escaped(&self.quarter)
        );
        let colour = match self.light {
            Some((_, Colour::Green)) => "green",
            Some((_, Colour::Yellow)) => "yellow",
            Some((_, Colour::Red)) => "red",
            None => "none",
        };
        // Writing to a string cannot fail.
        let _ = write!(body, "<p class=\"verdict {colour}\">{}</p>", escaped(&self.verdict()));
        if let Some(state) = &self.state {
            let _ = write!(body, "<p class=\"note\">{} · 内部</p>", escaped(state));
        }
        body.push_str("</header>");
        if self.trend.len() > 1 {
            let _ = write!(body, "<section><h2>趋势</h2>{}</section>", chart::svg(&self.trend, self.bounds));
        }
        let rows = self.rows.iter().map(|row| {
            let bar = row.points.map(|points| {
                format!("<meter min=\"0\" max=\"100\" value=\"{points}\" aria-hidden=\"true\"></meter> ")
            });
            [
                escaped(&row.name),
                format!("{}{}", bar.unwrap_or_default(), row.told()),
                row.share(),
                escaped(row.figures()),
                escaped(&row.rule),
            ]
        });
        section(&mut body, "各项得分", &table(["项目", "得分", "占比", "数据", "按什么算"], rows));
        for (title, lines) in [("下一步", &self.next), ("未完成的改进", &self.improvements)] {
            if !lines.is_empty() {
                let items: String = lines.iter().map(|line| format!("<li>{}</li>", escaped(line))).collect();
                section(&mut body, title, &format!("<ul>{items}</ul>"));
            }
        }
        if !self.evidence.is_empty() {
            let rows = self
                .evidence
                .iter()
                .map(|one| [&one.part, &one.of, &one.kept, &one.missed].map(|text| escaped(text)));
            section(&mut body, "依据", &table(["项目", "来源", "计入", "扣分"], rows));
        }
        let _ = write!(
            body,
            "<footer>报告日期 {} · 打印 {}</footer>",
            escaped(&self.day),
            escaped(&self.printed)
        );
        format!(
            "<!doctype html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
             <style>{STYLE}</style></head><body><main>{body}</main></body></html>\n"
        )
    }
}

fn section(body: &mut String, title: &str, content: &str) {
    // Writing to a string cannot fail.
    let _ = write!(body, "<section><h2>{title}</h2>{content}</section>");
}

/// A table of cells that are markup already.
fn table<const N: usize>(heads: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let heads: String = heads.iter().map(|head| format!("<th scope=\"col\">{head}</th>")).collect();
    let row = |cells: [String; N]| {
        let cells: String = cells.iter().map(|cell| format!("<td>{cell}</td>")).collect();
        format!("<tr>{cells}</tr>")
    };
    format!(
        "<table><thead><tr>{heads}</tr></thead><tbody>{}</tbody></table>",
        rows.map(row).collect::<String>()
    )
}

/// What people typed, as text.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// How it looks on a screen and on paper. Chinese is drawn by the reader's own fonts.
const STYLE: &str = include_str!("style.css");

#[cfg(test)]
mod tests {
    use super::super::{Health, sample};

    #[test]
    fn what_people_typed_is_no_markup() {
        let page = Health { next: vec!["<script>alert('x')</script> & \"y\"".into()], ..sample() }.html();
        assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;y&quot;"));
        assert!(page.contains("<title>远山&lt;银行&gt; 2026年四季度 客户关系健康度报告</title>"));
        assert!(!page.contains("<script"));
    }

    #[test]
    fn the_page_has_every_part_and_the_drawing() {
        let page = sample().html();
        for words in
            ["72 分 · 黄灯", "<polyline", "没有数据，不计分", "11/12", "K2（高且未关闭）", "打印 2027-01-01"]
        {
            assert!(page.contains(words), "{words}");
        }
        assert!(!Health { trend: Vec::new(), ..sample() }.html().contains("<svg"));
    }
}
