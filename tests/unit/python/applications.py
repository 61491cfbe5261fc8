# SPDX-License-Identifier: MIT
"""Applications of python_test.cpp."""

import threading

_kept = []


def application(environ, start_response):
    """Shows every variable of the server's, sorted."""
    assert type(environ) is dict
    shown = [
        f"{name}={value}\n"
        for name, value in sorted(environ.items())
        if not name.startswith("wsgi.")
    ]
    environ.clear()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return ["".join(shown).encode("latin-1")]


def keeps(environ, start_response):
    """Keeps what belongs to the request, and shows what it kept before."""
    seen = len(_kept)
    for old in _kept:
        assert old["wsgi.input"] is not environ["wsgi.input"]
        try:
            old["wsgi.input"].read()
        except AssertionError:
            seen -= 1
    _kept.append(environ)
    start_response("200 OK", [])
    return [str(seen).encode(), environ["QUERY_STRING"].encode()]


def scheme(environ, start_response):
    start_response("200 OK", [])
    return [environ["wsgi.url_scheme"].encode()]


def spin():
    number = 0
    while True:
        number += 1


def busy():
    """Two threads that never rest, as some monitoring agents have."""
    for _ in range(2):
        threading.Thread(target=spin, daemon=True).start()
    return application
