// A server that is going to be killed: it runs a program that starts another, gives nothing, and heeds no signal; with
// `unguarded` its guard is killed first, as when a whole container is. It says the program's number, and waits.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { Child } from "../../src/processes/child.ts";
import { program } from "./children.ts";

const code = `for (const s of ["SIGINT", "SIGTERM", "SIGHUP", "SIGPIPE"]) process.on(s, () => {});
  const other = require("child_process").spawn("sleep", ["300"], { stdio: "ignore" });
  console.log(other.pid); setInterval(() => {}, 1000)`;
const child = new Child(program(code), { outputs: [1] });
const [other] = await once(child.output(1), "data");
if (process.argv[2] === "unguarded") {
  const list = execFileSync("ps", ["-eo", "pid=,args="]).toString();
  const guard = new RegExp(`^\\s*(\\d+) .*thingscope-guard of ${process.pid}$`, "m").exec(
    list,
  )?.[1];
  process.kill(Number(guard), "SIGKILL");
}
console.log(JSON.stringify({ pid: child.pid, other: Number(String(other)) }));
setInterval(() => {}, 1000);
