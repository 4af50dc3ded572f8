//! Charts that look at the cluster, from source to cluster: `lookup` is answered at plan time.

use std::path::Path;
use std::process::Command;

use super::cases;
use super::fixture::Fixture;
use serde_json::Value;

cases! {
    what_is_looked_up_is_kept
    an_unserved_group_is_helms_error
}

const CHART: &str = "apiVersion: v2\nname: app\nversion: 1.0.0\n";

const SECRET: &str = r#"{{- $old := lookup "v1" "Secret" .Release.Namespace "app" }}
apiVersion: v1
kind: Secret
metadata:
  name: app
data:
  password: {{ if $old }}{{ $old.data.password }}{{ else }}{{ randAlphaNum 20 | b64enc }}{{ end }}
"#;

/// A namespaced object that is missing, a kind that is missing, a cluster-wide object, a list.
const FACTS: &str = r#"apiVersion: v1
kind: ConfigMap
metadata:
  name: facts
data:
  object: {{ lookup "v1" "ConfigMap" .Release.Namespace "none" | toJson | quote }}
  kind: {{ lookup "v1" "Nothing" "" "x" | toJson | quote }}
  default: {{ (lookup "v1" "Namespace" "" "default").metadata.name }}
  list: {{ (lookup "v1" "Namespace" "" "").kind }}
  some: {{ gt (len (lookup "v1" "Namespace" "" "").items) 0 | quote }}
  none: {{ len (lookup "v1" "Pod" .Release.Namespace "").items | quote }}
"#;

fn stack(on: &Fixture, templates: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("app/Chart.yaml", CHART);
    for (name, text) in templates {
        write(&format!("app/templates/{name}"), text);
    }
    let target = if on.real {
        format!("kubeconfig = {:?}", std::env::var("RELC_TEST_KUBECONFIG").unwrap())
    } else {
        "sandbox = true".to_owned()
    };
    let id = &on.id;
    write(
        "main.rel",
        &format!(
            "stack \"{id}\" {{}}\ncluster \"c\" {{ {target} }}\nnamespace \"n\" {{\n  cluster = cluster.c\n  name = \
             \"{id}\"\n}}\nrelease \"app\" {{\n  namespace = namespace.n\n  chart = \"./app\"\n}}\n"
        ),
    );
    dir
}

/// Exit code, standard output, standard error.
fn relc(dir: &Path, args: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_relc"))
        .args(args)
        .arg(dir)
        .env("NO_COLOR", "1")
        .env_remove("KUBECONFIG")
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

async fn what_is_looked_up_is_kept(on: Fixture) {
    let dir = stack(&on, &[("secret.yaml", SECRET), ("facts.yaml", FACTS)]);
    let plan = || {
        let (code, out, err) = relc(dir.path(), &["plan", "--detailed-exitcode", "--format", "json"]);
        assert!(code != 1, "{err}{out}");
        (code, serde_json::from_str::<Value>(&out).unwrap(), out)
    };
    let asked = |plan: &Value, kind: &str, name: &str| {
        let all = plan["lookups"].as_array().unwrap();
        all.iter().find(|l| l["kind"] == kind && l["name"] == name).cloned().unwrap()
    };
    let (code, first, _) = plan();
    assert_eq!(code, 2);
    let before = asked(&first, "Secret", "app");
    assert_eq!(
        (&before["found"], &before["namespace"]),
        (&0.into(), &Value::from(on.id.clone())),
        "{before}"
    );
    assert_eq!(asked(&first, "Namespace", "default")["found"], 1);
    let (code, _, err) = relc(dir.path(), &["apply", "--auto-approve"]);
    assert_eq!(code, 0, "{err}");

    let (code, second, text) = plan();
    assert_eq!(code, 0, "a second plan is not empty: {second:#}");
    let after = asked(&second, "Secret", "app");
    assert_eq!((after["found"].clone(), after["sha256"].as_str().unwrap().len()), (1.into(), 64), "{after}");
    // The fixture's sandbox is not the one beside the stack.
    if on.real {
        let stored = on.get("v1", "Secret", &on.id, "app").await.unwrap();
        let password = stored["data"]["password"].as_str().unwrap();
        assert!(!text.contains(password), "a password is in the plan");
        let facts = on.get("v1", "ConfigMap", &on.id, "facts").await.unwrap();
        let data = &facts["data"];
        for (key, wanted) in [
            ("object", "{}"),
            ("kind", "{}"),
            ("default", "default"),
            ("list", "NamespaceList"),
            ("some", "true"),
            ("none", "0"),
        ] {
            assert_eq!(data[key], wanted, "{key}");
        }
    }
    let (code, _, err) = relc(dir.path(), &["destroy", "--auto-approve"]);
    assert_eq!(code, 0, "{err}");
}

async fn an_unserved_group_is_helms_error(on: Fixture) {
    let text = "a: {{ lookup \"none.example.com/v1\" \"X\" \"\" \"x\" }}\n";
    let dir = stack(&on, &[("a.yaml", text)]);
    let (code, _, err) = relc(dir.path(), &["plan"]);
    assert_eq!(code, 1);
    let err: String = err.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
    let wanted = "error calling lookup: unable to get apiresource from unstructured: none.example.com/v1, Kind=X: the \
                  server could not find the requested resource";
    assert!(err.contains(wanted), "{err}");
    // Offline it is nothing, as in `helm template`.
    assert_eq!(relc(dir.path(), &["check"]).2.matches("lookup").count(), 0);
}
