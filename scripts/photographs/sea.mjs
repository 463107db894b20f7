import { add, blend, cameraAt, clamp, dot, octaves, step, times, unit } from "./vectors.mjs";

const SUN = unit([0.16, 0.075, 1]);
const EYE = [0, 1.5, 0];
const look = cameraAt(EYE, [0, 1.62, 6], 0.62);

function sky(ray) {
  const up = clamp(ray[1]);
  const glow = Math.max(0, dot(ray, SUN));
  let colour = blend([1.25, 0.5, 0.2], [0.4, 0.34, 0.52], step(0, 0.28, up));
  colour = blend(colour, [0.09, 0.14, 0.34], step(0.15, 0.75, up));
  colour = add(colour, times([1.5, 0.6, 0.16], 0.55 * glow ** 14));
  const place = 1 / (up + 0.07);
  const cloud = octaves(ray[0] * place * 0.9 + 3, ray[2] * place * 0.35 + 11, 6, 0.56);
  const cover = step(0.46, 0.72, cloud);
  const lit = blend(
    [0.16, 0.11, 0.17],
    [1.9, 0.7, 0.26],
    clamp(glow ** 5 * 1.2) * (1 - 0.6 * cover) + 0.12,
  );
  colour = blend(colour, lit, cover * 0.88 * step(0.0, 0.09, up));
  return add(colour, times([9, 5, 2], step(0.99955, 0.9997, glow)));
}

/** Waves with sharp crests: folded noise, each octave turned. */
function swell(x, z, detail) {
  let sum = 0;
  let strength = 0.2;
  let [u, v] = [x * 0.28 + 4, z * 0.5];
  for (let octave = 0; octave < detail; octave++) {
    const fold = 1 - Math.abs(2 * octaves(u, v, 2) * 1.33 - 1);
    sum += fold ** 2 * strength;
    strength *= 0.42;
    [u, v] = [1.5 * u - 1.1 * v + 7, 1.1 * u + 1.5 * v + 13];
  }
  return sum;
}

function meet(ray) {
  let near = (0.4 - EYE[1]) / ray[1];
  let far = -EYE[1] / ray[1];
  near = Math.max(near, 0.5);
  const parts = 40;
  let before = near;
  for (let part = 1; part <= parts; part++) {
    const distance = near + ((far - near) * part) / parts;
    const place = add(EYE, times(ray, distance));
    if (place[1] < swell(place[0], place[2], 4)) {
      far = distance;
      near = before;
      break;
    }
    before = distance;
  }
  for (let turn = 0; turn < 8; turn++) {
    const middle = (near + far) / 2;
    const place = add(EYE, times(ray, middle));
    if (place[1] < swell(place[0], place[2], 5)) far = middle;
    else near = middle;
  }
  return near;
}

/** The sun goes down over the sea: the colour at (u, v), linear light. */
export function sea(u, v) {
  const ray = look(u, v);
  if (ray[1] >= -0.004) return sky(ray);
  const distance = meet(ray);
  const [x, , z] = add(EYE, times(ray, distance));
  const size = 0.002 + 0.0022 * distance;
  const here = swell(x, z, 7);
  const flat = Math.max(size, 0.02) / size;
  const normal = unit([
    -(swell(x + size, z, 7) - here) / size / flat ** 0.3,
    1,
    -(swell(x, z + size, 7) - here) / size / flat ** 0.3,
  ]);
  const mirrored = add(ray, times(normal, -2 * dot(ray, normal)));
  const upward = unit([mirrored[0], Math.abs(mirrored[1]) + 0.01, mirrored[2]]);
  const fresnel = 0.03 + 0.97 * (1 - clamp(-dot(ray, normal))) ** 5;
  const deep = add(
    [0.008, 0.03, 0.05],
    times([0.05, 0.16, 0.14], here * clamp(dot(normal, [0.2, 0.7, -0.6]))),
  );
  const sparkle = Math.max(0, dot(upward, SUN)) ** 260 * 7;
  const water = add(blend(deep, sky(upward), fresnel), times([1.6, 0.8, 0.3], sparkle * fresnel));
  return blend(water, [0.95, 0.45, 0.25], 1 - Math.exp(-distance * 0.008));
}
