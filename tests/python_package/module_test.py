# SPDX-License-Identifier: MIT
"""The extension module: where it can be imported, and what it leaves alone."""

import ast
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

import decant


def run_python(code, *words, **kwargs):
    return subprocess.run([sys.executable, *words, '-c', code],
                          capture_output=True, text=True, timeout=60, **kwargs)


class Import(unittest.TestCase):

    def test_takes_15_ms_at_most(self):
        # Of the processor: others may be using it.
        code = ('import time; begun = time.process_time(); import decant; '
                'print(time.process_time() - begun)')
        best = min(float(run_python(code).stdout) for _ in range(10))
        self.assertLess(best, 0.015)

    def test_is_refused_in_a_sub_interpreter(self):
        code = ("import sys; sys.path[:] = %r\n"
                "try:\n"
                "    import decant\n"
                "except ImportError as error:\n"
                "    print('refused:', error, flush=True)\n" % (sys.path,))
        # Its name until Python 3.12, and after it.
        modules = [name for name in ('_xxsubinterpreters', '_interpreters')
                   if importlib.util.find_spec(name)]
        if not modules:
            self.skipTest('this Python shows no sub-interpreters')
        # Also where the process has it already.
        for first in ('', 'import decant\n'):
            ended = run_python('%simport %s as them\n'
                               'them.run_string(them.create(), %r)'
                               % (first, modules[0], code))
            self.assertIn('refused: decant does not work in a sub-interpreter',
                          ended.stdout, ended.stderr)

    def test_names_the_version_that_it_was_built_for(self):
        here = os.path.dirname(decant.__file__)
        ours = next(name for name in os.listdir(here)
                    if name.startswith('_decant.cpython'))
        tag = 'cpython-%d%d' % sys.version_info[:2]
        with tempfile.TemporaryDirectory() as folder:
            copy = shutil.copytree(here, os.path.join(folder, 'decant'))
            os.rename(os.path.join(copy, ours),
                      os.path.join(copy, ours.replace(tag, 'cpython-399t')))
            ended = run_python('import decant',
                               env={**os.environ, 'PYTHONPATH': folder})
        self.assertEqual(ended.returncode, 1)
        self.assertIn('ImportError: decant was built for Python 3.99t, and '
                      'this is Python %d.%d' % sys.version_info[:2],
                      ended.stderr)

    def test_leaves_signals_and_arguments_alone(self):
        ended = run_python(
            'import signal, sys\n'
            'def handlers():\n'
            '    return [signal.getsignal(number)\n'
            '            for number in signal.valid_signals()]\n'
            'def masks():\n'
            '    return [line for line in open("/proc/self/status")\n'
            '            if line.startswith(("SigBlk", "SigIgn", "SigCgt"))]\n'
            'before = handlers(), masks(), list(sys.argv), sys.stdout\n'
            'import decant\n'
            'import decant.simple_server\n'
            'decant.run(decant.simple_server.demo_app)\n'
            'print(before == (handlers(), masks(), sys.argv, sys.stdout))\n')
        self.assertEqual(ended.stdout, 'True\n', ended.stderr)

    def test_can_be_imported_from_a_thread(self):
        ended = run_python(
            'import threading\n'
            'def work():\n'
            '    import decant\n'
            '    from decant.simple_server import demo_app\n'
            '    print(decant.run(demo_app).status)\n'
            'thread = threading.Thread(target=work)\n'
            'thread.start()\n'
            'thread.join()\n')
        self.assertEqual((ended.returncode, ended.stdout), (0, '200\n'),
                         ended.stderr)

    def test_works_without_site(self):
        path = os.path.dirname(os.path.dirname(decant.__file__))
        ended = run_python('import sys; sys.path.append(%r)\n'
                           'import decant; print(decant.__version__)' % path,
                           '-I', '-S')
        self.assertEqual(ended.stdout.strip(), decant.__version__,
                         ended.stderr)


