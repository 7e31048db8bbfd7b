// Signs every payload that GitHub's examples hold with GitHub's own library.
// In: the secrets as arguments of the environment; out: one JSON line per delivery.
import { createRequire } from "node:module";
import { randomUUID } from "node:crypto";
import { readdirSync, existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { sign } from "@octokit/webhooks-methods";

const secrets = JSON.parse(process.env.ORACLE_SECRETS);
const packageFile = createRequire(import.meta.url).resolve("@octokit/webhooks-examples/package.json");
const root = dirname(packageFile);

// The three spellings a delivery comes in: compact JSON, JSON written by hand, and a form.
const spellings = [
  { type: "application/json", spell: (payload) => JSON.stringify(payload) },
  { type: "application/json; charset=utf-8", spell: (payload) => JSON.stringify(payload, null, 2) + "\n" },
  {
    type: "application/x-www-form-urlencoded",
    spell: (payload) => new URLSearchParams({ payload: JSON.stringify(payload) }).toString(),
  },
];

let number = 0;
for (const folder of readdirSync(root).sort()) {
  const file = join(root, folder, "index.json");
  if (!existsSync(file)) continue;
  for (const { name, examples } of JSON.parse(readFileSync(file, "utf8"))) {
    for (const payload of examples) {
      const { type, spell } = spellings[number % 7 === 5 ? 1 : number % 7 === 6 ? 2 : 0];
      const body = spell(payload);
      const signature = await sign(secrets[number % secrets.length], body);
      const headers = [
        ["User-Agent", "GitHub-Hookshot/044aadd"],
        ["Accept", "*/*"],
        ["Content-Type", type],
        ["X-GitHub-Delivery", randomUUID()],
        ["X-GitHub-Event", name],
        ["X-Hub-Signature-256", signature],
      ];
      console.log(JSON.stringify({ name: `${folder}/${name}/${number}`, headers, body }));
      number += 1;
    }
  }
}
