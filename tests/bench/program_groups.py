# SPDX-License-Identifier: MIT
"""decant with a CGI program beside other hosts of CGI programs."""
import re
import shutil
import socket
import statistics
import subprocess
import sys

from harness import (HELLO, Case, Server, at_least, present, ratios,
                     table)

CONNECTIONS = "4"
LIGHTTPD = """
server.document-root = "{folder}"
server.bind = "127.0.0.1"
server.port = {port}
server.modules = ( "mod_cgi" )
server.upload-dirs = ( "{folder}" )
server.max-keep-alive-requests = 100000000
cgi.assign = ( "bench_static_hello" => "" )
"""


class HttpServer(Server):
    """One on a port of loopback."""

    def endpoint(self, bench):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            return "127.0.0.1:%d" % free.getsockname()[1]


def missing(tool):
    return "" if shutil.which(tool) else tool + " is not installed"


def not_built(bench):
    asked = subprocess.run([bench.decant, "run", "program:/bin/true", "/"],
                           stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, check=False)
    return "it was built without CGI programs" if asked.returncode == 3 else ""


def lighttpd(bench, listen):
    path = bench.dir + "/lighttpd.conf"
    with open(path, "w") as file:
        file.write(LIGHTTPD.format(folder=bench.tool(""),
                                   port=listen.rpartition(":")[2]))
    return ["lighttpd", "-D", "-f", path]


def by_fastcgi(bench, case):
    with Server(bench, case) as server:
        bench.load(server, "-c", "1", "-n", "20", "--expect", HELLO)
        return bench.load(server, "-c", CONNECTIONS, "-d", str(bench.seconds),
                          "--expect", HELLO)["rps"]


def by_http(bench, case):
    with HttpServer(bench, case) as server:
        out = subprocess.run(
            ["wrk", "-t", "1", "-c", CONNECTIONS,
             "-d", str(max(1, round(bench.seconds))),
             f"http://{server.socket}/bench_static_hello"],
            stdout=subprocess.PIPE, text=True, timeout=300, check=False).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        sys.exit("bench: wrong or missing answers: " + out)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])


def programs(bench):
    hello = bench.tool("bench_static_hello")
    named = ("--param", "SCRIPT_FILENAME=" + hello)
    cases = present([
        Case("fcgiwrap", lambda s: ["fcgiwrap", "-c", "4", "-s", "unix:" + s],
             missing("fcgiwrap"), named),
        Case("lighttpd mod_cgi", lambda s: lighttpd(bench, s),
             missing("lighttpd") or missing("wrk")),
        Case("decant fcgi program:", lambda s: [
            bench.decant, "fcgi", "program:" + hello,
            "--listen", "unix:" + s, "--threads", "4"], not_built(bench)),
    ])
    values = {case.name: [] for case in cases}
    for _ in range(bench.rounds):
        for case in cases:
            run = by_http if case.name.startswith("lighttpd") else by_fastcgi
            values[case.name].append(run(bench, case))
    ratio = ratios(values)
    table(f"A static hello as a CGI program, {CONNECTIONS} at a time",
          ["server", "requests/s", "ratio"],
          [[name, f"{statistics.median(values[name]):,.0f}",
            f"{ratio[name]:.2f}"] for name in values])
    ours = values.get("decant fcgi program:", [])
    for peer, target in (("fcgiwrap", 1.3), ("lighttpd mod_cgi", 1.1)):
        if ours and peer in values:
            at_least(f"decant / {peer}", statistics.median(
                a / b for a, b in zip(ours, values[peer])), target)
