use super::{Origin, Places, Subject, customs, objects};
use crate::diag::Severity;
use crate::gotmpl::yaml::{Root, decode};
use crate::kubernetes::Version;
use crate::source::SourceMap;
use serde_json::Value;

/// Findings of documents, as `severity code path: message | help`, in their order.
fn found_in(version: &str, documents: &[&str]) -> Vec<String> {
    let values: Vec<Value> = documents.iter().map(|d| decode(d.as_bytes(), Root::Any).unwrap()).collect();
    let subjects: Vec<Subject<'_>> = values
        .iter()
        .zip(documents)
        .map(|(value, text)| Subject { value, origin: Origin::Document { path: "c/templates/x.yaml", text } })
        .collect();
    objects(Version::parse(version).unwrap(), &subjects, &customs(&values))
        .into_iter()
        .map(|f| {
            let severity = match f.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "note",
            };
            let help = f.help.map_or(String::new(), |help| format!(" | {help}"));
            format!("{severity} {} {}: {}{help}", f.code, f.path, f.message)
        })
        .collect()
}

fn found(document: &str) -> Vec<String> {
    found_in("1.34", &[document])
}

/// A Deployment that an API server takes, with a line replaced.
fn deployment(from: &str, to: &str) -> String {
    let whole = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: web
          image: example.com/web:1
          imagePullPolicy: Always
          ports: [{name: http, containerPort: 8080}]
          volumeMounts: [{name: data, mountPath: /data}]
          resources: {limits: {cpu: 500m}, requests: {cpu: 100m}}
          livenessProbe: {httpGet: {path: /, port: http}}
      volumes: [{name: data, emptyDir: {}}]
";
    assert!(whole.contains(from), "{from}");
    whole.replacen(from, to, 1)
}

#[test]
fn what_an_api_server_takes_is_clean() {
    assert_eq!(found(&deployment("web", "web")), [] as [String; 0]);
}

#[test]
fn each_mistake_has_its_code() {
    for (from, to, wanted) in [
        (
            "image: example",
            "imagee: example",
            "error E0560 spec.template.spec.containers[0].imagee: there is no field `imagee` | did you mean `image`?",
        ),
        (
            "name: data, emptyDir",
            "name: data, emptydir",
            "error E0560 spec.template.spec.volumes[0].emptydir: there is no field `emptydir` | did you mean `emptyDir`?",
        ),
        ("  replicas: 2", "  containers: []", "error E0560 spec.containers: there is no field `containers`"),
        (
            "replicas: 2",
            "replicas: \"2\"",
            "error E0561 spec.replicas: expected an integer, found the text `2` | give it without quotes, or convert it \
             in the template (`| int`)",
        ),
        (
            "replicas: 2",
            "replicas: 3000000000",
            "error E0561 spec.replicas: `3000000000` does not fit into 32 bits",
        ),
        (
            "replicas: 2",
            "replicas: 1.5",
            "error E0561 spec.replicas: expected an integer, found the number `1.5`",
        ),
        (
            "requests: {cpu: 100m}",
            "requests: {cpu: 100z}",
            "error E0561 spec.template.spec.containers[0].resources.requests[cpu]: expected a quantity such as `500m` or \
             `2Gi`, found the text `100z`",
        ),
        (
            "name: web\n          image: example.com/web:1",
            "name: web",
            "error E0562 spec.template.spec.containers[0].image: a container needs an image",
        ),
        (
            "imagePullPolicy: Always",
            "imagePullPolicy: Alway",
            "error E0563 spec.template.spec.containers[0].imagePullPolicy: `Alway` is none of `Always`, `IfNotPresent`, \
             `Never` | did you mean `Always`?",
        ),
        (
            "labels: {app: web}\n    spec",
            "labels: {app: wbe}\n    spec",
            "error E0564 spec.template.metadata.labels: the labels do not match `spec.selector.matchLabels`",
        ),
        (
            "name: data, mountPath",
            "name: date, mountPath",
            "error E0564 spec.template.spec.containers[0].volumeMounts[0].name: there is no volume `date` | did you mean \
             `data`?",
        ),
        (
            "requests: {cpu: 100m}",
            "requests: {cpu: 1}",
            "error E0564 spec.template.spec.containers[0].resources.requests[cpu]: `1` is more than the limit of `500m`",
        ),
        (
            "containerPort: 8080",
            "containerPort: 80800",
            "error E0564 spec.template.spec.containers[0].ports[0].containerPort: `80800` has to be between 1 and 65535",
        ),
        (
            "{httpGet: {path: /, port: http}}",
            "{httpGet: {path: /, port: http}, exec: {command: [\"true\"]}}",
            "error E0565 spec.template.spec.containers[0].livenessProbe.httpGet: it must not be given beside `exec`",
        ),
        (
            "[{name: http, containerPort: 8080}]",
            "[{name: http, containerPort: 8080}, {name: http, containerPort: 9090}]",
            "error E0566 spec.template.spec.containers[0].ports[1].name: `http` is there twice",
        ),
    ] {
        assert_eq!(found(&deployment(from, to)), [wanted], "{from} -> {to}");
    }
}

