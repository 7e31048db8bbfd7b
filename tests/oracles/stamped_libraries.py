"""Libraries of providers that sign a time beside the body."""

import json
import random

import inngest._internal.net as inngest
import inngest._internal.server_lib as inngest_server
import sinch.domains.authentication.sinch_events.v1.authentication_validation as sinch_events
from box_sdk_gen.managers.webhooks import WebhooksManager
from elevenlabs import BadRequestError, ElevenLabs
from orb import Orb
from paddle_billing.Notifications import Secret as PaddleSecret
from paddle_billing.Notifications import Verifier as PaddleVerifier
from retell.lib import webhook_auth as retell
from workos.webhooks._verification import verify_header as workos_header

from library import JSON, SECRET, Foreign, Library, Signed, json_bodies, raises, settings
from signers import SEED

NONCE = "x-sinch-webhook-signature"


def box_verifies(secret, headers, body):
    return WebhooksManager.validate_message(body.decode(), headers, secret)


def sinch_verifies(secret, headers, body):
    return sinch_events.validate_sinch_event_signature_with_nonce(secret, headers, body.decode())


def paddle_verifies(secret, headers, body):
    class Delivered:
        pass

    request = Delivered()
    request.headers, request.body = {"Paddle-Signature": headers.get("paddle-signature", "")}, body
    return raises(ValueError)(lambda: PaddleVerifier(300).verify(request, PaddleSecret(secret)))


def workos_verifies(secret, headers, body):
    signature = headers.get("workos-signature", "")
    return raises(ValueError)(lambda: workos_header(event_body=body, event_signature=signature, secret=secret))


def elevenlabs_verifies(secret, headers, body):
    client, signature = ElevenLabs(api_key="fake"), headers.get("elevenlabs-signature", "")
    return raises(BadRequestError)(lambda: client.webhooks.construct_event(body.decode(), signature, secret))


def orb_verifies(secret, headers, body):
    client = Orb(api_key="fake")
    return raises(ValueError)(lambda: client.webhooks.verify_signature(body, headers, secret=secret))


def retell_verifies(secret, headers, body):
    return retell.verify(body.decode(), secret, headers.get("x-retell-signature", ""))


def retell_signs() -> Foreign:
    deliveries = []
    for body in json_bodies(random.Random(SEED)):
        headers = (("Content-Type", JSON), ("X-Retell-Signature", retell.symmetric["sign"](body.decode(), SECRET)))
        deliveries.append(Signed(headers, ("X-Retell-Signature",), body))
    return Foreign(settings("retell", SECRET), deliveries)


def canonical_bodies(rng: random.Random) -> list[bytes]:
    """Inngest signs canonical JSON, which these are as they stand."""
    whole = [{"a": [], "data": {"n": rng.randrange(1 << 40), "t": "é \" \\ /" * rng.randrange(200)}} for _ in range(8)]
    return [json.dumps(body, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode() for body in whole]


def inngest_verifies(secret, headers, body):
    found = inngest.validate_request_sig(
        body=body, headers=headers, mode=inngest_server.ServerKind.CLOUD, signing_key=secret, signing_key_fallback=None
    )
    return not isinstance(found, Exception)


def inngest_signs() -> Foreign:
    secret, deliveries = "signkey-prod-" + "0123456789abcdef" * 4, []
    for body in canonical_bodies(random.Random(SEED)):
        headers = (("Content-Type", JSON), ("X-Inngest-Signature", inngest.sign_request(body, secret)))
        deliveries.append(Signed(headers, ("X-Inngest-Signature",), body))
    return Foreign(settings("inngest", secret), deliveries)


LIBRARIES = (
    Library("boxsdk", "box", box_verifies, ("box-signature-primary", "box-delivery-timestamp")),
    Library("sinch", "sinch", sinch_verifies, (NONCE, f"{NONCE}-nonce", f"{NONCE}-timestamp")),
    Library("paddle-python-sdk", "paddle", paddle_verifies, ("paddle-signature",), tolerance="5m"),
    Library("workos", "workos", workos_verifies, ("workos-signature",)),
    Library("elevenlabs", "elevenlabs", elevenlabs_verifies, ("elevenlabs-signature",)),
    Library("orb-billing", "orb", orb_verifies, ("x-orb-signature", "x-orb-timestamp")),
    Library("retell-sdk", "retell", retell_verifies, ("x-retell-signature",)),
    Library(
        "inngest", "inngest", inngest_verifies, ("x-inngest-signature",), bodies=canonical_bodies,
        secret="signkey-prod-" + "0123456789abcdef" * 4,
    ),
)
SIGNING = {"retell-sdk signs": retell_signs, "inngest signs": inngest_signs}
