//! Sending a file: it is uploaded, and a message of the API hands over what came of that.
//!
//! Neither a reply address nor a group's own robot can hand over a file, so it never goes those ways. An upload says
//! nothing to anybody and may be made again, but a parcel's next try uses what is there ([`super::uploaded`]). Where the platform refuses the file, the line that stands for it is
//! said by any way. An upload and a message are two metered calls.
//!
//! <https://open.dingtalk.com/document/development/upload-media-files>,
//! <https://open.dingtalk.com/document/development/types-of-messages-sent-by-robots>

use reqwest::multipart;
use serde_json::json;

use super::{
    DingTalk,
    answer::{self, Refusal},
    hear::direct_with,
    render::{self, REPEATED},
    wire::is_staff_id,
};
use crate::{
    chat::{File, Message, Target},
    platform::{Accepted, Parcel, Undelivered},
};

/// The permission for uploads.
const UPLOADS: &str = "qyapi_base";

impl DingTalk {
    /// Sends a parcel's file, or the line that stands for it.
    pub(super) async fn send_file(&self, parcel: &Parcel, file: &File) -> Result<Accepted, Refusal> {
        let refused = match self.upload_file(parcel, file).await {
            Ok(media) => match self.hand_over(parcel, file, &media).await {
                Err(refusal) if refusal.is_final() => refusal,
                sent => return sent,
            },
            Err(refusal) if refusal.is_final() => refusal,
            // Nothing was said yet, whatever became of the upload.
            Err(Refusal::Undelivered(Undelivered::Unknown { why })) => {
                return Err(Undelivered::Later { after: None, why }.into());
            }
            Err(refusal) => return Err(refusal),
        };
        metrics::counter!("jiuding_dingtalk_files_refused_total").increment(1);
        let line = in_place_of(file, &refused);
        let why = refused.into_undelivered().to_string();
        tracing::warn!(parcel.id, why, "DingTalk refused a file, a line is said in its place");
        self.by_any_way(parcel, render::Said::words(&line)).await
    }

    async fn upload_file(&self, parcel: &Parcel, file: &File) -> Result<String, Refusal> {
        // The name that people see goes with the message; one with Chinese is not understood here.
        self.upload(parcel, "file", format!("file.{}", file.extension()), file.content.to_vec()).await
    }

    /// Uploads what a parcel carries; gives its id. An earlier try's is used again.
    pub(super) async fn upload(
        &self,
        parcel: &Parcel,
        kind: &str,
        name: String,
        content: Vec<u8>,
    ) -> Result<String, Refusal> {
        if let Some(media) = self.uploaded.of(&parcel.id) {
            return Ok(media);
        }
        let media = self.upload_new(kind, name, content).await?;
        self.uploaded.keep(&parcel.id, &media);
        Ok(media)
    }

    /// Uploads something of this kind; gives its id.
    pub(super) async fn upload_new(
        &self,
        kind: &str,
        name: String,
        content: Vec<u8>,
    ) -> Result<String, Refusal> {
        let form = || {
            let part = multipart::Part::bytes(content.clone()).file_name(name.clone());
            multipart::Form::new().part("media", part)
        };
        let answer = self.api.upload("/media/upload", kind, form).await?;
        let answer = answer::read(answer.status, &answer.body)?;
        let media = answer["media_id"].as_str().filter(|id| !id.is_empty());
        media.map(str::to_owned).ok_or_else(|| {
            let why = "DingTalk's answer holds no media id".into();
            Undelivered::Unknown { why }.into()
        })
    }

    async fn hand_over(&self, parcel: &Parcel, file: &File, media: &str) -> Result<Accepted, Refusal> {
        let name = match parcel.maybe_repeated {
            true => file.name_with(REPEATED),
            false => file.name.clone(),
        };
        let param = json!({ "mediaId": media, "fileName": name, "fileType": file.extension() });
        let shown = ("sampleFile", param.to_string());
        let staff_id = match &parcel.to {
            Target::Person(person) => render::staff_id(person),
            Target::Room(room) => direct_with(room).filter(|id| is_staff_id(id)),
        };
        match (staff_id, &parcel.to) {
            (Some(staff_id), _) => self.to_person(staff_id, shown).await,
            (None, Target::Room(room)) => self.by_group_api(room, shown).await.map(super::send::accepted),
            (None, Target::Person(_)) => {
                let why = "somebody outside the organisation cannot be written to directly".into();
                Err(Undelivered::Never { why }.into())
            }
        }
    }
}

/// What is said where the file is refused, and what the administrator can do about it.
fn in_place_of(file: &File, refused: &Refusal) -> Message {
    let message = Message::text(&file.instead);
    match refused {
        Refusal::NotPermitted { scopes, .. } => {
            let scopes = if scopes.is_empty() { UPLOADS } else { scopes };
            message.line(format!("钉钉应用缺权限 {scopes}，请管理员开通并发布版本"))
        }
        _ => message,
    }
}
