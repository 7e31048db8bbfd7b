"""Counts what passed and what did not, and says so on one plain line per suite."""

import threading


class Report:
    def __init__(self, name: str):
        self.name, self.passed, self.failures = name, 0, []
        self.lock = threading.Lock()

    def check(self, holds: bool, what: str) -> bool:
        """Counts one claim; `what` says which one, and what was seen instead."""
        with self.lock:
            if holds:
                self.passed += 1
            else:
                self.failures.append(what)
        return holds

    def equal(self, seen, expected, what: str) -> bool:
        return self.check(seen == expected, f"{what}: expected {shorten(expected)}, saw {shorten(seen)}")

    def close(self) -> bool:
        for failure in self.failures[:20]:
            print(f"  FAILED {self.name}: {failure}")
        if len(self.failures) > 20:
            print(f"  … and {len(self.failures) - 20} more")
        print(f"{self.name}: {self.passed} passed, {len(self.failures)} failed", flush=True)
        return not self.failures


def shorten(value) -> str:
    text = repr(value)
    return text if len(text) < 300 else f"{text[:200]}… ({len(text)} characters)"
