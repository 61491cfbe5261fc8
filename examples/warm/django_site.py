#!/usr/local/bin/decant --warm=600
# SPDX-License-Identifier: MIT
# The Django site of examples/django_site, as a file in cgi-bin whose process
# stays for ten minutes after the last request.
import os
import sys

sys.path.insert(0, "/srv/django_site")
os.environ.setdefault("DJANGO_DATA", "/var/lib/django_site")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")

from django.core.wsgi import get_wsgi_application  # noqa: E402

application = get_wsgi_application()
