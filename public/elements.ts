// `<camera-view>` and `<thing-view>` for a page of anybody's, from one script without modules (docs/embedding.md). The build makes
// one file of it and all that it imports (scripts/compile-pages.mjs), and runs that once in a page.
import "./elements/camera-view.ts";
import "./elements/thing-view.ts";

/** The colours of page.css, which the build puts here: those of the page count where it gives the elements any. */
declare const PAGE_TOKENS: string;

const sheet = new CSSStyleSheet();
sheet.replaceSync(`:where(camera-view, thing-view) { ${PAGE_TOKENS} }`);
document.adoptedStyleSheets = [sheet, ...document.adoptedStyleSheets];
