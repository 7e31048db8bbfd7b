"""Where the instructions of a request go, in the program as it is released: the gate under callgrind with first-level caches
of 32 KiB, asked over sixteen connections at once.

    profile.py PROGRAM [pass|keyed|signed]…

The program needs its names: RUSTFLAGS=-Cstrip=none release/build. What was inlined counts where it was put: the listener's
share has in it much of what reads a head into names and values. Locked instructions, which wait for memory as some twenty
others do, are counted beside. The kernel's work is not seen.
"""

import hashlib
import hmac
import os
import re
import signal
import subprocess
import sys
import tempfile

import count
import growth

AT_ONCE, ROUNDS = 16, 100
KEYS = [growth.key(number) for number in range(10)]
SECRET = "not-a-secret-only-for-measuring-0123456789"
BODY = bytes(index * 31 % 251 for index in range(4_059))
# In this order; the runtime's loop is inlined into what starts its thread.
GROUPS = [
    ("memory copied, compared", re.compile(r"mem(cpy|move|set|cmp)|bcmp")),
    ("hash", re.compile(r"aws_lc|sha256|SHA256|HMAC|fearless_simd")),
    ("allocator", re.compile(r"^_?mi_|malloc|^free")),
    ("listen, exchange", re.compile(r"sidegate::(listen|exchange|snapshot)")),
    ("identify", re.compile(r"sidegate::identify")),
    ("check, state, scheme", re.compile(r"sidegate::(check|state|scheme)|subtle")),
    ("forward", re.compile(r"sidegate::forward")),
    ("observe", re.compile(r"sidegate::observe")),
    ("runtime", re.compile(r"tokio|mio::|__rust_begin_short_backtrace|epoll")),
]


def rules(scenario):
    if scenario == "pass":
        return "routes: [{ name: site, path_prefix: /, public: true }]\n"
    if scenario == "signed":
        return (
            "routes: [{ name: hook, path: /, methods: [POST], "
            f"signature: {{ provider: github, secrets: [{{ id: a, value: {SECRET} }}], replay: off }} }}]\n"
        )
    networks = ", ".join([f"10.{number}.0.0/16" for number in range(51)] + ["127.0.0.0/8"])
    keys = "".join(f"  caller{number}: {key}\n" for number, key in enumerate(KEYS))
    limit = "{ name: quota, limit: 600000000, window: 1m, by: [api_key] }"
    return (
        f"security: {{ ip_allowlist: [{networks}] }}\napi_keys:\n keys:\n{keys}"
        f"routes: [{{ name: api, path_prefix: /, api_key: {{}}, rate_limits: [{limit}] }}]\n"
    )


def request(scenario, turn):
    method, more, body = "GET", "", b""
    if scenario == "keyed":
        more = f"X-API-Key: {KEYS[turn % len(KEYS)]}\r\n"
    if scenario == "signed":
        method, body = "POST", BODY
        tag = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        more = f"X-Hub-Signature-256: sha256={tag}\r\nContent-Length: {len(body)}\r\n"
    head = f"{method} / HTTP/1.1\r\nHost: app.example.com\r\nUser-Agent: way/1\r\nAccept: */*\r\n{more}\r\n"
    return head.encode() + body


def serve(stream):
    """An app that takes a whole request before it answers."""
    taken = b""
    with stream:
        while more := stream.recv(65_536):
            taken += more
            head, end, body = taken.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            if end and len(body) >= (int(length[1]) if length else 0):
                taken = b""
                stream.sendall(growth.ANSWER)


def ask(streams, scenario, rounds):
    for turn in range(rounds):
        for stream in streams:
            stream.sendall(request(scenario, turn))
        for stream in streams:
            growth.expect_good(stream)


def group(function):
    return next((name for name, pattern in GROUPS if pattern.search(function)), "the rest")


def locked_in(program):
    """Addresses of the instructions that hold a line of memory for themselves; `None` where they cannot be told."""
    if os.uname().machine != "x86_64":
        return None
    listing = subprocess.run(["objdump", "-d", "--no-show-raw-insn", program], capture_output=True, text=True, check=True)
    pattern = re.compile(r"^ *([0-9a-f]+):\s+(?:lock |xchg .*\()", re.M)
    return {int(address, 16) for address in pattern.findall(listing.stdout)}


