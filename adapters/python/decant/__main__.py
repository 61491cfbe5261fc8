# SPDX-License-Identifier: MIT
"""python3 -m decant: the command, with this interpreter for Python."""

from __future__ import annotations

import sys

from decant._load import _decant


def main() -> None:
    """Runs `decant` with the words of sys.argv; ends the process."""
    _decant.main(sys.argv[1:])


if __name__ == '__main__':
    main()
