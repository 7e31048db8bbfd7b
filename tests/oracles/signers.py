"""The providers' own libraries, signing and verifying. Nothing here computes a signature by itself."""

import base64
import json
import os
import random
import string
import subprocess
import time
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from slack_sdk.signature import SignatureVerifier
from standardwebhooks import Webhook, WebhookVerificationError
from stripe import SignatureVerificationError, WebhookSignature

SEED = 20261121
BODIES = 60


@dataclass(frozen=True)
class Delivery:
    """One signed webhook; `signed` names the headers the verdict rests on."""

    name: str
    headers: tuple[tuple[str, str], ...]
    signed: tuple[str, ...]
    body: bytes

    def with_header(self, name: str, value: str) -> "Delivery":
        headers = tuple((key, value if key == name else old) for key, old in self.headers)
        return replace(self, headers=headers)

    def header(self, name: str) -> str:
        return next(value for key, value in self.headers if key == name)


@dataclass(frozen=True)
class Provider:
    """A preset of the gate, the secrets a route gets, and who signs for it."""

    preset: str
    secrets: tuple[str, ...]
    # Whether the signed message carries a time or an id, so that a second copy is recognised.
    stamped: bool

    @property
    def path(self) -> str:
        return f"/anything/{self.preset}"

    def signature(self) -> dict:
        secrets = [{"id": f"s{number}", "value": value} for number, value in enumerate(self.secrets)]
        return {"provider": self.preset, "secrets": secrets}


def bodies(rng: random.Random) -> list[str]:
    """Texts that a careless reader would change on the way."""
    awkward = [
        "", " ", "\n", "{}", '{"a":1}\n', '{ "a" : 1 , "a" : 2 }', "\r\n\r\n", "a=1&b=%2F%00&c=+", "\u0000", "\ufeff{}",
        "é", "e\u0301", "😀" * 10, "\u2028", '{"x":"\\u00e9"}', "0\r\n\r\nPOST / HTTP/1.1\r\n\r\n", "%", "a" * 65536,
        '{"n":1e400,"big":123456789012345678901234567890}', "x" * 1_000_000,
    ]
    alphabet = string.printable + "äöü€漢字😀\u0000\u200b"
    drawn = ["".join(rng.choices(alphabet, k=rng.randrange(1, 5000))) for _ in range(BODIES - len(awkward))]
    return awkward + drawn



def signing_time(number: int) -> int:
    """When a delivery is signed, Unix seconds: some senders' clocks are a little ahead."""
    return int(time.time()) + number % 3


def github(node: Path) -> tuple[Provider, list[Delivery]]:
    provider = Provider("github", ("It's a Secret to Everybody", "another-secret-of-github"), stamped=False)
    environment = {**os.environ, "ORACLE_SECRETS": json.dumps(provider.secrets)}
    run = subprocess.run(["node", str(node / "sign_github.mjs")], env=environment, capture_output=True, check=True)
    deliveries = []
    for line in run.stdout.decode().splitlines():
        event = json.loads(line)
        headers = tuple((name, value) for name, value in event["headers"])
        deliveries.append(Delivery(event["name"], headers, ("X-Hub-Signature-256",), event["body"].encode()))
    return provider, deliveries


def stripe() -> tuple[Provider, list[Delivery]]:
    provider = Provider("stripe", ("whsec_9XvLZ6rWbq0uPz1y", "whsec_older_than_the_other"), stamped=True)
    deliveries = []
    for number, body in enumerate(bodies(random.Random(SEED))):
        secret = provider.secrets[number % 2]
        at = signing_time(number)
        header = WebhookSignature.generate_signature_header(body, secret, at)
        deliveries.append(delivery(f"stripe/{number}", [("Stripe-Signature", header)], body))
    return provider, deliveries


def slack() -> tuple[Provider, list[Delivery]]:
    provider = Provider("slack", ("8f742231b10e8888abcd99yyyzzz85a5", "0123456789abcdef0123456789abcdef"), stamped=True)
    deliveries = []
    for number, body in enumerate(bodies(random.Random(SEED + 1))):
        at = str(signing_time(number))
        signature = SignatureVerifier(provider.secrets[number % 2]).generate_signature(timestamp=at, body=body)
        signed = [("X-Slack-Request-Timestamp", at), ("X-Slack-Signature", signature)]
        deliveries.append(delivery(f"slack/{number}", signed, body))
    return provider, deliveries


def standard_webhooks() -> tuple[Provider, list[Delivery]]:
    rng = random.Random(SEED + 2)
    drawn = tuple("whsec_" + base64.b64encode(rng.randbytes(length)).decode() for length in (24, 64))
    provider = Provider("standard_webhooks", drawn, stamped=True)
    deliveries = []
    for number, body in enumerate(bodies(rng)):
        at = datetime.fromtimestamp(signing_time(number), timezone.utc)
        signer, other = Webhook(drawn[number % 2]), Webhook(drawn[1 - number % 2])
        identity = f"msg_{number}_{rng.randrange(10**12)}"
        signatures = [signer.sign(identity, at, body)]
        if number % 5 == 0:
            # A provider in the middle of a rotation sends both.
            signatures.insert(0, other.sign(identity, at, body + "?"))
        signed = [
            ("webhook-id", identity),
            ("webhook-timestamp", str(int(at.timestamp()))),
            ("webhook-signature", " ".join(signatures)),
        ]
        deliveries.append(delivery(f"standard_webhooks/{number}", signed, body))
    return provider, deliveries


def delivery(name: str, signed: list[tuple[str, str]], body: str) -> Delivery:
    headers = [("User-Agent", "oracle/1"), ("Content-Type", "application/json"), *signed]
    return Delivery(name, tuple(headers), tuple(key for key, _ in signed), body.encode())


def verifies(preset: str, secret: str, headers: dict[str, str], body: bytes) -> bool:
    """What the provider's own library says about a delivery; `headers` has lower-case names."""
    try:
        match preset:
            case "stripe":
                return WebhookSignature.verify_header(body, headers.get("stripe-signature"), secret, 300)
            case "slack":
                return SignatureVerifier(secret).is_valid_request(body, headers)
            case "standard_webhooks":
                Webhook(secret).verify(body, headers, json_parse=False)
                return True
    except (SignatureVerificationError, WebhookVerificationError):
        return False
    raise ValueError(preset)
