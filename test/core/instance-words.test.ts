// What one Thing is called in the place of its class's words: by itself, and by the configuration.
import assert from "node:assert/strict";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { test } from "node:test";
import { Thing, ThingHost } from "thingscope";
import { openTestHost } from "thingscope/testing";
import { TEST_MS } from "../limits.ts";

const timeout = TEST_MS;

class Webcam extends Thing {
  static override readonly title = "Webcam";
  static override readonly description = "A camera on USB.";
  names: (string | undefined)[] = ["Logitech C920"];

  override open(): void {
    const name = this.names.shift();
    if (name !== undefined) this.describeAs({ title: name });
  }
}

interface Described {
  readonly title: string;
  readonly description?: string;
}

test("what a Thing says that it is called when it opens is in its description, the links and the directory, and changes are announced", {
  timeout,
}, async () => {
  await using bench = await openTestHost(Webcam, { name: "webcam" });
  const td = async (): Promise<Described> => (await fetch(bench.url)).json() as Promise<Described>;
  const links = async () => (await fetch(`${bench.origin}/.well-known/core`)).text();
  assert.deepEqual(
    [(await td()).title, (await td()).description],
    ["Logitech C920", "A camera on USB."],
  );
  assert.match(await links(), /title="Logitech C920"/);
  const request = get(`${bench.origin}/directory/events/thing_updated`);
  const [events] = (await once(request, "response")) as [IncomingMessage];
  bench.thing.describeAs({ title: "Ocular 2", description: "The left one." });
  let told = "";
  for await (const chunk of events) {
    told += chunk;
    if (told.includes("urn:uuid")) break;
  }
  assert.match(told, /event: thing_updated/);
  assert.deepEqual([(await td()).title, (await td()).description], ["Ocular 2", "The left one."]);
  assert.match(await links(), /title="Ocular 2"/);
  const listed = (await (await fetch(`${bench.origin}/directory/things`)).json()) as Described[];
  assert.deepEqual(
    listed.map(({ title }) => title),
    ["Ocular 2"],
  );
  const model = (await (await fetch(`${bench.origin}/thing_models/Webcam`)).json()) as Described;
  assert.equal(model.title, "Webcam");
});

test("the words of one opening last until the next has ended, those of the constructor longer", {
  timeout,
}, async () => {
  class Named extends Webcam {
    override names = ["Logitech C920", undefined];
    constructor() {
      super();
      this.describeAs({ description: "Beside the door." });
    }
  }
  await using bench = await openTestHost(Named, { host: { reopenAfterMs: [1, 1] } });
  const { hosted, host } = bench;
  const words = () => [hosted.model.title, hosted.model.description];
  assert.deepEqual(words(), ["Logitech C920", "Beside the door."]);
  const reopened = new Promise<void>((resolve) => {
    host.onState(({ state }) => state === "open" && resolve());
  });
  bench.thing.context.disconnected("The cable is out.");
  assert.deepEqual(words(), ["Logitech C920", "Beside the door."]);
  await reopened;
  assert.deepEqual(words(), ["Webcam", "Beside the door."]);
});

test("the configuration's words come before the device's, each for itself", {
  timeout,
}, async () => {
  const host = new ThingHost();
  const { model } = host.add("webcam", new Webcam(), { title: "Door", description: "" });
  assert.deepEqual([model.title, model.description], ["Door", "A camera on USB."]);
  await host.open();
  assert.equal(host.get("webcam").model.title, "Door");
  await host.close();
});

test("a device may be called anything that is text, and what is none is refused with a sentence", {
  timeout,
}, () => {
  const host = new ThingHost();
  const thing = new Webcam();
  const hosted = host.add("webcam", thing);
  const title = (text: string) => {
    thing.describeAs({ title: text });
    return hosted.model.title;
  };
  assert.equal(title("  Cam\0\0\r\n<b>\u{1f4f7}"), "Cam <b>\u{1f4f7}");
  assert.equal(title("\ud800 half"), "\ufffd half");
  assert.equal(title("x".repeat(1e6)), `${"x".repeat(197)}...`);
  assert.equal(title("\0\0"), "Webcam");
  thing.describeAs({ title: undefined });
  assert.equal(hosted.model.title, "Webcam");
  for (const words of [null, "Webcam", { title: 7 }, { description: {} }])
    assert.throws(() => thing.describeAs(words as never), {
      code: "BAD_ARGUMENT",
      message: /^Webcam: describeAs\(\) .*\. Write text\.$/,
    });
});
