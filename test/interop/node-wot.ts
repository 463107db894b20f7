import type { TestContext } from "node:test";
import { program } from "./programs.ts";

/** What these tests use of node-wot's interface. */
export interface NodeWot {
  requestThingDescription(url: string): Promise<Description>;
  exploreDirectory(url: string): Promise<AsyncIterable<Description>>;
  consume(description: Description): Promise<ConsumedThing>;
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

interface ServientType {
  new (): {
    addClientFactory(factory: object): void;
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
