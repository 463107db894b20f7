// A worker that is killed in the middle of a ticket, when it is told so.
import { GiveUp, worker } from "thingscope/work";

const [, , url = "", crash] = process.argv;

worker(
  ({ index }) => {
    if (index % 10 === 7) throw new Error("no spot");
    if (crash) process.kill(process.pid, "SIGKILL");
    if (index % 10 === 9) throw new GiveUp("too dark");
    return { index };
  },
  { servers: [url], member: "one", queue: "spots", name: "crashing" },
);
