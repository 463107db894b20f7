import { type ChildProcess, spawn } from "node:child_process";
import { Socket } from "node:net";

/**
 * Reads which process groups begin and end, and kills those that are left when its input ends: when the server has ended,
 * however it did. A shell needs no compiler, and unlike a signal at the parent's death it reaches whole groups.
 */
const SCRIPT = `guard() {
  groups=' '
  while read -r what group; do
    case $what in
      began) groups="$groups$group " ;;
      ended) groups="\${groups%% $group *} \${groups#* $group }" ;;
    esac
  done
  for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
}
guard <&3 &`; // in the background: whoever waits for our children finds programs only

const groups = new Set<number>();
let guard: ChildProcess | undefined;

/** From now on this process group ends with this process, even with one that is killed. */
export function guardGroup(group: number): void {
  groups.add(group);
  if (guard) tell(`began ${group}`);
  else startGuard();
}

/** The group has ended: its number may soon be another's. */
export function releaseGroup(group: number): void {
  if (groups.delete(group)) tell(`ended ${group}`);
}

function tell(line: string): void {
  const pipe = guard?.stdio[3];
  if (pipe instanceof Socket && pipe.writable) pipe.write(`${line}\n`);
}

/** Where the machine refuses even this, its groups are found at the next start: see `leftovers.ts`. */
function startGuard(): void {
  try {
    guard = spawn("/bin/sh", ["-c", SCRIPT, `thingscope-guard of ${process.pid}`], {
      stdio: ["ignore", "ignore", "ignore", "pipe"],
      detached: true, // what ends our whole group must leave it running
      cwd: "/",
      env: {},
    });
  } catch {
    return;
  }
  const started = guard;
  const gone = () => {
    if (guard === started) guard = undefined;
  };
  if (!started.stdio) Object.assign(started, { stdio: [] }); // as in child.ts
  started.once("error", gone);
  started.unref();
  const pipe = started.stdio[3];
  if (pipe instanceof Socket) pipe.on("error", gone).once("close", gone).unref();
  for (const group of groups) tell(`began ${group}`);
}
