// The package as `npm install thingscope` puts it into somebody's folder: what npm packs, and its dependencies, but nothing of this repository.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { promisify } from "node:util";
import { packagePath } from "../../src/base/package-root.ts";
import { folderWith, runTests } from "../cli/run-cli.ts";
import { pageText } from "../docs/page.ts";
import { patience, TEST_MS } from "../limits.ts";
import { servedUrl } from "../served-url.ts";
import { commandIn, installPacked } from "./install-packed.ts";

const timeout = TEST_MS;
const run = promisify(execFile);
const SETTINGS = {
  compilerOptions: {
    target: "ES2022",
    module: "NodeNext",
    lib: ["ES2023", "ESNext.Disposable", "ESNext.Decorators"],
    types: ["node"],
    strict: true,
    exactOptionalPropertyTypes: true,
    declaration: true,
    skipLibCheck: process.env.THINGSCOPE_LONG !== "1",
    outDir: "built",
  },
};

/** A maker's camera, an autofocus, an own source, an own recorder. */
const LAB = `
import { writeFile } from "node:fs/promises";
import { action, Camera, detachedInvocation, type Frame, type FrameSource, type Invocation, MJPEGStream, now, property, setting,
  slot, Stage, stream, Thing, ThingError, ThingHost, ThingServer, withDeadline } from "thingscope";
import { decodeLuma, encodeJpeg, type FrameSink, feed, FOCUS_MEASURES, type RunningSource, type SourceFrame } from "thingscope/frames";
import { openRecording, PreRollRing, RecordingWriter, startRecording, verifyRecording } from "thingscope/recording";
import { Type } from "typebox";

export class Sensor extends Camera {
  @setting("Exposure time", Type.Number({ unit: "ms", minimum: 0.1 })) accessor exposure = 20;
  protected override source(): FrameSource { return { frames: (signal: AbortSignal) => this.#frames(signal) }; }
  async *#frames(signal: AbortSignal): AsyncGenerator<SourceFrame> {
    while (!signal.aborted) {
      const pixels = { data: new Uint8Array(64 * 48), width: 64, height: 48, channels: 1 as const };
      yield { jpeg: await encodeJpeg(pixels), capturedAt: now() };
    }
  }
}

/** One that pushes. */
export class Pushing implements RunningSource {
  readonly jpeg: Uint8Array;
  constructor(jpeg: Uint8Array) { this.jpeg = jpeg; }
  async run(sink: FrameSink, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (sink.hasRoom) sink.take({ jpeg: this.jpeg, capturedAt: now() });
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

export class Focus extends Thing {
  @slot("The camera", Sensor) accessor camera!: Sensor;
  @slot("The stage", Stage, { optional: true }) accessor stage: Stage | undefined;
  @stream("What was looked at") readonly seen = new MJPEGStream();
  @property("Newest sharpness", Type.Number(), { readOnly: true }) get sharpness() { return this.#newest; }
  #newest = 0;
  @action("Look once", { output: Type.Number() })
  async look(_: Record<string, never>, { signal }: Invocation): Promise<number> {
    const frame: Frame = await withDeadline(30_000, signal, (either) => this.camera.mjpeg_stream.grab(either));
    const { data, width, height } = await decodeLuma(frame.jpeg);
    const measure = FOCUS_MEASURES.brenner;
    if (!measure) throw new ThingError("NOT_READY", "There is no such measure.");
    this.#newest = measure(data, width, height);
    return this.#newest;
  }
}
const host = new ThingHost({ settingsFolder: "settings" });
host.add("camera", new Sensor());
host.add("focus", new Focus(), { slots: { camera: "camera" } });
const server = new ThingServer(host);
await server.listen({ port: 0 });
const focus = host.things.get("focus")?.thing;
if (!(focus instanceof Focus)) throw new Error("The Thing is not of the class that was added.");
const told = await focus.look({}, detachedInvocation());

const live = new MJPEGStream();
const frame = await focus.camera.mjpeg_stream.grab();
const feeding = feed(live, new Pushing(frame.jpeg));
const recording = await startRecording({ camera: live, path: "recording.mkv" });
await live.nextFrame();
await live.nextFrame();
await recording.stop();
await feeding.stop();
live.stop();
const { ok } = await verifyRecording("recording.mkv");
await writeFile("told.json", JSON.stringify({ told, ok, classes: [PreRollRing, RecordingWriter, openRecording].map((one) => typeof one) }));
await server.close();
process.exit(0);
`;

let folder = "";

before(
  async () => {
    folder = await folderWith({
      "package.json": JSON.stringify({ name: "lab", type: "module" }),
      "tsconfig.json": JSON.stringify(SETTINGS),
    });
    await installPacked(folder, ["typebox", "@types/node", "zeromq"]); // what whoever compiles all of it has
  },
  { timeout },
);

