import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** An HTTP server that answers what a test says, for what no server of ours does. */
export class FakeServer implements AsyncDisposable {
  /** Every request that came, e.g. `GET /x`. */
  readonly requests: string[] = [];
  /** Their headers. */
  readonly headers: IncomingMessage["headers"][] = [];
  readonly #answers: Map<string, Answer>;
  readonly #server = createServer((request, response) => {
    const asked = `${request.method} ${request.url}`;
    this.requests.push(asked);
    this.headers.push(request.headers);
    const answer = this.#answers.get(asked) ?? this.#answers.get("*");
    if (answer) answer(request, response);
    else response.writeHead(404).end();
  });

  constructor(answers: Record<string, Answer> = {}) {
    this.#answers = new Map(Object.entries(answers));
  }

  answer(asked: string, answer: Answer): void {
    this.#answers.set(asked, answer);
  }

  /** @returns The origin, e.g. `http://127.0.0.1:40000`. */
  async listen(port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
    return `http://127.0.0.1:${this.port}`;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Cuts every connection; new ones are welcome. */
  cut(): void {
    this.#server.closeAllConnections();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}

/** Answers with JSON. */
export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Answer {
  return (request, response) => {
    request.resume();
    response.writeHead(status, { "Content-Type": "application/json", ...headers });
    response.end(JSON.stringify(body));
  };
}
