import {
  action,
  delay,
  event,
  type Invocation,
  property,
  setting,
  slot,
  Thing,
  ThingEvent,
} from "thingscope";
import { Type } from "typebox";
import { Clock } from "./clock.ts";

const Countdown = Type.Object({ seconds: Type.Integer({ minimum: 1, maximum: 60, default: 3 }) });

export class Timer extends Thing {
  static override readonly title = "Kitchen timer";
  static override readonly description = "Counts down, and reports when it is done.";

  @property("Time between two ticks", Type.Number({ unit: "ms", minimum: 1 }))
  accessor tick = 1000;

  @setting("What is in the oven", Type.String({ maxLength: 80 }))
  accessor dish = "bread";

  @event("The time is up", Type.Object({ dish: Type.String() }))
  readonly done = new ThingEvent<{ dish: string }>();

  @slot("The clock beside it", Clock, { optional: true })
  accessor clock: Clock | undefined;

  @action("Count down", { input: Countdown, output: Type.String() })
  async count({ seconds }: { seconds: number }, { signal, progress }: Invocation) {
    for (let passed = 1; passed <= seconds; passed++) {
      await delay(this.tick, signal);
      progress(passed / seconds, `${seconds - passed} left`);
    }
    this.done.emit({ dish: this.dish });
    return `The ${this.dish} is ready.`;
  }
}
