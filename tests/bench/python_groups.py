# SPDX-License-Identifier: MIT
"""decant with a Python application beside uWSGI and wsgiref. Every side runs
the same application in the system's Python, the one that decant embeds."""
import functools
import glob
import os
import shutil
import subprocess
import sys

from harness import (SOURCE, Case, at_least, at_most, cold_starts,
                     environment, has_valgrind, per_request, present,
                     requests, server_instructions, skip, table, verdict)

# Each Python keeps its compiled copies beside these.
APPLICATIONS = ("hello.py", "make_server.py", "large.py", "django_hello.py",
                "peers/cgi_hello.py")


def application(bench, name):
    """An application, copied so that nothing is written into the sources."""
    copy = f"{bench.dir}/{name}"
    if not os.path.exists(copy):
        for source in APPLICATIONS:
            shutil.copy(f"{SOURCE}/{source}", bench.dir)
    return copy


def output(*command):
    """What a command prints; nothing when it fails or does not exist."""
    try:
        return subprocess.run(
            command, env=environment(), stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


@functools.cache
def interpreter():
    """Not what is first in PATH: pkg-config knows the one to embed."""
    prefix = output("pkg-config", "--variable=exec_prefix", "python3-embed")
    version = output("pkg-config", "--modversion", "python3-embed")
    return shutil.which(f"{prefix}/bin/python{version}")


def module(bench):
    found = glob.glob(f"{bench.build}/lib*/**/decant/python.so",
                      recursive=True)
    return found[0] if found else None


@functools.cache
def without_uwsgi():
    loads = output("uwsgi", "--plugin", "python3", "--python-version")
    return "" if loads else "uwsgi-core, uwsgi-plugin-python3 not installed"


@functools.cache
def without_django():
    found = interpreter() and output(
        interpreter(), "-c", "import django; print(django.VERSION)")
    return "" if found else "python3-django is not installed"


def without_python(bench):
    return "" if module(bench) else "this decant was built without Python"


def uwsgi(bench, name, *options, missing=""):
    """uWSGI, which closes each connection, asked to keep it or not."""
    return Case(
        "uWSGI " + name,
        lambda s: ["uwsgi", "--plugin", "python3", "--fastcgi-socket", s,
                   "--chdir", os.path.dirname(application(bench, name)),
                   "--module", name.removesuffix(".py") + ":application",
                   "--disable-logging", "--need-app", "--listen", "512",
                   "--die-on-term", *options],
        missing=without_uwsgi() or missing, load=("--reopen",))


def uwsgi_protocol(bench):
    """uWSGI by its own protocol, which needs nginx in front."""
    return Case(
        "uWSGI hello.py, uwsgi protocol",
        lambda s: ["uwsgi", "--plugin", "python3", "--uwsgi-socket", s,
                   "--chdir", os.path.dirname(application(bench, "hello.py")),
                   "--module", "hello:application", "--disable-logging",
                   "--need-app", "--listen", "512", "--die-on-term",
                   "--master", "--processes", "1"],
        missing=without_uwsgi())


def uwsgi_large(bench):
    return uwsgi(bench, "large.py", "--processes", "1")


def decant(bench, name, missing="", side="fcgi"):
    command = bench.service(side, "python:" + application(bench, name))
    return Case(f"decant {side} {name}", command,
                missing=without_python(bench) or missing)


def compare(bench, title, name, keep, target, missing=""):
    one = ("--master", "--processes", "1")
    cases = present([uwsgi(bench, name, *one, missing=missing),
                     decant(bench, name, missing)])
    if not cases:
        return
    ratio = list(requests(bench, title, cases, keep).values())
    if len(ratio) == 2:
        at_least("decant / uWSGI", ratio[1], target)


def keep(bench):
    compare(bench, "FastCGI Python hello", "hello.py", True, 2.8)


def close(bench):
    compare(bench, "FastCGI Python hello", "hello.py", False, 1.6)


def django(bench):
    compare(bench, "FastCGI Django hello", "django_hello.py", True, 1.2,
            without_django())


def cold(bench):
    command = [bench.decant, "cgi", "python:" + application(bench, "hello.py")]
    missing = without_python(bench)
    no_peer = "" if interpreter() else "pkg-config knows no python3-embed"
    plain, hosted, isolated = (
        Case("python3, wsgiref's CGIHandler",
             [interpreter(), application(bench, "cgi_hello.py")], no_peer),
        Case("decant cgi hello.py", command, missing),
        Case("decant cgi hello.py --isolated", [*command, "--isolated"],
             missing))
    cases = present([plain, hosted, isolated])
    if not cases:
        return
    ratio = cold_starts(
        bench, "CGI Python hello, cold: one process per request", cases,
        3 if bench.smoke else 60)
    if len(cases) == 3:
        at_most("decant / wsgiref", ratio[hosted.name], 0.65)
        at_most("decant --isolated / wsgiref", ratio[isolated.name], 0.5)


def host_instructions(bench):
    """What a Python hello costs more than a C++ hello, without a server."""
    kinds = {"C++": ("native",),
             "Python": ("python", application(bench, "hello.py"),
                        module(bench))}
    cost = {}
    for kind, arguments in kinds.items():
        def run(prefix, count):
            done = subprocess.run(
                [*prefix, bench.tool("bench_host"), str(count), *arguments],
                env=environment(), timeout=300, check=False)
            if done.returncode != 0:
                sys.exit("bench: bench_host failed")
        cost[kind] = per_request(bench, 500 if bench.smoke else 5000, run)
    host = cost["Python"] - cost["C++"]
    table("User instructions per hello in memory, 25 variables, 6 of them new",
          ["application", "instructions"],
          [[kind, f"{value:,.0f}"] for kind, value in cost.items()])
    verdict("the Python host's part", f"{host:,.0f}", "at most 10,500",
            host <= 10500)


def instructions(bench):
    if not has_valgrind():
        return skip("python-instructions", "valgrind is not installed")
    if without_python(bench):
        skip("the Python host's part", without_python(bench))
    else:
        host_instructions(bench)
    cases = present([uwsgi(bench, "hello.py"), decant(bench, "hello.py")])
    if cases:
        server_instructions(bench, cases)
