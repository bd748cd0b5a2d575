#!/usr/bin/env bash
# The tutorials' whole flow on real models: each of Keras' three saves goes through convert, freeze-graph and evaluate.
# usage: ./run_all.sh [OUTPUT_FOLDER]      Safe to `source`: it never ends the caller's shell.
hoarfrost_run_all() (
  cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
  tools/build.sh release || exit 1
  tools/run_flow.sh "${1:-output}"
)
hoarfrost_run_all "$@"
