import {
  add,
  blend,
  cameraAt,
  clamp,
  cross,
  dot,
  octaves,
  randomFrom,
  reflect,
  step,
  subtract,
  times,
  tint,
  unit,
} from "./vectors.mjs";

const EYE = [0.4, 2.5, -7.2];
const look = cameraAt(EYE, [0.15, 0.78, 0], 0.42);
const random = randomFrom(11);
const WINDOW = { centre: [-4.5, 5.2, -2.6], radius: 1.5, light: [21, 19, 16] };

const SPHERES = [
  { centre: [-1.7, 1, 0.9], radius: 1, colour: [0.97, 0.97, 0.98], glass: true },
  { centre: [0.55, 0.95, 1.5], radius: 0.95, colour: [0.95, 0.78, 0.42], metal: 0.06 },
  { centre: [-0.35, 0.5, -0.75], radius: 0.5, colour: peel([0.93, 0.42, 0.03], 26) },
  { centre: [0.72, 0.46, -1.25], radius: 0.46, colour: peel([0.92, 0.38, 0.03], 26) },
  { centre: [1.75, 0.62, -0.15], radius: 0.62, colour: marbled, gloss: 0.05 },
  { centre: [2.75, 0.36, 0.95], radius: 0.36, colour: [0.07, 0.25, 0.5], gloss: 0.05 },
  { centre: [-2.45, 0.3, -1.0], radius: 0.3, colour: [0.55, 0.03, 0.05], gloss: 0.06 },
  { centre: [-1.75, 0.26, -1.35], radius: 0.26, colour: [0.5, 0.02, 0.06], gloss: 0.06 },
  { centre: [-2.05, 0.24, -0.55], radius: 0.24, colour: [0.42, 0.02, 0.05], gloss: 0.06 },
  { centre: [1.35, 0.22, -1.75], radius: 0.22, colour: [0.2, 0.42, 0.08], gloss: 0.06 },
  { ...WINDOW, glows: true },
];

function peel(colour, fineness) {
  return (normal) => {
    const spots = octaves(normal[0] * fineness + 40, normal[1] * fineness + normal[2] * 19, 2);
    return times(colour, 0.75 + 0.5 * spots);
  };
}

function marbled(normal) {
  const vein = Math.abs(octaves(normal[0] * 2.2 + 9, normal[1] * 2.2 + normal[2] * 1.7, 6) - 0.47);
  return blend([0.1, 0.22, 0.2], [0.85, 0.86, 0.82], step(0, 0.09, vein));
}

function planks([x, , z]) {
  const board = Math.floor((x + 40) / 0.95);
  const seam = Math.abs((((x + 40) / 0.95) % 1) - 0.5);
  const grain = octaves(x * 13 + board * 17.7, z * 0.9 + board * 5.3, 5, 0.6);
  const rings = 0.5 + 0.5 * Math.sin(38 * octaves(x * 0.9 + board * 3.1, z * 0.18, 3) + grain * 4);
  const wood = blend([0.3, 0.15, 0.065], [0.56, 0.33, 0.16], 0.55 * grain + 0.45 * rings);
  return times(wood, 1 - 0.75 * step(0.485, 0.497, seam));
}

function hit(from, ray) {
  let found;
  let nearest = ray[1] < 0 ? -from[1] / ray[1] : Number.POSITIVE_INFINITY;
  if (nearest < 1e-4) nearest = Number.POSITIVE_INFINITY;
  for (const sphere of SPHERES) {
    const away = subtract(from, sphere.centre);
    const along = dot(away, ray);
    const root = along * along - dot(away, away) + sphere.radius ** 2;
    if (root < 0) continue;
    const side = Math.sqrt(root);
    const distance = -along - side > 1e-4 ? -along - side : -along + side;
    if (distance > 1e-4 && distance < nearest) [nearest, found] = [distance, sphere];
  }
  return Number.isFinite(nearest) ? { distance: nearest, sphere: found } : undefined;
}

function backdrop(ray) {
  const warm = blend([0.3, 0.26, 0.23], [0.11, 0.115, 0.13], clamp(ray[1] * 1.5 + 0.2));
  return times(warm, 0.55 + 0.9 * step(-0.9, 0.8, -ray[0]));
}

