/** Where what a repair changes in a recording and cuts off it is kept until the result is verified. */
export function undoPathOf(path: string): string {
  return `${path}.undo`;
}
