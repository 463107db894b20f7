import { crc32 } from "../base/crc32.ts";
import { isRecord } from "../base/values.ts";
import { type DropCause, type Outcome, type Ticket, ticketId } from "./ticket.ts";

/** An escape of JSON; of half of a pair of UTF-16 with its number. */
const ESCAPE = /\\(?:(ud[89a-f][0-9a-f]{2})|.)/g;
/** How a line ends: with the CRC-32 of what stands before this. */
const CRC = /,"crc":"([0-9a-f]{8})"\}$/;

/** First line of a ledger of tickets. */
export interface TicketsHead {
  /** Version of the format. */
  readonly tickets: 1;
  readonly queue: string;
  readonly camera: string;
}

/** What a line of a ledger of tickets says. */
export type TicketLine =
  | { readonly kind: "head"; readonly head: TicketsHead }
  | { readonly kind: "wanted"; readonly ticket: Ticket; readonly isCarried: boolean }
  | { readonly kind: "ended"; readonly ticket: Ticket; readonly outcome: Outcome }
  | { readonly kind: "missed"; readonly count: number }
  | { readonly kind: "closed"; readonly sums: TicketSums };

/** What a ledger that is closed says of itself, and the file that goes on with its open tickets. */
export interface TicketSums {
  readonly wanted: number;
  readonly done: number;
  readonly failed: number;
  readonly dropped: number;
  readonly open: number;
  readonly next: string;
}

/** Frames of a run, so many from index to index, that never became tickets. */
export interface MissedFrames {
  readonly run: string;
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly why: string;
}

export function headLine(head: TicketsHead): string {
  return line(head);
}

/** @param isCarried - It was wanted in the ledger before. */
export function wantedLine(ticket: Ticket, isCarried = false): string {
  const { wantedAt: wanted_at } = ticket;
  return line({
    ...named(ticket),
    wanted_at,
    state: "wanted",
    ...(isCarried && { carried: true }),
  });
}

/** @param endedAt - Epoch ms. */
export function endedLine(ticket: Ticket, outcome: Outcome, endedAt: number): string {
  return line({ ...named(ticket), ended_at: endedAt, ...outcome });
}

export function missedLine({ count, ...frames }: MissedFrames): string {
  return line({ missed: count, ...frames });
}

export function closedLine(closed: TicketSums): string {
  return line({ closed });
}

/** What a line says; undefined for one that is none of a ledger's, or is damaged. */
export function ticketLine(text: string): TicketLine | undefined {
  const value = isWhole(text) ? parsed(text) : undefined;
  if (!isRecord(value)) return undefined;
  if (value.tickets === 1) return { kind: "head", head: value as unknown as TicketsHead };
  if (isRecord(value.closed))
    return { kind: "closed", sums: value.closed as unknown as TicketSums };
  if (value.missed !== undefined)
    return isCount(value.missed) ? { kind: "missed", count: value.missed } : undefined;
  const { run, index, captured_at: capturedAt, state } = value;
  if (typeof run !== "string" || !isCount(index) || typeof capturedAt !== "number")
    return undefined;
  const wantedAt = typeof value.wanted_at === "number" ? value.wanted_at : capturedAt;
  const ticket = { run, index, capturedAt, wantedAt };
  if (state === "wanted") return { kind: "wanted", ticket, isCarried: value.carried === true };
  if (state !== "done" && state !== "failed" && state !== "dropped") return undefined;
  const cause = value.cause as DropCause | undefined;
  return { kind: "ended", ticket, outcome: { state, ...(cause && { cause }) } };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function named(ticket: Ticket) {
  const { run, index, capturedAt } = ticket;
  return { ticket: ticketId(ticket), run, index, captured_at: capturedAt };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a line ends with a checksum: in a ledger that was written by hand none may. */
export function hasCrc(text: string): boolean {
  return CRC.test(text);
}

function isWhole(text: string): boolean {
  const found = CRC.exec(text);
  return !found || found[1] === crcOf(text.slice(0, found.index));
}

function line(value: object): string {
  const text = wellFormed(JSON.stringify(value)).slice(0, -1);
  return `${text},"crc":"${crcOf(text)}"}\n`;
}

/** JSON with a sign for each half of a pair that has no other half: DuckDB reads no file with one of these. */
function wellFormed(json: string): string {
  if (!json.includes("\\ud")) return json;
  return json.replace(ESCAPE, (whole, half) => (half ? "\ufffd" : whole));
}

function crcOf(text: string): string {
  return crc32(Buffer.from(text)).toString(16).padStart(8, "0");
}
