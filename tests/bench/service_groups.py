# SPDX-License-Identifier: MIT
"""A service with worker processes: under storm, beside idle connections, for
long."""
import glob
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time

from harness import (HELLO, Case, Server, at_most, beside_idle, read, table)

PROCESSES = 2
THREADS = 4


def service(bench, *options):
    return Case("service", lambda listen: [
        bench.decant, "fcgi", bench.plugin, "--listen", "unix:" + listen,
        "--processes", str(PROCESSES), "--threads", str(THREADS), *options])


def workers(server):
    """The processes that the service has started, oldest first."""
    found = []
    for path in glob.glob("/proc/[0-9]*"):
        try:
            parent = int(read(path + "/stat").rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == server.process.pid:
            found.append(int(os.path.basename(path)))
    return sorted(found)


def send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def resident(pids):
    """KiB that the processes have in RAM."""
    return sum(int(line.split()[1]) for pid in pids
               for line in read(f"/proc/{pid}/status").splitlines()
               if line.startswith("VmRSS:"))


def descriptors(pids):
    return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in pids)


def start_load(bench, server, seconds, *options):
    return subprocess.Popen(
        [bench.tool("bench_load"), "--connect", server.socket, "-c", "16",
         "-d", str(seconds), "--expect", HELLO, "--reopen", *options],
        stdout=subprocess.PIPE, text=True)


def finish_load(load):
    out, _ = load.communicate(timeout=120)
    if not out:
        sys.exit("bench: the load was not answered")
    return json.loads(out)


def under_storm(bench, server, seconds, strike, keep):
    """The load's figures while `strike` is done to the service, and how often
    it was."""
    load = start_load(bench, server, seconds, *(["--keep"] if keep else []))
    strikes = 0
    while load.poll() is None:
        strike(server)
        strikes += 1
        try:
            load.wait(0.1 if bench.smoke else 1)
        except subprocess.TimeoutExpired:
            pass
    return finish_load(load), strikes


def kill_one(server):
    pids = workers(server)
    if pids:
        send(random.choice(pids), random.choice(
            [signal.SIGKILL, signal.SIGSEGV]))


def more_or_fewer(server):
    send(server.process.pid, random.choice([signal.SIGTTIN, signal.SIGTTOU]))


def storm(bench):
    """No request fails but those that die with their worker."""
    seconds = 0.5 if bench.smoke else 30
    storms = [
        ("HUP", lambda server: send(server.process.pid, signal.SIGHUP), ()),
        ("TTIN, TTOU", more_or_fewer, ()),
        ("--max-requests 50,25", lambda server: None,
         ("--max-requests", "50,25")),
        ("KILL, SEGV of a worker", kill_one, ()),
    ]
    rows, lost, killed, most = [], 0, 0, 0
    for name, strike, options in storms:
        for keep in (True, False):
            with Server(bench, service(bench, *options)) as server:
                result, times = under_storm(bench, server, seconds / 2, strike,
                                            keep)
            rows.append([name, "kept alive" if keep else "each its own",
                         str(times), f"{result['ok']:,}",
                         str(result["errors"])])
            if strike is kill_one:
                killed += result["errors"]
                most += times * 16  # all that the load has in flight
            else:
                lost += result["errors"]
    table(f"{seconds} s of storm each, 16 connections, {PROCESSES} processes",
          ["storm", "connections", "times", "answered", "failed"], rows)
    at_most("failed without a worker killed", lost, 0)
    at_most("failed with their worker", killed, most)


def many_idle(bench):
    count = 200 if bench.smoke else 10_000
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + 200
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    count = min(count, wanted - 200)
    seconds = str(bench.seconds)
    alone, beside, each = [], [], []
    for _ in range(bench.rounds):
        with Server(bench, service(bench)) as server:
            bench.load(server, "-c", "16", "-n", "1000", "--keep")  # warm
            before = resident(workers(server))
            alone.append(bench.load(server, "-c", "16", "-d", seconds,
                                    "--keep", "--expect", HELLO)["rps"])
            load = start_load(bench, server, seconds, "--keep", "--idle",
                              str(count))
            peak = before
            while load.poll() is None:
                peak = max(peak, resident(workers(server)))
                time.sleep(0.25)
            result = finish_load(load)
            if result["errors"] > 0:
                sys.exit("bench: wrong or missing answers beside idle ones")
            beside.append(result["rps"])
        each.append((peak - before) * 1024 / count)
    beside_idle(f"{count:,} idle kept-alive connections beside 16 busy", count,
                alone, beside, each, 0.9)


def soak(bench):
    """Memory and descriptors stay as they are. Minutes: --minutes."""
    seconds = 1 if bench.smoke else bench.minutes * 60
    with Server(bench, service(bench)) as server:
        bench.load(server, "-c", "16", "-n", "20000", "--keep")  # warm
        pids = [server.process.pid, *workers(server)]
        memory, files = resident(pids), descriptors(pids)
        kept = start_load(bench, server, seconds, "--keep")
        fresh = start_load(bench, server, seconds)
        results = [finish_load_after(load, seconds) for load in (kept, fresh)]
        same = pids == [server.process.pid, *workers(server)]
        end = time.monotonic() + 5  # until what was closed is gone
        while descriptors(pids) > files and time.monotonic() < end:
            time.sleep(0.05)
        after, left = resident(pids), descriptors(pids)
    table(f"{seconds / 60:g} minutes of load", ["", "begin", "end"],
          [["resident KiB", f"{memory:,}", f"{after:,}"],
           ["descriptors", str(files), str(left)]])
    answered = sum(result["ok"] for result in results)
    failed = sum(result["errors"] for result in results)
    print(f"\n{answered:,} requests, {failed} failed, "
          + ("the same workers" if same else "OTHER workers"))
    at_most("failed requests", failed, 0)
    at_most("more descriptors", left - files, 0)
    at_most("more resident MiB", (after - memory) / 1024, 2)


def finish_load_after(load, seconds):
    load.wait(seconds + 60)
    return finish_load(load)
