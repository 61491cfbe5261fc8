# SPDX-License-Identifier: MIT
"""Applications that read the request body.

The rest of it is read(-1): read() says the same, and the validator of the
standard library refuses it."""


from chapter import application, plain_text, returning


def shown(*pieces):
    """3:abc for each piece, which shows where one ends."""
    return [b"%d:%b" % (len(piece), piece) for piece in pieces]


def reading(name):
    """Registers an application that answers with what a function makes of the
    input."""

    def register(use):
        return returning(name)(lambda environ: use(environ["wsgi.input"]))

    return register


@reading("echo")
def echo(body):
    return [body.read(-1)]


@reading("pieces")
def pieces(body):
    all = []
    while piece := body.read(7):
        all.append(piece)
        if len(piece) < 7 and body.read(7):
            return [b"a short read"]
    return all


@reading("lines")
def lines(body):
    return shown(*iter(body.readline, b""))


@reading("iterated")
def iterated(body):
    return shown(*body)


@reading("readlines")
def readlines(body):
    return shown(*body.readlines())


@reading("readlines-hint")
def readlines_hint(body):
    first = body.readlines(5)
    return [*shown(*first), b"|", *shown(*body.readlines())]


@reading("readline-limit")
def readline_limit(body):
    return shown(body.readline(3), body.readline(3), body.readline(100))


@reading("past-the-end")
def past_the_end(body):
    all = body.read(-1)
    more = [
        body.read(-1),
        body.read(1),
        body.readline(),
        *body.readlines(),
        *body,
        body.read(-1),
    ]
    return [all, b" and more" if any(more) else b" and no more"]


@reading("nothing-first")
def nothing_first(body):
    return [body.read(0), body.read(3), b"|", body.read(0), body.read(-1)]


@reading("mixed")
def mixed(body):
    return shown(body.readline(), body.read(4), body.readline(), body.read(-1))


@reading("part")
def part(body):
    return [body.read(10)]


@application("catches")
def catches(environ, start_response):
    """Reads a body that is cut short, and still answers."""
    caught = b"nothing"
    try:
        environ["wsgi.input"].read(-1)
    except ConnectionError:
        caught = b"a client that left"
    except OSError:
        caught = b"a gateway error"
    start_response("200 OK", plain_text())
    return [b"caught " + caught + b"\n"]


@returning("ignores")
def ignores(environ):
    return [b"not interested\n"]


@application("answers-first")
def answers_first(environ, start_response):
    start_response("200 OK", plain_text())
    yield b"reading: "
    yield environ["wsgi.input"].read(-1)
