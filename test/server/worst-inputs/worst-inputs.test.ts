import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { WebSocket } from "ws";
import { TEST_MS } from "../../limits.ts";
import { WORST_BODIES, worstLegal, worstMembers } from "./bodies.ts";
import { labthingsMessages, webThingMessages } from "./messages.ts";
import type { Measured, MemoryAsked, Served, ToldRoute } from "./served.ts";

const isLong = process.env.THINGSCOPE_LONG === "1";
const LONG_MS = 600_000;
const timeout = isLong ? 2 * LONG_MS : 4 * TEST_MS;
const MOST_OF_AN_ERROR = 64 * 1024;
const LONGEST_TICK_MS = 250;
/** What the reference work takes on a machine with nothing else to do, ms: a slower one is judged by how much slower it is. */
const REFERENCE_MS = 40;
const MEMORY_BYTES = 20 * 2 ** 20;
/** A request that waits for something is left after this time. */
const LEAVE_MS = isLong ? 2000 : 500;
/** An answer that goes on is left when so much of it came. */
const ENOUGH_BYTES = 4 * 2 ** 20;

type Lab = Served & { measure(memory: MemoryAsked): Promise<Measured> };

/** How far a long run is: it says so every 15 s, and is over in time whatever one round takes. */
class Progress {
  readonly #began = performance.now();
  #said = performance.now();
  #steps = 0;

  get isOver(): boolean {
    return isLong && performance.now() - this.#began > LONG_MS;
  }

  step(what: string): void {
    this.#steps += 1;
    if (!isLong || performance.now() - this.#said < 15_000) return;
    this.#said = performance.now();
    const seconds = Math.round((performance.now() - this.#began) / 1000);
    console.log(`${seconds} of ${LONG_MS / 1000} s, step ${this.#steps}: ${what}`);
  }
}

const progress = new Progress();

async function servedFor(t: TestContext): Promise<Lab> {
  const file = fileURLToPath(new URL("./served.js", import.meta.url));
  const child = fork(file, { execArgv: ["--expose-gc"] });
  t.after(async () => {
    child.disconnect();
    if (child.exitCode === null) await once(child, "exit");
  });
  const exited = once(child, "exit").then(([code]) => {
    throw new Error(`The server ended with ${code}.`);
  });
  exited.catch(() => {});
  const [served] = await Promise.race([once(child, "message"), exited]);
  const measure = async (memory: MemoryAsked) => {
    child.send({ memory });
    const [measured] = await Promise.race([once(child, "message"), exited]);
    return measured;
  };
  return { ...served, measure };
}

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly accept?: string;
}

/** One request over a connection of its own; what goes on and on is left after a moment. */
function send({ port, token }: Lab, { method, path, body, accept }: Sent): Promise<string> {
  return new Promise((resolve) => {
    const sent = request({
      ...{ host: "127.0.0.1", port, method, path, agent: false },
      headers: {
        Authorization: `Bearer ${token}`,
        ...(accept && { Accept: accept }),
        ...(body !== undefined && {
          "Content-Type": "application/json",
          "Content-Length": Buffer.byteLength(body),
        }),
      },
    });
    const leave = setTimeout(() => sent.destroy(), LEAVE_MS);
    const settle = (what: string) => {
      clearTimeout(leave);
      sent.destroy();
      resolve(what);
    };
    sent.on("error", () => settle(""));
    sent.on("response", (response) => {
      let bytes = 0;
      const status = response.statusCode ?? 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (status >= 400 && bytes > MOST_OF_AN_ERROR) settle(`${status} with ${bytes} bytes`);
        else if (bytes > ENOUGH_BYTES) settle("");
      });
      response.on("close", () => settle(""));
      if (/event-stream|multipart/.test(String(response.headers["content-type"]))) settle("");
    });
    sent.end(body);
  });
}

