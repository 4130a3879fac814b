//! The two programs to compare with; this binary starts itself as one of them.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use aes::cipher::{BlockModeDecrypt, KeyIvInit, block_padding::Pkcs7};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use jiuding::store::{Commit, Key, ProjectId, RowKey, Seen, Store, sled::SledStore};
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::fake_feishu::{ENCRYPT_KEY, signature};

/// What the *commit* program writes to.
struct Kept {
    store: SledStore,
    /// A project of its own for each delivery, so that no two wait for each other.
    next: AtomicU32,
}

/// Serves as `bare` or `commit`, and prints where, until it is killed.
pub async fn serve(role: &str, folder: &Path) -> anyhow::Result<()> {
    let metrics = PrometheusBuilder::new().install_recorder()?;
    let kept = match role {
        "commit" => Some(Arc::new(Kept {
            store: SledStore::open(folder, Timestamp::now())?,
            next: AtomicU32::new(1),
        })),
        _ => None,
    };
    let routes = Router::new()
        .route("/feishu/event", post(take))
        .with_state(kept)
        .route("/metrics", get(async move || metrics.render()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("jiuding: http://{}/", listener.local_addr()?);
    Ok(axum::serve(listener, routes).await?)
}

async fn take(
    State(kept): State<Option<Arc<Kept>>>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, &'static str) {
    let Some(delivery) = opened(&headers, &body) else { return (StatusCode::UNAUTHORIZED, "{}") };
    if let Some(kept) = kept
        && kept.write(&delivery).await.is_err()
    {
        return (StatusCode::INTERNAL_SERVER_ERROR, "{}");
    }
    (StatusCode::OK, "{}")
}

fn opened(headers: &HeaderMap, body: &[u8]) -> Option<Value> {
    let header = |name| headers.get(name)?.to_str().ok();
    let (timestamp, nonce) = (header("x-lark-request-timestamp")?, header("x-lark-request-nonce")?);
    if header("x-lark-signature")? != signature(timestamp, nonce, ENCRYPT_KEY, body) {
        return None;
    }
    let sealed: Value = serde_json::from_slice(body).ok()?;
    let mut sealed = STANDARD.decode(sealed["encrypt"].as_str()?).ok()?;
    let mut text = sealed.split_off(16);
    let key = Sha256::digest(ENCRYPT_KEY);
    let cipher = cbc::Decryptor::<aes::Aes256>::new_from_slices(&key, &sealed).ok()?;
    serde_json::from_slice(cipher.decrypt_padded::<Pkcs7>(&mut text).ok()?).ok()
}

impl Kept {
    /// Four rows: a version, a value of one kilobyte, a mark, and the mark's end.
    async fn write(&self, delivery: &Value) -> anyhow::Result<()> {
        let project = ProjectId(self.next.fetch_add(1, Ordering::Relaxed));
        let row = RowKey { project, key: Key { letter: 'R', number: 1 } };
        let seen = Seen {
            key: delivery["event"]["message"]["message_id"].as_str().unwrap_or_default().to_owned(),
            until: Timestamp::now() + SignedDuration::from_hours(48),
        };
        let value = serde_json::to_vec(&delivery["event"])?;
        let commit = Commit {
            seen: vec![seen],
            guards: vec![(project, 0)],
            rows: vec![(row, Some(value))],
            ..Commit::default()
        };
        self.store.commit(commit).await?;
        Ok(())
    }
}
