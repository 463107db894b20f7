import { messageOf } from "../base/errors.ts";
import { ClientEvent } from "./client-affordances.ts";
import type { Http } from "./http.ts";
import type { Affordance } from "./thing-description.ts";

/** What is told of events. */
export interface EventListener {
  event(name: string, data: unknown): void;
  /** Data of an event that cannot be told, or an event that cannot be followed. */
  problem(name: string, isEvent: true, sentence: string): void;
}

/**
 * Follows each event by its own forms, where the Thing has none for all of them. What cannot be followed is told once.
 * @param mayHold - Whether one more connection may be held.
 */
export function followEvents(
  http: Http,
  events: Iterable<Affordance>,
  listener: EventListener,
  { signal, mayHold }: { readonly signal: AbortSignal; readonly mayHold: () => boolean },
): void {
  for (const event of events) {
    if (mayHold()) void follow(http, event, listener, signal);
    else
      listener.problem(
        event.name,
        true,
        "It is not followed: this page holds as many connections to its server as a browser allows.",
      );
  }
}

async function follow(
  http: Http,
  affordance: Affordance,
  listener: EventListener,
  signal: AbortSignal,
): Promise<void> {
  const { name } = affordance;
  const onProblem = (_: string, { message }: Error) => listener.problem(name, true, message);
  try {
    const followed = new ClientEvent(http, affordance).subscribe({ signal, onProblem });
    for await (const data of followed) listener.event(name, data);
  } catch (error) {
    if (!signal.aborted) listener.problem(name, true, messageOf(error));
  }
}
