import { isAbort } from "../base/abort.ts";
import { messageOf, ThingError } from "../base/errors.ts";
import type { LogLevel } from "../base/log.ts";
import { thrownError } from "../base/thrown.ts";
import type { ActionAffordance } from "./affordances.ts";
import { type InvocationRecord, isOwnCancellation } from "./invocation.ts";
import { classNameOf } from "./member-name.ts";
import { outgoing } from "./outgoing.ts";
import { runAs } from "./running.ts";
import type { Thing } from "./thing.ts";
import { isFault, type ThingFaults } from "./thing-faults.ts";

/** What a run of an action needs of the Thing that it is of. */
interface RunOptions {
  readonly thing: Thing;
  readonly faults: ThingFaults;
  readonly input: unknown;
  /** How much it matters that another action holds the lock: that is no fault of this one. */
  readonly busyLevel: LogLevel | undefined;
  /** Does the work when the lock is free, if there is one. */
  locked(work: () => unknown): Promise<unknown>;
}

/** Runs an action and notes in its record how it ended. Never rejects. */
export async function runAction(
  record: InvocationRecord,
  { name, member, run, output: schema }: ActionAffordance,
  { thing, faults, input, busyLevel, locked }: RunOptions,
): Promise<void> {
  try {
    const className = classNameOf(thing);
    const method: unknown =
      run ?? runAs({ faults, invocation: record.context }, () => Reflect.get(thing, member));
    if (typeof method !== "function")
      throw new TypeError(`${className} has no method '${member}'.`);
    const output = await locked(() => {
      record.throwIfCancelled();
      record.start();
      return runAs({ faults, invocation: record.context }, () =>
        method.call(thing, input, record.context),
      );
    });
    // A copy: an action that changes what it has returned changes nothing of what is told.
    const what = `Action '${name}' of Thing '${record.thing}' returned a value`;
    record.complete(outgoing(output, { schema, what, className }));
  } catch (thrown) {
    const error = thrownError(thrown);
    if (record.isCancelled && isAbort(error)) record.wasCancelled();
    else if (isOwnCancellation(error)) record.wasCancelled(messageOf(error));
    else {
      if (isFault(error)) faults.count(member);
      const isBusy = error instanceof ThingError && error.code === "LOCK_BUSY";
      record.fail(error, (isBusy && busyLevel) || "error");
    }
  }
}
