import { once } from "node:events";
import { createServer, type RequestListener, request } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { TestContext } from "node:test";

/** A server on a free port of loopback, closed with its test. */
export async function serverFor(
  test: TestContext,
  listener: RequestListener,
  options = {},
): Promise<{ port: number; server: ReturnType<typeof createServer> }> {
  const server = createServer(options, listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, server };
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** One request, with headers that `fetch` would not let a program set. */
export function ask(
  port: number,
  {
    method = "GET",
    path = "/",
    headers = {},
    body = "",
    from,
  }: {
    method?: string;
    path?: string;
    headers?: Record<string, string>;
    body?: string | Uint8Array;
    /** Another address of loopback: another client. */
    from?: string;
  },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const target = { host: "127.0.0.1", port, method, path, headers, agent: false };
    const sent = request({ ...target, ...(from && { localAddress: from }) });
    sent.on("error", reject);
    sent.on("response", (response) => {
      response.setEncoding("utf8");
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
    });
    sent.end(body);
  });
}

/** What a server answers to raw bytes, until it ends the connection. */
export async function converse(port: number, bytes: string | Uint8Array): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let answer = "";
  socket.setEncoding("utf8").on("data", (chunk) => {
    answer += chunk;
  });
  socket.on("error", () => {}); // a reset is an answer too
  socket.write(bytes);
  await once(socket, "close");
  return answer;
}
