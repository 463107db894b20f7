import assert from "node:assert/strict";
import { test } from "node:test";
import { Thing, ThingError, ThingHost } from "thingscope";
import { troubleIn } from "../../../src/adapters/mirror/origin-health.ts";
import type { Health } from "../../../src/server/monitoring/health.ts";
import { thingId } from "../../../src/server/td/description.ts";
import { TEST_MS } from "../../limits.ts";
import { picture } from "../../streams/pictures.ts";
import { eventually, Watcher } from "../../streams/watching.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { liveOf, Microscope, mirrorOf, origin } from "./origins.ts";

/** A camera that opens once its cable is in. */
class Unplugged extends Microscope {
  isPlugged = false;

  override open(): void {
    if (!this.isPlugged) throw new ThingError("NOT_READY", "Its cable is out. Put it in.");
  }
}

test("why a Thing could not open is told by its mirror, by a mirror of that and to viewers, and no longer once it has", {
  timeout: TEST_MS,
}, async (t) => {
  const microscope = new Unplugged();
  const source = await origin(t, { microscope, well: new Microscope() });
  const healthMs = 200;
  const near = await mirrorOf(t, source.url, { healthMs });
  const far = await mirrorOf(t, near.url, { healthMs });
  const told = "At the origin it is failed: Its cable is out. Put it in.";
  for (const { server, url } of [near, far]) {
    const { things } = server.host;
    await eventually(() => things.get("microscope")?.trouble === told);
    assert.equal(things.get("well")?.trouble, undefined);
    const answer = await fetch(`${url}/health`);
    const { status, reasons } = (await answer.json()) as Pick<Health, "status" | "reasons">;
    assert.equal(status, "degraded");
    assert.equal(reasons.filter((reason) => reason === told).length, 1);
  }
  const watcher = new Watcher(far.port, "/microscope/live");
  const refusal =
    / answered 503 Service Unavailable: Thing 'microscope' cannot give frames: it could not open: Its cable is out\. Put it in\./;
  for (const copy of [near, far])
    await eventually(() => refusal.test(liveOf(copy).source.reason ?? ""));

  microscope.isPlugged = true;
  await source.server.host.openThing("microscope");
  const camera = setInterval(() => microscope.live.addFrame(picture(1)), 50);
  t.after(() => clearInterval(camera));
  await watcher.until(() => watcher.parts.at(-1)?.headers.has("x-frame-index") ?? false);
  for (const { server } of [near, far])
    await eventually(() => server.host.get("microscope").trouble === undefined);
  watcher.socket.destroy();
});

test("what is wrong at the origin is one sentence, whoever tells it", () => {
  assert.equal(troubleIn({ state: "open" }), undefined);
  assert.equal(troubleIn({ state: "stalled", reason: "No." }), "At the origin it is stalled: No.");
  assert.equal(troubleIn({ state: "open", troubles: ["Full."] }), "At the origin: Full.");
  const before = "At the origin it is failed: No.";
  assert.equal(troubleIn({ state: "failed", reason: "x", troubles: [before] }), before);
  for (const odd of [{}, { state: 5, reason: [] }, { troubles: "x" }, { troubles: [{}] }])
    assert.equal(troubleIn(odd), undefined);
  assert.equal(troubleIn({ state: "failed", reason: "x".repeat(5000) })?.length, 1000);
});

test("a mirror on a machine with the name and the folder of its origin's, as Raspberry Pis are, has another id at each step", async () => {
  const settingsFolder = await temporaryFolder();
  const idOf = (thing: Thing) => {
    const host = new ThingHost({ settingsFolder });
    host.add("camera", thing);
    return thingId(host, "camera");
  };
  class Copy extends Thing {
    override readonly mirrorOf;
    constructor(...ids: string[]) {
      super();
      this.mirrorOf = ids.map((id) => ({ id, href: "http://pi/camera/" }));
    }
  }
  const camera = idOf(new Microscope());
  const near = idOf(new Copy(camera));
  const far = idOf(new Copy(camera, near));
  assert.equal(new Set([camera, near, far]).size, 3);
  assert.equal(near, idOf(new Copy(camera)));
});
