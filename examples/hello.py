#!/usr/bin/env decant
# SPDX-License-Identifier: MIT
# The smallest Python application (PEP 3333). With its first line it is a
# program for cgi-bin and mod_fcgid as it stands; in the shell:
#   decant run ./hello.py /


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello world!\n"]
