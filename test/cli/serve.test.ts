import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { packagePath } from "../../src/base/package-root.ts";
import { Elapsed } from "../elapsed.ts";
import { TEST_MS } from "../limits.ts";
import { folderWith, install, runCli, runCliLines, serveCli } from "./run-cli.ts";

const CAMERA = `
import { MJPEGStream, property, stream, Thing } from "thingscope";
import { Type } from "typebox";

export class Camera extends Thing {
  @property("Exposure time", Type.Number({ unit: "ms" })) accessor exposure: number = 20;
  @stream("Live view") readonly live = new MJPEGStream();
  constructor(first: unknown, options?: { exposure?: number }) {
    super();
    const { exposure = 20 } = options ?? (first as { exposure?: number });
    this.exposure = exposure;
  }
}
export class Broken extends Thing {
  override open() {
    throw new Error("The cable is out.");
  }
}
export class Unmakeable extends Thing {
  constructor() {
    super();
    throw new Error("There is no port here.");
  }
}
export class Stuck extends Thing {
  override close() {
    return new Promise<void>((resolve) => setTimeout(resolve, 60_000));
  }
}
export class Faulty extends Thing {
  override open() {
    setTimeout(() => { throw new Error("Nobody awaits me."); }, 10);
    void Promise.reject(new Error("Nor me."));
  }
}
`;

const FAILING = `things:
  bad: {class: camera:Unmakeable, thing_slots: {eye: eye}}
  broken: camera:Broken
  faulty: camera:Faulty
  eye: camera:Camera
  log: thingscope/things:ServerLog
`;

async function getJson(url: string): Promise<Record<string, unknown>> {
  return (await fetch(url)).json() as Promise<Record<string, unknown>>;
}

test("a TypeScript Thing is served from a folder that has thingscope installed", {
  timeout: TEST_MS,
}, async (t) => {
  const folder = await folderWith({
    "camera.ts": CAMERA,
    "lab.yaml": 'things:\n  eye: {class: "camera:Camera", kwargs: {exposure: 7}}\n',
    "package.json": "{}",
    "tsconfig.json": '{"compilerOptions": {"experimentalDecorators": true}}',
  });
  await install(folder);
  const server = await serveCli(t, folder, "lab.yaml");
  assert.equal(server.page, `${server.url}/`);
  assert.equal(await (await fetch(`${server.url}/eye/exposure`)).json(), 7);
  assert.equal((await getJson(`${server.url}/eye/`)).title, "Camera");
  assert.match(server.lines[0]?.msg ?? "", /^thingscope \d+\.\d+\.\d+ {2}settings \/.*\/settings$/);
  assert.ok(server.lines.some(({ msg }) => msg === "eye  Camera  open"));
  assert.equal(await server.stop(), 0);
});

test("a Thing finds the server's own thingscope where none is installed, in files that import one another", {
  timeout: TEST_MS,
}, async (t) => {
  const folder = await folderWith({
    "camera.ts": CAMERA,
    "lab/names.js": "export const label = 'second';",
    "lab/second.ts": `
      import { property } from "thingscope";
      import { Type } from "typebox";
      import { Camera } from "../camera.js";
      import { label } from "./names.js";
      export class Second extends Camera {
        @property("Label", Type.String()) accessor label = label as string;
      }`,
    "plain.js": `
      import { Thing } from "thingscope";
      export class Plain extends Thing {}`,
    "package/node_modules/lamps/package.json":
      '{"name": "lamps", "exports": {"import": "./a.mjs"}}',
    "package/node_modules/lamps/a.mjs": 'export { Plain as Lamp } from "../../../plain.js";',
    "package/lab.json": JSON.stringify({
      things: {
        first: { class: "../lab/second.ts:Second", args: [1], kwargs: { exposure: 9 } },
        plain: "../plain.js:Plain",
        lamp: "lamps:Lamp",
        stage: "thingscope/things:SimulatedStage",
      },
    }),
  });
  const server = await serveCli(t, folder, "package/lab.json");
  assert.equal(await (await fetch(`${server.url}/first/label`)).json(), "second");
  assert.equal(await (await fetch(`${server.url}/first/exposure`)).json(), 9);
  assert.deepEqual(Object.keys(await getJson(`${server.url}/thing_descriptions/`)), [
    "first",
    "plain",
    "lamp",
    "stage",
  ]);
  assert.equal(await server.stop(), 0);
});

