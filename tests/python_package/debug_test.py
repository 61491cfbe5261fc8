# SPDX-License-Identifier: MIT
"""decant http --reload --debug, and breakpoint() in an application."""

import html
import re
import socket
import subprocess
import threading
import time
import unittest

from development import DECANT, ApplicationCase, Terminal
from support import PATIENCE, free_port, get, wait_until

APPLICATION = '''
def helper(divisor):
    secret = ''.join(['not ', 'to ', 'be ', 'seen'])
    return 1 / divisor

def application(environ, start_response):
    path = environ['PATH_INFO']
    if path == '/chained':
        try:
            {}['missing']
        except KeyError as error:
            raise ValueError('while <handling>') from error
    if path == '/status':
        start_response('two hundred', [])
    if path == '/never':
        return []
    start_response('200 OK', [('Content-Type', 'text/plain')])
    if path == '/generator':
        return (helper(0) for _ in range(1))
    if path == '/late':
        return (b'a' if n else helper(n) for n in (1, 0))
    if path == '/exit':
        raise SystemExit(1)
    return [b'the first text']
'''

HTML = {'Accept': 'text/html,*/*'}


class Case(ApplicationCase):

    APPLICATION = APPLICATION


class Pages(Case):

    def page(self, url, path):
        reply = get(url + path, headers=HTML)
        self.assertEqual((reply.status, reply.headers['Content-Type']),
                         (500, 'text/html; charset=utf-8'))
        return reply.body.decode()

    def test_shows_the_traceback_and_the_source_around_it(self):
        with self.serving('--debug') as (url, _):
            page = self.page(url, '/generator')
        self.assertIn('<title>ZeroDivisionError: division by zero</title>',
                      page)
        self.assertIn('GET /generator', page)
        here = [html.unescape(text) for text in
                re.findall(r'class="here">(.*?)</span>', page)]
        self.assertEqual(here[-1], '4      return 1 / divisor')
        self.assertIn('helper(0) for _ in range(1)', here[-2])
        self.assertLess(page.index('in &lt;genexpr&gt;'),
                        page.index('in helper'))
        # The source is shown, and no value.
        self.assertIn('secret = ', page)
        self.assertNotIn('not to be seen', page)

    def test_shows_what_it_came_from_and_escapes(self):
        with self.serving('--debug') as (url, _):
            page = self.page(url, '/chained')
        self.assertIn('ValueError: while &lt;handling&gt;', page)
        self.assertNotIn('<handling>', page)
        self.assertIn("It came from: KeyError: &#39;missing&#39;", page)

    def test_shows_mistakes_against_the_contract(self):
        with self.serving('--debug') as (url, _):
            page = self.page(url, '/status')
            self.assertIn('start_response(', page)
            self.assertIn('two hundred', page)
            self.assertIn('SystemExit', self.page(url, '/exit'))

    def test_is_text_for_who_wants_no_html(self):
        with self.serving('--debug') as (url, _):
            reply = get(url + '/generator')
        self.assertEqual(reply.headers['Content-Type'],
                         'text/plain; charset=utf-8')
        self.assertIn(b'> 4      return 1 / divisor', reply.body)

    def test_a_response_that_has_begun_is_cut(self):
        with self.serving('--debug') as (url, program):
            with self.assertRaises(Exception):
                get(url + '/late', headers=HTML)
            program.wait_for_errors('ZeroDivisionError')
            self.assertEqual(get(url + '/').body, b'the first text')

    def test_the_log_has_the_traceback_too(self):
        with self.serving('--debug') as (url, program):
            get(url + '/generator')
            program.wait_for_errors('ZeroDivisionError: division by zero\n')

    def test_without_it_nothing_is_told(self):
        with self.serving() as (url, _):
            reply = get(url + '/generator', headers=HTML)
        self.assertEqual(reply.body, b'500 Internal Server Error\n')

    def test_is_for_names_of_this_machine(self):
        with self.serving('--debug') as (url, _):
            port = url.rsplit(':', 1)[1]
            for host in ('localhost', 'localhost:' + port, 'a.localhost'):
                reply = get(url + '/generator', headers={'Host': host})
                self.assertIn(b'return 1 / divisor', reply.body)
            for host in ('example.org', 'localhost.example.org',
                         '127.0.0.1.example.org:' + port):
                reply = get(url + '/generator', headers={'Host': host})
                self.assertEqual(reply.body, b'500 Internal Server Error\n')

    def test_is_for_loopback(self):
        ended = subprocess.run(
            [DECANT, 'http', './app.py', '--debug', '--listen', '0.0.0.0:0'],
            cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(ended.returncode, 2)
        self.assertIn('--debug: 0.0.0.0:', ended.stderr)
        self.assertIn('listen on 127.0.0.1', ended.stderr)


class Requests(Case):

    def test_a_line_for_each_request(self):
        with self.serving('--debug') as (url, program):
            get(url + '/a?b%0A')
            text = program.wait_for_errors(' ms\n')
            get(url + '/never')
            program.wait_for_errors('/never')
        self.assertRegex(text, r'\nGET /a\?b%0A 200 \d+\.\d ms\n')
        self.assertNotIn('\x1b', text)

    def test_in_colour_on_a_terminal(self):
        for env, colour in [({}, True), ({'NO_COLOR': '1'}, False)]:
            with Terminal(self.folder, env, DECANT, 'http', './app.py',
                          '--debug', '--listen',
                          '127.0.0.1:%d' % free_port()) as terminal:
                url = re.search(r'http://[\d.:]+',
                                terminal.wait_for('thread')).group()
                get(url + '/')
                text = terminal.wait_for(' ms')
                self.assertEqual('\x1b[32m200\x1b[0m' in text, colour, text)
                self.assertIn('GET / ', text)


class Reload(Case):

    def shows(self, url, text):
        return get(url + '/').body == text

    def test_an_edit_is_seen_within_a_second(self):
        with self.serving('--reload', '--debug') as (url, _):
            self.assertTrue(self.shows(url, b'the first text'))
            took = []
            for number in range(3):
                text = 'the text %d' % number
                self.write(APPLICATION.replace('the first text', text))
                begun = time.monotonic()
                wait_until(lambda: self.shows(url, text.encode()))
                took.append(time.monotonic() - begun)
        # Others may be using the processors: the best of three.
        self.assertLess(min(took), 1)

    def test_a_module_that_cannot_be_loaded_has_a_page_and_is_mended(self):
        self.write(APPLICATION + '\nthis is no Python\n')
        with self.serving('--reload', '--debug') as (url, program):
            reply = get(url + '/', headers=HTML)
            self.assertEqual(reply.status, 500)
            self.assertIn(b'<h1>SyntaxError: invalid syntax\n', reply.body)
            self.assertIn(b'class="here">', reply.body)
            self.write(APPLICATION)
            wait_until(lambda: self.shows(url, b'the first text'))
            self.write('import no_such_module\n' + APPLICATION)
            wait_until(lambda: b'no_such_module' in get(url + '/').body)
            self.write(APPLICATION)
            wait_until(lambda: self.shows(url, b'the first text'))
            self.write(APPLICATION.replace('def application', 'def other'))
            wait_until(lambda: b"no callable 'application'"
                       in get(url + '/').body)
            self.write(APPLICATION)
            wait_until(lambda: self.shows(url, b'the first text'))

    def test_ctrl_c_ends_it_at_once(self):
        with self.serving('--reload', '--debug') as (url, program):
            port = int(url.rsplit(':', 1)[1])
            # As a browser, which connects in advance.
            with socket.create_connection(('127.0.0.1', port), PATIENCE):
                get(url + '/')
                begun = time.monotonic()
                program.interrupt()
                status, _, errors = program.end()
                self.assertLess(time.monotonic() - begun, 1)
        self.assertEqual(status, 0, errors)


class Breakpoint(Case):

    BREAKS = '''
def application(environ, start_response):
    word = 'of the application'
    if environ['PATH_INFO'] == '/stop':
        breakpoint()
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [word.encode()]
'''

    def test_gets_the_terminal_in_a_service_of_one_thread(self):
        self.write(self.BREAKS)
        port = free_port()
        with Terminal(self.folder, {}, DECANT, 'http', './app.py',
                      '--processes', '0', '--threads', '1', '--listen',
                      '127.0.0.1:%d' % port) as terminal:
            terminal.wait_for('listening')
            url = 'http://127.0.0.1:%d/' % port
            bodies = []
            client = threading.Thread(
                target=lambda: bodies.append(get(url + 'stop').body))
            client.start()
            terminal.wait_for('(Pdb)')
            terminal.type('p word.upper()\n')
            terminal.wait_for("'OF THE APPLICATION'")
            terminal.type('word = "changed"\n')
            terminal.type('c\n')
            client.join(PATIENCE)
            self.assertEqual(bodies, [b'changed'])
            # The debugger had Ctrl-C lead to itself.
            self.assertEqual(get(url).body, b'of the application')
            terminal.type('\x03')
            status, text = terminal.end()
            self.assertEqual(status, 0)
            self.assertIn('http: stopped', text)

    def test_gets_the_terminal_under_run(self):
        self.write(self.BREAKS)
        with Terminal(self.folder, {}, DECANT, 'run', './app.py',
                      '/stop') as terminal:
            terminal.wait_for('(Pdb)')
            terminal.type('p word.upper()\n')
            terminal.wait_for("'OF THE APPLICATION'")
            terminal.type('c\n')
            terminal.wait_for('Status: 200 OK')


if __name__ == '__main__':
    unittest.main()
