import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { abortable } from "thingscope";
import { WebSocket } from "ws";
import { packagePath } from "../../../src/base/package-root.ts";
import { patience } from "../../limits.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { freePort } from "./mosquitto.ts";

const HASS = packagePath(".home-assistant", "bin", "hass");

/** An entity's state, as Home Assistant tells it. */
export interface State {
  readonly entity_id: string;
  readonly state: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Answers of Home Assistant's commands by WebSocket, which the caller knows. */
// biome-ignore lint/suspicious/noExplicitAny: each command has another
type Answer = any;

/** A real Home Assistant with a configuration of its own, on loopback, with its first user. */
export class HomeAssistant {
  readonly url: string;
  readonly #folder: string;
  #child: ChildProcess;
  #token = "";
  #socket: WebSocket | undefined;
  #id = 0;
  readonly #states = new Map<string, State>();
  readonly #answers = new Map<number, (answer: Answer) => void>();
  #onState = () => {};

  /** @param configuration - More of its configuration.yaml. */
  static async start(t: TestContext, configuration: string): Promise<HomeAssistant> {
    const folder = await temporaryFolder("thingscope-hass-");
    const port = await freePort();
    await writeFile(join(folder, "configuration.yaml"), configurationFor(port) + configuration);
    const one = new HomeAssistant(folder, port);
    t.after(() => one.#child.kill("SIGKILL"));
    await one.#begin();
    return one;
  }

  private constructor(folder: string, port: number) {
    this.url = `http://127.0.0.1:${port}`;
    this.#folder = folder;
    this.#child = this.#spawned();
  }

  async restart(): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await ended;
    this.#states.clear();
    this.#child = this.#spawned();
    await this.#begin();
  }

  /** One of its HTTP API's resources. */
  async get(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { Authorization: `Bearer ${this.#token}`, "Content-Type": "application/json" };
    return fetch(this.url + path, { headers, signal: patience(), ...init });
  }

  async post(path: string, body: object): Promise<Response> {
    return this.get(path, { method: "POST", body: JSON.stringify(body) });
  }

  /** Carries out one of its actions. @param action - Such as `number.set_value`. */
  async act(action: string, data: object): Promise<Response> {
    return this.post(`/api/services/${action.replace(".", "/")}`, data);
  }

  /** Sets up an integration, as its pages do, by the answers to the forms of its flow. */
  async integrate(handler: string, ...answers: readonly object[]): Promise<Answer> {
    const flow = "/api/config/config_entries/flow";
    let step: Answer = await (await this.post(flow, { handler })).json();
    for (const answer of answers) {
      if (step.type !== "form") break;
      step = await (await this.post(`${flow}/${step.flow_id}`, answer)).json();
    }
    if (step.type !== "create_entry") throw new Error(`${handler}: ${JSON.stringify(step)}`);
    return step.result;
  }

