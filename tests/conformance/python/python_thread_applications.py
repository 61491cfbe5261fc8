# SPDX-License-Identifier: MIT
"""Applications that use a request from other threads, keep what belongs to it,
and fork."""

import os
import time
from threading import Event, Thread

from chapter import application, checking, plain_text, returning, taken


def in_thread(function, *arguments):
    """Runs it in a thread of its own and waits for what it gives."""
    results = []
    thread = Thread(target=lambda: results.append(function(*arguments)))
    thread.start()
    thread.join(10)
    return results[0] if results else b"nothing in time"


@returning("reads-in-thread")
def reads_in_thread(environ):
    body = environ["wsgi.input"]
    return [in_thread(body.readline), b"| ", in_thread(body.read)]


@application("answers-in-thread")
def answers_in_thread(environ, start_response):
    """All of it but the call itself."""
    write = in_thread(start_response, "201 Created", plain_text())
    in_thread(write, b"written, ")
    errors = environ["wsgi.errors"]
    in_thread(errors.write, "logged by a thread\n")
    return [b"returned\n"]


@application("logs-while-writing")
def logs_while_writing(environ, start_response):
    """One thread logs while the other sends."""
    errors = environ["wsgi.errors"]
    write = start_response("200 OK", plain_text())
    ended = Event()

    def log():
        while not ended.is_set():
            errors.write("in between\n")

    thread = Thread(target=log)
    thread.start()
    try:
        for _ in range(40):
            write(b"." * 50_000)
    finally:
        ended.set()
        thread.join()
    return [b"written\n"]


@application("reads-too-late")
def reads_too_late(environ, start_response):
    """A thread goes on reading after the request was the gateway's again."""
    body = environ["wsgi.input"]
    refusals = []

    def read():
        try:
            while True:
                body.read(1)
        except (RuntimeError, AssertionError) as error:
            refusals.append(type(error).__name__)

    start_response("200 OK", plain_text())
    thread = Thread(target=read)
    thread.start()
    latest = time.monotonic() + 10
    while not refusals and time.monotonic() < latest:
        yield b"."
    thread.join(10)
    yield refusals[0].encode() if refusals else b"never refused"


@checking("uses-what-was-kept")
def uses_what_was_kept(environ, start_response):
    """Everything of the request before."""
    if kept:
        body, old_start_response, errors = kept
        for method in (body.read, body.readline, body.readlines):
            yield from taken(AssertionError, method)
        yield from taken(AssertionError, next, body)
        yield from taken(AssertionError, old_start_response, "200 OK", [])
        body.close()
        errors.write("logged by what was kept\n")
    kept[:] = environ["wsgi.input"], start_response, environ["wsgi.errors"]
    if environ["wsgi.input"].read() != b"the body":
        yield "the body is another"


kept = []
writes = []


@application("writes-what-was-kept")
def writes_what_was_kept(environ, start_response):
    refused = [taken(AssertionError, write, b"late") for write in writes]
    wrong = "".join(complaint for each in refused for complaint in each)
    writes[:] = [start_response("200 OK", plain_text())]
    return [(wrong or "as it should be").encode() + b"\n"]


@application("used-by-thread-later")
def used_by_thread_later(environ, start_response):
    """A thread that ends after the request, and reads then."""
    body = environ["wsgi.input"]
    for thread, _ in late_threads:
        thread.join(10)
    answers = [answer for _, all in late_threads for answer in all]
    late_threads.clear()
    ended = Event()
    found = []

    def read():
        ended.wait(10)
        for _ in range(1000):
            try:
                body.read()
            except AssertionError:
                found.append(b"refused")
                return
            except RuntimeError:
                time.sleep(0.01)

    thread = Thread(target=read)
    thread.start()
    late_threads.append((thread, found))
    start_response("200 OK", plain_text())
    yield b" ".join(answers) or b"the first"
    ended.set()


late_threads = []


@application("forks")
def forks(environ, start_response):
    """The child ends with its call, and sends nothing."""
    start_response("200 OK", plain_text())
    child = os.fork()
    if child == 0:
        environ["wsgi.errors"].write("the child returns\n")
        return [b"the child's\n"]
    _, status = os.waitpid(child, 0)
    return [b"the parent's, %d\n" % os.waitstatus_to_exitcode(status)]


@returning("forks-in-body")
def forks_in_body(environ):
    yield b"begun, "
    child = os.fork()
    if child == 0:
        yield b"the child's\n"
    _, status = os.waitpid(child, 0)
    yield b"the parent's, %d\n" % os.waitstatus_to_exitcode(status)
