#!/bin/sh
# SPDX-License-Identifier: MIT
# A table of the conformance suite is as the suite prints it, in MATRIX.md or
# FASTCGI.md beside its sources:
#   matrix_test.sh matrix|fastcgi-matrix FOLDER CONFORMANCE_TESTS [--write]
# With --write it puts it there.
set -eu
table=$1
suite=$3
case $table in
  matrix) file=$2/MATRIX.md ;;
  *) file=$2/FASTCGI.md ;;
esac

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$suite" "--$table" >"$dir/printed"
sed -n '/<!-- printed -->/,/<!-- \/printed -->/p' "$file" | sed '1d;$d' \
  >"$dir/shown"

if [ "${4:-}" = --write ]; then
  sed -e "/<!-- printed -->/r $dir/printed" \
    -e '/<!-- printed -->/,/<!-- \/printed -->/{
      /printed -->/!d
    }' "$file" >"$dir/file"
  cat "$dir/file" >"$file"
elif ! diff "$dir/shown" "$dir/printed"; then
  echo "$file shows another table: sh $0 $* --write"
  exit 1
fi
