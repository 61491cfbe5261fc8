# SPDX-License-Identifier: MIT
"""Applications that look at the types and habits of environ, wsgi.input and
wsgi.errors."""

import json
from codecs import getreader

from chapter import application, checking, differing, plain_text, taken

# The environ.


@checking("exact-types")
def exact_types(environ, start_response):
    yield from differing("the type", type(environ), dict)
    yield from differing("wsgi.version", environ["wsgi.version"], (1, 0))
    yield from differing("terminated", environ["wsgi.input_terminated"], True)
    for flag in ("multithread", "multiprocess", "run_once"):
        yield from differing(flag, type(environ[f"wsgi.{flag}"]), bool)
    for name, value in environ.items():
        yield from differing(f"the type of {name!r}", type(name), str)
        if not name.startswith("wsgi."):
            yield from differing(f"the type of {name}", type(value), str)


before = []


@checking("fresh")
def fresh(environ, start_response):
    """Neither may one request's environ be another's, nor change later."""
    if before:
        environ_before, as_it_was = before
        if environ_before is environ:
            yield "the dict is used again"
        if environ_before != as_it_was:
            yield "the one before has changed"
    before[:] = environ, environ.copy()


@application("empties")
def empties(environ, start_response):
    """What decant needs is not in the dict."""
    body = environ["wsgi.input"]
    environ.clear()
    environ[5] = object()
    start_response("200 OK", plain_text())
    yield b"emptied "
    yield body.read()


@checking("sometimes")
def sometimes(environ, start_response):
    """A header that came with each of the requests before."""
    if "HTTP_X_SOMETIMES" in environ:
        yield "HTTP_X_SOMETIMES is there"


def characters(first, last):
    return "".join(map(chr, range(first, last + 1)))


@checking("path-bytes")
def path_bytes(environ, start_response):
    path = "/" + characters(0x01, 0xFF)
    yield from differing("PATH_INFO", environ["PATH_INFO"], path)


@checking("high-bytes")
def high_bytes(environ, start_response):
    for name in ("QUERY_STRING", "HTTP_X_BYTES"):
        yield from differing(name, environ[name], characters(0x80, 0xFF))


# wsgi.input.

REST = {
    "read()": lambda body: body.read(),
    "read(None)": lambda body: body.read(None),
    "read(-1)": lambda body: body.read(-1),
    "read(-7)": lambda body: body.read(-7),
    "read(10**12)": lambda body: body.read(10**12),
    "readlines(None)": lambda body: b"".join(body.readlines(None)),
    "readlines(-1)": lambda body: b"".join(body.readlines(-1)),
    "readlines(0)": lambda body: b"".join(body.readlines(0)),
    "iteration": lambda body: b"".join(body),
}


@checking("reads-rest")
def reads_rest(environ, start_response):
    """By the form that the query names."""
    body = environ["wsgi.input"]
    form = environ["QUERY_STRING"]
    yield from differing("the beginning", body.read(3), b"one")
    yield from differing(form, REST[form](body), b"\ntwo\nthree")
    yield from differing("the end", body.read(), b"")


@checking("reads-within-limits")
def reads_within_limits(environ, start_response):
    body = environ["wsgi.input"]
    yield from differing("read(0)", body.read(0), b"")
    yield from differing("readline(0)", body.readline(0), b"")
    yield from differing("readline(2)", body.readline(2), b"on")
    yield from differing("readline(5)", body.readline(5), b"e\n")
    yield from differing("readline(None)", body.readline(None), b"two\n")
    yield from differing("read(True)", body.read(True), b"t")
    yield from differing("readline(-1)", body.readline(-1), b"hree")


@checking("reads-at-the-end")
def reads_at_the_end(environ, start_response):
    body = environ["wsgi.input"]
    body.read()
    for _ in range(3):
        yield from differing("read()", body.read(), b"")
        yield from differing("read(1)", body.read(1), b"")
        yield from differing("readline()", body.readline(), b"")
        yield from differing("readline(5)", body.readline(5), b"")
        yield from differing("readlines()", body.readlines(), [])
        yield from differing("iteration", list(body), [])
        yield from taken(StopIteration, next, body)


@checking("closes-input")
def closes_input(environ, start_response):
    body = environ["wsgi.input"]
    yield from differing("close()", body.close(), None)
    yield from differing("readline()", body.readline(), b"one\n")
    body.close()
    yield from differing("the rest", body.read(), b"two\nthree")


@checking("iterates-input")
def iterates_input(environ, start_response):
    body = environ["wsgi.input"]
    if iter(body) is not body:
        yield "it is not its own iterator"
    yield from differing("next()", next(body), b"one\n")
    for line in body:
        yield from differing("the line", line, b"two\n")
        break
    yield from differing("the rest", body.read(), b"three")


@checking("misuses-input")
def misuses_input(environ, start_response):
    body = environ["wsgi.input"]
    for method in (body.read, body.readline, body.readlines):
        for wrong in ("3", b"3", 1.5, [], {}):
            yield from taken(TypeError, method, wrong)
        yield from taken(TypeError, method, 1, 2)
        yield from taken(OverflowError, method, 10**40)
    yield from taken(TypeError, type(body))
    yield from differing("the body", body.read(), b"one\ntwo\nthree")


@checking("lends-input")
def lends_input(environ, start_response):
    """To the library, which knows it as a file."""
    body = environ["wsgi.input"]
    number = json.loads(body.readline())
    yield from differing("the number", number, 5)
    lines = [line.strip() for line in getreader("utf-8")(body)]
    yield from differing("the lines", lines, ["caf\xe9", "\u2192"])


# wsgi.errors.


@application("logs")
def logs(environ, start_response):
    errors = environ["wsgi.errors"]
    errors.write("written caf\xe9 \u2192\n")
    errors.write("lone \udc80 and \ud800\n")
    errors.writelines(["a list, ", "in one line\n"])
    errors.writelines(f"generated {number}\n" for number in range(2))
    print("printed", 5, file=errors)
    errors.write("flushed")
    errors.flush()
    errors.write("zero \0 and \x7f\n")
    start_response("200 OK", plain_text())
    return [b"logged\n"]


@checking("misuses-errors")
def misuses_errors(environ, start_response):
    errors = environ["wsgi.errors"]
    for wrong in (b"bytes", 5, None, ["list"]):
        yield from taken(TypeError, errors.write, wrong)
    yield from taken(TypeError, errors.write)
    yield from taken(TypeError, errors.write, "two", "arguments")
    yield from taken(TypeError, errors.writelines, ["the first\n", b"x"])
    yield from taken(TypeError, errors.writelines, 5)
    yield from taken(ZeroDivisionError, errors.writelines, failing_lines())


def failing_lines():
    yield "before the failure\n"
    yield str(1 // 0)
