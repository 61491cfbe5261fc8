#!/usr/local/bin/decant --warm
# SPDX-License-Identifier: MIT
# A Flask site in one file for cgi-bin. The first request leaves a process
# behind, which answers those that follow: the count goes on.
import os

from flask import Flask

app = Flask(__name__)
visits = 0


@app.get("/")
def index():
    global visits
    visits += 1
    return f"visit {visits} to process {os.getpid()}\n"
