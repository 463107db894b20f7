import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ClientError, RemoteBlob, ThingClient } from "thingscope/client";
import { TEST_MS } from "../limits.ts";
import { type InstrumentTypes, type Lab, openLab } from "./instrument.ts";

let lab: Lab;
let client: ThingClient<InstrumentTypes>;
before(async () => {
  lab = await openLab();
  client = await ThingClient.connect<InstrumentTypes>(lab.url);
});
after(() => lab[Symbol.asyncDispose]());

test("a client knows a Thing by its description, with or without the last slash", async () => {
  assert.equal(client.title, "Test instrument");
  assert.deepEqual(Object.keys(client.events), ["moved", "live_new_frame"]);
  const other = await ThingClient.connect(lab.url.slice(0, -1));
  assert.equal(other.url, lab.url);
  assert.equal(await other.properties.pitch!.read(), 2.5);
});

test("properties are read and written, as members and by name, and all at once", async () => {
  await client.properties.exposure.write(20);
  assert.equal(await client.properties.exposure.read(), 20);
  await client.write("exposure", 30);
  assert.equal(await client.read("exposure"), 30);
  await client.write("label", null);
  const all = await client.readAll();
  assert.deepEqual([all.exposure, all.label, all.pitch], [30, null, 2.5]);
});

test("what is refused is an error with the server's sentence, code, status and faults", async () => {
  await assert.rejects(client.write("exposure", 7000), (error) => {
    assert.ok(error instanceof ClientError);
    assert.equal(
      error.message,
      "Property 'exposure' of Thing 'instrument' was not set: it should be less than or equal to 1000, but is 7000.",
    );
    assert.deepEqual([error.code, error.status], ["INVALID_INPUT", 422]);
    assert.equal(error.faults[0]?.type, "less_than_equal");
    return true;
  });
});

test("a name that the Thing lacks is an error that lists the names", async () => {
  const anything = await ThingClient.connect(lab.url);
  const sentence = /^Thing 'Test instrument' has no property 'exposur'\. It has: exposure, label/;
  assert.throws(() => anything.properties.exposur, {
    code: "UNKNOWN_AFFORDANCE",
    message: sentence,
  });
  await assert.rejects(anything.read("exposur"), { message: sentence });
  assert.throws(() => anything.actions.scna, { message: /no action 'scna'/ });
  const { pitch } = anything.properties;
  await assert.rejects(anything.write("pitch", 1), {
    code: "UNSUPPORTED",
    message: /'pitch' has no form for 'writeproperty' over HTTP. It is read-only./,
  });
  assert.equal(pitch?.name, "pitch");
});

test("an action gives its output, and tells its progress and its log on the way", {
  timeout: TEST_MS,
}, async () => {
  const progress: (string | undefined)[] = [];
  const lines: string[] = [];
  const output = await client.actions.scan(
    { steps: 4 },
    {
      onProgress: (_, message) => progress.push(message),
      onLog: ({ message, level }) => lines.push(`${level} ${message}`),
    },
  );
  assert.deepEqual(output, [1, 2, 3, 4]);
  assert.equal(progress.at(-1), "step 4 of 4");
  assert.deepEqual(lines, ["INFO step 1", "INFO step 2", "INFO step 3", "INFO step 4"]);
  assert.equal(await client.actions.zero(), 0);
  assert.equal(await client.invoke("zero"), 0);
});

test("an action that fails is an error with its words", async () => {
  await assert.rejects(client.actions.fail(), {
    name: "ClientError",
    message: "The lamp is out of film.",
    code: "INTERNAL",
    status: 500,
  });
  // @ts-expect-error: `steps` is missing
  await assert.rejects(client.actions.scan({}), { code: "INVALID_INPUT", status: 422 });
});

test("an aborted signal cancels the run at the server", { timeout: TEST_MS }, async () => {
  const leaving = new AbortController();
  const waiting = client.actions.wait(undefined, { signal: leaving.signal });
  while (!lab.instrument.busy) await new Promise(setImmediate);
  leaving.abort();
  await assert.rejects(waiting, { name: "AbortError" });
  while (lab.instrument.busy) await new Promise(setImmediate);
  await assert.rejects(client.actions.wait(undefined, { signal: leaving.signal }), {
    name: "AbortError",
  });
  assert.equal(lab.instrument.busy, false);
});

test("a run that was started is followed, and cancelled by name", {
  timeout: TEST_MS,
}, async () => {
  const run = await client.actions.wait.start();
  assert.match(run.href ?? "", /\/action_invocations\//);
  const result = run.result();
  const told = assert.rejects(result, { code: "ACTION_CANCELLED", message: /was cancelled/ });
  await run.cancel();
  assert.equal(run.finished, true);
  await told;
  await run.cancel();
});

test("a blob is fetched when it is wanted, and handed to the next action", async () => {
  const anything = await ThingClient.connect(lab.url);
  const picture = await anything.actions.picture!();
  assert.ok(picture instanceof RemoteBlob);
  assert.equal(picture.mediaType, "text/plain");
  assert.equal(await picture.text(), "a picture");
  const reader = (await picture.stream()).getReader();
  assert.equal(Buffer.from((await reader.read()).value ?? []).toString(), "a picture");
  assert.equal(await anything.actions.measure!({ picture }), 9);
});

test("an event is followed from the moment on at which the subscription stands", {
  timeout: TEST_MS,
}, async () => {
  const moves = client.events.moved.subscribe();
  await moves.opened;
  await client.actions.move({ x: 1 });
  await client.actions.move({ x: 2 });
  const seen: number[] = [];
  for await (const { x } of moves) {
    seen.push(x);
    if (x === 2) break;
  }
  assert.deepEqual(seen, [1, 2]);
  assert.equal((await moves.next()).done, true);
});

test("a listener hears each event until it is taken off", { timeout: TEST_MS }, async () => {
  let again: NodeJS.Timeout | undefined;
  const heard = new Promise<number>((resolve, reject) => {
    const off = client.events.moved.on(
      ({ x }) => {
        off();
        resolve(x);
      },
      { onError: reject },
    );
    again = setInterval(() => client.actions.move({ x: 7 }).catch(reject), 20);
  });
  assert.equal(await heard.finally(() => clearInterval(again)), 7);
});

test("a subscription ends quietly when its signal aborts", { timeout: TEST_MS }, async () => {
  const leaving = new AbortController();
  const moves = client.events.moved.subscribe(leaving.signal);
  await moves.opened;
  const next = moves.next();
  leaving.abort();
  assert.equal((await next).done, true);
});

test("an address without a server, and one without a Thing, are told from each other", async () => {
  await assert.rejects(ThingClient.connect("http://127.0.0.1:9/camera/"), {
    code: "UNREACHABLE",
    status: 0,
    message: /^http:\/\/127\.0\.0\.1:9\/camera\/ cannot be reached: .*Is the server running/,
  });
  await assert.rejects(ThingClient.connect(`${lab.origin}/things/`), {
    code: "BAD_ANSWER",
    message: /describes no Thing/,
  });
  await assert.rejects(ThingClient.connect(`${lab.origin}/camra/`), {
    code: "NOT_FOUND",
    status: 404,
  });
  await assert.rejects(ThingClient.connect("camera"), { message: /is not an http address/ });
});
