# SPDX-License-Identifier: MIT
"""decant.simple_server against what people write for wsgiref.simple_server."""

import contextlib
import io
import os
import select
import signal
import socket
import socketserver
import sys
import threading
import time
import unittest
import warnings
from wsgiref.validate import validator

from decant.simple_server import (ThreadingMixIn, ThreadingWSGIServer,
                                  WSGIRequestHandler, WSGIServer, demo_app,
                                  make_server)
from support import (Program, captured_errors, exchange, get, serving,
                     wait_until)


def hello(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain'),
                              ('Date', 'Mon, 05 Jun 2006 18:49:54 GMT')])
    return [b'Hello, world!']


class QuietHandler(WSGIRequestHandler):
    def log_message(self, format, *args):
        pass


def quiet(application, **kwargs):
    return make_server('127.0.0.1', 0, application, handler_class=QuietHandler,
                       **kwargs)


class Cases(unittest.TestCase):
    """What CPython's own tests ask of a server, by a real connection."""

    def ask(self, application, request=b'GET / HTTP/1.0\n\n'):
        request = request.replace(b'\n', b'\r\n')
        server = quiet(application)
        with captured_errors() as errors, serving(server):
            answer = exchange(server.server_port, request)
        head, _, body = answer.partition(b'\r\n\r\n')
        return head.split(b'\r\n'), body, errors()

    def test_hello(self):
        head, body, _ = self.ask(hello)
        self.assertEqual(head[0], b'HTTP/1.1 200 OK')
        self.assertIn(b'Content-Type: text/plain', head)
        self.assertIn(b'Content-Length: 13', head)
        # The application's own Date is the only one.
        self.assertEqual([line for line in head if line.startswith(b'Date')],
                         [b'Date: Mon, 05 Jun 2006 18:49:54 GMT'])
        self.assertEqual(body, b'Hello, world!')

    def test_validated_hello(self):
        head, body, errors = self.ask(validator(hello),
                                      b'GET /x?y HTTP/1.0\n\n')
        self.assertEqual((head[0], body),
                         (b'HTTP/1.1 200 OK', b'Hello, world!'), errors)

    def test_environ(self):
        def app(environ, start_response):
            start_response('200 OK', [('Content-Type', 'text/plain')])
            return [repr(environ).encode()]
        _, body, _ = self.ask(lambda environ, start_response: app(
            {name: environ.get(name) for name in (
                'REQUEST_METHOD', 'PATH_INFO', 'QUERY_STRING', 'SCRIPT_NAME',
                'SERVER_PROTOCOL', 'REMOTE_ADDR', 'CONTENT_TYPE',
                'CONTENT_LENGTH', 'HTTP_X_TWICE', 'wsgi.url_scheme',
                'wsgi.version', 'wsgi.run_once', 'wsgi.multithread',
                'wsgi.multiprocess')}, start_response),
            b'POST /p%61th/%C3%A4?query=test HTTP/1.0\nX-Twice: a\n'
            b'X-Twice: b\nContent-Type: text/x\nContent-Length: 2\n\nhi')
        self.assertEqual(eval(body), {
            'REQUEST_METHOD': 'POST', 'PATH_INFO': '/path/\xc3\xa4',
            'QUERY_STRING': 'query=test', 'SCRIPT_NAME': '',
            'SERVER_PROTOCOL': 'HTTP/1.0', 'REMOTE_ADDR': '127.0.0.1',
            'CONTENT_TYPE': 'text/x', 'CONTENT_LENGTH': '2',
            'HTTP_X_TWICE': 'a, b', 'wsgi.url_scheme': 'http',
            'wsgi.version': (1, 0), 'wsgi.run_once': False,
            'wsgi.multithread': False, 'wsgi.multiprocess': False})

    def test_a_target_that_is_too_long(self):
        head, _, _ = self.ask(hello, b'GET /' + b'x' * 65537 +
                              b' HTTP/1.0\n\n')
        self.assertEqual(head[0][:12], b'HTTP/1.1 414')

    def test_a_header_of_the_wrong_type(self):
        def wrong(environ, start_response):
            start_response('200 OK', ('Content-Type', 'text/plain'))
            return [b'Hello, world!']
        head, body, errors = self.ask(wrong)
        self.assertEqual(head[0], b'HTTP/1.1 500 Internal Server Error')
        self.assertIn('headers', errors)
        self.assertNotIn(b'Traceback', body)

    def test_text_in_place_of_bytes(self):
        def wrong(environ, start_response):
            start_response('200 OK', [('Content-Type', 'text/plain')])
            yield 'data'
        head, _, errors = self.ask(wrong)
        self.assertEqual(head[0], b'HTTP/1.1 500 Internal Server Error')
        self.assertIn('yielded str', errors)

    def test_a_failure_in_the_middle_cuts_the_response(self):
        def fails(environ, start_response):
            start_response('200 OK', [('Content-Length', '10')])
            yield b'first'
            raise ValueError('of this test')
        server = quiet(fails)
        with captured_errors() as errors, serving(server):
            try:
                answer = exchange(server.server_port,
                                  b'GET / HTTP/1.0\r\n\r\n')
            except ConnectionResetError:
                answer = b''
        self.assertNotIn(b'Traceback', answer)
        self.assertFalse(answer.endswith(b'first     '))
        self.assertIn('ValueError: of this test', errors())

    def test_a_path_in_another_encoding(self):
        # As bytes 0x80 to 0xbf, of which many are no letter in latin-1.
        quoted = b''.join(b'%%%02X' % code for code in range(0x80, 0xc0))

        def app(environ, start_response):
            start_response('200 OK', [('Content-Type', 'text/plain')])
            return [environ['PATH_INFO'].encode('latin-1')]
        _, body, _ = self.ask(app, b'GET /' + quoted + b' HTTP/1.0\n\n')
        self.assertEqual(body, b'/' + bytes(range(0x80, 0xc0)))

    def test_head_has_no_body(self):
        head, body, _ = self.ask(hello, b'HEAD / HTTP/1.0\n\n')
        self.assertIn(b'Content-Length: 13', head)
        self.assertEqual(body, b'')

    def test_no_content_has_no_length(self):
        def app(environ, start_response):
            start_response('204 No Content', [])
            return []
        head, body, _ = self.ask(app)
        self.assertEqual(head[0], b'HTTP/1.1 204 No Content')
        self.assertFalse([line for line in head
                          if line.lower().startswith(b'content-length')])

    def test_write_and_iterator(self):
        closed = []

        class Body:
            def __iter__(self):
                yield b'iterated'

            def close(self):
                closed.append(True)

        def app(environ, start_response):
            write = start_response('200 OK', [('Content-Type', 'text/plain')])
            write(b'written, ')
            return Body()
        _, body, _ = self.ask(app)
        self.assertEqual((body, closed), (b'written, iterated', [True]))

    def test_file_wrapper(self):
        def app(environ, start_response):
            start_response('200 OK', [('Content-Type', 'text/plain')])
            return environ['wsgi.file_wrapper'](open(__file__, 'rb'), 8192)
        with open(__file__, 'rb') as file:
            self.assertEqual(self.ask(app)[1], file.read())

    def test_start_response_replaced_by_exc_info(self):
        def app(environ, start_response):
            try:
                start_response('200 OK', [('Content-Type', 'text/plain')])
                raise ValueError
            except ValueError:
                start_response('503 Replaced', [('Content-Type', 'text/x')],
                               sys.exc_info())
            return [b'replaced']
        head, body, _ = self.ask(app)
        self.assertEqual((head[0], body),
                         (b'HTTP/1.1 503 Replaced', b'replaced'))

    def test_a_large_response_survives_signals(self):
        interrupted = []
        before = signal.signal(signal.SIGUSR1,
                               lambda *_: interrupted.append(True))
        size = 4 << 20

        def app(environ, start_response):
            start_response('200 OK', [])
            return [b'\0' * size]
        server = quiet(app)
        seen = []

        def read():
            with socket.create_connection(server.server_address, 20) as client:
                client.sendall(b'GET / HTTP/1.0\r\n\r\n')
                count = 0
                while chunk := client.recv(65536):
                    if count == 0:
                        os.kill(os.getpid(), signal.SIGUSR1)
                    count += len(chunk)
                seen.append(count)
        try:
            reader = threading.Thread(target=read)
            reader.start()
            server.handle_request()
            reader.join(20)
        finally:
            server.server_close()
            signal.signal(signal.SIGUSR1, before)
        self.assertEqual(interrupted, [True])
        self.assertGreater(seen[0], size)


