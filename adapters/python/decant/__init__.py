# SPDX-License-Identifier: MIT
"""decant: a WSGI gateway (PEP 3333) in your own interpreter.

    decant.run_with_cgi(application)          a CGI script
    decant.serve(application, listen=[...])   HTTP, FastCGI, SCGI, uwsgi
    decant.run(application, '/path')          one request, for a test
    python3 -m decant http module:callable    the command

decant.simple_server and decant.flup.server.fcgi, scgi and cgi have the names of
wsgiref.simple_server and of flup, so that a script works by changing the line
that imports it.
"""

from __future__ import annotations

from decant._load import _decant
from decant._options import translated, words_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterable, Mapping, Sequence
    from _typeshed.wsgi import WSGIApplication

__all__ = ['Response', 'run', 'run_with_cgi', 'serve']
__version__: str = _decant.__version__


class Response:
    """What an application answered: PEP 3333, "The start_response() Callable".

    status   the code, as 200
    reason   the words behind it, as 'OK'
    headers  (name, value) pairs in the order in which they are sent
    body     bytes, at most as many as Content-Length says
    errors   what came on wsgi.errors, a traceback for example
    """

    __slots__ = ('status', 'reason', 'headers', 'body', 'errors')

    def __init__(self, status: int, reason: str,
                 headers: list[tuple[str, str]], body: bytes,
                 errors: str) -> None:
        self.status = status
        self.reason = reason
        self.headers = headers
        self.body = body
        self.errors = errors

    def header(self, name: str, default: str | None = None) -> str | None:
        """The first header of that name, whatever its case."""
        for key, value in self.headers:
            if key.lower() == name.lower():
                return value
        return default

    @property
    def text(self) -> str:
        """The body as UTF-8."""
        return self.body.decode('utf-8')

    def __repr__(self) -> str:
        return '<decant.Response %d %s>' % (self.status, self.reason)


def run(application: WSGIApplication, target: str = '/', *,
        method: str = '',
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        data: bytes | str | Mapping[str, str] | None = None,
        **options: Any) -> Response:
    """Put one request to an application and give its response.

    The request goes through the gateway that serves everywhere else, with its
    checks of what an application may not do (PEP 3333, "The Server/Gateway
    Side"): an exception is a response with status 500, and its traceback is in
    `errors`. `target` is a path with a query, or a URL. `method` is GET, or
    POST with data; data that is a mapping is sent as a form. Options are those
    of `decant run`: script_name, env, lint, lenient, static.

        response = decant.run(application, '/greet?name=Ann')
        assert response.status == 200 and b'Ann' in response.body
    """
    if isinstance(data, str):
        data = data.encode('utf-8')
    elif data is not None and not isinstance(data, (bytes, bytearray,
                                                    memoryview)):
        from urllib.parse import urlencode
        data = urlencode(data).encode('ascii')
    pairs = headers.items() if hasattr(headers, 'items') else headers
    lines = []
    for name, value in pairs:
        if ':' in name:
            raise ValueError('headers: %r is no name of a header' % name)
        lines.append('%s: %s' % (name, value))
    with translated({'-X': 'method', '-H': 'headers'}):
        line, fields, body, errors = _decant.answer(
            application, target, method, lines, data, words_of(options))
    code, _, reason = line.partition(' ')
    return Response(int(code), reason, fields, body, errors)


def run_with_cgi(application: WSGIApplication) -> None:
    """Answer the one request that a web server started this script for.

    PEP 3333, "The Server/Gateway Side", has this name: the variables come from
    the environment and the body from standard input (RFC 3875). From here on
    print() goes to standard error, where it does not disturb the response.
    """
    _decant.run_with_cgi(application)


def serve(application: WSGIApplication | str,
          listen: str | Sequence[str] | None = None,
          processes: int | None = None,
          threads: int | None = None, *,
          protocol: str = 'http',
          **options: Any) -> None:
    """Serve an application until it is told to stop.

    `listen` holds endpoints, as '127.0.0.1:8000', 'unix:/run/app.sock' or
    'fcgi://127.0.0.1:9000'; `protocol` is spoken where one names none: http,
    fcgi, scgi or uwsgi. Further options are those of the command, with _ for -:
    max_body=1048576, access_log='-', static='/static=./static'.

    Without `processes`, or with 0, this process serves, and its signals stay
    yours: Ctrl-C raises KeyboardInterrupt here once the requests in flight
    have been answered, a second one ends the process at once, and TERM makes
    this function return, unless you have a handler for it. With 1 or more,
    that many are forked from this one, which looks after them; call it from the
    main thread, before other threads run. Then `application` may be a name,
    'module:callable', which each process loads by itself and reload=True needs.
    While they serve, TERM, INT, HUP and USR1 mean what they mean to the
    command, and the exit statuses of other children of this process are lost.

    Raises ValueError for an option that has no meaning, OSError for an endpoint
    that cannot be opened.
    """
    options['listen'] = listen
    options['threads'] = threads
    if processes:
        _serve_by_processes(application, protocol, processes, options)
        return
    if isinstance(application, str):
        raise TypeError('application: a name is loaded by a process of the '
                        "service's own; give processes=1 or more, or the "
                        'callable itself')
    with translated():
        service = _decant.Service(protocol, words_of(options))
    service.application = application
    try:
        with _returns_at_term(service):
            service.serve()
    finally:
        service.close()


def _serve_by_processes(application: WSGIApplication | str, protocol: str,
                        processes: int, options: dict[str, Any]) -> None:
    if options.get('reload') and not isinstance(application, str):
        raise ValueError("reload: give the application by its name, as "
                         "'module:callable', which a new process can load")
    options['processes'] = processes
    with translated():
        status = _decant.supervise(application, protocol, words_of(options))
    if status != 0:
        raise ImportError('the application could not be loaded, see the log')


class _returns_at_term:
    """Has TERM stop a service, for a user who has no handler of his own."""

    def __init__(self, service: Any) -> None:
        self._service = service
        self._taken = False

    def __enter__(self) -> None:
        import signal
        if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
            return
        try:
            signal.signal(signal.SIGTERM, lambda *_: self._service.stop())
        except ValueError:  # not the main thread, which alone has signals
            return
        self._taken = True

    def __exit__(self, *_: object) -> None:
        if self._taken:
            import signal
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
