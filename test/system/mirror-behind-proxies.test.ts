import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { ThingError } from "thingscope";
import { ThingClient } from "thingscope/client";
import { serverOrigin } from "../../src/cli/mirror-origins.ts";
import { createToken } from "../../src/server/access/login/account-changes.ts";
import { AccountsFile } from "../../src/server/access/login/accounts-file.ts";
import { fingerprintOf } from "../../src/server/access/tls/certificate-files.ts";
import { selfSigned } from "../../src/server/access/tls/self-signed.ts";
import { Microscope, mirrorOf, origin } from "../adapters/mirror/origins.ts";
import { TEST_MS, WAIT_MS } from "../limits.ts";
import { picture } from "../streams/pictures.ts";
import { eventually, Watcher } from "../streams/watching.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { openPage } from "./chromium.ts";
import { proxyFor } from "./proxy-programs.ts";

const IS_LONG = process.env.THINGSCOPE_LONG !== undefined;

/** Does not open, and so is told of by `/health` alone. */
class Broken extends Microscope {
  override open(): void {
    throw new ThingError("NOT_READY", "Its cable is out. Put it in.");
  }
}

test("a mirror behind nginx shows an origin behind another one, with a prefix, TLS by a fingerprint and a login", {
  timeout: TEST_MS,
}, async (t) => {
  const folder = await temporaryFolder();
  const { token } = await createToken(new AccountsFile(folder), { role: "view", days: 1 });
  const microscope = new Microscope();
  const source = await origin(t, { microscope, broken: new Broken() }, { login: { folder } });
  const files = await selfSigned({ names: ["127.0.0.1"], days: 30, from: Date.now() });
  const paths = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
  await writeFile(paths.cert, files.cert);
  await writeFile(paths.key, files.key);
  const secure = (text: string) =>
    text
      .replaceAll("/scope", "/lab/pi3")
      .replace(
        ":8080;",
        `:8080 ssl;\n  ssl_certificate ${paths.cert};\n  ssl_certificate_key ${paths.key};`,
      );
  const { port } = await proxyFor(t, "nginx", source.port, secure);
  const url = `https://127.0.0.1:${port}/lab/pi3`;
  const flags = { token, trust: fingerprintOf(files), operate: false };
  const { source: there, pictures } = serverOrigin(`${url}/`, flags as never);
  const { connection } = there;
  const mirror = await mirrorOf(t, `${url}/`, { connection, pictures, healthMs: 200 });
  const proxy = await proxyFor(t, "nginx", mirror.port);
  const camera = setInterval(() => microscope.live.addFrame(picture(1)), 50);
  t.after(() => clearInterval(camera));

  const viewer = new Watcher(proxy.port, "/scope/microscope/live", [], "1.0");
  await viewer.until(() => viewer.parts.some(({ headers }) => headers.has("x-frame-index")));
  const { headers } = viewer.parts.find(({ headers }) => headers.has("x-frame-index"))!;
  viewer.socket.destroy();
  const stream = encodeURIComponent(`${url}/microscope/live`);
  assert.ok(headers.get("x-origin")?.startsWith(`stream=${stream};run=${microscope.live.run};`));
  const client = await ThingClient.connect(`${proxy.url}/microscope/`);
  assert.deepEqual(
    (client.td.mirrorOf as { href: string }[]).map(({ href }) => href),
    [`${url}/microscope/`],
  );
  microscope.gain = 7;
  microscope.changed("gain");
  await eventually(() => mirror.server.host.get("microscope").trouble === undefined);
  assert.equal(await client.read("gain"), 7);
  const { things } = mirror.server.host;
  await eventually(() => things.get("broken")?.trouble?.includes("Its cable is out.") ?? false);

  if (!IS_LONG) return;
  const { page } = await openPage(t);
  await page.goto(`${proxy.url}/`);
  await page.locator("camera-view [data-state=streaming]").first().waitFor({ timeout: WAIT_MS });
});
