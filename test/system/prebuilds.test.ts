// What travels in the package for machines without a C compiler: built for x64 and arm64 by the script that `npm pack` runs.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { promisify } from "node:util";
import { packagePath } from "../../src/base/package-root.ts";
import { TEST_MS } from "../limits.ts";
import { runToEnd } from "../native/program.ts";
import { RAW, SLOPES } from "../native/raw.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { installPacked } from "./install-packed.ts";

const limit = { timeout: TEST_MS };
const run = promisify(execFile);
const PARTS = ["crc32.node", "send-to-each.node", "tcp-lowat.node", "v4l2-camera"];
const TARGETS = [
  { name: "linux-x64", musl: ".cross/amd64/usr/lib/x86_64-linux-musl/libc.a", machine: /X86-64/ },
  {
    name: "linux-arm64",
    musl: ".cross/arm64/usr/lib/aarch64-linux-musl/libc.a",
    machine: /AArch64/,
  },
];

let folder = "";
const program = (name: string) => join(folder, name, "v4l2-camera");
const arm64 = (...args: string[]) => ["qemu-aarch64-static", program("linux-arm64"), ...args];

before(async () => {
  folder = await temporaryFolder("prebuilds-");
  const script = packagePath("scripts", "build-prebuilds.mjs");
  // Eight compilations are more than one wait.
  const args = [script, "--required", "--to", folder];
  const { stderr } = await run(process.execPath, args, { timeout: TEST_MS });
  assert.match(stderr, /^(Built .*\n){2}$/, "the compilers warn of nothing");
}, limit);

test("both processors have every addon and the program", limit, async () => {
  for (const { name, machine } of TARGETS) {
    assert.deepEqual((await readdir(join(folder, name))).sort(), PARTS);
    for (const part of PARTS)
      assert.match((await run("readelf", ["-h", join(folder, name, part)])).stdout, machine, part);
  }
});

test(
  "the program is static, and an addon names no C library and wants nothing that musl or glibc lacks",
  limit,
  async () => {
    for (const { name, musl } of TARGETS) {
      const symbols = (
        await run("nm", ["--defined-only", packagePath(musl)], { maxBuffer: 2 ** 26 })
      ).stdout;
      const inMusl = new Set(symbols.split("\n").map((line) => line.split(" ").at(-1)));
      for (const part of PARTS) {
        const file = join(folder, name, part);
        const { stdout } = await run("readelf", ["-W", "--segments", "--dynamic", file]);
        assert.doesNotMatch(stdout, /INTERP|NEEDED|libc/, `${name}/${part}`);
        if (!part.endsWith(".node")) continue;
        const wanted = (await run("nm", ["-D", "--undefined-only", file])).stdout
          .trim()
          .split("\n");
        const names = wanted.map((line) => line.trim().split(" ").at(-1)!);
        const unknown = names.filter(
          (symbol) => !symbol.startsWith("napi_") && !inMusl.has(symbol),
        );
        assert.deepEqual(unknown, [], `${name}/${part}`);
        assert.ok(
          names.every((symbol) => !symbol.includes("@")),
          "no version of glibc is named",
        );
      }
    }
  },
);

test(
  "the program for arm64 lists, understands commands and makes the same JPEGs as the one for x64",
  limit,
  async () => {
    const x64 = (...args: string[]) => [program("linux-x64"), ...args];
    const onBoth = async (args: string[], input: string | Uint8Array = "") => {
      const [one, other] = [
        await runToEnd(x64(...args), input),
        await runToEnd(arm64(...args), input),
      ];
      assert.deepEqual([one.code, other.code], [0, 0], `${args.join(" ")}: ${other.stderr}`);
      assert.ok(one.stdout.equals(other.stdout), args.join(" "));
      return one.stdout;
    };
    assert.match((await onBoth(["version"])).toString(), /with libjpeg-turbo/);
    assert.deepEqual(Object.keys(JSON.parse((await onBoth(["list"])).toString())), ["devices"]);
    await onBoth(["parse-test"], "1 set 5=a%20b\n2 mode MJPG 640x480 1/30\nnothing\n");
    for (const format of ["UYVY", "NV21", "Y10", "RGB3", "GRBG", "BA10"]) {
      const size = { width: 70, height: 50 };
      const jpeg = ["encode-test", format, "70x50", "--repeat", "1", "--quality", "96"];
      await onBoth(jpeg, RAW[format]!(SLOPES, size));
    }
    const gone = await runToEnd(arm64("stream", "/dev/no-such-video"));
    assert.equal(gone.code, 3);
  },
);

test(
  "an installed package has its addons and its program where there is no compiler",
  limit,
  async () => {
    const { files, scripts } = JSON.parse(await readFile(packagePath("package.json"), "utf8"));
    assert.ok(files.includes("prebuilds") && /build-prebuilds/.test(scripts.prepack));
    const lab = await temporaryFolder("no-compiler-");
    const home = await installPacked(lab);
    await cp(folder, join(home, "prebuilds"), { recursive: true });
    const none = { PATH: lab, CC: "" };
    const install = [
      process.execPath,
      join(home, "scripts", "build-native.mjs"),
      "--unless-prebuilt",
    ];
    const installed = await runToEnd(install, "", none);
    assert.match(installed.stdout.toString(), /^Nothing is to be built/);
    const main = join(home, "dist", "bundle", "src", "cli", "main.js");
    const { stdout, stderr } = await runToEnd(
      [process.execPath, main, "doctor", "--json"],
      "",
      none,
    );
    const checks = JSON.parse(stdout.toString() || "[]") as { name: string; message: string }[];
    const addons = "The addons (crc32, send-to-each, tcp-lowat) are loaded";
    assert.equal(
      checks.find(({ name }) => name === "native")?.message,
      `${addons}, and the V4L2 program runs.`,
      stderr,
    );
    const path = join(home, "prebuilds", `linux-${process.arch}`, "v4l2-camera");
    assert.equal((await runToEnd([path, "version"], "", none)).code, 0);
  },
);
