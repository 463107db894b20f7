/** A line of level error as the process's log has it, for where that log cannot be used. */
export function logLine(message: string, readable: boolean): string {
  const time = new Date();
  return readable
    ? `${time.toTimeString().slice(0, 8)} error ${message}`
    : JSON.stringify({ level: 50, time: time.toISOString(), msg: message });
}
