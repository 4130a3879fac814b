//! A chart as a picture behind the words: it is drawn, uploaded, and stands in their markdown by the id of what was
//! uploaded, so that words and picture are one message.
//!
//! The words say the same. Whatever goes wrong with the picture, they go without it. An upload is a metered call, so the
//! next try of the same parcel uses what is there ([`super::uploaded`]).
//!
//! <https://open.dingtalk.com/document/development/upload-media-files>

use super::DingTalk;
use crate::{
    chat::Chart,
    platform::{Parcel, Undelivered, picture},
};

impl DingTalk {
    /// The id of the picture of a parcel's chart; `None` where there is none to be had.
    pub(super) async fn picture(&self, parcel: &Parcel, chart: &Chart) -> Option<String> {
        let png = picture::png(chart)?;
        let uploaded = self.upload(parcel, "image", "trend.png".into(), png).await;
        let uploaded = uploaded.map_err(|refusal| refusal.into_undelivered()).and_then(|media| {
            // It stands in markup.
            let fits = media.chars().all(|c| c.is_ascii_alphanumeric() || "@_-.=$+/".contains(c));
            let strange = || Undelivered::Never { why: "the picture's id cannot stand in markdown".into() };
            fits.then_some(media).ok_or_else(strange)
        });
        uploaded
            .inspect_err(|why| {
                metrics::counter!("jiuding_dingtalk_pictures_refused_total").increment(1);
                tracing::warn!(%why, "DingTalk took no picture, the words go without it");
            })
            .ok()
    }
}
