import { ThingError } from "../../base/errors.ts";
import type { Frame } from "../../frames/frame.ts";
import type { FoundIn, FrameMetadata } from "./events.ts";

/** Looks at a frame, in the tick in which it came: it must be quick, and gives what it found, or nothing. */
export type Produce<E = unknown> = (
  frame: Frame,
  metadata: FrameMetadata,
) => readonly E[] | undefined;

/** Takes what was found in one frame, in the background, one frame after the other. `signal` aborts when it has taken too long. */
export type Consume<E = unknown> = (
  events: readonly E[],
  of: FoundIn & { readonly signal: AbortSignal },
) => void | Promise<void>;

/** What finds something in frames, for who writes a class of it: pythiags' Producer. */
export abstract class Producer<E = unknown> {
  abstract extractMetadata(frame: Frame, metadata: FrameMetadata): readonly E[] | undefined;
}

/** What does something with what was found, for who writes a class of it: pythiags' Consumer. */
export abstract class Consumer<E = unknown> {
  abstract incoming(...found: Parameters<Consume<E>>): ReturnType<Consume<E>>;
}

/** @throws {ThingError} `BAD_ARGUMENT` for what is neither a function nor a Producer. */
export function produceOf<E>(producer: Produce<E> | Producer<E>): Produce<E> {
  if (typeof producer === "function") {
    if (!isClass(producer)) return producer;
  } else if (typeof producer?.extractMetadata === "function") {
    return (frame, metadata) => producer.extractMetadata(frame, metadata);
  }
  throw notOne("producer", "(frame, metadata) => events", "extractMetadata");
}

/** @throws {ThingError} `BAD_ARGUMENT` for what is neither a function nor a Consumer. */
export function consumeOf<E>(consumer: Consume<E> | Consumer<E>): Consume<E> {
  if (typeof consumer === "function") {
    if (!isClass(consumer)) return consumer;
  } else if (typeof consumer?.incoming === "function") {
    return (events, of) => consumer.incoming(events, of);
  }
  throw notOne("consumer", "(events, of) => {}", "incoming");
}

/** A class in place of one of its instances: a slip that would be told only when the first frame comes. */
function isClass(value: object): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value));
}

function notOne(what: string, shape: string, method: string): ThingError {
  const sentence = `A ${what} is a function, ${shape}, or an object with the method ${method}; a class is not yet one: make it with new.`;
  return new ThingError("BAD_ARGUMENT", sentence);
}
