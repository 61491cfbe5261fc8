#!/bin/sh
# SPDX-License-Identifier: MIT
# What is missing is named when the project is configured, all of it at once.
#   configure_test.sh SOURCE_DIRECTORY CXX CMAKE
set -eu
source=$1
export CXX="$2"
cmake=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Configures with the options that follow; the output is in $folder/out.
configure() {
  rm -rf "$folder/build"
  "$cmake" -G Ninja -S "$source" -B "$folder/build" "$@" >"$folder/out" 2>&1
}

says() {
  tr '\n' ' ' <"$folder/out" | tr -s ' ' | grep -qF "$1" && return
  echo "'$1' is not in:"
  cat "$folder/out"
  exit 1
}

# What lies in /usr/include is not looked at.
if configure -DCMAKE_IGNORE_PATH=/usr/include -DDECANT_TESTS=ON; then
  echo 'configured without libfcgi'
  exit 1
fi
says 'apt install libfcgi-dev zlib1g-dev catch2'

if configure -DCMAKE_DISABLE_FIND_PACKAGE_CLI11=ON \
  -DCMAKE_DISABLE_FIND_PACKAGE_Boost=ON; then
  echo 'configured without CLI11 and Boost'
  exit 1
fi
says 'apt install libcli11-dev libboost1.81-dev'

configure -DCMAKE_IGNORE_PATH=/usr/include -DFCGI_INCLUDE_DIR=/usr/include \
  -DZLIB_INCLUDE_DIR=/usr/include ||
  says 'configured without Catch2'
says 'Tests: none, Catch2 is missing (apt install catch2)'

# Packages are for whoever asks for them; others are told what they lack.
if configure -DCMAKE_DISABLE_FIND_PACKAGE_PkgConfig=ON -DDECANT_DEBIAN=ON; then
  echo 'configured packages without pkg-config'
  exit 1
fi
says 'apt install pkg-config python3-dev'
configure -DCMAKE_DISABLE_FIND_PACKAGE_PkgConfig=ON -DDECANT_TESTS=OFF ||
  says 'configured without Python'
says 'Debian packages: none (apt install pkg-config python3-dev)'