#[test]
fn server_side_apply_refuses_more_than_a_create_does() {
    let twice = deployment("imagePullPolicy: Always", "env: [{name: A, value: a}, {name: A, value: b}]");
    assert_eq!(
        found(&twice),
        [
            "warning E0566 spec.template.spec.containers[0].env[1]: `name A` is there twice: server-side apply tells items \
          apart by it"
        ]
    );
}

#[test]
fn kinds_and_versions() {
    let object = |api: &str, kind: &str| format!("apiVersion: {api}\nkind: {kind}\nmetadata: {{name: x}}\n");
    let of = |version: &str, api: &str, kind: &str| found_in(version, &[&object(api, kind)]);
    assert_eq!(
        of("1.34", "apps/v1", "Deploymnet"),
        [
            "error E0570 kind: Kubernetes 1.34 knows no `Deploymnet` in `apps/v1` | write `apiVersion: apps/v1` with `kind: Deployment`"
        ]
    );
    assert_eq!(
        of("1.34", "v1", "Deployment"),
        [
            "error E0570 kind: Kubernetes 1.34 knows no `Deployment` in `v1` | write `apiVersion: apps/v1` with `kind: Deployment`"
        ]
    );
    assert_eq!(
        of("1.34", "example.com/v1", "Widget"),
        ["note E0571 kind: no CRD for `Widget` of `example.com/v1` is known: its fields are not checked"]
    );
    assert_eq!(
        of("1.34", "policy/v1beta1", "PodDisruptionBudget"),
        [
            "error E0572 apiVersion: `PodDisruptionBudget` of `policy/v1beta1` is not served since 1.25, and the cluster is \
          1.34 | write `apiVersion: policy/v1` with `kind: PodDisruptionBudget`"
        ]
    );
    let flow = "apiVersion: flowcontrol.apiserver.k8s.io/v1beta3\nkind: FlowSchema\nmetadata: {name: x}\nspec: \
                {priorityLevelConfiguration: {name: a}}\n";
    assert_eq!(
        found_in("1.31", &[flow]),
        [
            "warning E0573 apiVersion: `FlowSchema` of `flowcontrol.apiserver.k8s.io/v1beta3` is deprecated since 1.29; 1.32 \
          serves it no longer | write `apiVersion: flowcontrol.apiserver.k8s.io/v1` with `kind: FlowSchema`"
        ]
    );
    assert!(found_in("1.32", &[flow])[0].starts_with("error E0572"));
    assert_eq!(of("1.34", "resource.k8s.io/v1beta2", "DeviceTaintRule").len(), 1, "of a later release");
    assert_eq!(
        of("1.33", "certificates.k8s.io/v1beta1", "ClusterTrustBundle"),
        [
            "warning E0574 apiVersion: `certificates.k8s.io/v1beta1` is served only by clusters that turned it on"
        ]
    );
}

