# SPDX-License-Identifier: MIT
"""decant.django: manage.py runserver in a project that startproject made."""

import socket
import sys
import tempfile
import unittest

from development import VIEWS, Project, Terminal, answers, interrupt
from support import Program, exchange, free_port, get, wait_until

try:
    import django
except ImportError:
    raise unittest.SkipTest('django is not installed') from None


class Runserver(unittest.TestCase):

    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.project = Project(folder)

    def test_says_what_django_says(self):
        with self.project.runserver('--noreload') as (url, program):
            self.assertEqual(get(url + '/').body, b'the first text')
            self.assertEqual(get(url + '/none').status, 404)
            errors = program.wait_for_errors('/none HTTP/1.1" 404')
            out = program.wait_for_output('Served by decant')
            interrupt(program)
            status, _, _ = program.end()
        self.assertEqual(status, 0)
        self.assertIn('Starting development server at %s/' % url, out)
        self.assertIn('Quit the server with CONTROL-C.', out)
        self.assertRegex(errors, r'\[\d\d/\w+/\d+ [\d:]+\] '
                         r'"GET / HTTP/1\.1" 200 14\n')

    def test_ctrl_c_ends_it_as_djangos_own(self):
        self.project.write(
            'from site_of_test.settings import *\n'
            "INSTALLED_APPS.remove('decant.django')\n", 'plain.py')
        ends = []
        for settings in ('settings', 'plain'):
            port = free_port()
            with Terminal(self.project.folder, {}, sys.executable, 'manage.py',
                          'runserver', '127.0.0.1:%d' % port,
                          '--settings=site_of_test.' + settings) as terminal:
                text = terminal.wait_for('Quit the server with CONTROL-C.')
                wait_until(lambda: answers(port))
                get('http://127.0.0.1:%d/' % port)
                text = terminal.wait_for('"GET / HTTP/1.1" 200 14')
                terminal.type('\x03')
                status, all_text = terminal.end()
                ends.append((status, all_text[len(text):].strip()))
        self.assertEqual(ends[0], ends[1])
        self.assertEqual(ends[0][0], 0)

    def test_with_and_without_threads(self):
        self.project.write(VIEWS.replace(
            "'the %s text'", "str(request.environ['wsgi.multithread'])"))
        for words, multithread in [((), b'True'), (('--nothreading',),
                                                   b'False')]:
            with self.project.runserver('--noreload', *words) as (url, _):
                self.assertEqual(get(url + '/').body, multithread)

    def test_static_files_as_its_options_say(self):
        static = '/static/admin/css/base.css'
        with self.project.runserver('--noreload', '--nostatic') as (url, _):
            self.assertEqual(get(url + static).status, 404)
        self.project.settings('\nDEBUG = False\nALLOWED_HOSTS = ["*"]\n')
        with self.project.runserver('--noreload') as (url, _):
            self.assertEqual(get(url + static).status, 404)
        with self.project.runserver('--noreload', '--insecure') as (url, _):
            self.assertEqual(get(url + static).status, 200)

    def test_ipv6(self):
        try:
            with socket.socket(socket.AF_INET6) as probe:
                probe.bind(('::1', 0))
                port = probe.getsockname()[1]
        except OSError:
            self.skipTest('there is no IPv6 here')
        with Program(None, '--noreload', '--ipv6', str(port),
                     cwd=self.project.folder,
                     words=[sys.executable, '-u', 'manage.py', 'runserver']
                     ) as program:
            out = program.wait_for_output('Served by decant')
            self.assertIn('http://[::1]:%d/' % port, out)
            wait_until(lambda: answers(port, '::1'))
            self.assertEqual(get('http://[::1]:%d/' % port).status, 200)
            interrupt(program)

    def test_a_port_that_is_taken(self):
        with socket.socket() as taken:
            taken.bind(('127.0.0.1', 0))
            taken.listen()
            with Program(None, '--noreload', str(taken.getsockname()[1]),
                         cwd=self.project.folder,
                         words=[sys.executable, 'manage.py', 'runserver']
                         ) as program:
                status, _, errors = program.end()
        self.assertEqual(status, 1)
        self.assertIn('That port is already in use.', errors)

    def test_a_head_that_is_no_request(self):
        with self.project.runserver('--noreload') as (url, _):
            port = int(url.rsplit(':', 1)[1])
            self.assertIn(b' 400 ', exchange(port, b'nonsense\r\n\r\n'))
            self.assertEqual(get(url + '/').status, 200)


class Order(unittest.TestCase):

    def test_behind_staticfiles_it_warns(self):
        with tempfile.TemporaryDirectory() as folder:
            out = Project(folder, first=False).manage('check')
        self.assertIn('decant.W001', out)
        self.assertIn("Put 'decant.django' before it", out)

    def test_in_front_it_does_not(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertNotIn('decant.W001', Project(folder).manage('check'))


if __name__ == '__main__':
    unittest.main()
