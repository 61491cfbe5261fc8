# SPDX-License-Identifier: MIT
"""What the WSGIServers have in common: flup's arguments as decant's options."""

from __future__ import annotations

import os
import signal
import socket
import warnings

from decant import run_with_cgi
from decant._load import _decant
from decant._options import translated, words_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping
    from _typeshed.wsgi import WSGIApplication

    Address = str | tuple[str, int] | list[Any]

#: Requests at the same time where flup would start threads without end.
DEFAULT_THREADS = 16

# They tune a pool of threads or processes that decant does not have.
_POOL_ARGUMENTS = ('minSpare', 'maxSpare', 'maxChildren', 'timeout',
                   'loggingLevel')


def _not_honoured(what: str, why: str) -> None:
    warnings.warn('%s: %s' % (what, why), RuntimeWarning, stacklevel=4)


class Server:
    """Serves an application by one protocol until TERM, INT or HUP."""

    protocol = ''

    def __init__(self, application: WSGIApplication,
                 environ: Mapping[str, Any] | None = None,
                 multithreaded: bool = True, multiprocess: bool = False,
                 bindAddress: Address | None = None,
                 umask: int | None = None, multiplexed: bool = False,
                 debug: bool | None = None, maxRequests: int = 0,
                 maxThreads: int = DEFAULT_THREADS, **options: Any) -> None:
        self.application = _with_environ(application, environ)
        if multiplexed:
            _not_honoured('multiplexed', 'a connection has one request at a '
                          'time here; web servers ask for no more')
        if debug:
            _not_honoured('debug', 'a traceback goes to the log and never to '
                          'the client')
        if multiprocess:
            _not_honoured('multiprocess', 'this process serves; '
                          'decant.serve(application, processes=4) forks')
        for name in _POOL_ARGUMENTS:
            options.pop(name, None)
        self.bindAddress = bindAddress
        self._options = {'threads': max(1, maxThreads) if multithreaded else 1,
                         'max_requests': maxRequests or None,
                         'log_level': 'warning', **options}
        if bindAddress is not None:
            self._options['listen'] = _endpoint(bindAddress)
        if isinstance(bindAddress, str):
            # As the file of a socket is made with the umask.
            self._options.setdefault('mode', '%04o' % (0o777 & ~_umask(umask)))

    def run(self) -> bool:
        """Serves; gives True when HUP ended it, for a caller who starts anew.

        INT and TERM end it too, once the requests in flight are answered.
        """
        with translated():
            service = _decant.Service(self.protocol, words_of(self._options))
        service.application = self.application
        signals = _Signals(service)
        try:
            with signals:
                service.serve()
        finally:
            service.close()
        return signals.hung_up

    def __call__(self) -> bool:
        return self.run()


class _Signals:
    """Has INT, TERM and HUP stop a service, in the main thread."""

    def __init__(self, service: Any) -> None:
        self._service = service
        self._before: dict[int, Any] = {}
        self.hung_up = False

    def _stop(self, number: int, _: object) -> None:
        self.hung_up = self.hung_up or number == signal.SIGHUP
        self._service.stop()

    def __enter__(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            try:
                self._before[number] = signal.signal(number, self._stop)
            except ValueError:  # another thread has no signals
                return

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


def _with_environ(application: WSGIApplication,
                  environ: Mapping[str, Any] | None) -> WSGIApplication:
    if not environ:
        return application
    extra = dict(environ)

    def with_environ(variables: Any, start_response: Any) -> Any:
        variables.update(extra)
        return application(variables, start_response)
    return with_environ


def _endpoint(address: Address) -> str:
    if isinstance(address, str):
        return 'unix:' + os.path.abspath(address)
    host, port = address[:2]
    host = host or '0.0.0.0'
    return ('[%s]:%d' if ':' in host else '%s:%d') % (host, port)


def _umask(given: int | None) -> int:
    if given is not None:
        return given
    current = os.umask(0o077)
    os.umask(current)
    return current


def is_passed_a_socket() -> bool:
    """Standard input is a socket that listens, as FastCGI 1.0 has it."""
    try:
        with socket.socket(fileno=os.dup(0)) as passed:
            return passed.getsockopt(socket.SOL_SOCKET,
                                     socket.SO_ACCEPTCONN) == 1
    except OSError:
        return False


def is_started_by_systemd() -> bool:
    """Sockets were passed to this very process: sd_listen_fds(3)."""
    return os.environ.get('LISTEN_PID') == str(os.getpid())


def run_once(application: WSGIApplication) -> bool:
    """As a CGI script."""
    run_with_cgi(application)
    return False
