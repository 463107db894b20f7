import assert from "node:assert/strict";
import { type Answer, ask } from "../server/requests.ts";

type Json = Record<string, unknown>;

interface Form {
  href: string;
  op?: string | string[];
  contentType?: string;
  subprotocol?: string;
}

/** Where in a Thing Description an operation is looked for. */
export type Place = readonly ["properties" | "actions" | "events", string] | readonly [];

const DEFAULT_OPS = {
  properties: ["readproperty", "writeproperty"],
  actions: ["invokeaction"],
  events: ["subscribeevent", "unsubscribeevent"],
} as const;

/**
 * A consumer that knows a Thing Description and WoT Profiles 1.0 (WD 2025-09-30), and nothing of this server: it takes the
 * first form that the profile tells it to take, and sends what the profile tells it to send.
 */
export class ProfileConsumer {
  readonly description: Json;

  private constructor(description: Json) {
    this.description = description;
  }

  static async of(url: string): Promise<ProfileConsumer> {
    const response = await fetch(url, { headers: { Accept: "application/td+json" } });
    assert.equal(response.status, 200);
    return new ProfileConsumer((await response.json()) as Json);
  }

  /** The affordance of one kind and name, as described. */
  affordance([kind, name]: readonly [string, string]): Json {
    return ((this.description[kind] as Json)[name] ?? {}) as Json;
  }

  read(name: string): Promise<Answer> {
    const url = this.urlFor("readproperty", ["properties", name]);
    return send(url, "GET", { Accept: "application/json" });
  }
  write(name: string, value: unknown): Promise<Answer> {
    return send(this.urlFor("writeproperty", ["properties", name]), "PUT", JSON_BODY, value);
  }
  readAll(): Promise<Answer> {
    return send(this.urlFor("readallproperties", []), "GET", { Accept: "application/json" });
  }
  writeMultiple(values: Json): Promise<Answer> {
    return send(this.urlFor("writemultipleproperties", []), "PUT", JSON_BODY, values);
  }
  /** Without a second argument there is no body, and so no content type. */
  invoke(name: string, ...input: [unknown?]): Promise<Answer> {
    const url = this.urlFor("invokeaction", ["actions", name]);
    const headers = { Accept: "application/json", ...(input.length > 0 && JSON_BODY) };
    return send(url, "POST", headers, ...input);
  }
  query(statusUrl: string): Promise<Answer> {
    return send(new URL(statusUrl), "GET", { Accept: "application/json" });
  }
  cancel(statusUrl: string): Promise<Answer> {
    return send(new URL(statusUrl), "DELETE", {});
  }
  queryAll(): Promise<Answer> {
    return send(this.urlFor("queryallactions", []), "GET", { Accept: "application/json" });
  }

  /** Asks again until an invocation has ended; its last status. */
  async ended(statusUrl: string): Promise<Json> {
    for (;;) {
      const { status, text } = await this.query(statusUrl);
      assert.equal(status, 200);
      const told = JSON.parse(text) as Json;
      if (told.status !== "pending" && told.status !== "running") return told;
    }
  }

  /** The first form that a profile allows for an operation. */
  urlFor(op: string, [kind, name = ""]: Place, subprotocol?: string): URL {
    const at = kind ? this.affordance([kind, name]) : this.description;
    const form = ((at.forms ?? []) as Form[]).find(
      (form) =>
        [form.op ?? (kind ? DEFAULT_OPS[kind] : [])].flat().includes(op) &&
        /^https?:$/.test(new URL(form.href, String(this.description.base)).protocol) &&
        (form.contentType ?? "application/json") === "application/json" &&
        (subprotocol === undefined || form.subprotocol === subprotocol),
    );
    assert.ok(form, `There is no form for ${op} of ${name || "the Thing"}.`);
    return new URL(form.href, String(this.description.base));
  }
}

const JSON_BODY = { "Content-Type": "application/json" };

export async function send(
  url: URL,
  method: string,
  headers: Record<string, string>,
  ...body: [unknown?]
): Promise<Answer> {
  return ask(Number(url.port), {
    method,
    path: url.pathname + url.search,
    headers,
    ...(body.length > 0 && { body: JSON.stringify(body[0]) }),
  });
}

/** Whether an answer is an error as profiles want it. */
export function assertProblem({ status, headers, text }: Answer, expected?: number): Json {
  if (expected !== undefined) assert.equal(status, expected, text);
  assert.ok(status >= 400 && status < 600, text);
  assert.equal(headers["content-type"], "application/problem+json");
  const problem = JSON.parse(text) as Json;
  assert.equal(typeof problem.detail, "string");
  assert.equal(typeof problem.title, "string");
  assert.equal(problem.status, status);
  return problem;
}
