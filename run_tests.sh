#!/usr/bin/env bash
# Installs what is missing, builds Release and runs the tests. Safe to `source`: it never ends the caller's shell.
hoarfrost_run_tests() (
  cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
  tools/install_dependencies.sh --tests || exit 1
  tools/build.sh release || exit 1
  ctest --preset release --output-on-failure --parallel "$(nproc)" "$@"
)
hoarfrost_run_tests "$@"
