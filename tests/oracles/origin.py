"""Apps behind the gate: one that records every byte, and a relay that counts what goes to a real one."""

import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Callable

from stalled import DEADLINE_S


@dataclass
class Recorded:
    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class Listener:
    """Accepts on a free port of the loopback address; one thread per connection; counts bytes that arrive."""

    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.address = self.server.getsockname()
        self.lock = threading.Lock()
        self.received = 0
        self.accepting = threading.Thread(target=self.accept, daemon=True)
        self.accepting.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.address[1]}"

    def accept(self) -> None:
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.guarded, args=(client,), daemon=True).start()

    def guarded(self, client: socket.socket) -> None:
        try:
            self.serve(client)
        except OSError:
            pass
        finally:
            client.close()

    def serve(self, client: socket.socket) -> None:
        raise NotImplementedError

    def count(self, data: bytes) -> bytes:
        with self.lock:
            self.received += len(data)
        return data

    def close(self) -> None:
        """Ends the thread first: one about to accept would else take connections of whoever gets this descriptor next."""
        self.server.shutdown(socket.SHUT_RDWR)
        self.accepting.join(DEADLINE_S)
        self.server.close()


class Recorder(Listener):
    """Reads whole requests, keeps them as they came, answers 200."""

    def __init__(self):
        self.requests: list[Recorded] = []
        self.broken: list[bytes] = []
        super().__init__()

    def serve(self, client: socket.socket) -> None:
        buffer = b""
        while True:
            while b"\r\n\r\n" not in buffer:
                data = self.count(client.recv(65536))
                if not data:
                    if buffer:
                        self.broken.append(buffer)
                    return
                buffer += data
            head, buffer = buffer.split(b"\r\n\r\n", 1)
            request, buffer = self.read(client, head, buffer)
            with self.lock:
                self.requests.append(request)
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n")

    def read(self, client: socket.socket, head: bytes, rest: bytes) -> tuple[Recorded, bytes]:
        lines = head.decode("latin-1").split("\r\n")
        method, target, version = lines[0].split(" ")
        if version != "HTTP/1.1":
            raise OSError(f"version {version}")
        headers = [(name, value.strip(" \t")) for name, value in (line.split(":", 1) for line in lines[1:])]
        request = Recorded(method, target, headers, b"")

        def more(data: bytes, length: int) -> bytes:
            while len(data) < length:
                piece = self.count(client.recv(65536))
                if not piece:
                    raise OSError("body broke off")
                data += piece
            return data

        if (request.header("transfer-encoding") or "").lower() == "chunked":
            while True:
                while b"\r\n" not in rest:
                    rest = more(rest, len(rest) + 1)
                size, rest = rest.split(b"\r\n", 1)
                length = int(size, 16)
                rest = more(rest, length + 2)
                request.body += rest[:length]
                rest = rest[length + 2 :]
                if length == 0:
                    return request, rest
        length = int(request.header("content-length") or 0)
        rest = more(rest, length)
        request.body = rest[:length]
        return request, rest[length:]


class Relay(Listener):
    """Hands bytes on to a real app and back; nothing is read or changed on the way, only counted."""

    def __init__(self, app: tuple[str, int]):
        self.app = app
        super().__init__()

    def serve(self, client: socket.socket) -> None:
        with socket.create_connection(self.app, timeout=DEADLINE_S) as app:
            app.settimeout(None)
            threading.Thread(target=self.pump, args=(app, client), daemon=True).start()
            while data := self.count(client.recv(65536)):
                app.sendall(data)
            app.shutdown(socket.SHUT_WR)

    @staticmethod
    def pump(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class Httpbin:
    """The PyPI package `httpbin` under the PyPI package `gunicorn`, as their authors ship them."""

    def __init__(self):
        command = [sys.executable, "-m", "gunicorn", "--bind=127.0.0.1:0", "--threads=8", "--keep-alive=30", "httpbin:app"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.relay = Relay(("127.0.0.1", self.port()))
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def port(self) -> int:
        seen = []
        for line in self.process.stdout:
            seen.append(line)
            if "Listening at" in line:
                return int(line.split("127.0.0.1:")[1].split()[0])
        raise RuntimeError("httpbin did not start:\n" + "".join(seen))

    def close(self) -> None:
        self.relay.close()
        self.process.terminate()
        self.process.wait(DEADLINE_S)


class Server(ThreadingHTTPServer):
    """Room for connections that wait while the machine stands still; Python's own default is 5."""

    request_queue_size = 128


class Receiver:
    """A small app that asks `verify` about each delivery (headers by lower-case name, body): 204 for yes, 401 for no."""

    def __init__(self, verify: Callable[[dict[str, str], bytes], bool]):
        # What was asked and what the answer was, in order of arrival.
        self.verdicts: list[tuple[bool, bytes]] = []
        self.deliveries: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                verified = verify(headers, body)
                receiver.deliveries.append((headers, body))
                receiver.verdicts.append((verified, body))
                self.send_response(204 if verified else 401)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def heard(self, _count: int) -> list[tuple[bool, bytes]]:
        """The verdicts; each is kept before its request is answered."""
        return self.verdicts

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Page:
    """One text under one path."""

    def __init__(self, text: str, path: str):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200 if self.path == path else 404)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(text.encode() if self.path == path else b"")

            def log_message(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
