#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# A CGI script: what stood here was CGIHandler().run(application).
import decant


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello world!\n"]


decant.run_with_cgi(application)
