import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { packagePath } from "../../src/base/package-root.ts";
import { blocksOf, pageText } from "../docs/page.ts";
import { WAIT_MS } from "../limits.ts";
import { folderFor } from "../things/recorder-server.ts";

/** What stands in docs/proxies.md. */
export type ProxyName = "nginx" | "caddy";

const PROGRAMS = { nginx: "usr/sbin/nginx", caddy: "usr/bin/caddy" };
const FILES = { nginx: "nginx.conf", caddy: "Caddyfile" };
const PORTS = { nginx: "8080", caddy: "8081" };

/**
 * A proxy with its configuration of docs/proxies.md, but for the ports, in front of Thingscope's port; it ends with its test.
 * @param change - What else to change in the configuration.
 */
export async function proxyFor(
  t: TestContext,
  name: ProxyName,
  port: number,
  change = (text: string) => text,
): Promise<{ port: number; url: string; pid: number }> {
  const program = packagePath(".proxies", PROGRAMS[name]);
  if (!existsSync(program)) throw new Error(`${program} is missing. Install it: scripts/setup`);
  const found = blocksOf(pageText("proxies.md")).find(({ file }) => file === FILES[name]);
  const own = await freePort();
  const text = change(found?.text ?? "")
    .replaceAll("127.0.0.1:5000", `127.0.0.1:${port}`)
    .replaceAll(`:${PORTS[name]}`, `:${own}`);
  const folder = await folderFor(t);
  const child = spawn(program, await argumentsFor(name, text, folder), {
    stdio: "ignore",
    env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
  });
  const ended = once(child, "close");
  t.after(async () => {
    child.kill("SIGTERM");
    const cut = setTimeout(() => child.kill("SIGKILL"), 5000);
    await ended;
    clearTimeout(cut);
  });
  const limit = performance.now() + WAIT_MS;
  while (!(await isListening(own))) {
    if (child.exitCode !== null) throw new Error(`${name} ended: see ${folder}`);
    if (performance.now() > limit) throw new Error(`${name} does not listen`);
    await sleep(20);
  }
  return { port: own, url: `http://127.0.0.1:${own}/scope`, pid: child.pid! };
}

async function argumentsFor(name: ProxyName, text: string, folder: string): Promise<string[]> {
  const file = join(folder, FILES[name]);
  if (name === "caddy") {
    await writeFile(file, `{\n  admin off\n}\n${text}`);
    return ["run", "--config", file, "--adapter", "caddyfile"];
  }
  await mkdir(join(folder, "tmp"));
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (kind) => `${kind}_temp_path ${folder}/tmp/${kind};`,
  );
  const http = `access_log off;\n${temporary.join("\n")}\n${text}`;
  const rest = `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/log;\nevents {}`;
  await writeFile(file, `${rest}\nhttp {\n${http}\n}\n`);
  return ["-c", file, "-p", folder, "-e", join(folder, "log")];
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
