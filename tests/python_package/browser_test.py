# SPDX-License-Identifier: MIT
"""What whoever develops sees in a browser, and how soon."""

import importlib.util
import tempfile
import time
import unittest

from browser import Browser
from development import VIEWS, ApplicationCase, Project

browser = None


def setUpModule():
    global browser
    browser = Browser()
    unittest.addModuleCleanup(browser.close)


APPLICATION = '''
def application(environ, start_response):
    if environ['PATH_INFO'] != '/':
        raise ValueError('<script>document.title = "run"</script>'
                         '<img src=x onerror="run = 1">' + 'x' * 300)
    start_response('200 OK', [('Content-Type', 'text/html')])
    return [b'<!DOCTYPE html><title>site</title><p>the first text</p>']
'''


def lines_of(page):
    """What can be read, without the lines between."""
    return [line for line in page.text().splitlines() if line]


class Development(ApplicationCase):

    APPLICATION = APPLICATION

    def test_an_exception_can_be_read(self):
        with self.serving('--reload', '--debug') as (url, _):
            page = browser.open(url + '/<script>run = 1</script>')
        message = ('ValueError: <script>document.title = "run"</script>'
                   '<img src=x onerror="run = 1">xxx')
        lines = lines_of(page)
        self.assertEqual(lines[0][:len(message)], message)
        self.assertEqual(lines[1], 'GET /<script>run = 1</script>')
        self.assertIn(self.folder + '/app.py, line 4, in application', lines)
        self.assertIn('4          raise ValueError('
                      '\'<script>document.title = "run"</script>\'', lines)
        # It is read, not run, and as wide as the window.
        self.assertEqual(page.evaluate('document.title')[:len(message)],
                         message)
        self.assertEqual(page.evaluate('typeof run'), 'undefined')
        self.assertEqual(
            page.evaluate('document.querySelectorAll("script, img").length'), 0)
        self.assertEqual(page.exceptions, [])
        self.assertTrue(page.evaluate(
            'document.documentElement.scrollWidth <= innerWidth'))

    def test_a_module_that_cannot_be_loaded_can_be_read_and_mended(self):
        with self.serving('--reload', '--debug') as (url, _):
            page = browser.open(url)
            self.assertEqual(page.text(), 'the first text')
            self.write(APPLICATION + '\nthis is <b>no</b> Python\n')
            page.reload_until(lambda text: 'SyntaxError' in text)
            lines = lines_of(page)
            self.assertEqual(lines[0], 'SyntaxError: invalid syntax')
            # Where Python points to.
            self.assertEqual(lines[3].rstrip(), '            ^')
            self.assertEqual(page.evaluate(
                'getComputedStyle(document.querySelector("h1")).fontFamily'),
                'monospace')
            self.assertIn('GET /', lines)
            self.assertIn(self.folder + '/app.py, line 9', lines)
            self.assertIn('9  this is <b>no</b> Python', lines)
            self.assertIn('SyntaxError: invalid syntax',
                          page.evaluate('document.title'))
            self.assertEqual(page.exceptions, [])
            self.write(APPLICATION.replace('first', 'mended'))
            page.reload_until(lambda text: text == 'the mended text')

    def test_an_edit_is_seen_within_a_second(self):
        took = []
        with self.serving('--reload', '--debug') as (url, _):
            page = browser.open(url)
            # Others may be using the processors: the best of five.
            while len(took) < 5 and min(took, default=1) >= 1:
                word = 'edit %d' % len(took)
                self.write(APPLICATION.replace('first', word))
                begun = time.monotonic()
                page.reload_until(lambda text: text == 'the %s text' % word)
                took.append(time.monotonic() - begun)
        self.assertLess(min(took), 1, took)


@unittest.skipUnless(importlib.util.find_spec('django'),
                     'django is not installed')
class Django(unittest.TestCase):

    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.project = Project(folder)

    def test_log_in_to_the_admin_with_its_static_files(self):
        self.project.manage('migrate')
        self.project.manage('createsuperuser', '--noinput', '--username', 'ann',
                            '--email', 'ann@example.org',
                            DJANGO_SUPERUSER_PASSWORD='a secret of hers')
        with self.project.runserver('--noreload') as (url, _):
            page = browser.open(url + '/admin/')
            self.check_static_files(page)
            page.type('#id_username', 'ann')
            page.type('#id_password', 'a secret of hers')
            page.click('[type=submit]')
            self.assertEqual(page.evaluate('location.href'), url + '/admin/')
            self.assertIn('Site administration', page.text())
            self.check_static_files(page)
            page.click('#content a[href="/admin/auth/user/"]')
            self.assertIn('ann@example.org', page.text())
            self.check_static_files(page)

    def check_static_files(self, page):
        """All of them came, and the styles count."""
        self.assertEqual(page.evaluate(
            'performance.getEntriesByType("resource")'
            '.filter(e => e.responseStatus != 200).map(e => e.name)'), [])
        self.assertTrue(page.evaluate(
            'document.styleSheets.length > 0 && '
            '[...document.styleSheets].every(s => s.cssRules.length > 0)'))
        self.assertNotEqual(page.evaluate(
            'getComputedStyle(document.querySelector("#header"))'
            '.backgroundColor'), 'rgba(0, 0, 0, 0)')
        self.assertEqual(page.exceptions, [])

    def test_an_edit_a_mistake_and_its_mending(self):
        # Django looks once a second, decant has no part in that.
        self.project.settings(
            'from django.utils.autoreload import StatReloader\n'
            'StatReloader.SLEEP_TIME = 0.1\n')
        with self.project.runserver() as (url, program):
            page = browser.open(url)
            self.assertEqual(page.text(), 'the first text')
            self.edit(VIEWS % 'second', page,
                      lambda seen: seen == 'the second text')
            self.edit(VIEWS % 'third' + '\nthis is no Python\n', page,
                      lambda seen: 'the second text' not in seen)
            program.wait_for_errors('SyntaxError')
            self.edit(VIEWS % 'fourth', page,
                      lambda seen: seen == 'the fourth text')

    def edit(self, text, page, condition):
        """Edits and presses reload until it is true of the page."""
        # An edit before its second look at a file Django passes over.
        patience, edited = 0.5, 0

        def edit_and_look(seen):
            nonlocal patience, edited
            if time.monotonic() - edited > patience:
                self.project.write(text)
                patience, edited = 2 * patience, time.monotonic()
            return condition(seen)
        page.reload_until(edit_and_look)


if __name__ == '__main__':
    unittest.main()
