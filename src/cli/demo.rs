//! `jiuding demo`: the playground with a sample project, in a throw-away store, on a clock that starts now
//! and is moved from the page.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use anyhow::Context;
use jiuding::{
    bot::Bot,
    clock::{Clock, SimulatedClock, SystemClock},
    config::Config,
    platform::playground::{Mentioned, Said},
    store::sled::SledStore,
};

use super::serve::until_stopped;

/// Who plays: id and name, as the page offers them.
const CAST: [(&str, &str); 5] =
    [("chen", "陈主管"), ("zhang", "张经理"), ("li", "李工"), ("zhao", "赵工"), ("wang", "王女士")];

/// The internal room and the customer's: id and title.
const INTERNAL: (&str, &str) = ("demo-internal", "远山支付 · 项目群");
const CUSTOMER: (&str, &str) = ("demo-customer", "远山支付 · 客户群");

/// What was said before the page opens: by whom, where, what.
const STORY: [(&str, (&str, &str), &str); 11] = [
    ("chen", INTERNAL, "/客户 新建 远山银行 行业:银行 级别:A 主管:@陈主管"),
    ("zhang", INTERNAL, "/项目 新建 远山支付 客户:远山银行 行业:银行 类型:定制开发"),
    (
        "zhang",
        INTERNAL,
        "/角色 客户主管 @陈主管 项目经理 @张经理 技术对接人 @李工 技术骨干 @赵工 客户代表 @王女士",
    ),
    ("zhang", INTERNAL, "/节点 联调完成 10天后 标准:全部接口通过，压测 500 并发 @李工"),
    ("zhang", INTERNAL, "/项目 阶段 开发"),
    ("zhang", CUSTOMER, "/项目 绑定 远山支付 客户群"),
    ("wang", CUSTOMER, "/需求 支付模块支持退款 !高 截止:下周五 标签:支付"),
    ("zhang", INTERNAL, "/风险 第三方接口延迟 概率:4 影响:4 方案:已协调对方优先处理 负责:@李工 截止:下周三"),
    ("zhang", INTERNAL, "/待办 准备压测环境 @赵工 下周二"),
    ("zhang", INTERNAL, "/会议 项目例会 明天10点-11点 @李工 @赵工"),
    ("wang", CUSTOMER, "/工单 登录页打不开 !紧急"),
];

pub async fn run(mut config: Config) -> anyhow::Result<ExitCode> {
    config.playground.enabled = true;
    config.feishu.enabled = false;
    config.dingtalk.enabled = false;
    let now = SystemClock.now();
    let folder = Throwaway::new()?;
    let path = folder.0.clone();
    let store = tokio::task::spawn_blocking(move || SledStore::open(&path, now)).await??;
    let clock = Arc::new(SimulatedClock::new(now));
    until_stopped(&config, Arc::new(store), clock, async |bot: &Bot| {
        for (who, room, line) in STORY {
            say(bot, who, room, line).await?;
        }
        println!("jiuding demo: http://{}/", bot.address);
        Ok(())
    })
    .await
}

/// Has somebody of the cast say a line.
async fn say(bot: &Bot, who: &str, room: (&str, &str), line: &str) -> anyhow::Result<()> {
    let playground = bot.playground.as_ref().context("the playground is off")?;
    let person = |(id, name): (&str, &str)| Mentioned { id: id.into(), name: name.into() };
    let sender = CAST.into_iter().find(|(id, _)| *id == who).map(person).context("nobody of that id")?;
    let said = Said {
        room: room.0.into(),
        room_name: Some(room.1.into()),
        sender,
        text: line.into(),
        mentions: CAST.into_iter().map(person).filter(|p| line.contains(&format!("@{}", p.name))).collect(),
        message_id: None,
        reply_to: None,
        direct: false,
    };
    playground.say(said, bot.engine.as_ref()).await?;
    // In the order it was said: the next line waits for this one's answers.
    bot.engine.said(std::time::Duration::from_secs(5)).await;
    Ok(())
}

/// A folder that goes when the demo ends.
struct Throwaway(PathBuf);

impl Throwaway {
    fn new() -> anyhow::Result<Self> {
        let folder = std::env::temp_dir().join(format!("jiuding-demo-{}", std::process::id()));
        std::fs::create_dir_all(&folder).with_context(|| format!("no folder: {}", folder.display()))?;
        Ok(Self(folder))
    }
}

impl Drop for Throwaway {
    fn drop(&mut self) {
        // What is left lies in the system's temporary folder and goes with it.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
