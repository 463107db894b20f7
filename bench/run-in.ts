/**
 * For how long ours first serves frames as fast as its viewers take them. At 30 frames a second V8 needs minutes to
 * compile what runs for each; the peers are compiled before they start.
 */
export const RUN_IN_SECONDS = 1.5;

/** With how many viewers: what V8 compiles for one alone, it compiles again when ten come. */
export const RUN_IN_VIEWERS = 10;
