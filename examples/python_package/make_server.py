# SPDX-License-Identifier: MIT
# A server in a script: what stood here was wsgiref.simple_server.
import sys

from decant.simple_server import make_server


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello world!\n"]


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    make_server("127.0.0.1", port, application).serve_forever()
