#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs what is missing on Debian 12, builds and runs every test:
#   sh tests/run.sh
# 1. every test, in the release build; 2. the unit and conformance tests under
# AddressSanitizer with UndefinedBehaviorSanitizer, and under ThreadSanitizer.
# Safe to repeat.
set -eu
cd "$(dirname "$0")/.."

packages='g++ cmake ninja-build pkg-config libfcgi-dev libcli11-dev
  libboost1.81-dev zlib1g-dev libsqlite3-dev nlohmann-json3-dev catch2
  nginx-light apache2 libapache2-mod-fcgid lighttpd spawn-fcgi haproxy wrk
  chromium curl groff mandoc git perl cgit python3-dev python3-django
  python3-flask python3-gevent python3-pip python3-venv dpkg-dev file lintian
  mmdebstrap mypy zsh fish'
# shellcheck disable=SC2086  # a list of names
sh examples/install_missing.sh $packages

if command -v ccache >/dev/null; then
  export CMAKE_CXX_COMPILER_LAUNCHER=ccache
  # Else it keeps nothing that a precompiled header is part of.
  export CCACHE_SLOPPINESS=pch_defines,time_macros
fi

heading() { printf '\n== %s\n' "$*"; }

heading 'Every test, release'
cmake --preset release
cmake --build --preset release
ctest --preset release -j "$(nproc)"

for sanitizer in asan tsan; do
  heading "Unit and conformance tests, $sanitizer"
  cmake --preset "$sanitizer"
  cmake --build --preset "$sanitizer" --target unit_tests conformance_tests
  # A process for each request has one thread, in which there are no races.
  without='^$'
  [ "$sanitizer" = asan ] || without='^conformance\.(cgi|runner|http-pipe)'
  ctest --preset "$sanitizer" -j "$(nproc)" -R '^(unit|conformance)' \
    -E "$without"
done
