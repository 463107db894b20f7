import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { test } from "node:test";
import { promisify } from "node:util";
import { Pictures } from "../../../src/adapters/nats/work/pictures.ts";
import { packagePath } from "../../../src/base/package-root.ts";
import { patience, TEST_MS } from "../../limits.ts";
import { python } from "../programs.ts";

const HEAD = "HTTP/1.1 200 OK\r\nTicket-Remaining-Ms: 60000\r\n";
/** What a server has said before it sends one byte after the other. */
const SAID = {
  "a header": HEAD,
  "a picture": `${HEAD}Content-Length: 100000\r\n\r\n`,
  "the length of a piece": `${HEAD}Transfer-Encoding: chunked\r\n\r\n`,
  "a reason": "HTTP/1.1 500 Broken\r\n\r\n",
};

test("workers leave a server that sends a picture byte by byte, whatever it has said before", {
  timeout: TEST_MS,
}, async (t) => {
  const said = Object.values(SAID);
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.write(said[connections % said.length]!);
    connections += 1;
    const drip = setInterval(() => socket.write("0"), 20);
    socket.on("close", () => clearInterval(drip));
    socket.resume();
  });
  let connections = 0;
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/spots/frame/x/0`;
  const pictures = new Pictures("worker", undefined, { has: () => true }, 300);
  t.after(() => pictures.close());
  for (const what of Object.keys(SAID))
    await assert.rejects(
      pictures.get(url, patience()),
      /^Error: the picture was not there after 0\.3 s$/,
      what,
    );
  const script = packagePath("test", "interop", "nats", "dripping_pictures.py");
  const env = { ...process.env, PYTHONPATH: packagePath("clients", "python", "src") };
  const more = [script, url, String(said.length)];
  const { stdout } = await promisify(execFile)(python(), more, { env });
  assert.equal(connections, 2 * said.length);
  const late = "TimeoutError: the picture was not there after 0.3 s";
  assert.deepEqual(stdout.trim().split("\n"), [late, late, late, "Refused: 500"]);
});
