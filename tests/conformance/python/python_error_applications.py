# SPDX-License-Identifier: MIT
"""Applications that raise what Python can raise, and whose client leaves."""

import os
import subprocess
import sys
import time

from chapter import application, plain_text, returning

ERRORS = {
    error.__name__: error
    for error in (
        SystemExit,
        KeyboardInterrupt,
        GeneratorExit,
        MemoryError,
        StopIteration,
        BaseException,
    )
}


def raise_named(environ):
    raise ERRORS[environ["QUERY_STRING"]]("secret")


@application("raises-in-call")
def raises_in_call(environ, start_response):
    start_response("200 OK", plain_text())
    raise_named(environ)


class Raising:
    """Raises in one of its methods."""

    def __init__(self, environ, method):
        self.environ = environ
        self.method = method

    def reach(self, method):
        if method == self.method:
            raise_named(self.environ)

    def __iter__(self):
        self.reach("iter")
        return map(self.chunk, range(2))

    def chunk(self, number):
        if number == 1:
            self.reach("next")
        return b"begun "

    def close(self):
        self.environ["wsgi.errors"].write("closed raising\n")
        self.reach("close")


for method in ("iter", "next", "close"):
    returning(f"raises-in-{method}")(
        lambda environ, method=method: Raising(environ, method)
    )


@application("raises-twice")
def raises_twice(environ, start_response):
    """In the body, and then in its close()."""
    try:
        start_response("200 OK", plain_text())
        yield b"begun "
        raise RuntimeError("secret")
    finally:
        raise LookupError("another secret")


class Unspeakable(Exception):
    def __str__(self):
        raise RuntimeError("not to be said")


class Strange(Exception):
    def __str__(self):
        return 5


@application("raises-unspeakable")
def raises_unspeakable(environ, start_response):
    raise Unspeakable()


@application("raises-strange")
def raises_strange(environ, start_response):
    raise Strange()


@application("raises-lines")
def raises_lines(environ, start_response):
    raise ValueError("one\ndecant: GET /: forged\r\x1b[31m\x9b \udc80 caf\xe9")


@application("raises-chain")
def raises_chain(environ, start_response):
    try:
        raise KeyError("the cause")
    except KeyError as error:
        raise RuntimeError("secret") from error


@application("raises-group")
def raises_group(environ, start_response):
    raise ExceptionGroup("several", [ValueError("one"), KeyError("two")])


@application("recurses")
def recurses(environ, start_response):
    return recurses(environ, start_response)


class Recursive:
    def __repr__(self):
        return repr(self)  # through C


@application("recurses-in-c")
def recurses_in_c(environ, start_response):
    return [repr(Recursive()).encode()]


@application("syntax")
def syntax(environ, start_response):
    exec("this is no Python")


# Clients.


@application("left")
def left(environ, start_response):
    """A generator is told by GeneratorExit."""
    try:
        start_response("200 OK", plain_text())
        yield b"first\n"
        while True:
            yield b"." * 1000
            time.sleep(0.002)
    except GeneratorExit:
        environ["wsgi.errors"].write("GeneratorExit came\n")
        raise
    finally:
        environ["wsgi.errors"].write("finally came\n")


def write_until_left(start_response):
    write = start_response("200 OK", plain_text())
    write(b"first\n")
    while True:
        write(b"." * 1000)
        time.sleep(0.002)


@application("left-writing")
def left_writing(environ, start_response):
    try:
        write_until_left(start_response)
    except BrokenPipeError as error:
        came = isinstance(error, ConnectionError) and str(error) != ""
        environ["wsgi.errors"].write(f"BrokenPipeError came: {came}\n")
    return [b"not sent"]


@application("left-escaping")
def left_escaping(environ, start_response):
    try:
        write_until_left(start_response)
    finally:
        environ["wsgi.errors"].write("finally came\n")


@application("left-translating")
def left_translating(environ, start_response):
    """As a framework may, with an error of its own."""
    try:
        write_until_left(start_response)
    except OSError as error:
        environ["wsgi.errors"].write("translated\n")
        raise RuntimeError("the framework's") from error


def read_all(environ):
    return [environ["wsgi.input"].read()]


READS = {
    "read": lambda body: body.read(),
    "read(n)": lambda body: body.read(10),
    "readline": lambda body: body.readline(),
    "readlines": lambda body: body.readlines(),
    "iteration": lambda body: list(body),
}


@application("short-caught")
def short_caught(environ, start_response):
    """The error has a text, and the next read meets it again."""
    read = READS[environ["QUERY_STRING"].replace("%28n%29", "(n)")]
    answers = []
    for _ in range(2):
        try:
            read(environ["wsgi.input"])
        except OSError as error:
            answers.append(b"OSError" if str(error) else b"without text")
    start_response("200 OK", plain_text())
    return [b", ".join(answers)]


@returning("short-escaping")
def short_escaping(environ):
    return [environ["wsgi.input"].read()]


@returning("short-generator")
def short_generator(environ):
    yield environ["wsgi.input"].read()


@returning("short-translated")
def short_translated(environ):
    try:
        return [environ["wsgi.input"].read()]
    except OSError as error:
        raise RuntimeError("the framework's") from error


# Standard output.


class Printing:
    """Prints wherever it can."""

    def __iter__(self):
        print("printed in iteration")
        yield b"the "
        print("printed between chunks")
        yield b"response\n"

    def close(self):
        print("printed in close")


@returning("prints-everywhere")
def prints_everywhere(environ):
    print("printed in the call")
    sys.stdout.write("written to sys.stdout, unfinished")
    sys.stdout.buffer.write(b"written to its buffer\n")
    sys.__stdout__.write("written to sys.__stdout__\n")
    os.write(1, b"written to descriptor 1\n")
    subprocess.run(["echo", "printed by a child"], check=True)
    os.write(sys.stdout.fileno(), b"written to its descriptor\n")
    return Printing()
