#!/bin/sh
# SPDX-License-Identifier: MIT
# What layer.sh runs: installs, uses, upgrades and removes the packages.
#   installed.sh PYTHON NAME...
set -eu
python=$1
shift
export PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C
cd /try

# Two applications by the command, and one in Python's own process.
use() {
  echo "-- used, $1"
  REQUEST_METHOD=GET decant cgi ./plugin.so
  [ -n "$python" ] || return 0
  REQUEST_METHOD=GET decant cgi ./hello.py
  "$python" -B -c 'import decant, hello
assert decant.__file__.startswith("/usr/lib/python3/"), decant.__file__
print(decant.run(hello.application, "/").body)'
  # As Debian has them, of every module.
  ls /usr/lib/python3/dist-packages/decant/__pycache__/simple_server.*.pyc
}

# By the configuration of the example.
use_django() {
  if ! command -v nginx || ! command -v curl || ! "$python" -c 'import django'; then
    echo 'skipped: Django behind nginx; apt install nginx-light python3-django curl'
    return 0
  fi
  {
    echo 'user www-data; pid /try/nginx.pid; daemon off; events {}'
    echo 'http { access_log off; types {} default_type text/html;'
    sed -e 's|127\.0\.0\.1:8080|unix:/try/web.sock|' \
      -e 's|unix:/run/decant/django\.sock|unix:/try/django.sock|' nginx-django.conf
    echo '}'
  } >nginx.conf
  decant fcgi mysite.wsgi --chdir /try/django_site --processes 1 \
    --listen unix:/try/django.sock --mode 0660 --owner www-data:www-data &
  service=$!
  nginx -e stderr -c /try/nginx.conf &
  nginx=$!
  tries=0
  until curl -sf --unix-socket web.sock -o answer http://localhost/countdown/3; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || return 1
    sleep 0.1
  done
  [ "$(tr '\n' ' ' <answer)" = '3 2 1 ' ]
  kill "$service" "$nginx"
  wait "$service"
  wait "$nginx"
  echo '-- Django behind nginx answers'
}

dpkg --no-triggers -i packages/*.deb
use 'installed'
[ -z "$python" ] || use_django
dpkg --no-triggers -i upgrade/*.deb
use 'upgraded'
dpkg --no-triggers --purge "$@"
cd /
rm -r /try
