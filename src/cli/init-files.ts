/** What a new project depends on, and which versions. */
export interface ProjectVersions {
  readonly name: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** The files of a new project by name: one Thing, its test, and what they need. */
export function projectFiles(versions: ProjectVersions): ReadonlyMap<string, string> {
  return new Map([
    ["package.json", json(packageOf(versions))],
    ["tsconfig.json", json(TSCONFIG)],
    ["thingscope.yaml", CONFIG],
    ["lamp.ts", LAMP],
    ["lamp.test.ts", LAMP_TEST],
    [".gitignore", "node_modules/\nsettings/\nlogs/\n"],
  ]);
}

function packageOf({ name, dependencies, devDependencies }: ProjectVersions): object {
  const scripts = {
    start: "thingscope serve thingscope.yaml",
    dev: "node --watch node_modules/thingscope/dist/bundle/src/cli/main.js serve thingscope.yaml",
    check: "tsc --noEmit && thingscope check thingscope.yaml",
    test: "tsx --test *.test.ts",
  };
  return { name, private: true, type: "module", scripts, dependencies, devDependencies };
}

const TSCONFIG = {
  compilerOptions: {
    target: "es2022",
    module: "nodenext",
    lib: ["es2022", "esnext.disposable"],
    types: ["node"],
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    allowImportingTsExtensions: true,
  },
};

const CONFIG = `things:
  lamp: lamp.ts:Lamp
`;

const LAMP = `import { action, delay, type Invocation, setting, Thing } from "thingscope";
import { Type } from "typebox";

const Blink = Type.Object({ times: Type.Integer({ minimum: 1, maximum: 20, default: 3 }) });

export class Lamp extends Thing {
  static override readonly title = "Lamp";

  @setting("Brightness", Type.Number({ unit: "%", minimum: 0, maximum: 100 }))
  accessor brightness = 50;

  @action("Blink", { input: Blink })
  async blink({ times }: { times: number }, { signal, progress }: Invocation) {
    const before = this.brightness;
    try {
      for (let n = 1; n <= times; n++) {
        this.brightness = 0;
        await delay(100, signal);
        this.brightness = before;
        await delay(100, signal);
        progress(n / times);
      }
    } finally {
      this.brightness = before;
    }
  }
}
`;

const LAMP_TEST = `import assert from "node:assert/strict";
import { test } from "node:test";
import { openTestHost } from "thingscope/testing";
import { Lamp } from "./lamp.ts";

test("the lamp blinks, and is as bright as before", async () => {
  await using bench = await openTestHost(Lamp);
  const lamp = await bench.client();
  await lamp.write("brightness", 80);
  await lamp.invoke("blink", { times: 1 });
  assert.equal(await lamp.read("brightness"), 80);
  await assert.rejects(lamp.write("brightness", 101), /less than or equal to 100/);
});
`;

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
