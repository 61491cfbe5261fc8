# SPDX-License-Identifier: MIT
"""HTTP by wrk, with the fields that a browser sends."""
import glob
import re
import shutil
import socket
import statistics
import subprocess
import sys
import sysconfig

from harness import (Case, Server, at_least, present, ratios, skip, table)
import python_groups

BROWSER = {
    "Connection": "keep-alive",
    "Cache-Control": "max-age=0",
    "Upgrade-Insecure-Requests": "1",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, "
                  "like Gecko) Chrome/120.0.0.0 Safari/537.36",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,"
              "image/avif,image/webp,*/*;q=0.8",
    "Sec-Fetch-Site": "none",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-User": "?1",
    "Sec-Fetch-Dest": "document",
    "Accept-Encoding": "gzip, deflate, br",
    "Accept-Language": "en-US,en;q=0.9",
    "Cookie": "session=0123456789abcdef",
}


class Port(Server):
    """A server on a free port of loopback."""

    def endpoint(self, bench):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            return f"127.0.0.1:{s.getsockname()[1]}"


def decant(bench, app, name):
    return Case(name, lambda listen: [
        bench.decant, "http", app, "--listen", listen, "--processes", "0",
        "--threads", "1"])


def uwsgi(bench):
    return Case("uWSGI --http-socket", lambda listen: [
        "uwsgi", "--plugin", "python3", "--http-socket", listen,
        "--wsgi-file", python_groups.application(bench, "hello.py"),
        "--disable-logging", "--need-app", "--die-on-term"],
        missing=python_groups.without_uwsgi())


def gunicorn(bench):
    return Case("gunicorn sync", lambda listen: [
        "gunicorn", "--bind", listen, "--workers", "1", "--chdir",
        python_groups.application(bench, "hello.py").rpartition("/")[0],
        "hello:application"],
        missing="" if shutil.which("gunicorn") else "gunicorn not installed")


def wrk(server, seconds):
    """Requests in a second, and how many there were."""
    command = ["wrk", "-t1", "-c16", f"-d{seconds}s"]
    for name, value in BROWSER.items():
        command += ["-H", f"{name}: {value}"]
    out = subprocess.run([*command, f"http://{server.socket}/"],
                         stdout=subprocess.PIPE, text=True, timeout=300,
                         check=True).stdout
    if "Non-2xx" in out:
        raise SystemExit("bench: wrong answers: " + out)
    return (float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]),
            int(re.search(r"(\d+) requests in", out)[1]))


def measured(bench, title, cases):
    cases = present(cases)
    rps, cpu = {}, {}
    for _ in range(bench.rounds):
        for case in cases:
            with Port(bench, case) as server:
                wrk(server, 1)
                before = server.cpu()
                rate, count = wrk(server, max(1, round(bench.seconds)))
                used = server.cpu() - before
            rps.setdefault(case.name, []).append(rate)
            cpu.setdefault(case.name, []).append(used / count)
    ratio = ratios(rps)
    table(f"{title}, 16 connections kept, one worker",
          ["server", "requests/s", "ratio", "CPU us"],
          [[name, f"{statistics.median(rps[name]):,.0f}",
            f"{ratio[name]:.2f}", f"{statistics.median(cpu[name]):.2f}"]
           for name in rps])
    return ratio


def http(bench):
    if not shutil.which("wrk"):
        return skip("HTTP", "wrk is not installed")
    ratio = measured(bench, "HTTP hello in C++", [
        Case("hand-written epoll", lambda listen: [
            bench.tool("bench_http_epoll"), listen.rpartition(":")[2]]),
        decant(bench, "native:" + bench.plugin, "decant")])
    at_least("decant / hand-written", ratio["decant"], 0.85)
    if missing := python_groups.without_python(bench):
        return skip("HTTP, Python", missing)
    app = python_groups.application(bench, "hello.py")
    ratio = measured(bench, "HTTP hello in Python", [
        decant(bench, app, "decant"), uwsgi(bench), gunicorn(bench)])
    for name, target in (("uWSGI --http-socket", 4), ("gunicorn sync", 9)):
        if name in ratio:
            at_least("decant / " + name, 1 / ratio[name], target)


def make_server(bench, module, name):
    """A script with one line changed."""
    return Case(name, lambda listen: [
        sys.executable, python_groups.application(bench, "make_server.py"),
        bench.build + "/python", module, listen.rpartition(":")[2]])


def package(bench):
    """`from wsgiref.simple_server import make_server` and what it is now."""
    if not shutil.which("wrk"):
        return skip("package", "wrk is not installed")
    missing = python_groups.without_python(bench)
    if not missing and not glob.glob(
            bench.build + "/python/decant/_decant"
            + sysconfig.get_config_var("EXT_SUFFIX")):
        missing = "the package is not for " + sys.executable
    if missing:
        return skip("package", missing)
    app = python_groups.application(bench, "hello.py")
    ratio = measured(bench, "make_server with a hello", [
        make_server(bench, "decant.simple_server", "decant.simple_server"),
        decant(bench, app, "decant http"), gunicorn(bench),
        make_server(bench, "wsgiref.simple_server", "wsgiref")])
    for name, target in (("wsgiref", 20), ("gunicorn sync", 9),
                         ("decant http", 0.95)):
        if name in ratio:
            at_least("decant.simple_server / " + name, 1 / ratio[name], target)
