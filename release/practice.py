#!/usr/bin/env python3
"""Gives a gate what it will be given: requests that pass and that are refused, over HTTP/1.1 and HTTP/2, small and large,
signed in the ways most providers sign, while its configuration changes.

    release/practice.py PROGRAM

For a program that counts which way it takes (`release/build`). Says what was asked and fails when an answer is not the
one due: counts of failures would be worse than none. Everything runs on loopback, on ports the system gives.
"""

import hmac
import http.client
import json
import socket
import sys
import threading
import time
from base64 import b64encode
from multiprocessing import Process, Queue
from pathlib import Path
from urllib.parse import urlencode

from frames import Conversation

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests/oracles"))
from gate import Gate, config, route

DEADLINE_S = 30
CONNECTIONS = 16
SECRET = "not-a-secret-only-for-practice-0123456789"
KEYS = [f"key-{number:05}-not-a-secret-only-for-practice" for number in range(10)]
OWN = ["Accept: */*", "Accept-Encoding: gzip, br", "User-Agent: practice/1", "X-Request-Start: t=1"]
SIGNED = ["github", "stripe", "slack", "shopify", "gitlab", "standard_webhooks", "zendesk", "square", "twilio"]


# ---- the app ------------------------------------------------------------------------------------------------------


def answer(target: bytes) -> bytes:
    """A small one as most apps give it; a large one; one in chunks."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nServer: app\r\n"
    if target.startswith(b"/chunks"):
        return head + b"Transfer-Encoding: chunked\r\n\r\n" + b"400\r\n" + b"c" * 1024 + b"\r\n0\r\n\r\n"
    body = b"x" * (256 << 10) if target.startswith(b"/large") else b"ok\n"
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def serve(client: socket.socket) -> None:
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with client, client.makefile("rb") as reader:
        while line := reader.readline():
            length, chunked = 0, False
            while (field := reader.readline()) not in (b"\r\n", b""):
                name, _, value = field.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
                chunked |= name.lower() == b"transfer-encoding"
            while chunked and (size := int(reader.readline(), 16) + 2) > 2:
                reader.read(size)
            reader.readline() if chunked else reader.read(length)
            client.sendall(answer(line.split()[1]))


def app(told: Queue) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=256) as server:
        told.put(server.getsockname()[1])
        while True:
            client, _ = server.accept()
            threading.Thread(target=serve, args=(client,), daemon=True).start()


# ---- the gate -----------------------------------------------------------------------------------------------------


def rules(quota: int) -> dict:
    """What stands beside the routes that are signed for."""
    networks = [f"{20 + number * 3}.{number}.0.0/16" for number in range(51)] + ["127.0.0.0/8"]
    quotas = [{"name": "quota", "limit": quota, "window": "1m", "by": ["api_key"]}]
    places = {"locations": ["header:X-API-Key", "bearer"]}
    return {
        "workers": 1,
        "security": {"ip_allowlist": networks, "trusted_proxies": ["127.0.0.0/8"]},
        "operational": {},
        "api_keys": {"keys": {f"caller{number}": key for number, key in enumerate(KEYS)}},
        "routes": [
            {"name": "site", "path_prefix": "/site/", "public": True},
            {"name": "large", "path_prefix": "/large/", "public": True},
            {"name": "chunks", "path_prefix": "/chunks/", "public": True},
            {"name": "api", "path_prefix": "/api/", "api_key": places, "rate_limits": quotas},
            *(route(name, f"/webhook/{name}", signature(name)) for name in SIGNED),
        ],
    }


def signature(name: str) -> dict:
    own = {"provider": name, "secrets": [{"id": "current", "value": secret(name)}], "replay": "off"}
    if name in ("twilio", "square"):
        own["public_url"] = f"https://hooks.example.com/webhook/{name}"
    return own


def secret(name: str) -> str:
    return "whsec_" + b64encode(SECRET.encode()).decode() if name == "standard_webhooks" else SECRET


def reload(gate: Gate, upstream: str) -> None:
    fresh = gate.file.with_name("fresh")
    fresh.write_text(config(upstream, [], gate.audit_file, rules(quota=500_000_000)), encoding="utf-8")
    fresh.rename(gate.file)
    until = time.monotonic() + DEADLINE_S
    while not any("a new configuration is in force" in line for line in gate.output):
        if time.monotonic() > until:
            raise SystemExit("practice: the gate does not reload\n" + gate.tail())
        time.sleep(0.02)


# ---- callers ------------------------------------------------------------------------------------------------------


def request(line: str, fields: list[str], body: bytes = b"") -> bytes:
    length = [f"Content-Length: {len(body)}"] if body or line.startswith("POST") else []
    return "\r\n".join([f"{line} HTTP/1.1", "Host: app.example.com", *OWN, *fields, *length, "", ""]).encode() + body


def in_chunks(line: str, body: bytes) -> bytes:
    head = request(line, ["Transfer-Encoding: chunked"])[:-2].replace(b"Content-Length: 0\r\n", b"") + b"\r\n"
    return head + b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"


class Crowd:
    """Connections that are all asked before the first answer is read: what comes together is served together."""

    def __init__(self, port: int):
        self.port, self.open = port, []

    def connections(self) -> list[socket.socket]:
        while len(self.open) < CONNECTIONS:
            one = socket.create_connection(("127.0.0.1", self.port), DEADLINE_S)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.open.append(one)
        return self.open

    def ask(self, texts: list[bytes], times: int, status: int = 200) -> None:
        for turn in range(times):
            text = texts[turn % len(texts)]
            for one in self.connections():
                one.sendall(text)
            kept = []
            for one in self.open:
                answered = http.client.HTTPResponse(one)
                answered.begin()
                answered.read()
                if answered.status != status:
                    raise SystemExit(f"practice: {answered.status} where {status} was due:\n{text[:300]}")
                closes = (answered.getheader("Connection") or "").lower() == "close"
                one.close() if closes else kept.append(one)
            self.open = kept


def digest(text: bytes, method: str = "sha256") -> hmac.HMAC:
    return hmac.new(SECRET.encode(), text, method)


def delivery(name: str, size: int) -> bytes:
    """A delivery as that provider signs it, of about so many bytes."""
    body = json.dumps({"id": "evt_1", "text": "y" * size}).encode()
    now, kind, url = str(int(time.time())), "Content-Type: application/json", f"https://hooks.example.com/webhook/{name}"
    stamped = f"{now}.".encode() + body
    match name:
        case "github":
            fields = [f"X-Hub-Signature-256: sha256={digest(body).hexdigest()}", "X-GitHub-Event: push"]
        case "stripe":
            fields = [f"Stripe-Signature: t={now},v1={digest(stamped).hexdigest()}"]
        case "slack":
            told = digest(f"v0:{now}:".encode() + body).hexdigest()
            fields = [f"X-Slack-Signature: v0={told}", f"X-Slack-Request-Timestamp: {now}"]
        case "shopify":
            fields = [f"X-Shopify-Hmac-Sha256: {b64encode(digest(body).digest()).decode()}", "X-Shopify-Topic: orders/paid"]
        case "gitlab":
            fields = [f"X-Gitlab-Token: {SECRET}", "X-Gitlab-Event: Push Hook"]
        case "standard_webhooks":
            told = b64encode(digest(b"msg_1." + stamped).digest()).decode()
            fields = ["webhook-id: msg_1", f"webhook-timestamp: {now}", f"webhook-signature: v1,{told}"]
        case "zendesk":
            iso = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            told = b64encode(digest(iso.encode() + body).digest()).decode()
            fields = [f"X-Zendesk-Webhook-Signature: {told}", f"X-Zendesk-Webhook-Signature-Timestamp: {iso}"]
        case "square":
            told = b64encode(digest(url.encode() + body).digest()).decode()
            fields = [f"X-Square-HmacSha256-Signature: {told}"]
        case "twilio":
            pairs = {"AccountSid": "AC0", "Body": "y" * size, "From": "+15550100", "To": "+15550101"}
            body, kind = urlencode(pairs).encode(), "Content-Type: application/x-www-form-urlencoded"
            text = url + "".join(key + pairs[key] for key in sorted(pairs))
            fields = [f"X-Twilio-Signature: {b64encode(digest(text.encode(), 'sha1').digest()).decode()}"]
    return request(f"POST /webhook/{name}", [kind, *fields], body)


def forged(name: str) -> bytes:
    return delivery(name, 600)[:-4] + b'zz"}'


def http1(port: int) -> None:
    crowd = Crowd(port)
    keyed = [request(f"GET /api/orders/{number}?page=2", [f"X-API-Key: {key}"]) for number, key in enumerate(KEYS)]
    from_outside = ["X-Forwarded-For: 20.0.0.7", f"Authorization: Bearer {KEYS[1]}"]
    crowd.ask([request("GET /site/start?a=1", ["Cookie: theme=dark; lang=en"])], 3_000)
    crowd.ask(keyed, 3_000)
    crowd.ask([request("GET /api/orders", from_outside)], 100)
    for name in SIGNED:
        crowd.ask([delivery(name, 4_000), delivery(name, 300)], 300 if name == "github" else 20)
    crowd.ask([delivery("github", 100_000)], 2)
    crowd.ask([request("POST /site/form", [], b"z" * 20_000), in_chunks("POST /site/form", b"z" * 3_000)], 40)
    crowd.ask([request("GET /large/file", [])], 5)
    crowd.ask([request("GET /chunks/page", [])], 40)
    refused = {
        # GitLab's token says nothing of the body.
        401: [request("GET /api/orders", []), *(forged(name) for name in SIGNED if name != "gitlab")],
        403: [request("GET /api/orders", [f"X-API-Key: {KEYS[0]}", "X-Forwarded-For: 9.9.9.9"])],
        404: [request("GET /nothing", [])],
    }
    for status, texts in refused.items():
        crowd.ask(texts, 40, status)


def http2(port: int) -> None:
    conversations = [Conversation(port) for _ in range(8)]
    for turn in range(200):
        path = f"/api/orders/{turn % 10}" if turn % 2 else "/site/start?a=1"
        fields = [(b"x-api-key", KEYS[turn % 10].encode())] if turn % 2 else []
        for conversation in conversations:
            conversation.ask(path.encode(), fields, times=10)
        for conversation in conversations:
            conversation.hear()


def scrape(port: int) -> None:
    for path in ("/health", "/ready", "/metrics"):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE_S)
        connection.request("GET", path)
        if connection.getresponse().status != 200:
            raise SystemExit(f"practice: {path} is not well")
        connection.close()


def main(program: Path) -> None:
    told = Queue()
    process = Process(target=app, args=(told,), daemon=True)
    process.start()
    began = time.monotonic()
    upstream = f"http://127.0.0.1:{told.get(timeout=DEADLINE_S)}"
    # The counts are written when it ends by itself.
    with Gate(program, upstream, [], more=rules(quota=600_000_000)) as gate:
        data = gate.address[1]
        http1(data)
        http2(data)
        # Once: what is not done for each request need not be fast, but small.
        reload(gate, upstream)
        scrape(gate.ports["ops"][1])
        Crowd(data).ask([request("GET /site/start", [])], 10)
        count = len(gate.stop())
    process.terminate()
    print(f"practice: {count} requests, {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
