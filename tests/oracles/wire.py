"""Requests as exact bytes over a plain socket, so that what was sent is known to the byte."""

import http.client
import socket
from dataclasses import dataclass, field

from stalled import DEADLINE_S


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        for key, value in self.headers:
            if key.lower() == name.lower():
                return value
        return None


@dataclass
class Request:
    """One request; `headers` go out in this order, spelled like this, Host and framing included."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes = b""
    chunks: list[int] = field(default_factory=list)

    def head(self) -> bytes:
        lines = [f"{self.method} {self.target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"

    def pieces(self) -> list[bytes]:
        """What goes to the socket, one write each; chunked when the headers say so."""
        if not any(name.lower() == "transfer-encoding" for name, _ in self.headers):
            return [self.head() + self.body]
        pieces, rest = [self.head()], self.body
        for size in self.chunks + [len(rest)]:
            part, rest = rest[:size], rest[size:]
            if part:
                pieces.append(b"%x\r\n%s\r\n" % (len(part), part))
        return pieces + [b"0\r\n\r\n"]


class Connection:
    """One connection to the gate, kept between requests while the gate keeps it."""

    def __init__(self, address: tuple[str, int]):
        self.address = address
        self.socket: socket.socket | None = None

    def send(self, request: Request) -> Answer:
        if self.socket is None:
            self.socket = socket.create_connection(self.address, timeout=DEADLINE_S)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for piece in request.pieces():
                self.socket.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass  # a refusal may come before the whole body was sent; the answer is still there to read
        try:
            response = http.client.HTTPResponse(self.socket, method=request.method)
            response.begin()
            answer = Answer(response.status, response.getheaders(), response.read())
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        if response.will_close:
            self.close()
        return answer

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close()
            self.socket = None


def send_once(address: tuple[str, int], request: Request) -> Answer:
    connection = Connection(address)
    try:
        return connection.send(request)
    finally:
        connection.close()
