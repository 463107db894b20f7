// node-wot's own server with a property and an action: `node node-wot.js PORT`.
import { createRequire } from "node:module";
import { packagePath } from "../../src/base/package-root.ts";

interface ExposedThing {
  setPropertyReadHandler(name: string, handler: () => Promise<unknown>): void;
  setPropertyWriteHandler(name: string, handler: (input: Value) => Promise<void>): void;
  setActionHandler(name: string, handler: (input: Value) => Promise<unknown>): void;
  expose(): Promise<void>;
}

interface Value {
  value(): Promise<unknown>;
}

interface Servient {
  addServer(server: object): void;
  start(): Promise<{ produce(description: object): Promise<ExposedThing> }>;
}

const require = createRequire(packagePath("test", "interop", "programs", "package.json"));
const core: { Servient: new () => Servient } = require("@node-wot/core");
const http: { HttpServer: new (options: object) => object } = require("@node-wot/binding-http");

const servient = new core.Servient();
servient.addServer(new http.HttpServer({ port: Number(process.argv[2]), address: "127.0.0.1" }));
const wot = await servient.start();
const number = { type: "number" };
const thing = await wot.produce({
  title: "bench",
  properties: { gain: { ...number, minimum: 0, maximum: 1000 } },
  actions: {
    sum: { input: { type: "object", properties: { a: number, b: number } }, output: number },
  },
});
let gain: unknown = 1;
thing.setPropertyReadHandler("gain", async () => gain);
thing.setPropertyWriteHandler("gain", async (input) => {
  gain = await input.value();
});
thing.setActionHandler("sum", async (input) => {
  const { a, b } = Object(await input.value());
  return a + b;
});
await thing.expose();
