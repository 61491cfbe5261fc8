# SPDX-License-Identifier: MIT
"""Applications that call start_response and write, well and badly."""

import sys
from threading import Lock

from chapter import application, plain_text, some_error

# What an application may get wrong in a head.
BAD_STATUSES = {
    "status-without-space": "200",
    "status-of-two-digits": "20 OK",
    "status-of-four-digits": "2000 OK",
    "status-of-letters": "abc OK",
    "status-with-newline": "200 OK\r\nX-Injected: 1",
    "empty-status": "",
    "interim-status": "103 Early Hints",
}
BAD_HEADERS = {
    "empty-name": [("", "x")],
    "name-with-colon": [("X-A:", "x")],
    "name-with-space": [("X A", "x")],
    "name-with-newline": [("X-A\n", "x")],
    "value-with-newline": [("X-A", "x\r\nX-Injected: 1")],
    "value-with-zero": [("X-A", "x\0y")],
    "connection": [("Connection", "close")],
    "transfer-encoding": [("Transfer-Encoding", "chunked")],
    "upgrade": [("upgrade", "websocket")],
    "status-header": [("Status", "404 Not Found")],
    "two-lengths": [("Content-Length", "2"), ("content-length", "2")],
    "length-of-letters": [("Content-Length", "two")],
    "negative-length": [("Content-Length", "-2")],
}


@application("bad-head")
def bad_head(environ, start_response):
    """Announces the head that the query names and reacts to the complaint,
    which only a call with the error may do (PEP 3333)."""
    head = environ["QUERY_STRING"]
    try:
        start_response(
            BAD_STATUSES.get(head, "200 OK"),
            list(BAD_HEADERS.get(head, plain_text())),
        )
    except AssertionError:
        body = [b"taken at the second call\n"]
        try:
            start_response("200 OK", plain_text())
        except AssertionError:
            body = [b"refused\n"]
        start_response("409 Conflict", plain_text(), sys.exc_info())
        return body
    return [b"taken\n"]


@application("bad-head-ignored")
def bad_head_ignored(environ, start_response):
    """The same without a reaction."""
    start_response("200 OK", [("X-A", "x\r\nX-Injected: 1")])
    return [b"taken\n"]


@application("twice")
def twice(environ, start_response):
    start_response("201 Created", plain_text(("X-Call", "first")))
    try:
        start_response("202 Accepted", plain_text(("X-Call", "second")))
    except AssertionError:
        return [b"the second call was refused\n"]
    return [b"the second call was taken\n"]


@application("replaces")
def replaces(environ, start_response):
    start_response(
        "200 OK", plain_text(("X-Call", "first"), ("Content-Length", "5"))
    )
    start_response(
        "503 Service Unavailable",
        plain_text(("X-Other", "second")),
        some_error(),
    )
    return [b"replaced\n"]


@application("replaces-late")
def replaces_late(environ, start_response):
    """The head has gone out: start_response must raise the very error."""
    start_response("200 OK", plain_text())
    yield b"head sent, "
    exc_info = some_error()
    try:
        start_response("500 Too Late", plain_text(), exc_info)
    except RuntimeError as error:
        came_back = error is exc_info[1]
        yield b"the error came back\n" if came_back else b"another error\n"
    else:
        yield b"the call was taken\n"


@application("empty-chunks")
def empty_chunks(environ, start_response):
    """Empty chunks and empty writes leave the head where it is."""
    write = start_response("200 OK", plain_text())
    write(b"")
    yield b""
    yield b""
    start_response("202 Accepted", plain_text(), some_error())
    yield b""
    yield b"after nothing\n"


@application("late")
def late(environ, start_response):
    start_response("200 OK", plain_text())
    yield b"late, "
    yield b"but in time\n"


kept = []
# Its response was whole before its close(), which may still be running.
ENDED = (AssertionError, RuntimeError)
kept_lock = Lock()


@application("keeps")
def keeps(environ, start_response):
    """Calls what it kept of the request before."""
    with kept_lock:
        body = []
        if kept:
            old_start_response, old_write = kept
            try:
                old_start_response("200 OK", plain_text())
                body.append(b"taken")
            except ENDED:
                body.append(b"refused")
            try:
                old_write(b"late")
                body.append(b" and written\n")
            except ENDED:
                body.append(b" and not written\n")
        kept[:] = start_response, start_response("200 OK", plain_text())
        return body


@application("never")
def never(environ, start_response):
    return []


@application("never-with-body")
def never_with_body(environ, start_response):
    return [b"no head\n"]


@application("status-without-reason")
def status_without_reason(environ, start_response):
    start_response("299 ", plain_text())
    return [b"no reason\n"]


@application("repeats")
def repeats(environ, start_response):
    start_response(
        "200 OK",
        [
            ("X-Order", "1"),
            ("Set-Cookie", "a=1; Path=/"),
            ("X-Order", "2"),
            ("Set-Cookie", "b=2"),
            ("Content-Type", "text/x-other"),
            ("X-Order", "3"),
        ],
    )
    return [b"ordered\n"]


@application("latin-header")
def latin_header(environ, start_response):
    start_response("200 OK", plain_text(("X-Latin", "caf\xe9 \xff\t.")))
    return [b""]


@application("writes-first")
def writes_first(environ, start_response):
    write = start_response("200 OK", plain_text())
    write(b"one ")
    write(b"two ")
    return [b"three ", b"four\n"]


@application("writes-only")
def writes_only(environ, start_response):
    write = start_response("200 OK", plain_text())
    write(b"written\n")
    return []


@application("writes-and-returns-one")
def writes_and_returns_one(environ, start_response):
    write = start_response("200 OK", plain_text())
    write(b"written ")
    return [b"and returned\n"]


@application("writes-past-length")
def writes_past_length(environ, start_response):
    write = start_response("200 OK", plain_text(("Content-Length", "5")))
    write(b"12345")
    try:
        write(b"6")
    except AssertionError:
        environ["wsgi.errors"].write("the sixth byte was refused\n")
    return []
