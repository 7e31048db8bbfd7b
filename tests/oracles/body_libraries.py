"""Libraries of providers that sign the body and nothing else."""

import gzip
import hashlib
import hmac
import random
import zlib

import Adyen.util
import gocardless_pro.webhooks
import pusher
import razorpay
import sinch.domains.authentication.sinch_events.v1.authentication_validation as sinch_events
import stream_chat.webhook
from coinbase_commerce.error import SignatureVerificationError as CoinbaseRefusal
from coinbase_commerce.webhook import WebhookSignature as Coinbase
from easypost.errors import SignatureVerificationError as EasyPostRefusal
from easypost.util import validate_webhook
from linebot.v3.webhook import SignatureValidator as Line
from modern_treasury import ModernTreasury
from onfido import OnfidoInvalidSignatureError, WebhookEventVerifier
from viberbot import Api as Viber
from viberbot import BotConfiguration

from library import JSON, SECRET, Foreign, Library, Signed, json_bodies, raises, settings
from signers import SEED

HEX = "0123456789abcdef" * 4
OTHER_HEX = "fedcba9876543210" * 4


def razorpay_verifies(secret, headers, body):
    judge = raises(razorpay.errors.SignatureVerificationError)
    signature = headers.get("x-razorpay-signature", "")
    return judge(lambda: razorpay.Utility().verify_webhook_signature(body.decode(), signature, secret))


def gocardless_verifies(secret, headers, body):
    judge = raises(gocardless_pro.errors.InvalidSignatureError)
    return judge(lambda: gocardless_pro.webhooks.parse(body, secret, headers.get("webhook-signature", "")))


def easypost_verifies(secret, headers, body):
    signed = {"X-Hmac-Signature": headers.get("x-hmac-signature", "")}
    return raises(EasyPostRefusal)(lambda: validate_webhook(body, signed, secret))


def onfido_verifies(secret, headers, body):
    try:
        WebhookEventVerifier(secret).read_payload(body.decode(), headers.get("x-sha2-signature", ""))
    except OnfidoInvalidSignatureError:
        return False
    except ValueError:
        pass  # the signature was fine; the event is none of theirs
    return True


def pusher_verifies(secret, headers, body):
    client = pusher.Pusher(app_id="1", key="fake-key", secret=secret)
    return client.validate_webhook("fake-key", headers.get("x-pusher-signature", ""), body.decode()) is not None


def adyen_verifies(secret, headers, body):
    return Adyen.util.is_valid_hmac_payload(headers.get("hmacsignature", ""), secret, body)


def sinch_numbers_verifies(secret, headers, body):
    return sinch_events.validate_signature_header(secret, headers, body.decode())


def line_verifies(secret, headers, body):
    return Line(secret).validate(body.decode(), headers.get("x-line-signature", ""))


def viber_verifies(secret, headers, body):
    bot = Viber(BotConfiguration(auth_token=secret, name="fake", avatar=""))
    return bot.verify_signature(body, headers.get("x-viber-content-signature", ""))


def coinbase_verifies(secret, headers, body):
    signature = headers.get("x-cc-webhook-signature", "")
    return raises(CoinbaseRefusal)(lambda: Coinbase.verify_sig_header(body.decode(), signature, secret))


def modern_treasury_verifies(secret, headers, body):
    client = ModernTreasury(api_key="fake", organization_id="fake")
    return client.webhooks.validate_signature(body.decode(), headers, key=secret)


def stream_verifies(secret, headers, body):
    return stream_chat.webhook.verify_signature(body, headers.get("x-signature", ""), secret)


def stream_compresses() -> Foreign:
    """Stream signs what it then compresses."""
    deliveries = []
    for body in json_bodies(random.Random(SEED)):
        tag = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = (("Content-Type", JSON), ("Content-Encoding", "gzip"), ("X-Signature", tag))
        deliveries.append(Signed(headers, ("X-Signature",), gzip.compress(body, mtime=0)))

    def verify(delivery: Signed) -> bool:
        judge = raises(stream_chat.webhook.InvalidWebhookError, zlib.error)
        signature = delivery.header("X-Signature")
        return judge(lambda: stream_chat.webhook.verify_and_parse_webhook(delivery.body, signature, SECRET))

    return Foreign(settings("stream", SECRET), deliveries, verify)


LIBRARIES = (
    Library("razorpay", "razorpay", razorpay_verifies, ("x-razorpay-signature",)),
    Library("gocardless_pro", "gocardless", gocardless_verifies, ("webhook-signature",)),
    Library("easypost", "easypost", easypost_verifies, ("x-hmac-signature",)),
    Library("onfido-python", "onfido", onfido_verifies, ("x-sha2-signature",)),
    Library("pusher", "pusher", pusher_verifies, ("x-pusher-signature",)),
    Library("sinch numbers", "sinch_numbers", sinch_numbers_verifies, ("x-sinch-signature",)),
    Library("Adyen payloads", "adyen_platforms", adyen_verifies, ("hmacsignature",), secret=HEX, other=OTHER_HEX),
    Library("line-bot-sdk", "line", line_verifies, ("x-line-signature",)),
    Library("viberbot", "viber", viber_verifies, ("x-viber-content-signature",)),
    Library("coinbase-commerce", "coinbase_commerce", coinbase_verifies, ("x-cc-webhook-signature",)),
    Library("modern-treasury", "modern_treasury", modern_treasury_verifies, ("x-signature",)),
    Library("stream-chat", "stream", stream_verifies, ("x-signature",)),
)
SIGNING = {"stream-chat compressed": stream_compresses}
