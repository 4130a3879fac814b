//! What the customer itself said, and what came of it: the only place where the report reads surveys and
//! improvements.

use crate::{
    calendar::Quarter,
    dossier::{Dossier, Record},
    features::{improvement::Improvement, survey::Survey},
};

/// The result of a quarter's survey.
pub(super) struct Satisfaction {
    /// The average of all indicators, in hundredths.
    pub(super) average: u32,
    /// The ids of the surveys.
    pub(super) ids: Vec<String>,
}

/// What the answers of a quarter came to that count; `None` where nobody answered, or none was asked.
pub(super) fn satisfaction(file: &Dossier, quarter: Quarter) -> Option<Satisfaction> {
    let answered = |survey: &&Survey| survey.quarter == quarter && survey.counted().next().is_some();
    let surveys: Vec<&Survey> = file.all::<Survey>().filter(answered).collect();
    let answers = surveys.iter().flat_map(|survey| survey.counted());
    let scores: Vec<u32> = answers.flat_map(|answer| answer.scores).map(u32::from).collect();
    let count = u32::try_from(scores.len()).unwrap_or(u32::MAX);
    let average = (scores.iter().sum::<u32>() * 100 + count / 2).checked_div(count)?;
    Some(Satisfaction {
        average,
        ids: surveys.into_iter().map(|survey| Record::key(survey).to_string()).collect(),
    })
}

/// The improvements that are not done yet, a line each.
pub(super) fn improvements(file: &Dossier) -> Vec<String> {
    let open = file.all::<Improvement>().filter(|improvement| improvement.is_open());
    open.map(|improvement| {
        let id = Record::key(improvement);
        format!("{id} {} · {}", improvement.title, improvement.owner.name)
    })
    .collect()
}
