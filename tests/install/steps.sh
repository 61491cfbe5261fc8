# SPDX-License-Identifier: MIT
# What the tests of installed things say while they go on; to be read by them.

step() { printf '\n-- %s\n' "$*"; }

fail() {
  echo "failed: $*" >&2
  exit 1
}
