#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs a build into a temporary place and uses it as somebody outside the
# source tree does:
#   sh tests/install/install_test.sh BUILD_DIR COMPILER CMAKE
set -eu

build=$1
compiler=$2
cmake=$3
package=$(dirname "$0")/../../examples/package
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
installed=$dir/installed

. "$(dirname "$0")/steps.sh"

# Runs the words after the first two; their output is $2.
expect() {
  what=$1
  expected=$2
  shift 2
  actual=$("$@") || fail "$what: exit status $?"
  [ "$actual" = "$expected" ] || fail "$what: printed '$actual'"
  echo "$what: $actual"
}

step 'Everything is installed, and can be moved afterwards'
"$cmake" --install "$build" --prefix "$dir/first" >"$dir/installed.txt"
mv "$dir/first" "$installed"
(cd "$installed" && find . -type f | sort)
for file in bin/decant include/decant/decant.hpp include/decant/main.hpp \
  include/decant/server/fastcgi.hpp include/decant/server/http.hpp \
  include/decant/application/native.hpp \
  include/decant/application/python.hpp \
  share/man/man1/decant.1 share/man/man1/decant-fcgi.1 \
  share/man/man1/decant-http.1 \
  share/man/man3/decant.3 share/man/man7/decant-application.7 \
  share/man/man7/decant-service.7 share/man/man7/decant-warm.7; do
  [ -f "$installed/$file" ] || fail "$file is not installed"
done

step 'Each installed header compiles alone, without the source tree'
(cd "$installed/include" && find decant -name '*.hpp') |
  while read -r header; do
    echo "#include <$header>" |
      "$compiler" -std=c++20 -Wall -Wextra -Wpedantic -Werror -fsyntax-only \
        -I "$installed/include" -x c++ - || fail "$header"
  done

step 'CMake: find_package(decant), the target decant::decant'
"$cmake" -S "$package" -B "$dir/build" -DCMAKE_CXX_COMPILER="$compiler" \
  -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH="$installed"
"$cmake" --build "$dir/build"
expect 'a program' 'Good day, stranger.' "$dir/build/greeting" run / --as body
expect 'a static program' 'Good day, Ann.' \
  "$dir/build/greeting_static" run '/?Ann' --as body
expect 'a plugin' 'Good day, Bob.' \
  "$installed/bin/decant" run "$dir/build/greeting.so" '/?Bob' --as body

step 'pkg-config'
pkg_config() {
  PKG_CONFIG_PATH=$(dirname "$(find "$installed" -name decant.pc)") \
    pkg-config "$@" decant
}
# shellcheck disable=SC2046  # lists of words
"$compiler" "$package/main.cpp" "$package/greeting.cpp" \
  $(pkg_config --cflags --libs) -o "$dir/greeting"
expect 'a program' 'Good day, stranger.' "$dir/greeting" run / --as body
# shellcheck disable=SC2046
"$compiler" -static "$package/main.cpp" "$package/greeting.cpp" \
  $(pkg_config --cflags --libs) -o "$dir/static" 2>"$dir/warnings" ||
  fail "$(cat "$dir/warnings")"
expect 'a static program' 'Good day, Ann.' "$dir/static" run '/?Ann' --as body
# shellcheck disable=SC2046
"$compiler" -shared -fPIC "$package/greeting.cpp" $(pkg_config --cflags) \
  -o "$dir/greeting.so"
expect 'a plugin from headers only' 'Good day, Eve.' \
  "$installed/bin/decant" run "$dir/greeting.so" '/?Eve' --as body

step 'Python'
if "$installed/bin/decant" --version | grep -q '^Python: not built in'; then
  echo 'skipped: no Python'
else
  cat >"$dir/greeting.py" <<'END'
def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [f"Good day, {environ['QUERY_STRING']}.".encode()]
END
  expect 'a Python application' 'Good day, Zoe.' \
    "$installed/bin/decant" run "$dir/greeting.py" '/?Zoe' --as body
fi
