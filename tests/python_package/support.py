# SPDX-License-Identifier: MIT
"""Servers and clients for the tests: all on loopback, all ended again."""

import contextlib
import os
import random
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

#: Within which anything that is to happen has happened, however busy the
#: machine is.
PATIENCE = 60

# No proxy of the machine's is asked for loopback.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Reply:
    """A status, headers and a body."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()


def get(url, data=None, headers=(), timeout=PATIENCE):
    """One request; a status of 400 or more is a reply too."""
    request = urllib.request.Request(url, data, dict(headers))
    try:
        with _opener.open(request, timeout=timeout) as response:
            return Reply(response)
    except urllib.error.HTTPError as error:
        with error:
            return Reply(error)


def exchange(port, request):
    """What a server sends for these bytes, up to its end of the connection."""
    with socket.create_connection(('127.0.0.1', port), PATIENCE) as client:
        client.sendall(request)
        answer = b''
        while chunk := client.recv(65536):
            answer += chunk
    return answer


@contextlib.contextmanager
def serving(server):
    """Has `server` serve on another thread; shuts it down and closes it."""
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield 'http://127.0.0.1:%d' % server.server_port
    finally:
        server.shutdown()
        thread.join(PATIENCE)
        server.server_close()
        assert not thread.is_alive(), 'serve_forever() did not return'


@contextlib.contextmanager
def captured_errors():
    """Gives a function, for afterwards: what was written to descriptor 2."""
    written = []
    with tempfile.TemporaryFile() as file:
        kept = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            yield lambda: written[0]
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            written.append(file.read().decode())


class Program:
    """A Python program of its own, ended by its process id."""

    def __init__(self, code, *args, stdin=subprocess.DEVNULL, env=None,
                 cwd=None, words=None):
        command = words or [sys.executable, '-c', code]
        self.process = subprocess.Popen(
            [*command, *args], stdin=stdin, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, cwd=cwd, env={**os.environ, **(env or {})})
        self._read = {self.process.stdout: b'', self.process.stderr: b''}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        self.process.stdout.close()
        self.process.stderr.close()

    def _wait_for(self, stream, text):
        end = time.monotonic() + PATIENCE
        while text not in self._read[stream]:
            left = end - time.monotonic()
            if left <= 0 or not select.select([stream], [], [], left)[0]:
                raise AssertionError('%r did not come, but %r'
                                     % (text, self._read))
            chunk = os.read(stream.fileno(), 65536)
            if not chunk:
                raise AssertionError('%r did not come, but %r'
                                     % (text, self._read))
            self._read[stream] += chunk
        return self._read[stream].decode()

    def wait_for_output(self, text):
        """Reads standard output until `text` has come; gives all of it."""
        return self._wait_for(self.process.stdout, text.encode())

    def wait_for_errors(self, text):
        """The same of standard error."""
        return self._wait_for(self.process.stderr, text.encode())

    def port(self):
        """The number on the first line of its output."""
        return int(self.wait_for_output('\n').split()[0])

    def signal(self, number):
        """Sends it a signal."""
        self.process.send_signal(number)

    def interrupt(self):
        """What Ctrl-C does."""
        self.signal(signal.SIGINT)

    def end(self):
        """Waits for its end; gives status, output and errors."""
        self.process.wait(PATIENCE)
        for stream in self._read:
            self._read[stream] += stream.read()
        out, errors = self._read.values()
        return self.process.returncode, out.decode(), errors.decode()


def free_port():
    """A port that nobody had a moment ago.

    It is none of those that the system gives to whoever asks for any (ip(7),
    ip_local_port_range), as other tests do at the same time.
    """
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(('127.0.0.1', port))
            return port


def wait_until(condition):
    """Looks until it is true."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError('it did not come about')
        time.sleep(0.01)
