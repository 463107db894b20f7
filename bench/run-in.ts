/**
 * For how long ours first serves frames as fast as its viewer takes them. At 30 frames a second V8 needs minutes to
 * compile what runs for each; the peers are compiled before they start.
 */
export const RUN_IN_SECONDS = 1.5;
