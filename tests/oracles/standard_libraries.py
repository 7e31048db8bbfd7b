"""Libraries of providers that sign as Standard Webhooks do, or as Svix did before."""

import base64
import json
import random

import replicate.webhook
import resend
import svix.webhooks
from anthropic import Anthropic
from dodopayments import DodoPayments
from increase import Increase
from openai import InvalidWebhookSignatureError, OpenAI
from polar.webhooks import PolarWebhookUnknownTypeError, PolarWebhookVerificationError
from polar.webhooks import validate_event as polar_event
from standardwebhooks import WebhookVerificationError

from library import SECRET, Library, raises

WHSEC = "whsec_" + base64.b64encode(b"fake secret of twenty-four").decode()
SVIX = ("svix-signature", "svix-id", "svix-timestamp")
STANDARD = ("webhook-signature", "webhook-id", "webhook-timestamp")


def resend_verifies(secret, headers, body):
    names = {key: headers.get(f"svix-{key}", "") for key in ("id", "timestamp", "signature")}
    options = {"payload": body.decode(), "headers": names, "webhook_secret": secret}
    return raises(ValueError)(lambda: resend.Webhooks.verify(options))


def svix_verifies(secret, headers, body):
    judge = raises(svix.webhooks.WebhookVerificationError)
    return judge(lambda: svix.webhooks.Webhook(secret).verify(body, headers))


def openai_verifies(secret, headers, body):
    client = OpenAI(api_key="fake", webhook_secret=secret)
    return raises(InvalidWebhookSignatureError)(lambda: client.webhooks.verify_signature(body, headers))


def anthropic_verifies(secret, headers, body):
    client = Anthropic(api_key="fake")
    judge = raises(WebhookVerificationError)
    return judge(lambda: client.beta.webhooks.unwrap(body.decode(), headers=headers, key=secret))


def dodo_verifies(secret, headers, body):
    client = DodoPayments(bearer_token="fake", webhook_key=secret)
    return raises(WebhookVerificationError)(lambda: client.webhooks.unwrap(body.decode(), headers=headers))


def increase_verifies(secret, headers, body):
    client = Increase(api_key="fake", webhook_secret=secret)
    return raises(WebhookVerificationError)(lambda: client.events.unwrap(body.decode(), headers=headers))


def polar_verifies(secret, headers, body):
    try:
        polar_event(body, headers, secret, frozenset(), lambda event: event)
    except PolarWebhookVerificationError:
        return False
    except PolarWebhookUnknownTypeError:
        pass  # the signature was fine; the event is none of theirs
    return True


def replicate_verifies(secret, headers, body):
    given = replicate.webhook.WebhookSigningSecret(key=secret)
    judge = raises(replicate.webhook.WebhookValidationError)
    return judge(lambda: replicate.webhook.Webhooks.validate(headers=headers, body=body.decode(), secret=given, tolerance=300))


LIBRARIES = (
    Library("resend", "resend", resend_verifies, SVIX, secret=WHSEC),
    Library("svix", "svix", svix_verifies, SVIX, secret=WHSEC, variant="svix"),
    Library("openai", "openai", openai_verifies, STANDARD, secret=WHSEC),
    Library("anthropic", "anthropic", anthropic_verifies, STANDARD, secret=WHSEC),
    Library("dodopayments", "dodopayments", dodo_verifies, STANDARD, secret=WHSEC),
    Library("increase", "increase", increase_verifies, STANDARD),
    Library("polar-sdk", "polar", polar_verifies, STANDARD, secret="polar_whs_" + SECRET),
    Library("polar-sdk decoded", "polar", polar_verifies, STANDARD, secret=WHSEC, variant="decoded"),
    Library("replicate", "replicate", replicate_verifies, STANDARD, secret=WHSEC),
)
