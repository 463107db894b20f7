import {
  add,
  blend,
  cameraAt,
  clamp,
  cross,
  dot,
  noise,
  octaves,
  step,
  times,
  tint,
  unit,
} from "./vectors.mjs";

const SUN = unit([-0.62, 0.3, 0.72]);
const SUN_COLOUR = [1.35, 1.05, 0.75];
const EYE = [0, 2.15, -6];
const look = cameraAt(EYE, [0.4, 1.75, 2], 0.72);
const LAKE = 0.34;

/** Ridges: noise folded at its middle, less of it low down. */
function height(x, z, detail) {
  let sum = 0;
  let strength = 1;
  let previous = 1;
  let [u, v] = [x * 0.3 + 5.3, z * 0.3 + 2.1];
  for (let octave = 0; octave < detail; octave++) {
    const ridge = (1 - Math.abs(2 * noise(u, v) - 1)) ** 2;
    sum += ridge * strength * previous;
    previous = 0.25 + 0.75 * ridge;
    strength *= 0.49;
    [u, v] = [1.62 * u - 1.18 * v + 3.7, 1.18 * u + 1.62 * v + 1.9];
  }
  const valley = step(0.2, 3.2, Math.abs(x - 0.5 * Math.sin(z * 0.5)) + Math.max(0, z - 4) * 0.25);
  return sum * (0.12 + 1.55 * valley);
}

function sky(ray) {
  const up = clamp(ray[1], 0, 1);
  const glow = Math.max(0, dot(ray, SUN));
  let colour = blend([0.8, 0.52, 0.36], [0.1, 0.24, 0.55], up ** 0.5);
  colour = add(colour, times([1, 0.55, 0.25], 0.45 * glow ** 6 + 2.5 * glow ** 900));
  const place = 1 / (up + 0.12);
  const cloud = octaves(ray[0] * place * 1.4 + 31, ray[2] * place * 0.9 + 7, 6, 0.55);
  return blend(colour, [0.95, 0.72, 0.6], 0.7 * step(0.5, 0.8, cloud) * step(0.02, 0.2, up));
}

/** The distance at which the ray meets the ground, or undefined. */
function march(from, ray, detail, far) {
  let distance = 0.05;
  for (let turn = 0; turn < 260 && distance < far; turn++) {
    const x = from[0] + ray[0] * distance;
    const y = from[1] + ray[1] * distance;
    const above = y - height(x, from[2] + ray[2] * distance, detail);
    if (above < 0.0009 * distance) return distance;
    if (y > 4.2 && ray[1] > 0) return undefined;
    distance += Math.max(0.003, above * 0.33);
  }
  return undefined;
}

function normalAt(x, z, size, detail) {
  const here = height(x, z, detail);
  return unit(
    cross(
      [0, height(x, z + size, detail) - here, size],
      [size, height(x + size, z, detail) - here, 0],
    ),
  );
}

function ground(place, distance) {
  const [x, y, z] = place;
  const normal = normalAt(x, z, 0.0015 + 0.0012 * distance, 11);
  const steep = 1 - normal[1];
  const rough = octaves(x * 9, z * 9, 4);
  let colour = blend([0.17, 0.14, 0.125], [0.31, 0.26, 0.22], rough);
  colour = blend(
    colour,
    [0.085, 0.12, 0.04],
    step(0.62, 0.3, steep) * step(1.5, 0.9, y + rough * 0.4),
  );
  colour = blend(
    colour,
    [0.9, 0.92, 0.97],
    step(0.58, 0.4, steep) * step(1.35, 1.75, y + rough * 0.6),
  );
  const lit = clamp(dot(normal, SUN));
  const shadow =
    lit > 0 && march(add(place, times(normal, 0.01)), SUN, 7, 6) !== undefined ? 0.06 : 1;
  const fromSky = 0.32 * (0.4 + 0.6 * normal[1]);
  return tint(
    colour,
    add(times(SUN_COLOUR, 2.1 * lit * shadow), times([0.5, 0.65, 0.95], fromSky * 1.8)),
  );
}

function haze(colour, ray, distance) {
  const share = 1 - Math.exp(-0.012 * distance ** 1.35);
  const glow = Math.max(0, dot(ray, SUN)) ** 5;
  return blend(colour, blend([0.36, 0.45, 0.62], [0.95, 0.62, 0.4], glow), share);
}

function water(from, ray, distance) {
  const place = add(from, times(ray, distance));
  const ripple = 0.02 / (1 + 0.1 * distance);
  const normal = unit([
    (octaves(place[0] * 22, place[2] * 9, 4) - 0.47) * ripple * 4,
    1,
    (octaves(place[0] * 22 + 90, place[2] * 9, 4) - 0.47) * ripple * 4,
  ]);
  const mirrored = add(ray, times(normal, -2 * dot(ray, normal)));
  const upward = [mirrored[0], Math.abs(mirrored[1]), mirrored[2]];
  const seen = march(place, upward, 8, 30);
  const image =
    seen === undefined
      ? sky(upward)
      : haze(ground(add(place, times(upward, seen)), distance + seen), upward, seen);
  const fresnel = 0.08 + 0.92 * (1 - clamp(-dot(ray, normal))) ** 4;
  return blend([0.02, 0.07, 0.09], image, fresnel);
}

/** Ridges over a lake in the evening: the colour at (u, v), linear light. */
export function mountains(u, v) {
  const ray = look(u, v);
  const land = march(EYE, ray, 10, 40);
  const lake = ray[1] < 0 ? (LAKE - EYE[1]) / ray[1] : Number.POSITIVE_INFINITY;
  if (lake < (land ?? 40)) return haze(water(EYE, ray, lake), ray, lake);
  if (land === undefined) return sky(ray);
  return haze(ground(add(EYE, times(ray, land)), land), ray, land);
}
