# SPDX-License-Identifier: MIT
"""The hello of the C++ benchmarks as a WSGI application."""

HELLO = b"Hello, World!\n"
HEADERS = [("Content-Type", "text/plain"), ("Content-Length", "14")]


def application(environ, start_response):
    start_response("200 OK", HEADERS)
    return [HELLO]
