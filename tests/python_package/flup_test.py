# SPDX-License-Identifier: MIT
"""decant.flup: scripts as people have them, behind nginx and Apache."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import unittest
import warnings

from decant.flup.server.fcgi import WSGIServer as FcgiServer
from decant.flup.server.scgi import WSGIServer as ScgiServer
from support import PATIENCE, Program, free_port, get, wait_until

FLASK = '''
    import sys
    sys.path.insert(0, %(here)r)
    from decant.flup.server.fcgi import WSGIServer
    from flask import Flask, request, url_for
    app = Flask(__name__)

    @app.route('/hello/<name>', methods=['GET', 'POST'])
    def hello(name):
        return '%%s %%s %%s' %% (name, request.form.get('word', '-'),
                                 url_for('hello', name='x'))

    class ScriptNameFixer:
        def __init__(self, app):
            self.app = app
        def __call__(self, environ, start_response):
            environ['SCRIPT_NAME'] = '/mount'
            path = environ['PATH_INFO']
            if path.startswith('/mount'):
                environ['PATH_INFO'] = path[len('/mount'):]
            return self.app(environ, start_response)

    if __name__ == '__main__':
        WSGIServer(ScriptNameFixer(app)%(arguments)s).run()
'''

DJANGO = '''
    import os, sys
    sys.path.insert(0, %(here)r)
    sys.path.insert(0, os.path.join(%(source)r, 'examples', 'django_site'))
    os.environ['DJANGO_SETTINGS_MODULE'] = 'mysite.settings'
    from decant.flup.server.fcgi import WSGIServer
    from django.core.wsgi import get_wsgi_application
    WSGIServer(get_wsgi_application()%(arguments)s).run()
'''

# As web.py has it: an application object with a function that makes WSGI of it.
WEBPY = '''
    import sys
    sys.path.insert(0, %(here)r)
    from decant.flup.server import fcgi

    class application:
        def __init__(self, mapping):
            self.mapping = mapping
        def wsgifunc(self):
            def wsgi(environ, start_response):
                page = self.mapping.get(environ['PATH_INFO'])
                start_response('200 OK' if page else '404 Not Found',
                               [('Content-Type', 'text/html')])
                yield page() if page else b'not found'
            return wsgi

    def runfcgi(func, addr=None):
        return fcgi.WSGIServer(func, multiplexed=False, bindAddress=addr,
                               debug=False).run()

    runfcgi(application({'/index': lambda: b'of web.py'}).wsgifunc()
            %(arguments)s)
'''

PID = '''
    import os, sys
    sys.path.insert(0, %(here)r)
    from decant.flup.server.fcgi import WSGIServer
    def app(environ, start_response):
        start_response('200 OK', [('Content-Type', 'text/plain')])
        return [b'%%d %%s' %% (os.getpid(),
                               str(environ['wsgi.multithread']).encode())]
    WSGIServer(app%(arguments)s).run()
'''


def write_script(folder, text, arguments='', name='dispatch.fcgi'):
    path = os.path.join(folder, name)
    here = os.environ['PYTHONPATH'].split(os.pathsep)[0]
    with open(path, 'w') as file:
        file.write('#!%s\n' % sys.executable)
        file.write(textwrap.dedent(text) % {
            'here': here, 'arguments': arguments,
            'source': os.environ['DECANT_SOURCE_DIR']})
    os.chmod(path, 0o755)
    return path


def require(*modules):
    for module in modules:
        try:
            __import__(module)
        except ImportError:
            raise unittest.SkipTest('%s is not installed' % module) from None


@contextlib.contextmanager
def running(path, started):
    """Has a script of its own run until it has `started`."""
    with Program(None, words=[sys.executable, path]) as program:
        def is_up():
            if program.process.poll() is not None:
                raise AssertionError(program.end())
            return started()
        wait_until(is_up)
        yield program


def connects(address):
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family) as probe:
        return probe.connect_ex(address) == 0


def is_alive(pid):
    try:
        with open('/proc/%d/stat' % pid) as file:
            return file.read().rpartition(')')[2].split()[0] != 'Z'
    except OSError:
        return False


@contextlib.contextmanager
def nginx(passed, extra=''):
    """An nginx that passes everything to a FastCGI server; gives its URL."""
    command = shutil.which('nginx', path='/usr/sbin:' + os.environ['PATH'])
    if command is None:
        raise unittest.SkipTest('nginx is not installed')
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        config = os.path.join(folder, 'nginx.conf')
        with open(config, 'w') as file:
            file.write('''
daemon off;
pid %(folder)s/pid;
error_log stderr;
worker_processes 1;
events {}
http {
  access_log off;
  client_body_temp_path %(folder)s/b;
  fastcgi_temp_path %(folder)s/f;
  proxy_temp_path %(folder)s/p;
  scgi_temp_path %(folder)s/s;
  uwsgi_temp_path %(folder)s/u;
  server {
    listen 127.0.0.1:%(port)d;
    location / {
      include /etc/nginx/fastcgi_params;
      fastcgi_pass %(passed)s;
      fastcgi_split_path_info ^()(.*)$;
      fastcgi_param PATH_INFO $fastcgi_path_info;
      fastcgi_param SCRIPT_NAME "";
      %(extra)s
    }
  }
}
''' % {'folder': folder, 'port': port, 'passed': passed, 'extra': extra})
        with Program(None, words=[command, '-e', 'stderr', '-p', folder, '-c',
                                  config]) as server:
            wait_until(lambda: connects(('127.0.0.1', port)))
            yield 'http://127.0.0.1:%d' % port
            server.signal(signal.SIGTERM)
            server.process.wait(PATIENCE)


@contextlib.contextmanager
def apache(folder):
    """An Apache whose mod_fcgid runs the scripts of a folder; gives its URL."""
    command = shutil.which('apache2', path='/usr/sbin:' + os.environ['PATH'])
    modules = '/usr/lib/apache2/modules'
    if command is None:
        raise unittest.SkipTest('apache2 is not installed')
    if not os.path.exists(modules + '/mod_fcgid.so'):
        raise unittest.SkipTest('mod_fcgid is not installed')
    port = free_port()
    os.chmod(folder, 0o755)
    with tempfile.TemporaryDirectory() as run:
        os.chmod(run, 0o755)
        names = ['mpm_event', 'authz_core', 'fcgid']
        user = 'User www-data\nGroup www-data' if os.geteuid() == 0 else ''
        with open(os.path.join(run, 'apache.conf'), 'w') as file:
            file.write('\n'.join(
                ['LoadModule %s_module %s/mod_%s.so' % (name, modules, name)
                 for name in names]) + '''
%(user)s
ServerName localhost
Listen 127.0.0.1:%(port)d
PidFile %(run)s/pid
ErrorLog %(run)s/error.log
ServerRoot %(run)s
DefaultRuntimeDir %(run)s
Mutex file:%(run)s default
FcgidIPCDir %(run)s/sockets
FcgidProcessTableFile %(run)s/shm
DocumentRoot %(folder)s
<Directory %(folder)s>
  Options +ExecCGI
  SetHandler fcgid-script
  Require all granted
</Directory>
''' % {'user': user, 'port': port, 'run': run, 'folder': folder})
        os.mkdir(os.path.join(run, 'sockets'))
        if user:
            shutil.chown(os.path.join(run, 'sockets'), 'www-data')
        with Program(None, words=[command, '-f', os.path.join(
                run, 'apache.conf'), '-DFOREGROUND']) as server:
            try:
                wait_until(lambda: connects(('127.0.0.1', port)))
                yield 'http://127.0.0.1:%d' % port
            finally:
                server.signal(signal.SIGTERM)
                server.process.wait(PATIENCE)


class BehindNginx(unittest.TestCase):

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        os.chmod(self.folder, 0o755)

    def test_flask_with_a_script_name_fixer_on_a_tuple(self):
        require('flask')
        port = free_port()
        path = write_script(self.folder, FLASK,
                            ", bindAddress=('127.0.0.1', %d)" % port)
        with running(path, lambda: connects(('127.0.0.1', port))) as program, \
                nginx('127.0.0.1:%d' % port) as url:
            self.assertEqual(get(url + '/mount/hello/a').body,
                             b'a - /mount/hello/x')
            self.assertEqual(get(url + '/mount/hello/a', b'word=hi').body,
                             b'a hi /mount/hello/x')
            self.assertEqual(get(url + '/mount/none').status, 404)
            program.signal(signal.SIGTERM)
            self.assertEqual(program.end()[0], 0)

    def test_django_on_a_path(self):
        require('django')
        path = os.path.join(self.folder, 'app.sock')
        script = write_script(self.folder, DJANGO,
                              ', bindAddress=%r, umask=0' % path)
        with running(script, lambda: connects(path)) as program, \
                nginx('unix:' + path) as url:
            reply = get(url + '/no/such/page')
            self.assertEqual(reply.status, 404)
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o777)
            program.signal(signal.SIGTERM)
            self.assertEqual(program.end()[0], 0)
        self.assertFalse(os.path.exists(path))

    def test_web_py(self):
        port = free_port()
        script = write_script(self.folder, WEBPY,
                              ", addr=('localhost', %d)" % port)
        with running(script, lambda: connects(('127.0.0.1', port))), \
                nginx('127.0.0.1:%d' % port) as url:
            self.assertEqual(get(url + '/index').body, b'of web.py')
            self.assertEqual(get(url + '/else').status, 404)

    def test_multithreaded_and_max_requests(self):
        port = free_port()
        script = write_script(
            self.folder, PID, ", bindAddress=('127.0.0.1', %d), "
            'multithreaded=False, maxRequests=3' % port)
        with running(script, lambda: connects(('127.0.0.1', port))) as program:
            with nginx('127.0.0.1:%d' % port) as url:
                for _ in range(3):
                    self.assertEqual(
                        get(url).body, b'%d False' % program.process.pid)
                status, _, errors = program.end()
        self.assertEqual(status, 0, errors)


class UnderModFcgid(unittest.TestCase):

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())

    def test_django(self):
        require('django')
        write_script(self.folder, DJANGO)
        with apache(self.folder) as url:
            self.assertEqual(get(url + '/dispatch.fcgi/none').status, 404)

    def test_flask(self):
        require('flask')
        write_script(self.folder, FLASK)
        with apache(self.folder) as url:
            self.assertEqual(get(url + '/dispatch.fcgi/hello/a',
                                 b'word=hi').body, b'a hi /mount/hello/x')

    def test_web_py(self):
        write_script(self.folder, WEBPY)
        with apache(self.folder) as url:
            self.assertEqual(get(url + '/dispatch.fcgi/index').body,
                             b'of web.py')

    def test_max_requests_has_a_process_replaced(self):
        write_script(self.folder, PID, ', multithreaded=False, maxRequests=2')
        with apache(self.folder) as url:
            pids = []
            for _ in range(3):
                replies = [get(url + '/dispatch.fcgi/') for _ in range(2)]
                self.assertEqual([reply.status for reply in replies],
                                 [200, 200])
                self.assertEqual(replies[0].body, replies[1].body)
                pid, multithread = replies[0].body.split()
                self.assertEqual(multithread, b'False')
                pids.append(int(pid))
                # mod_fcgid finds out when it connects to who is gone.
                wait_until(lambda: not is_alive(pids[-1]))
        self.assertEqual(len(set(pids)), 3)


class ByItself(unittest.TestCase):

    def application(self, environ, start_response):
        start_response('200 OK', [])
        return [b'']

    def test_without_a_socket_it_is_a_cgi_script(self):
        with tempfile.TemporaryDirectory() as folder:
            script = write_script(folder, PID)
            ended = subprocess.run(
                [script], stdin=subprocess.DEVNULL, capture_output=True,
                timeout=PATIENCE,
                env={'REQUEST_METHOD': 'GET', 'PATH_INFO': '/'})
        self.assertTrue(ended.stdout.startswith(b'Status: 200 OK\r\n'),
                        ended.stderr)

    def test_on_standard_input_it_is_fastcgi(self):
        with tempfile.TemporaryDirectory() as folder, \
                socket.socket() as listening:
            listening.bind(('127.0.0.1', 0))
            listening.listen()
            script = write_script(folder, PID)
            with Program(None, words=[script], stdin=listening) as program, \
                    nginx('127.0.0.1:%d' % listening.getsockname()[1]) as url:
                self.assertEqual(get(url).body,
                                 b'%d True' % program.process.pid)
                program.signal(signal.SIGTERM)
                self.assertEqual(program.end()[0], 0)

    def test_hup_is_told_by_run(self):
        with Program('''
from decant.flup.server.scgi import WSGIServer
print(WSGIServer(lambda e, s: [b''], bindAddress=('127.0.0.1', 0),
                 log_level='info').run())
''') as program:
            program.wait_for_errors('listening')
            program.signal(signal.SIGHUP)
            status, out, errors = program.end()
        self.assertEqual((status, out), (0, 'True\n'), errors)

    def test_what_cannot_be_honoured_is_said(self):
        for server, options, text in [
                (FcgiServer, {'multiplexed': True}, 'multiplexed: '),
                (FcgiServer, {'debug': True}, 'debug: a traceback goes to'),
                (ScgiServer, {'multiprocess': True}, 'multiprocess: ')]:
            with self.subTest(text), \
                    self.assertWarnsRegex(RuntimeWarning, text):
                server(self.application, **options)
        with self.assertRaisesRegex(ValueError, 'roles: no web server has'):
            FcgiServer(self.application, roles=(3,))
        with self.assertRaisesRegex(ValueError, 'no_such'):
            FcgiServer(self.application, bindAddress=('127.0.0.1', 0),
                       no_such=1).run()

    def test_who_may_connect_is_not_guessed(self):
        with self.assertRaisesRegex(ValueError, 'allow_peer'):
            FcgiServer(self.application, bindAddress=('', 0)).run()
        os.environ['FCGI_WEB_SERVER_ADDRS'] = '127.0.0.1,10.0.0.1'
        self.addCleanup(os.environ.pop, 'FCGI_WEB_SERVER_ADDRS')
        self.assertEqual(
            FcgiServer(self.application)._options['allow_peer'],
            ['127.0.0.1', '10.0.0.1'])

    def test_arguments_of_its_pools_are_taken(self):
        with warnings.catch_warnings():
            warnings.simplefilter('error')
            FcgiServer(self.application, minSpare=1, maxSpare=5, maxThreads=9,
                       maxChildren=50)
            ScgiServer(self.application, scriptName='/x',
                       allowedServers=['127.0.0.1'])


if __name__ == '__main__':
    unittest.main()
