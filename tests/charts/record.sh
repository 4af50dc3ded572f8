#!/usr/bin/env bash
# Records what Helm prints for every chart of this folder: the goldens that tests/it/charts.rs compares with.
#
# usage: tests/charts/record.sh HELM [NAME...]     HELM is a Helm 4.3.1 binary
#
# A folder NAME holds `chart/`, optionally `flags` (one flag a line, for all its cases) and values files
# `CASE.values.yaml`. The case without values is called `default`. What is recorded is `CASE.expected.yaml`, or
# `CASE.expected.err` where Helm refuses, without its prefix `Error: ` and its advice about --debug.
set -euo pipefail
helm=$(realpath "${1:?usage: record.sh HELM [NAME...]}")
shift
cd "$(dirname "$0")"
[ $# -gt 0 ] || set -- */

record() { # NAME CASE FLAGS...
  local name=$1 case=$2 out
  shift 2
  rm -f "$name/$case.expected.yaml" "$name/$case.expected.err"
  out=$(mktemp)
  if (cd "$name" && "$helm" template rel chart --namespace ns --kube-version 1.34.0 "$@") >"$out" 2>"$out.err"; then
    mv "$out" "$name/$case.expected.yaml"
  else
    grep -v '^level=' "$out.err" | sed -e '1s/^Error: //' -e '/^Use --debug flag/d' | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}' \
      >"$name/$case.expected.err"
  fi
  rm -f "$out" "$out.err"
}

for name in "$@"; do
  name=${name%/}
  flags=()
  [ ! -f "$name/flags" ] || mapfile -t flags <"$name/flags"
  record "$name" default "${flags[@]}"
  for values in "$name"/*.values.yaml; do
    [ -e "$values" ] || continue
    values=$(basename "$values")
    record "$name" "${values%.values.yaml}" "${flags[@]}" -f "$values"
  done
done
