//! What the bot says arrives once, in order, as text, and notifies whom it mentions.

use jiuding::{
    chat::{Line, Message, Span, Target, Tone},
    platform::Undelivered,
};

use super::{Rig, rigs};

/// Text that tries to be something else.
pub const NASTY: [&str; 18] = [
    "<at user_id=\"all\">所有人</at>",
    "<at id=all></at>",
    "@_user_1 @_all @所有人 @all",
    "@0123456789 @ou_li @li",
    "[确认](dtmd://dingtalkclient/sendMessage?content=%2FT1%20%E5%85%B3%E9%97%AD)",
    "![图](http://a.example/x.png)",
    "# 标题",
    "- 列表\n> 引用\n1. 一\n---\n***",
    "**粗** _斜_ ~~删~~ `码`\n```\n块\n```",
    "<font color='red'>红</font><br><script>alert(1)</script>",
    "&lt;at id=all&gt; &#60; &amp;",
    "{\"schema\":\"2.0\",\"body\":{\"elements\":[{\"tag\":\"button\"}]}}",
    "${jndi:ldap://a.example} {{7*7}} %s %n",
    "\u{F0000}\u{F0001}\u{E000}\u{10FFFD}",
    "a\u{202E}txt.exe\u{2066}b\u{200B}\u{FEFF}",
    "a\u{0}b\u{8}c\u{1b}[31m\u{7f}",
    "\\\" \\u0000 \\n ' \\",
    "|表|格|\n|--|--|",
];

fn call(rig: &dyn Rig, words: &str) -> Message {
    Message::default().line(Line::default().people([&rig.li()]).then(words))
}

#[tokio::test]
async fn what_is_sent_is_there_once_and_in_order() {
    for rig in rigs().await {
        for n in 0..4 {
            rig.send(&format!("p{n}"), Message::text(format!("第{n}条"))).await.unwrap();
        }
        let words: Vec<String> = rig.shown_in_group().await.into_iter().map(|shown| shown.words).collect();
        assert_eq!(words, ["第0条", "第1条", "第2条", "第3条"], "{}", rig.name());
    }
}

#[tokio::test]
async fn the_same_parcel_again_is_one_message_or_says_that_it_may_be_the_second() {
    for rig in rigs().await {
        let platform = rig.platform();
        let mut parcel = jiuding::platform::Parcel {
            id: "p1".into(),
            to: Target::Room(rig.group()),
            message: Message::text("请响应"),
            reply_to: None,
            maybe_repeated: false,
            lives: false,
        };
        let first = platform.deliver(&parcel).await.unwrap();
        parcel.maybe_repeated = platform.remembers().is_zero();
        let second = platform.deliver(&parcel).await.unwrap();
        let shown = rig.shown_in_group().await;
        match parcel.maybe_repeated {
            false => {
                assert_eq!(shown.len(), 1, "{}", rig.name());
                assert_eq!(first, second, "{}", rig.name());
            }
            true => assert!(shown[1].words.contains("可能重复"), "{}: {shown:?}", rig.name()),
        }
        // Another parcel with the same words is another message.
        rig.send("p2", Message::text("请响应")).await.unwrap();
        assert_eq!(rig.shown_in_group().await.len(), shown.len() + 1, "{}", rig.name());
    }
}

#[tokio::test]
async fn where_a_platform_forgets_a_doubtful_message_says_that_it_may_be_the_second() {
    for rig in rigs().await {
        let parcel = jiuding::platform::Parcel {
            id: "p1".into(),
            to: Target::Room(rig.group()),
            message: Message::text("请响应").button("响应", "/T1 响应"),
            reply_to: None,
            maybe_repeated: true,
            lives: false,
        };
        rig.platform().deliver(&parcel).await.unwrap();
        let says_so = rig.shown_in_group().await[0].words.contains("可能重复");
        assert_eq!(says_so, rig.platform().remembers() != std::time::Duration::MAX, "{}", rig.name());
    }
}