function scattered(normal) {
  const angle = 2 * Math.PI * random();
  const height = random();
  const side = unit(cross(normal, Math.abs(normal[0]) > 0.5 ? [0, 1, 0] : [1, 0, 0]));
  const other = cross(normal, side);
  const out = Math.sqrt(height);
  return add(
    times(normal, Math.sqrt(1 - height)),
    add(times(side, out * Math.cos(angle)), times(other, out * Math.sin(angle))),
  );
}

function fuzzy(ray, size) {
  return unit(add(ray, times([random() - 0.5, random() - 0.5, random() - 0.5], 2 * size)));
}

/** The light that comes straight from the window, through one random point of it. */
function daylight(place, normal) {
  const toward = subtract(WINDOW.centre, place);
  const distance = Math.hypot(...toward);
  const sine = WINDOW.radius / distance;
  const axis = times(toward, 1 / distance);
  const cosine = 1 - random() * (1 - Math.sqrt(1 - sine * sine));
  const angle = 2 * Math.PI * random();
  const side = unit(cross(axis, [0.3, 1, 0.2]));
  const other = cross(side, axis);
  const out = Math.sqrt(1 - cosine * cosine);
  const ray = add(
    times(axis, cosine),
    add(times(side, out * Math.cos(angle)), times(other, out * Math.sin(angle))),
  );
  const facing = dot(ray, normal);
  if (facing <= 0) return [0, 0, 0];
  const seen = hit(place, ray);
  const clear = seen?.sphere?.glows ? 1 : seen?.sphere?.glass ? 0.4 : 0;
  return times(WINDOW.light, clear * facing * 2 * (1 - Math.sqrt(1 - sine * sine)));
}

function through(ray, normal) {
  const entering = dot(ray, normal) < 0;
  const facing = entering ? normal : times(normal, -1);
  const ratio = entering ? 1 / 1.5 : 1.5;
  const cosine = -dot(ray, facing);
  const inside = 1 - ratio * ratio * (1 - cosine * cosine);
  const mirror = 0.04 + 0.96 * (1 - cosine) ** 5;
  if (inside < 0 || (entering && random() < mirror)) return reflect(ray, facing);
  return unit(add(times(ray, ratio), times(facing, ratio * cosine - Math.sqrt(inside))));
}

function trace(from, ray, depth, direct) {
  const met = hit(from, ray);
  if (!met) return backdrop(ray);
  const place = add(from, times(ray, met.distance));
  const { sphere } = met;
  if (sphere?.glows) return direct ? sphere.light : [0, 0, 0];
  if (depth > 7) return [0, 0, 0];
  const normal = sphere ? unit(subtract(place, sphere.centre)) : [0, 1, 0];
  const paint = sphere ? sphere.colour : planks(place);
  const colour = typeof paint === "function" ? paint(normal) : paint;
  if (sphere?.glass) return tint(colour, trace(place, through(ray, normal), depth + 1, true));
  const above = add(place, times(normal, 1e-3));
  if (sphere?.metal) {
    return tint(colour, trace(above, fuzzy(reflect(ray, normal), sphere.metal), depth + 1, true));
  }
  const gloss = 0.045 + 0.9 * (1 - clamp(-dot(ray, normal))) ** 5;
  if (random() < gloss * (sphere ? 1 : 0.55)) {
    const blur = sphere ? (sphere.gloss ?? 0.18) : 0.12;
    return trace(above, fuzzy(reflect(ray, normal), blur), depth + 1, true);
  }
  const bounced =
    depth < 3 ? trace(above, scattered(normal), depth + 1, false) : [0.05, 0.05, 0.05];
  return tint(colour, add(daylight(above, normal), bounced));
}

/** Fruit, glass and brass on a wooden table, with a lens wide open: the colour at (u, v), linear light. */
export function stillLife(u, v) {
  const ray = look(u, v);
  const focus = add(EYE, times(ray, 6.4));
  const angle = 2 * Math.PI * random();
  const out = 0.045 * Math.sqrt(random());
  const from = add(EYE, [out * Math.cos(angle), out * Math.sin(angle), 0]);
  return trace(from, unit(subtract(focus, from)), 0, true);
}
