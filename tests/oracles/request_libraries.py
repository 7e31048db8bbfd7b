"""Libraries of providers that sign something of the request beside the body, or some of its fields."""

import json
import random
import time
from urllib.parse import parse_qsl, urlencode

import Adyen.util
import braintree
import plivo.utils
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from dropbox_sign import EventCallbackHelper, EventCallbackRequest
from httpsig import HeaderSigner, HeaderVerifier
from hubspot.utils.signature import Signature as HubSpot
from mercadopago.webhook import InvalidWebhookSignatureError, WebhookSignatureValidator
from square.utils.webhooks_helper import verify_signature as square_verifies
from twilio.request_validator import RequestValidator
from vonage_http_client.auth import Auth as Vonage

from body_libraries import HEX
from library import FORM, HOST, JSON, SECRET, URL, Foreign, Library, Sender, Signed
from library import form_bodies, json_bodies, raises, settings
from signers import SEED
from token_libraries import OTHER, digest_of, hmac_hex

PAYMENT = "ORD01JQ4S4KY8HWQ6NA5PXB65B3D3"


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


def mercado_pago_verifies(secret, headers, _body):
    given = (headers.get("x-signature"), headers.get("x-request-id"), PAYMENT.lower(), secret)
    return raises(InvalidWebhookSignatureError)(lambda: WebhookSignatureValidator.validate(*given, tolerance_seconds=300))


# -- signatures in the body, and requests that name what they sign


def adyen_signs() -> Foreign:
    deliveries = []
    for number in range(8):
        item = {
            "pspReference": f"79138091359814{number}", "originalReference": "", "merchantAccountCode": "TestMerchant",
            "merchantReference": f"order-{number}", "amount": {"value": 1130 + number, "currency": "EUR"},
            "eventCode": "AUTHORISATION", "success": "true",
        }
        tag = Adyen.util.generate_notification_sig(item, HEX).decode()

        def body(more: dict, signature: dict, item=item) -> bytes:
            whole = {**item, **more, "additionalData": signature}
            return json.dumps({"live": "false", "notificationItems": [{"NotificationRequestItem": whole}]}).encode()

        good = {"hmacSignature": tag}
        bad = (
            ("another amount", body({"amount": {"value": 1, "currency": "EUR"}}, good)),
            ("another result", body({"success": "false"}, good)),
            ("no signature", body({}, {})),
            ("an empty signature", body({}, {"hmacSignature": ""})),
            ("another signature", body({}, {"hmacSignature": tag[::-1]})),
            ("no items", b'{"live":"false","notificationItems":[]}'),
        )
        deliveries.append(Signed((("Content-Type", JSON),), (), body({}, good), body_bound=False, bad_bodies=bad))
    return Foreign(settings("adyen", HEX), deliveries)


def braintree_signs() -> Foreign:
    private = "fake_private_key_of_the_gateway"
    gateway = braintree.BraintreeGateway(
        braintree.Configuration(braintree.Environment.Sandbox, "merchant", "fake_public_key", private)
    )
    deliveries = []
    for number in range(8):
        kind = braintree.WebhookNotification.Kind.SubscriptionCanceled
        sample = gateway.webhook_testing.sample_notification(kind, f"id_{number}")
        payload, signature = sample["bt_payload"], sample["bt_signature"]
        payload = payload if isinstance(payload, str) else payload.decode()
        bad = (
            ("another payload", urlencode({"bt_signature": signature, "bt_payload": "A" + payload[1:] + "A"}).encode()),
            ("another signature", urlencode({"bt_signature": signature[:-1], "bt_payload": payload}).encode()),
            ("no signature", urlencode({"bt_payload": payload}).encode()),
            ("an empty signature", urlencode({"bt_signature": "", "bt_payload": payload}).encode()),
            ("two payloads", urlencode([("bt_payload", "AAAA"), *sample.items()]).encode()),
        )
        body = urlencode(sample).encode()
        deliveries.append(Signed((("Content-Type", FORM),), (), body, body_bound=False, bad_bodies=bad))
    return Foreign(settings("braintree", private), deliveries)


def twilio_signs() -> Foreign:
    deliveries = []
    for body in form_bodies(random.Random(SEED)):
        tag = RequestValidator(SECRET).compute_signature(URL, dict(parse_qsl(body.decode())))
        headers = (("Content-Type", FORM), ("X-Twilio-Signature", tag))
        deliveries.append(Signed(headers, ("X-Twilio-Signature",), body))
    return Foreign(settings("twilio", SECRET, public_url=URL), deliveries)


def botocore_signs() -> Foreign:
    deliveries = []
    for body in json_bodies(random.Random(SEED)):
        request = AWSRequest("POST", URL, data=body, headers={"Host": HOST, "Content-Type": JSON})
        SigV4Auth(Credentials("AKIDEXAMPLE", SECRET), "execute-api", "eu-central-1").add_auth(request)
        headers = tuple((name, value) for name, value in request.headers.items() if name.lower() != "host")
        signed = tuple(sorted(name for name, _ in headers if name.lower() in ("authorization", "x-amz-date")))
        deliveries.append(Signed(headers, signed, body))
    return Foreign(settings("aws_sigv4", SECRET), deliveries)


