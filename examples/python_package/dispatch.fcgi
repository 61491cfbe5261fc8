#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# A FastCGI script, which mod_fcgid or spawn-fcgi starts: what stood here was
# flup.server.fcgi.
from decant.flup.server.fcgi import WSGIServer


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello world!\n"]


WSGIServer(application).run()
