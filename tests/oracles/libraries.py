"""What providers' own libraries say of what `sidegate send` signs, and what the gate says of what they sign.

For each library: bodies signed by `send` are verified by the library; the very bytes it verified are let through by the
gate; and each of them with one byte changed, or a header left out, emptied or doubled, is refused by the gate. The
libraries that can sign do so for the gate as well.
"""

import base64
import json
import logging
import random
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable
from urllib.parse import parse_qsl, urlencode

import Adyen.util
import braintree
import gocardless_pro.webhooks
import plivo.utils
import pusher
import razorpay
import resend
import sinch.domains.authentication.sinch_events.v1.authentication_validation as sinch_events
import svix.webhooks
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from box_sdk_gen.managers.webhooks import WebhooksManager
from easypost.util import validate_webhook
from hubspot.utils.signature import Signature as HubSpot
from onfido import OnfidoInvalidSignatureError, WebhookEventVerifier
from paddle_billing.Notifications import Secret as PaddleSecret
from paddle_billing.Notifications import Verifier as PaddleVerifier
from square.utils.webhooks_helper import verify_signature as square_verifies
from twilio.request_validator import RequestValidator

from forward import flip
from gate import Gate, route
from origin import Receiver, Recorder
from report import Report
from signers import SEED
from stalled import ended
from wire import Request, send_once

HOST = "hooks.example.test"
URL = f"https://{HOST}/hook"
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
SECRET = "fake-secret-of-thirty-two-bytes!"
HEX = "0123456789abcdef" * 4
WHSEC = "whsec_" + base64.b64encode(b"fake secret of twenty-four").decode()


def json_bodies(rng: random.Random) -> list[bytes]:
    """Objects every one of these libraries can read, with what a careless reader would change."""
    now = int(time.time() * 1000)
    bodies = [{"events": [], "time_ms": now}, {"events": [], "time_ms": now, "text": "é e\u0301 😀 \u2028 \" \\ /"}]
    bodies += [{"events": [], "time_ms": now, "n": rng.randrange(1 << 60), "t": "x" * rng.randrange(9000)} for _ in range(6)]
    return [json.dumps(body, ensure_ascii=number % 2 == 0).encode() for number, body in enumerate(bodies)]


def form_bodies(rng: random.Random) -> list[bytes]:
    drawn = [{"From": "+15550001", "Body": f"text {rng.randrange(10**9)} é &=+"} for _ in range(4)]
    return [urlencode(body).encode() for body in [{"CallSid": "CA1", "Digits": "1234"}, *drawn]]


@dataclass(frozen=True)
class Library:
    """A library that verifies. `verify` gets the secret, the headers by lower-case name and the body."""

    name: str
    preset: str
    verify: Callable[[str, dict[str, str], bytes], bool]
    # The headers the verdict rests on.
    signed: tuple[str, ...]
    secret: str = SECRET
    variant: str | None = None
    bodies: Callable[[random.Random], list[bytes]] = json_bodies
    content_type: str = JSON
    signs_url: bool = False
    body_bound: bool = True
    # Where the provider's own is shorter than a busy machine needs between signing and judging.
    tolerance: str | None = None
    # Headers the provider sends and `send` is told.
    told: tuple[tuple[str, str], ...] = ()

    def route(self, folder: Path) -> dict:
        signature = {"provider": self.preset, "replay": "off", "handshake": "off"}
        if self.variant:
            signature["variant"] = self.variant
        if self.tolerance:
            signature["tolerance"] = self.tolerance
        if self.signs_url:
            signature["public_url"] = URL
        signature["secrets"] = [{"id": "one", "file": str(folder / "secret")}]
        return route("hook", "/hook", signature)


def raises(*refusals):
    """Whether `work` ends without one of the library's ways of saying no."""

    def judge(work) -> bool:
        try:
            return work() is not False
        except refusals:
            return False

    return judge


