"""Starts the real binary with a config of its own, finds its ports in its log, and stops it."""

import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from stalled import DEADLINE_S


class GateFailed(Exception):
    pass


def words(value) -> str:
    """A value as YAML: JSON is YAML, and quotes what needs quoting."""
    return json.dumps(value, ensure_ascii=False)


def route(name: str, path: str, signature: dict) -> dict:
    return {"name": name, "path": path, "methods": ["POST"], "signature": signature}


def config(upstream: str, routes: list[dict], audit: Path, more: dict) -> str:
    """No limits per client: one address sends everything here. `more` are further keys, or others in their place."""
    settings = {
        "version": 1,
        "listen": "127.0.0.1:0",
        "ops": "127.0.0.1:0",
        "admin": "off",
        "upstream": upstream,
        "operational": {"rate_limiting_enabled": False},
        "limits": {"failures": 0},
        "telemetry": {"log": {"level": "info", "format": "json"}, "audit": {"file": str(audit)}},
        "routes": routes,
    } | more
    return "".join(f"{key}: {words(value)}\n" for key, value in settings.items())


def clock(at: int) -> dict[str, str]:
    """The wall clock stands still at `at`; deadlines and file times stay real.

    The library is loaded without its wrapper program, which would stand between us and the gate's signals.
    """
    library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
    if library is None:
        raise GateFailed("libfaketime is not installed; tests/run installs the Debian package `faketime`")
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at)),
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
        "TZ": "UTC",
    }


class Gate:
    """One running gate. `at` fixes its wall clock (seconds since 1970) from outside, by libfaketime; `more` are keys of
    its configuration."""

    def __init__(self, binary: Path, upstream: str, routes: list[dict], at: int | None = None, more: dict | None = None):
        self.folder = tempfile.TemporaryDirectory(prefix="sidegate-oracle-")
        self.audit_file = Path(self.folder.name) / "audit.jsonl"
        self.file = Path(self.folder.name) / "sidegate.yaml"
        self.file.write_text(config(upstream, routes, self.audit_file, more or {}), encoding="utf-8")
        command = [str(binary), "run", "--config", str(self.file)]
        environment = dict(os.environ)
        if at is not None:
            environment |= clock(at)
        self.output: list[str] = []
        self.ports: dict[str, tuple[str, int]] = {}
        self.ready = threading.Event()
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
        )
        threading.Thread(target=self.read, daemon=True).start()
        if not self.ready.wait(DEADLINE_S):
            self.process.kill()
            raise GateFailed("the gate did not listen:\n" + "".join(self.output) + self.file.read_text())

    @property
    def address(self) -> tuple[str, int]:
        return self.ports["data"]

    def read(self) -> None:
        for line in self.process.stdout:
            self.output.append(line)
            self.note(line)
        self.ready.set()

    def note(self, line: str) -> None:
        try:
            event = json.loads(line)
        except ValueError:
            return
        event = {**event, **event.get("fields", {})}
        if event.get("message") == "listening":
            host, port = event["address"].rsplit(":", 1)
            self.ports[event["port"]] = (host, int(port))
            if "data" in self.ports:
                self.ready.set()

    def stop(self) -> list[dict]:
        """Asks it to end; the audit records it wrote. Anything but a clean exit is a failure."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(DEADLINE_S + 20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise GateFailed("the gate did not end after SIGTERM:\n" + self.tail()) from None
        if code != 0:
            raise GateFailed(f"the gate ended with {code}:\n" + self.tail())
        text = self.audit_file.read_text(encoding="utf-8") if self.audit_file.exists() else ""
        self.written = "".join(self.output) + text
        self.folder.cleanup()
        return [json.loads(line) for line in text.splitlines()]

    def tail(self) -> str:
        return "".join(self.output[-40:])

    def __enter__(self) -> "Gate":
        return self

    def __exit__(self, *failure) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(DEADLINE_S)