test("a Thing in a clone of the repository needs no installation", {
  timeout: TEST_MS,
}, async () => {
  const ended = await runCli(packagePath(), "check", "examples/writing-a-thing/lab.yaml");
  assert.deepEqual(
    [ended.code, ended.stdout],
    [0, "examples/writing-a-thing/lab.yaml: OK: clock (Clock)\n"],
  );
});

test("Things that fail in every way, beside one that does not", { timeout: TEST_MS }, async (t) => {
  const folder = await folderWith({ "camera.ts": CAMERA, "lab.yaml": FAILING });
  const server = await serveCli(t, folder, "lab.yaml");

  await t.test("one Thing that cannot open is told, and the others are served", async () => {
    assert.ok(server.lines.some(({ msg }) => msg === "broken  Broken  failed: The cable is out."));
    assert.equal(await (await fetch(`${server.url}/eye/exposure`)).json(), 20);
  });

  await t.test("a Thing whose constructor throws is listed as failed", async () => {
    const { things } = (await getJson(`${server.url}/health`)) as {
      things: Record<string, { state: string; reason?: string }>;
    };
    assert.equal(things.eye?.state, "open");
    assert.equal(things.bad?.state, "failed");
    assert.match(
      things.bad?.reason ?? "",
      /'bad' cannot be created: There is no port here \(.*camera\.ts:\d+\)/,
    );
    assert.equal((await fetch(`${server.url}/thing_descriptions/`)).status, 200);
  });

  await t.test("an error that a Thing leaves uncaught is logged, and serving goes on", async () => {
    await server.told(({ msg, level }) => level === 50 && msg.endsWith("Nobody awaits me."));
    await server.told(({ msg, level }) => level === 50 && msg.endsWith("Nor me."));
    assert.equal((await fetch(`${server.url}/eye/exposure`)).status, 200);
  });

  await t.test("what Things say is kept in files, and served by a ServerLog", async () => {
    const listed = await fetch(`${server.url}/log/files`);
    const all = (await listed.json()) as { name: string; href: string }[];
    const file = all.find(({ name }) => name === "thingscope.log");
    assert.ok(file);
    const words = /Z error Thing 'broken' could not open: The cable is out\.\n/;
    assert.match(await (await fetch(file.href)).text(), words);
    const logs = join(folder, "settings", "logs");
    const kept = await readFile(join(logs, "thingscope.log"), "utf8");
    assert.match(kept, /Z info {2}thingscope \d+\.\d+\.\d+ {2}settings .*\n/);
    assert.match(kept, words);
    const has = async (name: string, line: string) =>
      (await readFile(join(logs, name), "utf8").catch(() => "")).includes(line);
    while (!(await has("faulty.log", "error of Thing 'faulty': Nobody awaits me.")))
      await sleep(20);
    const watching = runCli(folder, "watch", `${server.url}/log/`, "line", "--count", "1");
    const isWatched = watching.then(() => true);
    const pause = () => sleep(200, false);
    while (!(await Promise.race([isWatched, pause()])))
      await (await fetch(`${server.url}/things/broken/open`, { method: "POST" })).text();
    const { code, stdout } = await watching;
    assert.equal(code, 0);
    const told = JSON.parse(stdout).data; // of the cable, or of a machine that let the server wait
    while (!(await has(told.file, told.line))) await sleep(20);
  });

  assert.equal(await server.stop(), 0);
});

