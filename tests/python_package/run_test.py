# SPDX-License-Identifier: MIT
"""decant.run() and decant.run_with_cgi()."""

import subprocess
import sys
import threading
import unittest

import decant


def echo(environ, start_response):
    body = environ['wsgi.input'].read()
    start_response('200 OK', [('Content-Type', 'text/plain'),
                              ('X-Method', environ['REQUEST_METHOD']),
                              ('X-Path', environ['PATH_INFO']),
                              ('X-Query', environ['QUERY_STRING']),
                              ('X-Type', environ.get('CONTENT_TYPE', '')),
                              ('X-Script', environ['SCRIPT_NAME']),
                              ('X-Word', environ.get('HTTP_X_WORD', ''))])
    return [body]


class Run(unittest.TestCase):

    def test_gives_the_response(self):
        response = decant.run(echo, '/a%20b?x=1')
        self.assertEqual((response.status, response.reason), (200, 'OK'))
        self.assertEqual(response.header('x-path'), '/a b')
        self.assertEqual(response.header('X-Query'), 'x=1')
        self.assertEqual(response.header('X-Method'), 'GET')
        self.assertIsNone(response.header('X-None'))
        self.assertEqual((response.body, response.errors), (b'', ''))
        self.assertIn(('Content-Type', 'text/plain'), response.headers)

    def test_sends_a_body_and_headers(self):
        response = decant.run(echo, data=b'@/etc/passwd',
                              headers={'X-Word': 'yes'})
        self.assertEqual(response.body, b'@/etc/passwd')
        self.assertEqual(response.header('X-Method'), 'POST')
        self.assertEqual(response.header('X-Word'), 'yes')
        response = decant.run(echo, method='PUT', data='\xe4',
                              headers=[('Content-Type', 'text/x')])
        self.assertEqual(response.text, '\xe4')
        self.assertEqual(response.header('X-Method'), 'PUT')
        self.assertEqual(response.header('X-Type'), 'text/x')
        self.assertEqual(decant.run(echo, data={'a': 'b c'}).body, b'a=b+c')

    def test_an_empty_body_is_a_body(self):
        self.assertEqual(decant.run(echo, data=b'').header('X-Method'), 'POST')

    def test_takes_the_options_of_the_command(self):
        response = decant.run(echo, '/mount/x', script_name='/mount')
        self.assertEqual(response.header('X-Script'), '/mount')
        self.assertEqual(response.header('X-Path'), '/x')

        def shows(environ, start_response):
            start_response('200 OK', [])
            return [environ['my.word'].encode()]
        self.assertEqual(decant.run(shows, env={'my.word': 'a=b'}).body, b'a=b')

    def test_a_failure_is_a_response_and_a_traceback(self):
        def fails(environ, start_response):
            raise ZeroDivisionError('of this test')
        response = decant.run(fails)
        self.assertEqual(response.status, 500)
        self.assertIn('ZeroDivisionError: of this test', response.errors)
        self.assertIn('run_test.py', response.errors)
        self.assertNotIn(b'of this test', response.body)

    def test_checks_what_an_application_does(self):
        def wrong(environ, start_response):
            start_response('200 OK', [('Connection', 'close')])
            return [b'']
        self.assertEqual(decant.run(wrong).status, 500)
        self.assertEqual(decant.run(wrong, lenient=True).status, 200)

        def twice(environ, start_response):
            start_response('200 OK', [])
            start_response('200 OK', [])
            return [b'']
        response = decant.run(twice, lint=True)
        self.assertEqual(response.status, 500)
        self.assertIn('start_response', response.errors)

    def test_keeps_what_is_said_on_wsgi_errors(self):
        def talks(environ, start_response):
            environ['wsgi.errors'].write('a word\n')
            start_response('204 No Content', [])
            return []
        response = decant.run(talks)
        self.assertEqual((response.status, response.errors), (204, 'a word\n'))

    def test_says_what_has_no_meaning(self):
        with self.assertRaisesRegex(ValueError, '^run: headers: "A: b'):
            decant.run(echo, headers={'A': 'b\n'})
        with self.assertRaisesRegex(ValueError, '^run: method: '):
            decant.run(echo, method='two words')
        with self.assertRaisesRegex(ValueError, 'is no name'):
            decant.run(echo, headers={'A:': 'b'})
        with self.assertRaisesRegex(ValueError, 'no_such'):
            decant.run(echo, no_such=1)
        with self.assertRaisesRegex(ValueError, 'help is in its docstring'):
            decant.run(echo, help=True)
        with self.assertRaisesRegex(TypeError, 'callable, not int'):
            decant.run(1)
        with self.assertRaises(ValueError):
            decant.run(echo, 'no target')

    def test_runs_inside_a_request_and_in_threads(self):
        def outer(environ, start_response):
            inner = decant.run(echo, '/inner')
            start_response('200 OK', [])
            return [inner.header('X-Path').encode()]
        self.assertEqual(decant.run(outer).body, b'/inner')
        seen = []
        threads = [threading.Thread(
            target=lambda: seen.append(decant.run(outer).body))
            for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(seen, [b'/inner'] * 8)

    def test_ctrl_c_in_the_application_comes_out(self):
        def interrupted(environ, start_response):
            raise KeyboardInterrupt
        with self.assertRaises(KeyboardInterrupt):
            decant.run(interrupted)
        self.assertEqual(decant.run(echo).status, 200)

    def test_keeps_no_reference_to_the_application(self):
        import weakref

        class Application:
            def __call__(self, environ, start_response):
                start_response('200 OK', [])
                return [b'']
        application = Application()
        kept = weakref.ref(application)
        decant.run(application)
        del application
        self.assertIsNone(kept())


class Cgi(unittest.TestCase):

    def run_script(self, code, data=b'', **variables):
        return subprocess.run(
            [sys.executable, '-c', code], input=data, capture_output=True,
            timeout=60, env={'PYTHONPATH': ':'.join(sys.path),
                             'GATEWAY_INTERFACE': 'CGI/1.1',
                             'REQUEST_METHOD': 'GET', 'PATH_INFO': '/',
                             'SERVER_NAME': 'a', 'SERVER_PORT': '80',
                             'SERVER_PROTOCOL': 'HTTP/1.1', **variables})

    def test_answers_the_request_of_the_process(self):
        ended = self.run_script(
            'import decant, os\n'
            'def app(environ, start_response):\n'
            '    print("not a part of it")\n'
            '    os.system("echo nor this")\n'
            '    start_response("200 OK", [("Content-Type", "text/plain")])\n'
            '    return [environ["wsgi.input"].read(), b" ",\n'
            '            environ["PATH_INFO"].encode(),\n'
            '            str(environ["wsgi.run_once"]).encode()]\n'
            'decant.run_with_cgi(app)\n', b'body', REQUEST_METHOD='POST',
            CONTENT_LENGTH='4', PATH_INFO='/x')
        head, _, body = ended.stdout.partition(b'\r\n\r\n')
        self.assertEqual(body, b'body /xTrue', ended.stderr)
        self.assertIn(b'Status: 200 OK', head)
        self.assertIn(b'not a part of it', ended.stderr)
        self.assertIn(b'nor this', ended.stderr)
        self.assertEqual(ended.returncode, 0)

    def test_a_failure_is_500(self):
        ended = self.run_script(
            'import decant\n'
            'def app(environ, start_response):\n'
            '    raise ValueError("of this test")\n'
            'decant.run_with_cgi(app)\n'
            'print("the script goes on")\n')
        self.assertIn(b'Status: 500', ended.stdout)
        self.assertNotIn(b'goes on', ended.stdout)
        self.assertIn(b'ValueError: of this test', ended.stderr)
        self.assertIn(b'goes on', ended.stderr)

    def test_flup_by_its_other_name(self):
        ended = self.run_script(
            'from decant.flup.server.cgi import WSGIServer\n'
            'def app(environ, start_response):\n'
            '    start_response("200 OK", [])\n'
            '    return [environ["my.word"].encode()]\n'
            'WSGIServer(app, environ={"my.word": "hi"}).run()\n')
        self.assertTrue(ended.stdout.endswith(b'\r\n\r\nhi'), ended.stderr)


if __name__ == '__main__':
    unittest.main()
