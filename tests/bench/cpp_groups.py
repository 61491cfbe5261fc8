# SPDX-License-Identifier: MIT
"""decant with a C++ application beside C and C++ peers."""
import statistics

from harness import (HELLO, Case, Server, at_least, at_most, cold_starts,
                     has_valgrind, ratios, requests, server_instructions,
                     skip, table, verdict)

LARGE = 256 << 20


def decant(bench):
    return Case("decant fcgi", bench.fcgi("native:" + bench.plugin))


def servers(bench):
    return [Case("libfcgi by hand-over",
                 lambda s: [bench.tool("bench_handover"), s]),
            decant(bench)]


def keep(bench):
    ratio = requests(bench, "FastCGI hello", servers(bench), keep=True)
    at_least("decant / libfcgi by hand-over", ratio["decant fcgi"], 0.95)


def close(bench):
    requests(bench, "FastCGI hello", servers(bench), keep=False)


def cold(bench):
    ratio = cold_starts(bench, "CGI hello, cold: one process per request", [
        Case("C++ hello, dynamically linked", [bench.tool("bench_cpp_hello")]),
        Case("decant cgi ./hello.so",
             [bench.decant, "cgi", "native:" + bench.plugin]),
        Case("hello with decant::main", [bench.tool("bench_hello")]),
    ], 3 if bench.smoke else 300)
    at_most("decant / C++ hello", max(list(ratio.values())[1:]), 1.5)


def large(bench):
    size = LARGE // 64 if bench.smoke else LARGE
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
            with Server(bench, decant(bench)) as server:
                bench.load(server, "-c", "1", "-n", "1", "--expect", HELLO)
                before = server.memory("VmHWM")
                result = bench.load(server, "-c", "1", "-n", "1", *arguments)
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
    values = {"no idle connection": [], f"{count} idle connections": []}
    for _ in range(bench.rounds):
        for name, number in zip(values, (0, count)):
            with Server(bench, decant(bench)) as server:
                result = bench.load(
                    server, "-c", "16", "-d", str(bench.seconds), "--keep",
                    "--expect", HELLO, "--idle", str(number))
            values[name].append(result["rps"])
    ratio = ratios(values)
    table("FastCGI hello beside idle kept-alive connections",
          ["connections", "requests/s", "ratio"],
          [[name, f"{statistics.median(values[name]):,.0f}",
            f"{ratio[name]:.2f}"] for name in values])


def instructions(bench):
    if not has_valgrind():
        return skip("instructions", "valgrind is not installed")
    server_instructions(bench, servers(bench))
