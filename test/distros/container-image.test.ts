// The Dockerfile as docker users build it, by buildah in a chroot; for arm64 all of it runs by qemu-user. No registry of images is asked: its base has the
// same name, and is Debian 12 with Node and npm from npm.
import assert from "node:assert/strict";
import { type ChildProcessByStdio, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { test } from "node:test";
import { promisify } from "node:util";
import { packagePath } from "../../src/base/package-root.ts";
import { needsRoot } from "../needs.ts";
import { servedUrl } from "../served-url.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { CACHE, call, debianRoot, nodeOfNpm, npmPackage, WITH_PROCESSORS } from "./downloads.ts";
import { EMULATED_BUILD_MS } from "./limits.ts";
import { assertSendsPicture } from "./trial.ts";

const timeout = EMULATED_BUILD_MS;
const run = promisify(execFile);
const BASE = "docker.io/library/node:20-bookworm-slim";
const CERTIFICATES = process.env.NODE_EXTRA_CA_CERTS ?? "/etc/ssl/certs/ca-certificates.crt";

const PROCESSORS = [
  { cpu: "x64", architecture: "amd64", base: "image-base-bookworm", store: "images" },
  { cpu: "arm64", architecture: "arm64", base: "root-bookworm-arm64", store: "images-arm64" },
] as const;
type Processor = (typeof PROCESSORS)[number];

for (const processor of PROCESSORS)
  test(`the Dockerfile makes an image for ${processor.architecture} from a clone, which serves a picture as a user without rights and says that it is well`, {
    timeout,
    ...needsRoot("builds an image"),
  }, async (t) => {
    const store = await Store.of(processor);
    await makeBase(store);
    await build(store);

    const { Docker } = JSON.parse(await store.told("inspect", "--type", "image", "thingscope"));
    const { User, Entrypoint, Cmd, Healthcheck } = Docker.config;
    assert.equal(Docker.architecture, processor.architecture);
    assert.equal(User, "1000:1000");
    const [all, base] = [await store.sizeOf("thingscope"), await store.sizeOf(BASE)];
    t.diagnostic(`the image for ${processor.architecture}: ${all}, of which its base: ${base}`);

    const container = await store.told("from", "--pull-never", "thingscope");
    const inside = ["run", "--isolation", "chroot", container, "--"];
    const asked = await store.told(...inside, "node", "-p", "process.arch + process.getuid()");
    assert.equal(asked, `${processor.cpu}1000`);
    const served = Cmd.filter((word: string) => word !== "--lan");
    const child = store.spawn(...inside, ...Entrypoint, ...served, "--port", "0");
    t.after(async () => {
      const ended = once(child, "exit");
      if (child.kill("SIGTERM")) await ended;
      await store.told("rm", container);
    });
    const url = await servedUrl(child.stdout);
    await assertSendsPicture(url);
    // ["CMD", "node", "-e", ...]
    const check = Healthcheck.Test[3].replace("http://127.0.0.1:5000", url);
    await run(process.execPath, ["-e", check]);
    const ofAnother = check.replace(url, "http://127.0.0.1:1");
    await assert.rejects(run(process.execPath, ["-e", ofAnother]));
  });

/** Images for one processor, and the program that makes them. */
class Store {
  readonly processor: Processor;
  readonly #command: readonly string[];

  private constructor(processor: Processor, folder: string) {
    this.processor = processor;
    const emulated = processor.cpu === process.arch ? [] : [WITH_PROCESSORS];
    const places = ["--root", folder, "--runroot", join(folder, "run"), "--storage-driver", "vfs"];
    this.#command = [...emulated, "buildah", ...places];
  }

  static async of(processor: Processor): Promise<Store> {
    const folder = join(CACHE, processor.store);
    await mkdir(folder, { recursive: true });
    return new Store(processor, folder);
  }

  async told(...args: string[]): Promise<string> {
    const [program, ...options] = [...this.#command, ...args];
    return (await run(program!, options, { timeout, maxBuffer: 2 ** 26 })).stdout.trim();
  }

  spawn(...args: string[]): ChildProcessByStdio<null, Readable, null> {
    const [program, ...options] = [...this.#command, ...args];
    return spawn(program!, options, { stdio: ["ignore", "pipe", "inherit"] });
  }

  async sizeOf(image: string): Promise<string> {
    return JSON.parse(await this.told("images", "--json", image))[0].size;
  }
}

/** An image of the base's name. */
async function makeBase(store: Store): Promise<void> {
  const { cpu, architecture, base } = store.processor;
  const root = await debianRoot(base, "bookworm", ["ca-certificates"], architecture);
  const container = await store.told("from", "--arch", architecture, "scratch");
  await store.told("add", "--quiet", container, root, "/");
  const mounted = join(await store.told("mount", container), "usr", "local");
  await cp(join(await nodeOfNpm("20.20.2", cpu), "bin", "node"), join(mounted, "bin", "node"));
  await mkdir(join(mounted, "lib", "node_modules"), { recursive: true });
  const npm = join(mounted, "lib", "node_modules", "npm");
  await cp(await npmPackage("npm@10"), npm, { recursive: true });
  await chmod(join(npm, "bin", "npm-cli.js"), 0o755);
  await symlink("../lib/node_modules/npm/bin/npm-cli.js", join(mounted, "bin", "npm"));
  const path = "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  await store.told("config", "--arch", architecture, "--env", path, container);
  await store.told("unmount", container);
  await store.told("commit", "--quiet", "--rm", container, BASE);
}

/** As `docker build .` after `git clone`. */
async function build(store: Store): Promise<void> {
  const npmrc = join(await temporaryFolder("npmrc-"), "npmrc");
  await writeFile(npmrc, "cafile=/etc/ssl/certs/ca-certificates.crt\n");
  const volumes = [
    `${CERTIFICATES}:/etc/ssl/certs/ca-certificates.crt:ro`,
    `${npmrc}:/root/.npmrc:ro`,
  ].flatMap((volume) => ["--volume", volume]);
  const options = ["--pull-never", "--isolation", "chroot", "--format", "docker"];
  const image = ["--arch", store.processor.architecture, "--tag", "thingscope"];
  await store.told("bud", ...options, ...volumes, ...image, await clone());
}

/** What git has of this checkout. */
async function clone(): Promise<string> {
  const folder = await temporaryFolder("clone-");
  await call("git", ["clone", "--quiet", "--depth=1", `file://${packagePath()}`, folder]);
  return folder;
}
