# SPDX-License-Identifier: MIT
"""What the chapters share: the register of applications, and bodies."""

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
