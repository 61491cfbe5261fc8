# SPDX-License-Identifier: MIT
"""Applications that return every kind of body."""

import os
from collections import deque
from tempfile import TemporaryFile

from chapter import ClosingBody, application, plain_text, returning

returning("string")(lambda environ: [b"a string\n"])
returning("literal")(lambda environ: (b"a literal\n",))
returning("view")(lambda environ: [environ["REQUEST_METHOD"].encode()])
returning("list")(lambda environ: (b"one ", b"two ", b"three\n"))
returning("vector")(lambda environ: [b"one ", b"two\n"])
returning("vector-of-one")(lambda environ: [b"just one\n"])
returning("range")(lambda environ: deque([b"a ", b"linked ", b"list\n"]))
returning("nothing")(lambda environ: ())
returning("empty-string")(lambda environ: [b""])
returning("empty-vector")(lambda environ: [])
returning("mebibyte")(lambda environ: [b"m" * 2**20])


class Source:
    """Its own iterator, unlike ClosingBody."""

    def __init__(self, environ, name, chunks):
        self.body = ClosingBody(environ, name, chunks)
        self.chunks = iter(self.body)

    def __iter__(self):
        return self

    def __next__(self):
        return next(self.chunks)

    def close(self):
        self.body.close()


@returning("source")
def source(environ):
    return Source(environ, "source", [b"from ", b"a ", b"source\n"])


@returning("source-pointer")
def source_pointer(environ):
    return ClosingBody(environ, "pointer", [b"from ", b"a ", b"pointer\n"])


@application("many-chunks")
def many_chunks(environ, start_response):
    start_response("200 OK", plain_text())
    for number in range(1000):
        yield b"%d " % number


@application("large-chunks")
def large_chunks(environ, start_response):
    start_response("200 OK", plain_text())
    for letter in (b"a", b"b", b"c", b"d"):
        yield letter * 70_000


@application("no-chunks")
def no_chunks(environ, start_response):
    start_response("200 OK", plain_text())
    return
    yield


# Bytes that must not be altered.


@application("all-bytes")
def all_bytes(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/octet-stream")])
    return [bytes(range(256))]


returning("line-ends")(lambda environ: [b"lf\ncrlf\r\ncr\rend"])


# Bodies of a length that was declared.


def of_length(name, length):
    return returning(name, ("Content-Length", length))


of_length("declared", "6")(lambda environ: [b"123", b"456"])
of_length("declared-zero", "0")(lambda environ: [])
of_length("length-only", "1234")(lambda environ: [])


@of_length("over-long", "8")
def over_long(environ):
    return ClosingBody(environ, "over-long", [b"12345", b"67890"])


@of_length("too-short", "10")
def too_short(environ):
    return ClosingBody(environ, "too-short", [b"12345"])


@of_length("asked-too-often", "10")
def asked_too_often(environ):
    """Complains when it is asked for more after its Content-Length."""
    errors = environ["wsgi.errors"]
    try:
        yield b"12345"
        yield b"12345"
        while True:
            errors.write("asked too often\n")
            yield b"12345"
    finally:
        errors.write("closed asked\n")


@application("no-content")
def no_content(environ, start_response):
    start_response("204 No Content", plain_text(("Content-Length", "4")))
    return ClosingBody(environ, "no-content", [b"body"])


@application("clean-no-content")
def clean_no_content(environ, start_response):
    start_response("204 No Content", [("X-Kept", "yes")])
    return []


@application("not-modified")
def not_modified(environ, start_response):
    start_response("304 Not Modified", [("ETag", '"e"')])
    return ClosingBody(environ, "not-modified", [b"body"])


# Files, which the server may send by their descriptors.


def make_file(content):
    """A file without a name, at its beginning."""
    file = TemporaryFile()
    file.write(content)
    file.seek(0)
    return file


@returning("file")
def file(environ):
    return environ["wsgi.file_wrapper"](make_file(b"f" * 20_000))


@returning("file-from-position")
def file_from_position(environ):
    file = make_file(b"skipped and read\n")
    file.seek(12)
    return environ["wsgi.file_wrapper"](file, 2)


@of_length("file-within-length", "4")
def file_within_length(environ):
    return environ["wsgi.file_wrapper"](make_file(b"read, not read\n"))


@returning("pipe")
def pipe(environ):
    reading, writing = os.pipe()
    with open(writing, "wb") as file:
        file.write(b"through a pipe\n")
    return environ["wsgi.file_wrapper"](open(reading, "rb"))
