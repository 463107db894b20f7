import type { Log, LogLevel } from "../base/log.ts";
import { acceptedInput, doesRelease } from "./action-input.ts";
import { runAction } from "./action-run.ts";
import type { ActionAffordance } from "./affordances.ts";
import { InvocationRecord } from "./invocation.ts";
import type { Invocations } from "./invocations.ts";
import { jsonCopy } from "./json-value.ts";
import type { Thing } from "./thing.ts";
import type { ThingFaults } from "./thing-faults.ts";

interface ActionsOptions {
  readonly thing: Thing;
  readonly faults: ThingFaults;
  readonly invocations: Invocations;
  readonly log: Log;
  /** How much it matters that another action holds the lock: that is no fault of this one. */
  readonly busyLevel: LogLevel | undefined;
  /** @throws {ThingError} `NOT_READY` unless the Thing is open. */
  readonly assertOpen: (what: string) => void;
  /** Does the work when the global lock is free, if it is wanted and there is one. */
  readonly locked: (
    wanted: boolean,
    what: string,
    work: () => unknown,
    holder: unknown,
  ) => Promise<unknown>;
}

/** The runs of one Thing's actions. */
export class HostedActions {
  readonly #options: ActionsOptions;
  readonly #listeners = new Set<(record: InvocationRecord) => void>();

  constructor(options: ActionsOptions) {
    this.#options = options;
  }

  /** Starts an action and returns at once. @throws {ThingError} as `HostedThing.invoke` does. */
  invoke(action: ActionAffordance, input: unknown): InvocationRecord {
    const { faults, invocations, log, assertOpen } = this.#options;
    const { name } = action;
    const accepted = acceptedInput(action, input, faults.thing);
    assertOpen(`run action '${name}'`);
    // What the action gets is its own: it may keep it, change it, make it refer to itself.
    const own = jsonCopy(accepted);
    const wanted = new InvocationRecord(
      {
        thing: faults.thing,
        action: name,
        input: action.input ? accepted : null,
        releases: doesRelease(action, own, faults),
      },
      { log, faults, onStatus: (changed) => this.#announce(changed) },
    );
    const record = invocations.place(wanted);
    if (record !== wanted) return record;
    invocations.keep(record, action.retentionSeconds);
    this.#announce(record);
    void this.#run(record, action, own);
    return record;
  }

  /** Calls `listener` whenever an invocation begins or changes its status. */
  onInvocation(listener: (record: InvocationRecord) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async #run(record: InvocationRecord, action: ActionAffordance, input: unknown): Promise<void> {
    const { thing, faults, busyLevel, locked } = this.#options;
    const what = `action '${action.name}' of Thing '${record.thing}'`;
    await runAction(record, action, {
      ...{ thing, faults, input, busyLevel },
      locked: (work) => locked(action.useGlobalLock, what, work, record.context),
    });
  }

  #announce(record: InvocationRecord): void {
    const { faults } = this.#options;
    faults.tell(record.action, this.#listeners, record);
  }
}
