import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { selfSigned } from "../../../src/server/access/tls/self-signed.ts";
import { TEST_MS } from "../../limits.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { command } from "../programs.ts";
import { houseAt } from "./house.ts";
import { mosquitto } from "./mosquitto.ts";

test("with TLS and a password from a file the broker lets a server in, and says so when either is wrong", {
  timeout: TEST_MS,
}, async (t) => {
  const folder = await temporaryFolder();
  const path = (name: string) => join(folder, name);
  const { cert, key } = await selfSigned({ names: ["127.0.0.1"], days: 30 });
  for (const [name, text] of [
    ["ca.pem", cert],
    ["key.pem", key],
    ["password", "sesame\n"],
    ["wrong", "simsim\n"],
  ] as const)
    await writeFile(path(name), text);
  execFileSync(command("mosquitto_passwd"), ["-b", "-c", path("users"), "thingscope", "sesame"]);
  const port = await mosquitto(
    `certfile ${path("ca.pem")}\nkeyfile ${path("key.pem")}\nallow_anonymous false\npassword_file ${path("users")}`,
  );
  const options = {
    broker: `mqtts://127.0.0.1:${port}`,
    tls: { ca_file: path("ca.pem") },
    credentials: { user: "thingscope", password_file: path("password") },
  };
  const { bridge } = await houseAt(t, port, { ...options, topic_prefix: "s1" });
  assert.equal(bridge.status.state, "running");
  const wrong = { user: "thingscope", password_file: path("wrong") };
  for (const [different, reason] of [
    [{ credentials: wrong }, /cannot be used \(.*[Nn]ot authorized.*Check 'broker', 'credentials'/],
    [{ tls: {} }, /cannot be used \(.*self-signed certificate/],
    [{ tls: { ca_file: path("none") } }, /none' in 'mqtt' cannot be read/],
  ] as const) {
    const refused = await houseAt(t, port, { ...options, ...different, joins: false });
    while (!refused.bridge.status.reason) await new Promise((resolve) => setImmediate(resolve));
    assert.match(refused.bridge.status.reason, reason);
  }
});
