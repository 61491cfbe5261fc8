# SPDX-License-Identifier: MIT
"""The applications of the conformance table in Python, all of them in one: the
request header X-Conformance names the application."""

from wsgiref.validate import validator

import body_applications  # noqa: F401
import environ_applications  # noqa: F401
import failure_applications  # noqa: F401
import input_applications  # noqa: F401
import python_error_applications  # noqa: F401
import python_file_applications  # noqa: F401
import python_head_applications  # noqa: F401
import python_request_applications  # noqa: F401
import python_result_applications  # noqa: F401
import python_thread_applications  # noqa: F401
import start_response_applications  # noqa: F401
from chapter import APPLICATIONS, plain_text


def application(environ, start_response, /):
    # Both arguments are positional (PEP 3333, "Specification Details").
    name = environ.get("HTTP_X_CONFORMANCE")
    return APPLICATIONS.get(name, unknown)(environ, start_response)


def unknown(environ, start_response):
    start_response("404 Not Found", plain_text())
    return [b"no application is called so\n"]


validated = validator(application)