def httpsig_signs() -> Foreign:
    names = ["(request-target)", "host", "date", "digest"]
    deliveries = []
    for body in json_bodies(random.Random(SEED)):
        fields = {"Host": HOST, "Date": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())}
        fields["Digest"] = "SHA-256=" + digest_of(body, "base64")
        signer = HeaderSigner("test", SECRET, "hmac-sha256", headers=names)
        signed = signer.sign(fields, host=HOST, method="POST", path="/hook")
        chosen = [(name.title(), value) for name, value in signed.items() if name.lower() != "host"]
        deliveries.append(Signed((("Content-Type", JSON), *chosen), ("Authorization", "Date", "Digest"), body))

    def verify(delivery: Signed) -> bool:
        whole = {**dict(delivery.headers), "Host": delivery.host}
        fine = HeaderVerifier(whole, SECRET, required_headers=names, method="POST", path="/hook").verify()
        # The library leaves the digest to its caller.
        return fine and delivery.header("Digest") == "SHA-256=" + digest_of(delivery.body, "base64")

    return Foreign(settings("cavage", SECRET, options={"key_id": "test"}), deliveries, verify, Sender(SECRET, OTHER))


def dropbox_sign_fields(event: dict) -> bytes:
    return urlencode({"json": json.dumps({"event": event, "account_guid": "63522885f9261e2b04eea043933ee7313eb674fd"})}).encode()


def dropbox_sign_verifies(delivery: Signed) -> bool:
    told = json.loads(dict(parse_qsl(delivery.body.decode()))["json"])
    return EventCallbackHelper.is_valid(SECRET, EventCallbackRequest.init(told))


def dropbox_sign_hashes() -> Foreign:
    """The library only verifies: the hash is what makes it say yes."""
    deliveries = []
    for number in range(6):
        at, kind = str(int(time.time()) - number), "signature_request_sent"
        event = {"event_time": at, "event_type": kind, "event_hash": hmac_hex(SECRET, at + kind)}
        bad = (
            ("another time", dropbox_sign_fields({**event, "event_time": str(int(at) + 1)})),
            ("another type", dropbox_sign_fields({**event, "event_type": "signature_request_signed"})),
            ("another hash", dropbox_sign_fields({**event, "event_hash": event["event_hash"][::-1]})),
            ("an empty hash", dropbox_sign_fields({**event, "event_hash": ""})),
            ("no hash", dropbox_sign_fields({"event_time": at, "event_type": kind})),
            ("two fields", dropbox_sign_fields(event) + b"&" + dropbox_sign_fields(event)),
        )
        deliveries.append(Signed((("Content-Type", FORM),), (), dropbox_sign_fields(event), False, bad_bodies=bad))
    return Foreign(settings("dropbox_sign", SECRET), deliveries, dropbox_sign_verifies)


def vonage_sms_signs() -> Foreign:
    client = Vonage(api_key="fake", signature_secret=SECRET, signature_method="sha256")
    deliveries = []
    for number in range(6):
        fields = {"msisdn": "447700900001", "text": f"Hello & good = {number} é", "timestamp": str(int(time.time()))}
        tag = client.sign_params(dict(fields))
        whole = {**fields, "sig": tag}
        bad = (
            ("another text", urlencode({**whole, "text": "Hello"}).encode()),
            ("another time", urlencode({**whole, "timestamp": str(int(fields["timestamp"]) - 1)}).encode()),
            ("a field more", urlencode({**whole, "z": "1"}).encode()),
            ("another signature", urlencode({**whole, "sig": tag[::-1]}).encode()),
            ("an empty signature", urlencode({**whole, "sig": ""}).encode()),
            ("no signature", urlencode(fields).encode()),
            ("two signatures", urlencode([*whole.items(), ("sig", tag)]).encode()),
        )
        body = urlencode(whole).encode()
        deliveries.append(Signed((("Content-Type", FORM),), (), body, body_bound=False, bad_bodies=bad))

    def verify(delivery: Signed) -> bool:
        return client.check_signature(dict(parse_qsl(delivery.body.decode())))

    return Foreign(settings("vonage_sms", SECRET), deliveries, verify)


LIBRARIES = (
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
    Library(
        "mercadopago", "mercado_pago", mercado_pago_verifies, ("x-signature", "x-request-id"), body_bound=False,
        told=(("X-Request-Id", "fake-request-1"),), target=f"/hook?data.id={PAYMENT}&type=order",
    ),
)
SIGNING = {
    "Adyen": adyen_signs, "braintree": braintree_signs, "twilio signs": twilio_signs, "botocore": botocore_signs,
    "httpsig": httpsig_signs, "dropbox-sign": dropbox_sign_hashes, "vonage-http-client": vonage_sms_signs,
}
