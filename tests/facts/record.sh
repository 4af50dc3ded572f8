#!/usr/bin/env bash
# Records what Go and Helm 4.3.1 themselves answer: the facts that tests/it/facts.rs compares with. Needs Go 1.26.
#
#   functions.facts   the functions Helm gives to templates, with their Go types
#   templates.facts   for each line of templates.cases, what Go's text/template prints or says, as JSON
set -euo pipefail
cd "$(dirname "$0")"
export TZ=UTC GOFLAGS=-mod=mod
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
cp ./*.go "$build"
: >"$build/linkname.s" # functions without a body are allowed in packages with assembly
(
  cd "$build"
  go mod init facts
  go mod edit -go 1.26.0 -require helm.sh/helm/v4@v4.3.1
  go mod tidy
  go build -o facts .
) >&2
"$build/facts" functions >functions.facts
"$build/facts" templates data.json <templates.cases >templates.facts