/** What is wrong with what was just done, if anything is. */
async function faultsOf(lab: Lab, what: string, answers: readonly string[]): Promise<string[]> {
  progress.step(what);
  const { longestTickMs, referenceMs } = await lab.measure("nothing");
  const most = LONGEST_TICK_MS * Math.max(1, referenceMs / REFERENCE_MS);
  const tooLong = longestTickMs > most && `a tick of ${Math.round(longestTickMs)} ms`;
  const wrong = [...answers, tooLong].filter(Boolean);
  return wrong.length > 0 ? [`${what}: ${wrong.join(", ")}`] : [];
}

/** How often something was sent again. */
let sentAgain = 0;

/** The faults of an input that it has again when it is sent again: a machine that is slow for a moment has others. */
async function thatLast(drive: () => Promise<string[]>): Promise<string[]> {
  let faults = await drive();
  for (let again = 0; again < 2 && faults.some((one) => one.includes("a tick of")); again++) {
    sentAgain += 1;
    faults = await drive();
  }
  return faults;
}

const BODIES = Object.entries(WORST_BODIES);

/** All bodies for a route by and by; in short runs every third route is sent one of them, so that all routes together are sent all. */
function bodiesFor({ schema }: ToldRoute, n: number): [name: string, body: string][] {
  const turn = n % 3 === 0 ? [BODIES[(n / 3) % BODIES.length]!] : [];
  const universal = isLong ? BODIES : turn;
  const members = worstMembers(schema);
  const legal = isLong ? worstLegal(schema) : worstLegal(schema).slice(0, 1);
  const own = isLong
    ? members
    : members.slice(n % Math.max(1, members.length)).slice(0, n % 3 === 0 ? 1 : 0);
  return [
    ...universal,
    ...legal.map((body): [string, string] => ["worst legal", body]),
    ...own.map((body): [string, string] => ["worst member", body]),
  ];
}

const LONG_TEXT = "a.".repeat(3500);

function pathsFor({ path, query }: ToldRoute): string[] {
  const filled = path.replace(/:\w+/g, "x".repeat(6000));
  const asked = query.map((name) => `${name}=${LONG_TEXT.slice(0, 7000 / query.length)}`);
  return [
    ...(filled === path ? [] : [filled, path.replace(/:\w+/g, `%00${"%e2%82%ac".repeat(600)}`)]),
    path.replace(/:\w+/g, "1"),
    `${path.replace(/:\w+/g, "1")}?${asked.join("&") || LONG_TEXT}`,
    `${path.replace(/:\w+/g, "1")}?${"a&".repeat(3000)}`,
  ];
}

async function driveRoutes(lab: Lab): Promise<string[]> {
  const routes = lab.routes.filter(({ path }) => !path.endsWith("/logout"));
  const faults: string[] = [];
  for (const [n, route] of routes.filter(({ takesBody }) => takesBody).entries()) {
    const { method } = route;
    const path = route.path.replace(/:\w+/g, "1");
    for (const [name, body] of bodiesFor(route, n)) {
      if (progress.isOver) return faults;
      const what = `${method} ${route.path} with ${name}`;
      const drive = async () => faultsOf(lab, what, [await send(lab, { method, path, body })]);
      faults.push(...(await thatLast(drive)));
    }
  }
  const others = routes.filter(({ takesBody }) => !takesBody);
  while (others.length > 0 && !progress.isOver) {
    const some = others.splice(0, 12);
    faults.push(...(await thatLast(() => driveSome(lab, some))));
  }
  return faults;
}

/** Routes without a body, beside one another: some of them wait. */
async function driveSome(lab: Lab, routes: readonly ToldRoute[]): Promise<string[]> {
  const asked = routes.flatMap((route) =>
    pathsFor(route).map((path, i) => ({
      method: route.method,
      path,
      ...(i % 2 === 1 && { accept: "text/event-stream" }),
    })),
  );
  const answers = await Promise.all(asked.map((sent) => send(lab, sent)));
  return faultsOf(lab, routes.map(({ method, path }) => `${method} ${path}`).join(", "), answers);
}

