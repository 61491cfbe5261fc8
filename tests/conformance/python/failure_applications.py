# SPDX-License-Identifier: MIT
"""Applications that fail, that complain, that wait, and whose client leaves."""

import os
import select
import sys
import time

from chapter import ClosingBody, application, plain_text, returning


def fail():
    raise RuntimeError("secret")


def failing_after(good):
    """Fails instead of a further chunk."""
    yield from [b"begun "] * good
    fail()


class FailingClose(ClosingBody):
    def close(self):
        super().close()
        fail()


@application("fails-first")
def fails_first(environ, start_response):
    fail()


@application("fails-started")
def fails_started(environ, start_response):
    start_response("200 OK", plain_text(("X-Secret", "secret")))
    fail()


@returning("fails-in-body")
def fails_in_body(environ):
    return ClosingBody(environ, "in-body", failing_after(0))


@returning("fails-midway")
def fails_midway(environ):
    return ClosingBody(environ, "midway", failing_after(1))


@returning("fails-within-length", ("Content-Length", "1000"))
def fails_within_length(environ):
    return ClosingBody(environ, "within-length", failing_after(1))


@application("fails-after-write")
def fails_after_write(environ, start_response):
    write = start_response("200 OK", plain_text())
    write(b"begun ")
    fail()


@application("fails-as-generator")
def fails_as_generator(environ, start_response):
    try:
        start_response("200 OK", plain_text())
        yield b"begun "
        fail()
    finally:
        environ["wsgi.errors"].write("closed generator\n")


@application("bad-generator")
def bad_generator(environ, start_response):
    try:
        start_response("no status", plain_text())
        yield b"never sent"
    finally:
        environ["wsgi.errors"].write("closed bad-generator\n")


@application("good-generator")
def good_generator(environ, start_response):
    try:
        start_response("200 OK", plain_text())
        yield b"generated\n"
    finally:
        environ["wsgi.errors"].write("closed good-generator\n")


@application("throws-a-number")
def throws_a_number(environ, start_response):
    """The nearest thing: no Exception, and with a meaning of its own."""
    sys.exit(42)


@returning("fails-in-close")
def fails_in_close(environ):
    return FailingClose(environ, "failing", [b"all ", b"sent\n"])


@application("complains")
def complains(environ, start_response):
    errors = environ["wsgi.errors"]
    errors.write("one line\ntwo ")
    errors.write("parts\n")
    errors.write("\x1b[31mred\x1b[0m\r and \x07\n")
    errors.write("unfinished")
    start_response("200 OK", plain_text())
    return [b"complained\n"]


@application("prints")
def prints(environ, start_response):
    """What it prints must not end up in the response."""
    print("printed by Python")
    os.write(1, b"printed by a descriptor\n")
    if os.system("echo printed by a child") != 0:
        return [b"no shell\n"]
    start_response("200 OK", plain_text())
    return [b"the response\n"]


@application("reads-standard-input")
def reads_standard_input(environ, start_response):
    """Nor may it find the request body on its standard input."""
    empty = os.read(0, 1) == b"" and sys.stdin.read() == ""
    start_response("200 OK", plain_text())
    there = b"nothing there, " if empty else b"something there, "
    return [there, environ["wsgi.input"].read(-1)]


def wait_for_client(environ):
    """Waits until the client writes into the FIFO that the query names, which
    it does when it has received the first chunk."""
    gate = os.open(environ["QUERY_STRING"], os.O_RDONLY | os.O_NONBLOCK)
    try:
        ready, _, _ = select.select([gate], [], [], 10)
    finally:
        os.close(gate)
    if not ready:
        raise RuntimeError("the client has not received the first chunk")


@application("streams")
def streams(environ, start_response):
    start_response("200 OK", plain_text())
    yield b"first\n"
    wait_for_client(environ)
    yield b"second\n"


@application("streams-by-write")
def streams_by_write(environ, start_response):
    write = start_response("200 OK", plain_text())
    write(b"first\n")
    wait_for_client(environ)
    return [b"second\n"]


@application("endless")
def endless(environ, start_response):
    """Goes on until its client has left."""
    try:
        start_response("200 OK", plain_text())
        yield b"first\n"
        while True:
            yield b"." * 1000
            time.sleep(0.002)
    finally:
        environ["wsgi.errors"].write("closed endless\n")