class Hints(unittest.TestCase):
    """What type checkers and readers are told."""

    def sources(self):
        here = os.path.dirname(decant.__file__)
        for folder, _, files in os.walk(here):
            for name in files:
                if name.endswith('.py'):
                    path = os.path.join(folder, name)
                    with open(path) as file:
                        yield path, ast.parse(file.read(), path)

    def test_the_stub_has_what_the_extension_module_has(self):
        from decant import _decant
        path = os.path.join(os.path.dirname(decant.__file__), '_decant.pyi')
        with open(path) as file:
            stub = ast.parse(file.read())

        def names(body):
            return {node.name if hasattr(node, 'name') else node.target.id
                    for node in body
                    if isinstance(node, (ast.FunctionDef, ast.ClassDef,
                                         ast.AnnAssign))}

        def public(thing):
            return {name for name in vars(thing)
                    if not name.startswith('_') or name == '__version__'}
        self.assertEqual(names(stub.body), public(_decant))
        service, = (node for node in stub.body
                    if isinstance(node, ast.ClassDef))
        self.assertEqual(names(service.body) - {'__init__'},
                         public(_decant.Service))

    def test_every_function_is_annotated(self):
        for path, tree in self.sources():
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef):
                    with self.subTest('%s: %s' % (path, node.name)):
                        self.assertIsNotNone(node.returns)
                        for argument in (*node.args.args,
                                         *node.args.kwonlyargs):
                            if argument.arg not in ('self', 'cls'):
                                self.assertIsNotNone(argument.annotation)

    def test_what_is_public_has_a_docstring(self):
        for path, tree in self.sources():
            for node in (tree, *ast.walk(tree)):
                if not isinstance(node, (ast.Module, ast.ClassDef,
                                         ast.FunctionDef)):
                    continue
                name = getattr(node, 'name', os.path.basename(path))
                if name.startswith('_') or name == 'with_environ' or (
                        isinstance(node, ast.Module) and not node.body):
                    continue
                with self.subTest('%s: %s' % (path, name)):
                    self.assertTrue(ast.get_docstring(node))


class Command(unittest.TestCase):

    def run_command(self, *words, **kwargs):
        return subprocess.run([sys.executable, '-m', 'decant', *words],
                              capture_output=True, text=True, timeout=60,
                              **kwargs)

    def test_is_the_command(self):
        self.assertIn('decant ' + decant.__version__,
                      self.run_command('--version').stdout)
        self.assertEqual(self.run_command('run').returncode, 2)

    def test_runs_an_application_in_this_interpreter(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, 'app.py'), 'w') as file:
                file.write(
                    'import atexit, sys\n'
                    'atexit.register(lambda: print("at the end"))\n'
                    'def app(environ, start_response):\n'
                    '    print("a word")\n'
                    '    start_response("200 OK", [])\n'
                    '    return [repr((sys.executable, sys.argv)).encode()]\n')
            ended = self.run_command('run', './app.py', '/', '--as', 'body',
                                     cwd=folder)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertEqual(ended.stdout, repr((sys.executable, ['./app.py'])))
        self.assertIn('a word\n', ended.stderr)
        self.assertIn('at the end\n', ended.stderr)

    def test_says_that_the_interpreter_runs_already(self):
        with tempfile.TemporaryDirectory() as folder:
            open(os.path.join(folder, 'app.py'), 'w').close()
            ended = self.run_command('run', './app.py', '/', '--isolated',
                                     cwd=folder)
        self.assertEqual(ended.returncode, 3)
        self.assertIn('run decant as python3 -I -S -m decant', ended.stderr)

    def test_forks_loads_and_reloads(self):
        from support import Program, free_port, get
        for words in (['--processes', '2'], ['--preload'],
                      ['--reload', '--debug']):
            port = free_port()
            with self.subTest(words), Program(
                    None, 'http', 'decant.simple_server:demo_app', '--listen',
                    '127.0.0.1:%d' % port, *words,
                    words=[sys.executable, '-m', 'decant']) as program:
                program.wait_for_errors('listening on')
                url = 'http://127.0.0.1:%d/' % port
                self.assertEqual(get(url).status, 200)
                program.signal(signal.SIGHUP)
                program.wait_for_errors('reloaded')
                self.assertEqual(get(url).status, 200)
                program.signal(signal.SIGTERM)
                status, _, errors = program.end()
                self.assertEqual(status, 0, errors)

    def test_ends_by_ctrl_c_as_the_command_does(self):
        from support import Program, free_port, get
        port = free_port()
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, 'app.py'), 'w') as file:
                file.write('from decant.simple_server import demo_app as app\n')
            with Program(None, 'http', './app.py', '--listen',
                         '127.0.0.1:%d' % port, '--processes', '0', cwd=folder,
                         words=[sys.executable, '-m', 'decant']) as program:
                program.wait_for_errors('listening on')
                reply = get('http://127.0.0.1:%d/' % port)
                self.assertEqual(reply.status, 200)
                program.signal(signal.SIGINT)
                status, _, errors = program.end()
        self.assertEqual(status, 0, errors)
        self.assertNotIn('Traceback', errors)


if __name__ == '__main__':
    unittest.main()
