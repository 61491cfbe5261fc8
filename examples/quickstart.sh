#!/bin/sh
# SPDX-License-Identifier: MIT
# The three ways a hello in C++ is served, and then one in Python, on a fresh
# Debian 12, as root:
#   sh examples/quickstart.sh
# Installs what is missing, builds, shows, stops what it started. Safe to
# repeat. With a build folder as argument it builds nothing.
set -eu
cd "$(dirname "$0")/.."

dir=
services=
stop() {
  status=$?
  trap - EXIT
  for pid in $services; do kill "$pid" 2>/dev/null || :; done
  for pid in $services; do wait "$pid" || :; done
  [ -z "$dir" ] || rm -rf "$dir"
  exit "$status"
}
trap stop EXIT
trap 'exit 1' HUP INT TERM

heading() { printf '\n== %s\n' "$*"; }

show() {
  printf '$ %s\n' "$*"
  "$@"
}

free_port() {
  perl -MIO::Socket::INET -e '
    print IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1)
        ->sockport'
}

packages='g++ cmake ninja-build pkg-config libfcgi-dev libcli11-dev
  libboost1.81-dev zlib1g-dev python3-dev nginx-light curl'
# shellcheck disable=SC2086  # a list of names
sh examples/install_missing.sh $packages

build=${1:-}
if [ -z "$build" ]; then
  build=build/release
  heading 'Building'
  cmake --preset release
  cmake --build --preset release \
    --target decant_command decant_python hello hello_plugin
fi
decant=$build/adapters/decant
plugin=$build/examples/hello.so
hello=$build/examples/hello

heading '1. A pipe: one request from the shell, or HTTP from standard input'
show "$decant" run "$plugin" /
printf '%s\n' "\$ printf 'GET / HTTP/1.0\r\n\r\n' | $decant run $plugin --http"
printf 'GET / HTTP/1.0\r\n\r\n' | "$decant" run "$plugin" --http

heading '2. CGI: the program as a web server starts it from cgi-bin'
show env GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD=GET PATH_INFO=/ "$hello"

heading '3. nginx in front of decant as a FastCGI service'
dir=$(mktemp -d)
chmod 755 "$dir" # nginx's workers are another user
port=$(free_port)
sed -e "s|/run/decant/hello.sock|$dir/hello.sock|
        s|127.0.0.1:8080|127.0.0.1:$port|
        s|/run/nginx.pid|$dir/nginx.pid|
        s|/var/log/nginx|$dir|
        s|^http {|&\
          client_body_temp_path $dir/body; proxy_temp_path $dir/proxy;\
          fastcgi_temp_path $dir/fastcgi; uwsgi_temp_path $dir/uwsgi;\
          scgi_temp_path $dir/scgi;|" examples/nginx.conf >"$dir/nginx.conf"

set -- fcgi "$plugin" --listen "unix:$dir/hello.sock" --mode 0666
printf '$ %s &\n' "$decant $*"
"$decant" "$@" &
services="$services $!"

nginx=$(PATH=$PATH:/usr/sbin command -v nginx)
set -- -e stderr -c "$dir/nginx.conf" -g 'daemon off;'
printf '$ %s &\n' "$nginx $*"
"$nginx" "$@" &
services="$services $!"

# Until the two have started.
curl -s --fail -o "$dir/answer" --retry 10 --retry-delay 1 \
  --retry-connrefused "http://127.0.0.1:$port/" || :
show curl -sS --fail -i "http://127.0.0.1:$port/"

case $("$decant" --version) in
  *'Python: 3'*)
    heading '4. Python: the same from a file'
    export PYTHONDONTWRITEBYTECODE=1 # leaves the source tree as it is
    show "$decant" run examples/hello.py /
    mkdir "$dir/bin"
    ln -s "$(realpath "$decant")" "$dir/bin/decant"
    printf '%s\n' '$ PATH=...:$PATH # finds decant, which hello.py names'
    PATH=$dir/bin:$PATH
    show env GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD=GET PATH_INFO=/ \
      examples/hello.py
    ;;
esac

heading 'Done; nothing is left running'
