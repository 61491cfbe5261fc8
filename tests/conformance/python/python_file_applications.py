# SPDX-License-Identifier: MIT
"""Applications that give wsgi.file_wrapper every kind of file."""

import gzip
import os
from io import BytesIO
from tempfile import NamedTemporaryFile, TemporaryFile

from body_applications import make_file, of_length
from chapter import application, checking, plain_text, returning, taken


def wrapping(name, *headers):
    """Registers an application that wraps the file which a function makes of
    the environ."""

    def register(make):
        return returning(name, *headers)(
            lambda environ: environ["wsgi.file_wrapper"](make(environ))
        )

    return register


class Announcing:
    """A file that says when it is read and closed, around another."""

    def __init__(self, environ, file):
        self.errors = environ["wsgi.errors"]
        self.file = file

    def read(self, size):
        self.errors.write(f"read({size})\n")
        return self.file.read(size)

    def close(self):
        self.errors.write("closed the file\n")


class ReadOnly:
    """Has nothing but read()."""

    def __init__(self, content):
        self.read = BytesIO(content).read


def wrapped_gzip(environ):
    compressed = BytesIO(gzip.compress(b"the content\n"))
    return gzip.open(compressed)


def unpacked_gzip(environ):
    """Its descriptor would give the compressed bytes."""
    file = TemporaryFile()
    file.write(gzip.compress(b"the content\n"))
    file.seek(0)
    return gzip.GzipFile(fileobj=file)


def read_by_line(environ):
    """What the object has read ahead is not lost."""
    file = reopened(b"the first line\nthe second\nthe third\n")
    file.readline()
    return file


def reopened(content, **options):
    """A file that can only be read, so a BufferedReader."""
    with NamedTemporaryFile() as named:
        named.write(content)
        named.flush()
        return open(named.name, **{"mode": "rb", **options})


def closed(environ):
    file = make_file(b"secret")
    file.close()
    return file


def with_replaced_close(environ):
    """As Django does it: to be told of the end of the response."""
    file = reopened(b"the content\n")
    close = file.close

    def tell():
        environ["wsgi.errors"].write("closed by replacement\n")
        close()

    file.close = tell
    return file


def written(environ):
    """What was written is still in the object's buffer."""
    file = TemporaryFile()
    file.write(b"never sent, and sent\n")
    file.seek(12)
    file.write(b"AND")
    return file


def in_the_kernel(environ):
    """A regular file by its type, of 0 bytes by its size."""
    return open("/proc/self/status", "rb")


def past_its_end(environ):
    file = make_file(b"short")
    file.seek(100)
    return file


class Text(bytes):
    """Ends the iteration when it is empty, as bytes do."""


class Growing(BytesIO):
    def read(self, size=-1):
        return Text(super().read(size))


wrapping("file-in-memory")(lambda environ: BytesIO(b"from memory\n"))
wrapping("file-raw")(lambda environ: reopened(b"unbuffered\n", buffering=0))
wrapping("file-of-text")(lambda environ: reopened(b"text", mode="r"))
wrapping("file-of-gzip")(unpacked_gzip)
wrapping("file-of-gzip-in-memory")(wrapped_gzip)
wrapping("file-read-by-line")(read_by_line)
wrapping("file-closed")(closed)
wrapping("file-empty")(lambda environ: make_file(b""))
wrapping("file-replaced-close")(with_replaced_close)
wrapping("file-written")(written)
wrapping("file-in-the-kernel")(in_the_kernel)
wrapping("file-past-its-end")(past_its_end)
wrapping("file-without-close")(lambda environ: ReadOnly(b"read only\n"))
wrapping("file-bytes-subclass")(lambda environ: Growing(b"of a subclass\n"))
wrapping("file-no-file")(lambda environ: 5)
wrapping("file-object")(
    lambda environ: Announcing(environ, BytesIO(b"x" * 10_000))
)
wrapping("file-short", ("Content-Length", "100"))(
    lambda environ: make_file(b"only this\n")
)


@returning("file-by-blocks")
def by_blocks(environ):
    file = Announcing(environ, BytesIO(b"0123456789"))
    return environ["wsgi.file_wrapper"](file, blksize=4)


@of_length("file-object-within-length", "4")
def object_within_length(environ):
    file = Announcing(environ, BytesIO(b"read, not read"))
    return environ["wsgi.file_wrapper"](file, 4)


@returning("file-in-middleware")
def in_middleware(environ):
    """Middleware that turns each block into capitals, and forgets close()."""
    file = make_file(b"iterated\n")
    return (block.upper() for block in environ["wsgi.file_wrapper"](file, 4))


@returning("file-delegated")
def delegated(environ):
    yield from environ["wsgi.file_wrapper"](make_file(b"delegated\n"))


@returning("file-second")
def second(environ):
    """The first is not sent."""
    wrap = environ["wsgi.file_wrapper"]
    wrap(make_file(b"the first\n"))
    return wrap(make_file(b"the second\n"))


@returning("file-in-a-list")
def in_a_list(environ):
    return [*environ["wsgi.file_wrapper"](make_file(b"as a list\n"))]


@checking("file-wrapper-itself")
def wrapper_itself(environ, start_response):
    wrap = environ["wsgi.file_wrapper"]
    yield from taken(TypeError, wrap)
    yield from taken(TypeError, wrap, BytesIO(), "4")
    file = make_file(b"abc")
    wrapper = wrap(file, 2)
    if iter(wrapper) is not wrapper:
        yield "it is not its own iterator"
    if list(wrapper) != [b"ab", b"c"]:
        yield "other blocks"
    wrapper.close()
    if not file.closed:
        yield "the file is still open"


@application("file-after-write")
def after_write(environ, start_response):
    write = start_response("200 OK", plain_text())
    write(b"written, ")
    return environ["wsgi.file_wrapper"](make_file(b"and from a file\n"))


@application("file-descriptors")
def descriptors(environ, start_response):
    """How many are open after many files were sent."""
    start_response("200 OK", plain_text())
    return [b"%d\n" % len(os.listdir("/proc/self/fd"))]
