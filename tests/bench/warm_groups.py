# SPDX-License-Identifier: MIT
"""Warm CGI beside a C program and beside wsgiref's CGIHandler: whole programs,
and behind the web servers that start them."""
import getpass
import glob
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time

import python_groups
from harness import (Case, at_least, at_most, cold_starts, environment, ratios,
                     skip, table)

APACHE = """
ServerRoot {dir}
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {dir}/apache.pid
DefaultRuntimeDir {dir}
Mutex file:{dir} default
ErrorLog {dir}/apache.log
User {user}
Group {group}
LoadModule mpm_{mpm}_module {modules}/mod_mpm_{mpm}.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule alias_module {modules}/mod_alias.so
LoadModule env_module {modules}/mod_env.so
LoadModule {cgi}_module {modules}/mod_{cgi}.so
{sock}
SetEnv XDG_RUNTIME_DIR {dir}
ScriptAlias /cgi-bin/ {dir}/cgi-bin/
<Directory {dir}/cgi-bin>
  Require all granted
</Directory>
"""

LIGHTTPD = """
server.modules = ("mod_cgi", "mod_alias", "mod_setenv")
server.bind = "127.0.0.1"
server.port = {port}
server.document-root = "{dir}"
server.errorlog = "{dir}/lighttpd.log"
alias.url = ("/cgi-bin/" => "{dir}/cgi-bin/")
setenv.set-environment = ("XDG_RUNTIME_DIR" => "{dir}")
cgi.assign = ("" => "")
"""

MODULES = "/usr/lib/apache2/modules"


def apache(bench, cgi, mpm):
    """Apache as Debian has it, run by the user who measures."""
    def command(port):
        user = getpass.getuser()
        # It does not serve as root.
        user, group = ("www-data",) * 2 if user == "root" else (user, user)
        sock = f"ScriptSock {bench.dir}/cgid" if cgi == "cgid" else ""
        path = f"{bench.dir}/{cgi}.conf"
        with open(path, "w") as file:
            file.write(APACHE.format(dir=bench.dir, port=port, cgi=cgi,
                                     mpm=mpm, user=user, group=group,
                                     modules=MODULES, sock=sock))
        return ["apache2", "-D", "FOREGROUND", "-f", path]
    missing = "" if shutil.which("apache2") else "apache2 is not installed"
    return Case("Apache mod_" + cgi, command, missing)


def lighttpd(bench):
    def command(port):
        path = bench.dir + "/lighttpd.conf"
        with open(path, "w") as file:
            file.write(LIGHTTPD.format(dir=bench.dir, port=port))
        return ["lighttpd", "-D", "-f", path]
    missing = "" if shutil.which("lighttpd") else "lighttpd is not installed"
    return Case("lighttpd mod_cgi", command, missing)


def installed(bench):
    """The command as it is installed, in a tree of its own."""
    tree = bench.dir + "/tree"
    if not os.path.exists(tree):
        module = python_groups.module(bench)
        library = os.path.relpath(os.path.dirname(module), bench.build)
        os.makedirs(f"{tree}/bin")
        os.makedirs(f"{tree}/{library}")
        shutil.copy(bench.build + "/adapters/front/decant", tree + "/bin")
        shutil.copy(bench.decant, f"{tree}/{library}")
        shutil.copy(module, f"{tree}/{library}")
    return tree + "/bin/decant"


def write_program(bench, name, text):
    path = f"{bench.dir}/cgi-bin/{name}"
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, 0o755)


def programs(bench):
    """cgi-bin: what is compared, by the names of the files."""
    os.makedirs(bench.dir + "/cgi-bin", exist_ok=True)
    os.chmod(bench.dir, 0o755)
    decant = installed(bench)
    python = python_groups.interpreter()
    for name in ("hello.py", "django_hello.py"):
        shutil.copy(python_groups.application(bench, name),
                    bench.dir + "/cgi-bin")
    shutil.copy(bench.tool("bench_c_hello"), bench.dir + "/cgi-bin/c")
    # Through a file of its own: the sources have no first line.
    for name in ("hello", "django_hello"):
        code = f"from {name} import application\n"
        write_program(bench, f"warm_{name}", f"#!{decant} --warm\n" + code)
        write_program(bench, f"wsgiref_{name}",
                      f"#!{python}\nfrom wsgiref.handlers import CGIHandler\n"
                      f"{code}CGIHandler().run(application)\n")
    return decant


