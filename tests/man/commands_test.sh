#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the commands of README.md where they find what they name.
#   commands_test.sh COMMANDS DECANT FILE...
set -eu
commands=$1
decant=$2
shift 2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/bin"
ln -s "$decant" "$folder/bin/decant"
for file in "$@"; do ln -s "$file" "$folder/"; done
cd "$folder"
head -c 100000 /dev/zero >photo.jpg

unset GATEWAY_INTERFACE REQUEST_METHOD
PATH="$folder/bin:$PATH" sh -eu "$commands" </dev/null >output 2>errors || {
  echo "a command failed; what was printed so far:"
  cat output errors
  exit 1
}
cat output
# Each command answers, and none complains.
if [ -s errors ]; then
  echo "on standard error:"
  cat errors
  exit 1
fi
expected=$(awk '/^# What a test cannot run/ { exit }
  /^[^#]/ && /decant|\.\/(hello|routes)/ { ++count } END { print count }' "$commands")
answered=$(grep -c -e 'Hello world!' -e ' bytes, fnv1a ' -e '"id": 7' \
  -e 'Welcome, Ann' output)
if [ "$answered" -lt "$expected" ]; then
  echo "$answered answers to $expected commands"
  exit 1
fi
