# SPDX-License-Identifier: MIT
"""What whoever develops has: a file that is edited, a terminal, a project."""

import contextlib
import fcntl
import functools
import os
import pty
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import time
import unittest

from support import PATIENCE, Program, free_port, wait_until

DECANT = os.environ['DECANT_COMMAND']

#: Two edits of one length within a second are one to Python where it keeps what
#: it has compiled.
COMPILES_ANEW = {'PYTHONDONTWRITEBYTECODE': '1'}


def replace(path, text):
    """Writes a file so that nobody reads half of it."""
    with open(path + '.new', 'w') as file:
        file.write(text)
    os.replace(path + '.new', path)


class ApplicationCase(unittest.TestCase):
    """Tests of `decant http ./app.py`; a class has its APPLICATION."""

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.write(self.APPLICATION)

    def write(self, text):
        replace(os.path.join(self.folder, 'app.py'), text)

    @contextlib.contextmanager
    def serving(self, *words):
        port = free_port()
        with Program(None, 'http', './app.py', '--listen',
                     '127.0.0.1:%d' % port, *words, cwd=self.folder,
                     env=COMPILES_ANEW, words=[DECANT]) as program:
            program.wait_for_errors('listening on http://127.0.0.1:%d' % port)
            yield 'http://127.0.0.1:%d' % port, program
            program.interrupt()
            program.end()


class Terminal:
    """A program on a terminal of its own; Ctrl-C ends it."""

    def __init__(self, folder, env, *words):
        self.master, terminal = pty.openpty()
        self.text = ''
        self.process = subprocess.Popen(
            words, cwd=folder, stdin=terminal, stdout=terminal,
            stderr=terminal, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env={**os.environ, 'NO_COLOR': '', **env})
        os.close(terminal)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            if kind is None:
                raise
        finally:
            os.close(self.master)

    def wait_for(self, text):
        """Reads until `text` has come, None never does; gives all of it."""
        end = time.monotonic() + PATIENCE
        while text is None or text not in self.text:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.master], [], [], left)[0]:
                raise AssertionError('%r did not come, but %r'
                                     % (text, self.text))
            self.text += os.read(self.master, 65536).decode()
        return self.text

    def end(self):
        """Waits for its end; gives its status and all that was to be read."""
        with contextlib.suppress(OSError):  # EIO: nobody has it open any more
            self.wait_for(None)
        return self.process.wait(PATIENCE), self.text

    def type(self, text):
        """Presses keys; \\x03 is Ctrl-C."""
        os.write(self.master, text.encode())


VIEWS = '''
from django.contrib import admin
from django.http import HttpResponse
from django.urls import path

def index(request):
    return HttpResponse('the %s text')

urlpatterns = [path('admin/', admin.site.urls), path('', index)]
'''


@functools.cache
def started_project():
    """A folder in which startproject was run, to be copied."""
    folder = tempfile.TemporaryDirectory()
    unittest.addModuleCleanup(folder.cleanup)
    run(folder.name, '-m', 'django', 'startproject', 'site_of_test', '.')
    return folder.name


def run(folder, *words, **environ):
    """Runs Python in a folder; gives what it said."""
    ended = subprocess.run(
        [sys.executable, *words], cwd=folder, capture_output=True, text=True,
        timeout=PATIENCE, env={**os.environ, **environ})
    if ended.returncode != 0:
        raise AssertionError(ended.stdout + ended.stderr)
    return ended.stdout + ended.stderr


class Project:
    """A project of Django's in a folder of its own."""

    def __init__(self, folder, *, first=True):
        self.folder = folder
        shutil.copytree(started_project(), folder, dirs_exist_ok=True)
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

    def manage(self, *words, **environ):
        return run(self.folder, 'manage.py', *words, **environ)

    def write(self, text, name='urls.py'):
        replace(self.path(name), text)

    def settings(self, text):
        with open(self.path('settings.py'), 'a') as file:
            file.write(text)

    @contextlib.contextmanager
    def runserver(self, *words):
        """runserver, and its URL."""
        port = free_port()
        address = '127.0.0.1:%d' % port
        env = {} if '--noreload' in words else COMPILES_ANEW
        with Program(None, *words, address, cwd=self.folder, env=env,
                     words=[sys.executable, '-u', 'manage.py', 'runserver']
                     ) as program:
            program.wait_for_output('Served by decant')
            url = 'http://' + address
            wait_until(lambda: answers(port))
            try:
                yield url, program
            finally:
                interrupt(program)


def answers(port, host='127.0.0.1'):
    """Whether somebody listens there."""
    try:
        socket.create_connection((host, port), PATIENCE).close()
    except ConnectionRefusedError:
        return False
    return True


def interrupt(program):
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
