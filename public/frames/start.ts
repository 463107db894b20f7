import { startPictures } from "./pictures.ts";

// A page's first script, which needs no other: the worker starts while the page is still being loaded.

startPictures();
