import { now, wallTime } from "thingscope";
import type { Outcome } from "../../src/work/ticket.ts";
import { TicketLedger } from "../../src/work/ticket-ledger.ts";
import { type OpenTicket, Tickets } from "../../src/work/tickets.ts";

export const HEAD = { tickets: 1, queue: "spots", camera: "camera" } as const;

/** Tickets with a ledger in a folder, on a clock that the test sets. */
export async function ticketsIn(folder: string, { deadlineMs = 1000, mostBytes = 2 ** 20 } = {}) {
  const { ledger, read, left } = await TicketLedger.open(folder, HEAD, mostBytes);
  const { counts } = read;
  const ends: [number, Outcome["state"]][] = [];
  let time = now();
  let timer: { at: number; callback: () => void } | undefined;
  const tickets = new Tickets({
    ...{ ledger, counts, deadlineMs },
    onWanted() {},
    onEnded: ({ index }: OpenTicket, { state }: Outcome) => ends.push([index, state]),
    timers: {
      now: () => time,
      after(ms, callback) {
        timer = { at: time + ms, callback };
        return () => {
          timer = undefined;
        };
      },
    },
  });
  tickets.resume(read);
  return {
    ...{ tickets, ledger, counts, read, left, ends },
    want(...indices: number[]) {
      for (const index of indices) tickets.want({ run: "run", index, capturedAt: wallTime() });
    },
    pass(ms: number) {
      time += ms;
      const due = timer;
      if (due && due.at <= time) due.callback();
    },
    async close() {
      tickets.close();
      await ledger.close();
    },
  };
}

export const DONE = { state: "done", worker: "w", result: 1 } as const;
