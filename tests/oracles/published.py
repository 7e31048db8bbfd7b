"""Signatures that providers and their SDKs published: the gate accepts each at its own time, and only then.

The clock is set from outside the gate, by libfaketime; the product has no switch for it.
"""

import json
import random
from pathlib import Path
from urllib.parse import urlsplit

from gate import Gate, route
from origin import Recorder
from report import Report
from signers import SEED
from wire import Request, send_once

VECTORS = Path(__file__).with_name("vectors.json")


def signature(vector: dict) -> dict:
    """The route's `signature`: every published secret valid at once, weak ones by consent."""
    secrets = [{"id": f"s{n}", "value": value, "allow_weak": True} for n, value in enumerate(vector["secrets"])]
    told = {**vector["signature"], "secrets": secrets, "replay": "off", "handshake": "off"}
    return told | ({"public_url": vector["url"]} if "url" in vector else {})


def request(vector: dict, headers: list, body: bytes) -> Request:
    url = urlsplit(vector.get("url", "https://hooks.example.test/hook"))
    fields = [("Host", url.netloc), *map(tuple, headers), ("Content-Length", str(len(body)))]
    target = url.path + (f"?{url.query}" if url.query else "")
    return Request("POST", target, fields, body)


def published(binary: Path) -> bool:
    report = Report("oracle-published")
    rng = random.Random(SEED)
    for vector in json.loads(VECTORS.read_text(encoding="utf-8")):
        one(binary, vector, report, rng)
        if "now" in vector:
            edges(binary, vector, report)
    return report.close()


def one(binary: Path, vector: dict, report: Report, rng: random.Random) -> None:
    name, body, headers = vector["name"], vector["body"].encode(), vector["headers"]
    recorder = Recorder()
    with start(binary, vector, recorder, vector.get("now")) as gate:
        bound = not vector.get("unbound", False)
        forged = [("an extra byte", headers, body + b" ")] if bound else []
        for at in [rng.randrange(len(body)) for _ in range(8)] if bound else []:
            forged.append((f"body byte {at}", headers, body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]))
        if len(headers) == len({key for key, _ in headers}) and name != "docusign":
            for key, value in headers:
                if decides(vector, key):
                    forged.append((f"{key} left out", [h for h in headers if h[0] != key], body))
        for what, changed, other in forged:
            answer = send_once(gate.address, request(vector, changed, other))
            report.equal(answer.status, 401, f"{name}, {what}: status")
        report.equal(recorder.received, 0, f"{name}: bytes that reached the app before the genuine request")
        answer = send_once(gate.address, request(vector, headers, body))
        report.equal(answer.status, 200, f"{name} ({vector['source']}): status")
        report.equal([seen.body for seen in recorder.requests], [body], f"{name}: what the app read")
        gate.stop()
    recorder.close()


def decides(vector: dict, header: str) -> bool:
    return header.lower() not in ("content-type", "user-agent") or vector["name"].startswith("rfc9421")


def start(binary: Path, vector: dict, recorder: Recorder, at: int | None) -> Gate:
    path = urlsplit(vector.get("url", "https://hooks.example.test/hook")).path
    return Gate(binary, recorder.url, [route(vector["name"].replace("_", "-"), path, signature(vector))], at)


def edges(binary: Path, vector: dict, report: Report) -> None:
    """The same request at the last second it is good for, one second later, and from too far in the future."""
    stamp = vector.get("stamp", vector["now"])
    tolerance = vector.get("tolerance", 300)
    # A scheme that is strict about the past is as strict about the future.
    ahead = min(tolerance, 60)
    for shift, expected in ((tolerance, 200), (tolerance + 1, 401), (1 - ahead, 200), (-ahead - 2, 401)):
        recorder = Recorder()
        with start(binary, vector, recorder, stamp + shift) as gate:
            answer = send_once(gate.address, request(vector, vector["headers"], vector["body"].encode()))
            report.equal(answer.status, expected, f"{vector['name']}, clock {shift:+} s from its stamp: status")
            report.equal(bool(recorder.received), expected == 200, f"{vector['name']}, clock {shift:+} s: reached the app")
            gate.stop()
        recorder.close()