class Server(unittest.TestCase):

    def test_attributes(self):
        server = make_server('127.0.0.1', 0, hello)
        with server:
            self.assertIsInstance(server, socketserver.BaseServer)
            self.assertEqual(server.server_address,
                             ('127.0.0.1', server.server_port))
            self.assertEqual(server.server_name, '127.0.0.1')
            self.assertEqual(server.socket.getsockname(),
                             server.server_address)
            self.assertEqual(server.fileno(), server.socket.fileno())
            self.assertIs(server.get_app(), hello)
            self.assertIs(server.application, hello)
            self.assertEqual(server.base_environ['SERVER_PORT'],
                             str(server.server_port))
        self.assertEqual(server.fileno(), -1)

    def test_base_environ_is_in_every_environ(self):
        server = quiet(lambda environ, start_response: hello(
            environ, start_response) and [environ['my.word'].encode()])
        server.base_environ['my.word'] = 'a=b'
        with serving(server) as url:
            self.assertEqual(get(url).body, b'a=b')

    def test_shutdown_from_another_thread_and_serving_again(self):
        server = quiet(hello)
        for _ in range(3):
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            url = 'http://127.0.0.1:%d/' % server.server_port
            self.assertEqual(get(url).body, b'Hello, world!')
            server.shutdown()
            thread.join(20)
            self.assertFalse(thread.is_alive())
        server.shutdown()  # nobody serves
        server.server_close()

    def test_shutdown_before_serve_forever_counts(self):
        server = quiet(hello)
        server.shutdown()
        server.serve_forever()
        server.server_close()

    def test_shutdown_is_not_held_up_by_an_open_connection(self):
        server = quiet(hello)
        with serving(server):
            silent = socket.create_connection(server.server_address, 20)
            kept = socket.create_connection(server.server_address, 20)
            kept.sendall(b'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
            self.assertIn(b'Hello', kept.recv(65536))
            begun = time.monotonic()
            server.shutdown()
            self.assertLess(time.monotonic() - begun, 1)
            self.assertEqual(kept.recv(1), b'')
            silent.close()
            kept.close()

    def test_servers_one_after_another_on_one_port(self):
        port = 0
        for _ in range(5):
            server = make_server('127.0.0.1', port, hello,
                                 handler_class=QuietHandler)
            port = server.server_port
            with serving(server) as url:
                self.assertEqual(get(url).status, 200)

    def test_servers_at_the_same_time(self):
        def named(name):
            def app(environ, start_response):
                start_response('200 OK', [])
                return [name]
            return app
        with contextlib.ExitStack() as stack:
            urls = [stack.enter_context(serving(quiet(named(b'%d' % i))))
                    for i in range(4)]
            for _ in range(5):
                self.assertEqual([get(url).body for url in urls],
                                 [b'0', b'1', b'2', b'3'])

    def test_set_app_while_it_serves(self):
        def other(environ, start_response):
            start_response('200 OK', [])
            return [b'other']
        server = quiet(hello)
        with serving(server) as url:
            self.assertEqual(get(url).body, b'Hello, world!')
            server.set_app(other)
            self.assertEqual(get(url).body, b'other')

    def test_without_an_application(self):
        server = quiet(None)
        with captured_errors() as errors, serving(server) as url:
            self.assertEqual(get(url).status, 500)
        self.assertIn('call set_app()', errors())

    def test_handle_request_serves_one(self):
        server = quiet(hello)
        answers = []
        clients = [threading.Thread(target=lambda: answers.append(
            get('http://127.0.0.1:%d/' % server.server_port)))
            for _ in range(3)]
        for client in clients:
            client.start()
        for count in (1, 2, 3):
            server.handle_request()
            wait_until(lambda: len(answers) == count)
        for client in clients:
            client.join(20)
        self.assertEqual({answer.headers['Connection'] for answer in answers},
                         {'close'})
        server.server_close()

    def test_handle_request_in_a_loop_of_the_users(self):
        with quiet(hello) as server:
            client = threading.Thread(target=lambda: get(
                'http://127.0.0.1:%d/' % server.server_port))
            client.start()
            readable, _, _ = select.select([server], [], [], 20)
            self.assertEqual(readable, [server])
            server.handle_request()
            client.join(20)
            self.assertFalse(client.is_alive())

    def test_handle_request_with_a_timeout(self):
        class Server(WSGIServer):
            timeout = 0.05
            timed_out = 0

            def handle_timeout(self):
                self.timed_out += 1
        with make_server('127.0.0.1', 0, hello, Server) as server:
            server.handle_request()
            server.handle_request()
        self.assertEqual(server.timed_out, 2)

    def test_handle_request_lets_go_of_who_says_nothing(self):
        with quiet(hello) as server:
            socket.create_connection(server.server_address, 20).close()
            server.handle_request()

    def test_serves_on_a_unix_socket(self):
        import tempfile

        class Server(WSGIServer):
            address_family = socket.AF_UNIX
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'app.sock')
            server = Server(path, QuietHandler)
            server.set_app(hello)
            with serving(server), socket.socket(socket.AF_UNIX) as client:
                client.connect(path)
                client.sendall(b'GET / HTTP/1.0\r\n\r\n')
                self.assertIn(b'200 OK', client.recv(65536))

    def test_forked_by_hand_each_process_serves(self):
        with Program('''
import os, signal, sys
from decant.simple_server import make_server
def app(environ, start_response):
    start_response('200 OK', [])
    return [str(os.getpid()).encode()]
server = make_server('127.0.0.1', 0, app)
children = []
for _ in range(2):
    child = os.fork()
    if child == 0:
        server.serve_forever()
    children.append(child)
print(server.server_port, *children, flush=True)
sys.stdin.read()
for child in children:
    os.kill(child, signal.SIGKILL)
    os.wait()
''', stdin=-1) as program:
            port, *children = map(int, program.wait_for_output('\n').split())
            seen = set()
            wait_until(lambda: seen.add(int(get(
                'http://127.0.0.1:%d/' % port).body)) or len(seen) == 2)
            self.assertEqual(seen, set(children))
            program.process.stdin.close()
            self.assertEqual(program.end()[0], 0)

    def test_tls_is_refused(self):
        import ssl
        server = quiet(hello)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        with server, self.assertRaisesRegex(TypeError, 'speaks no TLS'):
            server.serve_forever()

    def test_hooks_that_are_not_called_are_refused(self):
        class Verifies(WSGIServer):
            def verify_request(self, request, client_address):
                return False

        class Forks(socketserver.ForkingMixIn, WSGIServer):
            pass

        class Handles(WSGIServer):
            def handle_error(self, request, client_address):
                pass

        class Environ(WSGIRequestHandler):
            def get_environ(self):
                return {}
        for server, handler, text in [
                (Verifies, WSGIRequestHandler, 'Verifies.verify_request'),
                (Forks, WSGIRequestHandler, 'processes=4'),
                (WSGIServer, Environ, 'Environ.get_environ'),
                (WSGIServer, object, 'a subclass of decant')]:
            with self.subTest(text), self.assertRaisesRegex(TypeError, text):
                make_server('127.0.0.1', 0, hello, server, handler)
        with self.assertWarnsRegex(RuntimeWarning, 'Handles.handle_error'):
            make_server('127.0.0.1', 0, hello, Handles).server_close()

    def test_a_class_without_hooks_warns_of_nothing(self):
        with warnings.catch_warnings():
            warnings.simplefilter('error')
            make_server('127.0.0.1', 0, hello,
                        ThreadingWSGIServer).server_close()


