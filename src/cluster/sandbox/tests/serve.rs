//! Puts a sandbox on a loopback port, so that kubectl and helm can be tried on it by hand.
//!
//! `RELC_SANDBOX` names the directory, `RELC_PORT` the port; it serves until it is killed. Just enough HTTP/1.1 for
//! those two: one request after the other on a connection, bodies by length or in chunks.

use std::io::{BufRead, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};

use futures_util::StreamExt as _;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::*;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a tool, run by hand: see the module's text"]
async fn serve() {
    let dir = std::env::var_os("RELC_SANDBOX").map(std::path::PathBuf::from).unwrap();
    let port: u16 = std::env::var_os("RELC_PORT").unwrap().to_str().unwrap().parse().unwrap();
    let sandbox = Sandbox::open(&dir).unwrap();
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let runtime = tokio::runtime::Handle::current();
    let threads = tokio::task::spawn_blocking(move || {
        for stream in listener.incoming() {
            let (stream, sandbox, runtime) = (stream.unwrap(), sandbox.clone(), runtime.clone());
            std::thread::spawn(move || connection(&stream, &sandbox, &runtime));
        }
    });
    threads.await.unwrap();
}

fn connection(stream: &TcpStream, sandbox: &Sandbox, runtime: &tokio::runtime::Handle) -> Option<()> {
    let mut read = BufReader::new(stream);
    let mut write = stream;
    loop {
        let request = request(&mut read)?;
        let response = runtime.block_on(sandbox.clone().oneshot(request)).ok()?;
        let mut head = format!("HTTP/1.1 {}\r\ntransfer-encoding: chunked\r\n", response.status());
        for (name, value) in response.headers() {
            head.push_str(&format!("{name}: {}\r\n", value.to_str().ok()?));
        }
        write.write_all(format!("{head}\r\n").as_bytes()).ok()?;
        let mut frames = response.into_body().into_data_stream();
        while let Some(Ok(bytes)) = runtime.block_on(frames.next()) {
            let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
            chunk.extend_from_slice(&bytes);
            chunk.extend_from_slice(b"\r\n");
            write.write_all(&chunk).ok()?;
        }
        write.write_all(b"0\r\n\r\n").ok()?;
    }
}

fn line(read: &mut impl BufRead) -> Option<String> {
    let mut out = String::new();
    (read.read_line(&mut out).ok()? > 0).then(|| out.trim_end().to_owned())
}

fn request(read: &mut impl BufRead) -> Option<Request<Body>> {
    let first = line(read)?;
    let mut words = first.split(' ');
    let mut builder = Request::builder().method(words.next()?).uri(words.next()?);
    let (mut length, mut chunked) = (0usize, false);
    loop {
        let header = line(read)?;
        let Some((name, value)) = header.split_once(':') else { break };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().ok()?,
            "transfer-encoding" => chunked = value == "chunked",
            _ => {}
        }
        builder = builder.header(name, value);
    }
    let mut body = vec![0; length];
    read.read_exact(&mut body).ok()?;
    while chunked {
        let size = usize::from_str_radix(line(read)?.trim(), 16).ok()?;
        let mut chunk = vec![0; size];
        read.read_exact(&mut chunk).ok()?;
        line(read)?;
        body.extend(chunk);
        chunked = size > 0;
    }
    builder.body(Body::from(body)).ok()
}
