import assert from "node:assert/strict";
import { test } from "node:test";
import { inspectJpeg } from "../../src/frames/jpeg/jpeg.ts";
import { TEST_MS } from "../limits.ts";
import { nodeWot, type Output } from "./node-wot.ts";
import { serveInstrument } from "./serving.ts";

test("node-wot 0.9.2", { timeout: TEST_MS }, async (t) => {
  const { url } = await serveInstrument(t);
  const wot = await nodeWot(t);
  const found = async (name: string) =>
    wot.consume(await wot.requestThingDescription(`${url}/${name}/`));
  const instrument = await found("instrument");
  const camera = await found("camera");

  await t.test("it takes the Thing Description without any override", () => {
    assert.equal(instrument.getThingDescription().title, "Instrument");
  });

  await t.test("it writes and reads properties of each type", async () => {
    const region = { x: 3, y: 4, label: "right" };
    const values = { gain: 2.5, mode: "rgb", lit: true, region, heights: [1, 2.5], label: null };
    for (const [name, value] of Object.entries(values)) {
      await instrument.writeProperty(name, value);
      const output = await instrument.readProperty(name);
      assert.deepEqual(await output.value(), value, name);
    }
  });

  await t.test("it is refused what the Thing Description does not allow", async () => {
    await assert.rejects(instrument.writeProperty("gain", 11), /Client error: Unprocessable/);
    await assert.rejects(instrument.writeProperty("lit", "maybe"), /Client error: Unprocessable/);
    await assert.rejects(instrument.readProperty("temperature"), /Server error/);
  });

  await t.test("it invokes actions, and their invocations can be followed", async () => {
    const output = await instrument.invokeAction("add", { a: 2, b: 3 });
    const begun = await output?.value();
    const invocation = await ended(begun);
    assert.deepEqual([invocation.status, invocation.output], ["completed", 5]);
    await instrument.invokeAction("ping");
    await assert.rejects(instrument.invokeAction("add", { b: 3 }), /Client error/);
  });

  await t.test("it gets the output of a synchronous action as its answer", async () => {
    const output = await instrument.invokeAction("sum", { a: 2, b: 3 });
    assert.equal(await output?.value(), 5);
  });

  await t.test("it observes a property, and misses no value of several at once", async () => {
    const heard = collect(3);
    const observation = await instrument.observeProperty("gain", heard.listener, heard.onError);
    for (const gain of [3, 4, 5]) await instrument.writeProperty("gain", gain);
    assert.deepEqual(await heard.values(), [3, 4, 5]);
    await observation.stop();
  });

  await t.test("it is told of events by long polling, each once and in order", async () => {
    const heard = collect(3);
    const subscription = await instrument.subscribeEvent("moved", heard.listener, heard.onError);
    for (const x of [1, 2, 3]) await instrument.invokeAction("move", { x });
    assert.deepEqual(await heard.values(), [{ x: 1 }, { x: 2 }, { x: 3 }]);
    await subscription.stop();
  });

  await t.test("it reads a picture as image/jpeg", async () => {
    const output = await camera.readProperty("mjpeg_stream_frame");
    const { width, height } = inspectJpeg(new Uint8Array(await output.arrayBuffer()));
    assert.deepEqual([width, height], [800, 600]);
  });

  await t.test("it reads the same as JSON where it asks for that form", async () => {
    const forms = camera.getThingDescription().properties.mjpeg_stream_frame?.forms ?? [];
    const formIndex = forms.findIndex(({ contentType }) => contentType === "application/json");
    const value = await (await camera.readProperty("mjpeg_stream_frame", { formIndex })).value();
    const jpeg = Buffer.from(String(value), "base64");
    assert.equal(inspectJpeg(jpeg).width, 800);
  });

  await t.test("it observes a stream as successive pictures", async () => {
    const heard = collect(3);
    const observation = await camera.observeProperty(
      "mjpeg_stream_frame",
      heard.listener,
      heard.onError,
    );
    const pictures = await heard.buffers();
    await observation.stop();
    for (const picture of pictures) assert.equal(inspectJpeg(picture).width, 800);
    assert.notDeepEqual(pictures[0], pictures[1]);
  });

  await t.test("it reads all properties at once, and opens no stream for that", async () => {
    const outputs = await camera.readAllProperties();
    assert.ok(outputs.has("mjpeg_stream_frame") && outputs.has("framerate"));
    for (const output of outputs.values()) await output.arrayBuffer();
    const health = await (await fetch(`${url}/health`)).text();
    const { mjpeg_stream: stream } = JSON.parse(health).things.camera.streams;
    assert.equal(stream.viewers, 0, health);
  });
});

interface Invocation {
  status: string;
  href: string;
  output?: unknown;
}

async function ended(value: unknown): Promise<Invocation> {
  for (let invocation = invocationIn(value); ; ) {
    if (!["pending", "running"].includes(invocation.status)) return invocation;
    invocation = invocationIn(await (await fetch(invocation.href)).json());
  }
}

function invocationIn(value: unknown): Invocation {
  const { status, href, output } = Object(value);
  return { status: String(status), href: String(href), output };
}

/** What a subscription is told: the first `count` outputs. */
function collect(count: number) {
  const outputs: Output[] = [];
  let fail: (error: Error) => void = () => {};
  let wake: () => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {});
  async function first(): Promise<Output[]> {
    while (outputs.length < count) {
      const next = new Promise<void>((resolve) => {
        wake = resolve;
      });
      await Promise.race([next, failed]);
    }
    return outputs.slice(0, count);
  }
  return {
    listener(output: Output) {
      outputs.push(output);
      wake();
    },
    onError: (error: Error) => fail(error),
    values: async () => Promise.all((await first()).map((output) => output.value())),
    buffers: async () =>
      Promise.all((await first()).map(async (output) => Buffer.from(await output.arrayBuffer()))),
  };
}
