# SPDX-License-Identifier: MIT
"""flup.server.scgi's WSGIServer: SCGI.

    from decant.flup.server.scgi import WSGIServer
    WSGIServer(application, bindAddress=('localhost', 4000)).run()
"""

from __future__ import annotations

from decant.flup.server import _base

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

__all__ = ['WSGIServer']


class WSGIServer(_base.Server):
    """Serves on bindAddress; scriptName is where the application is mounted.

    Without scriptName the web server is believed. allowedServers are addresses
    of web servers on other machines.
    """

    protocol = 'scgi'

    def __init__(self, application: Any, scriptName: str | None = None,
                 environ: Any = None, multithreaded: bool = True,
                 multiprocess: bool = False,
                 bindAddress: Any = ('localhost', 4000),
                 umask: int | None = None,
                 allowedServers: Sequence[str] | None = None,
                 **options: Any) -> None:
        if scriptName is not None:
            options['script_name'] = scriptName
        others = [name for name in allowedServers or ()
                  if name not in ('127.0.0.1', 'localhost')]
        if others:
            options.setdefault('allow_peer', others)
        super().__init__(application, environ, multithreaded, multiprocess,
                         bindAddress, umask, **options)
