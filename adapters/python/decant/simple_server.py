# SPDX-License-Identifier: MIT
"""The names of wsgiref.simple_server, with decant behind them.

    from decant.simple_server import make_server
    make_server('127.0.0.1', 8000, application).serve_forever()

PEP 3333, "Specification Details", has the algorithm. What is different from
wsgiref: connections are kept (HTTP/1.1), the response is checked, and the
server's threads are a pool. Hooks of socketserver that decant would not call
are refused where a class overrides them.
"""

from __future__ import annotations

import os
import select
import socket
import socketserver
import sys
import threading
import time
import warnings
from socketserver import ThreadingMixIn

from decant._load import _decant
from decant._options import translated, words_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ['WSGIServer', 'WSGIRequestHandler', 'ThreadingMixIn',
           'ThreadingWSGIServer', 'demo_app', 'make_server']

__version__ = _decant.__version__
server_version = 'decant/' + __version__
software_version = server_version

# What a log is not to hold: it goes to a terminal.
_ESCAPES = {code: '\\x%02x' % code for code in (*range(0x20),
                                                *range(0x7f, 0xa0))}
_ESCAPES[ord('\\')] = r'\\'


class WSGIRequestHandler:
    """What is said of each request, to be overridden: its log.

    decant reads the request and makes the environ by itself. After a request it
    calls log_request() of a handler with these attributes: client_address,
    server, requestline, command, path, request_version.
    """

    server_version = server_version
    protocol_version = 'HTTP/1.1'

    client_address: tuple[str, int]
    server: WSGIServer
    requestline: str
    command: str
    path: str
    request_version: str

    def log_request(self, code: int | str = '-', size: int | str = '-') -> None:
        """A request has been answered, with `size` bytes of body."""
        self.log_message('"%s" %s %s', self.requestline, str(code), str(size))

    def log_error(self, format: str, *args: object) -> None:
        """As log_message()."""
        self.log_message(format, *args)

    def log_message(self, format: str, *args: object) -> None:
        """Writes a line to sys.stderr."""
        message = (format % args).translate(_ESCAPES)
        sys.stderr.write('%s - - [%s] %s\n'
                         % (self.address_string(),
                            self.log_date_time_string(), message))

    def address_string(self) -> str:
        """The client's address."""
        return self.client_address[0]

    def log_date_time_string(self) -> str:
        """The time, as in the Common Log Format without its zone."""
        return time.strftime('%d/%b/%Y %H:%M:%S')

    def version_string(self) -> str:
        """The software, as in SERVER_SOFTWARE."""
        return self.server_version


