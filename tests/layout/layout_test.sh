#!/bin/sh
# SPDX-License-Identifier: MIT
# The rules of the source tree. Each is a function that prints what breaks it.
#   layout_test.sh SOURCE_DIRECTORY RULE
export LC_ALL=C
cd "$1" || exit 2
rule=$2

# Prints "file:line:header" for each #include beneath the folders, quoted
# headers as they are, others between angle brackets.
includes() {
  find "$@" -name '*.[ch]pp' -exec grep -nHE '^[ \t]*# *include' {} + |
    sed -nE 's/^([^:]*:[0-9]+):.*include *("([^"]*)"|(<[^>]*>)).*/\1:\3\4/p'
}

sources() {
  find . \( -path ./build -o -path ./.git \) -prune -o -type f -print
}

# An include line is a path beneath core or adapters.
include_paths() {
  includes core adapters | grep -v ':<' | while IFS=: read -r file line header; do
    [ -f "core/$header" ] || [ -f "adapters/$header" ] ||
      echo "$file:$line: $header is neither in core nor in adapters"
  done
}

core_knows_core() {
  includes core | grep -v ':<' | while IFS=: read -r file line header; do
    [ -f "core/$header" ] ||
      echo "$file:$line: core includes $header, which is not in core"
  done
}

# core/decant/service may use core/decant, never the other way.
service_above_contract() {
  includes core | grep -v '^core/decant/service/' | grep ':decant/service/'
}

# The rooms of the service, each with those that it may enter. What lies beside
# them is theirs too, but for the service itself.
rooms_enter_only_their_own() {
  includes core/decant/service | grep ':decant/service/.*/' |
    while IFS=: read -r file line header; do
      from=${file#core/decant/service/}
      from=${from%/*}
      to=${header#decant/service/}
      to=${to%/*}
      case $from in
        "$to" | *.*) continue ;;
        loop) may='listen log' ;;
        request) may='loop log' ;;
        status) may='listen log' ;;
        process) may='listen log loop request status' ;;
        *) may='' ;;
      esac
      case " $may " in
        *" $to "*) ;;
        *) echo "$file:$line: $from may not enter $to" ;;
      esac
    done
  includes core | grep '^core/decant/service/.*/.*:decant/service/service\.hpp'
}

# What is spoken at a door its adapter knows. (The table of known names has the
# variables of all of them.)
core_names_no_protocol() {
  find core -name '*.[ch]pp' ! -name known_names.hpp -exec \
    grep -nHiE 'fcgi|fastcgi|scgi|uwsgi' {} + | grep -vE '^[^:]*:[0-9]*: *//'
}

# The standard library and POSIX only; and zlib, see below.
core_without_third_party() {
  posix='arpa/inet|cxxabi|dirent|dlfcn|errno|fcntl|grp|limits|netdb'
  posix="$posix|linux/(filter|openat2)|netinet/(in|tcp|un)|poll|pthread|pwd|sched|semaphore|signal"
  posix="$posix|stdio|sys/[a-z]+|syslog|time|unistd"
  includes core | grep ':<' | grep -vE ":<([a-z_]+|($posix)\.h)>\$" |
    grep -v '^core/decant/web/compress\.cpp:[0-9]*:<zlib\.h>'
}

# Which adapter a file beneath server or application belongs to: its folder, or
# its name.
family() {
  path=${1#*decant/}
  path=${path#*/}
  path=${path%%/*}
  echo "${path%.*}"
}

# server and application use the core and their own files, no sibling.
sides_know_core_and_family() {
  includes adapters/decant/server adapters/decant/application | grep -v ':<' |
    while IFS=: read -r file line header; do
      [ -f "core/$header" ] && continue
      case $header in
        decant/server/* | decant/application/*)
          [ "$(family "$file")" = "$(family "$header")" ] && continue ;;
      esac
      true &&
        echo "$file:$line: $header belongs to another adapter"
    done
}

# The peer of the benchmark is libfcgi by itself.
libfcgi_in_one_file() {
  includes core adapters tests examples | grep -E '[<:/]fcgi(app|_stdio|_config|os)\.h' |
    grep -v -e '^adapters/decant/server/fastcgi/libfcgi\.cpp:' \
      -e '^tests/bench/peers/'
}

beast_in_one_source() {
  found=$(includes core adapters | grep -E '[<:]boost/beast' | cut -d: -f1 | sort -u)
  echo "$found" | grep -e '\.hpp$' | grep -v '^adapters/decant/server/http/'
  [ "$(echo "$found" | wc -l)" -le 1 ] || echo "$found"
}

# One file that runs programs, and one that runs them in tests.
process_in_two_files() {
  includes core adapters examples | grep -E '[<:]boost/process' |
    grep -v '^adapters/decant/application/program/child\.cpp:'
  found=$(includes tests | grep -E '[<:]boost/process' | cut -d: -f1 | sort -u)
  [ "$(echo "$found" | wc -l)" -le 1 ] || echo "$found"
}

cli11_in_command_only() {
  includes core adapters tests examples | grep -E '[<:]CLI/' |
    grep -v '^adapters/decant/command/'
}

python_in_its_folder() {
  includes core adapters tests examples | grep -E '[<:]Python\.h' |
    grep -v '^adapters/decant/application/python/'
}

headers_without_third_party() {
  includes core adapters | grep -E '^[^:]*\.hpp:' |
    grep -v '^adapters/decant/application/python/' |
    grep -E '[<:](boost/|CLI/|fcgi|zlib|Python\.h)'
}

headers_have_pragma_once() {
  sources | grep -E '\.hpp$' | while read -r file; do
    grep -qx '#pragma once' "$file" || echo "$file can be read twice"
  done
}

top_level() {
  ls -A | grep -vxE 'CMakeLists\.txt|CMakePresets\.json|\.clang-format|\.clang-tidy|\.ci|\.gitignore|\.git|LICENSE|CHANGELOG\.md|README\.md|pyproject\.toml|adapters|core|tests|examples|man|build'
}

# In the first line, or the second after a #! line.
spdx_lines() {
  sources | grep -E '\.([ch]pp|[ch]|sh|py|[1-9])$' | while read -r file; do
    head -n 2 "$file" | grep -q 'SPDX-License-Identifier: MIT' ||
      echo "$file has no SPDX line"
  done
  sources | grep -E '\.[ch]pp$' | while read -r file; do
    head -n 1 "$file" | grep -qx '// SPDX-License-Identifier: MIT' ||
      echo "$file does not begin with its SPDX line"
  done
}

# No path of the machine of whoever wrote it. (Brackets, so that this file does
# not find itself.)
no_machine_paths() {
  sources | while read -r file; do
    grep -nHIE '(^|[^][A-Za-z0-9_.})/-])/([h]ome|[r]oot|[w]ork)/' "$file"
  done
}

command -v "$rule" >/dev/null || { echo "there is no rule $rule"; exit 2; }
found=$($rule)
[ -z "$found" ] && exit 0
echo "$rule:"
echo "$found"
exit 1
