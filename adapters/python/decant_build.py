# SPDX-License-Identifier: MIT
"""Builds the wheel for pip (PEP 517) by CMake.

It needs nothing but the standard library and what the C++ build needs, so that
`pip install .` works without network access, with isolation or without it.

    pip wheel . --config-settings=build-dir=build/release

takes a build directory that is there, as it is configured.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import tomllib
import zipfile

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))


def get_requires_for_build_wheel(config_settings=None):
    """Nothing that pip would have to fetch."""
    return []


def get_requires_for_build_sdist(config_settings=None):
    """As above."""
    return []


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    """Writes the dist-info, so that pip need not build to know the name."""
    folder = os.path.join(metadata_directory, _dist_info())
    os.makedirs(folder, exist_ok=True)
    for name, text in _metadata().items():
        with open(os.path.join(folder, name), 'w', encoding='utf-8') as file:
            file.write(text)
    return _dist_info()


def build_wheel(wheel_directory, config_settings=None,
                metadata_directory=None):
    """Builds the extension module and packs the package."""
    package = _build((config_settings or {}).get('build-dir'))
    name = '%s-%s-%s.whl' % (_project()['name'], _version(), _tag())
    with _Wheel(os.path.join(wheel_directory, name)) as wheel:
        for folder, folders, files in os.walk(package):
            folders[:] = sorted(set(folders) - {'__pycache__'})
            for file in sorted(files):
                path = os.path.join(folder, file)
                if file.startswith('_decant.cpython') and \
                        not file.endswith(_suffix()):
                    continue  # of another interpreter
                wheel.add(os.path.relpath(path, os.path.dirname(package)),
                          open(path, 'rb').read(), os.stat(path).st_mode)
        for name_of_file, text in _metadata().items():
            wheel.add('%s/%s' % (_dist_info(), name_of_file),
                      text.encode('utf-8'))
    return name


def build_sdist(sdist_directory, config_settings=None):
    """Packs the sources."""
    base = '%s-%s' % (_project()['name'], _version())
    leave_out = {'build', '.git', '__pycache__'}

    def keep(member):
        parts = set(member.name.split('/'))
        return None if parts & leave_out else member
    with tarfile.open(os.path.join(sdist_directory, base + '.tar.gz'),
                      'w:gz') as archive:
        archive.add(_ROOT, base, filter=keep)
        info = os.path.join(sdist_directory, 'PKG-INFO')
        with open(info, 'w', encoding='utf-8') as file:
            file.write(_metadata()['METADATA'])
        archive.add(info, base + '/PKG-INFO')
        os.remove(info)
    return base + '.tar.gz'


class _Wheel:
    """A wheel that is written: its files, and at last their RECORD."""

    def __init__(self, path):
        self._zip = zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED)
        self._record = []

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            record = _dist_info() + '/RECORD'
            self._record.append(record + ',,')
            self._write(record, ('\n'.join(self._record) + '\n').encode(),
                        0o644)
        self._zip.close()

    def add(self, name, data, mode=0o644):
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest())
        self._record.append('%s,sha256=%s,%d' % (
            name, digest.rstrip(b'=').decode(), len(data)))
        self._write(name, data, mode)

    def _write(self, name, data, mode):
        info = zipfile.ZipInfo(name)  # the same bytes give the same wheel
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = (mode & 0o755 | 0o100644) << 16
        self._zip.writestr(info, data)


def _project():
    with open(os.path.join(_ROOT, 'pyproject.toml'), 'rb') as file:
        return tomllib.load(file)['project']


def _version():
    with open(os.path.join(_ROOT, 'CMakeLists.txt'), encoding='utf-8') as file:
        return re.search(r'project\(decant VERSION (\S+)', file.read()).group(1)


def _dist_info():
    return '%s-%s.dist-info' % (_project()['name'], _version())


def _suffix():
    return sysconfig.get_config_var('EXT_SUFFIX')


def _tag():
    python = 'cp%d%d' % sys.version_info[:2]
    platform = re.sub(r'[-.]', '_', sysconfig.get_platform())
    return '-'.join((python, python + getattr(sys, 'abiflags', ''), platform))


def _metadata():
    project = _project()
    with open(os.path.join(_ROOT, project['readme']), encoding='utf-8') as file:
        readme = file.read()
    with open(os.path.join(_ROOT, 'LICENSE'), encoding='utf-8') as file:
        licence = file.read()
    head = ['Metadata-Version: 2.1', 'Name: ' + project['name'],
            'Version: ' + _version(), 'Summary: ' + project['description'],
            'Requires-Python: ' + project['requires-python'], 'License: MIT']
    head += ['Classifier: ' + text for text in project['classifiers']]
    head += ['Description-Content-Type: text/markdown', '', readme]
    scripts = ['%s = %s' % item for item in project['scripts'].items()]
    return {
        'METADATA': '\n'.join(head),
        'WHEEL': 'Wheel-Version: 1.0\nGenerator: decant_build\n'
                 'Root-Is-Purelib: false\nTag: %s\n' % _tag(),
        'entry_points.txt': '[console_scripts]\n%s\n' % '\n'.join(scripts),
        'LICENSE': licence,
    }


def _build(build_dir):
    """Runs CMake; gives the folder of the package."""
    cmake = shutil.which('cmake')
    if cmake is None:
        raise SystemExit('decant: cmake is missing; on Debian: apt install '
                         'cmake ninja-build g++ pkg-config')
    if build_dir:
        folder = os.path.join(_ROOT, build_dir)
    else:
        folder = _own_build_dir()
        _configure(cmake, folder)
    subprocess.run([cmake, '--build', folder, '--target', 'decant_extension',
                    '--parallel', str(len(os.sched_getaffinity(0)))],
                   check=True)
    package = os.path.join(folder, 'python', 'decant')
    if not os.path.exists(os.path.join(package, '_decant' + _suffix())):
        raise SystemExit('decant: %s was built for another Python than %s'
                         % (folder, sys.executable))
    return package


def _own_build_dir():
    tag = sysconfig.get_config_var('SOABI') or 'python'
    if os.access(_ROOT, os.W_OK):
        return os.path.join(_ROOT, 'build', 'wheel-' + tag)
    return tempfile.mkdtemp(prefix='decant-wheel-')


def _configure(cmake, folder):
    environment = dict(os.environ)
    own = sysconfig.get_config_var('LIBPC')
    if own:
        environment['PKG_CONFIG_PATH'] = os.pathsep.join(
            filter(None, (own, environment.get('PKG_CONFIG_PATH'))))
    generator = ['-G', 'Ninja'] if shutil.which('ninja') else []
    version = '%d.%d' % sys.version_info[:2]
    configured = subprocess.run(
        [cmake, '-S', _ROOT, '-B', folder, *generator,
         '-DCMAKE_BUILD_TYPE=Release', '-DDECANT_TESTS=OFF',
         '-DDECANT_EXAMPLES=OFF', '-DDECANT_PYTHON=python-%s-embed' % version],
        env=environment, stdout=subprocess.PIPE, text=True, check=False)
    sys.stdout.write(configured.stdout)
    if configured.returncode != 0:
        raise SystemExit('decant: cmake could not configure, see above')
    if 'Python to embed: none' in configured.stdout:
        raise SystemExit('decant: the headers of Python %s are missing; on '
                         'Debian: apt install python3-dev' % version)
