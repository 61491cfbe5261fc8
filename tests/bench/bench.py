#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures decant against its peers, the cases in turn, round by round.

  python3 tests/bench/bench.py --build build/release [keep|close|cold|large|
                                                      idle|instructions|all]

Each group prints a table with medians and ratios to its first row, and the
target with whether it was reached. Judge by the ratios: an absolute figure is
one machine's. An answer that is wrong ends the run with status 1.
"""
import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HELLO = "Hello, World!"
LARGE = 256 << 20


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

    def servers(self):
        return {
            "libfcgi by hand-over": lambda s: [self.tool("bench_handover"), s],
            "decant fcgi": lambda s: [
                self.decant, "fcgi", "native:" + self.plugin,
                "--listen", "unix:" + s, "--processes", "0",
                "--threads", "1"],
        }

    def load(self, socket, *arguments):
        out = subprocess.run(
            [self.tool("bench_load"), "--connect", socket, *arguments],
            stdout=subprocess.PIPE, text=True, timeout=300, check=False)
        if out.returncode != 0:
            sys.exit(f"bench: wrong or missing answers: {out.stdout.strip()}")
        return json.loads(out.stdout)


class Server:
    """A server on a unix socket, stopped by its process id."""

    def __init__(self, bench, make, prefix=()):
        self.socket = tempfile.mktemp(suffix=".sock", dir=bench.dir)
        self.process = subprocess.Popen(
            [*prefix, *make(self.socket)], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        end = time.monotonic() + 30
        while not accepts(self.socket):
            if time.monotonic() > end or self.process.poll() is not None:
                sys.exit("bench: a server did not start: "
                         + " ".join(make(self.socket)))
            time.sleep(0.01)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)

    def cpu(self):
        with open(f"/proc/{self.process.pid}/schedstat") as f:
            return int(f.read().split()[0]) / 1e3

    def memory(self, field):
        with open(f"/proc/{self.process.pid}/status") as f:
            return int(re.search(field + r":\s+(\d+)", f.read())[1])


def accepts(path):
    import socket
    with socket.socket(socket.AF_UNIX) as s:
        try:
            s.connect(path)
            return True
        except OSError:
            return False


def table(title, columns, rows):
    print(f"\n## {title}\n\n| " + " | ".join(columns) + " |")
    print("|---" + "|---:" * (len(columns) - 1) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)


def verdict(what, value, target, reached):
    print(f"\n{what}: {value} (target {target}): "
          + ("reached" if reached else "NOT reached"), flush=True)


def ratios(values):
    """Ratios to the first case, round by round, as medians."""
    first = next(iter(values.values()))
    return {name: statistics.median(a / b for a, b in zip(list_, first))
            for name, list_ in values.items()}


def fastcgi(bench, keep):
    rps, cpu, p99 = {}, {}, {}
    arguments = ["-c", "16", "-d", str(bench.seconds), "--expect", HELLO]
    if keep:
        arguments.append("--keep")
    for _ in range(bench.rounds):
        for name, make in bench.servers().items():
            with Server(bench, make) as server:
                before = server.cpu()
                result = bench.load(server.socket, *arguments)
                used = server.cpu() - before
            rps.setdefault(name, []).append(result["rps"])
            cpu.setdefault(name, []).append(used / result["ok"])
            p99.setdefault(name, []).append(result["p99"])
    ratio = ratios(rps)
    how = "kept alive" if keep else "a connection per request"
    table(f"FastCGI hello, 16 connections, {how}, one worker",
          ["server", "requests/s", "ratio", "CPU us", "p99 us"],
          [[name, f"{statistics.median(rps[name]):,.0f}",
            f"{ratio[name]:.2f}", f"{statistics.median(cpu[name]):.2f}",
            f"{statistics.median(p99[name]):.0f}"] for name in rps])
    if keep:
        value = ratio["decant fcgi"]
        verdict("decant / libfcgi by hand-over", f"{value:.2f}",
                "at least 0.95", value >= 0.95)


def cold(bench):
    cases = {
        "C++ hello, dynamically linked": [bench.tool("bench_cpp_hello")],
        "decant cgi ./hello.so": [bench.decant, "cgi",
                                  "native:" + bench.plugin],
        "hello with decant::main": [bench.tool("bench_hello")],
    }
    command = [bench.tool("bench_spawn"), "3" if bench.smoke else "300"]
    for case in cases.values():
        command += ["--", *case]
    values = {name: [] for name in cases}
    for _ in range(bench.rounds):
        out = subprocess.run(command, stdout=subprocess.PIPE, text=True,
                             timeout=120, check=False)
        if out.returncode != 0:
            sys.exit("bench: a CGI program failed")
        for name, line in zip(cases, out.stdout.split()):
            values[name].append(float(line))
    ratio = ratios(values)
    table("CGI hello, cold: one process per request",
          ["program", "median us", "ratio"],
          [[name, f"{statistics.median(values[name]):,.0f}",
            f"{ratio[name]:.2f}"] for name in cases])
    value = max(list(ratio.values())[1:])
    verdict("decant / C++ hello", f"{value:.2f}", "at most 1.5", value <= 1.5)


def large(bench):
    size = LARGE // 64 if bench.smoke else LARGE
    make = bench.servers()["decant fcgi"]
    rows, worst = [], 0
    for direction in ("upload", "download"):
        if direction == "upload":
            arguments = ["--path", "/upload", "--body", str(size),
                         "--expect", f"got={size}"]
        else:
            arguments = ["--path", "/download", "--query", str(size),
                         "--expect-bytes", str(size)]
        speeds, grown = [], []
        for _ in range(bench.rounds):
            with Server(bench, make) as server:
                bench.load(server.socket, "-c", "1", "-n", "1",
                           "--expect", HELLO)
                before = server.memory("VmHWM")
                result = bench.load(server.socket, "-c", "1", "-n", "1",
                                    *arguments)
                grown.append(server.memory("VmHWM") - before)
            speeds.append(size / result["seconds"] / 1e6)
        worst = max(worst, *grown)
        rows.append([direction, f"{statistics.median(speeds):,.0f}",
                     f"{max(grown)}"])
    table(f"One body of {size >> 20} MiB", ["direction", "MB/s",
                                           "RSS growth KiB"], rows)
    verdict("largest growth", f"{worst} KiB", "less than 2048 KiB",
            worst < 2048)


def idle(bench):
    count = 50 if bench.smoke else 1000
    make = bench.servers()["decant fcgi"]
    values = {"no idle connection": [], f"{count} idle connections": []}
    for _ in range(bench.rounds):
        for name, number in zip(values, (0, count)):
            with Server(bench, make) as server:
                result = bench.load(
                    server.socket, "-c", "16", "-d", str(bench.seconds),
                    "--keep", "--expect", HELLO, "--idle", str(number))
            values[name].append(result["rps"])
    ratio = ratios(values)
    table("FastCGI hello beside idle kept-alive connections",
          ["connections", "requests/s", "ratio"],
          [[name, f"{statistics.median(values[name]):,.0f}",
            f"{ratio[name]:.2f}"] for name in values])


def instructions(bench):
    if not shutil.which("valgrind"):
        print("\nskipped: valgrind is not installed")
        return
    number = 200 if bench.smoke else 2000
    rows = []
    for name, make in bench.servers().items():
        totals = []
        for requests in (number, 2 * number):
            out = f"{bench.dir}/callgrind.out"
            with Server(bench, make, ("valgrind", "--tool=callgrind",
                                      "--callgrind-out-file=" + out)) as s:
                bench.load(s.socket, "-c", "1", "-n", str(requests), "--keep",
                           "--expect", HELLO)
            with open(out) as f:
                totals.append(int(re.search(r"^(?:summary|totals):\s+(\d+)",
                                            f.read(), re.M)[1]))
        rows.append([name, f"{(totals[1] - totals[0]) / number:,.0f}"])
    table("User instructions per request, kept alive",
          ["server", "instructions"], rows)


GROUPS = {
    "keep": lambda b: fastcgi(b, True),
    "close": lambda b: fastcgi(b, False),
    "cold": cold,
    "large": large,
    "idle": idle,
    "instructions": instructions,
}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", required=True, help="the build folder")
    parser.add_argument("--smoke", action="store_true",
                        help="as little as proves that it works")
    parser.add_argument("group", nargs="*", choices=[*GROUPS, "all"],
                        default="all")
    arguments = parser.parse_args()
    chosen = arguments.group
    if isinstance(chosen, str):
        chosen = [chosen]
    bench = Bench(arguments.build, arguments.smoke)
    try:
        for name, group in GROUPS.items():
            if name in chosen or "all" in chosen:
                group(bench)
    finally:
        shutil.rmtree(bench.dir, ignore_errors=True)


if __name__ == "__main__":
    main()
