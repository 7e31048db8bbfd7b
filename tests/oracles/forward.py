"""Every genuine delivery reaches the app byte for byte; every one with a byte flipped is refused and reaches nothing."""

import http.client
import json
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Callable

from gate import Gate, route
from origin import Httpbin, Recorder
from report import Report
from signers import SEED, Delivery, Provider
from wire import Answer, Connection, Request, send_once

THREADS = 4
# What the gate may add where the sender said nothing.
ADDED = ("x-request-id", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded", "via")
ADDED_PREFIX = "x-sidegate-"


def request(provider: Provider, delivery: Delivery, number: int, query: str = "") -> Request:
    """A third of the bodies go out in chunks of uneven size, the rest with a length."""
    headers = [("Host", "hooks.example.test"), *delivery.headers, ("X-Oracle-Number", str(number))]
    if number % 3 == 2 and delivery.body:
        headers.append(("Transfer-Encoding", "chunked"))
        return Request("POST", provider.path + query, headers, delivery.body, [1, 7, 4096])
    headers.append(("Content-Length", str(len(delivery.body))))
    return Request("POST", provider.path + query, headers, delivery.body)


def flipped(delivery: Delivery, rng: random.Random) -> list[tuple[str, Delivery]]:
    """One byte changed in the body, and in each header the verdict rests on."""
    if delivery.body:
        at = rng.randrange(len(delivery.body))
        changed = bytes([delivery.body[at] ^ (1 << rng.randrange(8))])
        body = delivery.body[:at] + changed + delivery.body[at + 1 :]
        found = [(f"body byte {at}", replace(delivery, body=body))]
    else:
        found = [("a byte in an empty body", replace(delivery, body=b"\n"))]
    for name in delivery.signed:
        at = rng.randrange(*genuine(delivery.header(name)))
        found.append((f"{name} byte {at}", delivery.with_header(name, flip(delivery.header(name), at))))
    return found


def genuine(value: str) -> tuple[int, int]:
    """Where the signature that verifies stands; in a rotation another one precedes it, which may be anything."""
    return value.rfind(" ") + 1, len(value)


def flip(text: str, at: int) -> str:
    """The lowest bit changed: another printable character, and another letter, not the other case."""
    other = chr(ord(text[at]) ^ 1)
    return text[:at] + (other if other != "\x7f" else "}") + text[at + 1 :]


def everywhere(delivery: Delivery) -> list[tuple[str, Delivery]]:
    """Every byte of every signed header, one at a time; and each header left out, doubled, and emptied."""
    found = []
    for name in delivery.signed:
        value = delivery.header(name)
        found += [(f"{name} byte {at}", delivery.with_header(name, flip(value, at))) for at in range(*genuine(value))]
        without = tuple((key, old) for key, old in delivery.headers if key != name)
        found.append((f"{name} left out", replace(delivery, headers=without)))
        found.append((f"{name} empty", delivery.with_header(name, "")))
    return found


class Suite:
    def __init__(self, binary: Path, sign: Callable[[], tuple[Provider, list[Delivery]]]):
        self.binary, self.sign = binary, sign
        self.provider, self.deliveries = sign()
        self.report = Report(f"oracle-{self.provider.preset}")
        self.rng = random.Random(SEED)

    def run(self) -> bool:
        self.report.check(len(self.deliveries) >= 50, f"only {len(self.deliveries)} deliveries were signed")
        self.into_recorder()
        self.into_httpbin()
        return self.report.close()

    def gate(self, upstream: str) -> Gate:
        return Gate(self.binary, upstream, [route(self.provider.preset, self.provider.path, self.provider.signature())])

    def sign_anew(self) -> None:
        """Once the gate has started: what is dated before that it does not take (decision 0021)."""
        _, self.deliveries = self.sign()

    def in_parallel(self, work, items) -> None:
        def guarded(item) -> None:
            try:
                work(*item)
            except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
                self.report.check(False, f"{item[:2]}: no usable answer: {error!r}")

        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(guarded, items))

    # -- an app of ours that records every byte

    def into_recorder(self) -> None:
        recorder = Recorder()
        with self.gate(recorder.url) as gate:
            self.sign_anew()
            forged = [(number, what, bad) for number, d in enumerate(self.deliveries) for what, bad in flipped(d, self.rng)]
            forged += [(0, what, bad) for what, bad in everywhere(self.deliveries[0])]
            self.in_parallel(lambda *item: self.refused(gate, *item), forged)
            self.report.equal(recorder.received, 0, "bytes that reached the app before any genuine delivery")

            local = threading.local()
            self.in_parallel(lambda number, d: self.mixed(gate, local, number, d), list(enumerate(self.deliveries)))
            self.arrived(recorder)
            copies = self.copies(gate, recorder) if self.provider.stamped else 0
            self.audited(gate.stop(), len(self.deliveries), copies)
            self.silent(gate.written)
        recorder.close()

    def refused(self, gate: Gate, number: int, what: str, bad: Delivery) -> None:
        answer = send_once(gate.address, request(self.provider, bad, number))
        self.check_refusal(answer, f"{bad.name}, {what}")

    def check_refusal(self, answer: Answer, what: str) -> None:
        if not self.report.equal(answer.status, 401, f"{what}: status"):
            return
        told = json.loads(answer.body)
        told.pop("request_id", None)
        first = self.__dict__.setdefault("first_refusal", told)
        self.report.equal(told, first, f"{what}: a refusal says the same whatever was wrong")

    def mixed(self, gate: Gate, local: threading.local, number: int, delivery: Delivery) -> None:
        """Genuine deliveries on kept connections, with forged ones in between on the same connection."""
        if not hasattr(local, "connection"):
            local.connection = Connection(gate.address)
        if number % 4 == 1:
            what, bad = self.one_flipped(delivery, number)
            self.check_refusal(local.connection.send(request(self.provider, bad, number)), f"{bad.name} between, {what}")
        answer = local.connection.send(request(self.provider, delivery, number))
        self.report.equal((answer.status, answer.body), (200, b"ok\n"), f"{delivery.name}: the app's answer")

    @staticmethod
    def one_flipped(delivery: Delivery, number: int) -> tuple[str, Delivery]:
        return flipped(delivery, random.Random(number))[0]

    def arrived(self, recorder: Recorder) -> None:
        """Each delivery once, and nothing else: same line, same headers with the same values, same bytes."""
        self.report.equal(len(recorder.requests), len(self.deliveries), "requests the app saw")
        self.report.equal(recorder.broken, [], "what the app could not read")
        by_number = {int(seen.header("x-oracle-number")): seen for seen in recorder.requests}
        for number, delivery in enumerate(self.deliveries):
            seen = by_number.get(number)
            if seen is None:
                self.report.check(False, f"{delivery.name} did not reach the app")
                continue
            sent = request(self.provider, delivery, number)
            self.report.equal((seen.method, seen.target), (sent.method, sent.target), f"{delivery.name}: request line")
            self.report.check(seen.body == sent.body, f"{delivery.name}: body changed on the way")
            self.report.equal(theirs(seen.headers), theirs(sent.headers), f"{delivery.name}: headers")

    def copies(self, gate: Gate, recorder: Recorder) -> int:
        """A second copy of a delivery is acknowledged and not forwarded."""
        chosen = list(enumerate(self.deliveries))[:10]
        for number, delivery in chosen:
            answer = send_once(gate.address, request(self.provider, delivery, number))
            self.report.equal(answer.status, 200, f"{delivery.name}: status of a second copy")
        self.report.equal(len(recorder.requests), len(self.deliveries), "requests after second copies were sent")
        return len(chosen)

    def audited(self, records: list[dict], allowed: int, acknowledged: int) -> None:
        verdicts = [record for record in records if record.get("result") in ("allow", "deny", "acknowledge", "error")]
        count = {result: sum(r["result"] == result for r in verdicts) for result in ("allow", "acknowledge", "error")}
        expected = {"allow": allowed, "acknowledge": acknowledged, "error": 0}
        self.report.equal(count, expected, "audit records by result")

    def silent(self, written: str) -> None:
        for secret in self.provider.secrets:
            self.report.check(secret not in written, "a secret stands in the log or the audit file")
        for delivery in self.deliveries[:20]:
            for name in delivery.signed:
                if "signature" in name.lower():
                    self.report.check(delivery.header(name) not in written, f"{delivery.name}: {name} stands in a record")

    # -- an app nobody here wrote

    def into_httpbin(self) -> None:
        app = Httpbin()
        with self.gate(app.relay.url) as gate:
            self.sign_anew()
            forged = [(n, what, bad) for n, d in enumerate(self.deliveries[:100]) for what, bad in flipped(d, self.rng)]
            self.in_parallel(lambda *item: self.refused(gate, *item), forged)
            self.report.equal(app.relay.received, 0, "bytes that reached httpbin before any genuine delivery")
            local = threading.local()
            self.in_parallel(lambda number, d: self.echoed(gate, local, number, d), list(enumerate(self.deliveries)))
            gate.stop()
        app.close()

    def echoed(self, gate: Gate, local: threading.local, number: int, delivery: Delivery) -> None:
        if not hasattr(local, "connection"):
            local.connection = Connection(gate.address)
        sent = request(self.provider, delivery, number, query="?a=1&b=%2F&a=2")
        answer = local.connection.send(sent)
        if not self.report.equal(answer.status, 200, f"{delivery.name}: httpbin's status"):
            return
        told = json.loads(answer.body)
        self.report.equal((told["method"], told["args"]), ("POST", {"a": ["1", "2"], "b": "/"}), f"{delivery.name}: httpbin's view")
        names = {name.lower(): value for name, value in told["headers"].items()}
        for name in delivery.signed:
            self.report.equal(names.get(name.lower()), delivery.header(name), f"{delivery.name}: {name} at httpbin")
        if "urlencoded" not in names.get("content-type", ""):
            self.report.check(told["data"].encode() == delivery.body, f"{delivery.name}: body at httpbin")


def theirs(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The sender's own fields in order, by name without case; what the gate may add is left out."""
    fields = [(name.lower(), value) for name, value in headers]
    return sorted(f for f in fields if f[0] not in ADDED and not f[0].startswith(ADDED_PREFIX))
