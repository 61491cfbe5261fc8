# SPDX-License-Identifier: MIT
"""flup.server.fcgi, scgi and cgi: a WSGIServer with run()."""
