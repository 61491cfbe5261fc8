#!/bin/sh
# SPDX-License-Identifier: MIT
# Each rule of layout_test.sh finds what it forbids, in a small tree made to
# break it, and nothing in that tree before.
#   layout_self_test.sh LAYOUT_TEST
set -u
layout_test=$1
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
failed=0

make_tree() {
  rm -rf "$root/tree"
  mkdir -p "$root/tree" && cd "$root/tree" || exit 2
  mkdir -p core/decant/service/log core/decant/service/loop core/decant/web \
    adapters/decant/server/fastcgi adapters/decant/server/http examples \
    adapters/decant/application adapters/decant/command tests man
  write core/decant/text.hpp '<string>'
  write core/decant/web/compress.cpp '<zlib.h>'
  write core/decant/service/log/log.hpp '"decant/text.hpp"' '<sys/socket.h>'
  write adapters/decant/server/cgi.hpp '"decant/text.hpp"'
  write adapters/decant/server/cgi.cpp '"decant/server/cgi.hpp"'
  write adapters/decant/server/fastcgi.hpp '"decant/service/log/log.hpp"'
  write adapters/decant/server/fastcgi/libfcgi.cpp '<fcgiapp.h>'
  write adapters/decant/server/http/message.cpp '<boost/beast/http.hpp>'
  write adapters/decant/application/native.cpp '"decant/text.hpp"'
  write adapters/decant/command/run.cpp '<CLI/CLI.hpp>' \
    '"decant/server/cgi.hpp"'
  write tests/child.cpp '<boost/process.hpp>'
}

# write FILE HEADER...: a source file with these includes.
write() {
  file=$1
  shift
  echo '// SPDX-License-Identifier: MIT' >"$file"
  for header in "$@"; do echo "#include $header" >>"$file"; done
}

passes() {
  sh "$layout_test" "$root/tree" "$1" >"$root/output" && return
  echo "$1 complains about a good tree:"
  cat "$root/output"
  failed=1
}

# catches RULE FILE HEADER: the rule fails once the file includes the header.
catches() {
  make_tree
  passes "$1"
  write "$2" "$3"
  must_fail "$1" "$2 including $3"
}

must_fail() {
  sh "$layout_test" "$root/tree" "$1" >/dev/null
  [ $? = 1 ] && return
  echo "$1 does not see $2"
  failed=1
}

catches include_paths core/decant/x.cpp '"text.hpp"'
catches core_knows_core core/decant/x.cpp '"decant/server/cgi.hpp"'
catches service_above_contract core/decant/x.hpp '"decant/service/log/log.hpp"'
catches rooms_enter_only_their_own core/decant/service/log/x.cpp \
  '"decant/service/loop/loop.hpp"'
catches rooms_enter_only_their_own core/decant/service/loop/x.cpp \
  '"decant/service/service.hpp"'
make_tree
passes core_names_no_protocol
echo 'const char* door = "fcgi";' >>core/decant/service/log/log.hpp
must_fail core_names_no_protocol 'a protocol in core'
catches core_without_third_party core/decant/x.cpp '<boost/asio.hpp>'
catches core_without_third_party core/decant/service/x.cpp '<zlib.h>'
catches core_without_third_party core/decant/web/compress.cpp '<zconf.h>'
catches sides_know_core_and_family adapters/decant/server/runner.cpp \
  '"decant/server/cgi.hpp"'
catches sides_know_core_and_family adapters/decant/server/fastcgi/x.cpp \
  '"decant/server/http/message.hpp"'
catches sides_know_core_and_family adapters/decant/application/native.cpp \
  '"decant/server/cgi.hpp"'
catches sides_know_core_and_family adapters/decant/server/cgi.cpp \
  '"decant/command/run.hpp"'
catches libfcgi_in_one_file adapters/decant/server/fastcgi.hpp '<fcgiapp.h>'
catches beast_in_one_source adapters/decant/server/cgi.cpp \
  '<boost/beast/core.hpp>'
catches process_in_two_files adapters/decant/server/cgi.cpp \
  '<boost/process.hpp>'
catches process_in_two_files tests/x.cpp '<boost/process/child.hpp>'
catches cli11_in_command_only tests/x.cpp '"CLI/App.hpp"'
catches python_in_its_folder adapters/decant/application/native.cpp \
  '<Python.h>'
catches headers_without_third_party adapters/decant/command/x.hpp \
  '<CLI/CLI.hpp>'

make_tree
find . -name '*.hpp' -exec sed -i '1i #pragma once' {} +
passes headers_have_pragma_once
: >core/decant/x.hpp
must_fail headers_have_pragma_once "a header that can be read twice"

make_tree
passes top_level
touch notes.txt
must_fail top_level "a stray file"

make_tree
passes spdx_lines
echo 'int x;' >core/decant/x.cpp
must_fail spdx_lines "a source without its line"

make_tree
passes no_machine_paths
echo "cd /ho""me/somebody" >tests/x.sh
must_fail no_machine_paths "a home directory"

exit $failed
