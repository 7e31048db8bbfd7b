"""Runs the oracle suites against a built gate: `run.py --gate PATH --node FOLDER [SUITE …]`."""

import argparse
import sys
import time
import traceback
from functools import partial
from pathlib import Path

import signers
from forward import Suite
from libraries import libraries
from published import published
from sending import sending

FORWARD = ("github", "stripe", "slack", "standard_webhooks")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gate", type=Path, required=True, help="the sidegate binary")
    parser.add_argument("--node", type=Path, required=True, help="folder with the npm packages and the .mjs programs")
    parser.add_argument("suites", nargs="*", help="default: all")
    options = parser.parse_args()
    binary = options.gate.resolve()

    suites = {}
    for name in FORWARD:
        def forward(name=name) -> bool:
            sign = getattr(signers, name)
            return Suite(binary, partial(sign, options.node) if name == "github" else sign).run()

        suites[name] = forward
    suites["published"] = lambda: published(binary)
    suites["libraries"] = lambda: libraries(binary, options.node)
    suites["sending"] = lambda: sending(binary, options.node)

    chosen = options.suites or list(suites)
    fine = True
    for name in chosen:
        started = time.monotonic()
        try:
            fine &= suites[name]()
        except Exception:  # one suite that breaks must not hide the others
            traceback.print_exc()
            print(f"oracle-{name}: 0 passed, 1 failed", flush=True)
            fine = False
        print(f"  ({name} took {time.monotonic() - started:.1f} s)", flush=True)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
