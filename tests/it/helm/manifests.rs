//! Templates of manifests: documents of all kinds and none, hooks, weights, separators, comments, broken YAML.

use super::draw::Draw;

/// The files of `templates/` of one chart.
pub fn case(draw: &mut Draw) -> Vec<(String, String)> {
    let names = [
        "a.yaml",
        "b.yaml",
        "deployment.yaml",
        "sub/a.yaml",
        "Z.yml",
        "c.txt",
        "_d.yaml",
        "10.yaml",
        "9.yaml",
        "NOTES.txt",
        "e.json",
        "f.tpl",
    ];
    let mut files = Vec::new();
    for name in names {
        if draw.once_in(3) {
            files.push((name.to_owned(), file(draw)));
        }
    }
    files
}

fn file(draw: &mut Draw) -> String {
    let mut text = String::new();
    if draw.once_in(4) {
        text.push_str(draw.of(&[
            "---\n",
            "\n---\n",
            "# licence\n",
            "--- # first\n",
            "\n\n",
            "---\n---\n",
            "{{- /* c */ -}}\n",
            "---\r\n",
        ]));
    }
    for at in 0..draw.below(4) {
        if at > 0 {
            text.push_str(draw.of(&[
                "---\n",
                "\n---\n",
                "---  \n",
                "--- # next\n",
                "---\n---\n",
                "--- \n\n",
                "\n\n---\n# between\n---\n",
                "---\r\n",
                "----\n",
                " ---\n",
            ]));
        }
        text.push_str(&document(draw));
    }
    if draw.once_in(5) {
        text.push_str(draw.of(&["---", "---\n", "\n\n\n", "...\n", "# end", " \t\n"]));
    }
    text
}

fn document(draw: &mut Draw) -> String {
    if draw.once_in(12) {
        return draw
            .of(&[
                "",
                "\n",
                "# only a comment\n",
                "text\n",
                "[1, 2]\n",
                "- a\n",
                "{}\n",
                "null\n",
                "a: [\n",
                "a: b: c\n",
                "\tx: 1\n",
                "kind: 1\n",
                "kind: [x]\n",
                "metadata: x\n",
                "metadata:\n  annotations: x\n",
                "metadata:\n  annotations:\n    a: 1\n",
            ])
            .to_owned();
    }
    let kind = draw.of(&[
        "ConfigMap",
        "Secret",
        "Service",
        "Deployment",
        "Namespace",
        "ClusterRole",
        "ClusterRoleBinding",
        "Role",
        "RoleBinding",
        "ServiceAccount",
        "CustomResourceDefinition",
        "Ingress",
        "IngressClass",
        "Job",
        "CronJob",
        "Pod",
        "PodDisruptionBudget",
        "NetworkPolicy",
        "Widget",
        "Gadget",
        "StatefulSet",
        "DaemonSet",
        "APIService",
        "HorizontalPodAutoscaler",
        "PersistentVolumeClaim",
        "StorageClass",
        "ResourceQuota",
        "List",
        "ConfigMapList",
        "ValidatingWebhookConfiguration",
        "MutatingWebhookConfiguration",
        "PriorityClass",
        "deployment",
        "SecretList",
        "ReplicaSet",
        "Endpoints",
    ]);
    let name = draw.of(&["a", "b", "rel-{{ .Chart.Name }}", "zz", "A", "a1"]);
    let mut text = String::new();
    if draw.once_in(8) {
        text.push_str(draw.of(&["# about\n", "\n", "\n\n# x\n\n"]));
    }
    if !draw.once_in(12) {
        text.push_str(draw.of(&[
            "apiVersion: v1\n",
            "apiVersion: apps/v1\n",
            "apiVersion: \"v1\"\n",
            "apiVersion: x/y/z\n",
        ]));
    }
    if !draw.once_in(15) {
        text.push_str(&format!("kind: {kind}\n"));
    }
    if !draw.once_in(15) {
        text.push_str(&format!("metadata:\n  name: {name}\n"));
        if draw.once_in(3) {
            text.push_str("  annotations:\n");
            if !draw.once_in(4) {
                let event = draw.of(&[
                    "pre-install",
                    "post-install,post-upgrade",
                    "test",
                    "test-success",
                    "pre-delete",
                    " pre-upgrade , post-upgrade ",
                    "crd-install",
                    "PRE-INSTALL",
                    "unknown",
                    "",
                    "pre-install,unknown",
                    "pre-rollback",
                    "test-failure",
                ]);
                text.push_str(&format!("    \"helm.sh/hook\": {event:?}\n"));
            }
            if draw.once_in(2) {
                let weight = draw.of(&[
                    "\"5\"",
                    "\"-1\"",
                    "\"0\"",
                    "\"x\"",
                    "\"\"",
                    "\"+3\"",
                    "\" 1\"",
                    "\"0x5\"",
                    "\"99999999999999999999\"",
                    "5",
                ]);
                text.push_str(&format!("    \"helm.sh/hook-weight\": {weight}\n"));
            }
            if draw.once_in(4) {
                let policy =
                    draw.of(&["hook-succeeded", "before-hook-creation,hook-failed", "never", "keep"]);
                text.push_str(&format!("    \"helm.sh/hook-delete-policy\": {policy}\n"));
            }
            if draw.once_in(4) {
                text.push_str("    \"helm.sh/resource-policy\": keep\n");
            }
            if draw.once_in(6) {
                text.push_str("    nothing: null\n");
            }
        }
    }
    if draw.once_in(3) {
        text.push_str(draw.of(&[
            "data:\n  k: |\n    ---\n    x\n",
            "data: {k: v}\n\n\n",
            "data:\n  k: |-\n    text\n\n    more\n\n",
            "spec: {}  \n",
            "items: []\n",
            "data:\n  k: \"{{ .Release.IsInstall }}{{ .Template.Name }}\"\n",
            "data:\n  k: v\n  k: w\n",
            "x: é\r\n",
            "data: ---\n",
            "t: {{ toJson .Release }} # {{ .Template.BasePath }}\n",
            "c: {{ toJson .Chart }}\n",
            "c: {{ toJson .Capabilities.KubeVersion }} {{ .Capabilities.HelmVersion.Version }}\n",
        ]));
    }
    text
}
