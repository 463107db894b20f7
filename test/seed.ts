const given = process.env.THINGSCOPE_SEED;

/** Where the random inputs of a run begin. `THINGSCOPE_SEED=N` gives one again; scripts/run-tests.mjs prints the one of a whole run. */
export const SEED = given ? Number(given) : Date.now() % 100_000;

if (!given) console.log(`THINGSCOPE_SEED=${SEED}`);