#[test]
fn an_object_is_rendered_once() {
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n";
    let other = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: other}\n";
    assert_eq!(found_in("1.34", &[map, other]), [] as [String; 0]);
    let hook = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, annotations: {helm.sh/hook: test}}\n";
    assert_eq!(found_in("1.34", &[map, hook, hook]), [] as [String; 0]);
    assert_eq!(
        found_in("1.34", &[map, other, map]),
        [
            "warning E0575 metadata.name: there is a `ConfigMap` of the name `x` already | the later one would overwrite the \
          earlier one: rename or remove one of them"
        ]
    );
}

const CRD: &str = "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, kind: Widget}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              required: [size]
              properties:
                size: {type: integer, minimum: 1}
                color: {type: string, enum: [red, green]}
                port: {x-kubernetes-int-or-string: true}
                host: {type: string, pattern: '^[a-z]+$'}
                free: {type: object, x-kubernetes-preserve-unknown-fields: true}
                tags: {type: array, items: {type: string}, x-kubernetes-list-type: set}
";

#[test]
fn objects_of_crds() {
    let widget = |spec: &str| {
        let text = format!("apiVersion: example.com/v1\nkind: Widget\nmetadata: {{name: x}}\nspec: {spec}\n");
        found_in("1.34", &[CRD, &text])
    };
    assert_eq!(
        widget("{size: 1, color: red, port: http, host: a, free: {any: [1]}, tags: [a, b]}"),
        [] as [String; 0]
    );
    for (spec, wanted) in [
        (
            "{size: 1, colour: red}",
            "error E0560 spec.colour: there is no field `colour` | did you mean `color`?",
        ),
        ("{size: big}", "error E0561 spec.size: expected an integer, found the text `big`"),
        ("{}", "error E0562 spec.size: has to be given"),
        ("{size: 1, color: blue}", "error E0563 spec.color: `blue` is none of `red`, `green`"),
        ("{size: 0}", "error E0564 spec.size: `0` has to be at least 1"),
        ("{size: 1, host: A}", "error E0564 spec.host: `A` does not match `^[a-z]+$`"),
        (
            "{size: 1, port: 1.5}",
            "error E0561 spec.port: expected an integer or a text, found the number `1.5`",
        ),
        ("{size: 1, tags: [a, a]}", "error E0566 spec.tags[1]: an item like this is there already"),
        (
            "{size: 1, host: null}",
            "warning E0561 spec.host: it must not be null: server-side apply refuses it",
        ),
    ] {
        assert_eq!(widget(spec), [wanted], "{spec}");
    }
}

