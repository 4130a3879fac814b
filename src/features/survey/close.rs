//! The end of a survey: what it says, which improvements worked, and what is to be reviewed.

use super::{Indicator, Survey, words};
use crate::{
    dossier::{Dossier, Outcome, Ping, Record, Role, Say, Waking},
    features::{
        improvement::{self, Improvement},
        review::{self, Review},
    },
};

/// Closes a survey. Each indicator that is too low, or that an improvement did not raise, is reviewed.
pub(super) fn close(survey: &Survey, dossier: &Dossier, cx: &Waking) -> Outcome {
    let next = Survey { closed_at: Some(cx.now), ..survey.clone() };
    let call = dossier.project().call(&[Role::CustomerLead]);
    let key = survey.key();
    let tell = |message| Say::Ping(Ping::new(call.clone(), key, "closed", message));
    let active = dossier.project().is_active();
    let Some(averages) = survey.averages().filter(|_| active) else {
        let outcome = Outcome::change(next, "满意度结束");
        return if active { outcome.saying(tell(words::unanswered(survey, dossier))) } else { outcome };
    };
    let mut outcome = Outcome::change(next, "满意度结束");
    let mut judged: Vec<Improvement> = Vec::new();
    let mut opened: Vec<Review> = Vec::new();
    for (indicator, average) in Indicator::ALL.into_iter().zip(averages) {
        let verdicts = improvement::judged(dossier, survey, indicator, average, cx);
        let failed: Vec<&Improvement> = verdicts.iter().filter(|one| !one.is_effective()).collect();
        if !average.reaches(cx.rules.review.below) || !failed.is_empty() {
            let number = outcome.next_number::<Review>(dossier);
            // An earlier one that is still open goes on in this one.
            let carried: Vec<&Review> = review::open_of(dossier, indicator).collect();
            let review = Review::open(number, survey, (indicator, average), cx).citing(&carried, &failed);
            outcome =
                carried.iter().fold(outcome, |outcome, old| outcome.and(old.carried_on(number, cx.now)));
            outcome = outcome.and(review.clone());
            opened.push(review);
        }
        judged.extend(verdicts);
    }
    outcome.say.push(tell(words::summary(survey, &averages, &judged, &opened, dossier)));
    outcome.say.extend(opened.iter().flat_map(|review| review.opening(dossier, cx)));
    judged.into_iter().fold(outcome, Outcome::and)
}
