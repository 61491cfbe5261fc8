# SPDX-License-Identifier: MIT
"""HTTP by wrk, with the fields that a browser sends."""
import getpass
import glob
import os
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import sysconfig

from harness import (Case, Server, at_least, beside_idle, present, ratios,
                     skip, table)
import nginx_groups
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


def uwsgi(bench, name="hello.py"):
    return Case("uWSGI --http-socket", lambda listen: [
        "uwsgi", "--plugin", "python3", "--http-socket", listen,
        "--wsgi-file", python_groups.application(bench, name),
        "--disable-logging", "--need-app", "--die-on-term"],
        missing=python_groups.without_uwsgi())


def gunicorn(bench):
    return Case("gunicorn sync", lambda listen: [
        "gunicorn", "--bind", listen, "--workers", "1", "--chdir",
        python_groups.application(bench, "hello.py").rpartition("/")[0],
        "hello:application"],
        missing="" if shutil.which("gunicorn") else "gunicorn not installed")


def wrk(server, seconds, path="", connections=16):
    """What it prints of a load with a browser's fields."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s"]
    for name, value in BROWSER.items():
        command += ["-H", f"{name}: {value}"]
    out = subprocess.run([*command, f"http://{server.socket}/{path}"],
                         stdout=subprocess.PIPE, text=True, timeout=300,
                         check=True).stdout
    if "Non-2xx" in out:
        raise SystemExit("bench: wrong answers: " + out)
    return out


def requests(out):
    """Requests in a second, and how many there were."""
    return (float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]),
            int(re.search(r"(\d+) requests in", out)[1]))


def measured(bench, title, cases, path=""):
    cases = present(cases)
    rps, cpu = {}, {}
    for _ in range(bench.rounds):
        for case in cases:
            with Port(bench, case) as server:
                wrk(server, 1, path)
                before = server.cpu()
                rate, count = requests(
                    wrk(server, max(1, round(bench.seconds)), path))
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
    if missing := python_groups.without_django():
        return skip("HTTP, Django", missing)
    ratio = measured(bench, "HTTP hello in Django", [
        decant(bench, python_groups.application(bench, "django_hello.py"),
               "decant"), uwsgi(bench, "django_hello.py")], "hello")
    if "uWSGI --http-socket" in ratio:
        at_least("decant / uWSGI", 1 / ratio["uWSGI --http-socket"], 1.3)


NGINX = """
user {user};
daemon off;
worker_processes 1;
error_log {dir}/static.log crit;
pid {dir}/static.pid;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  server {{ listen {listen}; root {dir}/files; }}
}}
"""


def static_nginx(bench):
    def command(listen):
        path = bench.dir + "/static.conf"
        with open(path, "w") as file:
            file.write(NGINX.format(user=getpass.getuser(), dir=bench.dir,
                                    listen=listen))
        return ["nginx", "-p", bench.dir, "-c", path]
    return Case("nginx, sendfile", command)


def static(bench):
    """One large file, and how much of it comes in a second."""
    if nginx_groups.missing():
        return skip("static", nginx_groups.missing())
    os.makedirs(bench.dir + "/files", exist_ok=True)
    size = 1 << 20 if bench.smoke else 256 << 20
    with open(bench.dir + "/files/large", "wb") as file:
        file.write(os.urandom(1 << 20) * (size >> 20))
    cases = [static_nginx(bench), Case("decant --static", lambda listen: [
        bench.decant, "http", bench.plugin, "--listen", listen,
        "--processes", "0", "--threads", "1",
        "--static", "/=" + bench.dir + "/files"])]
    units = {"KB": 1 / 1024, "MB": 1, "GB": 1024}
    values = {case.name: [] for case in cases}
    for _ in range(bench.rounds):
        for case in cases:
            with Port(bench, case) as server:
                out = wrk(server, max(1, round(bench.seconds)), "large", 2)
            found = re.search(r"Transfer/sec:\s+([\d.]+)([KMG]B)", out)
            values[case.name].append(float(found[1]) * units[found[2]])
    ratio = ratios(values)
    table(f"A file of {size >> 20} MiB, 2 connections",
          ["server", "MiB/s", "ratio"],
          [[name, f"{statistics.median(list_):,.0f}", f"{ratio[name]:.2f}"]
           for name, list_ in values.items()])
    at_least("decant / nginx", ratio["decant --static"], 0.9)


def idle(bench):
    """Kept connections on which nothing is sent, beside busy ones."""
    if not shutil.which("wrk"):
        return skip("HTTP, idle", "wrk is not installed")
    count = 200 if bench.smoke else 10_000
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(count, hard - 200)
    seconds = max(1, round(bench.seconds))
    alone, beside, each = [], [], []
    for _ in range(bench.rounds):
        with Port(bench, decant(bench, "native:" + bench.plugin,
                                "decant")) as server:
            wrk(server, 1)
            before = server.memory("VmRSS")
            alone.append(requests(wrk(server, seconds))[0])
            held = [asked(server) for _ in range(count)]
            each.append((server.memory("VmRSS") - before) * 1024 / count)
            beside.append(requests(wrk(server, seconds))[0])
            for one in held:
                one.close()
    beside_idle(f"{count:,} idle HTTP connections beside 16 busy", count, alone,
                beside, each, 0.95)


def asked(server):
    """A connection that has had one answer and is kept."""
    host, _, port = server.socket.rpartition(":")
    one = socket.create_connection((host, int(port)), 10)
    one.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    answer = b""
    while b"Hello" not in answer:
        answer += one.recv(4096)
    return one


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
