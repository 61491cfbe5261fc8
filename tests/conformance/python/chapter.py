# SPDX-License-Identifier: MIT
"""What the chapters share: the register of applications, and bodies."""

import sys

APPLICATIONS = {}


def application(name):
    """Registers an application."""

    def register(function):
        APPLICATIONS[name] = function
        return function

    return register


def plain_text(*headers):
    """A list of its own for each call: a server may change it."""
    return [("Content-Type", "text/plain"), *headers]


def returning(name, *headers):
    """Registers an application that announces `headers` and returns what a
    function makes of the environ."""

    def register(make_body):
        @application(name)
        def announce(environ, start_response):
            start_response("200 OK", plain_text(*headers))
            return make_body(environ)

        return announce

    return register


class ClosingBody:
    """Says "closed NAME" in wsgi.errors when it is closed."""

    def __init__(self, environ, name, chunks):
        self.errors = environ["wsgi.errors"]
        self.name = name
        self.chunks = chunks

    def __iter__(self):
        return iter(self.chunks)

    def close(self):
        self.errors.write(f"closed {self.name}\n")


def some_error():
    """The exc_info of an error that was caught."""
    try:
        raise RuntimeError("secret")
    except RuntimeError:
        return sys.exc_info()


def checking(name):
    """Registers an application that answers with what a function finds wrong,
    or "as it should be"."""

    def register(find_wrong):
        @application(name)
        def answer(environ, start_response):
            wrong = ", ".join(find_wrong(environ, start_response))
            # With an error, as what was checked may have been a call of it.
            start_response("200 OK", plain_text(), some_error())
            return [(wrong or "as it should be").encode() + b"\n"]

        return find_wrong

    return register


def differing(what, actual, expected):
    """A complaint where it is due, for checking()."""
    if actual != expected or type(actual) is not type(expected):
        yield f"{what} is {actual!r}"


def taken(error, function, *arguments, **keywords):
    """A complaint where the call does not raise that very error."""
    call = f"{function.__name__}{arguments}{keywords or ''}"
    try:
        function(*arguments, **keywords)
    except BaseException as raised:
        if type(raised) is not error:
            yield f"{call} raised {raised!r}"
    else:
        yield f"{call} was taken"