class WSGIServer(socketserver.TCPServer):
    """An HTTP server that listens at once and serves when it is told to.

    serve_forever() serves on the calling thread, one request after another, or
    on `threads` threads where ThreadingMixIn is mixed in. Ctrl-C raises
    KeyboardInterrupt there; shutdown() is for another thread.
    """

    allow_reuse_address = True
    request_queue_size = 512
    #: Requests served at once with ThreadingMixIn.
    threads = 64
    #: Further options of `decant http`, as {'max_body': 1048576}.
    options: dict[str, Any] = {}
    #: Whether requests are logged.
    logs_requests = True

    application: WSGIApplication | None = None
    server_name: str
    server_port: int
    base_environ: dict[str, str]

    def __init__(self, server_address: Any,
                 RequestHandlerClass: type[WSGIRequestHandler]
                 = WSGIRequestHandler,
                 bind_and_activate: bool = True) -> None:
        _refuse_hooks(type(self))
        _refuse_handler(RequestHandlerClass)
        self.__lock = threading.Lock()
        self.__idle = threading.Event()
        self.__idle.set()
        self.__service: Any = None
        self.__stop = False
        # For socketserver it is what reads a request, which it is not here.
        kind: Any = RequestHandlerClass
        super().__init__(server_address, kind, bind_and_activate)

    def server_bind(self) -> None:
        """Binds the socket and fills server_name and server_port."""
        super().server_bind()
        if isinstance(self.server_address, tuple):
            host, self.server_port = self.server_address[:2]
            self.server_name = str(host)
        else:
            self.server_name, self.server_port = 'localhost', 80
        self.setup_environ()

    def setup_environ(self) -> None:
        """Fills base_environ; what a user adds to it is in every environ."""
        self.base_environ = {'SERVER_NAME': str(self.server_name),
                             'GATEWAY_INTERFACE': 'CGI/1.1',
                             'SERVER_PORT': str(self.server_port),
                             'REMOTE_HOST': '', 'CONTENT_LENGTH': '',
                             'SCRIPT_NAME': ''}
        self.__base = dict(self.base_environ)

    def get_app(self) -> WSGIApplication | None:
        """The application."""
        return self.application

    def set_app(self, application: WSGIApplication | None) -> None:
        """Sets it; a server that serves gives it the next request."""
        self.application = application
        with self.__lock:
            if self.__service is not None and application is not None:
                self.__service.application = application

    def serve_forever(self, poll_interval: float = 0.5) -> None:
        """Serves until shutdown(). `poll_interval` has no meaning here."""
        with self.__lock:
            self.__idle.clear()
        try:
            self.__serve(once=False)
        finally:
            with self.__lock:
                self.__stop = False
                self.__idle.set()

    def shutdown(self) -> None:
        """Has serve_forever() return and waits until it has.

        Requests in flight are answered first.
        """
        with self.__lock:
            self.__stop = True
            if self.__service is not None:
                self.__service.stop()
            serves = not self.__idle.is_set()
        if serves:
            self.__idle.wait()

    def handle_request(self) -> None:
        """Serves one connection up to its first response.

        With a `timeout` it waits no longer than that for one to come, and calls
        handle_timeout().
        """
        limits = [limit for limit in (self.timeout, self.socket.gettimeout())
                  if limit is not None]
        if limits and not self.__someone_comes(min(limits)):
            self.handle_timeout()
            return
        self.__serve(once=True)

    def server_close(self) -> None:
        """Closes the listening socket."""
        with self.__lock:
            if self.__service is not None:
                self.__service.stop()
        super().server_close()

    def __someone_comes(self, seconds: float) -> bool:
        poll = select.poll()
        poll.register(self.fileno(), select.POLLIN)
        return bool(poll.poll(max(0, seconds) * 1000))

    def __serve(self, once: bool) -> None:
        service = self.__open(once)
        try:
            with self.__lock:
                if self.__stop and not once:
                    return
                if self.__service is not None:
                    raise RuntimeError('the server serves already')
                self.__service = service
            try:
                service.serve(once=once, log=self.__log())
            finally:
                with self.__lock:
                    self.__service = None
        finally:
            service.close()

    def __open(self, once: bool) -> Any:
        if type(self.socket) is not socket.socket:
            raise TypeError('socket: decant reads from the listening socket '
                            'itself and speaks no TLS; put a web server in '
                            'front for that')
        environ = {name: value for name, value in self.base_environ.items()
                   if self.__base.get(name) != value}
        pooled = isinstance(self, ThreadingMixIn) and not once
        options = {'threads': self.threads if pooled else 1,
                   'log_level': 'warning', 'env': environ, **self.options}
        # The service closes the descriptor that it is given.
        descriptor = os.dup(self.fileno())
        try:
            with translated():
                service = _decant.Service(
                    'http', words_of({'listen': 'fd:%d' % descriptor,
                                      **options}))
        except ValueError:
            os.close(descriptor)
            raise
        service.application = self.get_app() or _no_application
        return service

    def __log(self) -> bool | Callable[..., None] | None:
        if not self.logs_requests:
            return None
        handler = self.RequestHandlerClass
        own = all(getattr(handler, name) is getattr(WSGIRequestHandler, name)
                  for name in ('log_request', 'log_message', 'address_string',
                               'log_date_time_string'))
        # The lines of the gateway's own access log cost a tenth.
        return True if own and sys.stderr is sys.__stderr__ else self.__tell

    def __tell(self, address: str, port: str, requestline: str, status: int,
               size: int) -> None:
        kind: Any = self.RequestHandlerClass
        handler: WSGIRequestHandler = kind.__new__(kind)
        handler.server = self
        handler.client_address = (address, int(port or 0))
        handler.requestline = requestline
        handler.command, _, rest = requestline.partition(' ')
        handler.path, _, handler.request_version = rest.rpartition(' ')
        handler.log_request(str(status), size)


