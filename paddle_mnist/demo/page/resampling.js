// Pictures made smaller or larger, to the last bit as Pillow does it.
//
// An image is {width, height, levels}: levels is a Uint8Array, row by row, so that the level at
// row y, column x is levels[y * width + x].

// A block's sum times this is its mean times 2^24. Pillow computes it in float32.
function meanFactor(pixels) {
  return Math.trunc(Math.fround(2 ** 32 / (256 * pixels)));
}

// The mean of each block of `factor` × `factor` pixels; at the right and at the bottom, blocks may
// be smaller. [H, W] -> [ceil(H / factor), ceil(W / factor)]
function reduce(image, factor) {
  if (factor === 1) return image;
  const { width, height } = image;
  const [wide, tall] = [Math.ceil(width / factor), Math.ceil(height / factor)];
  const levels = new Uint8Array(wide * tall);
  for (let row = 0; row < tall; row++) {
    for (let column = 0; column < wide; column++) {
      levels[row * wide + column] = blockMean(image, row * factor, column * factor, factor);
    }
  }
  return { width: wide, height: tall, levels };
}

function blockMean({ width, height, levels }, top, left, factor) {
  const [bottom, right] = [Math.min(top + factor, height), Math.min(left + factor, width)];
  const pixels = (bottom - top) * (right - left);
  let sum = Math.floor(pixels / 2); // so that the mean is rounded
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) sum += levels[y * width + x];
  }
  return Math.floor((sum * meanFactor(pixels)) / 2 ** 24);
}

// How much a pixel counts that is `distance` away, and from which distance on it does not.
const BILINEAR = { reach: 1, weight: (distance) => Math.max(0, 1 - distance) };
const BICUBIC = {
  reach: 2,
  weight: (distance) => {
    if (distance >= 2) return 0;
    if (distance >= 1) return (((distance - 5) * distance + 8) * distance - 4) * -0.5;
    return (1.5 * distance - 2.5) * distance * distance + 1;
  },
};

// Weights are whole numbers: parts of 2^22.
const WEIGHT_BITS = 22;

// For each of `newSize` pixels: the first of the `size` pixels that count, and their weights.
function resizeWeights(size, newSize, filter) {
  const all = [];
  for (let i = 0; i < newSize; i++) all.push(weightsOfPixel(i, size, newSize, filter));
  return all;
}

function weightsOfPixel(i, size, newSize, { reach, weight }) {
  const scale = size / newSize;
  const stretch = Math.max(scale, 1); // when reducing, all pixels count
  const centre = (i + 0.5) * scale;
  const first = Math.max(0, Math.trunc(centre - reach * stretch + 0.5));
  const end = Math.min(size, Math.trunc(centre + reach * stretch + 0.5));
  const parts = new Float64Array(end - first);
  let sum = 0;
  for (let j = 0; j < parts.length; j++) {
    parts[j] = weight(Math.abs((j + first - centre + 0.5) * (1 / stretch)));
    sum += parts[j];
  }
  const weights = new Int32Array(parts.length);
  for (let j = 0; j < parts.length; j++) {
    const part = (parts[j] / sum) * 2 ** WEIGHT_BITS;
    weights[j] = Math.trunc(part + (part < 0 ? -0.5 : 0.5));
  }
  return { first, weights };
}

function toLevel(sum) {
  return Math.min(255, Math.max(0, sum >> WEIGHT_BITS));
}

// [H, W] -> [H, newWidth]
function resizeWidth({ width, height, levels }, newWidth, filter) {
  const resized = new Uint8Array(newWidth * height);
  resizeWeights(width, newWidth, filter).forEach(({ first, weights }, x) => {
    for (let y = 0; y < height; y++) {
      let sum = 1 << (WEIGHT_BITS - 1); // so that the level is rounded
      for (let i = 0; i < weights.length; i++) sum += levels[y * width + first + i] * weights[i];
      resized[y * newWidth + x] = toLevel(sum);
    }
  });
  return { width: newWidth, height, levels: resized };
}

// [H, W] -> [newHeight, W]
function resizeHeight({ width, height, levels }, newHeight, filter) {
  const resized = new Uint8Array(width * newHeight);
  resizeWeights(height, newHeight, filter).forEach(({ first, weights }, y) => {
    for (let x = 0; x < width; x++) {
      let sum = 1 << (WEIGHT_BITS - 1); // so that the level is rounded
      for (let i = 0; i < weights.length; i++) sum += levels[(first + i) * width + x] * weights[i];
      resized[y * width + x] = toLevel(sum);
    }
  });
  return { width, height: newHeight, levels: resized };
}

// Each new pixel is a mean of the pixels around its place; when reducing, of all that it covers.
// One direction after the other, with whole levels in between, so that the order matters a little:
// Pillow begins with the height (since its version 13) where that loses far more pixels.
// [H, W] -> [newHeight, newWidth]
function resize(image, newWidth, newHeight, filter) {
  const [fewerRows, fewerColumns] = [image.height - newHeight, image.width - newWidth];
  const across = (one) => (one.width === newWidth ? one : resizeWidth(one, newWidth, filter));
  const down = (one) => (one.height === newHeight ? one : resizeHeight(one, newHeight, filter));
  return fewerRows > Math.max(0, 2 * fewerColumns) ? across(down(image)) : down(across(image));
}
