//! What people say comes in as they said it, and again under the same names.

use std::collections::HashSet;

use jiuding::chat::{Inbound, What};

use super::{outward::NASTY, rigs};

fn keys(inbound: &Inbound) -> HashSet<String> {
    inbound.keys.iter().cloned().collect()
}

#[tokio::test]
async fn a_redelivery_has_the_same_keys_and_another_message_has_none_of_them() {
    for rig in rigs().await {
        let (first, second) = (rig.says("/需求 一"), rig.says("/需求 一"));
        for speech in [&first, &first, &second] {
            rig.deliver(speech).await;
        }
        let heard = rig.heard();
        assert_eq!(heard.len(), 3, "{}", rig.name());
        assert!(!heard[0].keys.is_empty(), "{}", rig.name());
        assert_eq!(keys(&heard[0]), keys(&heard[1]), "{}", rig.name());
        assert!(keys(&heard[0]).is_disjoint(&keys(&heard[2])), "{}", rig.name());
        let prefix = format!("{}:", rig.name());
        assert!(heard.iter().flat_map(|heard| &heard.keys).all(|key| key.starts_with(&prefix)));
    }
}

#[tokio::test]
async fn it_is_told_who_said_it_where_and_how_to_answer() {
    for rig in rigs().await {
        rig.deliver(&rig.says("/需求 支付模块支持退款")).await;
        let heard = rig.heard().remove(0);
        assert_eq!((heard.sender, heard.room.id), (rig.wang(), rig.group()), "{}", rig.name());
        assert_eq!((heard.room.name.as_deref(), heard.room.direct), (Some("远山项目群"), false));
        assert!(heard.reply_to.is_some() && heard.written_at.is_some(), "{}", rig.name());
        let What::Said { text, addressed, quotes } = heard.what else { panic!("{}", rig.name()) };
        assert_eq!(
            (text.text(), addressed, quotes),
            ("/需求 支付模块支持退款", true, None),
            "{}",
            rig.name()
        );
    }
}

#[tokio::test]
async fn what_was_typed_calls_nobody() {
    for rig in rigs().await {
        for nasty in NASTY {
            // What a mention looks like on the wire is the platform's own, so Feishu may read `@_user_1`,
            // which it never lets anybody type without escaping, as the mention of the bot that it is.
            rig.deliver(&rig.says(nasty)).await;
            let Some(heard) = rig.heard().pop() else { panic!("{}: {nasty:?}", rig.name()) };
            let What::Said { text, .. } = heard.what else { panic!("{}", rig.name()) };
            assert!(text.people().is_empty() && text.unplaced().is_empty(), "{}: {nasty:?}", rig.name());
        }
    }
}
