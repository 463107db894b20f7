// Receives, decodes and draws the pictures of a page, so that the page itself has nothing to do with them.
import type { FromWorker, ToWorker } from "./messages.ts";
import { Picture } from "./picture.ts";
import { retrySockets, tellVersions } from "./received.ts";

const pictures = new Map<number, Picture>();

addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  if (data.do === "show") pictures.set(data.id, new Picture(data, tell));
  else obey(data, pictures.get(data.id));
});
tellVersions((version) => tell({ tell: "version", version }));

function obey(message: Exclude<ToWorker, { do: "show" }>, picture: Picture | undefined): void {
  switch (message.do) {
    case "follow":
      picture?.follow(message.wanted);
      break;
    case "rest":
      picture?.rest();
      break;
    case "measure":
      picture?.measure(message.isOn);
      break;
    case "retry":
      retrySockets();
      break;
    case "save":
      tell({ tell: "saved", request: message.request, saved: picture?.saved });
      break;
    case "end":
      picture?.rest();
      pictures.delete(message.id);
  }
}

function tell(message: FromWorker): void {
  postMessage(message);
}
