import { WebSocket } from "ws";
import { ThingClient } from "../../src/client/index.ts";
import type { FaultyServer } from "./serving.ts";

/** How long a client waits for an answer that may never come, ms. */
const PATIENCE_MS = 400;

const JSON_TYPE = { "Content-Type": "application/json" };

/** What answered what, by wire: a status, a kind of message, or why there was none. */
export type Answers = Record<string, string>;

/** Listens on every wire to one Thing, then has its faults happen by every wire, and leaves. */
export async function provoke(server: FaultyServer, name: string): Promise<Answers> {
  const over = new AbortController();
  const answers: Answers = {};
  const at = `${server.url}/${name}`;
  const sockets = [new WebSocket(socketUrl(at)), new WebSocket(socketUrl(at), "webthingprotocol")];
  try {
    await Promise.all([
      ...["reading", "kept", "happened"].map((member) => subscribeByHttp(`${at}/${member}`)),
      subscribeWebhooks(server, at),
      ...sockets.map(opened),
    ]);
    observe(sockets);
    const [labthings, webThing] = sockets;
    webThing?.on("message", (data) => note("webthing", JSON.parse(String(data)).messageType));
    labthings?.on("message", (data) => note("labthings", JSON.parse(String(data)).messageType));
    const asked = [
      ["GET", "reading"],
      ["PUT", "reading"],
      ["GET", "kept"],
      ["PUT", "kept"],
      ["GET", "properties"],
      ["POST", "act"],
      ["POST", "stir"],
      ["GET", ""],
      ["GET", "actions"],
    ] as const;
    await Promise.all([
      ...asked.map(([method, path]) => ask(method, path)),
      byClient(),
      bySockets(),
    ]);
    await ask("GET", "actions");
  } finally {
    over.abort();
    for (const socket of sockets) socket.terminate();
  }
  return answers;

  function note(wire: string, answer: string): void {
    answers[wire] = answer;
  }

  async function ask(method: string, path: string): Promise<void> {
    const body = method === "GET" ? null : method === "PUT" ? "2" : "{}";
    const response = await fetch(`${at}/${path}`, {
      method,
      body,
      headers: body === null ? {} : JSON_TYPE,
      signal: AbortSignal.any([over.signal, AbortSignal.timeout(PATIENCE_MS)]),
    })
      .then(async (answer) => {
        await answer.text();
        return String(answer.status);
      })
      .catch((error) => error.name); // late, in its head or in its body
    note(`${method} ${path}`, response);
  }

  /** Server-sent events, and one long poll. */
  async function subscribeByHttp(url: string): Promise<void> {
    const headers = { Accept: "text/event-stream" };
    const stream = await limited(fetch(url, { headers, signal: over.signal }));
    stream?.body?.pipeTo(new WritableStream(), { signal: over.signal }).catch(() => {});
    fetch(`${url}/next?wait=5`, { signal: over.signal })
      .then((answer) => answer.text())
      .catch(() => {});
  }

  async function byClient(): Promise<void> {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const client = await limited(ThingClient.connect(`${at}/`, { signal }));
    if (!client) return;
    const events = client.events.happened?.subscribe(over.signal);
    void (async () => {
      for await (const _ of events ?? []) note("client event", "came");
    })().catch(() => {});
    const done = await Promise.allSettled([
      client.read("reading", { signal }),
      client.write("reading", 3, { signal }),
      client.invoke("act", undefined, { signal }),
      client.invoke("stir", undefined, { signal }),
      client.readAll({ signal }),
    ]);
    note("client", done.map(({ status }) => status).join(" "));
  }

  async function bySockets(): Promise<void> {
    const [labthings, webThing] = sockets;
    const request = (operation: string, members = {}) =>
      say(webThing, { messageType: "request", messageID: "x", operation, ...members });
    request("readproperty", { name: "reading" });
    request("readallproperties");
    request("writeproperty", { name: "reading", value: 4 });
    request("invokeaction", { name: "act" });
    request("invokeaction", { name: "stir" });
    request("queryallactions");
    say(labthings, { messageType: "requestAction", data: { stir: {} } });
  }
}

function observe([labthings, webThing]: readonly WebSocket[]): void {
  const all = { reading: true };
  say(labthings, { messageType: "addPropertyObservation", data: all });
  say(labthings, { messageType: "addActionObservation", data: { act: true, stir: true } });
  say(labthings, { messageType: "addEventSubscription", data: { happened: true } });
  for (const operation of ["observeallproperties", "subscribeallevents"]) {
    say(webThing, { messageType: "request", messageID: "o", operation });
  }
}

async function subscribeWebhooks({ callbackUrl }: FaultyServer, at: string): Promise<void> {
  const body = JSON.stringify({ callbackURL: callbackUrl });
  for (const member of ["reading", "happened"]) {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    await fetch(`${at}/${member}`, { method: "POST", headers: JSON_TYPE, body, signal })
      .then((answer) => answer.text())
      .catch(() => {});
  }
}

function say(socket: WebSocket | undefined, message: unknown): void {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

function opened(socket: WebSocket): Promise<void> {
  socket.on("error", () => {});
  return new Promise((resolve) => {
    socket.once("open", resolve).once("close", () => resolve());
    setTimeout(resolve, PATIENCE_MS).unref();
  });
}

/** What it gives in time, or nothing. */
async function limited<T>(work: Promise<T>): Promise<T | undefined> {
  const late = new Promise<undefined>((resolve) => {
    setTimeout(() => resolve(undefined), PATIENCE_MS).unref();
  });
  return Promise.race([work.catch(() => undefined), late]);
}

function socketUrl(at: string): string {
  return `${at.replace("http:", "ws:")}/ws`;
}
