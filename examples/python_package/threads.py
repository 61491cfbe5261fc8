# SPDX-License-Identifier: MIT
# Two endpoints, of which one sleeps while the other answers at once.
import sys
import time

from decant.simple_server import ThreadingMixIn, WSGIServer, make_server


class ThreadingWSGIServer(ThreadingMixIn, WSGIServer):
    daemon_threads = True


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["PATH_INFO"] == "/slow":
        time.sleep(20)
        return [b"after 20 seconds\n"]
    return [b"at once\n"]


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    make_server("127.0.0.1", port, application,
                server_class=ThreadingWSGIServer).serve_forever()
