# SPDX-License-Identifier: MIT
from django.contrib import admin
from django.contrib.staticfiles.views import serve
from django.urls import path

from mysite import views

urlpatterns = [
    path("", views.upload),
    path("files/<str:name>", views.download, name="download"),
    path("countdown/<int:start>", views.countdown),
    path("admin/", admin.site.urls),
    # For the shell and cgi-bin. A web server may send these files by itself,
    # as in nginx-django.conf.
    path("static/<path:path>", serve, {"insecure": True}),
]
