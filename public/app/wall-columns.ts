const NARROWEST_PX = 150;
/** Width to height of most cameras' pictures. */
const SHAPE = 4 / 3;

/** In how many columns so many pictures are largest in a room, px. A phone has one or two, and is scrolled. */
export function columnsFor(
  pictures: number,
  { width, height }: { readonly width: number; readonly height: number },
): number {
  const most = Math.max(1, Math.min(pictures, Math.floor(width / NARROWEST_PX)));
  if (width < 640) return Math.min(most, pictures > 2 ? 2 : 1);
  let best = 1;
  let bestWidth = 0;
  for (let columns = 1; columns <= most; columns++) {
    const rows = Math.ceil(pictures / columns);
    const shown = Math.min(width / columns, (height / rows) * SHAPE);
    if (shown <= bestWidth) continue;
    best = columns;
    bestWidth = shown;
  }
  return best;
}
