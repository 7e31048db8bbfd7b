"""Libraries that exist for Node only, asked through one process: `node_verdicts.mjs`."""

import base64
import json
import random
import subprocess
import threading
import time
import uuid
from pathlib import Path
from typing import Callable
from urllib.parse import parse_qsl, urlencode

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding

from body_libraries import HEX, OTHER_HEX
from forward import flip
from key_libraries import RAW, certificate, jwk_set, keyed, pem, rsa_key
from library import FORM, JSON, SECRET, Foreign, Library, Signed, json_bodies, settings
from origin import Page
from signers import SEED
from stalled import DEADLINE_S
from standard_libraries import STANDARD, SVIX, WHSEC


class Node:
    """One Node process: a question a line, an answer a line."""

    def __init__(self, folder: Path):
        command = ["node", str(folder / "node_verdicts.mjs")]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, **question) -> dict:
        watch = threading.Timer(DEADLINE_S, self.process.kill)
        watch.start()
        try:
            self.process.stdin.write(json.dumps(question) + "\n")
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())
        finally:
            watch.cancel()

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(DEADLINE_S)


    def verifies(self, library: str, secret: str, headers: dict[str, str], body: bytes, **more) -> bool:
        """The library's verdict. What is no text is nothing any of them can have signed."""
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return False
        told = self.ask(task="verify", library=library, secret=secret, headers=headers, body=text, **more)
        if "verified" not in told:
            raise ValueError(f"{library}: {told}")
        return told["verified"]

    def signs(self, library: str, **question) -> dict:
        told = self.ask(task="sign", library=library, **question)
        if "failed" in told:
            raise ValueError(f"{library}: {told}")
        return told


def linear_bodies(rng: random.Random) -> list[bytes]:
    """The time is a field of the body."""
    now = int(time.time() * 1000)
    whole = [{"type": "Issue", "webhookTimestamp": now, "t": "é" * rng.randrange(900)} for _ in range(6)]
    return [json.dumps(body, ensure_ascii=False).encode() for body in whole]


def room_bodies(rng: random.Random) -> list[bytes]:
    """Liveblocks reads only events it knows."""
    data = {"roomId": "room", "numActiveUsers": 1, "projectId": "p", "enteredAt": "2026-11-22T00:00:00.000Z"}
    drawn = [{"type": "userEntered", "data": {**data, "userId": f"é{rng.randrange(10**9)}"}} for _ in range(6)]
    return [json.dumps(body, ensure_ascii=False).encode() for body in drawn]


def node_libraries(node: Node) -> tuple[Library, ...]:
    def says(library: str, **more):
        return lambda secret, headers, body: node.verifies(library, secret, headers, body, **more)

    shop = (
        ("X-Shopify-Topic", "orders/create"), ("X-Shopify-Shop-Domain", "fake.myshopify.com"),
        ("X-Shopify-API-Version", "2026-10"), ("X-Shopify-Webhook-Id", "fake-1"),
    )
    contentful = ("x-contentful-signature", "x-contentful-signed-headers", "x-contentful-timestamp")
    return (
        Library("@sanity/webhook", "sanity", says("sanity"), ("sanity-webhook-signature",)),
        Library("@notionhq/client", "notion", says("notion"), ("x-notion-signature",)),
        Library("@linear/sdk", "linear", says("linear"), ("linear-signature",), bodies=linear_bodies),
        Library("@mux/mux-node", "mux", says("mux"), ("mux-signature",)),
        Library("@clerk/backend", "clerk", says("clerk"), SVIX, secret=WHSEC),
        Library("@seamapi/webhook", "seam", says("seam"), SVIX, secret=WHSEC),
        Library("@liveblocks/node", "liveblocks", says("liveblocks"), STANDARD, secret=WHSEC, bodies=room_bodies),
        Library("@shopify/shopify-api", "shopify", says("shopify"), ("x-shopify-hmac-sha256",), told=shop),
        Library(
            "@contentful/node-apps-toolkit", "contentful", says("contentful", target="/hook"), contentful, secret=HEX,
            other=OTHER_HEX, tolerance="60s", told=(("x-contentful-signed-headers", ",".join(contentful[1:])),),
        ),
        Library(
            "chargebee", "chargebee", says("chargebee"), ("authorization",), secret="hook:" + SECRET, body_bound=False
        ),
    )


# -- what the libraries sign, and what is signed with keys of the test


def notion_signs(node: Node) -> Foreign:
    deliveries = []
    for body in json_bodies(random.Random(SEED)):
        tag = node.signs("notion", secret=SECRET, body=body.decode())["headers"]["x-notion-signature"]
        deliveries.append(Signed((("Content-Type", JSON), ("X-Notion-Signature", tag)), ("X-Notion-Signature",), body))
    return Foreign(settings("notion", SECRET), deliveries)


