import { now } from "../../base/clock.ts";
import { countedLimit } from "../../base/limit-hits.ts";

/** Events of one kind that may be told at once, and each second from then on. */
const MOST_AT_ONCE = 100;
const MOST_A_SECOND = 10;

const eventsLimit = countedLimit("mqtt_events");

/** How many events of a Thing are told: a house's broker, and what listens to it, is made for a few a second. */
export class EventPace {
  readonly #rooms = new Map<string, { left: number; at: number }>();

  /** Whether one more event of this name may be told now. */
  admits(name: string): boolean {
    const at = now();
    const room = this.#rooms.get(name) ?? { left: MOST_AT_ONCE, at };
    this.#rooms.set(name, room);
    room.left = Math.min(MOST_AT_ONCE, room.left + ((at - room.at) / 1000) * MOST_A_SECOND);
    room.at = at;
    if (room.left < 1) {
      eventsLimit.hit();
      return false;
    }
    room.left -= 1;
    return true;
  }
}
