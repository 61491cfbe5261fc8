#!/bin/sh
# SPDX-License-Identifier: MIT
# Every option in the help of a side is offered by the shell's completion after
# that side, and nothing else is.
#   completion_test.sh DECANT SHELL COMPLETION
set -eu
export LC_ALL=C
decant=$1
shell=$2
completion=$3
if ! command -v "$shell" >/dev/null; then
  echo "skipped: $shell is not installed"
  exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
# No completion and no configuration but ours.
export HOME="$folder" XDG_CONFIG_HOME="$folder" XDG_DATA_HOME="$folder"

# offered WORD...: what the shell offers for the last of the words.
case $shell in
  bash)
    offered() {
      bash --norc -c '. "$1"; shift; COMP_WORDS=(decant "$@"); COMP_CWORD=$#
        _decant; printf "%s\n" "${COMPREPLY[@]}"' bash "$completion" "$@"
    }
    ;;
  zsh)
    # In place of the completion system: it prints what it is given.
    offered() {
      zsh -f -c 'completion=$1; shift
        _arguments() { print -rl -- "$@" }
        _describe() { print -rl -- ${(P)2} }
        _files() { }
        _decant() { . $completion }
        words=(decant "$@"); CURRENT=$#words; _decant' zsh "$completion" "$@" |
        sed -n -e 's/^\*\(-[^]=+[]*\).*/\1/p' -e 's/^\([a-z]*\):.*/\1/p'
    }
    ;;
  fish)
    # It offers long options only once they are begun.
    offered() {
      line="decant $*"
      for words in "$line" "$line-"; do
        # shellcheck disable=SC2016  # for fish
        fish --no-config -c 'source $argv[1]; complete -C $argv[2]' \
          "$completion" "$words"
        case $line in *-) ;; *) break ;; esac
      done | cut -f 1
    }
    ;;
esac

failed=0
same() {
  [ -s "$folder/said" ] || { echo "the help says nothing of $1"; exit 1; }
  sort -u "$folder/said" >"$folder/help"
  sort -u "$folder/offered" | sed '/^$/d' >"$folder/completion"
  diff "$folder/help" "$folder/completion" && return
  echo "$1: < the help, > what $shell completes"
  failed=1
}

"$decant" --help | sed -n 's/^Options of each: .* \([a-z|]*\) --help$/\1/p' |
  tr '|' '\n' >"$folder/said"
sides=$(cat "$folder/said")
offered '' >"$folder/offered"
grep -xf "$folder/said" "$folder/offered" >"$folder/sides" || true
mv "$folder/sides" "$folder/offered"
same sides
for side in $sides; do
  "$decant" "$side" --help | awk '/^  -/ { print $1 }' | tr ',' '\n' \
    >"$folder/said"
  offered "$side" - >"$folder/offered"
  same "$side"
done
# Without a side it is run, in a shell.
"$decant" run --help | awk '/^  -/ { print $1 }' | tr ',' '\n' >"$folder/said"
offered ./hello.so - >"$folder/offered"
same 'no side'
[ $failed = 0 ] && echo "$shell: $(echo "$sides" | wc -l) sides"
exit $failed