class ThreadingWSGIServer(ThreadingMixIn, WSGIServer):
    """Serves several requests at once."""

    daemon_threads = True


def make_server(host: str, port: int, app: WSGIApplication | None,
                server_class: type[WSGIServer] = WSGIServer,
                handler_class: type[WSGIRequestHandler] = WSGIRequestHandler
                ) -> WSGIServer:
    """A server for `app` that listens on host and port; 0 is any free one."""
    server = server_class((host, port), handler_class)
    server.set_app(app)
    return server


def demo_app(environ: WSGIEnvironment, start_response: StartResponse
             ) -> list[bytes]:
    """Shows its environ."""
    lines = ['Hello world!', '']
    lines += ['%s = %r' % item for item in sorted(environ.items())]
    start_response('200 OK', [('Content-Type', 'text/plain; charset=utf-8')])
    return ['\n'.join(lines).encode('utf-8')]


def _no_application(environ: WSGIEnvironment, start_response: StartResponse
                    ) -> list[bytes]:
    raise RuntimeError('there is no application; call set_app()')


# By them a class decides about connections or reads requests by itself: to pass
# them over in silence would be to serve whom it turns away.
_REFUSED_HOOKS = ('get_request', 'verify_request', 'process_request',
                  'finish_request', 'process_request_thread')
_IGNORED_HOOKS = ('handle_error', 'shutdown_request', 'close_request',
                  'service_actions')
_REFUSED_METHODS = ('handle', 'handle_one_request', 'setup', 'finish',
                    'get_environ', 'get_stderr', 'parse_request', 'do_GET',
                    'do_POST', 'do_HEAD')


def _where_defined(cls: type, name: str) -> type | None:
    return next((base for base in cls.__mro__ if name in vars(base)), None)


def _refuse_hooks(cls: type) -> None:
    if issubclass(cls, socketserver.ForkingMixIn):
        raise TypeError('ForkingMixIn: decant does not fork for a request; '
                        'use decant.serve(application, processes=4)')
    ours = (socketserver.BaseServer, socketserver.TCPServer, ThreadingMixIn)
    for name in _REFUSED_HOOKS + _IGNORED_HOOKS:
        where = _where_defined(cls, name)
        if where is None or where in ours:
            continue
        text = ('%s.%s: connections are handled by decant, which does not call '
                'it; wrap the application instead' % (where.__name__, name))
        if name in _REFUSED_HOOKS:
            raise TypeError(text)
        warnings.warn(text, RuntimeWarning, stacklevel=4)


def _refuse_handler(cls: type) -> None:
    if not (isinstance(cls, type) and issubclass(cls, WSGIRequestHandler)):
        raise TypeError('handler_class: a subclass of decant.simple_server.'
                        'WSGIRequestHandler is needed, not %r' % (cls,))
    for name in _REFUSED_METHODS:
        where = _where_defined(cls, name)
        if where is not None:
            raise TypeError('%s.%s: requests are read by decant, which does '
                            'not call it; wrap the application instead'
                            % (where.__name__, name))


def _main() -> None:
    with make_server('127.0.0.1', 8000, demo_app) as server:
        print('Serving HTTP on http://127.0.0.1:%d/ ...' % server.server_port,
              flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass


if __name__ == '__main__':
    _main()
