// Providers' own Node libraries, asked one line at a time. A line in: {library, task, secret, headers (lower-case names),
// body, …}; a line out: {verified}, or {headers} or {token} where the library signs, or {failed} where it broke off.
import { createInterface } from "node:readline";
import https from "node:https";
import { Readable } from "node:stream";
import { EventEmitter } from "node:events";
import atlassian from "atlassian-jwt";
import { Mux } from "@mux/mux-node";
import { LinearWebhookClient } from "@linear/sdk/webhooks";
import { SeamWebhook } from "@seamapi/webhook";
import { WebhookHandler as Liveblocks } from "@liveblocks/node";
import { basicAuthValidator } from "chargebee";
import { decodeWebhook as kinde } from "@kinde/webhooks";
import { signRequest, verifyRequest } from "@contentful/node-apps-toolkit";
import { encodeSignatureHeader, isValidSignature } from "@sanity/webhook";
import { signWebhookPayload, verifyWebhookSignature } from "@notionhq/client";
import { verifyKey } from "discord-interactions";
import { verifyWebhook as clerk } from "@clerk/backend/webhooks";
import "@shopify/shopify-api/adapters/node";
import { LogSeverity, shopifyApi } from "@shopify/shopify-api";
import SnsValidator from "sns-validator";
import { verifyPaddleWebhook } from "verify-paddle-webhook";

// The certificate that Amazon's library would fetch is the question's own.
function serveCertificate(text) {
  https.get = (_url, answer) => {
    const response = Readable.from([Buffer.from(text)]);
    response.statusCode = 200;
    answer(response);
    return new EventEmitter();
  };
}

function shop(secret) {
  return shopifyApi({
    apiKey: "fake", apiSecretKey: secret, scopes: [], hostName: "hooks.example.test", apiVersion: "2026-10",
    isEmbeddedApp: false, logger: { level: LogSeverity.Error, log: () => {} },
  });
}

// Each says no by false or by throwing.
const verifiers = {
  chargebee: async ({ secret, headers }) => {
    await basicAuthValidator((user, password) => `${user}:${password}` === secret)(headers);
    return true;
  },
  clerk: async ({ secret, headers, body }) => {
    const request = new Request("https://hooks.example.test/hook", { method: "POST", headers, body });
    return Boolean(await clerk(request, { signingSecret: secret }));
  },
  contentful: ({ secret, headers, body, target }) => verifyRequest(secret, { method: "POST", path: target, headers, body }, 60),
  discord: ({ secret, headers, body }) =>
    verifyKey(body, headers["x-signature-ed25519"], headers["x-signature-timestamp"], secret),
  kinde: async ({ secret, body }) => Boolean(await kinde(body, secret)),
  linear: ({ secret, headers, body }) => new LinearWebhookClient(secret).verify(Buffer.from(body), headers["linear-signature"]),
  liveblocks: ({ secret, headers, body }) => Boolean(new Liveblocks(secret).verifyRequest({ headers, rawBody: body })),
  mux: async ({ secret, headers, body }) => {
    await new Mux({ tokenId: "fake", tokenSecret: "fake" }).webhooks.verifySignature(body, headers, secret);
    return true;
  },
  notion: ({ secret, headers, body }) =>
    verifyWebhookSignature({ body, signature: headers["x-notion-signature"], verificationToken: secret }),
  paddle_classic: ({ secret, headers }) => verifyPaddleWebhook(secret, headers),
  sanity: ({ secret, headers, body }) => isValidSignature(body, headers["sanity-webhook-signature"], secret),
  seam: ({ secret, headers, body }) => Boolean(new SeamWebhook(secret).verify(body, headers)),
  shopify: async ({ secret, headers, body }) => {
    const rawRequest = { method: "POST", url: "/hook", headers };
    return (await shop(secret).webhooks.validate({ rawBody: body, rawRequest, rawResponse: {} })).valid;
  },
  sns: ({ secret, body }) =>
    new Promise((answer) => {
      serveCertificate(secret);
      new SnsValidator().validate(body, (problem) => answer(!problem));
    }),
};

const signers = {
  atlassian: ({ secret, claims, target }) => {
    const request = atlassian.fromMethodAndUrl("POST", target);
    return { token: atlassian.encodeSymmetric({ ...claims, qsh: atlassian.createQueryStringHash(request) }, secret) };
  },
  contentful: ({ secret, headers, body, target }) => ({
    headers: signRequest(secret, { method: "POST", path: target, headers, body }),
  }),
  notion: async ({ secret, body }) => ({
    headers: { "x-notion-signature": await signWebhookPayload({ body, verificationToken: secret }) },
  }),
  sanity: async ({ secret, body }) => ({
    headers: { "sanity-webhook-signature": await encodeSignatureHeader(body, Date.now(), secret) },
  }),
};

async function answered(question) {
  if (question.task === "sign") return await signers[question.library](question);
  const verify = verifiers[question.library];
  if (!verify) return { failed: `no library ${question.library}` };
  try {
    return { verified: Boolean(await verify(question)) };
  } catch (refusal) {
    return { verified: false, said: String(refusal) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const answer = await answered(JSON.parse(line)).catch((failure) => ({ failed: String(failure) }));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
