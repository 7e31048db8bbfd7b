"""Libraries of providers that sign with a private key. The test makes the key and signs; the library has the public one."""

import base64
import datetime
import hashlib
import json
import random
import time
import uuid

import django.conf
import http_message_signatures as rfc9421
import paypalrestsdk
from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.webhooks.postal import PostalTrackingWebhookView
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from django.test import RequestFactory
from sendgrid.helpers.eventwebhook import EventWebhook
from telnyx.lib.webhook_verification import WebhookVerificationError as TelnyxRefusal
from telnyx.lib.webhook_verification import verify_webhook_signature as telnyx_verifies

from library import HOST, JSON, URL, Foreign, Sender, Signed, json_bodies, raises, settings
from signers import SEED

RAW = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
SPKI = serialization.PublicFormat.SubjectPublicKeyInfo


def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key) -> str:
    return key.public_key().public_bytes(serialization.Encoding.PEM, SPKI).decode()


def private_pem(key) -> str:
    form, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, none).decode()


def keyed(key, other, **more) -> Sender:
    """`send` with that private key."""
    return Sender(private_pem(key), private_pem(other), private=True, **more)


def jwk_set(key: rsa.RSAPrivateKey, kid: str, algorithm: str) -> str:
    numbers = key.public_key().public_numbers()

    def whole(number: int) -> str:
        return base64.urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8, "big")).decode().rstrip("=")

    told = {"kty": "RSA", "use": "sig", "alg": algorithm, "kid": kid, "n": whole(numbers.n), "e": whole(numbers.e)}
    return json.dumps({"keys": [told]})


def certificate(key: rsa.RSAPrivateKey, name: str) -> str:
    """One that the key signed for itself, good for a day."""
    now = datetime.datetime.now(datetime.timezone.utc)
    who = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, name)])
    made = x509.CertificateBuilder().subject_name(who).issuer_name(who).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
    made = made.not_valid_after(now + datetime.timedelta(days=1)).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()


def sendgrid_keys() -> Foreign:
    key, deliveries = ec.generate_private_key(ec.SECP256R1()), []
    public = base64.b64encode(key.public_key().public_bytes(serialization.Encoding.DER, SPKI)).decode()
    names = ("X-Twilio-Email-Event-Webhook-Signature", "X-Twilio-Email-Event-Webhook-Timestamp")
    for body in [body + b"\r\n" for body in json_bodies(random.Random(SEED))]:
        at = str(int(time.time()))
        tag = base64.b64encode(key.sign(at.encode() + body, ec.ECDSA(hashes.SHA256()))).decode()
        deliveries.append(Signed((("Content-Type", JSON), (names[0], tag), (names[1], at)), names, body))

    def verify(delivery: Signed) -> bool:
        tag, at = (delivery.header(name) for name in names)
        return EventWebhook(public).verify_signature(delivery.body.decode(), tag, at)

    def lines(rng: random.Random) -> list[bytes]:
        return [body + b"\r\n" for body in json_bodies(rng)]

    sender = keyed(key, ec.generate_private_key(ec.SECP256R1()), bodies=lines)
    return Foreign(settings("sendgrid", public), deliveries, verify, sender)


def telnyx_keys() -> Foreign:
    key, deliveries = ed25519.Ed25519PrivateKey.generate(), []
    public = base64.b64encode(key.public_key().public_bytes(*RAW)).decode()
    names = ("telnyx-signature-ed25519", "telnyx-timestamp")
    for body in json_bodies(random.Random(SEED)):
        at = str(int(time.time()))
        tag = base64.b64encode(key.sign(f"{at}|".encode() + body)).decode()
        deliveries.append(Signed((("Content-Type", JSON), (names[0], tag), (names[1], at)), names, body))

    def verify(delivery: Signed) -> bool:
        return raises(TelnyxRefusal)(lambda: telnyx_verifies(delivery.body, dict(delivery.headers), public))

    sender = keyed(key, ed25519.Ed25519PrivateKey.generate())
    return Foreign(settings("telnyx", public), deliveries, verify, sender)


