# SPDX-License-Identifier: MIT
"""The wheel: built and installed by pip, without network access."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import unittest
import zipfile

SOURCE = os.environ['DECANT_SOURCE_DIR']


def pip(*words, **kwargs):
    ended = subprocess.run([sys.executable, '-m', 'pip', '--isolated', *words,
                            '--no-index', '--disable-pip-version-check'],
                           capture_output=True, text=True, timeout=250,
                           **kwargs)
    if ended.returncode != 0:
        raise AssertionError(ended.stdout + ended.stderr)
    return ended.stdout


class Wheel(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        if subprocess.run([sys.executable, '-m', 'pip', '--version'],
                          capture_output=True).returncode != 0:
            raise unittest.SkipTest('pip is not installed')
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        # With isolation, as it is by default: there is nothing to fetch.
        pip('wheel', SOURCE, '--no-deps', '-w', cls.folder,
            '--config-settings=build-dir=' + os.environ['DECANT_BUILD_DIR'])
        cls.wheel, = (os.path.join(cls.folder, name)
                      for name in os.listdir(cls.folder))

    def test_holds_the_package_and_nothing_else(self):
        tag = 'cp%d%d' % sys.version_info[:2]
        self.assertRegex(os.path.basename(self.wheel),
                         r'^decant-[\d.]+-%s-%s-linux_\w+\.whl$' % (tag, tag))
        with zipfile.ZipFile(self.wheel) as wheel:
            names = wheel.namelist()
            self.assertIsNone(wheel.testzip())
            record = wheel.read(next(name for name in names
                                     if name.endswith('/RECORD'))).decode()
        self.assertEqual([line.split(',')[0] for line in record.splitlines()],
                         names)
        suffix = sysconfig.get_config_var('EXT_SUFFIX')
        for name in ('__init__.py', 'py.typed', '_decant.pyi',
                     'flup/server/fcgi.py', '_decant' + suffix):
            self.assertIn('decant/' + name, names)
        self.assertEqual([name for name in names if not name.startswith(
            ('decant/', 'decant-'))], [])

    def test_the_sources_are_packed_without_what_was_built(self):
        code = ('import sys, decant_build\n'
                'print(decant_build.build_sdist(sys.argv[1]))')
        with tempfile.TemporaryDirectory() as place:
            name = subprocess.run(
                [sys.executable, '-c', code, place], capture_output=True,
                text=True, check=True, env={
                    **os.environ, 'PYTHONPATH': os.path.join(
                        SOURCE, 'adapters', 'python')}).stdout.strip()
            with tarfile.open(os.path.join(place, name)) as archive:
                names = archive.getnames()
        base = name.removesuffix('.tar.gz')
        for file in ('PKG-INFO', 'pyproject.toml', 'CMakeLists.txt',
                     'adapters/python/decant/__init__.py',
                     'core/decant/gateway.cpp'):
            self.assertIn('%s/%s' % (base, file), names)
        self.assertEqual([name for name in names
                          if name.startswith((base + '/build', base + '/.git/'))
                          or '__pycache__' in name], [])

    def test_works_where_it_is_installed(self):
        with tempfile.TemporaryDirectory() as place:
            pip('install', self.wheel, '--target', place, '--no-deps')
            environment = {**os.environ, 'PYTHONPATH': place}
            ended = subprocess.run(
                [sys.executable, '-c', 'import decant\n'
                 'from decant.simple_server import demo_app\n'
                 'print(decant.__file__, decant.run(demo_app).status)'],
                capture_output=True, text=True, cwd=place, env=environment)
            self.assertEqual(ended.stdout,
                             '%s/decant/__init__.py 200\n' % place,
                             ended.stderr)
            command = subprocess.run(
                [os.path.join(place, 'bin', 'decant'), '--version'],
                capture_output=True, text=True, env=environment)
            self.assertTrue(command.stdout.startswith('decant '),
                            command.stderr)

    def test_in_a_virtual_environment(self):
        with tempfile.TemporaryDirectory() as place:
            made = subprocess.run([sys.executable, '-m', 'venv',
                                   '--without-pip', place],
                                  capture_output=True, text=True)
            if made.returncode != 0:
                self.skipTest('venv: ' + made.stdout + made.stderr)
            python = os.path.join(place, 'bin', 'python')
            pip('--python', python, 'install', self.wheel, '--no-deps')
            environment = {name: value for name, value in os.environ.items()
                           if not name.startswith('PYTHON')}
            ended = subprocess.run(
                [python, '-m', 'decant', 'run', 'decant.simple_server:demo_app',
                 '/', '--as', 'body'], capture_output=True, text=True,
                cwd=place, env=environment)
            self.assertIn('Hello world!', ended.stdout, ended.stderr)


if __name__ == '__main__':
    unittest.main()