def razorpay_verifies(secret, headers, body):
    judge = raises(razorpay.errors.SignatureVerificationError)
    signature = headers.get("x-razorpay-signature", "")
    return judge(lambda: razorpay.Utility().verify_webhook_signature(body.decode(), signature, secret))


def gocardless_verifies(secret, headers, body):
    judge = raises(gocardless_pro.errors.InvalidSignatureError)
    return judge(lambda: gocardless_pro.webhooks.parse(body, secret, headers.get("webhook-signature", "")))


def square_says(secret, headers, body):
    signature = headers.get("x-square-hmacsha256-signature", "")
    return square_verifies(
        request_body=body.decode(), signature_header=signature, signature_key=secret, notification_url=URL
    )


def hubspot_says(version: str, name: str):
    def verify(secret, headers, body):
        at = headers.get("x-hubspot-request-timestamp")
        return HubSpot.is_valid(headers.get(name, ""), secret, body.decode(), URL, "POST", version, at)

    return verify


def resend_verifies(secret, headers, body):
    names = {key: headers.get(f"svix-{key}", "") for key in ("id", "timestamp", "signature")}
    options = {"payload": body.decode(), "headers": names, "webhook_secret": secret}
    return raises(ValueError)(lambda: resend.Webhooks.verify(options))


def svix_verifies(secret, headers, body):
    judge = raises(svix.webhooks.WebhookVerificationError)
    return judge(lambda: svix.webhooks.Webhook(secret).verify(body, headers))


def easypost_verifies(secret, headers, body):
    from easypost.errors import SignatureVerificationError

    signed = {"X-Hmac-Signature": headers.get("x-hmac-signature", "")}
    return raises(SignatureVerificationError)(lambda: validate_webhook(body, signed, secret))


def onfido_verifies(secret, headers, body):
    try:
        WebhookEventVerifier(secret).read_payload(body.decode(), headers.get("x-sha2-signature", ""))
    except OnfidoInvalidSignatureError:
        return False
    except ValueError:
        pass  # the signature was fine; the event is none of theirs
    return True


def box_verifies(secret, headers, body):
    return WebhooksManager.validate_message(body.decode(), headers, secret)


def pusher_verifies(secret, headers, body):
    client = pusher.Pusher(app_id="1", key="fake-key", secret=secret)
    return client.validate_webhook("fake-key", headers.get("x-pusher-signature", ""), body.decode()) is not None


def adyen_verifies(secret, headers, body):
    return Adyen.util.is_valid_hmac_payload(headers.get("hmacsignature", ""), secret, body)


def twilio_verifies(secret, headers, body):
    params = dict(parse_qsl(body.decode(), keep_blank_values=True))
    return RequestValidator(secret).validate(URL, params, headers.get("x-twilio-signature", ""))


def plivo_verifies(secret, headers, _body):
    nonce, signature = headers.get("x-plivo-signature-v2-nonce", ""), headers.get("x-plivo-signature-v2", "")
    return plivo.utils.validate_signature(URL, nonce, signature, secret)


def plivo_v3_verifies(secret, headers, body):
    nonce, signature = headers.get("x-plivo-signature-v3-nonce", ""), headers.get("x-plivo-signature-v3", "")
    params = dict(parse_qsl(body.decode(), keep_blank_values=True))
    return plivo.utils.validate_v3_signature("POST", URL, nonce, secret, signature, params)


def paddle_verifies(secret, headers, body):
    class Delivered:
        pass

    request = Delivered()
    request.headers, request.body = {"Paddle-Signature": headers.get("paddle-signature", "")}, body
    return raises(ValueError)(lambda: PaddleVerifier(300).verify(request, PaddleSecret(secret)))


def sinch_verifies(secret, headers, body):
    return sinch_events.validate_sinch_event_signature_with_nonce(secret, headers, body.decode())


def sinch_numbers_verifies(secret, headers, body):
    return sinch_events.validate_signature_header(secret, headers, body.decode())


