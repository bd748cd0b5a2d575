#!/usr/bin/env bash
# Installs the Debian packages that Hoarfrost builds with and says which; without root it prints the one line to run and fails.
# usage: install_dependencies.sh [--tests]      --tests: also what only the tests run
set -u
packages=(g++ cmake ninja-build bsdextrautils pkg-config libhdf5-dev libaec-dev libjpeg-dev libpng-dev zlib1g-dev libprotobuf-dev protobuf-compiler libleveldb-dev
          libsnappy-dev libdnnl-dev nlohmann-json3-dev libcli11-dev libfmt-dev libzip-dev libyaml-dev libgtest-dev libgmock-dev
          libbenchmark-dev libopenmpi-dev openmpi-bin python3)
[ "${1:-}" = --tests ] && packages+=(clang-format-14 chromium graphviz libopencv-dnn-dev)
missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -ne 0 ]; then
  echo "Hoarfrost needs Debian packages that are missing here. Run this line, then try again:" >&2
  echo "  sudo apt-get update && sudo apt-get install -y ${missing[*]}" >&2
  exit 1
fi
echo "Installing the Debian packages that are missing: ${missing[*]}"
apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
