# SPDX-License-Identifier: MIT
"""manage.py runserver: Django's command with decant for its server."""

from __future__ import annotations

import logging
import socket

from django.apps import apps

from decant import __version__, simple_server

if apps.is_installed('django.contrib.staticfiles'):
    from django.contrib.staticfiles.management.commands.runserver import (
        Command as DjangoCommand)
else:
    from django.core.management.commands.runserver import (
        Command as DjangoCommand)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

logger = logging.getLogger('django.server')


class RequestHandler(simple_server.WSGIRequestHandler):
    """Logs a request as Django's own server does: by 'django.server'."""

    def log_message(self, format: str, *args: Any) -> None:
        """The colour comes from status_code, by Django's formatter."""
        status = str(args[1])
        extra: dict[str, Any] = {'server_time': self.log_date_time_string()}
        level = logger.info
        if status.isdigit() and len(status) == 3:
            extra['status_code'] = int(status)
            if status >= '500':
                level = logger.error
            elif status >= '400':
                level = logger.warning
        level(format, *args, extra=extra)


class Server(simple_server.WSGIServer):
    """What django.core.servers.basehttp.run() makes, with or without threads.

    The handler that it names is that of wsgiref, and has no part in this.
    """

    def __init__(self, server_address: tuple[str, int], handler: Any = None,
                 ipv6: bool = False, allow_reuse_address: bool = True) -> None:
        if ipv6:
            self.address_family = socket.AF_INET6
        self.allow_reuse_address = allow_reuse_address
        super().__init__(server_address, RequestHandler)


class Command(DjangoCommand):
    """See `manage.py help runserver`."""

    server_cls = Server

    def get_handler(self, *args: Any, **options: Any) -> Any:
        """Called when everything else has been said."""
        handler = super().get_handler(*args, **options)
        self.stdout.write('Served by decant %s.\n' % __version__)
        return handler