test("with --strict nothing is served unless all Things open, and without it not if none does", {
  timeout: TEST_MS,
}, async () => {
  const folder = await folderWith({
    "camera.ts": CAMERA,
    "lab.yaml": "things:\n  broken: camera:Broken\n  eye: camera:Camera\n",
    "none.yaml": "things:\n  broken: camera:Broken\n",
  });
  const [strict, none] = await runCliLines(folder, [
    ["serve", "lab.yaml", "--strict", "--port", "0"],
    ["serve", "none.yaml", "--port", "0"],
  ]);
  assert.deepEqual([strict?.code, none?.code], [3, 3]);
  assert.match(
    strict?.stderr ?? "",
    /^With --strict all Things must open.*'broken': The cable is out\.$/m,
  );
  assert.match(none?.stderr ?? "", /^No Thing could open.*The cable is out\.$/m);
});

test("SIGTERM with viewers connected ends everything within 3 s", {
  timeout: TEST_MS,
}, async (t) => {
  const folder = await folderWith({
    "camera.ts": CAMERA,
    "lab.yaml": "things:\n  eye: camera:Camera\n",
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    const server = await serveCli(t, folder, "lab.yaml");
    const viewers = await Promise.all([1, 2, 3].map(() => fetch(`${server.url}/eye/live`)));
    const gone = viewers.map((viewer) => viewer.text().catch(() => "cut"));
    const elapsed = new Elapsed(server.child.pid!);
    assert.equal(await server.stop(signal), 0);
    assert.ok(elapsed.ms < 3000);
    await Promise.all(gone);
  }
});

test("a second signal ends what does not close", { timeout: TEST_MS }, async (t) => {
  const folder = await folderWith({
    "camera.ts": CAMERA,
    "lab.yaml": "things:\n  stuck: camera:Stuck\n",
  });
  const server = await serveCli(t, folder, "lab.yaml", "--debug");
  void server.stop();
  await server.told(({ msg }) => msg === "Closing: SIGTERM.");
  assert.equal(await server.stop(), 128 + 15);
});

test("a log that nobody reads any more stops nothing", { timeout: TEST_MS }, async (t) => {
  const folder = await folderWith({
    "camera.ts": CAMERA,
    "lab.yaml": "things:\n  eye: camera:Camera\n",
  });
  const server = await serveCli(t, folder, "lab.yaml", "--debug");
  server.child.stdout?.destroy();
  assert.equal((await fetch(`${server.url}/eye/exposure`)).status, 200);
  assert.equal(await server.stop(), 0);
});

test("bad input ends with 2 and a sentence: a port in use, an address of others, a bad option", {
  timeout: TEST_MS,
}, async (t) => {
  const folder = await folderWith({
    "camera.ts": CAMERA,
    "lab.yaml": "things:\n  eye: camera:Camera\n",
  });
  const other = createServer();
  t.after(() => other.close()); // also when this fails: it would keep the process, which then would tell nothing
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", () => resolve()));
  const address = other.address();
  const port = typeof address === "object" ? String(address?.port) : "";
  const cases: [string[], RegExp][] = [
    [
      ["serve", "lab.yaml", "--port", port],
      new RegExp(`^Port ${port} of 127.0.0.1 is in use`, "m"),
    ],
    [["serve", "lab.yaml", "--host", "203.0.113.9"], /This machine has no address/],
    [["serve", "lab.yaml", "--port", "70000"], /A port must be a number from 0 to 65535/],
    [["serve", "lab.yaml", "--stict"], /unknown option '--stict'.*\n\(Did you mean --strict\?\)/],
    [["serve", "nowhere.yaml"], /There is no configuration file 'nowhere.yaml'/],
    [["check"], /missing required argument 'config'/],
  ];
  const ended = await runCliLines(
    folder,
    cases.map(([args]) => args),
  );
  for (const [n, [args, sentence]] of cases.entries()) {
    const { code, stderr } = ended[n]!;
    assert.deepEqual([args, code], [args, 2], stderr);
    assert.match(stderr, sentence);
    assert.doesNotMatch(stderr, /^\s+at /m, "a stack is no sentence");
  }
});
