"""The server over a store, behind a proxy of ours on another port.

GDAL takes links as they are and resolves none, so the server has to know the address under which it is seen. That is
the proxy's, which is known before the server starts; and the proxy sees what is asked.
"""

import http.client
import http.server
import os
import re
import subprocess
import threading

ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)")


class Proxy(http.server.ThreadingHTTPServer):
    """Passes requests on and keeps their targets."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Passing)
        self.asked = []
        self.server_port_behind = None

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Passing(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append(self.path)
        behind = http.client.HTTPConnection("127.0.0.1", self.server.server_port_behind, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        behind.request(self.command, self.path, headers=headers)
        answer = behind.getresponse()
        body = answer.read()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        behind.close()

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


class Server:
    """`kortteli serve` and the proxy before it."""

    def __init__(self, program, store, log):
        self.proxy = Proxy()
        self.log = log
        arguments = [program, "serve", store, "--listen", "127.0.0.1:0", "--public-url", self.proxy.address + "/"]
        with open(log, "wb") as out:
            self.process = subprocess.Popen(arguments, stdout=out, stderr=subprocess.STDOUT, env=os.environ)
        threading.Thread(target=self.proxy.serve_forever, daemon=True).start()

    def __enter__(self):
        for _ in range(300):
            text = self.logged()
            ports = [port for port in ADDRESS.findall(text) if int(port) != self.proxy.server_address[1]]
            if ports:
                self.proxy.server_port_behind = int(ports[0])
                self.behind = f"http://127.0.0.1:{ports[0]}"
                return self
            if self.process.poll() is not None:
                break
            threading.Event().wait(0.1)
        raise SystemExit(f"the server did not start:\n{self.logged()}")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)
        self.proxy.shutdown()

    def logged(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()
