//! A short run of what `fuzz/` runs for as long as one likes: made-up bytes, and true ones with a few bytes
//! changed.

use proptest::prelude::*;

#[path = "../fuzz/src/lib.rs"]
mod targets;

/// What each parser is really sent.
fn samples() -> Vec<Vec<u8>> {
    let mut samples: Vec<Vec<u8>> = [
        r#"{"schema":"2.0","header":{"event_id":"e","event_type":"im.message.receive_v1","create_time":"1795481000000","token":"token","app_id":"cli_a"},"event":{"sender":{"sender_id":{"open_id":"ou_1"},"sender_type":"user"},"message":{"message_id":"om_1","create_time":"1795481000000","chat_id":"oc_1","chat_type":"group","message_type":"text","content":"{\"text\":\"@_user_1 /工单 登录 !紧急\"}","mentions":[{"key":"@_user_1","id":{"open_id":"ou_2"},"name":"李工"}]}}}"#,
        r#"{"schema":"2.0","header":{"event_id":"e","event_type":"card.action.trigger","create_time":"1795481000000000","token":"token","app_id":"cli_a"},"event":{"operator":{"open_id":"ou_1"},"action":{"value":{"line":"/T1 响应"}},"context":{"open_message_id":"om_1","open_chat_id":"oc_1"}}}"#,
        r#"{"challenge":"c","token":"token","type":"url_verification"}"#,
        r#"{"encrypt":"P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk="}"#,
        r#"{"specVersion":"1.0","type":"CALLBACK","headers":{"messageId":"f","topic":"/v1.0/im/bot/messages/get"},"data":"{\"msgId\":\"m\"}"}"#,
        r#"{"msgtype":"text","msgId":"m","createAt":1795481000000,"conversationType":"2","conversationId":"cid1","conversationTitle":"群","senderId":"$:s","senderNick":"李工","senderStaffId":"1","chatbotUserId":"$:b","atUsers":[{"dingtalkId":"$:b"},{"dingtalkId":"$:c","staffId":"2"}],"text":{"content":" /工单 登录 "}}"#,
        r#"{"type":"actionCallback","outTrackId":"jiuding-1","corpId":"ding1","userId":"1","content":"{\"cardPrivateData\":{\"actionIds\":[\"button1\"],\"params\":{\"say\":\"0a cid1 /T1 响应\"}}}"}"#,
        r#"{"msgtype":"richText","msgId":"m","conversationId":"cid1","senderId":"$:s","content":{"richText":[{"text":"/工单 "},{"type":"at","atName":"李工","atUserId":"2"},{"type":"picture"}]}}"#,
        "/需求 支付模块支持退款 !高 @李工 截止:下周五 标签:\"支付 退款\"\n描述 !紧急",
        "明天下午3点到4点半", "下周五18:00", "3个工作日", "2026-12-31 23:59",
        "[server]\nlisten = \"127.0.0.1:8080\"\n[sla.urgent]\nrespond = \"2h\"\n[jobs]\ndaily_digest = \"0 30 9 * * *\"\n",
        r#"{"number":1,"title":"登录页打不开","text":"登录页打不开","by":{"id":"test:1","name":"李工"}}"#,
    ]
    .map(|text| text.as_bytes().to_vec())
    .into();
    samples.push(b"\x08\x01\x10\x02\x18\x03\x20\x01\x2a\x0d\x0a\x04type\x12\x05event\x42\x02{}".to_vec());
    samples.push([&b"r\0\0\0\x01T\0\0"[..], &[1, 0, 0, 0, 0, 0, 0], b"{}"].concat());
    samples
}

/// A sample with some of its bytes changed, cut out or doubled.
fn bent() -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 0..6);
    (prop::sample::select(samples()), changes).prop_map(|(mut bytes, changes)| {
        for (at, byte, how) in changes {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => bytes.truncate(at),
                _ => bytes.extend_from_within(at..),
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_parser_trips_over_bent_bytes(bytes in bent(), how: u8) {
        for (_, target) in targets::TARGETS {
            target(&bytes);
        }
        targets::line(&[&[how], bytes.as_slice()].concat());
    }

    #[test]
    fn no_parser_trips_over_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for (_, target) in targets::TARGETS {
            target(&bytes);
        }
    }
}
