"""The other way round: `sidegate send` signs, and the provider's own library verifies."""

import json
import os
import subprocess
import tempfile
import threading
import time
from functools import partial
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

from gate import Gate, route
from origin import Receiver, Recorder
from report import Report
from signers import SEED, bodies, verifies
from stalled import DEADLINE_S, ended

SECRETS = {
    "github": "It's a Secret to Everybody",
    "stripe": "whsec_9XvLZ6rWbq0uPz1y",
    "slack": "8f742231b10e8888abcd99yyyzzz85a5",
    "standard_webhooks": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
}


class NodeReceiver:
    """The same as a Receiver with GitHub's Node library, in a process of its own."""

    def __init__(self, node: Path):
        environment = {**os.environ, "ORACLE_SECRET": SECRETS["github"]}
        command = ["node", str(node / "verify_github.mjs")]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True)
        self.port = json.loads(self.process.stdout.readline())["port"]
        self.verdicts: list[tuple[bool, bytes]] = []
        threading.Thread(target=self.read, daemon=True).start()

    def read(self) -> None:
        for line in self.process.stdout:
            told = json.loads(line)
            self.verdicts.append((told["verified"], told["body"].encode()))

    def heard(self, count: int) -> list[tuple[bool, bytes]]:
        """Its verdicts, once there are so many: they come by a pipe, beside the answers."""
        until = time.monotonic() + DEADLINE_S
        while len(self.verdicts) < count and time.monotonic() < until:
            time.sleep(0.01)
        return self.verdicts

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(DEADLINE_S)


def send(binary: Path, preset: str, secret: Path, body: Path, url: str) -> subprocess.CompletedProcess:
    command = [str(binary), "send", "--provider", preset, "--secret-file", str(secret), "--body", f"@{body}", url]
    return ended(command, urlsplit(url).port)


def sending(binary: Path, node: Path) -> bool:
    report = Report("oracle-sending")
    for preset in SECRETS:
        receiver = NodeReceiver(node) if preset == "github" else Receiver(partial(verifies, preset, SECRETS[preset]))
        with tempfile.TemporaryDirectory(prefix="sidegate-oracle-") as folder:
            to_library(binary, preset, receiver, Path(folder), report)
            through_the_gate(binary, preset, Path(folder), report)
        receiver.close()
    return report.close()


def to_library(binary: Path, preset: str, receiver, folder: Path, report: Report) -> None:
    secret, wrong = folder / "secret", folder / "wrong"
    secret.write_text(SECRETS[preset])
    wrong.write_text(SECRETS[preset][:-2] + "zz")
    # GitHub's library refuses an empty payload, and nobody sends one.
    texts = [text for text in bodies(Random(SEED)) if text][:30]
    for number, text in enumerate(texts):
        body = folder / f"body{number}"
        body.write_bytes(text.encode())
        run = send(binary, preset, secret, body, f"http://127.0.0.1:{receiver.port}/hook")
        report.equal(run.returncode, 0, f"send {preset} body {number}: exit code ({run.stderr.strip()})")
        report.check(SECRETS[preset] not in run.stdout + run.stderr, f"send {preset} prints the secret")
    verdicts = receiver.heard(len(texts))
    report.equal(len(verdicts), len(texts), f"{preset}: how many its library heard")
    for number, (verdict, text) in enumerate(zip(verdicts, texts)):
        report.equal(verdict, (True, text.encode()), f"{preset}: what its library says of body {number}")
    run = send(binary, preset, wrong, folder / "body3", f"http://127.0.0.1:{receiver.port}/hook")
    report.equal(run.returncode, 1, f"send {preset} with another secret: exit code")
    report.equal(receiver.heard(len(texts) + 1)[len(texts) :], [(False, texts[3].encode())], f"{preset}: its library and another secret")


def through_the_gate(binary: Path, preset: str, folder: Path, report: Report) -> None:
    """What `send` signs, `run` accepts; with another secret it does not."""
    recorder = Recorder()
    signature = {"provider": preset, "secrets": [{"id": "one", "file": str(folder / "secret")}]}
    with Gate(binary, recorder.url, [route(preset.replace("_", "-"), "/hook", signature)]) as gate:
        url = f"http://{gate.address[0]}:{gate.address[1]}/hook"
        run = send(binary, preset, folder / "wrong", folder / "body3", url)
        report.equal((run.returncode, recorder.received), (1, 0), f"send {preset} through the gate, another secret")
        run = send(binary, preset, folder / "secret", folder / "body3", url)
        report.equal(run.returncode, 0, f"send {preset} through the gate: exit code ({run.stderr.strip()})")
        report.equal([seen.body for seen in recorder.requests], [(folder / "body3").read_bytes()], f"{preset}: the app's body")
        gate.stop()
    recorder.close()
