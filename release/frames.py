"""As much of HTTP/2 as a caller needs who sends heads and counts answers (RFC 9113, RFC 7541)."""

import socket
import struct

DEADLINE_S = 30
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, END_HEADERS, ACK = 1, 4, 1


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def literal(text: bytes) -> bytes:
    """Without Huffman's code; a length of 127 and more goes on in a second byte."""
    if len(text) < 127:
        return bytes([len(text)]) + text
    return bytes([127, len(text) - 127]) + text


class Conversation:
    """One connection by prior knowledge."""

    def __init__(self, port: int):
        self.socket = socket.create_connection(("127.0.0.1", port), DEADLINE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = self.socket.makefile("rb")
        self.stream, self.waiting, self.has_asked = 1, set(), False
        window = struct.pack(">I", 1 << 30)
        self.socket.sendall(PREFACE + frame(SETTINGS, 0, 0) + frame(WINDOW_UPDATE, 0, 0, window))

    def ask(self, path: bytes, fields: list[tuple[bytes, bytes]], times: int) -> None:
        """Sends the same head on so many streams at once."""
        frames = b""
        for _ in range(times):
            head = b"\x82\x86\x04" + literal(path) + self.usual()
            for name, value in fields:
                head += b"\x10" + literal(name) + literal(value)
            frames += frame(HEADERS, END_STREAM | END_HEADERS, self.stream, head)
            self.waiting.add(self.stream)
            self.stream += 2
        self.socket.sendall(frames)

    def usual(self) -> bytes:
        """Authority and user agent: into the other side's table once, by their places from then on."""
        if self.has_asked:
            return b"\xbf\xbe"
        self.has_asked = True
        return b"\x41" + literal(b"app.example.com") + b"\x7a" + literal(b"practice/1")

    def hear(self) -> None:
        """Reads until every stream is answered 200."""
        while self.waiting:
            head = self.reader.read(9)
            if len(head) < 9:
                raise SystemExit(f"practice: closed with {len(self.waiting)} streams unanswered")
            length, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
            stream, payload = int.from_bytes(head[5:9], "big"), self.reader.read(length)
            if kind == HEADERS and b"\x88" not in payload[:2]:
                raise SystemExit(f"practice: stream {stream} was not answered 200")
            if kind in (GOAWAY, RST_STREAM):
                raise SystemExit(f"practice: frame {kind} where an answer was due")
            if kind == SETTINGS and not flags & ACK:
                self.socket.sendall(frame(SETTINGS, ACK, 0))
            if kind == PING and not flags & ACK:
                self.socket.sendall(frame(PING, ACK, 0, payload))
            if kind in (HEADERS, DATA) and flags & END_STREAM:
                self.waiting.discard(stream)
