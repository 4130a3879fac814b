//! The running bot: everything wired together, started and stopped.

mod aside;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time::sleep};
use tracing::info;

use aside::{Task, task};

use crate::{
    calendar::schedule::Schedule,
    chat::PersonId,
    clock::SharedClock,
    config::{Config, DingTalkTransport, FeishuTransport, Loudness, Secret},
    engine::{Engine, Parts},
    features,
    grammar::Object,
    outbox::{Outbox, Owed},
    platform::{
        Entry, Platform, Receiver,
        dingtalk::{self, DingTalk},
        feishu::{self, Feishu},
        one_way::{self, OneWay},
        playground::Playground,
        press,
    },
    store::Store,
    web::{self, App},
};

/// How long a bot that has started has to live before it makes calls that are metered and can wait: one that is started
/// again and again must not use up the month.
const SETTLED: Duration = Duration::from_secs(60);

/// How long stopping waits for presses that were answered for.
const GRACE: Duration = Duration::from_secs(5);

/// A bot that runs.
pub struct Bot {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its engine.
    pub engine: Arc<Engine>,
    /// Its playground, where that is enabled.
    pub playground: Option<Arc<Playground>>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    server: JoinHandle<std::io::Result<()>>,
}

impl Bot {
    /// Starts everything: what the store has is taken up, what is due is made up, and then the doors open.
    ///
    /// # Errors
    /// The store cannot be read, the address is taken, or the configuration is wrong.
    pub async fn start(
        config: &Config,
        store: Arc<dyn Store>,
        clock: SharedClock,
        metrics: PrometheusHandle,
    ) -> anyhow::Result<Self> {
        let rules = Arc::new(config.rules()?);
        for warning in rules.calendar.warnings_at(clock.now()) {
            tracing::warn!("{warning}");
        }
        let started = clock.now();
        let playground =
            config.opens_playground().then(|| Arc::new(Playground::new(store.clone(), clock.clone())));
        let feishu = config.feishu.enabled.then(|| Arc::new(Feishu::new(of_feishu(config), clock.clone())));
        let dingtalk = match config.dingtalk.enabled {
            true => {
                let dingtalk = DingTalk::new(of_dingtalk(config), clock.clone());
                Some(Arc::new(dingtalk.context("dingtalk.event_aes_key")?))
            }
            false => None,
        };
        let one_way = (!config.webhook_room.is_empty())
            .then(|| Arc::new(OneWay::new(of_webhook_rooms(config), clock.clone())));
        let platforms: Vec<Arc<dyn Platform>> = [
            playground.clone().map(|platform| platform as Arc<dyn Platform>),
            feishu.clone().map(|platform| platform as Arc<dyn Platform>),
            dingtalk.clone().map(|platform| platform as Arc<dyn Platform>),
            one_way.map(|platform| platform as Arc<dyn Platform>),
        ]
        .into_iter()
        .flatten()
        .collect();
        let engine = Engine::open(Parts {
            clock: clock.clone(),
            store: store.clone(),
            rules: rules.clone(),
            jobs: jobs(config)?,
            admins: config.server.admins.iter().map(|admin| PersonId(admin.clone())).collect(),
            platforms: platforms.clone(),
        })
        .await?;
        let outbox = Outbox::new(store.clone(), clock, platforms.clone(), started);
        let owed: Arc<dyn Owed> = engine.clone();
        outbox.set_owed(Arc::downgrade(&owed));
        outbox.load().await.context("reading the messages on their way out")?;
        engine.speak_through(outbox.clone());

        let receiver: Arc<dyn Receiver> = engine.clone();
        let stop = watch::Sender::new(false);
        // A platform is heard by its webhook, or on a connection that we hold; never both.
        let mut extra = Vec::new();
        let mut work: Vec<Task> = Vec::new();
        if let Some(feishu) = feishu {
            let of = feishu.clone();
            work.push(task(move |stop| {
                let feishu = of.clone();
                unless_stopped(async move { feishu.fill_panel(&entries(|_| true)).await }, stop)
            }));
            match config.feishu.transport {
                FeishuTransport::Webhook => extra.push(feishu::routes(feishu, receiver.clone())),
                FeishuTransport::Websocket => {
                    let receiver = receiver.clone();
                    work.push(task(move |stop| feishu::listen(feishu.clone(), receiver.clone(), stop)));
                }
            }
        }
        if let Some(dingtalk) = dingtalk {
            let of = dingtalk.clone();
            work.push(task(move |stop| {
                let dingtalk = of.clone();
                let shortcuts = entries(|object| features::SHORTCUTS.contains(&object.name));
                let put = async move {
                    sleep(SETTLED).await;
                    dingtalk.put_shortcuts(&shortcuts).await;
                };
                unless_stopped(put, stop)
            }));
            match config.dingtalk.transport {
                DingTalkTransport::Webhook => extra.push(dingtalk::routes(dingtalk, receiver.clone())),
                DingTalkTransport::Stream => {
                    let receiver = receiver.clone();
                    work.push(task(move |stop| dingtalk::listen(dingtalk.clone(), receiver.clone(), stop)));
                }
            }
        }
        let routes = web::router(App {
            engine: engine.clone(),
            platforms,
            playground: playground.clone(),
            metrics,
            admin_token: config.server.admin_token.as_ref().map(|token| token.reveal().to_owned()),
            zone: config.time.zone.clone(),
            extra,
        });
        let listen = config.server.listen;
        let listener = TcpListener::bind(listen)
            .await
            .with_context(|| format!("server.listen: {listen} cannot be listened on"))?;
        let address = listener.local_addr()?;
        // Before anything of ours is written that an older version does not understand.
        if let Some(shared) = store.shared() {
            shared.serve().await.context("telling those of an older version that this one serves")?;
        }

        let of = engine.clone();
        work.push(task(move |stop| of.clone().run(stop)));
        let of = engine.clone();
        work.push(task(move |stop| of.clone().sweep(stop)));
        let of = engine.clone();
        work.push(task(move |stop| of.clone().follow(stop)));
        let of = engine.clone();
        work.push(task(move |stop| of.clone().keep_edited(stop)));
        work.push(task(move |stop| outbox.clone().run(stop)));
        let serving = |work| tokio::spawn(aside::while_serving(store.clone(), work, stop.subscribe()));
        let tasks = work.into_iter().map(serving).collect();
        let mut stopping = stop.subscribe();
        let server = tokio::spawn(web::serve(listener, routes, async move {
            // A sender that is gone means the same.
            let _ = stopping.wait_for(|stop| *stop).await;
        }));
        info!("listening on http://{address}");
        Ok(Self { address, engine, playground, stop, tasks, server })
    }

