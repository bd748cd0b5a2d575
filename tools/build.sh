#!/usr/bin/env bash
# Builds one preset (release by default), or one target of it, from what is in this folder: quietly unless something fails,
# with the number of steps done where somebody looks.
# usage: build.sh [PRESET [TARGET]]
set -u -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
preset=${1:-release}
target=${2:-all}
tools/install_dependencies.sh || exit 1
log=build/$preset/build.log
mkdir -p "build/$preset"

show_steps() {
  if [ -t 1 ]; then awk '/^\[/ {printf "\r%s ", $1; fflush()} END {printf "\r\033[K"}'; else cat >/dev/null; fi
}

echo "Building Hoarfrost ($preset, $(nproc) processors; two take about a quarter of an hour the first time); the log is $log"
if ! { cmake --preset "$preset" && cmake --build --preset "$preset" --target "$target"; } 2>&1 | tee "$log" | show_steps; then
  tail -n 40 "$log" >&2
  echo "The build failed; the whole log is $log" >&2
  exit 1
fi