class Web:
    """A web server in front of cgi-bin."""

    def __init__(self, bench, case):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        # In a session of its own: Apache's prefork ends its whole group.
        self.process = subprocess.Popen(
            case.command(self.port), env=environment(),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True)
        end = time.monotonic() + 10
        while time.monotonic() < end:
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.01)
        sys.exit("bench: a web server did not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)

    def load(self, bench, path, connections):
        """Requests in a second."""
        out = subprocess.run(
            ["wrk", "-t1", f"-c{connections}",
             f"-d{max(1, round(bench.seconds))}s",
             f"http://127.0.0.1:{self.port}/cgi-bin/{path}"],
            stdout=subprocess.PIPE, text=True, timeout=120, check=True).stdout
        if "Non-2xx" in out:
            sys.exit(f"bench: wrong answers of {path}: {out}")
        # Where none has ended in the time, there may have been one.
        return max(float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]),
                   1 / max(1, round(bench.seconds)))


def cold_start(command):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL,
                   env={**environment(), "GATEWAY_INTERFACE": "CGI/1.1",
                        "REQUEST_METHOD": "GET"})


def whole_programs(bench, decant):
    hello = python_groups.application(bench, "hello.py")
    os.environ["XDG_RUNTIME_DIR"] = bench.dir
    cases = [Case("C, linked dynamically", [bench.tool("bench_c_hello")]),
             Case("decant cgi hello.py --warm",
                  [decant, "cgi", hello, "--warm"])]
    # The first one is cold, and leaves a worker behind.
    for _ in range(100):
        cold_start(cases[1].command)
        time.sleep(0.05)
        status = [*cases[1].command[:3], "--warm-status"]
        if subprocess.run(status, stdout=subprocess.DEVNULL,
                          check=False).returncode == 0:
            break
    else:
        sys.exit("bench: there is no warm worker")
    ratio = cold_starts(bench, "Warm CGI, the whole program", cases,
                        3 if bench.smoke else 300)
    at_most("warm / C", ratio[cases[1].name], 1.4)
    subprocess.run([*cases[1].command[:3], "--warm-stop"],
                   stdout=subprocess.DEVNULL, check=False)


def behind(bench, case, django):
    paths = ["c", "warm_hello", "wsgiref_hello"]
    if django:
        paths += ["warm_django_hello/hello", "wsgiref_django_hello/hello"]
    one = {path: [] for path in paths}
    four = {path: [] for path in paths}
    with Web(bench, case) as web:
        for path in paths:
            web.load(bench, path, 1)  # and leaves a worker behind
        for _ in range(bench.rounds):
            for path in paths:
                one[path].append(1000 / web.load(bench, path, 1))
                four[path].append(web.load(bench, path, 4))
    ratio = ratios(one)
    table(f"{case.name}: a request by itself, and 4 clients",
          ["program", "ms", "ratio", "requests/s by 4"],
          [[path, f"{statistics.median(one[path]):.2f}", f"{ratio[path]:.2f}",
            f"{statistics.median(four[path]):,.0f}"] for path in paths])
    at_most(f"{case.name}: warm hello / C", ratio["warm_hello"], 1.4)

    def times(fast, slow):
        return statistics.median(
            a / b for a, b in zip(four[fast], four[slow]))

    at_least(f"{case.name}: warm / wsgiref, hello",
             times("warm_hello", "wsgiref_hello"), 8)
    if django:
        at_least(f"{case.name}: warm / wsgiref, Django",
                 times(paths[3], paths[4]), 60)


def stop_workers(bench):
    """Of the tree: what they are warm for goes with it."""
    program = bench.dir + "/tree/"
    for path in glob.glob("/proc/[0-9]*"):
        try:
            if os.readlink(path + "/exe").startswith(program):
                os.kill(int(os.path.basename(path)), signal.SIGTERM)
        except OSError:
            continue


def warm(bench):
    missing = (python_groups.without_python(bench) or
               ("" if python_groups.interpreter() else "no python3"))
    if missing:
        return skip("warm CGI", missing)
    django = not bench.smoke and not python_groups.without_django()
    decant = programs(bench)
    whole_programs(bench, decant)
    if not shutil.which("wrk"):
        return skip("warm CGI behind web servers", "wrk is not installed")
    servers = [lighttpd(bench), apache(bench, "cgid", "event"),
               apache(bench, "cgi", "prefork")]
    try:
        for case in servers[:1] if bench.smoke else servers:
            if case.missing:
                skip(case.name, case.missing)
            else:
                behind(bench, case, django)
    finally:
        stop_workers(bench)
