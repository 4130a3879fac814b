//! Sending a file: it is uploaded, and a message hands over what came of that.
//!
//! An upload says nothing to anybody, so whatever becomes of it, it may be made again; only the message has a
//! `uuid`. Where Feishu refuses the file, the line that stands for it is said as text.
//!
//! Sources: <https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/reference/im-v1/file/create>,
//! <https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/reference/im-v1/message/create>

use reqwest::multipart;
use serde_json::json;

use crate::{
    chat::{File, Message},
    platform::{Accepted, Parcel, Undelivered},
};

use super::{
    Feishu,
    fault::{Fault, Refused},
    send::{Form, REPEATED},
};

/// The scope without which nothing can be uploaded.
const SCOPE: &str = "im:resource:upload";

impl Feishu {
    /// Sends a parcel's file, or the line that stands for it.
    pub(super) async fn send_file(&self, parcel: &Parcel, file: &File) -> Result<Accepted, Undelivered> {
        let name = match parcel.maybe_repeated {
            true => file.name_with(REPEATED),
            false => file.name.clone(),
        };
        let refused = match self.upload(&name, file).await {
            Ok(key) => {
                let form = Form::file(&key);
                match self.send_form(parcel, Some(&form)).await {
                    Err(Fault::Refused(refused)) if !refused.passes() => refused,
                    sent => return sent.map_err(|fault| fault.sorted()),
                }
            }
            Err(Fault::Refused(refused)) if !refused.passes() => refused,
            Err(fault) => return Err(not_said(fault)),
        };
        metrics::counter!("jiuding_feishu_files_refused_total").increment(1);
        let message = in_place_of(file, &refused);
        tracing::warn!(why = %Fault::Refused(refused).why(), "feishu refused a file, a line is said in its place");
        let line = Parcel { message, ..parcel.clone() };
        self.send_form(&line, None).await.map_err(|fault| fault.sorted())
    }

    async fn upload(&self, name: &str, file: &File) -> Result<String, Fault> {
        let file_type = match file.extension().as_str() {
            "doc" | "docx" => "doc",
            _ => "stream",
        };
        let form = || {
            // The name that people see is a field; one with Chinese in the part's own header is not understood.
            let part = multipart::Part::bytes(file.content.to_vec()).file_name("file");
            multipart::Form::new()
                .text("file_type", file_type)
                .text("file_name", name.to_owned())
                .part("file", part)
        };
        let answer = self.api.upload("im/v1/files", form).await?;
        let key = answer["data"]["file_key"].as_str().filter(|key| !key.is_empty());
        key.map(str::to_owned).ok_or_else(|| Fault::Unsent("feishu's answer holds no file key".into()))
    }
}

impl Form {
    fn file(key: &str) -> Self {
        Self { msg_type: "file", content: json!({ "file_key": key }).to_string() }
    }
}

/// Nothing was said yet, whatever became of the upload.
fn not_said(fault: Fault) -> Undelivered {
    match fault.sorted() {
        Undelivered::Unknown { why } => Undelivered::Later { after: None, why },
        sorted => sorted,
    }
}

/// What is said where the file is refused, and what the administrator can do about it.
fn in_place_of(file: &File, refused: &Refused) -> Message {
    let message = Message::text(&file.instead);
    match refused.of_scope() {
        true => message.line(format!("飞书应用缺权限 {SCOPE}，请管理员开通并发布版本")),
        false => message,
    }
}
