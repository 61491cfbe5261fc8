#!/bin/sh
# SPDX-License-Identifier: MIT
# Every manual page passes groff or mandoc without a complaint.
#   pages_test.sh groff|mandoc DIRECTORY
tool=$1
directory=$2

if ! command -v "$tool" >/dev/null; then
  echo "skipped: $tool is not installed"
  exit 77
fi

complaints() {
  case $tool in
    groff) groff -mdoc -ww -Tutf8 -z "$1" 2>&1 ;;
    mandoc) mandoc -T lint -W warning "$1" 2>&1 ;;
  esac
}

failed=0
for page in "$directory"/*.[1-9]; do
  found=$(complaints "$page")
  [ -z "$found" ] && continue
  echo "$page:"
  echo "$found"
  failed=1
done
exit $failed
