# SPDX-License-Identifier: MIT
# A test of an application, without a server.
import unittest

import decant
from make_server import application


class Hello(unittest.TestCase):

    def test_says_hello(self):
        response = decant.run(application, "/greet?name=Ann")
        self.assertEqual(response.status, 200)
        self.assertEqual(response.body, b"Hello world!\n")
