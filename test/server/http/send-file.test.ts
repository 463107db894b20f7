import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { sendFile } from "../../../src/server/http/send-file.ts";
import { WAIT_MS } from "../../limits.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

test("a file whose client has left before it could be opened is closed", {
  timeout: WAIT_MS,
}, async (t) => {
  const path = join(await temporaryFolder("thingscope-send-"), "film.mkv");
  await writeFile(path, "x");
  const server = createServer();
  t.after(() => server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = get({ port: (server.address() as AddressInfo).port, host: "127.0.0.1" });
  client.on("error", () => {});
  const [request, response] = await once(server, "request");
  client.destroy();
  await once(response, "close");
  await sendFile({ request, response }, { path, name: "film.mkv", mediaType: "video/x-matroska" });
  assert.equal(response.headersSent, false);
});
