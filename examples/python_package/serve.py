# SPDX-License-Identifier: MIT
# A service of one's own: two processes, two doors.
import decant


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello world!\n"]


if __name__ == "__main__":
    decant.serve(application, ["127.0.0.1:8000", "fcgi://127.0.0.1:9000"],
                 processes=2, threads=4, max_body=1048576)