def loaded_at(gate, program):
    """Where the program begins in memory."""
    with open(f"/proc/{gate.pid}/maps") as maps:
        begins = [line for line in maps if line.rstrip().endswith(program) and line.split()[2] == "00000000"]
    return int(begins[0].split("-")[0], 16)


def spent(path, program, base, locked):
    """Instructions, misses of code and locked instructions, by group. A line of costs belongs to the function named last;
    its address may be told by how far it is from the line before, and counts from the program's beginning, or, where
    valgrind did not know whose it was, from that of memory."""
    names, found, objects, function, called, address, known = {}, {}, {}, "", False, 0, True
    with open(path, errors="replace") as lines:
        for line in lines:
            if named := re.match(r"(c?)fn=\((\d+)\)(?: (.*))?", line):
                text = names.setdefault(named[2], named[3] or "")
                function = function if named[1] else text
            elif named := re.match(r"(c?)ob=\((\d+)\)(?: (.*))?", line):
                text = objects.setdefault(named[2], named[3] or "")
                known = known if named[1] else text
            elif line.startswith("calls="):
                called = True
            elif re.match(r"[0-9+*-]", line):
                at, _, *costs = line.split()
                address = address if at == "*" else int(at, 0) + (address if at[0] in "+-" else 0)
                if not called:
                    costs = [int(cost) for cost in costs] + [0] * 4
                    place = address - base if known == "???" else address if known == program else None
                    for index, cost in enumerate([costs[0], costs[3], costs[0] if place in (locked or ()) else 0]):
                        found.setdefault(group(function), [0, 0, 0])[index] += cost
                called = False
    return found


def profile(program, locked, scenario):
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/sidegate.yaml", "w") as out:
            out.write(
                f"version: 1\nlisten: 127.0.0.1:{growth.PORT}\nupstream: http://127.0.0.1:{growth.app(serve)}\nops: 127.0.0.1:0\n"
                "admin: 'off'\nworkers: 1\ntelemetry: { log: { level: warning }, audit: off }\n" + rules(scenario)
            )
        command = ["valgrind", "--tool=callgrind", "--instr-atstart=no", "--dump-instr=yes", *growth.CACHES]
        command += [f"--callgrind-out-file={folder}/out", f"--log-file={folder}/log", program]
        gate = subprocess.Popen([*command, "run", "--config", f"{folder}/sidegate.yaml"], preexec_fn=count.refuse_auxv)
        streams = []
        try:
            streams = [growth.connect(gate) for _ in range(AT_ONCE)]
            ask(streams, scenario, 10)
            growth.settle(gate)
            growth.control(gate, "-i", "on")
            ask(streams, scenario, 20)
            growth.control(gate, "-z")
            ask(streams, scenario, ROUNDS)
            growth.control(gate, "-d")
            base = loaded_at(gate, program)
        finally:
            for stream in streams:
                stream.close()
            gate.send_signal(signal.SIGTERM)
            gate.wait(60)
        return spent(f"{folder}/out.1", program, base, locked)


def main():
    program, *scenarios = sys.argv[1:]
    program = os.path.realpath(program)
    locked, requests = locked_in(program), AT_ONCE * ROUNDS
    for scenario in scenarios or ["pass", "keyed", "signed"]:
        found = profile(program, locked, scenario)
        if "forward" not in found:
            sys.exit("the program has no names: RUSTFLAGS=-Cstrip=none release/build")
        whole = [sum(costs[index] for costs in found.values()) for index in range(3)]
        print(f"\n{scenario:25} {'instructions':>12} {'share':>7} {'code misses':>12}{'' if locked is None else '   locked'}")
        for name, costs in sorted(found.items(), key=lambda item: -item[1][0]):
            if costs[0] >= whole[0] / 200:
                tell(name, costs if locked else costs[:2], whole[0], requests)
        tell("all", whole if locked else whole[:2], whole[0], requests)


def tell(name, costs, whole, requests):
    instructions, misses, *locked = (cost / requests for cost in costs)
    more = "".join(f" {cost:8.1f}" for cost in locked)
    print(f"{name:25} {instructions:12.0f} {costs[0] / whole:7.1%} {misses:12.1f}{more}", flush=True)


if __name__ == "__main__":
    main()
