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

# The standard library and POSIX only.
core_without_third_party() {
  posix='arpa/inet|cxxabi|dirent|dlfcn|errno|fcntl|grp|limits|netdb'
  posix="$posix|netinet/(in|tcp|un)|poll|pthread|pwd|sched|semaphore|signal"
  posix="$posix|stdio|sys/[a-z]+|syslog|time|unistd"
  includes core | grep ':<' | grep -vE ":<([a-z_]+|($posix)\.h)>\$"
}

# Which adapter a file beneath server or application belongs to.
family() {
  case ${1#*decant/} in
    server/fastcgi*) echo fastcgi ;;
    server/runner* | server/http_message*) echo runner ;;
    server/cgi*) echo cgi ;;
    application/native*) echo native ;;
    application/python*) echo python ;;
    application/program*) echo program ;;
    *) echo "${1#*decant/}" ;;
  esac
}

# server and application use the core and their own files, no sibling.
sides_know_core_and_family() {
  includes adapters/decant/server adapters/decant/application | grep -v ':<' |
    while IFS=: read -r file line header; do
      [ -f "core/$header" ] && continue
      [ "$(family "$file")" = "$(family "$header")" ] ||
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
  echo "$found" | grep '\.hpp$'
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
    grep -E '[<:](boost/|CLI/|fcgi|Python\.h)'
}

top_level() {
  ls -A | grep -vxE 'CMakeLists\.txt|CMakePresets\.json|\.clang-format|\.clang-tidy|\.ci|\.gitignore|\.git|LICENSE|CHANGELOG\.md|README\.md|adapters|core|tests|examples|man|build'
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
