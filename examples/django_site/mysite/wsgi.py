# SPDX-License-Identifier: MIT
# The application, as `django-admin startproject` writes it:
#   decant fcgi mysite.wsgi --chdir /srv/django_site \
#     --listen unix:/run/decant/django.sock --mode 0660 \
#     --owner www-data:www-data --env DJANGO_DATA=/var/lib/django_site
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")

application = get_wsgi_application()
