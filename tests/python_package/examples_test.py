# SPDX-License-Identifier: MIT
"""The examples of the package."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

from support import Program, free_port, get, wait_until

FOLDER = os.path.join(os.environ['DECANT_SOURCE_DIR'], 'examples',
                      'python_package')


def words(name):
    return [sys.executable, os.path.join(FOLDER, name)]


def is_up(port):
    with socket.socket() as probe:
        return probe.connect_ex(('127.0.0.1', port)) == 0


class Examples(unittest.TestCase):

    def test_make_server(self):
        port = free_port()
        with Program(None, str(port), words=words('make_server.py')) as program:
            wait_until(lambda: is_up(port))
            self.assertEqual(get('http://127.0.0.1:%d/' % port).body,
                             b'Hello world!\n')
            program.interrupt()
            self.assertEqual(program.end()[0], -signal.SIGINT)

    def test_threads(self):
        port = free_port()
        with Program(None, str(port), words=words('threads.py')):
            wait_until(lambda: is_up(port))
            url = 'http://127.0.0.1:%d' % port
            slow = socket.create_connection(('127.0.0.1', port), 20)
            slow.sendall(b'GET /slow HTTP/1.0\r\n\r\n')
            for _ in range(5):
                self.assertEqual(get(url + '/').body, b'at once\n')
            slow.settimeout(0)
            with self.assertRaises(BlockingIOError):
                slow.recv(1)
            slow.close()

    def test_a_cgi_script(self):
        ended = subprocess.run(words('hello.cgi'), capture_output=True,
                               stdin=subprocess.DEVNULL, timeout=20,
                               env={**os.environ, 'REQUEST_METHOD': 'GET'})
        self.assertTrue(ended.stdout.endswith(b'\r\n\r\nHello world!\n'),
                        ended)

    def test_a_fcgi_script_that_is_started_as_cgi(self):
        ended = subprocess.run(words('dispatch.fcgi'), capture_output=True,
                               stdin=subprocess.DEVNULL, timeout=20,
                               env={**os.environ, 'REQUEST_METHOD': 'GET'})
        self.assertTrue(ended.stdout.endswith(b'\r\n\r\nHello world!\n'),
                        ended)

    def test_a_service(self):
        # With ports that are free here.
        first, second = free_port(), free_port()
        with open(words('serve.py')[1]) as file:
            text = file.read()
        self.assertIn('127.0.0.1:8000', text)
        self.assertIn('127.0.0.1:9000', text)
        text = text.replace(':8000', ':%d' % first).replace(
            ':9000', ':%d' % second)
        with Program(text) as program:
            program.wait_for_errors('2 processes with 4 threads')
            self.assertEqual(get('http://127.0.0.1:%d/' % first).body,
                             b'Hello world!\n')
            self.assertTrue(is_up(second))
            program.signal(signal.SIGTERM)
            self.assertEqual(program.end()[0], 0)

    def test_a_test(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ('make_server.py', 'test_hello.py'):
                shutil.copy(os.path.join(FOLDER, name), folder)
            ended = subprocess.run(
                [sys.executable, '-m', 'unittest', '-v', 'test_hello'],
                cwd=folder, capture_output=True, text=True, timeout=60)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertIn('Ran 1 test', ended.stderr)


if __name__ == '__main__':
    unittest.main()
