#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures decant against its peers, the cases in turn, round by round.

  python3 tests/bench/bench.py --build build/release [GROUP... | all]

Each group prints a table with medians and ratios to its first row, and the
target with whether it was reached. Judge by the ratios: an absolute figure is
one machine's. A peer that is not installed is named as skipped. An answer that
is wrong ends the run with status 1.
"""
import argparse
import shutil
import sys

sys.dont_write_bytecode = True  # the sources stay as they are

import cpp_groups  # noqa: E402
import harness  # noqa: E402
import http_groups  # noqa: E402
import nginx_groups  # noqa: E402
import program_groups  # noqa: E402
import python_groups  # noqa: E402
import service_groups  # noqa: E402
import warm_groups  # noqa: E402

GROUPS = {
    "keep": cpp_groups.keep,
    "close": cpp_groups.close,
    "cold": cpp_groups.cold,
    "large": cpp_groups.large,
    "idle": cpp_groups.idle,
    "instructions": cpp_groups.instructions,
    "allocations": cpp_groups.allocations,
    "http": http_groups.http,
    "http-static": http_groups.static,
    "http-idle": http_groups.idle,
    "package": http_groups.package,
    "nginx": nginx_groups.keep,
    "programs": program_groups.programs,
    "python-keep": python_groups.keep,
    "python-close": python_groups.close,
    "python-django": python_groups.django,
    "python-cold": python_groups.cold,
    "python-instructions": python_groups.instructions,
    "warm": warm_groups.warm,
    "service-idle": service_groups.many_idle,
    "service-storm": service_groups.storm,
    "service-soak": service_groups.soak,
}
# What takes minutes is run when it is named, and as little as proves it.
LONG = ("service-storm", "service-soak")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", required=True, help="the build folder")
    parser.add_argument("--smoke", action="store_true",
                        help="as little as proves that it works")
    parser.add_argument("--minutes", type=float, default=5,
                        help="of service-soak (default 5)")
    parser.add_argument("group", nargs="*", choices=[*GROUPS, "all"],
                        default="all")
    arguments = parser.parse_args()
    chosen = arguments.group
    if isinstance(chosen, str):
        chosen = [chosen]
    bench = harness.Bench(arguments.build, arguments.smoke)
    bench.minutes = arguments.minutes
    try:
        for name, group in GROUPS.items():
            everything = "all" in chosen and (bench.smoke or name not in LONG)
            if name in chosen or everything:
                group(bench)
    finally:
        shutil.rmtree(bench.dir, ignore_errors=True)


if __name__ == "__main__":
    main()