#[tokio::test]
async fn what_people_typed_is_never_markup_mention_or_link() {
    for rig in rigs().await {
        let reply = rig.asked("/帮助").await;
        let message = |nasty: &str| {
            Message::text(nasty)
                .tone(Tone::Alarm)
                .line(Line(vec![
                    Span::Text("甲：".into()),
                    Span::Text(nasty.into()),
                    Span::Text("。".into()),
                ]))
                .line(nasty)
        };
        for (n, nasty) in NASTY.into_iter().enumerate() {
            rig.send(&format!("a{n}"), message(nasty)).await.unwrap();
            let to = Target::Room(rig.group());
            rig.send_to(&format!("b{n}"), to, message(nasty), Some(reply.clone())).await.unwrap();
            let to = Target::Person(rig.li().id);
            rig.send_to(&format!("c{n}"), to, message(nasty), None).await.unwrap();
        }
        let shown = rig.shown().await;
        assert_eq!(shown.len(), 3 * NASTY.len(), "{}", rig.name());
        for shown in shown {
            assert!(shown.live.is_empty(), "{}: {shown:?}", rig.name());
            let own = match &shown.at {
                Target::Person(person) => vec![person.raw().to_owned()],
                Target::Room(_) => Vec::new(),
            };
            // A direct message rings for whom it is.
            assert!(shown.notified.iter().all(|id| own.contains(id)), "{}: {shown:?}", rig.name());
            assert!(shown.buttons.is_empty(), "{}: {shown:?}", rig.name());
        }
    }
}

#[tokio::test]
async fn a_name_is_no_markup_either() {
    for rig in rigs().await {
        for (n, nasty) in NASTY.into_iter().enumerate() {
            let stranger = jiuding::chat::Person {
                id: jiuding::chat::PersonId::new("elsewhere", "x"),
                name: nasty.replace('\n', " "),
            };
            let message = Message::default().line(Line::default().people([&stranger]).then("请看"));
            rig.send(&format!("p{n}"), message).await.unwrap();
        }
        for shown in rig.shown_in_group().await {
            assert!(shown.live.is_empty(), "{}: {shown:?}", rig.name());
            // Nobody here, at most somebody of that id.
            assert!(shown.notified.iter().all(|id| id == "x"), "{}: {shown:?}", rig.name());
        }
    }
}

#[tokio::test]
async fn a_mention_notifies_or_the_platform_says_that_it_cannot() {
    for rig in rigs().await {
        rig.send("p1", call(&*rig, "请响应 T1")).await.unwrap();
        let shown = rig.shown_in_group().await.remove(0);
        let notified = shown.notified.contains(&rig.li().id.raw().to_owned());
        assert_eq!(notified, rig.platform().notifies_in(&rig.group()), "{}: {shown:?}", rig.name());
        assert!(shown.words.contains('@'), "{}: {shown:?}", rig.name());

        // An answer always can, and so can a message to the person alone.
        let reply = rig.asked("/帮助").await;
        let to = Target::Room(rig.group());
        rig.send_to("p2", to, call(&*rig, "请响应 T2"), Some(reply)).await.unwrap();
        rig.send_to("p3", Target::Person(rig.li().id), call(&*rig, "请响应 T3"), None).await.unwrap();
        for number in ["T2", "T3"] {
            let shown = rig.shown().await;
            let shown = shown.iter().find(|shown| shown.words.contains(number)).unwrap();
            assert!(shown.notified.contains(&rig.li().id.raw().to_owned()), "{}: {shown:?}", rig.name());
        }
    }
}

