import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { TestContext } from "node:test";
import { Child } from "../../src/processes/child.ts";

const NOBODY = [
  "--reuid=65534",
  "--regid=65534",
  "--clear-groups",
  "--bounding-set=-all",
  "--inh-caps=-all",
];

/** Root reads packets past the loopback's addresses, where this camera is not found: its programs are an ordinary user's. */
export async function asOrdinaryUser(t: TestContext): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const folder = await mkdtemp(join(tmpdir(), "thingscope-genicam-"));
  for (const name of ["gst-launch-1.0", "arv-tool-0.8"]) {
    const real = `/usr/bin/${name} "$@"`;
    const line = `#!/bin/sh\ncase "$0 $*" in *arav*|*arv*) exec setpriv ${NOBODY.join(" ")} ${real};; *) exec ${real};; esac\n`;
    await writeFile(join(folder, name), line, { mode: 0o755 });
  }
  const { PATH } = process.env;
  process.env.PATH = `${folder}${delimiter}${PATH}`;
  t.after(async () => {
    process.env.PATH = PATH;
    await rm(folder, { recursive: true });
  });
}

/** A GigE Vision camera that Aravis imitates, until the test ends. */
export function fakeCamera(t: TestContext): Child {
  const isRoot = process.getuid?.() === 0;
  const fake = ["arv-fake-gv-camera-0.8", "-i", "127.0.0.1"];
  const [program = "", ...args] = isRoot ? ["setpriv", ...NOBODY, ...fake] : fake;
  const child = new Child({ program, args });
  t.after(() => child.stop());
  return child;
}
