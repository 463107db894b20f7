import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import type { TestContext } from "node:test";

export interface Message {
  readonly event?: string;
  readonly id?: string;
  readonly data?: string;
  readonly retry?: string;
}

/** A reader of server-sent events that takes messages one at a time. */
export interface EventStream {
  readonly response: IncomingMessage;
  /** The next message with data. */
  next(): Promise<Message>;
  close(): void;
}

/** Opens a stream of server-sent events; it is open when this resolves. */
export async function openEvents(
  test: TestContext,
  url: string,
  headers: Record<string, string> = {},
): Promise<EventStream> {
  const sent = get(url, { headers: { Accept: "text/event-stream", ...headers }, agent: false });
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  sent.on("error", () => {});
  test.after(() => sent.destroy());
  const messages = messagesOf(response);
  return {
    response,
    next: async () => (await messages.next()).value ?? { event: "end" },
    close: () => sent.destroy(),
  };
}

async function* messagesOf(response: IncomingMessage): AsyncGenerator<Message, undefined> {
  let rest = "";
  for await (const chunk of response.setEncoding("utf8")) {
    const blocks = (rest + chunk).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const fields = block.split("\n").map((line) => /^(\w*): ?(.*)$/s.exec(line)?.slice(1) ?? []);
      const message: Message = Object.fromEntries(fields);
      if (message.data !== undefined) yield message;
    }
  }
  return undefined;
}