class Threads(unittest.TestCase):

    def test_one_sleeps_and_the_other_answers_at_once(self):
        entered = threading.Event()
        leave = threading.Event()

        def app(environ, start_response):
            start_response('200 OK', [('Content-Type', 'text/plain')])
            if environ['PATH_INFO'] == '/sleeps':
                entered.set()
                leave.wait(20)
                return [b'slept']
            return [b'at once']

        class ThreadingServer(ThreadingMixIn, WSGIServer):
            daemon_threads = True
        server = quiet(app, server_class=ThreadingServer)
        slept = []
        with serving(server) as url:
            sleeper = threading.Thread(
                target=lambda: slept.append(get(url + '/sleeps').body))
            sleeper.start()
            self.assertTrue(entered.wait(20))
            for _ in range(10):
                self.assertEqual(get(url + '/').body, b'at once')
            self.assertEqual(slept, [])
            leave.set()
            sleeper.join(20)
        self.assertEqual(slept, [b'slept'])

    def test_many_sleep_at_once(self):
        barrier = threading.Barrier(32)

        def app(environ, start_response):
            barrier.wait(20)
            start_response('200 OK', [])
            return [str(environ['wsgi.multithread']).encode()]
        answers = []
        with serving(quiet(app, server_class=ThreadingWSGIServer)) as url:
            clients = [threading.Thread(
                target=lambda: answers.append(get(url).body))
                for _ in range(32)]
            for client in clients:
                client.start()
            for client in clients:
                client.join(20)
        self.assertEqual(answers, [b'True'] * 32)

    def test_without_the_mixin_it_is_the_thread_that_serves(self):
        seen = []

        def app(environ, start_response):
            seen.append(threading.current_thread())
            return hello(environ, start_response)
        server = quiet(app)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        get('http://127.0.0.1:%d/' % server.server_port)
        server.shutdown()
        thread.join(20)
        server.server_close()
        self.assertEqual(seen, [thread])


