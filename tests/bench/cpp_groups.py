# SPDX-License-Identifier: MIT
"""decant with a C++ application beside C and C++ peers."""
import statistics

from harness import (HELLO, Case, Server, at_least, at_most, cold_starts,
                     has_valgrind, present, ratios, requests,
                     server_allocations, server_instructions, skip, table,
                     verdict)
import python_groups

LARGE = 256 << 20


def decant(bench, engine="records"):
    return Case("decant, " + engine,
                bench.fcgi("native:" + bench.plugin, engine))


def epoll(bench):
    return Case("hand-written epoll", lambda s: [bench.tool("bench_epoll"), s])


def servers(bench):
    return [epoll(bench),
            Case("libfcgi by hand-over",
                 lambda s: [bench.tool("bench_handover"), s]),
            decant(bench), decant(bench, "libfcgi")]


def keep(bench):
    ratio = requests(bench, "FastCGI hello", servers(bench), keep=True)
    handover = ratio["libfcgi by hand-over"]
    at_least("records / hand-written", ratio["decant, records"], 0.90)
    at_least("records / hand-over", ratio["decant, records"] / handover, 1.4)
    at_least("libfcgi / hand-over", ratio["decant, libfcgi"] / handover, 0.95)


def close(bench):
    ratio = requests(bench, "FastCGI hello", servers(bench), keep=False)
    at_least("records / hand-written", ratio["decant, records"], 0.95)


def cold(bench):
    ratio = cold_starts(bench, "CGI hello, cold: one process per request", [
        Case("C++ hello, dynamically linked", [bench.tool("bench_cpp_hello")]),
        Case("decant cgi ./hello.so",
             [bench.decant, "cgi", "native:" + bench.plugin]),
        Case("hello with decant::main", [bench.tool("bench_hello")]),
    ], 3 if bench.smoke else 300)
    at_most("decant / C++ hello", max(list(ratio.values())[1:]), 1.5)


def large_load(bench, direction, size):
    """Options of bench_load for one body of that size."""
    if direction == "upload":
        return ["--path", "/upload", "--body", str(size),
                "--expect", f"got={size}"]
    if direction == "file":
        path = f"{bench.dir}/large"
        with open(path, "wb") as file:
            file.truncate(size)
            file.seek(0)
            for _ in range(size >> 20):
                file.write(bytes(1 << 20))
        return ["--path", "/file", "--query", path,
                "--expect-bytes", str(size)]
    return ["--path", "/download", "--query", str(size),
            "--expect-bytes", str(size)]


def large(bench):
    """Bodies of 256 MiB, server by server and in turn."""
    size = LARGE // 64 if bench.smoke else LARGE
    peer = epoll(bench)
    sides = {
        "upload": [peer, python_groups.uwsgi_large(bench), decant(bench),
                   decant(bench, "libfcgi")],
        "download": [peer, python_groups.uwsgi_large(bench), decant(bench),
                     decant(bench, "libfcgi")],
        "file": [decant(bench), decant(bench, "libfcgi")]}
    rows, worst = [], 0
    for direction, cases in sides.items():
        arguments = large_load(bench, direction, size)
        speeds, grown = {}, {}
        cases = present(cases)
        for _ in range(bench.rounds):
            for case in cases:
                with Server(bench, case) as server:
                    bench.load(server, "-c", "1", "-n", "20",
                               "--expect", HELLO)
                    before = server.memory("VmHWM")
                    result = bench.load(server, "-c", "1", "-n", "2",
                                        *arguments)
                    grown.setdefault(case.name, []).append(
                        server.memory("VmHWM") - before)
                speeds.setdefault(case.name, []).append(
                    2 * size / result["seconds"] / 1e6)
        ratio = ratios(speeds)
        for name, values in speeds.items():
            rows.append([direction, name, f"{statistics.median(values):,.0f}",
                         f"{ratio[name]:.2f}", f"{max(grown[name])}"])
        ours = decant(bench).name
        worst = max(worst, *grown[ours])
        if peer.name in ratio:
            at_least(f"{direction}: records / hand-written", ratio[ours], 1.0)
        for name in ratio:
            if name.startswith("uWSGI"):
                at_least(f"{direction}: records / uWSGI",
                         ratio[ours] / ratio[name], 1.2)
    table(f"One body of {size >> 20} MiB",
          ["direction", "server", "MB/s", "ratio", "RSS growth KiB"], rows)
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
    cost = server_instructions(bench, servers(bench))
    ours = cost["decant, records"]
    verdict("records", f"{ours:,.0f}", "at most 4,000", ours <= 4000)


def allocations(bench):
    if not has_valgrind():
        return skip("allocations", "valgrind is not installed")
    server_allocations(bench, servers(bench))