SVIX = ("svix-id", "svix-timestamp", "svix-signature")
NONCE = "x-sinch-webhook-signature"
LIBRARIES = (
    Library("razorpay", "razorpay", razorpay_verifies, ("x-razorpay-signature",)),
    Library("gocardless_pro", "gocardless", gocardless_verifies, ("webhook-signature",)),
    Library("squareup", "square", square_says, ("x-square-hmacsha256-signature",), signs_url=True),
    Library(
        "hubspot-api-client v3", "hubspot", hubspot_says("v3", "x-hubspot-signature-v3"),
        ("x-hubspot-signature-v3", "x-hubspot-request-timestamp"), variant="v3", signs_url=True,
    ),
    Library(
        "hubspot-api-client v2", "hubspot", hubspot_says("v2", "x-hubspot-signature"), ("x-hubspot-signature",),
        variant="v2", signs_url=True,
    ),
    Library(
        "hubspot-api-client v1", "hubspot", hubspot_says("v1", "x-hubspot-signature"), ("x-hubspot-signature",), variant="v1"
    ),
    Library("resend", "resend", resend_verifies, SVIX, secret=WHSEC),
    Library("svix", "svix", svix_verifies, SVIX, secret=WHSEC, variant="svix"),
    Library("easypost", "easypost", easypost_verifies, ("x-hmac-signature",)),
    Library("onfido-python", "onfido", onfido_verifies, ("x-sha2-signature",)),
    Library("boxsdk", "box", box_verifies, ("box-signature-primary", "box-delivery-timestamp")),
    Library("pusher", "pusher", pusher_verifies, ("x-pusher-signature",)),
    Library("sinch", "sinch", sinch_verifies, (NONCE, f"{NONCE}-nonce", f"{NONCE}-timestamp")),
    Library("sinch numbers", "sinch_numbers", sinch_numbers_verifies, ("x-sinch-signature",)),
    Library("Adyen payloads", "adyen_platforms", adyen_verifies, ("hmacsignature",), secret=HEX),
    Library(
        "twilio", "twilio", twilio_verifies, ("x-twilio-signature",), bodies=form_bodies, content_type=FORM, signs_url=True
    ),
    Library(
        "plivo v2", "plivo", plivo_verifies, ("x-plivo-signature-v2", "x-plivo-signature-v2-nonce"), signs_url=True,
        body_bound=False,
    ),
    Library(
        "plivo v3", "plivo_v3", plivo_v3_verifies, ("x-plivo-signature-v3", "x-plivo-signature-v3-nonce"),
        bodies=form_bodies, content_type=FORM, signs_url=True, told=(("X-Plivo-Signature-V3-Nonce", "05429567804466091622"),),
    ),
    Library("paddle-python-sdk", "paddle", paddle_verifies, ("paddle-signature",), tolerance="5m"),
)


def sent(binary: Path, library: Library, folder: Path, secret: str, body: bytes, catcher: Receiver):
    (folder / "send-secret").write_text(secret)
    (folder / "body").write_bytes(body)
    command = [
        str(binary), "send", "--provider", library.preset, "--secret-file", str(folder / "send-secret"),
        "--body", f"@{folder / 'body'}", "-H", f"Content-Type: {library.content_type}", "--public-url", URL,
    ]
    for name, value in library.told:
        command += ["-H", f"{name}: {value}"]
    if library.variant:
        command += ["--variant", library.variant]
    command.append(f"http://127.0.0.1:{catcher.port}/hook")
    before = len(catcher.deliveries)
    run = ended(command, catcher.port)
    return (catcher.deliveries[before] if len(catcher.deliveries) > before else None), run.stderr.strip()