/** Every name that docs/api.md has, values and types, by module. */
function namesByModule(): [string, { values: string[]; types: string[] }][] {
  const sections = pageText("api.md").split(/\n## (?=thingscope)/);
  return sections.slice(1).map((section) => {
    const rows = section
      .split("\n## ")[0]!
      .split("\n")
      .map((row) => row.split("|"));
    const namesIn = (column: number) =>
      rows.flatMap((row) => [...(row[column] ?? "").matchAll(/`(\w+)`/g)].map(([, name]) => name!));
    return [section.split("\n")[0]!, { values: namesIn(2), types: namesIn(3) }];
  });
}

test("JavaScript imports each module of an installed package, and each name of docs/api.md", {
  timeout,
}, async () => {
  const { exports } = JSON.parse(await readFile(packagePath("package.json"), "utf8"));
  const modules = Object.keys(exports).map((path) => path.replace(/^\./, "thingscope"));
  const imports = modules
    .filter((module) => !module.endsWith(".json"))
    .map((module) => `import ${JSON.stringify(module)};`);
  const named = namesByModule().map(
    ([module, { values }]) => `import { ${values.join(", ")} } from "${module}";`,
  );
  await writeFile(join(folder, "all.mjs"), [...imports, ...named].join("\n"));
  assert.equal(named.length, 4);
  await run(process.execPath, ["all.mjs"], { cwd: folder });
  const inside = run(process.execPath, ["-e", "import('thingscope/dist/src/core/thing.js')"], {
    cwd: folder,
  });
  await assert.rejects(inside, /ERR_PACKAGE_PATH_NOT_EXPORTED/);
});

test("classes are the same through every module of an installed package, and to the command that serves", {
  timeout,
}, async () => {
  const { exports } = JSON.parse(await readFile(packagePath("package.json"), "utf8"));
  const modules = Object.keys(exports)
    .filter((path) => !path.endsWith(".json"))
    .map((path) => path.replace(/^\./, "thingscope"));
  const script = `
    const names = ${JSON.stringify(modules)};
    const places = new Map();
    for (const module of names)
      for (const [name, one] of Object.entries(await import(module)))
        if (typeof one === "function") places.set(one, [...(places.get(one) ?? []), module + " " + name]);
    const { Thing, Camera } = await import("thingscope");
    const derivedFrom = (Base) => [...places].flatMap(([one, at]) => (one.prototype instanceof Base ? at : [])).sort();
    const shared = [...places.values()].filter((at) => at.length > 1).sort();
    console.log(JSON.stringify({ things: derivedFrom(Thing), cameras: derivedFrom(Camera), shared }));`;
  const told = async (cwd: string) => {
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script], { cwd });
    return JSON.parse(stdout);
  };
  const installed = await told(folder);
  assert.ok(installed.things.includes("thingscope/work WorkQueue"));
  assert.ok(installed.cameras.includes("thingscope/things SimulatedCamera"));
  assert.deepEqual(installed, await told(packagePath()), "as where each module is a file");

  const imports = modules.map((name, n) => `import * as module${n} from "${name}";`);
  const thing = `export class Lamp extends Thing { readonly modules = [${modules.map((_, n) => `module${n}`)}]; }`;
  await writeFile(
    join(folder, "lamp.ts"),
    `${imports.join("\n")}\nimport { Thing } from "thingscope";\n${thing}`,
  );
  await writeFile(join(folder, "lamp.yaml"), "things:\n  lamp: lamp.ts:Lamp\n");
  await run(process.execPath, [commandIn(folder), "check", "lamp.yaml"], { cwd: folder });
});

test("a lab's camera, autofocus, source and recorder compile against an installed package, with every type of docs/api.md, and run", {
  timeout,
}, async () => {
  const types = namesByModule().map(
    ([module, { types }]) => `export type { ${types.join(", ")} } from "${module}";`,
  );
  await writeFile(join(folder, "types.ts"), types.join("\n"));
  await writeFile(join(folder, "lab.ts"), LAB);
  const tsc = packagePath("node_modules", ".bin", "tsc");
  await run(tsc, ["-p", "."], { cwd: folder }).catch((error: { stdout: string }) =>
    assert.fail(error.stdout),
  );
  await run(process.execPath, [join("built", "lab.js")], { cwd: folder });
  const { told, ok, classes } = JSON.parse(await readFile(join(folder, "told.json"), "utf8"));
  assert.equal(typeof told, "number");
  assert.equal(ok, true);
  assert.deepEqual(classes, ["function", "function", "function"]);
});

test("what 'thingscope init' writes compiles, passes its test and is served", {
  timeout,
}, async (t) => {
  const cwd = await folderWith({});
  await run(process.execPath, [commandIn(folder), "init"], { cwd });
  await symlink(join(folder, "node_modules"), join(cwd, "node_modules"));
  const tsc = packagePath("node_modules", ".bin", "tsc");
  await run(tsc, ["--noEmit"], { cwd }).catch((error: { stdout: string }) =>
    assert.fail(error.stdout),
  );
  assert.match(await runTests(cwd, "lamp.test.ts"), /^# pass 1$/m);
  const server = spawn(
    process.execPath,
    [commandIn(folder), "serve", "thingscope.yaml", "--port", "0"],
    {
      cwd,
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  t.after(() => server.kill("SIGKILL"));
  const url = await servedUrl(server.stdout);
  const signal = patience();
  assert.equal(await (await fetch(`${url}/lamp/brightness`, { signal })).text(), "50");
  const ended = once(server, "exit", { signal });
  server.kill("SIGTERM");
  await ended;
});
