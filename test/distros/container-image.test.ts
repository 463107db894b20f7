// The Dockerfile as docker users build it, by buildah in a chroot. No registry of images is asked: its base has the same name, and is Debian 12 with
// Node and npm from npm.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { packagePath } from "../../src/base/package-root.ts";
import { inspectJpeg } from "../../src/frames/jpeg/jpeg.ts";
import { needsRoot } from "../needs.ts";
import { servedUrl } from "../served-url.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { CACHE, cached, call, nodeOfNpm, npmPackage } from "./downloads.ts";
import { LAND_MS } from "./limits.ts";

const timeout = LAND_MS;
const run = promisify(execFile);
const BASE = "docker.io/library/node:20-bookworm-slim";
const STORE = join(CACHE, "images");
const CERTIFICATES = process.env.NODE_EXTRA_CA_CERTS ?? "/etc/ssl/certs/ca-certificates.crt";

const IN_STORE = ["--root", STORE, "--runroot", join(STORE, "run"), "--storage-driver", "vfs"];

async function buildah(...args: string[]): Promise<string> {
  const options = { timeout: LAND_MS, maxBuffer: 2 ** 26 };
  return (await run("buildah", [...IN_STORE, ...args], options)).stdout.trim();
}

/** An image of the base's name. */
async function makeBase(): Promise<void> {
  const root = await cached("image-base-bookworm", async (folder) => {
    const options = ["--variant=minbase", "--include=ca-certificates"];
    await call("mmdebstrap", [...options, "bookworm", join(folder, "root.tar")]);
  });
  const container = await buildah("from", "scratch");
  await buildah("add", "--quiet", container, join(root, "root.tar"), "/");
  const mounted = join(await buildah("mount", container), "usr", "local");
  await cp(join(await nodeOfNpm("20.20.2", "x64"), "bin", "node"), join(mounted, "bin", "node"));
  await mkdir(join(mounted, "lib", "node_modules"), { recursive: true });
  const npm = join(mounted, "lib", "node_modules", "npm");
  await cp(await npmPackage("npm@10"), npm, { recursive: true });
  await chmod(join(npm, "bin", "npm-cli.js"), 0o755);
  await symlink("../lib/node_modules/npm/bin/npm-cli.js", join(mounted, "bin", "npm"));
  await buildah("config", "--env", "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", container);
  await buildah("unmount", container);
  await buildah("commit", "--quiet", "--rm", container, BASE);
}

/** What git has of this checkout: `docker build .` after `git clone`. */
async function clone(): Promise<string> {
  const folder = await temporaryFolder("clone-");
  await call("git", ["clone", "--quiet", "--depth=1", `file://${packagePath()}`, folder]);
  return folder;
}

test("the Dockerfile makes an image from a clone, which serves a picture as a user without rights and says that it is well", {
  timeout,
  ...needsRoot("builds an image"),
}, async (t) => {
  await mkdir(STORE, { recursive: true });
  await makeBase();
  const npmrc = join(await temporaryFolder("npmrc-"), "npmrc");
  await writeFile(npmrc, "cafile=/etc/ssl/certs/ca-certificates.crt\n");
  const volumes = [
    `${CERTIFICATES}:/etc/ssl/certs/ca-certificates.crt:ro`,
    `${npmrc}:/root/.npmrc:ro`,
  ].flatMap((volume) => ["--volume", volume]);
  const build = ["bud", "--pull-never", "--isolation", "chroot", "--format", "docker"];
  await buildah(...build, ...volumes, "--tag", "thingscope", await clone());

  const { Docker } = JSON.parse(await buildah("inspect", "--type", "image", "thingscope"));
  const { User, Entrypoint, Cmd, Healthcheck } = Docker.config;
  assert.equal(User, "1000:1000");
  t.diagnostic(
    `the image: ${await sizeOf("thingscope")}, of which its base: ${await sizeOf(BASE)}`,
  );

  const container = await buildah("from", "--pull-never", "thingscope");
  const serve = ["run", "--isolation", "chroot", container, "--", ...Entrypoint];
  const command = [...serve, ...Cmd.filter((word: string) => word !== "--lan"), "--port", "0"];
  const child = spawn("buildah", [...IN_STORE, ...command], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(async () => {
    const ended = once(child, "exit");
    if (child.kill("SIGTERM")) await ended;
    await buildah("rm", container);
  });
  const url = await servedUrl(child.stdout);
  const signal = AbortSignal.timeout(LAND_MS);
  const answer = await fetch(`${url}/camera/mjpeg_stream/snapshot?wait=60`, { signal });
  assert.ok(inspectJpeg(new Uint8Array(await answer.arrayBuffer())).width >= 320);
  // ["CMD", "node", "-e", ...]
  const check = Healthcheck.Test[3].replace("http://127.0.0.1:5000", url);
  await run(process.execPath, ["-e", check]);
  const ofAnother = check.replace(url, "http://127.0.0.1:1");
  await assert.rejects(run(process.execPath, ["-e", ofAnother]));
});

async function sizeOf(image: string): Promise<string> {
  return JSON.parse(await buildah("images", "--json", image))[0].size;
}