def sanity_signs(node: Node) -> Foreign:
    deliveries, name = [], "sanity-webhook-signature"
    for body in json_bodies(random.Random(SEED)):
        tag = node.signs("sanity", secret=SECRET, body=body.decode())["headers"][name]
        deliveries.append(Signed((("Content-Type", JSON), (name, tag)), (name,), body))
    return Foreign(settings("sanity", SECRET), deliveries)


def contentful_signs(node: Node) -> Foreign:
    deliveries, given = [], {"content-type": JSON, "x-contentful-space-id": "fake-space"}
    for number, body in enumerate(json_bodies(random.Random(SEED))):
        target = "/hook" if number % 2 else f"/hook?a={number}&b=%2F"
        made = node.signs("contentful", secret=HEX, headers=given, body=body.decode(), target=target)["headers"]
        headers = tuple({**given, **made}.items())
        deliveries.append(Signed(headers, ("x-contentful-signature", "x-contentful-timestamp"), body, target=target))
    return Foreign(settings("contentful", HEX, tolerance="60s"), deliveries)


def atlassian_signs(node: Node) -> Foreign:
    deliveries = []
    for query in ("", "?a=1", "?b=2&a=x%20y", "?z=%C3%A9&z=1&user_id=admin&z=%2F", "?t=~-_.*!'()&e="):
        now, target = int(time.time()), f"/hook{query}"
        claims = {"iss": "client-key", "iat": now, "exp": now + 180}
        token = node.signs("atlassian", secret=SECRET, claims=claims, target=target)["token"]
        headers = (("Content-Type", JSON), ("Authorization", f"JWT {token}"))
        deliveries.append(Signed(headers, ("Authorization",), b"{}", body_bound=False, target=target))
    return Foreign(settings("atlassian_connect", SECRET, options={"iss": "client-key"}), deliveries)


def discord_keys(node: Node) -> Foreign:
    key, deliveries = ed25519.Ed25519PrivateKey.generate(), []
    public = key.public_key().public_bytes(*RAW).hex()
    names = ("X-Signature-Ed25519", "X-Signature-Timestamp")
    for body in json_bodies(random.Random(SEED)):
        at = str(int(time.time()))
        headers = (("Content-Type", JSON), (names[0], key.sign(at.encode() + body).hex()), (names[1], at))
        deliveries.append(Signed(headers, names, body))

    def verify(delivery: Signed) -> bool:
        return node.verifies("discord", public, delivery.by_name(), delivery.body)

    sender = keyed(key, ed25519.Ed25519PrivateKey.generate())
    return Foreign(settings("discord", public), deliveries, verify, sender)


def notifications(topic: str, version: str) -> list[dict]:
    """Messages of SNS that lack their signature."""
    made = []
    for number in range(6):
        message = {
            "Type": "Notification", "MessageId": str(uuid.uuid4()), "TopicArn": topic, "Message": f"é\n{number} \" \\",
            "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()), "SignatureVersion": version,
            "SigningCertURL": f"https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-fake{version}.pem",
        }
        made.append(message | ({"Subject": "told"} if number % 2 else {}))
    return made


def sns_keys(node: Node, variant: str) -> Foreign:
    """The text is put together as Amazon's page says; its library decides whether that is right."""
    key, topic, version = rsa_key(), "arn:aws:sns:eu-central-1:123456789012:fake", variant[1:]
    made, deliveries = certificate(key, "sns.amazonaws.com"), []
    fields = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
    through, other_version = (hashes.SHA256(), "1") if version == "2" else (hashes.SHA1(), "2")
    for message in notifications(topic, version):
        text = "".join(f"{name}\n{message[name]}\n" for name in fields if name in message)
        message["Signature"] = base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), through)).decode()
        others = {
            "another message": {"Message": "other"}, "another topic": {"TopicArn": topic + "2"},
            "an empty signature": {"Signature": ""}, "another version": {"SignatureVersion": other_version},
            "another type": {"Type": "SubscriptionConfirmation"}, "another subject": {"Subject": "other"},
            "another id": {"MessageId": "1"}, "another time": {"Timestamp": message["Timestamp"][:-5] + "001Z"},
        }
        bad = [(what, json.dumps({**message, **change}).encode()) for what, change in others.items()]
        bad.append(("no signature", json.dumps({k: v for k, v in message.items() if k != "Signature"}).encode()))
        body = json.dumps(message).encode()
        bad.append(("two messages", body[:-1] + b', "Message": "other"}'))
        headers = (("Content-Type", "text/plain; charset=UTF-8"), ("x-amz-sns-message-type", "Notification"))
        deliveries.append(Signed(headers, (), body, body_bound=False, bad_bodies=tuple(bad)))

    def verify(delivery: Signed) -> bool:
        return node.verifies("sns", made, {}, delivery.body)

    def unsigned(_rng: random.Random) -> list[bytes]:
        return [json.dumps(message).encode() for message in notifications(topic, version)]

    signature = settings("aws_sns", made, variant=variant, options={"topics": [topic]})
    return Foreign(signature, deliveries, verify, keyed(key, rsa_key(), bodies=unsigned, content_type="text/plain"))


