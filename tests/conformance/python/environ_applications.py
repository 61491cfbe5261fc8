# SPDX-License-Identifier: MIT
"""Applications that look at the environ."""

from wsgiref.util import shift_path_info

from chapter import application, plain_text, returning


def shown(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ".".join(map(str, value))
    return value


def dump(environ):
    """All of the environ that is text, a line for each key."""
    lines = [
        f"{name}={shown(value)}\n"
        for name, value in environ.items()
        if isinstance(value, (str, bool, tuple))
    ]
    return [line.encode("latin-1") for line in lines]


@returning("environ")
def dumped(environ):
    return dump(environ)


@returning("mutate")
def mutate(environ):
    """Changes what it can, which the next request must not notice."""
    before = dump(environ)
    environ["MUTATED"] = "yes"
    environ["QUERY_STRING"] = "mutated"
    environ["HTTP_HOST"] = "mutated"
    del environ["PATH_INFO"]
    del environ["SERVER_NAME"]
    return before


@returning("dictionary")
def dictionary(environ):
    """The dictionary, used as one. Says what is not as it should be."""
    size = len(environ)
    environ.update(ADDED="1")
    environ["ADDED"] = "2"
    wrong = [
        what
        for what, met in {
            "absent": "ABSENT" not in environ,
            "get": environ.get("ABSENT", "fallback") == "fallback",
            "set": environ["ADDED"] == "2" and len(environ) == size + 1,
            "order": list(environ)[-1] == "ADDED",
            "copy": environ.copy() == environ,
            "pop": environ.pop("ADDED") == "2" and len(environ) == size,
            "pop of one only": "REQUEST_METHOD" in environ,
        }.items()
        if not met
    ]
    return [(", ".join(wrong) or "as it should be").encode() + b"\n"]


class Session:
    def __init__(self, visits):
        self.visits = visits


def visits(environ, start_response):
    start_response("200 OK", plain_text())
    session = environ["test.session"]
    session.visits += 1
    return [b"%d visits\n" % session.visits]


@application("attached")
def attached(environ, start_response):
    """Middleware that leaves an object, around an application that finds it."""
    environ["test.session"] = Session(visits=41)
    return visits(environ, start_response)


@application("mounted")
def mounted(environ, start_response):
    """Moves the names it knows from PATH_INFO into SCRIPT_NAME."""
    start_response("200 OK", plain_text())
    if shift_path_info(environ) != "shop":
        return [b"outside\n"]
    if environ["PATH_INFO"].startswith("/admin/"):
        shift_path_info(environ)
    paths = "{SCRIPT_NAME} | {PATH_INFO}\n".format_map(environ)
    return [paths.encode("latin-1")]


@application("wrapped")
def wrapped(environ, start_response):
    """Middleware that adds a header by wrapping start_response."""

    def adding(status, headers, exc_info=None):
        headers.append(("X-Added", "by middleware"))
        return start_response(status, headers, exc_info)

    return dumped(environ, adding)
