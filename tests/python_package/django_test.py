# SPDX-License-Identifier: MIT
"""decant.django: manage.py runserver in a project that startproject made."""

import contextlib
import http.cookiejar
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

from support import PATIENCE, Program, exchange, free_port, get, wait_until

try:
    import django
except ImportError:
    raise unittest.SkipTest('django is not installed') from None

VIEWS = '''
from django.contrib import admin
from django.http import HttpResponse
from django.urls import path

def index(request):
    return HttpResponse('the %s text')

urlpatterns = [path('admin/', admin.site.urls), path('', index)]
'''


class Project:
    """A project in a folder of its own."""

    def __init__(self, folder, *, first=True):
        self.folder = folder
        self.run('-m', 'django', 'startproject', 'site_of_test', '.')
        settings = self.path('settings.py')
        with open(settings) as file:
            text = file.read()
        ours = "    'decant.django',\n"
        text = (text.replace('INSTALLED_APPS = [\n',
                             'INSTALLED_APPS = [\n' + ours) if first else
                text.replace("    'django.contrib.staticfiles',\n",
                             "    'django.contrib.staticfiles',\n" + ours))
        with open(settings, 'w') as file:
            file.write(text)
        self.write(VIEWS % 'first')

    def path(self, name):
        return os.path.join(self.folder, 'site_of_test', name)

    def run(self, *words, **environ):
        ended = subprocess.run(
            [sys.executable, *words], cwd=self.folder, capture_output=True,
            text=True, timeout=60, env={**os.environ, **environ})
        if ended.returncode != 0:
            raise AssertionError(ended.stdout + ended.stderr)
        return ended.stdout + ended.stderr

    def manage(self, *words, **environ):
        return self.run('manage.py', *words, **environ)

    def write(self, text):
        path = self.path('urls.py')
        with open(path + '.new', 'w') as file:
            file.write(text)
        os.replace(path + '.new', path)

    def settings(self, text):
        with open(self.path('settings.py'), 'a') as file:
            file.write(text)

    @contextlib.contextmanager
    def runserver(self, *words):
        """runserver, and its URL."""
        port = free_port()
        address = '127.0.0.1:%d' % port
        with Program(None, *words, address, cwd=self.folder,
                     words=[sys.executable, '-u', 'manage.py', 'runserver'],
                     env={'PYTHONDONTWRITEBYTECODE': '1'}) as program:
            program.wait_for_output('Served by decant')
            url = 'http://' + address

            def answers():
                with socket.socket() as probe:
                    return probe.connect_ex(('127.0.0.1', port)) == 0
            wait_until(answers)
            try:
                yield url, program
            finally:
                end(program)


def end(program):
    """Ctrl-C; the reloader's child is in the same session and gets it too."""
    pid = program.process.pid
    children = []
    with contextlib.suppress(OSError), \
            open('/proc/%d/task/%d/children' % (pid, pid)) as file:
        children = file.read().split()
    for pid in [*children, program.process.pid]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGINT)
    program.process.wait(PATIENCE)


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
            end(program)
            status, _, _ = program.end()
        self.assertEqual(status, 0)
        self.assertIn('Starting development server at %s/' % url, out)
        self.assertIn('Quit the server with CONTROL-C.', out)
        self.assertRegex(errors, r'\[\d\d/\w+/\d+ [\d:]+\] '
                         r'"GET / HTTP/1\.1" 200 14\n')

    def test_log_in_to_the_admin_with_its_static_files(self):
        self.project.manage('migrate')
        self.project.manage('createsuperuser', '--noinput', '--username', 'ann',
                            '--email', 'ann@example.org',
                            DJANGO_SUPERUSER_PASSWORD='a secret of hers')
        with self.project.runserver('--noreload') as (url, _):
            jar = http.cookiejar.CookieJar()
            browser = urllib.request.build_opener(
                urllib.request.ProxyHandler({}),
                urllib.request.HTTPCookieProcessor(jar))
            with browser.open(url + '/admin/', timeout=PATIENCE) as response:
                page = response.read().decode()
            self.assertIn('/admin/login/', response.url)
            style = re.search(r'href="(/static/\S+\.css)"', page).group(1)
            token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page)
            reply = get(url + style)
            self.assertEqual((reply.status, reply.headers['Content-Type']),
                             (200, 'text/css'))
            form = urllib.parse.urlencode({
                'csrfmiddlewaretoken': token.group(1), 'username': 'ann',
                'password': 'a secret of hers', 'next': '/admin/'}).encode()
            with browser.open(response.url, form, PATIENCE) as response:
                page = response.read().decode()
            self.assertEqual(response.url, url + '/admin/')
            self.assertIn('Site administration', page)
            with browser.open(url + '/admin/auth/user/',
                              timeout=PATIENCE) as response:
                self.assertIn('ann@example.org', response.read().decode())

    def test_reloads_what_is_edited_and_mends(self):
        with self.project.runserver() as (url, program):
            def shows(text):
                try:
                    return get(url + '/').body == b'the %s text' % text
                except (OSError, urllib.error.URLError):
                    return False  # it is being started anew

            def edit_until(condition, text):
                # An edit before its second look Django's reloader passes over.
                edited = 0

                def edit_and_look():
                    nonlocal edited
                    if time.monotonic() - edited > 3:
                        self.project.write(text)
                        edited = time.monotonic()
                    return condition()
                wait_until(edit_and_look)
            wait_until(lambda: shows(b'first'))
            edit_until(lambda: shows(b'second'), VIEWS % 'second')
            edit_until(lambda: not shows(b'second'),
                       VIEWS % 'third' + '\nthis is no Python\n')
            program.wait_for_errors('SyntaxError')
            edit_until(lambda: shows(b'fourth'), VIEWS % 'fourth')

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

            def answers():
                with socket.socket(socket.AF_INET6) as client:
                    return client.connect_ex(('::1', port)) == 0
            wait_until(answers)
            self.assertEqual(get('http://[::1]:%d/' % port).status, 200)
            end(program)

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
