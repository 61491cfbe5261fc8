# SPDX-License-Identifier: MIT
# Applications of the integration tests, each named after what it does.
import hashlib
import sys
import time

PLAIN_TEXT = [("Content-Type", "text/plain")]


def hello(environ, start_response):
    start_response("200 OK", PLAIN_TEXT[:])
    return [b"Hello world!\n"]


def environ(environ, start_response):
    start_response("200 OK", PLAIN_TEXT[:])
    lines = (f"{name}={value}\n" for name, value in sorted(environ.items()))
    return ["".join(lines).encode("latin-1")]


def sleeping(environ, start_response):
    time.sleep(0.2)
    return hello(environ, start_response)


def cycle(environ, start_response):
    """Leaves garbage that only the collector finds."""
    try:
        raise ValueError("on purpose")
    except ValueError:
        error = sys.exc_info()
        start_response("500 Internal Server Error", PLAIN_TEXT[:], error)
        environ["test.cycle"] = [environ, start_response, error]
        return [b"caught\n"]


def generator(environ, start_response):
    start_response("200 OK", PLAIN_TEXT[:])
    for number in range(3):
        yield b"%d\n" % number


def upload(environ, start_response):
    body = environ["wsgi.input"].read()
    start_response("200 OK", PLAIN_TEXT[:])
    return [hashlib.sha256(body).hexdigest().encode(), b"\n"]


def endless_stream(environ, start_response):
    """Leaves the file of test.mark once it is told to end."""
    start_response("200 OK", PLAIN_TEXT[:])
    try:
        while True:
            yield b"x" * 4096
            time.sleep(0.005)
    except GeneratorExit:
        with open(environ["test.mark"], "w") as mark:
            mark.write("closed\n")
        raise
