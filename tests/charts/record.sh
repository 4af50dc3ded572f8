#!/usr/bin/env bash
# Records what Helm prints for every chart of this folder: the goldens that tests/it/charts.rs compares with.
#
# usage: tests/charts/record.sh HELM [NAME...]     HELM is a Helm 4.3.1 binary
#
# A folder NAME holds `chart/`, optionally `flags` (one flag a line, for all its cases) and values files
# `CASE.values.yaml`. The case without values is called `default`. What is recorded is `CASE.expected.yaml`, or
# `CASE.expected.err` where Helm refuses, without its prefix `Error: ` and its advice about --debug.
#
# Where many small cases share a chart, the file `cases` has the flags of one a line, each as `--flag=value` (a space
# before `--` parts them); `cases.expected` has, under `== FLAGS`, what Helm prints, or `! ` and what it says.
set -euo pipefail
helm=$(realpath "${1:?usage: record.sh HELM [NAME...]}")
shift
cd "$(dirname "$0")"
export TZ=UTC
[ $# -gt 0 ] || set -- */

# Runs Helm in the folder NAME: its answer is in $out if it succeeds, else in $out.err.
render() { # NAME FLAGS...
  local name=$1
  shift
  (cd "$name" && "$helm" template rel chart --namespace ns --kube-version 1.34.0 "$@") >"$out" 2>"$out.all" && return
  grep -v '^level=' "$out.all" | sed -e '1s/^Error: //' -e '/^Use --debug flag/d' | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}' >"$out.err"
  return 1
}

record() { # NAME CASE FLAGS...
  local name=$1 case=$2
  shift 2
  rm -f "$name/$case.expected.yaml" "$name/$case.expected.err"
  if render "$name" "$@"; then
    cp "$out" "$name/$case.expected.yaml"
  else
    cp "$out.err" "$name/$case.expected.err"
  fi
}

record_cases() { # NAME
  local name=$1 line flags
  while IFS= read -r line; do
    mapfile -t flags <<<"${line// --/$'\n'--}"
    printf '== %s\n' "$line"
    if render "$name" "${flags[@]}"; then cat "$out"; else sed 's/^/! /' "$out.err"; fi
  done <"$name/cases" >"$name/cases.expected"
}

out=$(mktemp)
trap 'rm -f "$out" "$out.all" "$out.err"' EXIT

for name in "$@"; do
  name=${name%/}
  flags=()
  [ ! -f "$name/cases" ] || record_cases "$name"
  [ ! -f "$name/flags" ] || mapfile -t flags <"$name/flags"
  record "$name" default "${flags[@]}"
  for values in "$name"/*.values.yaml; do
    [ -e "$values" ] || continue
    values=$(basename "$values")
    record "$name" "${values%.values.yaml}" "${flags[@]}" -f "$values"
  done
done
