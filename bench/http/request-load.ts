// The load: `node request-load.js PLAN` repeats the plan's exchange over connections that are kept alive, each waiting
// for its answer before it asks again, and prints what it measured as one line of JSON.
import { connect } from "node:net";
import { delay } from "../../src/base/abort.ts";
import { cpuSeconds } from "../programs.ts";
import { quantiles } from "../quantiles.ts";

/** What the load does. */
export interface Plan {
  readonly url: string;
  readonly method: "GET" | "PUT" | "POST";
  readonly body?: string;
  /** The answer is an invocation: it is asked about until it has ended. */
  readonly untilEnded?: boolean;
  readonly connections: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  /** The server's process, whose CPU time is counted. */
  readonly pid: number;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

const plan: Plan = JSON.parse(process.argv[2] ?? "{}");
const { hostname, port, host } = new URL(plan.url);
const first = requestFor(plan.method, new URL(plan.url).pathname, plan.body);
const times: number[] = [];
let measuring = false;

for (let i = 0; i < plan.connections; i++) repeat(connection());
await delay(plan.warmUpSeconds * 1000);
const before = { at: performance.now(), server: cpuSeconds(plan.pid), own: process.cpuUsage() };
measuring = true;
await delay(plan.seconds * 1000);
measuring = false;
const seconds = (performance.now() - before.at) / 1000;
const { user, system } = process.cpuUsage(before.own);
const { p50, p99 } = quantiles(times);
const result = {
  per_second: times.length / seconds,
  p50_us: p50 * 1000,
  p99_us: p99 * 1000,
  cpu_us_per_request: ((cpuSeconds(plan.pid) - before.server) * 1e6) / times.length,
  load_busy: (user + system) / 1e6 / seconds,
};
console.log(JSON.stringify(result));
process.exit(0);

function repeat(ask: (request: Buffer, next: (answer: Answer) => void) => void): void {
  const round = () => {
    const began = performance.now();
    const onAnswer = ({ status, body }: Answer) => {
      if (status >= 400) fail(`The server answers ${status}: ${body.slice(0, 300)}`);
      const href = plan.untilEnded && /"status":"(?:pending|running)"/.test(body) && hrefIn(body);
      if (href) return ask(requestFor("GET", href), onAnswer);
      if (measuring) times.push(performance.now() - began);
      round();
    };
    ask(first, onAnswer);
  };
  round();
}

/** One connection: writes a request and calls back with its answer. */
function connection() {
  const socket = connect(Number(port), hostname);
  let received = "";
  let onAnswer: (answer: Answer) => void = () => {};
  socket.setNoDelay(true).setEncoding("latin1");
  socket.on("data", (chunk: string) => {
    received += chunk;
    const answer = answerIn(received);
    if (!answer) return;
    received = "";
    onAnswer(answer);
  });
  socket.on("error", (error) => fail(error.message));
  socket.on("close", () => fail("The server has closed a connection."));
  return (request: Buffer, next: (answer: Answer) => void) => {
    onAnswer = next;
    socket.write(request);
  };
}

/** The answer, once it is complete. */
function answerIn(text: string): Answer | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const status = Number(text.slice(9, 12));
  const body = text.slice(end + 4);
  if (status === 204) return { status, body: "" };
  const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1];
  const isWhole = length === undefined ? body.endsWith("0\r\n\r\n") : body.length >= Number(length);
  return isWhole ? { status, body } : undefined;
}

function requestFor(method: string, path: string, body = ""): Buffer {
  const type = body ? `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n` : "";
  return Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n${type}\r\n${body}`);
}

function hrefIn(body: string): string {
  return new URL(/"href":"([^"]+)"/.exec(body)?.[1] ?? fail(`No href in ${body}`)).pathname;
}

function fail(sentence: string): never {
  console.error(sentence);
  process.exit(1);
}
