/**
 * A test card as SVG: what it shows goes wrong visibly when a camera or a viewer does.
 *
 * Castellations at the border are whole only if nothing is cut off; circles stay round only if the aspect is kept;
 * bars and steps show colour and brightness; the gratings and the star show where detail is lost.
 */
export function testCard(width: number, height: number): string {
  const unit = height / 24;
  const x = width / 2;
  const y = height / 2;
  const cornerX = x - 3.6 * unit;
  const cornerY = y - 3.6 * unit;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">`,
    `<rect width="100%" height="100%" fill="#4c4f54"/>`,
    grid(width, height, unit),
    castellations(width, height, unit),
    colourBars(x, y - 7.4 * unit, unit),
    greySteps(x, y + 4.4 * unit, unit),
    gratings(x, y, unit),
    siemensStar(x, y, 3.9 * unit),
    ring(x, y, 11 * unit, unit * 0.12),
    ...[-1, 1].flatMap((side) =>
      [-1, 1].map((end) => {
        const place = { x: x + side * cornerX, y: y + end * cornerY };
        return `${siemensStar(place.x, place.y, 1.5 * unit)}${ring(place.x, place.y, 2.2 * unit, unit * 0.1)}`;
      }),
    ),
    `</svg>`,
  ].join("\n");
}

function rect(x: number, y: number, width: number, height: number, fill: string): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${fill}"/>`;
}

function grid(width: number, height: number, unit: number): string {
  const lines: string[] = [];
  for (let x = (width / 2) % (2 * unit); x < width; x += 2 * unit) lines.push(`M${x} 0V${height}`);
  for (let y = (height / 2) % (2 * unit); y < height; y += 2 * unit) lines.push(`M0 ${y}H${width}`);
  return `<path d="${lines.join("")}" stroke="#8b9096" stroke-width="${unit / 14}" fill="none"/>`;
}

/** Blocks in turn black and white, with red ones at the middle of each side. */
function castellations(width: number, height: number, unit: number): string {
  const across = Math.round(width / unit / 2) * 2 + 1;
  const down = Math.round(height / unit / 2) * 2 + 1;
  const blocks: string[] = [];
  const paint = (n: number, count: number) =>
    n === (count - 1) / 2 ? "#d02020" : n % 2 ? "#ffffff" : "#000000";
  for (let n = 0; n < across; n++) {
    const wide = width / across;
    blocks.push(rect(n * wide, 0, wide, unit / 2, paint(n, across)));
    blocks.push(rect(n * wide, height - unit / 2, wide, unit / 2, paint(n, across)));
  }
  for (let n = 0; n < down; n++) {
    const high = height / down;
    blocks.push(rect(0, n * high, unit / 2, high, paint(n, down)));
    blocks.push(rect(width - unit / 2, n * high, unit / 2, high, paint(n, down)));
  }
  return blocks.join("");
}

/** White and the six colours at 75 %, as television has them. */
function colourBars(x: number, y: number, unit: number): string {
  const colours = ["bfbfbf", "bfbf00", "00bfbf", "00bf00", "bf00bf", "bf0000", "0000bf"];
  const wide = (13.3 * unit) / colours.length;
  const left = x - 6.65 * unit;
  return colours
    .map((colour, n) => rect(left + n * wide, y, wide + 0.5, 3 * unit, `#${colour}`))
    .join("");
}

/** Eleven steps from black to white, over a smooth ramp. */
function greySteps(x: number, y: number, unit: number): string {
  const wide = (13.3 * unit) / 11;
  const left = x - 6.65 * unit;
  const steps = Array.from({ length: 11 }, (_, n) => {
    const level = Math.round(25.5 * n);
    return rect(left + n * wide, y, wide + 0.5, 1.6 * unit, `rgb(${level},${level},${level})`);
  });
  const ramp = `<defs><linearGradient id="ramp"><stop stop-color="#000"/><stop offset="1" stop-color="#fff"/></linearGradient></defs>`;
  return `${ramp}${steps.join("")}${rect(left, y + 1.6 * unit, 13.3 * unit, 1.4 * unit, "url(#ramp)")}`;
}

/** Lines 1, 2, 3 and 4 pixels wide, upright on the left and level on the right. */
function gratings(x: number, y: number, unit: number): string {
  const high = Math.round(1.6 * unit);
  const wide = Math.round(3.4 * unit);
  return [1, 2, 3, 4]
    .map((pixels, n) => {
      const top = Math.round(y + (n - 2) * 1.9 * unit + 0.15 * unit);
      const left = Math.round(x - 8.6 * unit);
      const right = Math.round(x + 5.2 * unit);
      const upright = lines(wide, pixels).map((at) => rect(left + at, top, pixels, high, "#fff"));
      const level = lines(high, pixels).map((at) => rect(right, top + at, wide, pixels, "#fff"));
      const plates = rect(left, top, wide, high, "#000") + rect(right, top, wide, high, "#000");
      return `<g shape-rendering="crispEdges">${plates}${upright.join("")}${level.join("")}</g>`;
    })
    .join("");
}

function lines(length: number, pixels: number): number[] {
  const count = Math.floor(length / pixels / 2);
  return Array.from({ length: count }, (_, n) => n * 2 * pixels);
}

function siemensStar(x: number, y: number, radius: number): string {
  const rays = 36;
  const corner = (n: number) => {
    const angle = (n / rays) * 2 * Math.PI;
    return `${(x + radius * Math.cos(angle)).toFixed(2)} ${(y + radius * Math.sin(angle)).toFixed(2)}`;
  };
  const wedges = Array.from({ length: rays / 2 }, (_, n) => {
    return `M${x} ${y}L${corner(2 * n)}A${radius} ${radius} 0 0 1 ${corner(2 * n + 1)}Z`;
  });
  return `<circle cx="${x}" cy="${y}" r="${radius}" fill="#fff"/><path d="${wedges.join("")}" fill="#000"/>`;
}

function ring(x: number, y: number, radius: number, width: number): string {
  return `<circle cx="${x}" cy="${y}" r="${radius}" fill="none" stroke="#fff" stroke-width="${width}"/>`;
}
