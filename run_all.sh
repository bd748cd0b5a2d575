#!/usr/bin/env bash
# The tutorials' whole flow on real models: each of Keras' three saves goes through convert, freeze-graph and evaluate.
# usage: ./run_all.sh [OUTPUT_FOLDER]      (default: output, beside this file)
# Safe to `source`: it never ends the caller's shell.
hoarfrost_run_all() (
  [ $# -eq 0 ] || set -- "$(realpath -m -- "$1")"  # from where the caller stands
  cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
  tools/build.sh release programs || exit 1
  tools/run_flow.sh "${1:-output}"
)
hoarfrost_run_all "$@"
