import type { TestContext } from "node:test";
import { program } from "./programs.ts";

/** What these tests use of node-wot's interface. */
export interface NodeWot {
  requestThingDescription(url: string): Promise<Description>;
  exploreDirectory(url: string): Promise<AsyncIterable<Description>>;
  consume(description: Description): Promise<ConsumedThing>;
  produce(description: object): Promise<ExposedThing>;
}

export interface Description {
  readonly id?: string;
  readonly title?: string;
}

export interface Output {
  readonly data?: unknown;
  value(): Promise<unknown>;
  arrayBuffer(): Promise<ArrayBuffer>;
}

export interface Subscription {
  readonly active: boolean;
  stop(): Promise<void>;
}

export interface ConsumedThing {
  getThingDescription(): Description & {
    properties: Record<string, { forms: { contentType: string; subprotocol?: string }[] }>;
  };
  readProperty(name: string, options?: { formIndex: number }): Promise<Output>;
  readAllProperties(): Promise<Map<string, Output>>;
  writeProperty(name: string, value: unknown): Promise<void>;
  invokeAction(name: string, input?: unknown): Promise<Output | undefined>;
  observeProperty(
    name: string,
    listener: (output: Output) => void,
    onError?: (error: Error) => void,
  ): Promise<Subscription>;
  subscribeEvent(
    name: string,
    listener: (output: Output) => void,
    onError?: (error: Error) => void,
  ): Promise<Subscription>;
}

/** By the `id` of a description. */
export type Credentials = Record<string, { username: string; password: string }>;

/** A Thing that node-wot serves. */
export interface ExposedThing {
  setPropertyReadHandler(name: string, handler: () => Promise<unknown>): void;
  setPropertyWriteHandler(name: string, handler: (input: Output) => Promise<void>): void;
  setActionHandler(name: string, handler: (input: Output) => Promise<unknown>): void;
  emitPropertyChange(name: string): Promise<void>;
  expose(): Promise<void>;
}

interface ServientType {
  new (): {
    addClientFactory(factory: object): void;
    addServer(server: object): void;
    addCredentials(byId: Credentials): void;
    start(): Promise<NodeWot>;
    shutdown(): Promise<void>;
  };
}

/** An unmodified node-wot that speaks HTTP. It ends with its test. */
export async function nodeWot(t: TestContext, credentials: Credentials = {}): Promise<NodeWot> {
  const core = program<{ Servient: ServientType }>("@node-wot/core");
  const http = program<{ HttpClientFactory: new () => object }>("@node-wot/binding-http");
  const servient = new core.Servient();
  servient.addClientFactory(new http.HttpClientFactory());
  servient.addCredentials(credentials);
  const wot = await servient.start();
  t.after(() => servient.shutdown());
  return wot;
}

/** A counter that node-wot's own server exposes, and where. It ends with its test. */
export async function nodeWotServer(t: TestContext): Promise<{ url: string; thing: ExposedThing }> {
  const core = program<{
    Servient: ServientType;
    Helpers: { setStaticAddress(address: string): void };
  }>("@node-wot/core");
  core.Helpers.setStaticAddress("127.0.0.1"); // its descriptions name this machine's other addresses otherwise
  const http = program<{
    HttpServer: new (options: object) => { getPort(): number };
  }>("@node-wot/binding-http");
  const servient = new core.Servient();
  const server = new http.HttpServer({ port: 0, address: "127.0.0.1" });
  servient.addServer(server);
  const wot = await servient.start();
  t.after(() => servient.shutdown());
  const number = { type: "number" };
  const thing = await wot.produce({
    title: "Counter",
    properties: { count: { ...number, observable: true } },
    actions: {
      sum: { input: { type: "object", properties: { a: number, b: number } }, output: number },
    },
  });
  let count: unknown = 0;
  thing.setPropertyReadHandler("count", async () => count);
  thing.setPropertyWriteHandler("count", async (input) => {
    count = await input.value();
  });
  thing.setActionHandler("sum", async (input) => {
    const { a, b } = Object(await input.value());
    return a + b;
  });
  await thing.expose();
  return { url: `http://127.0.0.1:${server.getPort()}/counter`, thing };
}
