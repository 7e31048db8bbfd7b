#!/usr/bin/env python3
"""Reads what `llvm-profdata show --all-functions --counts` says and prints the functions that ran, the busiest first, one
linker symbol a line. The linker lays them out in this order: the kernel maps a program in pieces of 64 KiB, and where what
runs stands together few of them are taken.

  llvm-profdata show --all-functions --counts FILE | release/order.py
"""

import re
import sys


def counts(lines):
    """Each function's name and the largest count of any of its blocks."""
    name = None
    for line in lines:
        if found := re.fullmatch(r"  (\S.*):\n", line):
            # One of a single object file is named with it.
            name = found[1].rsplit(";", 1)[-1].rsplit(":", 1)[-1]
        elif name and (found := re.search(r"(?:Block counts|Function count): \[?([\d, ]+)", line)):
            yield name, max((int(count) for count in found[1].split(",") if count.strip()), default=0)


def main():
    most = {}
    for name, count in counts(sys.stdin):
        most[name] = max(count, most.get(name, 0))
    ran = sorted((-count, name) for name, count in most.items() if count)
    if not ran:
        sys.exit("order.py: nothing ran")
    for _, name in ran:
        print(name)


main()