    /// Stops: nothing new comes in, what is in hand is finished or lies safely in the store.
    pub async fn stop(self) -> anyhow::Result<()> {
        if let Some(playground) = &self.playground {
            playground.close();
        }
        self.stop.send_replace(true);
        self.server.await??;
        for task in self.tasks {
            task.await?;
        }
        press::all_kept(GRACE).await;
        if let Some(shared) = self.engine.store().shared()
            && let Err(error) = shared.leave().await
        {
            // It counts as gone a little later.
            tracing::warn!("the other processes could not be told: {error:#}");
        }
        Ok(())
    }
}

/// What the platforms list of what the bot understands.
fn entries(wanted: impl Fn(&Object) -> bool) -> Vec<Entry> {
    let wanted = features::OBJECTS.iter().filter(|object| wanted(object));
    wanted
        .map(|object| Entry { word: object.name, english: object.english, summary: object.summary })
        .collect()
}

/// Does it, unless it is time to stop.
async fn unless_stopped(doing: impl Future<Output = ()>, mut stop: watch::Receiver<bool>) {
    tokio::select! {
        () = doing => {}
        // A sender that is gone means the same.
        _ = stop.wait_for(|stop| *stop) => {}
    }
}

/// The schedules that are switched on.
fn jobs(config: &Config) -> anyhow::Result<Vec<(String, Schedule)>> {
    let mut jobs = Vec::new();
    for (name, expression) in config.jobs.all() {
        if let Some(expression) = expression {
            let schedule = Schedule::parse(expression).map_err(anyhow::Error::msg);
            jobs.push((name.to_owned(), schedule.with_context(|| format!("jobs.{name}"))?));
        }
    }
    Ok(jobs)
}

