#!/bin/sh
# SPDX-License-Identifier: MIT
# Every option in the help of a side is in its manual page, and every option in
# the page is in the help. The page of the command has what all sides share.
#   options_test.sh DECANT cgi|fcgi|run|wrap|status|shared MAN_DIRECTORY
set -eu
export LC_ALL=C
decant=$1
side=$2
man=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Lines such as "  -X,--request METHOD   Method": one option a line.
options_of_help() {
  "$decant" "$1" --help | awk '/^  -/ { print $1 }' | tr ',' '\n' | sort -u
}

# Lines such as ".It Fl X , Fl -request Ar METHOD".
options_of_page() {
  awk '/^\.It Fl / {
    for (i = 2; i < NF; ++i) if ($i == "Fl") print "-" $(i + 1)
  }' "$1" | sort -u
}

if [ "$side" = shared ]; then
  options_of_help cgi >"$folder/cgi"
  options_of_help fcgi >"$folder/fcgi"
  options_of_help run | comm -12 - "$folder/cgi" |
    comm -12 - "$folder/fcgi" >"$folder/help"
  page=$man/decant.1
else
  options_of_help "$side" >"$folder/help"
  page=$man/decant-$side.1
fi
options_of_page "$page" >"$folder/page"

if [ ! -s "$folder/help" ]; then
  echo "no options were found in the help of $side"
  exit 1
fi
comm -23 "$folder/help" "$folder/page" | sed "s|\$| is not in $page|"
comm -13 "$folder/help" "$folder/page" | sed "s|^|$page has |; s|\$|, the help has not|"
cmp -s "$folder/help" "$folder/page"
