use crate::chart;
use crate::contract::Contract;
use crate::contract::keys::{Keys, Source};
use crate::contract::sink::Sink;
use crate::source::MemoryWorld;
use std::path::Path;

/// The keys that templates look at, each with where its whole value goes: `a.b`, `c>resources`, `d[*].e>*`.
fn keys(files: &[(&str, &str)]) -> String {
    let world =
        MemoryWorld::default().with_file("/c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n");
    let world = files.iter().fold(world, |world, (name, text)| world.with_file(format!("/c/{name}"), *text));
    let chart = chart::load(&world, Path::new("/c")).unwrap();
    let contract = Contract::of(&chart);
    assert!(contract.complete);
    let keys = &contract.keys;
    let looked_at =
        keys.ids().filter(|&id| id == Keys::ROOT || keys.get(id).sources.contains(&Source::Template));
    let mut all: Vec<String> = looked_at
        .filter(|&id| id != Keys::ROOT || !keys.get(id).sinks.is_empty())
        .map(|id| {
            let sinks = keys.get(id).sinks.iter().map(|sink| match sink {
                Sink::Field(name) => format!(">{name}"),
                Sink::Anywhere => ">*".to_owned(),
            });
            keys.path(id) + &sinks.collect::<String>()
        })
        .collect();
    all.sort();
    all.join(" ")
}

fn of(template: &str) -> String {
    keys(&[("templates/a.yaml", template)])
}

#[test]
fn every_branch_is_followed() {
    assert_eq!(
        of("{{ if .Values.a }}{{ .Values.b.c }}{{ else if $.Values.d }}x{{ else }}{{ .Values.e }}{{ end }}"),
        "a b b.c d e"
    );
    assert_eq!(of("{{ with .Values.a }}{{ .b }}{{ else with .Values.c }}{{ .d }}{{ end }}"), "a a.b c c.d");
    assert_eq!(
        of("{{ $x := .Values.a }}{{ if .Values.b }}{{ $x = .Values.c }}{{ end }}{{ $x.d }}"),
        "a a.d b c c.d"
    );
    assert_eq!(of("{{ range .Values.a }}{{ .b }}{{ else }}{{ .Values.c }}{{ end }}"), "a a[*] a[*].b c");
    assert_eq!(of("{{ range $k, $v := .Values.a }}{{ $v.b }}{{ $.Values.c }}{{ end }}"), "a a[*] a[*].b c");
}

