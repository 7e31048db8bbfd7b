"""The two ways a library and the gate are held against each other.

`verified`: bodies signed by `send` are verified by the library; the very bytes it verified are let through by the gate.
`foreign`: requests signed by the library, or with a key that only the test has, are verified by the library and let
through by the gate. Either way each of them with a byte changed, or a signed part left out, emptied or doubled, is
refused by the gate before a byte of it reaches the app.
"""

import json
import random
import re
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable
from urllib.parse import urlencode

from forward import flip
from gate import Gate, route
from origin import Receiver, Recorder
from report import Report
from signers import SEED
from stalled import ended
from wire import Request, send_once

HOST = "hooks.example.test"
URL = f"https://{HOST}/hook"
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
SECRET = "fake-secret-of-thirty-two-bytes!"
# A value with several named items, where one that is not read may precede the signature.
ITEMS = re.compile(r"\w+=.*[;,&] ?\w+=")


def json_bodies(rng: random.Random) -> list[bytes]:
    """Objects every one of these libraries can read, with what a careless reader would change."""
    now = int(time.time() * 1000)
    bodies = [{"events": [], "time_ms": now}, {"events": [], "time_ms": now, "text": "é e\u0301 😀 \u2028 \" \\ /"}]
    bodies += [{"events": [], "time_ms": now, "n": rng.randrange(1 << 60), "t": "x" * rng.randrange(9000)} for _ in range(6)]
    return [json.dumps(body, ensure_ascii=number % 2 == 0).encode() for number, body in enumerate(bodies)]


def form_bodies(rng: random.Random) -> list[bytes]:
    drawn = [{"From": "+15550001", "Body": f"text {rng.randrange(10**9)} é &=+"} for _ in range(4)]
    return [urlencode(body).encode() for body in [{"CallSid": "CA1", "Digits": "1234"}, *drawn]]


def raises(*refusals):
    """Whether `work` ends without one of the library's ways of saying no."""

    def judge(work) -> bool:
        try:
            return work() is not False
        except refusals:
            return False

    return judge


def settings(provider: str, secret: str, **more) -> dict:
    """The route's `signature` for one secret; nothing but the signature decides."""
    return {"provider": provider, "replay": "off", "handshake": "off", "secrets": [{"id": "one", "value": secret}], **more}


@dataclass(frozen=True)
class Library:
    """A library that verifies what `send` signs. `verify` gets the secret, the headers by lower-case name and the body."""

    name: str
    preset: str
    verify: Callable[[str, dict[str, str], bytes], bool]
    # The headers the verdict rests on, that of the signature first.
    signed: tuple[str, ...]
    secret: str = SECRET
    variant: str | None = None
    bodies: Callable[[random.Random], list[bytes]] = json_bodies
    content_type: str = JSON
    signs_url: bool = False
    body_bound: bool = True
    # Where the provider's own is shorter than a busy machine needs between signing and judging.
    tolerance: str | None = None
    # Headers the provider sends and `send` is told.
    told: tuple[tuple[str, str], ...] = ()
    target: str = "/hook"
    # A secret that is another one and still well formed.
    other: str | None = None

    def signature(self) -> dict:
        told = settings(self.preset, self.secret)
        if self.variant:
            told["variant"] = self.variant
        if self.tolerance:
            told["tolerance"] = self.tolerance
        if self.signs_url:
            told["public_url"] = f"https://{HOST}{self.target}"
        return told


