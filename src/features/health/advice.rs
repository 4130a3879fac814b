//! What to do next, from what a report measured: the parts that cost the most points first.

use super::{HealthReport, Measure, Part};

/// How many parts are advised on.
const MOST: usize = 3;
/// How many misses are named.
const NAMED: usize = 3;

impl HealthReport {
    /// What to do next, a line each; nothing where every part is full.
    pub(super) fn next_steps(&self) -> Vec<String> {
        let lost = |part: &&Measure| part.share.map_or(0, |share| part.weight * (1_000 - share.min(1_000)));
        let mut weakest: Vec<&Measure> = self.parts.iter().filter(|part| lost(part) > 0).collect();
        weakest.sort_by_key(|part| std::cmp::Reverse(lost(part)));
        weakest.into_iter().take(MOST).map(advice).collect()
    }
}

fn advice(measure: &Measure) -> String {
    let (kept, of) = measure.count();
    let missed = of - kept;
    let named = named(measure);
    match measure.part {
        Part::Satisfaction => "满意度：找低分指标的原因，定改进".into(),
        Part::Sla => format!("工单：{missed} 次超时（{named}），找出卡在哪一步"),
        Part::Requirement => format!("需求：{missed} 次没按时（{named}），先给客户答复和新日期"),
        Part::Cadence => format!("沟通：缺 {missed} 期（{named}），排好下一期"),
        Part::Minutes => format!("纪要：{missed} 份没按时（{named}），会后当天交"),
        Part::Risk => format!("风险：{missed} 条（{named}），补方案，到期的了结或改期"),
    }
}

/// The first misses, by project, without what was wrong with each: `远山支付 T3、T5，远山风控 T1等`.
fn named(measure: &Measure) -> String {
    let mut all: Vec<(&str, String)> = Vec::new();
    for source in &measure.sources {
        for missed in &source.missed {
            let bare = missed.split('（').next().unwrap_or(missed);
            let id = match measure.part {
                // A period alone does not tell of which contact.
                Part::Cadence => format!("{} {bare}", source.what),
                _ => bare.to_owned(),
            };
            // A ticket may have broken both of its promises.
            let missed = (source.project.as_str(), id);
            if !all.contains(&missed) {
                all.push(missed);
            }
        }
    }
    let shown = &all[..all.len().min(NAMED)];
    let named: Vec<String> = shown
        .chunk_by(|one, other| one.0 == other.0)
        .map(|of_one| {
            let ids: Vec<&str> = of_one.iter().map(|(_, id)| id.as_str()).collect();
            format!("{} {}", of_one[0].0, ids.join("、"))
        })
        .collect();
    let more = if all.len() > NAMED { "等" } else { "" };
    format!("{}{more}", named.join("，"))
}
