// A receiver of GitHub deliveries, written with GitHub's own library: 204 when the signature verifies, 401 when not.
import { createServer } from "node:http";
import { verify } from "@octokit/webhooks-methods";

const secret = process.env.ORACLE_SECRET;

const server = createServer((request, response) => {
  const pieces = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", async () => {
    const body = Buffer.concat(pieces).toString("utf8");
    const signature = request.headers["x-hub-signature-256"];
    let verified = false;
    try {
      verified = await verify(secret, body, signature);
    } catch (error) {
      console.error(String(error));
    }
    console.log(JSON.stringify({ verified, headers: request.headers, body }));
    response.writeHead(verified ? 204 : 401).end();
  });
});

server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
