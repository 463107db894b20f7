import { ThingError } from "../../base/errors.ts";
import type { Frame } from "../../frames/frame.ts";
import type { FoundIn, FrameMetadata } from "./events.ts";

/**
 * Looks at a frame, in the tick in which it came: it must be quick, and gives what it found, or nothing. A generator that
 * yields what it finds is one, too.
 */
export type Produce<E = unknown> = (
  frame: Frame,
  metadata: FrameMetadata,
) => Iterable<E> | undefined;

/** Takes what was found in one frame, in the background, one frame after the other. `signal` aborts when it has taken too long. */
export type Consume<E = unknown> = (
  events: readonly E[],
  of: FoundIn & { readonly signal: AbortSignal },
) => void | Promise<void>;

/** What finds something in frames, for who writes a class of it: pythiags' Producer. */
export abstract class Producer<E = unknown> {
  abstract extractMetadata(frame: Frame, metadata: FrameMetadata): Iterable<E> | undefined;
}

/** What does something with what was found, for who writes a class of it: pythiags' Consumer. */
export abstract class Consumer<E = unknown> {
  abstract incoming(...found: Parameters<Consume<E>>): ReturnType<Consume<E>>;
}

/** A producer as a function. @throws {ThingError} `BAD_ARGUMENT` for what is neither a function nor a Producer. */
export function produceOf<E>(producer: unknown): Produce<E> {
  if (isFunction<Produce<E>>(producer)) return producer;
  if (has<Producer<E>>(producer, "extractMetadata")) {
    return (frame, metadata) => producer.extractMetadata(frame, metadata);
  }
  throw notOne("producer", "(frame, metadata) => events", "extractMetadata");
}

/** A consumer as a function. @throws {ThingError} `BAD_ARGUMENT` for what is neither a function nor a Consumer. */
export function consumeOf<E>(consumer: unknown): Consume<E> {
  if (isFunction<Consume<E>>(consumer)) return consumer;
  if (has<Consumer<E>>(consumer, "incoming")) return (events, of) => consumer.incoming(events, of);
  throw notOne("consumer", "(events, of) => {}", "incoming");
}

/** Whether a value is a class: in place of one of its instances that is a slip, told only when the first frame comes. */
export function isClass(value: unknown): value is new () => unknown {
  return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
}

function isFunction<F>(value: unknown): value is F {
  return typeof value === "function" && !isClass(value);
}

function has<T extends object>(value: unknown, method: keyof T): value is T {
  const isObject = typeof value === "object" && value !== null;
  return isObject && typeof Reflect.get(value, method) === "function";
}

function notOne(what: string, shape: string, method: string): ThingError {
  const sentence = `A ${what} is a function, ${shape}, or an object with the method ${method}; a class is not yet one: make it with new.`;
  return new ThingError("BAD_ARGUMENT", sentence);
}
