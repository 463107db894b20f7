import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Check } from "../base/checks.ts";
import { SYSTEM_ROOTS, type SystemRoots } from "../discovery/roots.ts";
import { lanAddresses } from "../server/access/tls/certificate-files.ts";

/** Could other computers reach a server here with --lan? */
export function lanCheck(
  port: number,
  { etc }: Pick<SystemRoots, "etc"> = SYSTEM_ROOTS,
  addresses: readonly string[] = lanAddresses(),
): Check {
  return {
    name: "network",
    async run() {
      if (addresses.length === 0) {
        return {
          level: "warn",
          message: "This computer is in no network, so only its own programs can reach a server.",
          fix: "Connect it: ip address shows the addresses of its interfaces.",
        };
      }
      const where = `With --lan a server is at ${addresses.map((one) => `${one}:${port}`).join(", ")}`;
      const firewall = await readFile(join(etc, "ufw", "ufw.conf"), "utf8").catch(() => "");
      if (!/^ENABLED=yes/m.test(firewall)) return { level: "ok", message: `${where}.` };
      return {
        level: "warn",
        message: `${where}, but the firewall ufw is on.`,
        fix: `Unless it is permitted already: sudo ufw allow ${port}/tcp`,
      };
    },
  };
}