@dataclass(frozen=True)
class Signed:
    """One signed request as it goes to the gate."""

    headers: tuple[tuple[str, str], ...]
    signed: tuple[str, ...]
    body: bytes
    body_bound: bool = True
    target: str = "/hook"
    # Where the signature stands in the body: what is wrong, and that body.
    bad_bodies: tuple[tuple[str, bytes], ...] = ()
    host: str = HOST

    def request(self) -> Request:
        headers = [("Host", self.host), *self.headers, ("Content-Length", str(len(self.body)))]
        return Request("POST", self.target, headers, self.body)

    def header(self, name: str) -> str:
        return next(value for key, value in self.headers if key.lower() == name.lower())

    def by_name(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers}

    def doubled(self, name: str, value: str) -> "Signed":
        """With a second line of another value. Of several signatures one may be right, so there both are wrong."""
        wrong = flip(value, len(value) // 2)
        others = self.headers if name != self.signed[0] else tuple((key, wrong if key == name else old) for key, old in self.headers)
        return replace(self, headers=(*others, (name, wrong)))

    def forged(self, rng: random.Random) -> list[tuple[str, "Signed"]]:
        found = [(what, replace(self, body=body)) for what, body in self.bad_bodies]
        if self.body_bound:
            at = rng.randrange(len(self.body))
            body = self.body[:at] + bytes([self.body[at] ^ 1]) + self.body[at + 1 :]
            found.append((f"body byte {at}", replace(self, body=body)))
        for name in self.signed:
            value = self.header(name)
            at = rng.randrange(len(value))
            others = {f"byte {at}": flip(value, at), "empty": "", "cut short": value.rstrip("=")[:-1]}
            if not ITEMS.match(value):
                others["repeated inside"] = f"{value}{value}"
            for what, other in others.items():
                headers = tuple((key, other if key == name else old) for key, old in self.headers)
                found.append((f"{name} {what}", replace(self, headers=headers)))
            found.append((f"{name} left out", replace(self, headers=tuple(h for h in self.headers if h[0] != name))))
            found.append((f"{name} doubled", self.doubled(name, value)))
        return found


@dataclass(frozen=True)
class Sender:
    """What `send` signs the same with: a secret or, for public keys, a private key in PEM."""

    key: str
    # Another one of the same kind.
    other: str
    private: bool = False
    bodies: Callable[[random.Random], list[bytes]] = json_bodies
    content_type: str = JSON

    def command(self, preset: str, signature: dict, key: Path) -> list[str]:
        words = ["--private-key-file" if self.private else "--secret-file", str(key), "--provider", preset]
        words += ["--variant", signature["variant"]] if "variant" in signature else []
        for name, value in signature.get("options", {}).items():
            for one in value if isinstance(value, list) else [value]:
                words += ["--option", f"{name}={one}"]
        return [*words, "--public-url", URL, "-H", f"Content-Type: {self.content_type}"]


@dataclass(frozen=True)
class Foreign:
    """Requests that `send` did not sign, the route they are for, and what the library says of each."""

    signature: dict
    deliveries: list[Signed]
    # Not given where the library itself signed them.
    verify: Callable[[Signed], bool] | None = None
    # Not given where `send` cannot sign so that the library would say yes.
    sender: Sender | None = None


def sent(binary: Path, library: Library, folder: Path, secret: str, body: bytes, catcher: Receiver):
    (folder / "send-secret").write_text(secret)
    (folder / "body").write_bytes(body)
    command = [
        str(binary), "send", "--provider", library.preset, "--secret-file", str(folder / "send-secret"),
        "--body", f"@{folder / 'body'}", "-H", f"Content-Type: {library.content_type}",
        "--public-url", f"https://{HOST}{library.target}",
    ]
    for name, value in library.told:
        command += ["-H", f"{name}: {value}"]
    if library.variant:
        command += ["--variant", library.variant]
    command.append(f"http://127.0.0.1:{catcher.port}{library.target}")
    before = len(catcher.deliveries)
    run = ended(command, catcher.port)
    told = f"exit code {run.returncode}, {run.stdout.strip()} {run.stderr.strip()}"
    return (catcher.deliveries[before] if len(catcher.deliveries) > before else None), told


def let_through(gate: Gate, recorder: Recorder, deliveries: list[Signed], report: Report, name: str) -> None:
    """Forged first, so that one byte at the app shows; then every genuine one."""
    rng = random.Random(SEED)
    for delivery in deliveries:
        for what, bad in delivery.forged(rng):
            status = send_once(gate.address, bad.request()).status
            report.check(status in (400, 401), f"{name}, {what}: answered {status}")
    report.equal(recorder.received, 0, f"{name}: bytes at the app before any genuine delivery")
    for number, delivery in enumerate(deliveries):
        status = send_once(gate.address, delivery.request()).status
        report.equal(status, 200, f"{name}: delivery {number}")
    report.check(
        [seen.body for seen in recorder.requests] == [delivery.body for delivery in deliveries], f"{name}: bodies at the app"
    )


def through_the_gate(binary: Path, signature: dict, deliveries: list[Signed], report: Report, name: str) -> None:
    recorder = Recorder()
    with Gate(binary, recorder.url, [route("hook", "/hook", signature)]) as gate:
        let_through(gate, recorder, deliveries, report, name)
        gate.stop()
    recorder.close()


def verified(binary: Path, library: Library, report: Report) -> None:
    catcher, rng = Receiver(lambda _headers, _body: True), random.Random(SEED)
    other = library.other or library.secret[:-3] + "abc"
    with tempfile.TemporaryDirectory(prefix="sidegate-oracle-") as text:
        deliveries = []
        for number, body in enumerate(library.bodies(rng)):
            seen, said = sent(binary, library, Path(text), library.secret, body, catcher)
            if not report.check(seen is not None, f"{library.name}: nothing was sent: {said}"):
                continue
            headers, arrived = seen
            report.check(library.verify(library.secret, headers, arrived), f"{library.name} refuses body {number} of send")
            wrong, said = sent(binary, library, Path(text), other, body, catcher)
            if report.check(wrong is not None, f"{library.name}: nothing was sent with another secret: {said}"):
                report.check(not library.verify(library.secret, *wrong), f"{library.name} takes another secret")
            kept = {"content-type", *library.signed} | {name for name in headers if name.startswith(library.signed[0][:4])}
            chosen = tuple((name, value) for name, value in headers.items() if name in kept)
            deliveries.append(Signed(chosen, library.signed, arrived, library.body_bound, library.target))
        through_the_gate(binary, library.signature(), deliveries, report, library.name)
    catcher.close()


def foreign(binary: Path, name: str, sign: Callable[[], Foreign], report: Report) -> None:
    what, rng = sign(), random.Random(SEED)
    report.check(len(what.deliveries) >= 5, f"{name}: only {len(what.deliveries)} deliveries")
    for number, delivery in enumerate(what.deliveries):
        if what.verify is None:
            continue
        report.check(what.verify(delivery), f"{name} refuses delivery {number}")
        for part, bad in delivery.forged(rng):
            if part.startswith(("body byte", "another ")):
                report.check(not what.verify(bad), f"{name} takes delivery {number} with {part}")
    through_the_gate(binary, what.signature, what.deliveries, report, name)
    if what.sender is not None:
        by_send(binary, name, what, report)


def by_send(binary: Path, name: str, what: Foreign, report: Report) -> None:
    """The other direction: `send` signs, the library verifies, and the gate takes the very same."""
    catcher, sender, deliveries = Receiver(lambda _headers, _body: True), what.sender, []
    dropped = ("host", "content-length", "connection")
    with tempfile.TemporaryDirectory(prefix="sidegate-oracle-") as text:
        files = [Path(text) / part for part in ("key", "other", "body")]
        for file, held in zip(files, (sender.key, sender.other)):
            file.write_text(held)
        for number, body in enumerate(sender.bodies(random.Random(SEED))):
            files[2].write_bytes(body)
            for key, expected in ((files[0], True), (files[1], False)):
                words = sender.command(what.signature["provider"], what.signature, key)
                url = f"http://127.0.0.1:{catcher.port}/hook"
                run = ended([str(binary), "send", *words, "--body", f"@{files[2]}", url], catcher.port)
                if not report.equal(run.returncode, 0, f"{name}: exit code of send ({run.stderr.strip()})"):
                    continue
                headers, arrived = catcher.deliveries[-1]
                kept = tuple((name, value) for name, value in headers.items() if name not in dropped)
                signed = tuple(name.lower() for name in what.deliveries[0].signed)
                made = Signed(kept, signed, arrived, what.deliveries[0].body_bound, host=headers["host"])
                report.equal(what.verify(made), expected, f"{name}: what it says of body {number} of send, key {key.name}")
                deliveries += [made] if expected else []
    through_the_gate(binary, what.signature, deliveries, report, f"{name}, send")
    catcher.close()


def reported(name: str, work: Callable[[Report], None]) -> bool:
    """One library that breaks must not hide the others."""
    report = Report(f"library-{name.replace(' ', '-')}")
    try:
        work(report)
    except Exception as error:
        report.check(False, f"{name} broke off: {type(error).__name__}: {error}")
    return report.close()
