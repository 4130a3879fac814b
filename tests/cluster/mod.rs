//! Several processes of the real program on one database, behind the pretended platforms.

mod harm;
mod machine;
mod talk;
mod upgrade;

use std::{collections::HashMap, path::Path, sync::Arc, time::Duration};

use jiuding::clock::{SharedClock, SystemClock};

use crate::{
    fake_dingtalk::{self, FakeDingTalk},
    fake_feishu::FakeFeishu,
};
use machine::{Database, Process};
use talk::Mouth;

/// Within what time another process takes over.
const TAKEOVER: Duration = Duration::from_secs(4);
const ROOMS: usize = 4;
const ZHANG: &str = "ou_zhang";
const LI: &str = "ou_li";
const CHEN: &str = "ou_chen";
const DING: &str = "cidQ0xhbmdhbG9yZUpEMjAyNg==";
const D_LI: &str = "0123456789";

/// The platforms, the database, and the processes.
struct Cluster {
    feishu: Arc<FakeFeishu>,
    ding: Arc<FakeDingTalk>,
    database: Database,
    processes: Vec<Process>,
    folder: tempfile::TempDir,
    config: String,
}

impl Cluster {
    async fn start(processes: usize) -> Self {
        Self::start_of(processes, Path::new(env!("CARGO_BIN_EXE_jiuding"))).await
    }

    /// Of another program than the present one.
    async fn start_of(processes: usize, program: &Path) -> Self {
        let clock: SharedClock = Arc::new(SystemClock);
        let feishu = FakeFeishu::start(clock.clone()).await;
        feishu.person(LI, "李工").person(ZHANG, "张经理").person(CHEN, "陈主管").per_chat_per_second(1000);
        (0..ROOMS).for_each(|room| _ = feishu.group(&chat(room), &format!("项目群{room}")));
        let ding = FakeDingTalk::start(clock).await;
        ding.group(DING, "支付网关项目群", &[(D_LI, "李工")]);
        let config = format!(
            "[jobs]\ndaily_digest = \"\"\nweekly_report = \"\"\n[sla.urgent]\nrespond = \"40s\"\n{}[dingtalk]\n\
             enabled = true\nclient_id = \"{}\"\nclient_secret = \"{}\"\nrobot_code = \"{}\"\ncorp_id = \"{}\"\n\
             base_url = \"{base}\"\noapi_base_url = \"{base}\"\n",
            feishu.toml(),
            fake_dingtalk::CLIENT_ID,
            fake_dingtalk::CLIENT_SECRET,
            fake_dingtalk::ROBOT_CODE,
            fake_dingtalk::CORP_ID,
            base = ding.base_url(),
        );
        let mut cluster = Self {
            feishu: Arc::new(feishu),
            ding: Arc::new(ding),
            database: Database::start().await,
            processes: Vec::new(),
            folder: tempfile::tempdir().unwrap(),
            config,
        };
        for number in 0..processes {
            let folder = cluster.folder.path().join(number.to_string());
            let process = Process::start(&cluster.database, &folder, &cluster.config, program).await;
            cluster.processes.push(process);
        }
        cluster
    }

    fn urls(&self) -> Vec<String> {
        self.processes.iter().map(|process| process.url.clone()).collect()
    }

    /// People who are heard by every process.
    fn mouth(&self) -> Mouth {
        Mouth { feishu: self.feishu.clone(), ding: self.ding.clone(), urls: self.urls() }
    }

    async fn set_up(&self) {
        let mouth = self.mouth();
        for room in 0..ROOMS {
            for (turn, line) in [
                format!("/项目 新建 项目{room} 客户:远山银行"),
                format!("/角色 客户主管 {{{CHEN}}} 项目经理 {{{ZHANG}}} 技术对接人 {{{LI}}}"),
            ]
            .iter()
            .enumerate()
            {
                mouth.say(room, room + turn, line).await;
            }
        }
        mouth.ding_says(0, "/项目 新建 支付网关").await;
    }

    /// How often each record of a kind is there, by title.
    async fn records(&self, view: &str) -> HashMap<String, usize> {
        let client = self.database.connect().await.unwrap();
        let mut records = HashMap::new();
        for row in client.query(&format!("SELECT title FROM {view}"), &[]).await.unwrap() {
            *records.entry(row.get(0)).or_default() += 1;
        }
        records
    }

    async fn count(&self, table: &str) -> i64 {
        let client = self.database.connect().await.unwrap();
        client.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await.unwrap().get(0)
    }

    fn logs(&self) -> String {
        let logs = self.processes.iter().map(|process| {
            let log = process.log();
            let lines: Vec<&str> = log.lines().collect();
            lines[lines.len().saturating_sub(40)..].join("\n")
        });
        logs.collect::<Vec<_>>().join("\n----\n")
    }
}

fn chat(room: usize) -> String {
    format!("oc_cluster{room}")
}