class Log(unittest.TestCase):

    def test_a_line_for_each_request(self):
        server = make_server('127.0.0.1', 0, hello)
        with captured_errors() as errors, serving(server) as url:
            get(url + '/a%0Ab?c')
        self.assertRegex(errors(), r'^127\.0\.0\.1 - - \[.*\] '
                         r'"GET /a%0Ab\?c HTTP/1\.1" 200 13 ')

    def test_goes_where_sys_stderr_goes(self):
        text = io.StringIO()
        server = make_server('127.0.0.1', 0, hello)
        with contextlib.redirect_stderr(text), serving(server) as url:
            get(url + '/x')
        self.assertRegex(text.getvalue(), r'^127\.0\.0\.1 - - \[\d\d/\w+/\d+ '
                         r'[\d:]+\] "GET /x HTTP/1\.1" 200 13\n$')

    def test_can_be_overridden(self):
        seen = []

        class Handler(WSGIRequestHandler):
            def log_request(self, code='-', size='-'):
                seen.append((self.command, self.path, self.request_version,
                             code, size, self.client_address[0],
                             self.server is server))
        server = make_server('127.0.0.1', 0, hello, handler_class=Handler)
        with captured_errors() as errors, serving(server) as url:
            get(url + '/x y'.replace(' ', '%20'), data=b'a')
        self.assertEqual(seen, [('POST', '/x%20y', 'HTTP/1.1', '200', 13,
                                 '127.0.0.1', True)])
        self.assertEqual(errors(), '')

    def test_a_log_that_fails_fails_no_request(self):
        class Handler(WSGIRequestHandler):
            def log_message(self, format, *args):
                raise ValueError('of this log')
        server = make_server('127.0.0.1', 0, hello, handler_class=Handler)
        with captured_errors() as errors, serving(server) as url:
            self.assertEqual(get(url).status, 200)
            self.assertEqual(get(url).status, 200)
        self.assertEqual(errors().count('ValueError: of this log'), 2)


