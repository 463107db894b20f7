import type { Msg } from "@nats-io/transport-node";
import { now } from "../../base/clock.ts";
import { countedLimit } from "../../base/limit-hits.ts";
import type { Log } from "../../base/log.ts";
import { quoted } from "../../base/preview.ts";

/** Names of inboxes begin with it: `_INBOX.`, and what NATS makes of them between accounts. */
const INBOX = "_";
/** Anybody may send anything: it is counted, and the log has a line so often, ms. */
const TOLD_EVERY_MS = 60_000;

const badLimit = countedLimit("fleet_bad_requests");
let toldAt = Number.NEGATIVE_INFINITY;

/**
 * Whether a message may be obeyed and answered. NATS lets everybody name any reply subject, and the answer is published with the
 * permissions of whoever answers: a viewer could have a member command another, or itself. What JetStream publishes for a viewer,
 * answers and heartbeats of a consumer, may go to any subject, too, but has no inbox to be answered to.
 */
export function mayAnswer({ reply, subject }: Msg, log: Log): boolean {
  if (reply?.startsWith(INBOX)) return true;
  const what = reply
    ? `wants its answer on ${quoted(reply)}, which is no inbox`
    : "has no reply subject, and may be none of its sender's own";
  noteRefused(
    `${quoted(subject)} ${what}. Use a reply subject that begins with ${INBOX}, like _INBOX.a1.`,
    log,
  );
  return false;
}

/** Counts a message that was refused; the log has one line a minute. */
export function noteRefused(sentence: string, log: Log): void {
  badLimit.hit();
  if (now() - toldAt <= TOLD_EVERY_MS) return;
  toldAt = now();
  log.warn(`A message of the fleet was refused: ${sentence}`);
}
