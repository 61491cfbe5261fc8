# SPDX-License-Identifier: MIT
"""decant.serve(): every protocol, in this process and by processes."""

import os
import signal
import socket
import tempfile
import unittest

import decant
from decant.simple_server import demo_app
from support import Program, exchange, get, wait_until

SERVE = '''
import os, signal, sys, threading, time
import decant

def application(environ, start_response):
    if environ['PATH_INFO'] == '/slow':
        print('it is slow', flush=True)
        time.sleep(float(environ['QUERY_STRING']))
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [repr((os.getpid(), environ['wsgi.multithread'],
                  environ['wsgi.multiprocess'])).encode()]

def serve(**options):
    # The endpoint is told by the log, on standard error.
    try:
        decant.serve(application, ['127.0.0.1:0'], **options)
        print('returned', flush=True)
    except BaseException as error:
        print(type(error).__name__, error, flush=True)
'''


def port_of(program):
    text = program.wait_for_errors('thread')
    return int(text.split('127.0.0.1:')[1].split(',')[0])


class InThisProcess(unittest.TestCase):

    def test_serves_until_ctrl_c(self):
        with Program(SERVE + 'serve()') as program:
            url = 'http://127.0.0.1:%d' % port_of(program)
            pid, threads, processes = eval(get(url + '/').body)
            self.assertEqual(pid, program.process.pid)
            self.assertEqual((threads, processes), (True, False))
            program.interrupt()
            status, out, errors = program.end()
        self.assertEqual((status, out), (0, 'KeyboardInterrupt \n'), errors)

    def test_returns_at_term(self):
        with Program(SERVE + 'serve(threads=1)\n'
                     'print(signal.getsignal(signal.SIGTERM)\n'
                     '      is signal.SIG_DFL)') as program:
            port_of(program)
            program.signal(signal.SIGTERM)
            status, out, errors = program.end()
        self.assertEqual((status, out), (0, 'returned\nTrue\n'), errors)

    def test_a_handler_of_the_users_own_is_called(self):
        with Program(SERVE + '''
class Stop(Exception):
    pass
def stop(*_):
    raise Stop('by the handler')
signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGUSR1, lambda *_: print('usr1', flush=True))
serve()
''') as program:
            url = 'http://127.0.0.1:%d' % port_of(program)
            program.signal(signal.SIGUSR1)
            program.wait_for_output('usr1\n')
            self.assertEqual(get(url + '/').status, 200)
            program.signal(signal.SIGTERM)
            status, out, errors = program.end()
        self.assertEqual((status, out), (0, 'usr1\nStop by the handler\n'),
                         errors)

    def test_ctrl_c_waits_for_a_request_in_flight(self):
        with Program(SERVE + 'serve(threads=2)') as program:
            port = port_of(program)
            with socket.create_connection(('127.0.0.1', port), 20) as client:
                client.sendall(b'GET /slow?0.5 HTTP/1.1\r\nHost: a\r\n\r\n')
                program.wait_for_output('it is slow\n')
                program.interrupt()
                answer = client.recv(65536)
            status, out, errors = program.end()
        self.assertIn(b'200 OK', answer)
        self.assertEqual((status, out), (0, 'it is slow\nKeyboardInterrupt \n'),
                         errors)

    def test_a_second_ctrl_c_ends_the_process(self):
        with Program(SERVE + 'serve(threads=2)') as program:
            port = port_of(program)
            with socket.create_connection(('127.0.0.1', port), 20) as client:
                client.sendall(b'GET /slow?600 HTTP/1.1\r\nHost: a\r\n\r\n')
                program.wait_for_output('it is slow\n')
                program.interrupt()
                # It is no longer listened to once the first one was heard.
                self.wait_for_refusal(port)
                program.interrupt()
                status, _, errors = program.end()
        self.assertEqual(status, -signal.SIGINT)
        self.assertIn('requests in flight are cut off', errors)

    def wait_for_refusal(self, port):
        # The listening socket stays open, but what connects is not served.
        def unanswered():
            with socket.create_connection(('127.0.0.1', port), 20) as probe:
                probe.sendall(b'GET / HTTP/1.0\r\n\r\n')
                probe.settimeout(0.2)
                try:
                    return probe.recv(1) == b''
                except OSError:
                    return True
        wait_until(unanswered)

    def test_ctrl_c_in_the_application_with_one_thread(self):
        with Program(SERVE + 'serve(threads=1)') as program:
            port = port_of(program)
            with socket.create_connection(('127.0.0.1', port), 20) as client:
                client.sendall(b'GET /slow?600 HTTP/1.1\r\nHost: a\r\n\r\n')
                program.wait_for_output('it is slow\n')
                program.interrupt()
                answer = client.recv(65536)
            status, out, errors = program.end()
        self.assertTrue(answer.startswith(b'HTTP/1.1 500 '), answer)
        self.assertEqual((status, out), (0, 'it is slow\nKeyboardInterrupt \n'),
                         errors)

    def test_serves_on_a_unix_socket_which_it_removes(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'app.sock')
            with Program(SERVE + 'decant.serve(application, "unix:" + '
                         'sys.argv[1], protocol="scgi")', path) as program:
                program.wait_for_errors('listening')
                with socket.socket(socket.AF_UNIX) as client:
                    client.settimeout(20)
                    client.connect(path)
                    head = (b'CONTENT_LENGTH\x000\x00SCGI\x001\x00'
                            b'REQUEST_METHOD\x00GET\x00PATH_INFO\x00/\x00')
                    client.sendall(b'%d:%s,' % (len(head), head))
                    answer = b''
                    while chunk := client.recv(65536):
                        answer += chunk
                program.signal(signal.SIGTERM)
                status, _, errors = program.end()
            self.assertTrue(answer.startswith(b'Status: 200 OK'), answer)
            self.assertEqual(status, 0, errors)
            self.assertFalse(os.path.exists(path))

    def test_serves_many_in_turn_and_leaks_no_descriptor(self):
        with Program(SERVE + '''
from support import get
def serve_once():
    service = decant._decant.Service('http', ['--listen=127.0.0.1:0'])
    service.application = application
    thread = threading.Thread(target=service.serve)
    thread.start()
    assert get('http://' + service.endpoints[0] + '/').status == 200
    service.stop()
    thread.join()
    service.close()
serve_once()
before = len(os.listdir('/proc/self/fd'))
for _ in range(30):
    serve_once()
print(len(os.listdir('/proc/self/fd')) - before, threading.active_count())
''', env={'PYTHONPATH': os.pathsep.join([os.path.dirname(__file__),
                                         os.environ['PYTHONPATH']])}
        ) as program:
            status, out, errors = program.end()
        self.assertEqual((status, out), (0, '0 1\n'), errors)

    def test_says_what_has_no_meaning(self):
        for options, text in [
                ({'listen': 'nowhere'}, 'endpoint: '),
                ({'protocol': 'gopher'}, 'give http, fcgi, scgi or uwsgi'),
                ({'protocol': 'run'}, 'give http, fcgi, scgi or uwsgi'),
                ({'timeout': 5}, 'timeout: needs a process of the service'),
                ({'user': 'nobody'}, 'user: needs a process'),
                ({'reload': True}, 'reload: needs a process'),
                ({'max_bdy': 1}, 'max_body'),
                ({'threads': 'four'}, '^threads: ')]:
            with self.subTest(options), \
                    self.assertRaisesRegex(ValueError, text):
                decant.serve(demo_app, **{'listen': '127.0.0.1:0', **options})
        with self.assertRaisesRegex(TypeError, 'callable, not int'):
            decant.serve(1, '127.0.0.1:0')
        with self.assertRaisesRegex(TypeError, 'give processes=1'):
            decant.serve('module:app', '127.0.0.1:0')
        with self.assertRaisesRegex(ValueError, 'reload: give the application'):
            decant.serve(demo_app, '127.0.0.1:0', 1, reload=True)
        with socket.socket() as taken:
            taken.bind(('127.0.0.1', 0))
            taken.listen()
            with self.assertRaisesRegex(OSError, 'in use'):
                decant.serve(demo_app, '127.0.0.1:%d' % taken.getsockname()[1])

    def test_an_application_that_forks_has_children_that_serve_nothing(self):
        with Program(SERVE + '''
import multiprocessing
def forks(environ, start_response):
    if environ['PATH_INFO'] == '/child':
        queue = context.Queue()
        child = context.Process(target=lambda: queue.put(os.getpid()))
        child.start()
        answer = queue.get()
        child.join()
        assert answer == child.pid and child.exitcode == 0
    elif environ['PATH_INFO'] == '/stray':
        if os.fork() == 0:
            start_response('200 OK', [])
            return [b'of the child']
        answer = os.waitstatus_to_exitcode(os.wait()[1])
    else:
        answer = os.getpid()
    start_response('200 OK', [])
    return [str(answer).encode()]
context = multiprocessing.get_context('fork')
application = forks
serve(threads=1)
''') as program:
            url = 'http://127.0.0.1:%d' % port_of(program)
            self.assertTrue(get(url + '/child').body.isdigit())
            self.assertEqual(get(url + '/stray').body, b'0')
            self.assertEqual(get(url + '/').body.decode(),
                             str(program.process.pid))
            program.interrupt()
            status, out, errors = program.end()
        self.assertEqual((status, out), (0, 'KeyboardInterrupt \n'), errors)