/// Rules of single kinds, each with an object that is taken and one that is not.
#[test]
fn rules_of_kinds() {
    let object = |api: &str, kind: &str, rest: &str| {
        found(&format!("apiVersion: {api}\nkind: {kind}\nmetadata: {{name: x}}\n{rest}\n"))
    };
    for (api, kind, good, bad, code) in [
        (
            "v1",
            "Service",
            "spec: {ports: [{port: 80}]}",
            "spec: {ports: [{port: 80, name: a}, {port: 81}]}",
            "E0562",
        ),
        ("v1", "Service", "spec: {clusterIP: None}", "spec: {}", "E0562"),
        ("v1", "Secret", "data: {a: YQ==}", "data: {a: plain}", "E0561"),
        ("v1", "Secret", "type: Opaque", "type: kubernetes.io/ssh-auth", "E0562"),
        ("v1", "ConfigMap", "data: {a.b: x}", "data: {a/b: x}", "E0564"),
        (
            "v1",
            "PersistentVolumeClaim",
            "spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}",
            "spec: {accessModes: [ReadWriteOnce]}",
            "E0562",
        ),
        (
            "networking.k8s.io/v1",
            "Ingress",
            "spec: {defaultBackend: {service: {name: a, port: {number: 80}}}}",
            "spec: {defaultBackend: {service: {name: a}}}",
            "E0562",
        ),
        (
            "networking.k8s.io/v1",
            "NetworkPolicy",
            "spec: {ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]}]}",
            "spec: {ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.1.0.0/16]}}]}]}",
            "E0564",
        ),
        (
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            "spec: {maxReplicas: 3, scaleTargetRef: {kind: Deployment, name: a}}",
            "spec: {maxReplicas: 3, minReplicas: 5, scaleTargetRef: {kind: Deployment, name: a}}",
            "E0564",
        ),
        (
            "policy/v1",
            "PodDisruptionBudget",
            "spec: {minAvailable: 50%}",
            "spec: {minAvailable: half}",
            "E0564",
        ),
        (
            "rbac.authorization.k8s.io/v1",
            "Role",
            "rules: [{verbs: [get], apiGroups: [\"\"], resources: [pods]}]",
            "rules: [{verbs: [get], resources: [pods]}]",
            "E0562",
        ),
        (
            "rbac.authorization.k8s.io/v1",
            "RoleBinding",
            "roleRef: {kind: Role, name: a, apiGroup: rbac.authorization.k8s.io}",
            "roleRef: {kind: Roll, name: a, apiGroup: rbac.authorization.k8s.io}",
            "E0563",
        ),
        (
            "batch/v1",
            "Job",
            "spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}",
            "spec: {template: {spec: {containers: [{name: a, image: b}]}}}",
            "E0562",
        ),
        (
            "batch/v1",
            "CronJob",
            "spec: {schedule: '*/5 0 * jan mon-fri', jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}}}",
            "spec: {schedule: '61 * * * *', jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}}}",
            "E0564",
        ),
    ] {
        assert_eq!(object(api, kind, good), [] as [String; 0], "{kind}: {good}");
        let found = object(api, kind, bad);
        assert!(found.len() == 1 && found[0].contains(code), "{kind}: {bad}: {found:?}");
    }
}

#[test]
fn a_finding_points_at_the_key_and_never_into_a_secret() {
    let text = deployment("image: example", "imagee: example");
    let value: Value = decode(text.as_bytes(), Root::Any).unwrap();
    let subject =
        Subject { value: &value, origin: Origin::Document { path: "c/templates/web.yaml", text: &text } };
    let finding = objects(Version::DEFAULT, &[subject], &customs([])).remove(0);
    let (mut places, mut sources) = (Places::default(), SourceMap::default());
    let diag = finding.into_diag(&subject, &mut places, &mut sources);
    assert_eq!(
        diag.message,
        "`Deployment/web`, `spec.template.spec.containers[0].imagee`: there is no field `imagee`"
    );
    let span = diag.labels[0].span;
    assert_eq!(sources.slice(span), "imagee");
    assert_eq!(sources.path(span.file).display().to_string(), "c/templates/web.yaml (rendered)");
    assert_eq!(sources.line_col(span.file, span.start).0, 15);

    let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: 271828}\n";
    let value: Value = decode(text.as_bytes(), Root::Any).unwrap();
    let subject = Subject { value: &value, origin: Origin::Document { path: "c/templates/s.yaml", text } };
    let finding = objects(Version::DEFAULT, &[subject], &customs([])).remove(0);
    let diag = finding.into_diag(&subject, &mut places, &mut sources);
    assert!(!format!("{diag:?}").contains("271828") && diag.labels.is_empty(), "{diag:?}");
}

#[test]
fn nothing_that_can_be_rendered_makes_it_panic() {
    for text in [
        "apiVersion: 1\nkind: []\nmetadata: x\n",
        "apiVersion: v1\nkind: Pod\nmetadata: null\nspec: null\n",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: [x]}\nspec: []\n",
        "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {ports: {a: b}}\n",
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x}\nspec: {versions: [null, 1, {schema: {openAPIV3Schema: []}}]}\n",
        "[]",
        "null",
    ] {
        found(text);
    }
}
