# SPDX-License-Identifier: MIT
"""flup.server.fcgi's WSGIServer: FastCGI 1.0.

    from decant.flup.server.fcgi import WSGIServer
    WSGIServer(application).run()

Arguments are flup's, and further ones are options of `decant fcgi`, as
allow_peer='10.0.0.0/8'. What is not honoured is said by a RuntimeWarning.
"""

from __future__ import annotations

import os

from decant.flup.server import _base

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

__all__ = ['WSGIServer', 'FCGI_RESPONDER', 'FCGI_AUTHORIZER', 'FCGI_FILTER']

# FastCGI 1.0, section 8.
FCGI_RESPONDER = 1
FCGI_AUTHORIZER = 2
FCGI_FILTER = 3


class WSGIServer(_base.Server):
    """Serves on bindAddress, or on the socket that the web server passes.

    bindAddress is (host, port) or the path of a unix socket. Without one, and
    without a socket on standard input, the script was started as a CGI script
    and answers its one request so; forceCGI=True says that it was.
    """

    protocol = 'fcgi'

    def __init__(self, application: Any, *args: Any,
                 roles: Sequence[int] = (FCGI_RESPONDER,),
                 forceCGI: bool = False, **options: Any) -> None:
        if FCGI_FILTER in roles:
            raise ValueError('roles: no web server has filters (FastCGI 1.0, '
                             'section 6.4), and decant has none')
        if FCGI_AUTHORIZER in roles:
            options['roles'] = 'responder,authorizer'
        self._force_cgi = forceCGI
        # FastCGI 1.0, section 3.2: who may connect by TCP.
        peers = os.environ.get('FCGI_WEB_SERVER_ADDRS')
        if peers:
            options.setdefault('allow_peer', peers.split(','))
        super().__init__(application, *args, **options)

    def run(self) -> bool:
        """Serves; gives True when HUP ended it."""
        if self._force_cgi or (self.bindAddress is None
                               and not _base.is_passed_a_socket()
                               and not _base.is_started_by_systemd()):
            return _base.run_once(self.application)
        return super().run()