def paypal_text() -> Foreign:
    """PayPal's library makes the text that is signed; its check of the certificate chain needs PayPal's own."""
    key, deliveries, webhook = rsa_key(), [], "WH-FAKE-1"
    names = ("PAYPAL-TRANSMISSION-SIG", "PAYPAL-TRANSMISSION-ID", "PAYPAL-TRANSMISSION-TIME", "PAYPAL-AUTH-ALGO")
    for body in json_bodies(random.Random(SEED)):
        identity, at = str(uuid.uuid4()), time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        text = paypalrestsdk.WebhookEvent._get_expected_sig(identity, at, webhook, body.decode())
        tag = base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()
        headers = (("Content-Type", JSON), *zip(names, (tag, identity, at, "SHA256withRSA")))
        deliveries.append(Signed(headers, names, body))
    signature = settings("paypal", certificate(key, "messageverificationcerts.paypal.com"), options={"webhook_id": webhook})
    return Foreign(signature, deliveries)


def postal_keys() -> Foreign:
    """Not Postal's own library, but the one that its users in Django verify with."""
    if not django.conf.settings.configured:
        django.conf.settings.configure()
    key, deliveries, name = rsa_key(), [], "X-Postal-Signature"
    public = pem(key)
    view = PostalTrackingWebhookView(webhook_key="".join(public.splitlines()[1:-1]))
    for body in json_bodies(random.Random(SEED)):
        tag = base64.b64encode(key.sign(body, padding.PKCS1v15(), hashes.SHA1())).decode()
        deliveries.append(Signed((("Content-Type", JSON), (name, tag)), (name,), body))

    def verify(delivery: Signed) -> bool:
        headers = {"HTTP_X_POSTAL_SIGNATURE": delivery.header(name)}
        request = RequestFactory().post("/hook", delivery.body, content_type=JSON, **headers)
        return raises(AnymailWebhookValidationFailure)(lambda: view.validate_request(request))

    return Foreign(settings("postal", public), deliveries, verify, keyed(key, rsa_key()))


class Message:
    """A request as the library for HTTP Message Signatures reads and writes it."""

    def __init__(self, headers: dict[str, str]):
        self.method, self.url, self.headers = "POST", URL, headers


def signs_messages(variant: str, algorithm, make) -> Foreign:
    key, deliveries = make(), []

    class Keys(rfc9421.HTTPSignatureKeyResolver):
        def resolve_private_key(self, key_id):
            return private_pem(key).encode()

        def resolve_public_key(self, key_id):
            return pem(key).encode()

    covered = ("@method", "@authority", "@path", "content-digest", "content-type")
    for body in json_bodies(random.Random(SEED)):
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        message = Message({"Host": HOST, "Content-Type": JSON, "Content-Digest": f"sha-256=:{digest}:"})
        signer = rfc9421.HTTPMessageSigner(signature_algorithm=algorithm, key_resolver=Keys())
        signer.sign(message, key_id="k1", covered_component_ids=covered, label="sig1", use_existing_digest=True)
        headers = tuple((name, value) for name, value in message.headers.items() if name != "Host")
        deliveries.append(Signed(headers, ("Signature", "Signature-Input", "Content-Digest"), body))

    def verify(delivery: Signed) -> bool:
        message = Message({"Host": HOST, **dict(delivery.headers)})
        verifier = rfc9421.HTTPMessageVerifier(signature_algorithm=algorithm, key_resolver=Keys())
        return raises(rfc9421.HTTPMessageSignaturesException)(lambda: bool(verifier.verify(message, body=delivery.body)))

    signature = settings("rfc9421", pem(key), variant=variant, public_url=URL, options={"key_id": "k1"})
    return Foreign(signature, deliveries, verify, keyed(key, make()))


SIGNING = {
    "sendgrid": sendgrid_keys,
    "telnyx": telnyx_keys,
    "paypalrestsdk": paypal_text,
    "django-anymail postal": postal_keys,
    "http-message-signatures ed25519": lambda: signs_messages(
        "ed25519", rfc9421.algorithms.ED25519, ed25519.Ed25519PrivateKey.generate
    ),
    "http-message-signatures ecdsa": lambda: signs_messages(
        "ecdsa", rfc9421.algorithms.ECDSA_P256_SHA256, lambda: ec.generate_private_key(ec.SECP256R1())
    ),
    "http-message-signatures rsa_pss": lambda: signs_messages("rsa_pss", rfc9421.algorithms.RSA_PSS_SHA512, rsa_key),
}
