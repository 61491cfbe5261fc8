# SPDX-License-Identifier: MIT
"""The extension module, or why there is none for this interpreter."""

from __future__ import annotations

import sys

__all__ = ['_decant']


def _why_not() -> str:
    import os
    import re
    here = os.path.dirname(os.path.abspath(__file__))
    built = sorted(match.group(1) + '.' + match.group(2) + match.group(3)
                   for match in (re.match(r'_decant\.cpython-(\d)(\d+)(t?)-',
                                          name)
                                 for name in os.listdir(here)) if match)
    ours = '%d.%d' % sys.version_info[:2]
    if hasattr(sys, '_is_gil_enabled') and 't' in getattr(sys, 'abiflags', ''):
        ours += ', free-threaded'
    return ('decant was built for Python %s, and this is Python %s; install it '
            'anew with this interpreter: %s -m pip install .'
            % (', '.join(built) or '(its extension module is missing)', ours,
               sys.executable or 'python3'))


try:
    from decant import _decant
except ImportError as error:
    if getattr(error, 'name', None) != 'decant':
        raise
    raise ImportError(_why_not(), name='decant') from None
