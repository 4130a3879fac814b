//! The load: 64 connections that each send the next request when the last one was answered.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::requests::Requests;

const CONNECTIONS: usize = 64;

/// What a run showed.
pub struct Measured {
    /// Requests a second.
    pub rate: f64,
    /// Milliseconds from sending to the answer.
    pub p50: f64,
    pub p99: f64,
}

/// Sends every request once; each must be answered 200.
pub async fn run(address: SocketAddr, requests: Requests) -> anyhow::Result<Measured> {
    let count = requests.len();
    // One thread, so that the load takes no more of the cores than it must.
    let load = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(all(address, requests))
    };
    let (took, mut waits) = tokio::task::spawn_blocking(load).await??;
    waits.sort_unstable();
    let at = |part: f64| waits[((count - 1) as f64 * part) as usize].as_secs_f64() * 1e3;
    Ok(Measured { rate: count as f64 / took.as_secs_f64(), p50: at(0.5), p99: at(0.99) })
}

async fn all(address: SocketAddr, requests: Requests) -> anyhow::Result<(Duration, Vec<Duration>)> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut streams = Vec::new();
    for _ in 0..CONNECTIONS {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        streams.push(stream);
    }
    let started = Instant::now();
    let connections: Vec<_> =
        streams.into_iter().map(|stream| tokio::spawn(one(stream, requests.clone(), next.clone()))).collect();
    let mut waits = Vec::with_capacity(requests.len());
    for connection in connections {
        waits.extend(connection.await??);
    }
    Ok((started.elapsed(), waits))
}

async fn one(
    mut stream: TcpStream,
    requests: Requests,
    next: Arc<AtomicUsize>,
) -> anyhow::Result<Vec<Duration>> {
    let (mut waits, mut answer) = (Vec::new(), Vec::new());
    while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
        let sent = Instant::now();
        stream.write_all(request).await?;
        answer.clear();
        while !is_whole(&answer)? {
            ensure!(stream.read_buf(&mut answer).await? > 0, "the server closed a connection");
        }
        waits.push(sent.elapsed());
        ensure!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    }
    Ok(waits)
}

/// Whether an answer has arrived entirely.
fn is_whole(answer: &[u8]) -> anyhow::Result<bool> {
    let Some(head) = answer.windows(4).position(|end| end == b"\r\n\r\n") else { return Ok(false) };
    let text = std::str::from_utf8(&answer[..head])?;
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().ok())?
    });
    Ok(answer.len() >= head + 4 + length.context("an answer without a length")?)
}
