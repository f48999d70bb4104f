// The lowest or highest level around each pixel.

// The lowest level in a square of `side` pixels (odd) around each pixel; at the border, in the part
// of it that is in the picture. A square's lowest level is the lowest of its rows' lowest levels, so
// that rows and columns can be done one after another. [H, W] -> [H, W]
function lowestAround({ width, height, levels }, side) {
  const reach = (side - 1) / 2;
  const inRows = new Uint8Array(levels.length);
  const inSquares = new Uint8Array(levels.length);
  for (let y = 0; y < height; y++) lowestAlong(levels, inRows, y * width, 1, width, reach);
  for (let x = 0; x < width; x++) lowestAlong(inRows, inSquares, x, width, height, reach);
  return { width, height, levels: inSquares };
}

// One row or column: `size` pixels from `start` on, `step` apart.
function lowestAlong(from, to, start, step, size, reach) {
  for (let i = 0; i < size; i++) {
    const last = Math.min(size - 1, i + reach);
    let lowest = 255;
    for (let j = Math.max(0, i - reach); j <= last; j++) {
      const level = from[start + j * step];
      if (level < lowest) lowest = level;
    }
    to[start + i * step] = lowest;
  }
}

// What is highest is lowest in the negative.
function highestAround(image, side) {
  return negative(lowestAround(negative(image), side));
}

function negative(image) {
  const levels = new Uint8Array(image.levels.length);
  for (let i = 0; i < levels.length; i++) levels[i] = 255 - image.levels[i];
  return { ...image, levels };
}
