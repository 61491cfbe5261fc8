#!/bin/sh
# SPDX-License-Identifier: MIT
# The commands of README.md about Python. A test runs them in a folder that
# holds hello.py, with decant in PATH.
set -eu

# A pipe.
decant run ./hello.py /
printf 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n' | decant run ./hello.py --http

# CGI: the first line of the file names decant.
REQUEST_METHOD=GET ./hello.py

exit
# What a test cannot run: it takes root or another program.

cp hello.py /usr/lib/cgi-bin/
curl http://localhost/cgi-bin/hello.py

# The package, and its command in an interpreter of one's own.
python3 -m pip install .
python3 -m decant http mysite.wsgi
sudo -u www-data decant cgi /usr/lib/cgi-bin/visits.py --warm-status

decant fcgi ./hello.py --listen unix:/run/decant/hello.sock --mode 0660 --owner www-data:www-data
decant fcgi mysite.wsgi --chdir /srv/django_site --listen unix:/run/decant/django.sock --mode 0660 --owner www-data:www-data
decant fcgi /srv/flask_site/app.py --processes 1 --venv /srv/flask_site/venv --listen unix:/run/decant/flask.sock --mode 0660 --owner www-data:www-data