@dataclass(frozen=True)
class Signed:
    """One signed request as it goes to the gate."""

    headers: tuple[tuple[str, str], ...]
    signed: tuple[str, ...]
    body: bytes
    body_bound: bool = True

    def request(self) -> Request:
        headers = [("Host", HOST), *self.headers, ("Content-Length", str(len(self.body)))]
        return Request("POST", "/hook", headers, self.body)

    def header(self, name: str) -> str:
        return next(value for key, value in self.headers if key == name)

    def forged(self, rng: random.Random) -> list[tuple[str, "Signed"]]:
        found = []
        if self.body_bound:
            at = rng.randrange(len(self.body))
            body = self.body[:at] + bytes([self.body[at] ^ 1]) + self.body[at + 1 :]
            found.append((f"body byte {at}", replace(self, body=body)))
        for name in self.signed:
            value = self.header(name)
            at = rng.randrange(len(value))
            others = {f"byte {at}": flip(value, at), "empty": "", "cut short": value.rstrip("=")[:-1]}
            if ";" not in value:
                # A list of items may hold the same signature twice.
                others["repeated inside"] = f"{value}{value}"
            for what, other in others.items():
                headers = tuple((key, other if key == name else old) for key, old in self.headers)
                found.append((f"{name} {what}", replace(self, headers=headers)))
            found.append((f"{name} left out", replace(self, headers=tuple(h for h in self.headers if h[0] != name))))
        return found


def let_through(gate: Gate, recorder: Recorder, deliveries: list[Signed], report: Report, name: str) -> None:
    """Forged first, so that one byte at the app shows; then every genuine one."""
    rng = random.Random(SEED)
    for delivery in deliveries:
        for what, bad in delivery.forged(rng):
            status = send_once(gate.address, bad.request()).status
            report.check(status in (400, 401), f"{name}, {what}: answered {status}")
    report.equal(recorder.received, 0, f"{name}: bytes at the app before any genuine delivery")
    for number, delivery in enumerate(deliveries):
        status = send_once(gate.address, delivery.request()).status
        report.equal(status, 200, f"{name}: delivery {number}")
    report.check(
        [seen.body for seen in recorder.requests] == [delivery.body for delivery in deliveries], f"{name}: bodies at the app"
    )


def verified(binary: Path, library: Library, report: Report) -> None:
    catcher, rng = Receiver(lambda _headers, _body: True), random.Random(SEED)
    with tempfile.TemporaryDirectory(prefix="sidegate-oracle-") as text:
        folder = Path(text)
        (folder / "secret").write_text(library.secret)
        deliveries = []
        for number, body in enumerate(library.bodies(rng)):
            seen, said = sent(binary, library, folder, library.secret, body, catcher)
            if not report.check(seen is not None, f"{library.name}: nothing was sent: {said}"):
                continue
            headers, arrived = seen
            report.check(library.verify(library.secret, headers, arrived), f"{library.name} refuses body {number} of send")
            other = library.secret[:-3] + ("abc" if library.secret != HEX else "aaa")
            wrong, _ = sent(binary, library, folder, other, body, catcher)
            if wrong is not None:
                report.check(not library.verify(library.secret, *wrong), f"{library.name} takes another secret")
            kept = {"content-type", *library.signed} | {name for name in headers if name.startswith(library.signed[0][:4])}
            chosen = tuple((name, value) for name, value in headers.items() if name in kept)
            deliveries.append(Signed(chosen, library.signed, arrived, library.body_bound))
        recorder = Recorder()
        with Gate(binary, recorder.url, [library.route(folder)]) as gate:
            let_through(gate, recorder, deliveries, report, library.name)
            gate.stop()
        recorder.close()
    catcher.close()


# -- libraries that sign what `send` cannot


