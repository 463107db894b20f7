import "./frames/start.ts";
import "./elements/camera-view.ts";
import { streamName } from "./elements/camera/stream-address.ts";
import type { CameraView } from "./elements/camera-view.ts";
import { versions } from "./frames/pictures.ts";
import { reloadOnce } from "./things/reload.ts";
import { hasNewerPages, isOther } from "./things/version.ts";

// The page of one stream. Which one, the page says; the Thing's description tells the size of its pixels, if it has one.

/** A mirror that has not been found for so long is not looked for any more, ms: the way to this server may be slow, hence the wish. */
const NEAREST_MS = 30_000;

const url = new URL(`${document.body.dataset.stream ?? "."}/`, document.baseURI).href.replace(
  /\/$/,
  "",
);
const name = streamName(url);
const view = document.querySelector<CameraView>("#view");
if (view) {
  view.src = url;
  void pixelSizeOf(new URL("./", url).href).then((size) => {
    view.pixelSize = size;
  });
}
document.title = name;
document.querySelector("#name")?.replaceChildren(name);

versions.addEventListener("version", async ({ detail }: Event & { readonly detail?: unknown }) => {
  const isNewer = typeof detail === "string" && isOther(detail);
  if (isNewer && (await hasNewerPages().catch(() => false))) reloadOnce("pages");
});

if (new URLSearchParams(location.search).get("nearest") === "1") void goToNearest();

/** Leaves this page for that of the nearest mirror, if one is nearer than this server. */
async function goToNearest(): Promise<void> {
  const thing = new URL("./", url).href;
  const { nearestDescription } = await import("../src/client/nearest.ts");
  const found = await nearestDescription(thing, {}, AbortSignal.timeout(NEAREST_MS)).catch(
    () => undefined,
  );
  if (found && found.from !== thing)
    location.replace(new URL(`${url.slice(thing.length)}/viewer`, found.from));
}

/** Micrometres for each pixel, of a Thing with the property `pixel_size_um`. */
async function pixelSizeOf(thing: string): Promise<number | undefined> {
  try {
    const { properties } = Object(await json(thing));
    const size: unknown = properties?.pixel_size_um && (await json(`${thing}pixel_size_um`));
    return typeof size === "number" ? size : undefined;
  } catch {
    return undefined;
  }
}

async function json(url: string): Promise<unknown> {
  const response = await fetch(url, { signal: AbortSignal.timeout(8000) });
  return response.ok ? response.json() : undefined;
}
