#!/bin/sh
# SPDX-License-Identifier: MIT
# The conformance matrix in README.md is what the suite prints:
#   matrix_test.sh README.md CONFORMANCE_TESTS [--write]
# With --write it puts it there.
set -eu
readme=$1
suite=$2

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

if ! "$suite" --matrix >"$dir/printed"; then
  sed -n '/^Failed:/,$p' "$dir/printed"
  exit 1
fi
# Without nginx or without Python it is another one.
if grep -o 'skipped: .*' "$dir/printed" | sort -u | grep .; then
  exit 77
fi
sed -n '/<!-- conformance-matrix -->/,/<!-- \/conformance-matrix -->/p' \
  "$readme" | sed '1d;$d' >"$dir/shown"

if [ "${3:-}" = --write ]; then
  sed -e "/<!-- conformance-matrix -->/r $dir/printed" \
    -e '/<!-- conformance-matrix -->/,/<!-- \/conformance-matrix -->/{
      /conformance-matrix -->/!d
    }' "$readme" >"$dir/readme"
  cat "$dir/readme" >"$readme"
elif ! diff "$dir/shown" "$dir/printed"; then
  echo "README.md shows another matrix: sh $0 $* --write"
  exit 1
fi
