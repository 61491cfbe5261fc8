#!/bin/sh
# SPDX-License-Identifier: MIT
# The table of FastCGI cases in README.md is what the suite prints:
#   fastcgi_matrix_test.sh README.md CONFORMANCE_TESTS [--write]
# With --write it puts it there.
set -eu
readme=$1
suite=$2

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$suite" --fastcgi-matrix >"$dir/printed"
sed -n '/<!-- fastcgi-matrix -->/,/<!-- \/fastcgi-matrix -->/p' "$readme" |
  sed '1d;$d' >"$dir/shown"

if [ "${3:-}" = --write ]; then
  sed -e "/<!-- fastcgi-matrix -->/r $dir/printed" \
    -e '/<!-- fastcgi-matrix -->/,/<!-- \/fastcgi-matrix -->/{
      /fastcgi-matrix -->/!d
    }' "$readme" >"$dir/readme"
  cat "$dir/readme" >"$readme"
elif ! diff "$dir/shown" "$dir/printed"; then
  echo "README.md shows another table: sh $0 $* --write"
  exit 1
fi
