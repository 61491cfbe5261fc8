#!/bin/sh
# SPDX-License-Identifier: MIT
# Every code block in README.md is a file under examples/ or consecutive lines
# of one, so that it is code which the tests run. Blocks marked `text` show
# output and are left out; indentation does not count.
#   readme_test.sh SOURCE_DIRECTORY
set -eu
export LC_ALL=C
root=$1

find "$root/examples" -type f ! -name '*.so' | sort | awk -v readme="$root/README.md" '
  function stripped(line) {
    sub(/^[ \t]+/, "", line)
    return line
  }
  {
    text = "\n"
    while ((getline line <$0) > 0) text = text stripped(line) "\n"
    close($0)
    texts[++files] = text
  }
  function check(    i) {
    ++blocks
    for (i = 1; i <= files; ++i) if (index(texts[i], block)) return
    print readme ":" start ": this block is in no file under examples/:" block
    failed = 1
  }
  END {
    while ((getline line <readme) > 0) {
      ++number
      if (inside && line ~ /^[ \t]*```/) {
        inside = 0
        if (checked) check()
      } else if (inside) {
        block = block stripped(line) "\n"
      } else if (line ~ /^[ \t]*```/) {
        inside = 1
        start = number
        block = "\n"
        checked = line !~ /^[ \t]*```text$/
      }
    }
    if (!blocks) print readme ": no code block was found"
    exit failed || !blocks
  }'
