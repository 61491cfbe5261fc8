# SPDX-License-Identifier: MIT
"""Applications that call start_response and write with what Python has beyond
C++: wrong types, keywords, exc_info."""

import sys

from chapter import application, checking, plain_text, some_error, taken

OK = "200 OK"


def header(name, value):
    return [(name, value)]


class Text(str):
    pass


class Headers(list):
    pass


WRONG_TYPES = {
    "status": [(wrong, []) for wrong in (200, b"200 OK", None, ["200 OK"])],
    "headers": [
        (OK, wrong) for wrong in ((("X-A", "x"),), {"X-A": "x"}, None, "X-A: x")
    ],
    "header": [
        (OK, [wrong])
        for wrong in (["X-A", "x"], "X-A: x", None, ("X-A",), ("X-A", "x", 1))
    ],
    "name": [(OK, header(wrong, "x")) for wrong in (5, b"X-A", None)],
    "value": [(OK, header("X-A", wrong)) for wrong in (5, b"x", None, ["x"])],
    "exc_info": [
        (OK, [], wrong)
        for wrong in (
            True,
            RuntimeError("no tuple"),
            (RuntimeError, RuntimeError()),
            (None, None, None),
            (5, 5, 5),
        )
    ],
    "number": [(), (OK,), (OK, [], None, None)],
}


@checking("wrong-types")
def wrong_types(environ, start_response):
    """Of the argument that the query names."""
    for arguments in WRONG_TYPES[environ["QUERY_STRING"]]:
        yield from taken(TypeError, start_response, *arguments)


@checking("beyond-latin-1")
def beyond_latin_1(environ, start_response):
    yield from taken(ValueError, start_response, "200 \u2713", [])
    for beyond in ("\u0100", "caf\xe9 \u2192", "\U0001f600", "\udc80"):
        name_wrong = header("X-" + beyond, "x")
        value_wrong = header("X-A", beyond)
        yield from taken(ValueError, start_response, OK, name_wrong)
        yield from taken(ValueError, start_response, OK, value_wrong)


@checking("wrong-keywords")
def wrong_keywords(environ, start_response):
    yield from taken(TypeError, start_response, OK, [], info=None)
    yield from taken(TypeError, start_response, OK, [], headers=[])
    yield from taken(TypeError, start_response, status=OK)


@application("keywords")
def keywords(environ, start_response):
    start_response(status="201 Created", headers=plain_text())
    start_response(
        "202 Accepted", headers=plain_text(), exc_info=some_error()
    )
    return [b"taken\n"]


@application("subclasses")
def subclasses(environ, start_response):
    """Of list and str."""
    headers = Headers(header(Text("X-A"), Text("of a subclass")))
    start_response(Text("203 Some"), headers, None)
    return [b"taken\n"]


@application("all-values")
def all_values(environ, start_response):
    value = "".join(map(chr, [*range(0x21, 0x7F), *range(0x80, 0x100)]))
    start_response(OK, plain_text(("X-All", value)))
    return [b"sent\n"]


@application("changes-headers")
def changes_headers(environ, start_response):
    """After the call, when they are the server's."""
    headers = plain_text(("X-A", "as announced"))
    start_response(OK, headers)
    headers[:] = [("X-A", "changed")]
    yield b"unchanged\n"


FAILING = {
    "type": (OK, None),
    "value": (OK, header("X-A", "\u2192")),
    "contract": ("no status", []),
}


@checking("refused-counts")
def refused_counts(environ, start_response):
    """The failure that the query names is a call."""
    try:
        start_response(*FAILING[environ["QUERY_STRING"]])
    except (TypeError, ValueError, AssertionError):
        pass
    yield from taken(AssertionError, start_response, OK, plain_text())


@checking("refused-latin-1")
def refused_latin_1(environ, start_response):
    """By a message that quotes it."""
    try:
        start_response(OK, header("X-caf\xe9", "x"))
    except AssertionError as error:
        if "X-caf\xe9" not in str(error):
            yield str(error) or "an empty message"
    else:
        yield "taken"


@application("recovers")
def recovers(environ, start_response):
    """After the failure that the query names."""
    try:
        start_response(*FAILING[environ["QUERY_STRING"]])
    except (TypeError, ValueError, AssertionError):
        start_response("409 Conflict", plain_text(), sys.exc_info())
    return [b"recovered\n"]


def culprit():
    raise LookupError("of the culprit")


@application("error-too-late")
def error_too_late(environ, start_response):
    """start_response raises it, and nobody catches it."""
    write = start_response(OK, plain_text())
    write(b"begun ")
    try:
        culprit()
    except LookupError:
        exc_info = sys.exc_info()
    start_response("500 Too Late", plain_text(), exc_info)
    return [b"never sent"]


@application("error-comes-back")
def error_comes_back(environ, start_response):
    """The same one, as often as it is given, and with its traceback."""
    start_response(OK, plain_text())(b"begun")
    exc_info = some_error()
    for _ in range(2):
        try:
            start_response("500 Too Late", [], exc_info)
        except RuntimeError as error:
            yield b", the same" if error is exc_info[1] else b", another"
            traceback = error.__traceback__
            while traceback.tb_next:
                traceback = traceback.tb_next
            yield b" from " + traceback.tb_frame.f_code.co_name.encode()


@application("writes-text")
def writes_text(environ, start_response):
    write = start_response(OK, plain_text())
    wrong = []
    for text in ("text", None, 5, [b"list"], bytearray(b"x"), memoryview(b"x")):
        wrong += taken(TypeError, write, text)
    wrong += taken(TypeError, write)
    wrong += taken(TypeError, write, b"two", b"arguments")
    if write(b"only bytes") is not None:
        wrong.append(" which gave something")
    return ["".join(wrong).encode(), b"\n"]
