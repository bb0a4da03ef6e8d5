# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Programs that ask others over TCP, each in two ways: a connection for each use, or connections that
are kept. What begins them returns (the port that is asked, a function that makes them ask)."""
import glob
import os
import re
import subprocess

import pytest

from servers import await_children, need

FRONT, BACK, REDIS, MARIADB = 8080, 8081, 6379, 3306
ASKED = 120  # times, at least

NGINX = """
daemon off; worker_processes 1; pid nginx.pid; error_log stderr warn; user root;
events {{ worker_connections 512; }}
http {{
    access_log off; keepalive_timeout {keep_alive}; default_type text/plain;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    {http}
}}
"""


def nginx(servers, http, port=FRONT, keep_alive="1s"):
    """The pid of its worker."""
    config = servers.file("nginx.conf", NGINX.format(http=http, keep_alive=keep_alive))
    master = servers.begin(need("nginx"), "-p", servers.folder.name, "-c", config, "-e", "stderr",
                           port=port)
    return await_children(master, 1)[0]


def ask(servers, path="/", scheme="http", port=FRONT):
    """Over two connections that are kept."""
    said = servers.space.run(need("ab"), "-q", "-k", "-n", str(ASKED), "-c", "2",
                             f"{scheme}://127.0.0.1:{port}{path}")
    assert re.search(r"^Failed requests:\s+0$", said, re.M) and "Non-2xx" not in said, said


def asks(servers, *arguments, **options):
    return lambda: ask(servers, *arguments, **options)


def nginx_in_front(servers, kept):
    pool, headers = ("keepalive 4;", """
        proxy_http_version 1.1; proxy_set_header Connection "";""") if kept else ("", "")
    nginx(servers, f"""
    upstream back {{ server 127.0.0.1:{BACK}; {pool} }}
    server {{ listen 127.0.0.1:{FRONT}; location / {{ proxy_pass http://back; {headers} }} }}
    server {{ listen 127.0.0.1:{BACK}; location / {{ return 200 "hello\\n"; }} }}
""", keep_alive="60s")
    return BACK, asks(servers)


def back_end(servers):
    nginx(servers, f"""server {{ listen 127.0.0.1:{BACK}; location / {{ return 200 "hello\\n"; }} }}""",
          port=BACK, keep_alive="60s")


HAPROXY = f"""
global
    nbthread 1
defaults
    mode http
    timeout connect 5s
    timeout client 300s
    timeout server 300s
    {{option}}
frontend front
    bind 127.0.0.1:{FRONT}
    default_backend back
backend back
    {{reuse}}
    server one 127.0.0.1:{BACK}
"""


def haproxy_in_front(servers, kept):
    back_end(servers)
    config = servers.file("haproxy.cfg", HAPROXY.format(
        option="option http-keep-alive" if kept else "option http-server-close",
        reuse="http-reuse always" if kept else "http-reuse never"))
    servers.begin(need("haproxy"), "-db", "-f", config, port=FRONT)
    return BACK, asks(servers)


APACHE = """
ServerRoot "{folder}"
ServerName localhost
PidFile apache.pid
DefaultRuntimeDir "{folder}"
ErrorLog "{folder}/errors"
DocumentRoot "{folder}"
Listen 127.0.0.1:{port}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule proxy_module {modules}/mod_proxy.so
LoadModule proxy_http_module {modules}/mod_proxy_http.so
User daemon
Group daemon
StartServers 1
MaxKeepAliveRequests 0
ProxyPass / http://127.0.0.1:{back}/ {options}
"""


def apache_in_front(servers, kept):
    back_end(servers)
    found = glob.glob("/usr/lib*/*/modules/mod_authz_core.so")
    if not found:
        pytest.skip("Apache's modules are not installed")
    config = servers.file("apache.conf", APACHE.format(
        folder=servers.folder.name, modules=os.path.dirname(found[0]), port=FRONT, back=BACK,
        options="enablereuse=On keepalive=On" if kept else "disablereuse=On"))
    servers.begin(need("apache2", "httpd"), "-f", config, "-D", "FOREGROUND", port=FRONT)
    return BACK, asks(servers)


FPM = """
[global]
error_log = errors
daemonize = no
[www]
user = daemon
group = daemon
listen = 127.0.0.1:9000
pm = static
pm.max_children = 2
"""

SCRIPT = """<?php
$redis = new Redis();
$redis->{connect}('127.0.0.1', {port});
$redis->incr('hits');
echo 'hello';
"""


def redis(servers):
    servers.begin(need("redis-server"), "--port", str(REDIS), "--bind", "127.0.0.1", "--save", "",
                  "--daemonize", "no", port=REDIS)


def php_and_redis(servers, kept):
    """nginx keeps its connections to the workers either way."""
    if not glob.glob("/usr/lib/php/*/redis.so"):
        pytest.skip("php-redis is not installed")
    redis(servers)
    servers.file("hit.php", SCRIPT.format(connect="pconnect" if kept else "connect", port=REDIS))
    servers.begin(need("php-fpm*[0-9]", "php-fpm"), "-n", "-d", "extension=igbinary.so",
                  "-d", "extension=redis.so", "-F",
                  "-p", servers.folder.name, "-y", servers.file("fpm.conf", FPM), port=9000)
    nginx(servers, f"""
    upstream php {{ server 127.0.0.1:9000; keepalive 2; }}
    server {{
        listen 127.0.0.1:{FRONT};
        location / {{
            fastcgi_pass php; fastcgi_keep_conn on;
            fastcgi_param REQUEST_METHOD $request_method;
            fastcgi_param SCRIPT_FILENAME {servers.folder.name}$uri;
        }}
    }}
""")
    return REDIS, asks(servers, "/hit.php")


NODE = f"""
const http = require('http');
const agent = KEPT ? new http.Agent({{keepAlive: true, maxSockets: 2}}) : false;
let left = {ASKED};
const ask = () => http.get({{port: {BACK}, host: '127.0.0.1', agent}}, (answer) => {{
    answer.resume();
    answer.on('end', () => --left ? ask() : KEPT && setInterval(() => 0, 60000));
}});
ask();
"""


def is_over(servers, *command):
    """Of a client that ends by itself."""
    servers.space.run(*command)


def node_asks(servers, kept):
    back_end(servers)
    text = NODE.replace("KEPT", "true" if kept else "false")
    if kept:
        return BACK, lambda: servers.begin(need("node"), "-e", text)
    return BACK, lambda: is_over(servers, need("node"), "-e", text)


GO = """
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
)

func main() {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: os.Args[1] != "kept"}}
	for i := 0; i < %d; i++ {
		answer, err := client.Get("http://127.0.0.1:%d/")
		if err != nil {
			panic(err)
		}
		io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
	}
	fmt.Println("done")
	if os.Args[1] == "kept" {
		select {}
	}
}
""" % (ASKED, BACK)


def go_build(folder, text):
    """The path of a program."""
    go = need("go")
    (folder / "main.go").write_text(text)
    environment = {**os.environ, "GOCACHE": str(folder / "cache"), "GOPATH": str(folder),
                   "GOFLAGS": "", "GO111MODULE": "off", "GOTOOLCHAIN": "local"}
    result = subprocess.run([go, "build", "-o", "program", "main.go"], cwd=folder, env=environment,
                            capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    return str(folder / "program")


def redis_benchmark(servers, kept):
    redis(servers)
    return REDIS, lambda: servers.space.run(
        need("redis-benchmark"), "-p", str(REDIS), "-n", "300", "-c", "4", "-k", str(int(kept)),
        "-t", "ping_mbulk", "-q")


REQUESTS = f"""
import requests, sys, time
session = requests.Session() if sys.argv[1] == 'kept' else requests
for _ in range({ASKED}):
    assert session.get('http://127.0.0.1:{BACK}/').text == 'hello\\n'
"""


def python_requests(servers, kept):
    back_end(servers)
    return BACK, lambda: is_over(servers, "/usr/bin/python3", "-c", REQUESTS,
                                 "kept" if kept else "anew")


def mariadb(servers):
    """It needs no tables of its own where everybody may do everything."""
    os.mkdir(servers.path("data"))
    servers.begin(need("mariadbd"), "--no-defaults", "--datadir=" + servers.path("data"),
                  "--skip-grant-tables", f"--port={MARIADB}", "--bind-address=127.0.0.1",
                  "--socket=" + servers.path("socket"), "--user=root",
                  "--innodb-buffer-pool-size=8M", "--innodb-log-file-size=4M", port=MARIADB)


JOBS = 12


def mariadb_asks(servers, kept):
    """As cron does: a client for each job; or one for all of them."""
    mariadb(servers)
    client = [need("mariadb"), "--no-defaults", "-h127.0.0.1", f"-P{MARIADB}", "-e"]

    def drive():
        for statement in ["select 1;" * JOBS] if kept else ["select 1;"] * JOBS:
            servers.space.run(*client, statement)
    return MARIADB, drive
