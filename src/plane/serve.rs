//! Connections: HTTP/1.1 on whatever a gate accepts, with bounds on how many there are and how long they may idle.

use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::listen::{Gate, Peer, Stream};

/// Connections of one gate that are open at once; further ones wait in the kernel's queue. Each gate counts its
/// own: who fills the network's cannot shut out the consoles on the socket.
const MOST_CONNECTIONS: usize = 256;
/// How long the head of a request from the network may take, which is also how long a connection may idle. Longer
/// than the 30 s after which a console refreshes, so that it keeps its connection.
const HEAD_WITHIN: Duration = Duration::from_secs(40);
/// How long a connection from the network is kept, so that a client which does not read its answers cannot hold
/// its place for ever.
const LONGEST_LIFE: Duration = Duration::from_secs(15 * 60);
/// How long the request under way may take after that.
const FINISH_WITHIN: Duration = Duration::from_secs(60);
/// Most bytes that a connection buffers; the head of a request must fit.
const BUFFER: usize = 64 * 1024;

/// Serves what a gate accepts until `stop`, then lets requests finish. Dropping it cuts its connections.
pub async fn serve(mut gate: Gate, app: Router, stop: watch::Receiver<bool>) {
    let (mut connections, mut stopping) = (JoinSet::new(), stop.clone());
    loop {
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => break,
            Some(_) = connections.join_next() => {}
            (stream, peer) = gate.accept(), if connections.len() < MOST_CONNECTIONS => {
                connections.spawn(attend(stream, peer, app.clone(), stop.clone()));
            }
        }
    }
    drop(gate);
    while connections.join_next().await.is_some() {}
}

async fn attend(stream: Box<dyn Stream>, peer: Peer, app: Router, mut stop: watch::Receiver<bool>) {
    let app = TowerToHyperService::new(app);
    let service = service_fn(|request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        app.call(request)
    });
    let mut http = Builder::new();
    http.max_buf_size(BUFFER);
    // Only this user can reach the socket: there is nobody to keep out, and every timer would wake the machine.
    let life = match peer {
        Peer::Local => None,
        Peer::Remote(_) => {
            http.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
            Some(LONGEST_LIFE)
        }
    };
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = enough(&mut stop, life) => {
            connection.as_mut().graceful_shutdown();
            tokio::time::timeout(FINISH_WITHIN, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}

/// Waits until the plane stops or the connection has had its time.
async fn enough(stop: &mut watch::Receiver<bool>, life: Option<Duration>) {
    let told = async { drop(stop.wait_for(|stop| *stop).await) };
    match life {
        Some(life) => drop(tokio::time::timeout(life, told).await),
        None => told.await,
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
    use tokio::net::TcpStream;
    use tokio::time::{Instant, timeout};

    use super::*;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: plane\r\n\r\n";

    fn from_network() -> Peer {
        Peer::Remote("192.0.2.1:4711".parse().unwrap())
    }

    fn attended(peer: Peer) -> (DuplexStream, watch::Sender<bool>) {
        let (client, server) = tokio::io::duplex(1024);
        let (stop, stopping) = watch::channel(false);
        tokio::spawn(attend(Box::new(server), peer, Router::new(), stopping));
        (client, stop)
    }

    async fn until_closed(client: &mut DuplexStream) -> Duration {
        let start = Instant::now();
        timeout(LONGEST_LIFE * 4, client.read_to_end(&mut Vec::new())).await.expect("it is cut").unwrap();
        start.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_trickles_in_is_cut_off() {
        let (mut client, _stop) = attended(from_network());
        let trickle = async {
            client.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
            for _ in 0..3 {
                tokio::time::sleep(HEAD_WITHIN / 4).await;
                client.write_all(b"X-Slow: 1\r\n").await.unwrap();
            }
            until_closed(&mut client).await
        };
        assert_eq!(trickle.await, HEAD_WITHIN / 4);
    }

    #[tokio::test(start_paused = true)]
    async fn the_socket_keeps_a_connection_that_idles() {
        let (mut client, _stop) = attended(Peer::Local);
        let mut read = Vec::new();
        assert!(timeout(LONGEST_LIFE * 2, client.read_to_end(&mut read)).await.is_err());
        client.write_all(REQUEST).await.unwrap();
        assert!(client.read_u8().await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_read_loses_its_place_in_the_end() {
        let (mut client, _stop) = attended(from_network());
        let (start, mut flood) = (Instant::now(), Ok(()));
        while flood.is_ok() {
            flood = client.write_all(REQUEST).await;
        }
        assert_eq!(start.elapsed(), LONGEST_LIFE + FINISH_WITHIN);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_idles_does_not_hold_up_the_end() {
        let (mut client, stop) = attended(Peer::Local);
        client.write_all(REQUEST).await.unwrap();
        client.read_u8().await.unwrap();
        stop.send_replace(true);
        assert_eq!(until_closed(&mut client).await, Duration::ZERO);
    }

    async fn answered(client: &mut TcpStream) -> bool {
        let answer = timeout(Duration::from_secs(1), client.read_u8()).await;
        answer.is_ok_and(|byte| byte.is_ok())
    }

    #[tokio::test(start_paused = true)]
    async fn beyond_the_most_a_connection_waits_for_a_place() {
        let gate = Gate::tcp("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = gate.tcp_address().unwrap();
        let (_stop, stopping) = watch::channel(false);
        tokio::spawn(serve(gate, Router::new(), stopping));
        let mut silent = Vec::new();
        for _ in 0..MOST_CONNECTIONS {
            silent.push(TcpStream::connect(address).await.unwrap());
        }
        let mut late = TcpStream::connect(address).await.unwrap();
        late.write_all(REQUEST).await.unwrap();
        assert!(!answered(&mut late).await);
        silent.pop();
        assert!(answered(&mut late).await);
    }
}
