# SPDX-License-Identifier: MIT
"""What every group measures with: servers, loads, tables and verdicts."""
import dataclasses
import glob
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HELLO = "Hello, World!"
SOURCE = os.path.dirname(os.path.abspath(__file__))


@dataclasses.dataclass
class Case:
    """One side of a comparison."""
    name: str
    command: object  # of a server, given its socket; else a list
    missing: str = ""  # what it needs and this machine lacks
    load: tuple = ()  # options of bench_load that it needs


class Bench:
    def __init__(self, build, smoke):
        self.build = os.path.abspath(build)
        self.smoke = smoke
        self.dir = tempfile.mkdtemp(prefix="decant-bench-")
        self.rounds = 1 if smoke else 5
        self.seconds = 0.2 if smoke else 2.0
        self.decant = self.build + "/adapters/decant"
        self.plugin = self.tool("hello.so")

    def tool(self, name):
        return f"{self.build}/tests/bench/{name}"

    def service(self, side, app, *options):
        """The command that serves `app` with one worker thread."""
        return lambda listen: [
            self.decant, side, app, "--listen", "unix:" + listen,
            "--processes", "0", "--threads", "1", *options]

    def fcgi(self, app, engine="records"):
        return self.service("fcgi", app, "--engine", engine)

    def load(self, server, *arguments):
        out = subprocess.run(
            [self.tool("bench_load"), "--connect", server.socket,
             *server.load, *arguments],
            stdout=subprocess.PIPE, text=True, timeout=300, check=False)
        if out.returncode != 0:
            sys.exit(f"bench: wrong or missing answers: {out.stdout.strip()}")
        return json.loads(out.stdout)


