/** Runs `task` at each call. Calls while it runs, however many, have it run once more afterwards. */
export function onceMore(task: () => Promise<unknown>): () => void {
  let calls = 0;
  const run = () => {
    calls = 1;
    task().then(next, next);
  };
  const next = () => {
    const isCalled = calls > 1;
    calls = 0;
    if (isCalled) run();
  };
  return () => {
    if (++calls === 1) run();
  };
}
