import { asSentence } from "../../base/errors.ts";
import type { ClockOffset } from "../../base/fleet-clock.ts";

/** What `/health` says of the fleet that a server belongs to. */
export interface FleetHealth {
  readonly fleet: string;
  /** This server's name in it. */
  readonly name: string;
  /** Whether the others are heard of now. */
  readonly connected: boolean;
  /** For how long they are not, s; null while they are, and where they never were. */
  readonly lostFor: number | null;
  /** Why not, or why descriptions are not kept. */
  readonly reason?: string;
  /** How far this machine's clock is ahead of the fleet's; null before that is measured. */
  readonly clock: ClockOffset | null;
  /** The other members, as they were heard of last. */
  readonly members: readonly MemberHealth[];
  /** Names of those that went without a word and have not come back. */
  readonly silent: readonly string[];
}

interface MemberHealth {
  readonly name: string;
  /** Where it begins. */
  readonly url: string;
  /** Whether its pages and pictures are for those alone who have logged in there. */
  readonly login: boolean;
  readonly clock?: ClockOffset;
}

/** Why a server is degraded by its fleet. */
export function fleetReasons({ connected, reason }: FleetHealth): string[] {
  if (reason === undefined) return [];
  if (connected) return [reason];
  return [`The fleet is not reached: ${asSentence(reason)} Everything local goes on.`];
}
