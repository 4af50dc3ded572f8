# The same commands that .ci/run and CONTRIBUTING.md use.

# fmt, clippy and the tests
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    cargo test

test:
    cargo test

# record the goldens of tests/charts from a real helm binary
goldens helm:
    tests/charts/record.sh {{helm}}

# compare with Helm on a folder of real charts, their values files included
corpus charts helm:
    cargo xtask corpus {{charts}} --helm {{helm}}
    cargo xtask values {{charts}} --helm {{helm}}

# record the answers of tests/facts from Go and Helm's packages
facts:
    tests/facts/record.sh

# the executor suite on a real control plane, built from Go modules
cluster:
    tests/cluster/run test

# the engine in process, then as a process against a helm binary; `folder` holds charts to measure
bench helm="" folder="":
    RELC_BENCH_HELM="{{helm}}" cargo bench -- "{{folder}}"
