#!/usr/bin/env bash
# Builds one preset (release by default) from what is in this folder, quietly unless something fails.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
preset=${1:-release}
tools/install_dependencies.sh || exit 1
log=build/$preset/build.log
mkdir -p "build/$preset"
echo "Building Hoarfrost ($preset); the log is $log"
if ! { cmake --preset "$preset" && cmake --build --preset "$preset"; } >"$log" 2>&1; then
  tail -n 40 "$log" >&2
  echo "The build failed; the whole log is $log" >&2
  exit 1
fi
