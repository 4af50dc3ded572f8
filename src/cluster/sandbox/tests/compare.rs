//! Plays a recorded conversation on the sandbox and, if there is one, on a real API server.
//!
//! `RELC_SCENARIO` names a file of JSON lines `[METHOD, PATH, CONTENT-TYPE, BODY]`; answers go to
//! `RELC_SCENARIO.sandbox` and, with `RELC_KUBECONFIG`, to `RELC_SCENARIO.real`, to be compared by other means.

use super::{client, send};

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a test may read and write files")]
#[ignore = "a tool, run by hand: see the module's text"]
async fn play() {
    let scenario = std::env::var_os("RELC_SCENARIO").map(std::path::PathBuf::from).unwrap();
    let steps: Vec<(String, String, String, serde_json::Value)> = std::fs::read_to_string(&scenario)
        .unwrap()
        .lines()
        .filter(|l| !l.trim().is_empty() && !l.starts_with('#'))
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let dir = tempfile::tempdir().unwrap();
    let mut targets = vec![("sandbox", client(dir.path()))];
    if let Some(path) = std::env::var_os("RELC_KUBECONFIG") {
        let kubeconfig = kube::config::Kubeconfig::read_from(path).unwrap();
        let config = kube::Config::from_custom_kubeconfig(kubeconfig, &Default::default()).await.unwrap();
        targets.push(("real", kube::Client::try_from(config).unwrap()));
    }
    for (name, client) in targets {
        let mut out = String::new();
        for (method, path, content_type, body) in &steps {
            if method == "SLEEP" {
                if name == "real" {
                    tokio::time::sleep(std::time::Duration::from_secs_f64(path.parse().unwrap())).await;
                }
                continue;
            }
            let text = match body {
                serde_json::Value::Null => String::new(),
                serde_json::Value::String(raw) => raw.clone(),
                other => other.to_string(),
            };
            let (code, answer) = send(&client, method, path, content_type, &text).await;
            out.push_str(&serde_json::json!([format!("{method} {path}"), code, answer]).to_string());
            out.push('\n');
        }
        std::fs::write(scenario.with_extension(name), out).unwrap();
    }
}
