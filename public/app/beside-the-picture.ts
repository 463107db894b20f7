// What the dashboard shows beside the picture, which does not wait for it: docs/decisions/0204.
import "../recordings/recordings-view.ts";
import "./account-menu.ts";
import "./camera-strip.ts";
import "./daily-actions.ts";
import "./instrument-cards.ts";
import "./no-camera.ts";
import "./picture-addresses.ts";
import "./things-view.ts";
