import assert from "node:assert/strict";
import { test } from "node:test";
import { TEST_MS } from "../limits.ts";
import { folderWith, runCli, serveCli } from "./run-cli.ts";

const THINGS = `
import { action, setting, slot, Thing } from "thingscope";
import { Type } from "typebox";

export class Stage extends Thing {
  @setting("Where it is", Type.Integer()) accessor position = 0;
  constructor({ start = 0 } = {}) {
    super();
    this.position = start;
  }
}
export class Light extends Thing {}
export class Scan extends Thing {
  @slot("The stage", Stage) accessor stage!: Stage;
  @slot("Lights", Light, { many: true }) accessor lights!: ReadonlyMap<string, Light>;
  @slot("A spare light", Light, { optional: true }) accessor spare: Light | undefined;
  @action("What it was given", { output: Type.Unknown() }) async given() {
    const rest = this.context.applicationConfig;
    return { at: this.stage.position, lights: [...this.lights.keys()], spare: this.spare ?? null, rest };
  }
}
`;

// The shape of an OpenFlexure microscope's configuration, as labthings-fastapi writes it: empty keys are null.
const CONFIGURATION = {
  things: {
    stage: { class: "things.ts:Stage", args: null, kwargs: { start: 5 }, thing_slots: {} },
    blue: "things.ts:Light",
    red: { cls: "things.ts:Light", kwargs: null, thing_slots: null },
    smart_scan: {
      class: "things.ts:Scan",
      args: [],
      kwargs: {},
      thing_slots: { stage: "stage", lights: ["red", "blue"], spare: null },
    },
  },
  settings_folder: "./openflexure/settings",
  api_prefix: "/api/v3",
  enable_global_lock: true,
  global_lock_log_level: "WARNING",
  application_config: { log_folder: "./logs", data_folder: "./data" },
};

test("a configuration of labthings-fastapi is served as it is, but for the classes", {
  timeout: TEST_MS,
}, async (t) => {
  const folder = await folderWith({
    "things.ts": THINGS,
    "ofm_config.json": JSON.stringify(CONFIGURATION, undefined, 4),
  });
  const server = await serveCli(t, folder, "ofm_config.json");
  const api = `${server.url}/api/v3`;
  const json = { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" };
  const run = (await fetch(`${api}/smart_scan/given`, json)).headers.get("Location")!;
  let found: { status: string; output?: unknown };
  do found = (await (await fetch(run)).json()) as typeof found;
  while (["pending", "running"].includes(found.status));
  assert.deepEqual(found.output, {
    at: 5,
    lights: ["red", "blue"],
    spare: null,
    rest: { log_folder: "./logs", data_folder: "./data" },
  });
  assert.ok(server.lines[0]?.msg.endsWith("/openflexure/settings"), server.lines[0]?.msg);
  assert.equal(await server.stop(), 0);
});

test("a level of the log that there is none of is told with its line", async () => {
  const folder = await folderWith({
    "lab.yaml": "things:\n  a: x:Y\nglobal_lock_log_level: LOUD\n",
  });
  const { code, stderr } = await runCli(folder, "check", "lab.yaml");
  assert.deepEqual(
    [code, stderr],
    [
      2,
      `lab.yaml:3: 'global_lock_log_level' must be DEBUG, INFO, WARNING or ERROR, but is "LOUD".\n`,
    ],
  );
});

test("a second server on the same settings names the first one and ends with 2", {
  timeout: TEST_MS,
}, async (t) => {
  const folder = await folderWith({
    "things.ts": THINGS,
    "lab.yaml": "things:\n  stage: things.ts:Stage\n",
  });
  const first = await serveCli(t, folder, "lab.yaml");
  const second = await runCli(folder, "serve", "lab.yaml", "--port", "0", "--settings", "settings");
  assert.deepEqual(
    [second.code, second.stderr],
    [
      2,
      `The settings in ${folder}/settings are in use by another server, process ${first.child.pid}. Stop that server, or choose another folder: --settings FOLDER.\n`,
    ],
  );
  assert.equal((await fetch(`${first.url}/stage/position`)).status, 200);
  first.child.kill("SIGKILL");
  await first.stop();
  const third = await serveCli(t, folder, "lab.yaml");
  assert.equal(await third.stop(), 0);
});

test("settings that cannot be kept are warned of at the start, and the Thing is served", {
  timeout: TEST_MS,
}, async (t) => {
  const folder = await folderWith({
    "things.ts": THINGS,
    "lab.yaml": "things:\n  stage: things.ts:Stage\nsettings_folder: taken/settings\n",
    taken: "a file where a folder is to be",
  });
  const server = await serveCli(t, folder, "lab.yaml");
  const { msg } = await server.told(({ msg }) => msg.startsWith("Settings cannot be saved in "));
  assert.match(msg, /\/taken\/settings: .*is a file, not a folder.* --settings\.$/);
  const refused = await fetch(`${server.url}/stage/position`, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: "7",
  });
  assert.equal(((await refused.json()) as { code: string }).code, "NOT_SAVED");
  assert.equal(await server.stop(), 0);
});
