import { setTimeout as pause } from "node:timers/promises";
import {
  action,
  Blob,
  blobSchema,
  event,
  type Invocation,
  property,
  Thing,
  ThingEvent,
} from "thingscope";
import { Type } from "typebox";
import { jpegOf } from "../frames/jpegs.ts";

/** Words that are a script to who takes them for markup. */
export const HOSTILE = `"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>`;

const Point = Type.Object({ x: Type.Number({ unit: "um" }), y: Type.Number() });

/** A Thing whose actions do what actions do: take their time, log, fail, and give all kinds of outputs. */
export class ActionBench extends Thing {
  static override readonly title = "Action bench";
  /** Ends the waits of `measure`, step by step. */
  readonly steps: (() => void)[] = [];
  readonly done: string[] = [];
  @property("A number", Type.Integer({ minimum: 0, maximum: 10 })) accessor level = 3;
  @event("Something was measured", Type.Object({ step: Type.Integer() }))
  readonly measured = new ThingEvent<{ step: number }>();
  @event("Something was said", Type.String()) readonly said = new ThingEvent<string>();

  @action("Measure step by step", {
    title: "Measure",
    input: Type.Object({ steps: Type.Integer({ minimum: 1, maximum: 100, default: 4 }) }),
    output: Type.Array(Point),
  })
  async measure(
    { steps }: { steps: number },
    run: Invocation,
  ): Promise<{ x: number; y: number }[]> {
    for (let step = 1; step <= steps; step++) {
      run.log.info(`step ${step} ${HOSTILE}`);
      run.progress(step / steps, `step ${step} of ${steps}`);
      this.measured.emit({ step });
      const next = new Promise<void>((resolve) => this.steps.push(resolve));
      const gone = new Promise<void>((resolve) =>
        run.signal.addEventListener("abort", () => resolve()),
      );
      await Promise.race([next, gone]);
      run.signal.throwIfAborted();
    }
    this.done.push("measure");
    return Array.from({ length: 40 }, (_, n) => ({ x: n * 10, y: Math.sin(n / 6) }));
  }

  @action(HOSTILE, { title: HOSTILE }) async hostile(): Promise<void> {
    throw new Error(`The lamp is broken. ${HOSTILE}`);
  }

  @action("Take a picture", { output: blobSchema("image/jpeg") }) async picture(): Promise<Blob> {
    return Blob.fromBytes(await jpegOf(320, 240), "image/jpeg");
  }

  @action("Write a table", { output: blobSchema("text/csv") }) async table(): Promise<Blob> {
    return Blob.fromBytes(new TextEncoder().encode("x,y\n1,2\n"), "text/csv");
  }

  @action("Delete all that was measured") async delete_all(): Promise<void> {
    this.done.push("delete_all");
  }

  @action("Wait, and answer then", {
    synchronous: true,
    input: Type.Object({ ms: Type.Integer() }),
  })
  async wait({ ms }: { ms: number }, run: Invocation): Promise<void> {
    await pause(ms, undefined, { signal: run.signal }).catch(() =>
      this.done.push("wait cancelled"),
    );
    run.signal.throwIfAborted();
  }

  @action("Set a pair", {
    input: Type.Object({ pair: Type.Object({ low: Type.Integer(), high: Type.Integer() }) }),
  })
  async set_pair({ pair }: { pair: { low: number; high: number } }): Promise<void> {
    if (pair.low > pair.high) throw new RangeError("low is above high");
  }
}