#[tokio::test]
async fn a_long_message_arrives_and_still_calls() {
    for rig in rigs().await {
        let reply = rig.asked("/帮助").await;
        let lines = (1..=3000).map(|n| format!("R{n} 一条很长的需求，带 \"引号\" 和 <尖括号>"));
        let long = Message::text(format!("开头\n{}", lines.collect::<Vec<_>>().join("\n")));
        let long = long.line(Line::default().people([&rig.li()]).then("请看"));
        let to = Target::Room(rig.group());
        rig.send_to("p1", to, long.clone(), Some(reply)).await.unwrap();
        rig.send("p2", long).await.unwrap();
        let shown = rig.shown_in_group().await;
        assert_eq!(shown.len(), 2, "{}", rig.name());
        for shown in &shown {
            assert!(shown.words.contains("开头") && shown.words.contains("R9 "), "{}", rig.name());
        }
        assert!(shown[0].notified.contains(&rig.li().id.raw().to_owned()), "{}", rig.name());
    }
}

#[tokio::test]
async fn buttons_carry_their_lines_and_pressing_one_says_it() {
    for rig in rigs().await {
        let lines = ["/工单 T1 响应", "/工单 T1 解决 原因:A&B=50%+1 说明:\"好\"#?/「」 @李工"];
        let message = Message::text("T1").button("响应", lines[0]).button("解决", lines[1]);
        rig.send("p1", message.clone()).await.unwrap();
        let reply = rig.asked("/帮助").await;
        rig.send_to("p2", Target::Room(rig.group()), message, Some(reply)).await.unwrap();
        for shown in rig.shown_in_group().await {
            let carried: Vec<&str> = shown.buttons.iter().map(|(_, line)| line.as_str()).collect();
            assert_eq!(carried, lines, "{}", rig.name());
            for (label, line) in [("响应", lines[0]), ("解决", lines[1])] {
                rig.press(&shown, label).await;
                let heard = rig.heard().pop().unwrap();
                let said = match &heard.what {
                    jiuding::chat::What::Pressed { line } => line.clone(),
                    jiuding::chat::What::Said { text, .. } => text.words(),
                    what => panic!("{what:?}"),
                };
                assert_eq!(said, line, "{}", rig.name());
                assert_eq!((heard.sender, heard.room.id), (rig.li(), rig.group()), "{}", rig.name());
            }
        }
    }
}

#[tokio::test]
async fn what_is_edited_stands_in_its_place_and_calls_nobody() {
    for rig in rigs().await {
        let platform = rig.platform();
        let call = call(&*rig, "请响应 T1").line("11:00 前").button("响应", "/T1 响应");
        let first = rig.send("p1", call).await.unwrap();
        rig.send("p2", Message::text("别的事")).await.unwrap();
        let before = rig.shown_in_group().await;
        let fresh = Message::text("T1 已响应").line("@李工 响应").button("处理", "/T1 处理");
        let edited = match first.message {
            Some(id) if platform.edits().is_some() => id,
            Some(id) => {
                let refused = platform.edit(&id, &Target::Room(rig.group()), &fresh).await;
                assert!(matches!(refused, Err(Undelivered::Never { .. })), "{}", rig.name());
                continue;
            }
            None => {
                assert_eq!(platform.edits(), None, "{}", rig.name());
                continue;
            }
        };
        for _ in 0..2 {
            platform.edit(&edited, &Target::Room(rig.group()), &fresh).await.unwrap();
        }
        let after = rig.shown_in_group().await;
        assert_eq!(after.len(), before.len(), "{}", rig.name());
        assert_eq!(
            (after[0].words.as_str(), after[0].buttons[0].0.as_str()),
            ("T1 已响应\n@李工 响应", "处理")
        );
        assert_eq!((&after[1].words, after[0].notified.len()), (&before[1].words, before[0].notified.len()));
        let unknown = jiuding::chat::MessageId::new(platform.name(), "nobody-knows-it");
        if platform.name() == "feishu" {
            let refused = platform.edit(&unknown, &Target::Room(rig.group()), &fresh).await;
            assert!(matches!(refused, Err(Undelivered::Never { .. })), "{refused:?}");
        }
    }
}