class ByProcesses(unittest.TestCase):

    def test_forks_them_from_this_one(self):
        with Program(SERVE + '''
ready = []
before = [signal.getsignal(n) for n in signal.valid_signals()]
serve(processes=2, threads=1)
print(before == [signal.getsignal(n) for n in signal.valid_signals()],
      signal.pthread_sigmask(signal.SIG_BLOCK, []))
''') as program:
            url = 'http://127.0.0.1:%d' % port_of(program)
            pids = set()
            for _ in range(50):
                pid, threads, processes = eval(get(url + '/').body)
                self.assertEqual((threads, processes), (False, True))
                pids.add(pid)
            self.assertNotIn(program.process.pid, pids)
            program.interrupt()
            status, out, errors = program.end()
        self.assertEqual((status, out),
                         (0, 'KeyboardInterrupt \nTrue set()\n'), errors)

    def test_after_this_process_has_served_itself(self):
        with Program(SERVE + '''
from decant.simple_server import make_server
from urllib.request import urlopen
server = make_server('127.0.0.1', 0, application)
thread = threading.Thread(target=server.serve_forever)
thread.start()
print(urlopen('http://127.0.0.1:%d/' % server.server_port).status, flush=True)
server.shutdown()
thread.join()
serve(processes=1)
''') as program:
            program.wait_for_output('200\n')
            url = 'http://127.0.0.1:%d' % port_of(program)
            self.assertNotEqual(eval(get(url + '/').body)[0],
                                program.process.pid)
            program.signal(signal.SIGTERM)
            status, out, errors = program.end()
        self.assertEqual((status, out), (0, '200\nreturned\n'), errors)

    def test_returns_at_term(self):
        with Program(SERVE + 'serve(processes=1)') as program:
            port_of(program)
            program.signal(signal.SIGTERM)
            status, out, errors = program.end()
        self.assertEqual((status, out), (0, 'returned\n'), errors)

    def test_ends_a_request_that_takes_too_long(self):
        with Program(SERVE + 'serve(processes=1, threads=1, timeout=1)'
                     ) as program:
            port = port_of(program)
            answer = exchange(port, b'GET /slow?600 HTTP/1.0\r\n\r\n')
            self.assertTrue(answer.startswith(b'HTTP/1.1 504 '), answer)
            program.signal(signal.SIGTERM)
            status, _, errors = program.end()
        self.assertEqual(status, 0, errors)
        self.assertIn('TimeoutError', errors)

    def test_loads_by_name_and_reloads(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'edited.py')

            def write(word):
                with open(path + '.new', 'w') as file:
                    file.write('def application(environ, start_response):\n'
                               '    start_response("200 OK", [])\n'
                               '    return [b"%s"]\n' % word)
                os.replace(path + '.new', path)
            write('first')
            with Program(SERVE + 'application = "edited:application"\n'
                         'serve(processes=1, reload=True)',
                         cwd=folder) as program:
                url = 'http://127.0.0.1:%d/' % port_of(program)
                self.assertEqual(get(url).body, b'first')
                write('second')
                program.wait_for_errors('reloaded')
                wait_until(lambda: get(url).body == b'second')
                program.signal(signal.SIGTERM)
                status, out, errors = program.end()
        self.assertEqual((status, out), (0, 'returned\n'), errors)

    def test_says_that_the_application_cannot_be_loaded(self):
        with Program(SERVE + 'application = "no_such_module:app"\n'
                     'serve(processes=1)') as program:
            status, out, errors = program.end()
        self.assertEqual((status, out),
                         (0, 'ImportError the application could not be loaded, '
                             'see the log\n'), errors)
        self.assertIn("'no_such_module' was not found", errors)

    def test_is_for_the_main_thread(self):
        with Program(SERVE + '''
thread = threading.Thread(target=serve, kwargs={'processes': 1})
thread.start()
thread.join()
''') as program:
            status, out, errors = program.end()
        self.assertEqual(status, 0, errors)
        self.assertIn('RuntimeError decant: a service with processes', out)


if __name__ == '__main__':
    unittest.main()
