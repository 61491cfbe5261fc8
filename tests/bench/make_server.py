# SPDX-License-Identifier: MIT
"""make_server() of one package or the other: make_server.py DIR MODULE PORT."""
import importlib
import sys

from hello import application

sys.path.insert(0, sys.argv[1])
make_server = importlib.import_module(sys.argv[2]).make_server
make_server("127.0.0.1", int(sys.argv[3]), application).serve_forever()
