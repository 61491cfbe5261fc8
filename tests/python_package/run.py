# SPDX-License-Identifier: MIT
"""Runs the tests of one file: run.py NAME."""

import sys
import unittest


def main():
    suite = unittest.defaultTestLoader.loadTestsFromName(sys.argv[1])
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    if result.testsRun == 0:
        print('there is no test', file=sys.stderr)
        return 1
    if result.skipped and len(result.skipped) >= result.testsRun:
        print('skipped: ' + result.skipped[0][1])
    return 0 if result.wasSuccessful() else 1


sys.exit(main())