class Server:
    """A server on a unix socket, stopped by its process id."""

    def endpoint(self, bench):
        return tempfile.mktemp(suffix=".sock", dir=bench.dir)

    def __init__(self, bench, case, prefix=()):
        self.socket = self.endpoint(bench)
        self.load = case.load
        command = [*prefix, *case.command(self.socket)]
        # A session of its own: what outlives it can be ended with it.
        self.process = subprocess.Popen(
            command, env=environment(), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        end = time.monotonic() + 30
        while not accepts(self.socket):
            if time.monotonic() > end or self.process.poll() is not None:
                self.kill()
                sys.exit("bench: a server did not start: " + " ".join(command))
            time.sleep(0.01)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        finally:
            self.kill()

    def kill(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()

    def cpu(self):
        """Microseconds that it and its children have used, all threads."""
        used = 0
        for path in glob.glob("/proc/[0-9]*"):
            if session(path) == self.process.pid:
                used += sum(int(read(task + "/schedstat").split()[0])
                            for task in glob.glob(path + "/task/*"))
        return used / 1e3

    def memory(self, field):
        status = read(f"/proc/{self.process.pid}/status")
        return int(re.search(field + r":\s+(\d+)", status)[1])


def read(path):
    with open(path) as file:
        return file.read()


def session(path):
    """The session of a process in /proc; none when it has just ended."""
    try:
        return int(read(path + "/stat").rpartition(")")[2].split()[3])
    except OSError:
        return None


def accepts(endpoint):
    """A path, or a port of loopback."""
    host, _, port = endpoint.rpartition(":")
    with socket.socket(socket.AF_INET if host else socket.AF_UNIX) as s:
        try:
            s.connect((host, int(port)) if host else endpoint)
            return True
        except OSError:
            return False


def environment():
    """Ours, without what would lead a Python astray. The hash seed is fixed:
    instructions are to be the same each time."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith("PYTHON") and name != "VIRTUAL_ENV"}
    return {**kept, "PYTHONHASHSEED": "0"}


def skip(what, reason):
    print(f"\nskipped: {what}: {reason}", flush=True)


def present(cases):
    """The cases that can run here; the others are named."""
    for case in cases:
        if case.missing:
            skip(case.name, case.missing)
    return [case for case in cases if not case.missing]


def table(title, columns, rows):
    print(f"\n## {title}\n\n| " + " | ".join(columns) + " |")
    print("|---" + "|---:" * (len(columns) - 1) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)


def verdict(what, value, target, reached):
    print(f"\n{what}: {value} (target {target}): "
          + ("reached" if reached else "NOT reached"), flush=True)


def at_least(what, value, target):
    verdict(what, f"{value:.2f}", f"at least {target}", value >= target)


def at_most(what, value, target):
    verdict(what, f"{value:.2f}", f"at most {target}", value <= target)


def ratios(values):
    """Ratios to the first case, round by round, as medians."""
    first = next(iter(values.values()))
    return {name: statistics.median(a / b for a, b in zip(list_, first))
            for name, list_ in values.items()}


def beside_idle(title, count, alone, beside, each, least):
    """Requests/s of 16 connections alone and beside `count` idle ones, and the
    bytes of each of these, round by round: a table and its verdicts."""
    ratio = statistics.median(b / a for a, b in zip(alone, beside))
    table(title, ["connections", "requests/s", "ratio"],
          [["16", f"{statistics.median(alone):,.0f}", "1.00"],
           [f"16 + {count:,}", f"{statistics.median(beside):,.0f}",
            f"{ratio:.2f}"]])
    at_least("throughput beside them", ratio, least)
    at_most("resident bytes of an idle connection", statistics.median(each),
            1024)


def requests(bench, title, cases, keep):
    """How many requests each server answers, as a table; gives the ratios."""
    rps, cpu, p99 = {}, {}, {}
    arguments = ["--expect", HELLO, *(["--keep"] if keep else [])]
    for _ in range(bench.rounds):
        for case in cases:
            with Server(bench, case) as server:
                # uWSGI accepts before it has loaded its application.
                bench.load(server, "-c", "1", "-n", "20", *arguments)
                before = server.cpu()
                result = bench.load(server, "-c", "16", "-d",
                                    str(bench.seconds), *arguments)
                used = server.cpu() - before
            rps.setdefault(case.name, []).append(result["rps"])
            cpu.setdefault(case.name, []).append(used / result["ok"])
            p99.setdefault(case.name, []).append(result["p99"])
    ratio = ratios(rps)
    how = "kept alive" if keep else "a connection per request"
    table(f"{title}, 16 connections, {how}, one worker",
          ["server", "requests/s", "ratio", "CPU us", "p99 us"],
          [[name, f"{statistics.median(rps[name]):,.0f}",
            f"{ratio[name]:.2f}", f"{statistics.median(cpu[name]):.2f}",
            f"{statistics.median(p99[name]):.0f}"] for name in rps])
    return ratio


def cold_starts(bench, title, cases, times):
    """How long each program takes from spawn to exit, as a table; gives the
    ratios."""
    command = [bench.tool("bench_spawn"), str(times), HELLO]
    for case in cases:
        command += ["--", *case.command]
    values = {case.name: [] for case in cases}
    for _ in range(bench.rounds):
        out = subprocess.run(command, stdout=subprocess.PIPE, text=True,
                             timeout=120, check=False)
        if out.returncode != 0:
            sys.exit("bench: a CGI program failed")
        for list_, line in zip(values.values(), out.stdout.split()):
            list_.append(float(line))
    ratio = ratios(values)
    table(title, ["program", "median us", "ratio"],
          [[name, f"{statistics.median(values[name]):,.0f}",
            f"{ratio[name]:.2f}"] for name in values])
    return ratio


def has_valgrind():
    return shutil.which("valgrind") is not None


def per_request(bench, number, run):
    """User instructions per request: run(prefix, requests) does what is
    counted, once for `number` requests and once for twice as many, so that
    start and end cancel out."""
    run((), 1)  # Python has kept its compiled copies before it is counted
    totals = []
    for count in (number, 2 * number):
        out = f"{bench.dir}/callgrind.out"
        run(("valgrind", "--quiet", "--tool=callgrind",
             "--callgrind-out-file=" + out), count)
        totals.append(int(re.search(r"^(?:summary|totals):\s+(\d+)",
                                    read(out), re.M)[1]))
    return (totals[1] - totals[0]) / number


def server_instructions(bench, cases):
    number = 200 if bench.smoke else 2000
    cost = {}
    for case in cases:
        def run(prefix, count):
            with Server(bench, case, prefix) as server:
                bench.load(server, "-c", "1", "-n", str(count), "--keep",
                           "--expect", HELLO)
        cost[case.name] = per_request(bench, number, run)
    table("User instructions per request of the whole server, kept alive",
          ["server", "instructions"],
          [[name, f"{value:,.0f}"] for name, value in cost.items()])
    return cost


def server_allocations(bench, cases):
    """Calls of malloc and new per request, by valgrind's count."""
    number = 200 if bench.smoke else 1000
    rows = []
    for case in cases:
        totals = []
        for count in (number, 2 * number):
            log = f"{bench.dir}/memcheck.log"
            prefix = ("valgrind", "--leak-check=no", "--undef-value-errors=no",
                      "--log-file=" + log)
            with Server(bench, case, prefix) as server:
                bench.load(server, "-c", "1", "-n", str(count), "--keep",
                           "--expect", HELLO)
            found = re.search(r"total heap usage: ([\d,]+) allocs", read(log))
            # One that is ended by a signal is counted nevertheless.
            totals.append(int(found[1].replace(",", "")) if found else 0)
        rows.append([case.name, f"{(totals[1] - totals[0]) / number:.1f}"])
    table("Allocations per request, kept alive", ["server", "allocations"],
          rows)
