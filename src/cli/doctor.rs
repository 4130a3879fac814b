//! `jiuding doctor`: whether what the configuration names works, a line each.

use std::{path::Path, process::ExitCode, sync::Arc};

use jiuding::{
    bot,
    clock::{Clock, SharedClock, SystemClock},
    config::{Config, DingTalkTransport, FeishuTransport, StoreEngine},
    platform::{
        dingtalk::{CONSOLE as DINGTALK_CONSOLE, DingTalk},
        feishu::Feishu,
        finding::{Finding, Verdict},
        http,
    },
    store::sled::SledStore,
};

/// Below this much room the disk is worth a look; the store itself stops writing at a sixteenth of it.
const LITTLE_ROOM: u64 = 1 << 30;

pub async fn run(config: Config) -> anyhow::Result<ExitCode> {
    let clock: SharedClock = Arc::new(SystemClock);
    let mut found = match config.store.engine {
        StoreEngine::Sled => vec![store(&config.store.path).await, room(&config.store.path)],
        StoreEngine::Postgres => {
            let text = "the database is looked at when the bot starts, then GET /readyz tells; store.url";
            vec![Finding::new("store", Verdict::Unsure(text.into()))]
        }
    };
    if config.feishu.enabled {
        let socket = config.feishu.transport == FeishuTransport::Websocket;
        let feishu = Feishu::new(bot::of_feishu(&config), clock.clone());
        found.extend(feishu.diagnose(socket).await);
        if !socket {
            let page = format!("{}/app/{}/event", config.feishu.base_url, config.feishu.app_id);
            let verdict = match reached(&config, "/feishu/event", &page).await {
                Ok(url) => feishu.challenge(&url).await,
                Err(verdict) => verdict,
            };
            found.push(Finding::new("feishu webhook", verdict));
        }
    }
    if config.dingtalk.enabled {
        let stream = config.dingtalk.transport == DingTalkTransport::Stream;
        let dingtalk = DingTalk::new(bot::of_dingtalk(&config), clock.clone())?;
        found.extend(dingtalk.diagnose(stream).await);
        if !stream {
            let page = format!("{DINGTALK_CONSOLE}, 机器人");
            let verdict = match reached(&config, "/dingtalk/robot", &page).await {
                Ok(url) => dingtalk.knock(&url).await,
                Err(verdict) => verdict,
            };
            found.push(Finding::new("dingtalk webhook", verdict));
            if config.dingtalk.event_token.is_some() {
                let page = format!("{DINGTALK_CONSOLE}, 事件订阅");
                let verdict = match reached(&config, "/dingtalk/event", &page).await {
                    Ok(url) => dingtalk.check_events(&url).await,
                    Err(verdict) => Some(verdict),
                };
                found.extend(verdict.map(|verdict| Finding::new("dingtalk event webhook", verdict)));
            }
        }
    }
    for finding in &found {
        println!("{finding}");
    }
    Ok(if found.iter().any(Finding::is_wrong) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Opens the store, unless the bot has it; makes none where there is none.
async fn store(folder: &Path) -> Finding {
    let shown = folder.display();
    let verdict = if !folder.join("sled").exists() {
        Verdict::Well(format!(
            "there is none yet in {shown}, the bot makes it; {}",
            super::check::durability(folder)
        ))
    } else {
        let (folder, now) = (folder.to_owned(), SystemClock.now());
        match tokio::task::spawn_blocking(move || SledStore::open(&folder, now)).await {
            Ok(Ok(store)) if store.opened().warnings.is_empty() => Verdict::Well(format!("{shown} opens")),
            Ok(Ok(store)) => Verdict::Without(store.opened().warnings.join("; ")),
            Ok(Err(error)) if format!("{error:#}").contains("in use") => {
                Verdict::Well(format!("a running bot has {shown}"))
            }
            Ok(Err(error)) => Verdict::Wrong(format!("{error:#}; store.path")),
            Err(error) => Verdict::Wrong(format!("{error}; store.path")),
        }
    };
    Finding::new("store", verdict)
}

fn room(folder: &Path) -> Finding {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let there = folder.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("/"));
    let verdict = match rustix::fs::statvfs(there) {
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let shown = format!("{} MB free in {}", free >> 20, there.display());
            if free < LITTLE_ROOM {
                Verdict::Wrong(format!("only {shown}; make room"))
            } else {
                Verdict::Well(shown)
            }
        }
        Err(error) => Verdict::Unsure(format!("{}: {error}", there.display())),
    };
    Finding::new("disk", verdict)
}

/// Knocks at a webhook from outside, as the platform would, with nothing to deliver: it must be refused by us. Its address,
/// or what is wrong with it; `page` is where the platform is told of it.
async fn reached(config: &Config, path: &str, page: &str) -> Result<String, Verdict> {
    let Some(base) = &config.server.public_url else {
        return Err(Verdict::Unsure(format!(
            "server.public_url is not set: whether the platform reaches …{path} cannot be tried; {page}"
        )));
    };
    let url = format!("{}{path}", base.trim_end_matches('/'));
    let fix = format!("server.public_url, the reverse proxy, whether the bot runs, and {page}");
    match http::client().post(&url).body("{}").send().await {
        Ok(response) if matches!(response.status().as_u16(), 400 | 401) => {
            match response.text().await.unwrap_or_default().contains("refused") {
                true => Ok(url),
                false => Err(Verdict::Wrong(format!("somebody else answers at {url}; {fix}"))),
            }
        }
        Ok(response) => {
            Err(Verdict::Wrong(format!("{url} answers with status {}; {fix}", response.status().as_u16())))
        }
        Err(error) => {
            Err(Verdict::Wrong(format!("{url} cannot be reached ({}); {fix}", error.without_url())))
        }
    }
}
