import { FILERS_ROWS } from "./filers/rows.ts";
import { FLEET_ROWS } from "./fleet/rows.ts";
import { FRAME_ROWS } from "./frame-rows.ts";
import { WEB_ROWS } from "./http/rows.ts";
import { INTAKE_ROWS } from "./intake/rows.ts";
import { MIRROR_ROWS } from "./mirror/rows.ts";
import { PACKAGE_ROWS } from "./packages/rows.ts";
import { PAGE_ROWS } from "./pages/rows.ts";
import { PYSTREAMING_ROWS } from "./pystreaming/rows.ts";
import { PYTHIAGS_ROWS } from "./pythiags/rows.ts";
import { RECORDING_ROWS } from "./recording/rows.ts";
import type { Row } from "./row.ts";
import { START_ROWS } from "./start/rows.ts";
import { THORVISION_ROWS } from "./thorvision/rows.ts";
import { CAMERA_ROWS } from "./v4l2/camera.ts";
import { V4L2_ROWS } from "./v4l2/rows.ts";
import { WORK_ROWS } from "./work/rows.ts";

/** Every row, in the order of the report. */
export const ROWS: readonly Row[] = [
  ...FRAME_ROWS,
  ...START_ROWS,
  ...PACKAGE_ROWS,
  ...PAGE_ROWS,
  ...INTAKE_ROWS,
  ...MIRROR_ROWS,
  ...WEB_ROWS,
  ...RECORDING_ROWS,
  ...THORVISION_ROWS,
  ...FILERS_ROWS,
  ...PYSTREAMING_ROWS,
  ...PYTHIAGS_ROWS,
  ...WORK_ROWS,
  ...FLEET_ROWS,
  ...V4L2_ROWS,
  ...CAMERA_ROWS,
];
