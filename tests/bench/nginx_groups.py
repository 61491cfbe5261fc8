# SPDX-License-Identifier: MIT
"""decant behind nginx, beside the hand-written server and uWSGI: HTTP by wrk,
connections to the services kept."""
import getpass
import re
import shutil
import socket
import statistics
import subprocess
import sys

import cpp_groups
import python_groups
from harness import Server, at_least, ratios, skip, table

CONFIGURATION = """
user {user};
daemon off;
worker_processes auto;
error_log {dir}/nginx.log crit;
pid {dir}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  keepalive_requests 100000000;
  client_body_temp_path {dir}/body;
  proxy_temp_path {dir}/proxy;
  fastcgi_temp_path {dir}/fastcgi;
  uwsgi_temp_path {dir}/uwsgi;
  scgi_temp_path {dir}/scgi;
  include /etc/nginx/fastcgi_params;
  fastcgi_param PATH_INFO $document_uri;
  fastcgi_param SCRIPT_NAME "";
  fastcgi_keep_conn on;
  {upstreams}
  server {{
    listen 127.0.0.1:{port};
    {locations}
  }}
}}
"""


def missing():
    for tool, package in (("nginx", "nginx-light"), ("wrk", "wrk")):
        if shutil.which(tool) is None:
            return package + " is not installed"
    return ""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Nginx:
    """One nginx in front of servers, a location for each."""

    def __init__(self, bench, servers):
        self.port = free_port()
        upstreams, locations = "", ""
        for i, (server, protocol) in enumerate(servers):
            upstreams += (f"upstream u{i} {{ server unix:{server.socket}; "
                          "keepalive 32; }\n")
            include = ("" if protocol == "fastcgi" else
                       f"include /etc/nginx/{protocol}_params; ")
            locations += (f"location /{i}/ {{ {include}"
                          f"{protocol}_pass u{i}; }}\n")
        path = bench.dir + "/nginx.conf"
        with open(path, "w") as file:
            file.write(CONFIGURATION.format(
                user=getpass.getuser(), dir=bench.dir, port=self.port,
                upstreams=upstreams, locations=locations))
        self.process = subprocess.Popen(
            ["nginx", "-p", bench.dir, "-c", path],
            stderr=subprocess.DEVNULL)

    def __enter__(self):
        for _ in range(1000):
            with socket.socket() as s:
                s.settimeout(0.01)
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            if self.process.poll() is not None:
                break
        sys.exit("bench: nginx did not start")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)

    def load(self, bench, number):
        out = subprocess.run(
            ["wrk", "-t1", "-c16", f"-d{max(1, round(bench.seconds))}s",
             f"http://127.0.0.1:{self.port}/{number}/hello"],
            stdout=subprocess.PIPE, text=True, timeout=120, check=True).stdout
        if "Non-2xx" in out:
            sys.exit("bench: wrong answers through nginx: " + out)
        return (float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]),
                int(re.search(r"(\d+) requests in", out)[1]))


def keep(bench):
    if missing():
        return skip("nginx", missing())
    cases = [(cpp_groups.epoll(bench), "fastcgi"),
             (cpp_groups.decant(bench), "fastcgi"),
             (python_groups.uwsgi_protocol(bench), "uwsgi"),
             *[(python_groups.decant(bench, "hello.py", side=side), protocol)
               for side, protocol in (("fcgi", "fastcgi"), ("scgi", "scgi"),
                                      ("uwsgi", "uwsgi"))]]
    for case, _ in cases:
        if case.missing:
            skip(case.name, case.missing)
    cases = [(case, protocol) for case, protocol in cases if not case.missing]
    servers = [Server(bench, case) for case, _ in cases]
    values = {case.name: [] for case, _ in cases}
    cpu = {case.name: [] for case, _ in cases}
    try:
        with Nginx(bench, [(server, protocol) for server, (_, protocol)
                           in zip(servers, cases)]) as nginx:
            for i in range(len(cases)):
                nginx.load(bench, i)
            for _ in range(bench.rounds):
                for i, (case, _) in enumerate(cases):
                    before = servers[i].cpu()
                    rate, count = nginx.load(bench, i)
                    values[case.name].append(rate)
                    cpu[case.name].append((servers[i].cpu() - before) / count)
    finally:
        for server in servers:
            server.kill()
    ratio = ratios(values)
    table("Hello behind nginx, 16 clients, upstream connections kept",
          ["server", "requests/s", "ratio", "CPU us"],
          [[name, f"{statistics.median(list_):,.0f}", f"{ratio[name]:.2f}",
            f"{statistics.median(cpu[name]):.2f}"]
           for name, list_ in values.items()])
    names = list(ratio)
    at_least("records / hand-written", ratio[names[1]], 0.95)
    if len(names) == 6:
        for name in names[3:]:
            at_least(f"{name} / uWSGI's own protocol",
                     ratio[name] / ratio[names[2]], 1.3)
