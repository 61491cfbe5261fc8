#!/bin/sh
# SPDX-License-Identifier: MIT
# What layer.sh and clean_root.sh run in their roots: installs, uses, upgrades
# and removes the packages.
#   installed.sh TOOL PYTHON NAME...
# TOOL is dpkg, for which what they depend on is there; or apt, which gets it,
# and afterwards Django and nginx as well.
set -eu
tool=$1
python=$2
shift 2
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

install() {
  case $tool in
    dpkg) dpkg --no-triggers -i "$@" ;;
    apt) apt-get install -q -y --no-install-recommends "$@" ;;
  esac
}

# Without those of priority "required", which apt does not take away again.
present() {
  dpkg-query -W -f '${Priority} ${db:Status-Abbrev}${Package}\n' |
    grep -v '^required' | sort
}

present >before
install ./packages/*.deb
use 'installed'
if [ "$tool" = apt ] && [ -n "$python" ]; then
  install nginx-light python3-django curl
  use_django
fi
install ./upgrade/*.deb
use 'upgraded'
case $tool in
  dpkg) dpkg --no-triggers --purge "$@" ;;
  apt)
    apt-get purge -q -y --autoremove "$@" nginx-light python3-django curl
    present | diff before - || exit 1
    ;;
esac
cd /
rm -r /try
