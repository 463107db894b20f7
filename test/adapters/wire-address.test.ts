import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { Complaints } from "../../src/adapters/complaints.ts";
import { admittedHost, listenOn } from "../../src/adapters/wire-address.ts";
import { logTo, silentLog } from "../../src/base/log.ts";
import { TEST_MS } from "../limits.ts";

const timeout = TEST_MS;

test("a wire listens on loopback, and elsewhere only for who insists, loudly", () => {
  const lines: string[] = [];
  const log = logTo((level, message) => lines.push(`${level} ${message}`));
  assert.equal(admittedHost("Filers", {}, log), "127.0.0.1");
  assert.equal(admittedHost("Filers", { host: "127.0.0.2" }, log), "127.0.0.2");
  assert.deepEqual(lines, []);
  assert.throws(
    () => admittedHost("Filers", { host: "0.0.0.0" }, log),
    /has no login.*insecure: true/,
  );
  assert.equal(admittedHost("Filers", { host: "0.0.0.0", insecure: true }, log), "0.0.0.0");
  assert.match(lines.join(), /^warn NO LOGIN: everyone who reaches '0.0.0.0'/);
});

test("a port in use, and an address of elsewhere, are told with what to write instead", {
  timeout,
}, async (t) => {
  const first = createServer();
  t.after(() => first.close());
  const port = await listenOn(first, "127.0.0.1", 0);
  await assert.rejects(listenOn(createServer(), "127.0.0.1", port), {
    code: "PORT_IN_USE",
    message: new RegExp(`Port ${port} .* in use .*{ port: ${port + 1} }`),
  });
  await assert.rejects(listenOn(createServer(), "192.0.2.1", 0), {
    code: "BAD_ARGUMENT",
    message: /no address '192.0.2.1'.*{ host: "127.0.0.1" }/,
  });
});

test("of a thousand equal complaints the log has one line a minute, and the counts all", () => {
  const lines: string[] = [];
  let clock = 0;
  const complaints = new Complaints(
    { ...silentLog, warn: (line) => lines.push(line) },
    () => clock,
  );
  for (let n = 0; n < 1000; n++) complaints.add("bad_header", "A header is too long.");
  complaints.add("vanished", "A client has vanished.");
  clock += 60_000;
  complaints.add("bad_header", "A header is too long.");
  assert.deepEqual(complaints.counts, { bad_header: 1001, vanished: 1 });
  assert.deepEqual(lines, [
    "A header is too long.",
    "A client has vanished.",
    "A header is too long. (999 more like it since the last such line)",
  ]);
});
