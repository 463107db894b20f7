// Node has no Symbol.metadata yet. TypeScript's helper needs it before the first decorated class is evaluated;
// esbuild's (tsx) falls back to this very symbol, so both agree. Imported first by affordances.ts.
(Symbol as { metadata?: symbol }).metadata ??= Symbol.for("Symbol.metadata");
