import { ThingError } from "../../base/errors.ts";
import type { Frame } from "../../frames/frame.ts";
import type { FoundIn, FrameMetadata } from "./events.ts";

/**
 * Examines a frame in the tick in which it arrives and returns its events, if any. It must be fast. A generator function that
 * yields events is allowed.
 */
export type Produce<E = unknown> = (
  frame: Frame,
  metadata: FrameMetadata,
) => Iterable<E> | undefined;

/** Receives the events of one frame after the other, in the background. `signal` aborts when it takes too long. */
export type Consume<E = unknown> = (
  events: readonly E[],
  of: FoundIn & { readonly signal: AbortSignal },
) => void | Promise<void>;

/** A producer as a class: pythiags' Producer. */
export abstract class Producer<E = unknown> {
  abstract extractMetadata(frame: Frame, metadata: FrameMetadata): Iterable<E> | undefined;
}

/** A consumer as a class: pythiags' Consumer. */
export abstract class Consumer<E = unknown> {
  abstract incoming(...found: Parameters<Consume<E>>): ReturnType<Consume<E>>;
}

/** A producer as a function. @throws {ThingError} `BAD_ARGUMENT` unless it is a function or a Producer. */
export function produceOf<E>(producer: unknown): Produce<E> {
  if (isFunction<Produce<E>>(producer)) return producer;
  if (has<Producer<E>>(producer, "extractMetadata")) {
    return (frame, metadata) => producer.extractMetadata(frame, metadata);
  }
  throw invalid("producer", "(frame, metadata) => events", "extractMetadata");
}

/** A consumer as a function. @throws {ThingError} `BAD_ARGUMENT` unless it is a function or a Consumer. */
export function consumeOf<E>(consumer: unknown): Consume<E> {
  if (isFunction<Consume<E>>(consumer)) return consumer;
  if (has<Consumer<E>>(consumer, "incoming")) return (events, of) => consumer.incoming(events, of);
  throw invalid("consumer", "(events, of) => {}", "incoming");
}

/** Whether a value is a class; passing one instead of an instance would fail only at the first frame. */
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

function invalid(what: string, shape: string, method: string): ThingError {
  const sentence = `A ${what} must be a function, ${shape}, or an object with the method ${method}. If it is a class, create an instance with new.`;
  return new ThingError("BAD_ARGUMENT", sentence);
}
