import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { packagePath } from "../../src/base/package-root.ts";
import { folderWith, install, MAIN } from "../cli/run-cli.ts";
import { type Block, blocksOf } from "../docs/page.ts";
import { programFile, python } from "./programs.ts";

/** A line of `.curlrc`: a status from 400 on ends curl with 22, and its body is written all the same. */
const CURLRC = "silent\nshow-error\nfail-with-body\n";
const REFUSED_BY_CURL = 22;
/** What the tests have installed already: see scripts/setup. */
const INSTALLS = /^(?:pip|npm) install (.+)$/;

const SCRIPTS = new Set(["ts", "js", "python"]);

/** How a block of commands ended, and what the page shows next. */
export interface Typed {
  readonly commands: string;
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly next: Block | undefined;
}

/** Somebody with a terminal, who types what a page says in a folder of their own: bash, curl, Python and npx are real. */
export class Reader {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async withFolder(): Promise<Reader> {
    const folder = await folderWith({ "package.json": "{}", ".curlrc": CURLRC });
    await install(folder);
    const modules = join(folder, "node_modules");
    await mkdir(join(modules, ".bin"));
    await symlink(programFile("@node-wot"), join(modules, "@node-wot"));
    for (const [name, path] of [
      ["thingscope", MAIN],
      ["tsx", packagePath("node_modules", "tsx", "dist", "cli.mjs")],
    ] as const) {
      await symlink(path, join(modules, ".bin", name));
    }
    return new Reader(folder);
  }

  /** Saves the page's files. @param here - Puts the server's address in place of the page's. */
  async save(page: string, here: (text: string) => string): Promise<void> {
    for (const { file, language, text } of blocksOf(page)) {
      assert.ok(file || !SCRIPTS.has(language), `Nobody runs this script: ${text}`);
      if (file) await writeFile(join(this.folder, file), here(text));
    }
  }

  /** Saves the page's files, then runs its `sh` blocks one after another. What a block exports is there in the next. */
  async *follow(page: string, here: (text: string) => string): AsyncGenerator<Typed> {
    await this.save(page, here);
    const blocks = blocksOf(page);
    for (const [index, { language, text }] of blocks.entries()) {
      if (language !== "sh" || isInstalled(text)) continue;
      yield { ...(await this.type(here(text))), next: blocks[index + 1] };
    }
  }

  /** Runs commands in bash, which ends with the first that fails. */
  async type(commands: string, input = ""): Promise<Omit<Typed, "next">> {
    const before = "if [ -f .exported ]; then . ./.exported; fi; set -euo pipefail";
    const shell = spawn("bash", ["-c", `${before}\n${commands}\nexport -p >.exported`], {
      cwd: this.folder,
      env: {
        ...process.env,
        HOME: this.folder,
        PATH: [join(this.folder, "node_modules/.bin"), dirname(python()), process.env.PATH].join(
          ":",
        ),
        npm_config_offline: "true", // npx takes what is here, or fails
      },
    });
    const ended = once(shell, "close");
    shell.stdin.end(input);
    const [stdout, stderr] = await Promise.all([text(shell.stdout), text(shell.stderr)]);
    const [code] = await ended;
    return { commands, code, stdout, stderr };
  }
}

/** That commands ended as the page says: well, or with the refusal that it shows. */
export function assertEnded({ commands, code, stdout, stderr, next }: Typed): void {
  const isRefusal = next?.language === "json" && next.text.includes('"code"');
  assert.equal(code, isRefusal ? REFUSED_BY_CURL : 0, `${commands}\n${stdout}${stderr}`);
}

/** True for commands that install programs. @throws {AssertionError} unless they are of the versions that are here. */
function isInstalled(commands: string): boolean {
  const [, packages] = INSTALLS.exec(commands.trim()) ?? [];
  if (packages === undefined) return false;
  const folder = packagePath("test", "interop", "programs");
  const { dependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const here = [
    ...readFileSync(join(folder, "requirements.txt"), "utf8").split("\n"),
    ...Object.entries(dependencies).map(([name, version]) => `${name}@${version}`),
  ];
  for (const one of packages.split(" ")) assert.ok(here.includes(one), one);
  return true;
}