def adyen_signs() -> tuple[dict, list[Signed]]:
    deliveries = []
    for number in range(8):
        item = {
            "pspReference": f"79138091359814{number}", "originalReference": "", "merchantAccountCode": "TestMerchant",
            "merchantReference": f"order-{number}", "amount": {"value": 1130 + number, "currency": "EUR"},
            "eventCode": "AUTHORISATION", "success": "true",
        }
        tag = Adyen.util.generate_notification_sig(item, HEX).decode()
        item["additionalData"] = {"hmacSignature": tag}
        body = {"live": "false", "notificationItems": [{"NotificationRequestItem": item}]}
        deliveries.append(Signed((("Content-Type", JSON),), (), json.dumps(body).encode(), body_bound=False))
    return {"provider": "adyen", "secrets": [{"id": "one", "value": HEX}]}, deliveries


def braintree_signs() -> tuple[dict, list[Signed]]:
    private = "fake_private_key_of_the_gateway"
    gateway = braintree.BraintreeGateway(
        braintree.Configuration(braintree.Environment.Sandbox, "merchant", "fake_public_key", private)
    )
    deliveries = []
    for number in range(8):
        kind = braintree.WebhookNotification.Kind.SubscriptionCanceled
        sample = gateway.webhook_testing.sample_notification(kind, f"id_{number}")
        body = urlencode(sample).encode()
        deliveries.append(Signed((("Content-Type", FORM),), (), body, body_bound=False))
    return {"provider": "braintree", "secrets": [{"id": "one", "value": private}]}, deliveries


def twilio_signs() -> tuple[dict, list[Signed]]:
    deliveries = []
    for body in form_bodies(random.Random(SEED)):
        tag = RequestValidator(SECRET).compute_signature(URL, dict(parse_qsl(body.decode())))
        headers = (("Content-Type", FORM), ("X-Twilio-Signature", tag))
        deliveries.append(Signed(headers, ("X-Twilio-Signature",), body))
    signature = {"provider": "twilio", "public_url": URL, "secrets": [{"id": "one", "value": SECRET}]}
    return signature, deliveries


def botocore_signs() -> tuple[dict, list[Signed]]:
    deliveries = []
    for body in json_bodies(random.Random(SEED)):
        request = AWSRequest("POST", URL, data=body, headers={"Host": HOST, "Content-Type": JSON})
        SigV4Auth(Credentials("AKIDEXAMPLE", SECRET), "execute-api", "eu-central-1").add_auth(request)
        headers = tuple((name, value) for name, value in request.headers.items() if name.lower() != "host")
        signed = tuple(name for name, _ in headers if name.lower() in ("authorization", "x-amz-date"))
        deliveries.append(Signed(headers, signed, body))
    return {"provider": "aws_sigv4", "secrets": [{"id": "one", "value": SECRET}]}, deliveries


def signing() -> dict[str, Callable[[], tuple[dict, list[Signed]]]]:
    return {
        "Adyen": adyen_signs, "braintree": braintree_signs, "twilio": twilio_signs, "botocore": botocore_signs,
    }


def signed_by(binary: Path, name: str, sign, report: Report) -> None:
    signature, deliveries = sign()
    report.check(len(deliveries) >= 5, f"{name}: only {len(deliveries)} deliveries")
    recorder = Recorder()
    with Gate(binary, recorder.url, [route("hook", "/hook", {"replay": "off", "handshake": "off", **signature})]) as gate:
        let_through(gate, recorder, deliveries, report, name)
        gate.stop()
    recorder.close()


def reported(name: str, work: Callable[[Report], None]) -> bool:
    """One library that breaks must not hide the others."""
    report = Report(f"library-{name.replace(' ', '-')}")
    try:
        work(report)
    except Exception as error:
        report.check(False, f"{name} broke off: {type(error).__name__}: {error}")
    return report.close()


def libraries(binary: Path) -> bool:
    logging.disable(logging.CRITICAL)
    fine = True
    for library in LIBRARIES:
        fine &= reported(library.name, lambda report, library=library: verified(binary, library, report))
    for name, sign in signing().items():
        fine &= reported(f"{name} signs", lambda report, name=name, sign=sign: signed_by(binary, name, sign, report))
    logging.disable(logging.NOTSET)
    return fine
