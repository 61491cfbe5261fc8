# SPDX-License-Identifier: MIT
"""The type hints of the package, as a checker of types reads them."""

import os
import shutil
import subprocess
import tempfile
import unittest

PACKAGE = os.path.join(os.environ['DECANT_SOURCE_DIR'], 'adapters', 'python',
                       'decant')

USE = '''
from __future__ import annotations
import threading
from typing import Iterable, TYPE_CHECKING
import decant
from decant.flup.server.fcgi import WSGIServer as FcgiServer
from decant.simple_server import make_server, ThreadingMixIn, WSGIServer
if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

def application(environ: WSGIEnvironment,
                start_response: StartResponse) -> Iterable[bytes]:
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'hello']

class Threaded(ThreadingMixIn, WSGIServer):
    daemon_threads = True

response = decant.run(application, '/', headers={'Accept': '*/*'})
status: int = response.status
text: str = response.text + (response.header('Content-Type') or '')
with make_server('127.0.0.1', 0, application, Threaded) as server:
    port: int = server.server_port
    threading.Thread(target=server.serve_forever).start()
    server.shutdown()
decant.run_with_cgi(application)
decant.serve(application, listen=['127.0.0.1:0'])
FcgiServer(application, bindAddress='/run/x.sock').run()
'''

#: Each of these lines is a mistake.
MISUSE = [
    "decant.run(application, 5)",
    "decant.run(application).status + 'x'",
    "decant.run_with_cgi('module:application')",
    "decant.serve(application, listen=5)",
    "make_server('127.0.0.1', '8000', application)",
]


@unittest.skipUnless(shutil.which('mypy'),
                     'mypy is not installed: apt install mypy')
class Hints(unittest.TestCase):

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def check(self, *arguments):
        """What mypy finds: the lines with an error."""
        environment = dict(os.environ, MYPYPATH=os.path.dirname(PACKAGE))
        run = subprocess.run(
            ['mypy', '--strict', '--no-error-summary', '--show-error-codes',
             # Debian's Django has no hints.
             '--ignore-missing-imports', '--allow-subclassing-any',
             '--cache-dir', os.path.join(self.directory, 'cache'), *arguments],
            env=environment, cwd=self.directory, capture_output=True,
            text=True, timeout=200)
        self.assertEqual(run.stderr, '')
        return [line for line in run.stdout.splitlines() if ': error:' in line]

    def test_they_hold_and_find_mistakes(self):
        self.assertEqual(self.check(PACKAGE), [])
        use = os.path.join(self.directory, 'use.py')
        with open(use, 'w', encoding='utf-8') as file:
            file.write(USE)
        self.assertEqual(self.check(use), [])
        first = USE.count('\n') + 1
        with open(use, 'a', encoding='utf-8') as file:
            file.write('\n'.join(MISUSE) + '\n')
        found = {int(line.split(':')[1]) for line in self.check(use)}
        self.assertEqual(found, set(range(first, first + len(MISUSE))))
