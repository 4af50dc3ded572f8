//! What survives the end of a process.

use std::io::Write as _;
use std::time::Duration;

use super::*;
use crate::cluster::sandbox::OpenError;

/// Opens a directory again once the last user of it in this process is gone.
pub(super) async fn reopen(dir: &Path) -> kube::Client {
    for _ in 0..100 {
        // The buffer of a dropped client lives on in a task for a moment.
        tokio::time::sleep(Duration::from_millis(10)).await;
        if super::super::users(dir) == 0 {
            break;
        }
    }
    client(dir)
}

#[tokio::test]
async fn objects_are_there_again() {
    let dir = tempfile::tempdir().unwrap();
    let first = client(dir.path());
    send(&first, "POST", MAPS, JSON, &map("a", json!({"k": "v"})).to_string()).await;
    send(&first, "POST", DEPLOYMENTS, JSON, &deployment("d", "x").to_string()).await;
    send(&first, "DELETE", &format!("{MAPS}/kube-root-ca.crt"), JSON, "").await;
    let list = |client: kube::Client| async move { send(&client, "GET", MAPS, JSON, "").await };
    let before = list(first.clone()).await;
    drop(first);
    let second = reopen(dir.path()).await;
    assert_eq!(list(second.clone()).await, before);
    let (_, live) = send(&second, "GET", &format!("{DEPLOYMENTS}/d"), JSON, "").await;
    assert_eq!(live["status"]["readyReplicas"], 1);
    let (_, next) = send(&second, "POST", MAPS, JSON, &map("b", json!({})).to_string()).await;
    let version = |o: &Value| o["metadata"]["resourceVersion"].as_str().unwrap().parse::<u64>().unwrap();
    assert!(version(&next) > version(&before.1));
    assert_ne!(next["metadata"]["uid"], before.1["items"][0]["metadata"]["uid"]);
}

#[tokio::test]
async fn a_torn_last_line_is_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    let first = client(dir.path());
    send(&first, "POST", MAPS, JSON, &map("a", json!({})).to_string()).await;
    drop(first);
    let path = dir.path().join("objects.jsonl");
    let mut log = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    log.write_all(b"{\"version\": 99, \"ids\": 99, \"changes\": [{\"resource\": \"conf").unwrap();
    let second = reopen(dir.path()).await;
    assert_eq!(send(&second, "GET", &format!("{MAPS}/a"), JSON, "").await.0, 200);
    drop(second);
    // A whole line that is no transaction is another matter.
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        if super::super::users(dir.path()) == 0 {
            break;
        }
    }
    let mut log = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    log.write_all(b"nonsense\n").unwrap();
    assert!(matches!(Sandbox::open(dir.path()), Err(OpenError::Corrupt(_))));
}

#[tokio::test]
async fn one_process_at_a_time_but_many_clients_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (client(dir.path()), client(dir.path()));
    send(&one, "POST", MAPS, JSON, &map("a", json!({})).to_string()).await;
    assert_eq!(send(&two, "GET", &format!("{MAPS}/a"), JSON, "").await.0, 200);
    let other = std::fs::File::open(dir.path().join("lock")).unwrap();
    assert!(other.try_lock().is_err());
    let elsewhere = tempfile::tempdir().unwrap();
    let held = std::fs::File::create(elsewhere.path().join("lock")).unwrap();
    held.lock().unwrap();
    std::io::Write::write_all(&mut &held, b"4711").unwrap();
    assert_eq!(Sandbox::open(elsewhere.path()).unwrap_err(), OpenError::Locked(Some(4711)));
}

#[tokio::test]
async fn two_runs_make_the_same_ids() {
    async fn run() -> Vec<String> {
        let cluster = Fresh::new();
        cluster.post(DEPLOYMENTS, deployment("d", "x")).await;
        let (_, pods) = cluster.get("/api/v1/namespaces/default/pods").await;
        let (_, live) = cluster.get(&format!("{DEPLOYMENTS}/d")).await;
        vec![
            live["metadata"]["uid"].to_string(),
            live["metadata"]["resourceVersion"].to_string(),
            pods["items"][0]["metadata"]["name"].to_string(),
        ]
    }
    assert_eq!(run().await, run().await);
}
