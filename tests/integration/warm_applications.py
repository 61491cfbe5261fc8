# SPDX-License-Identifier: MIT
# What warm workers serve in the tests, chosen by PATH_INFO. Every response says
# which process has made it.
import os
import signal
import sys
import time

VERSION = "first"


def _through_gate(environ):
    with open(environ["test.gate"], "rb") as gate:
        gate.read()


def _note(environ, text):
    with open(environ["test.note"], "a") as note:
        note.write(text)


class _Noted:
    def __init__(self, environ, chunks):
        self._environ = environ
        self._chunks = chunks

    def __iter__(self):
        return self._chunks

    def close(self):
        self._chunks.close()
        _note(self._environ, "closed\n")


def _hello(environ):
    return [VERSION.encode()]


def _environ(environ):
    lines = (f"{name}={value}\n" for name, value in sorted(environ.items()))
    return ["".join(lines).encode("latin-1")]


def _process_environ(environ):
    return [f"{n}={v}\n".encode() for n, v in os.environ.items()]


def _echo(environ):
    while chunk := environ["wsgi.input"].read(65536):
        yield chunk


def _unread(environ):
    return [b"not read"]


def _gated(environ):
    _through_gate(environ)
    return [b"through"]


def _stream(environ):
    yield b"first\n"
    _through_gate(environ)
    yield b"second\n"


def _endless(environ):
    try:
        while True:
            yield b"x" * 4096
    except GeneratorExit:
        _note(environ, "told\n")
        raise


def _talk(environ):
    word = environ["QUERY_STRING"]
    print("printed", word)
    print("said", word, file=sys.stderr)
    os.write(1, f"to one {word}\n".encode())
    os.write(2, f"to two {word}\n".encode())
    os.system(f"echo a child {word}")
    environ["wsgi.errors"].write(f"complained {word}\n")
    return [b"the response"]


def _spin(environ):
    _through_gate(environ)
    while True:
        pass


def _alarm(environ):
    def ring(number, frame):
        raise TimeoutError
    signal.signal(signal.SIGALRM, ring)
    begun = time.monotonic()
    signal.alarm(7)
    try:
        time.sleep(60)
    except TimeoutError:
        pass
    return [b"%d" % (time.monotonic() - begun)]


def _burn(environ):
    end = time.process_time() + 0.25
    while time.process_time() < end:
        pass
    return [b"burnt"]


def _fork(environ):
    if os.fork() == 0:
        null = os.open("/dev/null", os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        _through_gate(environ)
        os._exit(0)
    return [b"forked"]


def _fail(environ):
    raise RuntimeError("on purpose")


def _die(environ):
    os.kill(os.getpid(), signal.Signals[environ["QUERY_STRING"]])
    return [b"alive"]


def _exit(environ):
    sys.exit(3)


def application(environ, start_response):
    name = environ["PATH_INFO"].strip("/") or "hello"
    chunks = globals()["_" + name](environ)
    start_response("200 OK", [
        ("Content-Type", "text/plain"),
        ("X-Process", str(os.getpid())),
    ])
    if "test.note" in environ:
        return _Noted(environ, chunks)
    return chunks
