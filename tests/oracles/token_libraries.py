"""Libraries that verify the JSON Web Tokens of their provider. Each is made with PyJWT or by the library itself."""

import base64
import hashlib
import hmac
import json
import random
import time
import uuid
from typing import Callable

import atlassian_jwt
import google.auth.exceptions
import jwt
import messagebird.error
import qstash.errors
import vonage_jwt
from google.oauth2 import id_token
from livekit.api import AccessToken, TokenVerifier, WebhookReceiver
from messagebird.request_validator import RequestValidator as MessageBird
from qstash import Receiver as QStash

from key_libraries import certificate, jwk_set, keyed, rsa_key
from library import HOST, JSON, SECRET, URL, Foreign, Sender, Signed, json_bodies, raises, settings
from signers import SEED


OTHER = "another-secret-of-thirty-two-by!"


def digest_of(body: bytes, form: str) -> str:
    """SHA-256 as hexadecimal, as base64, or as base64 for URLs without padding."""
    raw = hashlib.sha256(body).digest()
    match form:
        case "hex":
            return raw.hex()
        case "base64":
            return base64.b64encode(raw).decode()
        case "base64url":
            return base64.urlsafe_b64encode(raw).decode().rstrip("=")
    raise ValueError(form)


def hmac_hex(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def carried(name: str, prefix: str, token: Callable[[bytes], str], bodies: list[bytes], **more) -> list[Signed]:
    """Each body with a token of its own in that header."""
    found = []
    for body in bodies:
        headers = (("Content-Type", JSON), (name, prefix + token(body)))
        found.append(Signed(headers, (name,), body, **more))
    return found


def messagebird_tokens() -> Foreign:
    def token(body: bytes) -> str:
        now, url = int(time.time()), hashlib.sha256(URL.encode()).hexdigest()
        claims = {"iss": "MessageBird", "nbf": now, "exp": now + 60, "jti": str(uuid.uuid4()), "url_hash": url}
        return jwt.encode({**claims, "payload_hash": digest_of(body, "hex")}, SECRET, "HS256")

    def verify(delivery: Signed) -> bool:
        signature = delivery.header("MessageBird-Signature-JWT")
        judge = raises(messagebird.error.ValidationError)
        return judge(lambda: MessageBird(SECRET).validate_signature(signature, URL, delivery.body))

    deliveries = carried("MessageBird-Signature-JWT", "", token, json_bodies(random.Random(SEED)))
    return Foreign(settings("messagebird", SECRET, public_url=URL), deliveries, verify, Sender(SECRET, OTHER))


def livekit_signs() -> Foreign:
    def token(body: bytes) -> str:
        return AccessToken("APIfake", SECRET).with_sha256(digest_of(body, "base64")).to_jwt()

    def verify(delivery: Signed) -> bool:
        receiver = WebhookReceiver(TokenVerifier("APIfake", SECRET))
        return raises(Exception)(lambda: bool(receiver.receive(delivery.body.decode(), delivery.header("Authorization"))))

    def rooms(_rng: random.Random) -> list[bytes]:
        return [json.dumps({"event": "room_started", "id": f"EV_{number}é"}).encode() for number in range(6)]

    deliveries = carried("Authorization", "", token, rooms(random.Random(SEED)))
    signature = settings("livekit", SECRET, options={"iss": "APIfake"})
    return Foreign(signature, deliveries, verify, Sender(SECRET, OTHER, bodies=rooms))


def qstash_tokens() -> Foreign:
    def token(body: bytes) -> str:
        now = int(time.time())
        claims = {"iss": "Upstash", "sub": URL, "nbf": now, "exp": now + 300, "iat": now, "jti": str(uuid.uuid4())}
        return jwt.encode({**claims, "body": digest_of(body, "base64url")}, SECRET, "HS256")

    def verify(delivery: Signed) -> bool:
        receiver = QStash(current_signing_key=SECRET[::-1], next_signing_key=SECRET)
        told = {"signature": delivery.header("Upstash-Signature"), "body": delivery.body.decode(), "url": URL}
        return raises(qstash.errors.SignatureError)(lambda: receiver.verify(**told))

    deliveries = carried("Upstash-Signature", "", token, json_bodies(random.Random(SEED)))
    return Foreign(settings("qstash", SECRET, public_url=URL), deliveries, verify, Sender(SECRET, OTHER))


def atlassian_signs() -> Foreign:
    class Addon(atlassian_jwt.Authenticator):
        def get_shared_secret(self, client_key):
            return SECRET

    deliveries = []
    for query in ("", "?a=1", "?b=2&a=x%20y", "?z=%C3%A9&z=1&user_id=admin&z=%2F", "?t=~-_.&e="):
        token = atlassian_jwt.encode_token("POST", f"/hook{query}", "client-key", SECRET)
        headers = (("Content-Type", JSON), ("Authorization", f"JWT {token}"))
        deliveries.append(Signed(headers, ("Authorization",), b"{}", body_bound=False, target=f"/hook{query}"))

    def verify(delivery: Signed) -> bool:
        judge = raises(atlassian_jwt.DecodeError)
        return judge(lambda: bool(Addon().authenticate("POST", delivery.target, dict(delivery.headers))))

    signature = settings("atlassian_connect", SECRET, options={"iss": "client-key"})
    return Foreign(signature, deliveries, verify, Sender(SECRET, OTHER))


def vonage_tokens() -> Foreign:
    def token(body: bytes) -> str:
        claims = {"iss": "Vonage", "iat": int(time.time()), "jti": str(uuid.uuid4())}
        return jwt.encode({**claims, "payload_hash": digest_of(body, "hex")}, SECRET, "HS256")

    def verify(delivery: Signed) -> bool:
        given = delivery.header("Authorization").removeprefix("Bearer ")
        # The library leaves the hash of the body to its caller.
        bound = jwt.decode(given, options={"verify_signature": False})["payload_hash"] == digest_of(delivery.body, "hex")
        return bound and vonage_jwt.verify_signature(given, SECRET)

    deliveries = carried("Authorization", "Bearer ", token, json_bodies(random.Random(SEED)))
    return Foreign(settings("vonage", SECRET), deliveries, verify, Sender(SECRET, OTHER))


def google_tokens() -> Foreign:
    """Google's library takes its certificates from a transport, which here is ours."""
    key, audience, sender = rsa_key(), f"https://{HOST}/push", "push@project.iam.gserviceaccount.com"

    class Certificates:
        def __init__(self):
            self.status = 200
            self.data = json.dumps({"k1": certificate(key, "google")}).encode()

    def token(_body: bytes) -> str:
        now = int(time.time())
        claims = {"iss": "https://accounts.google.com", "aud": audience, "email": sender, "email_verified": True}
        return jwt.encode({**claims, "iat": now, "exp": now + 3600, "sub": "1"}, key, "RS256", {"kid": "k1"})

    def verify(delivery: Signed) -> bool:
        given = delivery.header("Authorization").removeprefix("Bearer ")
        judge = raises(google.auth.exceptions.GoogleAuthError, ValueError)
        return judge(lambda: bool(id_token.verify_oauth2_token(given, lambda *_a, **_k: Certificates(), audience)))

    deliveries = carried("Authorization", "Bearer ", token, json_bodies(random.Random(SEED)), body_bound=False)
    options = {"aud": audience, "claim.email": sender}
    signature = settings("google_pubsub", jwk_set(key, "k1", "RS256"), options=options)
    return Foreign(signature, deliveries, verify, keyed(key, rsa_key()))


SIGNING = {
    "messagebird": messagebird_tokens, "livekit-api": livekit_signs, "qstash": qstash_tokens,
    "atlassian-jwt": atlassian_signs, "vonage-jwt": vonage_tokens, "google-auth": google_tokens,
}
