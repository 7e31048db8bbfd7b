"""What many rules cost a request in cache misses: the gate itself under callgrind, with ten of each and with all of
`benches/peers/growth.rs`. Counts repeat where times do not.

    growth.py PROGRAM [REQUESTS]

Prints for each size: instructions; lines of code, and reads and writes, that miss first-level caches of 32 KiB each; and
reads and writes that miss a core's own 1 MiB behind them. The program may be stripped. Requests are those of the bench,
one after the other.
"""

import hashlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import count

PORT = 24_681
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n"
SIZES = {"ten of each": (10, 10, 10), "all": (10_000, 1_000_000, 100_000)}
KEYS_PER_FILE = 25_000
CACHES = ["--cache-sim=yes", "--I1=32768,8,64", "--D1=32768,8,64", "--LL=1048576,16,64"]


def key(number):
    return f"key-{number:08}-3f9d2c71b6a84e05"


def address(number):
    return ".".join(str(0x14000000 + number * 256 >> shift & 255) for shift in (24, 16, 8, 0))


def write_rules(folder, app, routes, networks, keys):
    files = []
    for first in range(0, keys, KEYS_PER_FILE):
        files.append(f"keys-{first}.yaml")
        with open(f"{folder}/{files[-1]}", "w") as out:
            out.write("keys:\n")
            for number in range(first, min(keys, first + KEYS_PER_FILE)):
                digest = hashlib.sha256(key(number).encode()).hexdigest()
                out.write(f'- {{ id: k{number}, hash: "sha256:{digest}" }}\n')
    with open(f"{folder}/denied.txt", "w") as out:
        out.writelines(f"{address(number)}/25\n" for number in range(networks))
    with open(f"{folder}/sidegate.yaml", "w") as out:
        out.write(
            f"version: 1\nlisten: 127.0.0.1:{PORT}\nupstream: http://127.0.0.1:{app}\nops: 127.0.0.1:0\n"
            "admin: 'off'\nworkers: 1\n"
            "security: { trusted_proxies: [127.0.0.0/8], ip_denylist: { file: denied.txt } }\n"
            "operational: { rate_limit_per_minute: 600000000 }\n"
            "telemetry: { log: { level: warning }, audit: off }\n"
            f"api_keys: {{ files: [{', '.join(files)}] }}\nroutes:\n"
        )
        out.writelines(f"- {{ name: r{route}, path: /r/{route}, api_key: {{}} }}\n" for route in range(routes))


def request(turn, routes, networks, keys):
    caller = address(turn * 1_299_709 % networks).rsplit(".", 1)[0] + ".200"
    head = f"GET /r/{turn * 7_919 % routes} HTTP/1.1\r\nHost: app.example.com\r\nUser-Agent: way/1\r\nAccept: */*\r\n"
    return f"{head}X-API-Key: {key(turn * 104_729 % keys)}\r\nX-Forwarded-For: {caller}\r\n\r\n".encode()


def serve(stream):
    with stream:
        while stream.recv(65_536):
            stream.sendall(ANSWER)


def app(serving=serve):
    listener = socket.create_server(("127.0.0.1", 0))

    def accept():
        while True:
            threading.Thread(target=serving, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def connect(gate):
    for _ in range(6_000):
        if gate.poll() is not None:
            sys.exit("the gate ended")
        try:
            return socket.create_connection(("127.0.0.1", PORT))
        except ConnectionRefusedError:
            time.sleep(0.05)
    sys.exit("the gate does not listen")


def expect_good(stream):
    """Takes the app's whole answer; any other ends the count."""
    answer = b""
    while not answer.endswith(b"\r\n\r\nok\n"):
        more = stream.recv(65_536)
        if not more or not (answer + more).startswith(b"HTTP/1.1 200 "):
            sys.exit(f"a good request was answered {answer + more!r}")
        answer += more


def ask(stream, turns, size):
    for turn in turns:
        stream.sendall(request(turn, *size))
        expect_good(stream)


def settle(gate):
    """Waits until it rests: what it still does after the start would be counted too."""
    spent, since = -1, 0
    while since < 4:
        with open(f"/proc/{gate.pid}/stat") as stat:
            now = sum(map(int, stat.read().rsplit(")", 1)[1].split()[11:13]))
        since = since + 1 if now - spent <= 2 else 0
        spent = now
        time.sleep(0.5)


def control(gate, *what):
    subprocess.run(["callgrind_control", *what, str(gate.pid)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def measure(program, requests, size):
    with tempfile.TemporaryDirectory() as folder:
        write_rules(folder, app(), *size)
        out = f"{folder}/out"
        command = ["valgrind", "--tool=callgrind", "--instr-atstart=no", *CACHES, f"--callgrind-out-file={out}"]
        command += [f"--log-file={folder}/log", program, "run", "--config", f"{folder}/sidegate.yaml"]
        gate = subprocess.Popen(command, preexec_fn=count.refuse_auxv)
        try:
            with connect(gate) as stream:
                ask(stream, range(100), size)
                settle(gate)
                control(gate, "-i", "on")
                # The caches fill; what each request then misses is its own.
                ask(stream, range(100, 1_100), size)
                control(gate, "-z")
                ask(stream, range(1_100, 1_100 + requests), size)
                control(gate, "-d")
        finally:
            gate.send_signal(signal.SIGTERM)
            gate.wait(60)
        return totals(f"{out}.1")


def totals(path):
    with open(path, errors="replace") as lines:
        text = lines.read()
    names = re.search(r"^events: (.*)$", text, re.M)[1].split()
    numbers = re.search(r"^(?:totals|summary): (.*)$", text, re.M)[1].split()
    return dict(zip(names, map(int, numbers + ["0"] * (len(names) - len(numbers)))))


def main():
    program = os.path.abspath(sys.argv[1])
    requests = int(sys.argv[2]) if len(sys.argv) > 2 else 3_000
    print(f"{'a request':12} {'instructions':>12} {'I1 misses':>10} {'D1 misses':>10} {'1 MiB misses':>13}")
    for label, size in SIZES.items():
        found = measure(program, requests, size)
        first = found["D1mr"] + found["D1mw"]
        second = found["DLmr"] + found["DLmw"]
        counts = [found["I1mr"], first, second]
        rest = " ".join(f"{n / requests:{width}.1f}" for n, width in zip(counts, (10, 10, 13)))
        print(f"{label:12} {found['Ir'] / requests:12.0f} {rest}", flush=True)


if __name__ == "__main__":
    main()
