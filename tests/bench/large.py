# SPDX-License-Identifier: MIT
"""Large bodies as hello.cpp has them, as a WSGI application."""

BLOCK = 65536


def upload(environ, start_response):
    total = 0
    while True:
        data = environ["wsgi.input"].read(BLOCK)
        if not data:
            break
        total += len(data)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"got=%d\n" % total]


def download(environ, start_response):
    size = int(environ["QUERY_STRING"])
    start_response("200 OK", [("Content-Type", "application/octet-stream"),
                              ("Content-Length", str(size))])
    block = b"d" * BLOCK
    for _ in range(size // BLOCK):
        yield block
    yield block[:size % BLOCK]


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/upload":
        return upload(environ, start_response)
    if path == "/download":
        return download(environ, start_response)
    start_response("200 OK", [("Content-Type", "text/plain"),
                              ("Content-Length", "14")])
    return [b"Hello, World!\n"]