/** @returns What is wrong with the answers to some messages over one WebSocket. */
async function talk(lab: Lab, thing: string, protocol: string[], messages: readonly string[]) {
  const socket = new WebSocket(`ws://127.0.0.1:${lab.port}/${thing}/ws`, protocol, {
    headers: { Authorization: `Bearer ${lab.token}` },
  });
  await once(socket, "open");
  let answers = 0;
  const wrong: string[] = [];
  socket.on("message", (data: Buffer) => {
    answers += 1;
    // A list of invocations may be longer, and tells of failed ones among others.
    if (data.length > MOST_OF_AN_ERROR && "error" in JSON.parse(data.toString()))
      wrong.push(`an error of ${data.length} bytes`);
  });
  socket.on("error", () => {});
  for (const message of messages) {
    const before = answers;
    socket.send(message);
    const until = performance.now() + 500;
    while (answers === before && performance.now() < until && socket.readyState === socket.OPEN)
      await new Promise((resolve) => setTimeout(resolve, 2));
    if (socket.readyState !== socket.OPEN) wrong.push(`closed after ${message.slice(0, 60)}`);
    if (socket.readyState !== socket.OPEN) break;
  }
  socket.terminate();
  return wrong;
}

async function driveSockets(lab: Lab): Promise<string[]> {
  const faults: string[] = [];
  for (const thing of isLong ? ["camera", "stage", "recorder", "autofocus"] : ["stage"]) {
    const names = ["position", ...lab.actions.slice(0, 3)];
    const wrong = await talk(lab, thing, ["webthingprotocol"], webThingMessages(names));
    faults.push(...(await faultsOf(lab, `Web Thing Protocol of ${thing}`, wrong)));
    const others = await talk(lab, thing, [], labthingsMessages(names));
    faults.push(...(await faultsOf(lab, `LabThings' messages of ${thing}`, others)));
  }
  return faults;
}

/** Many at once: each list, by HTTP and over 40 WebSockets, while there are as many finished invocations as are kept. */
async function driveLists(lab: Lab): Promise<string[]> {
  for (let n = 0; n < (isLong ? 1000 : 300) && !progress.isOver; n++)
    await send(lab, { method: "POST", path: "/stage/get_xyz_position", body: "{}" });
  const lists = lab.routes.filter(({ method, path }) => method === "GET" && !path.includes(":"));
  const asked = lists.filter(({ path }) =>
    /actions|action_invocations|thing|directory|openapi|recordings|logs|metrics|health|position$/.test(
      path,
    ),
  );
  const query = JSON.stringify({ messageType: "request", operation: "queryallactions" });
  const [answers, told] = await Promise.all([
    Promise.all(
      Array.from({ length: 4 }, () => asked)
        .flat()
        .map(({ path }) => send(lab, { method: "GET", path })),
    ),
    Promise.all(
      Array.from({ length: 40 }, () => talk(lab, "stage", ["webthingprotocol"], [query, query])),
    ),
  ]);
  return faultsOf(lab, "all lists at once", [...answers, ...told.flat()]);
}

test("every route and every message with its worst input: errors are small, no tick is long, memory comes back", {
  timeout,
}, async (t) => {
  const lab = await servedFor(t);
  await driveSockets(lab); // what is loaded and made once is no growth
  await driveRoutes({ ...lab, routes: lab.routes.filter((_, n) => n % 16 === 0) });
  const { held: before } = await lab.measure("settled");
  const faults: string[] = [];
  do {
    faults.push(...(await driveRoutes(lab)));
    faults.push(...(await driveSockets(lab)));
    faults.push(...(await thatLast(() => driveLists(lab))));
  } while (isLong && !progress.isOver && faults.length === 0);
  const { held } = await lab.measure(before + MEMORY_BYTES);
  if (held > before + MEMORY_BYTES)
    faults.push(`${Math.round((held - before) / 2 ** 20)} MiB more are held`);
  t.diagnostic(`${sentAgain} inputs were sent again, since a tick was long`);
  assert.deepEqual(faults, []);
});