def serialized(fields: dict[str, str]) -> bytes:
    """Sorted, and as PHP's `serialize` writes a map of texts."""
    def written(value: str) -> str:
        return f's:{len(value.encode())}:"{value}";'

    return f"a:{len(fields)}:{{{''.join(written(k) + written(v) for k, v in sorted(fields.items()))}}}".encode()


def paddle_classic_keys(node: Node) -> Foreign:
    """Not Paddle's own library, but the one that its users in Node verify with."""
    key, deliveries = rsa_key(), []
    public = pem(key)

    def fields(number: int) -> dict[str, str]:
        told = {"alert_id": str(number), "alert_name": "payment_succeeded", "customer_name": "Zoë é=&+ \"", "p_empty": ""}
        return told | ({"earnings": "1.50", "event_time": "2026-11-22 10:00:00"} if number % 2 else {})

    for number in range(6):
        told = fields(number)
        tag = base64.b64encode(key.sign(serialized(told), padding.PKCS1v15(), hashes.SHA1())).decode()

        def form(changed: dict[str, str]) -> bytes:
            return urlencode(changed).encode()

        others = {
            "another id": {**told, "alert_id": "9", "p_signature": tag}, "one field more": {**told, "x": "", "p_signature": tag},
            "another signature": {**told, "p_signature": flip(tag, 9)}, "an empty signature": {**told, "p_signature": ""},
            "another name": {**told, "customer_name": "Zoe", "p_signature": tag}, "another no signature": told,
        }
        bad = [(what, form(changed)) for what, changed in others.items()]
        body = form({"p_signature": tag, **told})
        bad.append(("two ids", body + b"&alert_id=9"))
        deliveries.append(Signed((("Content-Type", FORM),), (), body, body_bound=False, bad_bodies=tuple(bad)))

    def verify(delivery: Signed) -> bool:
        told = dict(parse_qsl(delivery.body.decode(), keep_blank_values=True))
        return "p_signature" in told and node.verifies("paddle_classic", public, told, b"")

    def unsigned(_rng: random.Random) -> list[bytes]:
        return [urlencode(fields(number)).encode() for number in range(6)]

    sender = keyed(key, rsa_key(), bodies=unsigned, content_type=FORM)
    return Foreign(settings("paddle_classic", public), deliveries, verify, sender)


def kinde_tokens(node: Node) -> Foreign:
    """The body is the token; the library fetches the keys from the tenant's domain, which here is ours."""
    key, deliveries = rsa_key(), []
    keys = jwk_set(key, "k1", "RS256")
    domain = Page(keys, "/.well-known/jwks.json")
    for number in range(6):
        claims = {"event_id": f"event_{number}", "type": "user.updated", "source": "admin", "data": {"n": number}}
        token = jwt.encode(claims, key, "RS256", {"kid": "k1"})
        head, claimed, tag = token.split(".")
        other = jwt.encode({**claims, "type": "user.deleted"}, SECRET, "HS256", {"kid": "k1"})
        bad = (
            ("another event", f"{head}.{other.split('.')[1]}.{tag}".encode()), ("no signature", f"{head}.{claimed}.".encode()),
            ("a shared secret", other.encode()), ("two tokens", f"{token} {token}".encode()),
            ("another signature", f"{head}.{claimed}.{flip(tag, 9)}".encode()),
        )
        headers = (("Content-Type", "application/jwt"),)
        deliveries.append(Signed(headers, (), token.encode(), body_bound=False, bad_bodies=bad))

    def verify(delivery: Signed) -> bool:
        return node.verifies("kinde", domain.url, {}, delivery.body)

    return Foreign(settings("kinde", keys), deliveries, verify)


def node_signing(node: Node) -> dict[str, Callable[[], Foreign]]:
    return {
        "@notionhq/client signs": lambda: notion_signs(node),
        "@sanity/webhook signs": lambda: sanity_signs(node),
        "@contentful/node-apps-toolkit signs": lambda: contentful_signs(node),
        "atlassian-jwt of Node": lambda: atlassian_signs(node),
        "discord-interactions": lambda: discord_keys(node),
        "sns-validator": lambda: sns_keys(node, "v2"),
        "sns-validator, the old version": lambda: sns_keys(node, "v1"),
        "verify-paddle-webhook": lambda: paddle_classic_keys(node),
        "@kinde/webhooks": lambda: kinde_tokens(node),
    }
