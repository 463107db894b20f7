import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";

/** Columns of /proc/net/tcp. */
const [LOCAL, REMOTE, USER] = [1, 2, 7];

/** Whether a program of this user has connected from this computer, as far as the system tells whose a connection is: Linux does. */
export async function isOwnPeer({ remotePort = 0, localPort = 0 }: Socket): Promise<boolean> {
  const user = process.getuid?.();
  const table = await readFile("/proc/net/tcp", "latin1").catch(() => undefined);
  if (table === undefined || user === undefined) return true;
  const [from, to] = [remotePort, localPort].map(
    (port) => `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`,
  );
  const rows = table.split("\n").map((line) => line.trim().split(/\s+/));
  const row = rows.find((columns) => columns[LOCAL!] === from && columns[REMOTE!] === to);
  return row !== undefined && Number(row[USER!]) === user;
}
