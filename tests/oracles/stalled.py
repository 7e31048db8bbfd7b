"""Runs one command that must end, and says where it stood when it did not."""

import os
import subprocess
import sys
import traceback
from pathlib import Path

# Longer than any wait of the gate's own commands (30 s): theirs ends first and names the step.
DEADLINE_S = 90


class Stalled(Exception):
    """What did not end, and what the machine knew about it then."""


def ended(command: list[str], port: int) -> subprocess.CompletedProcess:
    """What `command`, which speaks to the loopback port `port`, printed and how it ended.

    Raises `Stalled` when it does not end.
    """
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            out, problem = process.communicate(timeout=DEADLINE_S)
        except subprocess.TimeoutExpired:
            seen = standing(process.pid, port)
            process.kill()
            raise Stalled(f"{' '.join(command[1:4])} did not end within {DEADLINE_S} s\n{seen}") from None
    return subprocess.CompletedProcess(command, process.returncode, out, problem)


def standing(pid: int, port: int) -> str:
    """Where the process waits, what the kernel holds for its port, and where every thread of ours is."""
    told = [f"process {pid}: {word(pid, 'wchan')}; system call {word(pid, 'syscall')}; state {word(pid, 'stat')}"]
    told += [f"tcp {line}" for line in connections(port)]
    for thread, frame in sys._current_frames().items():
        told.append(f"thread {thread}:\n{''.join(traceback.format_stack(frame)[-6:])}")
    told.append(f"load {' '.join(map(str, os.getloadavg()))}")
    return "\n".join(told)


def word(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text().strip() or "-"
    except OSError as problem:
        return f"({problem.strerror})"


def connections(port: int) -> list[str]:
    """The kernel's lines for connections from or to that port: addresses, state, both queues, timers."""
    wanted = f":{port:04X}"
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return [line.strip() for line in lines if any(field.endswith(wanted) for field in line.split()[1:3])]
