# SPDX-License-Identifier: MIT
"""hello.py as a CGI program of plain Python."""
from wsgiref.handlers import CGIHandler

from hello import application

CGIHandler().run(application)
