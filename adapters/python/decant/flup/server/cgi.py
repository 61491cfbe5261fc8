# SPDX-License-Identifier: MIT
"""flup.server.cgi's WSGIServer: one request (RFC 3875).

    from decant.flup.server.cgi import WSGIServer
    WSGIServer(application).run()
"""

from __future__ import annotations

from decant.flup.server import _base

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ['WSGIServer']


class WSGIServer:
    """Answers the one request that the web server started the script for.

    Other arguments than application and environ are for services and have no
    meaning here.
    """

    def __init__(self, application: Any, environ: Any = None,
                 **_: Any) -> None:
        self.application = _base._with_environ(application, environ)

    def run(self) -> None:
        """Answers it."""
        _base.run_once(self.application)