fn revealed(secret: &Option<Secret>) -> Option<String> {
    secret.as_ref().map(|secret| secret.reveal().to_owned())
}

fn of_webhook_rooms(config: &Config) -> Vec<one_way::Settings> {
    let rooms = config.webhook_room.iter();
    rooms
        .map(|room| one_way::Settings {
            name: room.name.clone(),
            robot: match room.is_feishu() {
                Some(true) => one_way::Robot::Feishu,
                Some(false) | None => one_way::Robot::DingTalk,
            },
            url: room.url.reveal().to_owned(),
            secret: revealed(&room.secret).unwrap_or_default(),
        })
        .collect()
}

/// What the Feishu adapter is told by the configuration.
pub fn of_feishu(config: &Config) -> feishu::Settings {
    let feishu = &config.feishu;
    let window = |time: std::time::Duration| jiff::SignedDuration::try_from(time).unwrap_or_default();
    feishu::Settings {
        app_id: feishu.app_id.clone(),
        app_secret: feishu.app_secret.reveal().to_owned(),
        encrypt_key: revealed(&feishu.encrypt_key),
        verification_token: revealed(&feishu.verification_token).unwrap_or_default(),
        base_url: feishu.base_url.clone(),
        window_back: window(feishu.timestamp_window),
        window_ahead: window(feishu.timestamp_window_ahead),
        pong_within: feishu.pong_within,
        answer_within: feishu.answer_within,
        urgent: match feishu.urgent {
            Loudness::Off => feishu::Urgent::Off,
            Loudness::App | Loudness::Sms => feishu::Urgent::App,
            Loudness::Phone => feishu::Urgent::Phone,
        },
        calendar: feishu.calendar,
    }
}

fn at_card_door(public_url: &str) -> String {
    format!("{}/dingtalk/card", public_url.trim_end_matches('/'))
}

/// What the DingTalk adapter is told by the configuration.
pub fn of_dingtalk(config: &Config) -> dingtalk::Settings {
    let dingtalk = &config.dingtalk;
    dingtalk::Settings {
        client_id: dingtalk.client_id.clone(),
        client_secret: dingtalk.client_secret.reveal().to_owned(),
        robot_code: dingtalk.robot_code.clone(),
        base_url: dingtalk.base_url.clone(),
        oapi_base_url: dingtalk.oapi_base_url.clone(),
        group_robots: dingtalk
            .group_robot
            .iter()
            .map(|robot| dingtalk::GroupRobot {
                conversation: robot.conversation.clone(),
                url: robot.url.reveal().to_owned(),
                secret: revealed(&robot.secret).unwrap_or_default(),
            })
            .collect(),
        event_token: revealed(&dingtalk.event_token),
        event_aes_key: revealed(&dingtalk.event_aes_key),
        session_host: dingtalk.session_host.clone(),
        window_back: dingtalk.timestamp_window,
        window_ahead: dingtalk.timestamp_window_ahead,
        corp_id: dingtalk.corp_id.clone(),
        monthly_calls: dingtalk.monthly_call_budget,
        ping_every: dingtalk.ping_every,
        ding: match dingtalk.ding {
            Loudness::Off => dingtalk::Ding::Off,
            Loudness::App => dingtalk::Ding::App,
            Loudness::Sms => dingtalk::Ding::Sms,
            Loudness::Phone => dingtalk::Ding::Phone,
        },
        calendar: dingtalk.calendar,
        card_template: dingtalk.card_template.clone(),
        card_callback: match dingtalk.transport {
            DingTalkTransport::Webhook => config.server.public_url.as_deref().map(at_card_door),
            DingTalkTransport::Stream => None,
        },
    }
}