  /** A command by WebSocket. */
  async ask(type: string, more: object = {}): Promise<Answer> {
    this.#id += 1;
    const answer = new Promise<Answer>((resolve) => this.#answers.set(this.#id, resolve));
    this.#socket!.send(JSON.stringify({ id: this.#id, type, ...more }));
    const { success, result, error } = await abortable(answer, patience());
    if (!success) throw new Error(`${type}: ${JSON.stringify(error)}`);
    return result;
  }

  /** An entity when its state fits. */
  async until(entity: string, fits: (state: State) => boolean = () => true): Promise<State> {
    const signal = patience();
    for (;;) {
      const state = this.#states.get(entity);
      if (state && fits(state)) return state;
      const change = new Promise<void>((resolve) => {
        this.#onState = resolve;
      });
      await abortable(change, signal).catch(() => {
        const there = [...this.#states].map(([id, one]) => `${id} ${one.state}`).join("\n");
        throw new Error(`${entity}: ${JSON.stringify(state)}\n${there}`);
      });
    }
  }

  /** The same when its state is `text`. */
  async shows(entity: string, text: string): Promise<State> {
    return this.until(entity, ({ state }) => state === text);
  }

  /** The same when it is there no longer. */
  async gone(entity: string): Promise<void> {
    const signal = patience();
    while (this.#states.has(entity)) {
      const change = new Promise<void>((resolve) => {
        this.#onState = resolve;
      });
      await abortable(change, signal);
    }
  }

  #spawned(): ChildProcess {
    return spawn(HASS, ["-c", this.#folder, "--skip-pip"], { stdio: "ignore" });
  }

  async #begin(): Promise<void> {
    await once(this.#child, "spawn").catch(() => {
      throw new Error("homeassistant is missing. Install it with: scripts/setup --house");
    });
    await this.#answering();
    if (this.#token === "") this.#token = await this.#firstUser();
    await this.#connect();
  }

  async #answering(): Promise<void> {
    const signal = patience();
    for (;;) {
      signal.throwIfAborted();
      const response = await fetch(`${this.url}/api/onboarding`).catch(() => undefined);
      if (response?.ok) return;
      if (this.#child.exitCode !== null) throw new Error("Home Assistant has ended.");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** @returns A token that holds as long as the test. @see https://developers.home-assistant.io/docs/auth_api */
  async #firstUser(): Promise<string> {
    const client_id = `${this.url}/`;
    const user = { name: "Test", username: "test", password: "sesame", language: "en", client_id };
    const created = await this.post("/api/onboarding/users", user);
    const { auth_code: code } = (await created.json()) as { auth_code: string };
    const body = new URLSearchParams({ grant_type: "authorization_code", code, client_id });
    const response = await fetch(`${this.url}/auth/token`, { method: "POST", body });
    return ((await response.json()) as { access_token: string }).access_token;
  }

  async #connect(): Promise<void> {
    const socket = new WebSocket(`${this.url.replace("http", "ws")}/api/websocket`);
    this.#socket = socket;
    const ready = new Promise<void>((resolve, reject) => {
      socket.on("error", reject);
      socket.on("message", (text) => {
        const message: Answer = JSON.parse(String(text));
        if (message.type === "auth_required")
          socket.send(JSON.stringify({ type: "auth", access_token: this.#token }));
        else if (message.type === "auth_ok") resolve();
        else if (message.type === "event") this.#changed(message.event.data);
        else this.#answers.get(message.id)?.(message);
      });
    });
    await abortable(ready, patience());
    await this.ask("subscribe_events", { event_type: "state_changed" });
    const states: State[] = await this.ask("get_states");
    for (const state of states) this.#states.set(state.entity_id, state);
  }

  #changed({ entity_id, new_state }: { entity_id: string; new_state: State | null }): void {
    if (new_state) this.#states.set(entity_id, new_state);
    else this.#states.delete(entity_id);
    this.#onState();
  }
}

/** Asserts that an answer is a JPEG. */
export async function isPicture(response: Response): Promise<void> {
  const bytes = Buffer.from(await response.arrayBuffer());
  assert.deepEqual([response.status, bytes.subarray(0, 2).toString("hex")], [200, "ffd8"]);
}

/** Asserts that an answer is a stream with more than one JPEG. */
export async function isStream({ status, body }: Response): Promise<void> {
  assert.equal(status, 200);
  let bytes = Buffer.alloc(0);
  for await (const chunk of body!) {
    bytes = Buffer.concat([bytes, chunk]);
    const first = bytes.indexOf("ffd8ff", 0, "hex");
    if (first >= 0 && bytes.indexOf("ffd8ff", first + 3, "hex") >= 0) return;
  }
  assert.fail(`the stream ended after ${bytes.length} bytes`);
}

/** No `default_config`: nothing that looks for devices, or asks the internet. */
function configurationFor(port: number): string {
  return `homeassistant:
  name: Test
  unit_system: metric
  time_zone: UTC
http:
  server_host: 127.0.0.1
  server_port: ${port}
`;
}