#[test]
fn names_are_known_through_functions() {
    assert_eq!(
        of(r#"{{ index .Values "a" "b" }}{{ get .Values.c "d" }}{{ dig "e" "f" "" .Values.g }}"#),
        "a a.b c c.d g g.e g.e.f"
    );
    assert_eq!(of(r#"{{ range list "a" "b" }}{{ (index $.Values .).c }}{{ end }}"#), "a a.c b b.c");
    assert_eq!(of(r#"{{ (index .Values .Release.Name).c }}"#), "[*] [*].c");
    assert_eq!(
        of(
            r#"{{ (default .Values.a .Values.b).c }}{{ ((.Values.d | default dict).e | default .Values.f).g }}"#
        ),
        "a a.c b b.c d d.e d.e.g f f.g"
    );
    assert_eq!(of(r#"{{ if hasKey .Values "old" }}{{ fail "gone" }}{{ end }}"#), "old");
    assert_eq!(of(r#"{{ (first (pluck "a" .Values.b .Values.c)).d }}"#), "b b.a b.a.d c c.a c.a.d");
    assert_eq!(of(r#"{{ range $k, $v := dict "a" 1 "b" 2 }}{{ get $.Values $k }}{{ end }}"#), "a b");
    assert_eq!(of(r#"{{ $n := printf "%s-%s" "a" "b" }}{{ (get .Values $n).c }}"#), "a-b a-b.c");
}

#[test]
fn a_path_is_stepped_down() {
    let step = r#"{{ $at := .Values }}{{ range splitList "." "a.b.c" }}{{ if not $at }}{{ fail . }}{{ end }}{{ $at = index $at . }}{{ end }}{{ $at }}"#;
    assert_eq!(of(step), "a a.b a.b.c");
    assert_eq!(
        of(r#"{{ $at := .Values }}{{ range .Values.l }}{{ $at = index $at . }}{{ end }}"#),
        "[*] [*][*] [*][*][*] l l[*]"
    );
}

#[test]
fn named_templates_see_their_context() {
    let helpers = (
        "templates/_h.tpl",
        r#"{{ define "one" }}{{ .value.a }}{{ .top.Values.b }}{{ end }}{{ define "name" }}  key  {{ end }}"#,
    );
    let of = |text| keys(&[helpers, ("templates/a.yaml", text)]);
    assert_eq!(of(r#"{{ include "one" (dict "value" .Values.x "top" $) }}"#), "b x x.a");
    assert_eq!(of(r#"{{ template "one" dict "value" (dict "a" .Values.y) "top" . }}"#), "b y");
    assert_eq!(of(r#"{{ (index .Values (include "name" .)).z }}"#), "key key.z");
    assert_eq!(
        of(r#"{{ include (printf "%s" .Release.Name) (dict "value" .Values.x "top" $) }}"#),
        "b x x.a"
    );
    // Unused ones look at nothing.
    assert_eq!(of("{{ .Values.a }}"), "a");
}

#[test]
fn maps_that_templates_make_remember() {
    assert_eq!(of(r#"{{ $d := dict }}{{ $_ := set $d "a" .Values.x }}{{ $d.a.b }}"#), "x x.b");
    assert_eq!(of(r#"{{ $_ := set .Values "a" .Values.x }}{{ .Values.a.b }}"#), "a a.b x x.b");
    assert_eq!(of(r#"{{ $m := merge (dict) .Values.a .Values.b }}{{ $m.c }}"#), "a a.c b b.c");
    assert_eq!(
        of(r#"{{ $m := mergeOverwrite (deepCopy .Values.a) .Values.b }}{{ toYaml $m.c }}"#),
        "a a.c>* b b.c>*"
    );
    assert_eq!(of(r#"{{ $x := toYaml .Values.a | fromYaml }}{{ $x.b }}"#), "a a.b");
    assert_eq!(
        of(
            r#"{{ range $v := .Values.l }}{{ $d := dict }}{{ range $v.m }}{{ $_ := set $d .n .o }}{{ end }}{{ end }}"#
        ),
        "l l[*] l[*].m l[*].m[*] l[*].m[*].n l[*].m[*].o"
    );
}

#[test]
fn whole_values_are_followed_to_their_field() {
    assert_eq!(of("a:\n  resources:\n    {{- toYaml .Values.r | nindent 4 }}\n"), "r>resources");
    assert_eq!(of("a:\n  resources: {{ toYaml .Values.r | nindent 4 }}\n"), "r>resources");
    assert_eq!(of("a:\n  resources:\n{{ toYaml .Values.r | indent 4 }}\n"), "r>resources");
    assert_eq!(
        of("env:\n  {{- toYaml .Values.a | nindent 2 }}\n  {{- toYaml .Values.b | nindent 2 }}\n"),
        "a>env b>env"
    );
    assert_eq!(of("env:\n- name: x\n  value: y\n{{- toYaml .Values.a | nindent 0 }}\n"), "a>env");
    assert_eq!(
        of("{{ with .Values.r }}\nspec:\n  nodeSelector:\n    {{- toYaml . | nindent 4 }}{{ end }}"),
        "r>nodeSelector"
    );
    assert_eq!(of("data:\n  a.yaml: |\n    b:\n    {{- toYaml .Values.c | nindent 6 }}\n"), "c>*");
    assert_eq!(of("a: {{ .Values.a | toYaml | sha256sum }}"), "a");
    let helpers = (
        "templates/_h.tpl",
        "{{ define \"inner\" }}x:\n  tolerations:\n    {{- toYaml .t | nindent 4 }}\n{{ end }}{{ define \"render\" }}{{ toYaml .value }}{{ end }}",
    );
    let of = |text| keys(&[helpers, ("templates/a.yaml", text)]);
    assert_eq!(
        of("affinity: {{- include \"render\" (dict \"value\" .Values.a) | nindent 2 }}"),
        "a>affinity"
    );
    assert_eq!(of("{{ include \"inner\" .Values }}"), "t>tolerations");
    assert_eq!(of("a: {{ toYaml (dict \"labels\" .Values.l) | nindent 2 }}"), "l>labels");
}

#[test]
fn texts_in_the_values_are_templates_too() {
    let values = ("values.yaml", "a: '{{ .Values.b.c }}'\nlist:\n- x: '{{ .Values.d }}'\n");
    assert_eq!(keys(&[values, ("templates/a.yaml", "{{ tpl .Values.a . }}")]), "a b b.c");
    assert_eq!(keys(&[values, ("templates/a.yaml", "{{ tpl (toYaml .Values.list) . }}")]), "d list>*");
    let file = ("conf/a.conf", "{{ .Values.e }}");
    assert_eq!(keys(&[file, ("templates/a.yaml", "{{ tpl (.Files.Get \"conf/a.conf\") . }}")]), "e");
    assert_eq!(keys(&[file, ("templates/a.yaml", "{{ tpl (.Files.Glob \"conf/*\").AsConfig . }}")]), "e");
}

#[test]
fn templates_that_call_themselves_end() {
    let helper =
        "{{ define \"r\" }}{{ range $k, $v := .m }}{{ include \"r\" (dict \"m\" $v) }}{{ end }}{{ end }}";
    let found = keys(&[
        ("templates/_h.tpl", helper),
        ("templates/a.yaml", "{{ include \"r\" (dict \"m\" .Values.a) }}"),
    ]);
    assert_eq!(found, "a a[*] a[*][*] a[*][*][*]>*");
    assert_eq!(
        keys(&[
            ("templates/_h.tpl", "{{ define \"r\" }}{{ include \"r\" . }}{{ end }}"),
            ("templates/a.yaml", "{{ include \"r\" . }}")
        ]),
        ""
    );
}

#[test]
fn subcharts_have_their_part_and_globals_are_shared() {
    let sub = [
        ("charts/s/Chart.yaml", "apiVersion: v2\nname: s\nversion: 1.0.0\n"),
        ("charts/s/templates/a.yaml", "{{ .Values.own }}{{ .Values.global.g }}"),
    ];
    assert_eq!(
        keys(&[sub[0], sub[1], ("templates/a.yaml", "{{ .Subcharts.s.Values.x }}")]),
        "global.g s.global.g s.own s.x"
    );
}
