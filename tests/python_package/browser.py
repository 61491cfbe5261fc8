# SPDX-License-Identifier: MIT
"""Chromium without a window, by its DevTools protocol."""

import json
import os
import select
import shutil
import subprocess
import tempfile
import time
import unittest

from support import PATIENCE

CHROMIUM = shutil.which('chromium')
if CHROMIUM is None:
    raise unittest.SkipTest('chromium is not installed')


class Browser:
    """One process for any number of pages; close() ends it."""

    def __init__(self):
        # Its helpers may write there while they end.
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        its_input, self._commands = os.pipe()
        self._messages, its_output = os.pipe()
        # It hears of commands on descriptor 3 and tells what is on 4.
        self._process = subprocess.Popen(
            ['bash', '-c',
             'exec "$0" "$@" 3<&%d 4>&%d' % (its_input, its_output), CHROMIUM,
             '--headless', '--no-sandbox', '--disable-gpu',
             '--disable-dev-shm-usage', '--disable-background-networking',
             '--no-proxy-server', '--remote-debugging-pipe',
             '--user-data-dir=' + self._profile.name],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, pass_fds=(its_input, its_output),
            env={**os.environ, 'HOME': self._profile.name})
        os.close(its_input)
        os.close(its_output)
        self._read = b''
        self._last_id = 0
        self._pages = {}

    def close(self):
        """Ends it."""
        try:
            self.call('Browser.close')
            self._process.wait(PATIENCE)
        finally:
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
            os.close(self._commands)
            os.close(self._messages)
            self._profile.cleanup()

    def open(self, url):
        """A page of its own that has loaded `url`."""
        target = self.call('Target.createTarget', url='about:blank')
        session = self.call('Target.attachToTarget', flatten=True,
                            **target)['sessionId']
        page = self._pages[session] = Page(self, session)
        page.go(url)
        return page

    def call(self, method, session=None, /, **parameters):
        """Has it do something, or one of its pages; gives its answer."""
        self._last_id += 1
        command = {'id': self._last_id, 'method': method, 'params': parameters}
        if session is not None:
            command['sessionId'] = session
        os.write(self._commands, json.dumps(command).encode() + b'\0')
        while (message := self.hear()).get('id') != self._last_id:
            pass
        if 'error' in message:
            raise AssertionError('%s: %s' % (method, message['error']))
        return message['result']

    def hear(self):
        """The next message; an event goes to its page, too."""
        end = time.monotonic() + PATIENCE
        while b'\0' not in self._read:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self._messages], [], [],
                                              left)[0]:
                raise AssertionError('the browser is silent')
            chunk = os.read(self._messages, 65536)
            if not chunk:
                raise AssertionError('the browser has ended')
            self._read += chunk
        text, self._read = self._read.split(b'\0', 1)
        message = json.loads(text)
        if 'method' in message and message.get('sessionId') in self._pages:
            self._pages[message['sessionId']].heed(message)
        return message


class Page:
    """What one sees, and does, in a tab."""

    def __init__(self, browser, session):
        #: What scripts of the page have thrown so far.
        self.exceptions = []
        self._browser = browser
        self._session = session
        self._loaded = 0
        self._call('Page.enable')
        self._call('Runtime.enable')

    def heed(self, event):
        """Something has happened to it."""
        if event['method'] == 'Page.loadEventFired':
            self._loaded += 1
        elif event['method'] == 'Runtime.exceptionThrown':
            self.exceptions.append(event['params']['exceptionDetails'])

    def _call(self, method, **parameters):
        return self._browser.call(method, self._session, **parameters)

    def _load(self, method, **parameters):
        """Does what leads to another page, and waits for that."""
        before = self._loaded
        self._call(method, **parameters)
        while self._loaded == before:
            self._browser.hear()

    def go(self, url):
        """Enters an address."""
        self._load('Page.navigate', url=url)

    def reload(self):
        """Presses reload."""
        self._load('Page.reload')

    def evaluate(self, script):
        """The value of an expression in the page."""
        answer = self._call('Runtime.evaluate', expression=script,
                            returnByValue=True)
        if 'exceptionDetails' in answer:
            raise AssertionError(answer['exceptionDetails'])
        return answer['result'].get('value')

    def text(self):
        """What can be read on it."""
        return self.evaluate('document.body.innerText')

    def reload_until(self, condition):
        """Presses reload until it is true of the text."""
        end = time.monotonic() + PATIENCE
        while not condition(self.text()):
            if time.monotonic() > end:
                raise AssertionError('it still says %r' % self.text())
            time.sleep(0.05)  # for whoever makes what is waited for
            self.reload()

    def type(self, selector, text):
        """Writes into a field."""
        self.evaluate('document.querySelector(%s).focus()'
                      % json.dumps(selector))
        self._call('Input.insertText', text=text)

    def click(self, selector):
        """Clicks on what leads to another page, and waits for that."""
        x, y = self.evaluate(
            '(r => [r.x + r.width / 2, r.y + r.height / 2])('
            'document.querySelector(%s).getBoundingClientRect())'
            % json.dumps(selector))
        mouse = {'x': x, 'y': y, 'button': 'left', 'clickCount': 1}
        self._call('Input.dispatchMouseEvent', type='mousePressed', **mouse)
        self._load('Input.dispatchMouseEvent', type='mouseReleased', **mouse)
