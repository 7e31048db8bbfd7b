"""Runs a program under callgrind and prints two numbers: instructions, and calls of the allocator.

    count.py OUTPUT PROGRAM ARGUMENT…
"""

import ctypes
import os
import re
import struct
import subprocess
import sys

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
PR_GET_AUXV = 0x41555856
ALLOCATOR = re.compile(r"(malloc|calloc|realloc|posix_memalign|aligned_alloc)(['@]|$)")


def refuse_auxv():
    """Makes the kernel refuse prctl(PR_GET_AUXV) from here on.

    rustix asks so where the vDSO lies. Valgrind does not map it and answers everyone else accordingly, but lets this
    call through; refused, rustix reads /proc/self/auxv, which Valgrind answers.
    """
    number = {"x86_64": 157, "aarch64": 167}[os.uname().machine]
    load, jump_if_equal, answer = 0x20, 0x15, 0x06
    steps = [
        (load, 0, 0, 0),  # the call's number
        (jump_if_equal, 0, 3, number),
        (load, 0, 0, 16),  # its first argument, low half
        (jump_if_equal, 0, 1, PR_GET_AUXV),
        (answer, 0, 0, 0x00050000 | 22),  # EINVAL, as a kernel says that does not know it
        (answer, 0, 0, 0x7FFF0000),  # allowed
    ]
    code = b"".join(struct.pack("=HBBI", *step) for step in steps)
    buffer = ctypes.create_string_buffer(code)
    program = struct.pack("@HP", len(steps), ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(
        PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.create_string_buffer(program), 0, 0
    ):
        raise OSError(ctypes.get_errno(), "no filter of system calls")


def counted(path):
    # A call is two lines: `cfn=(id) name`, `calls=COUNT …`; a name stands once, its id always.
    names, instructions, allocations, callee = {}, 0, 0, ""
    with open(path, errors="replace") as lines:
        for line in lines:
            if found := re.match(r"(c?)fn=\((\d+)\)(?: (.*))?", line):
                names.setdefault(found[2], found[3] or "")
                if found[1]:
                    callee = names[found[2]]
            elif line.startswith("calls="):
                if ALLOCATOR.match(callee):
                    allocations += int(line[6:].split()[0])
            elif line.startswith("totals:"):
                instructions = int(line.split()[1])
    return instructions, allocations


def main():
    out, *command = sys.argv[1:]
    valgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", f"--log-file={out}.log"]
    if subprocess.run(valgrind + command, preexec_fn=refuse_auxv).returncode != 0:
        sys.exit(open(out + ".log").read())
    print(*counted(out))


if __name__ == "__main__":
    main()
