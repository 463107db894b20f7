#!/usr/bin/env node
// Makes things/images/*.jpg: node scripts/make-photographs.mjs [name ...]
// They are computed, not photographed: nobody holds rights in them and no camera saw them.
import { writeFile } from "node:fs/promises";
import sharp from "sharp";
import { mountains } from "./photographs/mountains.mjs";
import { sea } from "./photographs/sea.mjs";
import { stillLife } from "./photographs/still-life.mjs";
import { randomFrom } from "./photographs/vectors.mjs";

const PHOTOGRAPHS = {
  sea: { scene: sea, width: 640, height: 480, samples: 16 },
  mountains: { scene: mountains, width: 1280, height: 720, samples: 4 },
  "still-life": { scene: stillLife, width: 1920, height: 1080, samples: 100 },
};
const scale = Number(process.env.SCALE ?? 1);
const chosen = process.argv.slice(2);

for (const [name, photograph] of Object.entries(PHOTOGRAPHS)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  const width = Math.round(photograph.width * scale);
  const height = Math.round(photograph.height * scale);
  const samples = Math.max(1, Math.round(photograph.samples * (scale < 1 ? 0.3 : 1)));
  const raw = { width, height, channels: 3 };
  const pixels = expose(photograph.scene, width, height, samples);
  const jpeg = await sharp(pixels, { raw }).jpeg({ quality: 88, mozjpeg: true }).toBuffer();
  const path = process.env.OUT ?? new URL(`../things/images/${name}.jpg`, import.meta.url);
  await writeFile(path, jpeg);
  console.log(`${name}: ${width} x ${height}, ${Math.round(jpeg.length / 1000)} kB`);
}

function expose(scene, width, height, samples) {
  const pixels = new Uint8Array(width * height * 3);
  const random = randomFrom(3);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const sum = [0, 0, 0];
      for (let sample = 0; sample < samples; sample++) {
        const u = (2 * (column + random())) / width - 1;
        const v = (height - 2 * (row + random())) / width;
        scene(u, v).forEach((light, channel) => {
          sum[channel] += Math.min(light, 5) / samples;
        });
      }
      sum.forEach((light, channel) => {
        pixels[(row * width + column) * 3 + channel] = develop(light);
      });
    }
  }
  return pixels;
}

/** Linear light to a byte: a film's shoulder (after Narkowicz's fit of ACES), then gamma. */
function develop(light) {
  const x = light * 0.85;
  const film = (x * (2.51 * x + 0.03)) / (x * (2.43 * x + 0.59) + 0.14);
  return Math.round(255 * Math.min(1, film) ** (1 / 2.2));
}
