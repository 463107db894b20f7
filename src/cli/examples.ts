import type { Command } from "commander";

/** Lines that can be pasted, for each command; `launch` has its own. The configuration is what `init` writes, the recording what `record` makes. */
export const EXAMPLES: Readonly<Record<string, string>> = {
  thingscope: "thingscope --port 8080",
  serve: "thingscope serve thingscope.yaml --lan --tls auto",
  check: "thingscope check thingscope.yaml",
  mirror: "thingscope mirror http://127.0.0.1:5000 --port 5001",
  cameras: "thingscope cameras --local",
  doctor: "thingscope doctor --port 8080",
  init: "thingscope init lab && cd lab && npm install && npm start",
  snapshot: "thingscope snapshot /dev/video0 -o picture.jpg",
  tokens: "thingscope tokens create --role view --days 90",
  create: "thingscope tokens create --role push --name door",
  revoke: "thingscope tokens revoke door",
  users: "thingscope users add anna --role operate",
  add: "thingscope users add anna --role operate",
  remove: "thingscope users remove anna",
  sessions: "thingscope sessions end",
  end: "thingscope sessions end",
  get: "thingscope get http://127.0.0.1:5000/camera/ state",
  set: "thingscope set http://127.0.0.1:5000/camera/ settling_time 0.1",
  run: "thingscope run http://127.0.0.1:5000/camera/ capture_jpeg resolution=full -o picture.jpg",
  watch: "thingscope watch http://127.0.0.1:5000/camera/ state measurements",
  td: "thingscope td http://127.0.0.1:5000/camera/",
  types: "thingscope types http://127.0.0.1:5000/camera/ -o camera.d.ts",
  record:
    "thingscope record http://127.0.0.1:5000/camera/ --seconds 60 --out recordings --name nest",
  verify: "thingscope verify recordings/ --json",
  export: "thingscope export recordings/nest.mkv --format webm",
  repair: "thingscope repair recordings/",
};

/** Puts an example below the help of each command. */
export function addExamples(command: Command): void {
  const parent = command.parent?.name() ?? "";
  const example =
    command.name() === "list" ? `thingscope ${parent} list` : EXAMPLES[command.name()];
  if (example) command.addHelpText("after", `\nExample:\n  ${example}`);
  for (const one of command.commands) addExamples(one);
}
