//! A file arrives under its name, byte by byte; where it cannot, a line says so.

use jiuding::{
    chat::{File, Message, Target},
    platform::{Parcel, Undelivered},
};

use super::{Trouble, rigs};

const NAME: &str = "需求规格说明书-R1-退款 \u{201c}部分\u{201d} & 100%-V1.docx";
const INSTEAD: &str = "R1 的 Word 文件发不出来，看内容发 /R1 规格 1";

fn content() -> Vec<u8> {
    // With everything that ends a line or a part of a form.
    (0..=255).chain(*b"\r\n--boundary--\r\n\r\n").cycle().take(70_000).collect()
}

fn file() -> Message {
    let file = File::new(NAME, content(), INSTEAD).unwrap();
    Message::text("已确认").attach(file).apart().unwrap()
}

fn parcel(to: Target) -> Parcel {
    Parcel { id: "p1".into(), to, message: file(), reply_to: None, maybe_repeated: false, lives: false }
}

#[tokio::test]
async fn a_file_arrives_in_a_room_in_a_direct_chat_and_as_an_answer() {
    for rig in rigs().await {
        let reply = rig.asked("/R1 规格").await;
        let (group, li) = (Target::Room(rig.group()), Target::Person(rig.li().id));
        for (id, to, reply) in [("a", &group, None), ("b", &li, None), ("c", &group, Some(reply))] {
            rig.send_to(id, to.clone(), file(), reply).await.unwrap();
        }
        let shown = rig.shown().await;
        assert_eq!(shown.iter().filter(|shown| shown.at == group).count(), 2, "{}", rig.name());
        assert_eq!(shown.len(), 3, "{}", rig.name());
        for shown in shown {
            let (name, bytes) = shown.file.unwrap();
            assert_eq!(name, NAME, "{}", rig.name());
            assert!(bytes == content(), "{}: other bytes", rig.name());
            assert!(shown.live.is_empty() && shown.buttons.is_empty(), "{}", rig.name());
        }
    }
}

#[tokio::test]
async fn where_no_file_may_be_uploaded_a_line_says_so_and_which_permission_is_missing() {
    for rig in rigs().await {
        if !rig.meets(Trouble::NoUpload) {
            continue;
        }
        let accepted = rig.platform().deliver(&parcel(Target::Room(rig.group()))).await;
        accepted.unwrap();
        let shown = rig.shown().await;
        let scope = match rig.name() {
            "feishu" => "im:resource:upload",
            _ => "qyapi_base",
        };
        assert_eq!((shown.len(), &shown[0].file), (1, &None), "{}: {shown:?}", rig.name());
        let plain: String = shown[0].words.replace(['＿', '\\'], "_");
        assert!(
            plain.contains("R1 的 Word 文件发不出来") && plain.contains(scope),
            "{}: {plain}",
            rig.name()
        );
    }
}

#[tokio::test]
async fn where_the_file_itself_is_refused_its_line_goes_in_its_place() {
    for rig in rigs().await {
        if !rig.meets(Trouble::RefusedFile) {
            continue;
        }
        rig.platform().deliver(&parcel(Target::Room(rig.group()))).await.unwrap();
        let shown = rig.shown().await;
        assert_eq!((shown.len(), &shown[0].file), (1, &None), "{}: {shown:?}", rig.name());
        let words = &shown[0].words;
        assert!(
            words.contains("R1 的 Word 文件发不出来") && !words.contains("权限"),
            "{}: {words}",
            rig.name()
        );
    }
}

#[tokio::test]
async fn an_upload_of_unknown_fate_is_made_again_since_nothing_was_said() {
    for rig in rigs().await {
        if !rig.meets(Trouble::LostUpload) {
            continue;
        }
        let parcel = parcel(Target::Room(rig.group()));
        let met = rig.platform().deliver(&parcel).await;
        let Err(Undelivered::Later { why, .. }) = met else { panic!("{}: {met:?}", rig.name()) };
        assert!(!why.contains("R1") && !why.contains("t-0") && !why.contains("token0"), "{why}");
        assert!(rig.shown().await.is_empty(), "{}", rig.name());
    }
}

#[tokio::test]
async fn a_file_of_unknown_fate_is_there_once_or_says_that_it_may_be_the_second() {
    for rig in rigs().await {
        if !rig.meets(Trouble::LostAnswer) {
            continue;
        }
        let mut parcel = parcel(Target::Room(rig.group()));
        let met = rig.platform().deliver(&parcel).await;
        assert!(matches!(met, Err(Undelivered::Unknown { .. })), "{}: {met:?}", rig.name());
        parcel.maybe_repeated = rig.platform().remembers().is_zero();
        rig.platform().deliver(&parcel).await.unwrap();
        let names: Vec<String> = rig.shown().await.into_iter().filter_map(|it| Some(it.file?.0)).collect();
        match parcel.maybe_repeated {
            false => assert_eq!(names, [NAME], "{}", rig.name()),
            true => assert_eq!(names[1], NAME.replace(".docx", "（可能重复）.docx"), "{}", rig.name()),
        }
    }
}

#[tokio::test]
async fn a_stale_token_is_renewed_for_an_upload_too() {
    for rig in rigs().await {
        rig.send("p0", Message::text("先")).await.unwrap();
        rig.meets(Trouble::StaleToken);
        rig.send("p1", file()).await.unwrap();
        assert!(rig.shown().await.pop().unwrap().file.is_some(), "{}", rig.name());
    }
}

#[tokio::test]
async fn an_answer_whose_question_is_gone_brings_its_file_all_the_same() {
    for rig in rigs().await {
        let reply = rig.asked("/R1 规格").await;
        rig.meets(Trouble::DeadReply);
        rig.send_to("p1", Target::Room(rig.group()), file(), Some(reply)).await.unwrap();
        assert!(rig.shown_in_group().await[0].file.is_some(), "{}", rig.name());
    }
}

#[tokio::test]
async fn a_file_for_a_room_that_is_gone_is_given_up() {
    for rig in rigs().await {
        // The file is refused, and then its line.
        if rig.meets(Trouble::RoomGone) && rig.meets(Trouble::RoomGone) {
            let met = rig.platform().deliver(&parcel(Target::Room(rig.group()))).await;
            assert!(matches!(met, Err(Undelivered::Never { .. })), "{}: {met:?}", rig.name());
        }
    }
}
