import { ClientError } from "./client-error.ts";
import { type Following, serverSentEvents } from "./event-stream.ts";
import type { Http } from "./http.ts";
import { type JsonObject, listOf, objectOf, textOf } from "./json.ts";
import { formsFor, readThingDescription } from "./thing-description.ts";

/** What is followed, and how. */
interface Followed {
  readonly http: Http;
  /** The Thing Description. */
  readonly td: JsonObject;
  /** Where it came from. */
  readonly url: string;
  /** Fetches it again. @returns Whether it is another one. */
  refresh(signal: AbortSignal): Promise<boolean>;
}

/**
 * Follows the directory that a Thing Description links to: yields whenever that tells of the Thing and its description is another
 * one, and once at the beginning if it has become another one meanwhile.
 * @throws {ClientError} `UNSUPPORTED` where there is no directory that tells.
 */
export async function* descriptionChanges(
  { http, td, url, refresh }: Followed,
  { signal, onOpen }: Following,
): AsyncGenerator<void, void> {
  const form = await updatesForm(http, td, url, signal);
  let isOpen: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    isOpen = resolve;
  });
  const messages = serverSentEvents(http, form.url(), {
    ...{ signal, headers: form.headers },
    onOpen: () => {
      isOpen();
      onOpen();
    },
  });
  try {
    const first = messages.next();
    await Promise.race([opened, first]);
    if (await refresh(signal)) yield;
    for (let next = await first; !next.done; next = await messages.next()) {
      if (!/^(thing_?updated|message)$/i.test(next.value.event)) continue;
      const { id } = objectOf(http.parse(next.value.data, url));
      if (id === td.id && (await refresh(signal))) yield;
    }
  } finally {
    await messages.return(undefined);
  }
}

async function updatesForm(http: Http, td: JsonObject, url: string, signal: AbortSignal) {
  const link = listOf(td.links)
    .map(objectOf)
    .find(({ rel }) => rel === "collection");
  const base = new URL(textOf(td.base) ?? "", url);
  const href = textOf(link?.href);
  if (href !== undefined) {
    const at = new URL(href, base).href;
    const answer = await http.request(at, { accept: "application/td+json", signal });
    const { events } = readThingDescription(await http.json(answer), at);
    const updated = events.get("thingUpdated") ?? events.get("thing_updated");
    const forms = formsFor(updated?.forms ?? [], "subscribeevent");
    const form = forms.find(({ subprotocol }) => subprotocol === "sse");
    if (form) return form;
  }
  throw new ClientError(
    "UNSUPPORTED",
    `${url} links to no directory that announces changes of Thing Descriptions as server-sent events. Call refresh() from time to time.`,
    { url },
  );
}
