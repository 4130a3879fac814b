//! A report as a document: for the team, or for the customer.

use jiff::Timestamp;

use super::{HealthReport, Light, Measure, words};
use crate::{
    dossier::{Dossier, Rules},
    report::health::{Colour, Evidence, Health, Row},
};

/// Who reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// Ours.
    Team,
    /// The customer: no record, no figure of records, nothing of what is to be done.
    Customer,
}

/// The document of a report.
pub fn sheet(report: &HealthReport, file: &Dossier, reader: Reader, now: Timestamp, rules: &Rules) -> Health {
    let inside = reader == Reader::Team;
    let row = |measure: &Measure| Row {
        name: measure.part.name().to_owned(),
        rule: words::rule(measure.part).to_owned(),
        points: measure.points(),
        percent: measure.share.map(|_| words::percent(measure, report)),
        figures: measure.share.filter(|_| inside).map(|_| words::figures(measure)),
    };
    // Before customers, what was measured and is theirs to read.
    let shown = |measure: &&Measure| inside || (measure.part.is_shown() && measure.share.is_some());
    let evidence = |measure: &Measure| {
        let part = measure.part.name();
        let one = move |source: &super::Source| Evidence {
            part: part.to_owned(),
            of: format!("{} {}", source.project, source.what).trim().to_owned(),
            kept: source.kept.join("、"),
            missed: source.missed.join("、"),
        };
        measure.sources.iter().map(one).collect::<Vec<_>>()
    };
    let day = rules.calendar.date(report.at).to_string();
    let state = match &report.released {
        Some(released) => format!("{} 由 {} 发给客户", rules.calendar.date(released.at), released.by.name),
        None => "草稿，还没有发给客户".into(),
    };
    Health {
        customer: words::customer(file).to_owned(),
        quarter: report.quarter.words(),
        code: report.quarter.to_string(),
        day,
        state: inside.then_some(state),
        score: report.score,
        light: report.light.filter(|_| inside).map(|light| (light.name(), colour(light))),
        before: report.before.filter(|_| inside),
        trend: words::trend(report, file, !inside, &rules.health),
        rows: report.parts.iter().filter(shown).map(row).collect(),
        evidence: if inside { report.parts.iter().flat_map(evidence).collect() } else { Vec::new() },
        next: if inside { report.next_steps() } else { Vec::new() },
        improvements: if inside { report.improvements.clone() } else { Vec::new() },
        bounds: (rules.health.yellow_from, rules.health.green_from),
        printed: words::stamp(now, &rules.calendar),
    }
}

fn colour(light: Light) -> Colour {
    match light {
        Light::Green => Colour::Green,
        Light::Yellow => Colour::Yellow,
        Light::Red => Colour::Red,
    }
}
