# SPDX-License-Identifier: MIT
"""Applications that return what iterates in Python, and what does not."""

from chapter import ClosingBody, application, plain_text, returning


class ClosingList(list):
    def __init__(self, environ, name, chunks):
        super().__init__(chunks)
        self.errors = environ["wsgi.errors"]
        self.name = name

    def close(self):
        self.errors.write(f"closed {self.name}\n")


class Iterator(ClosingBody):
    """Announces the response at the first step."""

    def __init__(self, environ, name, chunks, start_response):
        super().__init__(environ, name, iter(chunks))
        self.start_response = start_response

    def __iter__(self):
        return self

    def __next__(self):
        if self.start_response:
            self.start_response("200 OK", plain_text())
            self.start_response = None
        return next(self.chunks)


class Sequence:
    """Iterates by the old protocol alone."""

    def __getitem__(self, index):
        return [b"by ", b"index\n"][index]


class Sized(ClosingBody):
    def __init__(self, environ, name, chunks, length):
        super().__init__(environ, name, chunks)
        self.length = length

    def __len__(self):
        if self.length is None:
            raise RuntimeError("no length")
        return self.length


class Bytes(bytes):
    def __len__(self):
        return 1


class Attributes:
    """Has what iteration and close() need, and complains about all else."""

    def __init__(self, environ):
        self.__dict__["errors"] = environ["wsgi.errors"]

    def __iter__(self):
        return iter([b"plain\n"])

    def __getattr__(self, name):
        if name != "close":
            self.errors.write(f"asked for {name}\n")
        raise AttributeError(name)


class ClosedAtRandom:
    """Whose close is no method, or fails to be there."""

    def __iter__(self):
        return iter([b"all ", b"sent\n"])

    @property
    def close(self):
        raise LookupError("no close")


# What iterates.
returning("old-protocol")(lambda environ: Sequence())
returning("tuple")(lambda environ: (b"a ", b"tuple\n"))
returning("bytes-subclass")(lambda environ: [Bytes(b"all of it\n")])
returning("attributes")(Attributes)
returning("dictionary-keys")(lambda environ: {b"keys ": 1, b"only\n": 2})
returning("map")(lambda environ: map(str.encode, ["lazily\n"]))
returning("bare-bytes")(lambda environ: b"bare\n")
returning("sized-one")(
    lambda environ: Sized(environ, "sized", [b"just one\n"], 1)
)
returning("sized-two")(
    lambda environ: Sized(environ, "sized", [b"one ", b"two\n"], 2)
)
returning("sized-badly")(
    lambda environ: Sized(environ, "sized", [b"no ", b"length\n"], None)
)
returning("closing-list")(
    lambda environ: ClosingList(environ, "list", [b"of ", b"a list\n"])
)
returning("property-fails")(lambda environ: ClosedAtRandom())


@application("iterator")
def iterator(environ, start_response):
    chunks = [b"from ", b"", b"an iterator\n"]
    return Iterator(environ, "iterator", chunks, start_response)


@application("stubborn")
def stubborn(environ, start_response):
    """Goes on after GeneratorExit."""
    start_response("200 OK", plain_text(("Content-Length", "6")))
    try:
        while True:
            yield b"begun\n"
    except GeneratorExit:
        yield b"going on"


returning("large-list")(lambda environ: [b"a" * 50_000, b"b" * 50_000])


class IterRaises(ClosingBody):
    def __iter__(self):
        raise LookupError("no iterator")


class ClosingOnly:
    """Is no iterable."""

    def __init__(self, environ):
        self.errors = environ["wsgi.errors"]

    def close(self):
        self.errors.write("closed only\n")


# What does not iterate, or not over bytes.
WRONG = {
    "iter": lambda environ: IterRaises(environ, "iter", []),
    "closing-only": ClosingOnly,
    "none": lambda environ: None,
    "number": lambda environ: 5,
    "text": lambda environ: "text",
    "function": lambda environ: lambda: [b""],
    "class": lambda environ: ClosingBody,
    "bytearray": lambda environ: bytearray(b"x"),
    "of-text": lambda environ: ["text"],
    "of-text-second": lambda environ: [b"fine ", "text"],
    "of-bytearray": lambda environ: [bytearray(b"x")],
    "of-memoryview": lambda environ: (memoryview(b"x"),),
    "of-none": lambda environ: [None],
    "of-numbers": lambda environ: range(3),
    "generated-text": lambda environ: (text for text in ["text"]),
    "closing-text": lambda environ: ClosingBody(environ, "text", ["text"]),
}
for name, make in WRONG.items():
    returning("wrong-" + name)(make)


@returning("wrong-line")
def wrong_line(environ):
    yield "text"


@returning("late-text")
def late_text(environ):
    return ClosingBody(environ, "late-text", [b"begun ", "text"])
