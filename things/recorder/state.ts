import { RECORDER_STATE } from "thingscope";
import type { State } from "./schemas.ts";

const { DETACHED, BUFFERING, STARTING, RECORDING, FINISHING } = RECORDER_STATE;
const NAMES: Readonly<Record<number, State>> = {
  [DETACHED]: "detached",
  [BUFFERING]: "buffering",
  [STARTING]: "starting",
  [RECORDING]: "recording",
  [FINISHING]: "finishing",
};

/** The name of what a recorder of events does. */
export function stateName(state: number): State {
  return NAMES[state]!;
}

/** Whether something is being recorded, or its file closed: not while frames are waited for. */
export function isRecording(state: State): boolean {
  return state === "starting" || state === "recording" || state === "finishing";
}