class Interrupt(unittest.TestCase):

    TUTORIAL = '''
import signal, sys, threading
from decant.simple_server import make_server, demo_app, ThreadingWSGIServer
server = make_server('127.0.0.1', 0, demo_app)
print(server.server_port, flush=True)
try:
    server.serve_forever()
except KeyboardInterrupt:
    print('interrupted', flush=True)
'''

    def test_ctrl_c_raises_where_it_serves(self):
        for code in (self.TUTORIAL, self.TUTORIAL.replace(
                'demo_app)', 'demo_app, ThreadingWSGIServer)')):
            with Program(code) as program:
                url = 'http://127.0.0.1:%d/' % program.port()
                self.assertIn(b'Hello world!', get(url).body)
                begun = time.monotonic()
                program.interrupt()
                status, out, errors = program.end()
                self.assertLess(time.monotonic() - begun, 2)
            self.assertEqual(status, 0, errors)
            self.assertTrue(out.endswith('interrupted\n'), out)

    def test_ctrl_c_that_nobody_catches_ends_the_script(self):
        code = self.TUTORIAL[:self.TUTORIAL.index('try:')] + \
            'server.serve_forever()'
        with Program(code) as program:
            get('http://127.0.0.1:%d/' % program.port())
            program.interrupt()
            status, _, errors = program.end()
        self.assertEqual(status, -signal.SIGINT)
        self.assertIn('KeyboardInterrupt', errors)
        self.assertIn('in serve_forever', errors)

    def test_ctrl_c_is_never_lost(self):
        # It may come at any moment around the wait.
        with Program('''
import os, signal, threading
from decant.simple_server import make_server, demo_app
server = make_server('127.0.0.1', 0, demo_app)
count = 0
for _ in range(300):
    timer = threading.Timer(0, os.kill, (os.getpid(), signal.SIGINT))
    try:
        timer.start()
        server.serve_forever()
    except KeyboardInterrupt:
        count += 1
    timer.join()
print(count)
''') as program:
            status, out, errors = program.end()
        self.assertEqual((status, out), (0, '300\n'), errors)

    def test_a_wakeup_descriptor_of_the_users_is_put_back(self):
        with Program('''
import signal, socket, threading
from decant.simple_server import make_server, demo_app
ours, theirs = socket.socketpair()
ours.setblocking(False)
signal.set_wakeup_fd(ours.fileno())
server = make_server('127.0.0.1', 0, demo_app)
server.shutdown()
server.serve_forever()
print(signal.set_wakeup_fd(-1) == ours.fileno())
''') as program:
            status, out, errors = program.end()
        self.assertEqual((status, out), (0, 'True\n'), errors)

    def test_a_script_ends_while_a_daemon_thread_serves(self):
        with Program('''
import threading, urllib.request
from decant.simple_server import make_server, demo_app
server = make_server('127.0.0.1', 0, demo_app)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = 'http://127.0.0.1:%d/' % server.server_port
print(urllib.request.urlopen(url).status)
''') as program:
            status, out, errors = program.end()
        self.assertEqual((status, out), (0, '200\n'), errors)

    ENDS_EARLY = '''
import sys, threading, time
from decant import simple_server
entered = threading.Event()
class Late:
    def __del__(self, sleep=time.sleep):
        sleep(1)  # the lock is free meanwhile
sys.late = Late()
def app(environ, start_response):
    entered.set()
    time.sleep(1.5)
    start_response('200 OK', [])
    return [b'']
server = simple_server.make_server('127.0.0.1', 0, app,
                                   getattr(simple_server, sys.argv[1]))
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port, flush=True)
entered.wait(20)
sys.exit(3)
'''

    def test_a_script_ends_while_requests_are_in_flight(self):
        # sys.exit() on the main thread, as Django's reloader does it. The
        # interpreter is gone before the application wakes up in it.
        for name in ('WSGIServer', 'ThreadingWSGIServer'):
            with self.subTest(name), \
                    Program(self.ENDS_EARLY, name) as program, \
                    socket.create_connection(('127.0.0.1', program.port()),
                                             20) as client:
                client.sendall(b'GET / HTTP/1.0\r\n\r\n')
                status, _, errors = program.end()
                self.assertEqual((status, errors), (3, ''))


if __name__ == '__main__':
    unittest.main()
