// Turn any picture of one digit into what MNIST's own pictures are: 28×28, white ink on black.
//
// The steps, their numbers and their results are those of the package's images/preparation.py,
// which explains them; a test compares the two. The first steps take a picture {width, height,
// data} with data in RGBA, as the browser's ImageData; the others an image {width, height, levels},
// see resampling.js. An image may also know its `origin`: where it lies in the whole picture, see
// originOf.
// A step returns null where there is nothing to read.

const LONGEST_SIDE = 1000; // pixels; a digit needs no more, and larger pictures take longer
const SHADE_SIDE = 64; // pixels; shade changes slowly, so a small copy of the picture shows it
const DRAWN = 0.8; // of a picture: with so many pixels nearly black or white it was drawn
const NEARLY = 8; // grey levels from black or white
const WIDEST_STROKE = 1 / 3; // of the longest side; anything wider is shade, not ink
const PAPER_SPREAD = 3; // standard deviations of the paper's grain that still count as paper
const LEAST_SIGNAL = 6; // standard deviations of the grain by which ink stands out
const LEAST_CONTRAST = 8; // grey levels of 255
const FULL_INK = 90; // per cent; this percentile of the ink's pixels becomes 255
const INK = 64; // a quarter of full ink: fainter pixels do not set the edge of the digit
// The width of strokes, in pixels of a digit of 20. Of MNIST's digits, 2% are thinner than THIN and
// 3% thicker than THICK.
const [THIN, NO_LONGER_THIN] = [1.5, 2.1];
const [THICK, NO_LONGER_THICK] = [4.2, 3.5];
const PEN_SIDE = 120; // pixels: the longest side of the digit while its strokes are changed
const BOX = 20; // pixels: LeCun's box
const SIZE = 28; // pixels: MNIST's pictures

// The browser has turned the photo already, as it decoded the file.
function upright(picture) {
  return picture;
}

// Lay a picture with transparent parts on white paper; rounded as by Pillow's alpha_composite.
function onWhite(picture) {
  const { width, height, data } = picture;
  if (isOpaque(data)) return picture;
  const white = new Uint8ClampedArray(data.length).fill(255);
  for (let i = 0; i < data.length; i += 4) {
    const alpha = data[i + 3];
    for (let colour = i; colour < i + 3; colour++) {
      // In parts of 128 * 255, divided by 255 with shifts.
      const sum = 128 * (data[colour] * alpha + 255 * (255 - alpha) + 128);
      white[colour] = ((sum >> 8) + sum) >> 15;
    }
  }
  return { width, height, data: white };
}

function isOpaque(data) {
  for (let i = 3; i < data.length; i += 4) if (data[i] < 255) return false;
  return true;
}

// Take the colour away: colours are weighted as eyes see them (ITU-R BT.601), in parts of 2^16.
function toGrey({ width, height, data }) {
  const levels = new Uint8Array(width * height);
  for (let i = 0, j = 0; i < levels.length; i++, j += 4) {
    levels[i] = (data[j] * 19595 + data[j + 1] * 38470 + data[j + 2] * 7471 + 32768) >> 16;
  }
  return { width, height, levels };
}

// Reduce a large picture by averaging blocks of pixels.
function notTooLarge(grey) {
  const factor = Math.floor(Math.max(grey.width, grey.height) / LONGEST_SIDE);
  return factor > 1 ? reduce(grey, factor) : grey;
}

// The levels of the first and last row and column; those of the corners are there twice.
function borderOf({ width, height, levels }) {
  const border = [];
  for (let x = 0; x < width; x++) border.push(levels[x], levels[(height - 1) * width + x]);
  for (let y = 0; y < height; y++) border.push(levels[y * width], levels[y * width + width - 1]);
  return border;
}

// Invert a picture of dark ink on light paper. The border is taken for paper; ink is what differs
// most from it.
function whiteInkOnBlack(grey) {
  const paper = median(countedLevels(countLevels(borderOf(grey))));
  const counted = countedLevels(countLevels(grey.levels));
  const distances = (darkest, lightest) => [paper - darkest, lightest - paper];
  // A few odd pixels must not decide, unless there is nothing else: a small digit on a sheet.
  let [below, above] = distances(percentile(counted, 0.1), percentile(counted, 99.9));
  if (Math.abs(below - above) < LEAST_CONTRAST) {
    [below, above] = distances(counted[0][0], counted.at(-1)[0]);
  }
  const paperIsLight = below > above || (below === above && paper >= 128);
  return paperIsLight ? negative(grey) : grey;
}

// Take away shade: whatever is wider than a stroke can be. The lowest level around each pixel, and
// then the highest of those, wipes out the strokes and leaves the shade, which is subtracted.
function evenLight(ink) {
  const { width, height, levels } = ink;
  const counts = countLevels(levels);
  const nearly = [...countedLevels(counts, 0, NEARLY), ...countedLevels(counts, 255 - NEARLY)];
  if (sizeOf(nearly) / levels.length >= DRAWN) return ink;
  const small = reduce(ink, Math.ceil(Math.max(width, height) / SHADE_SIDE));
  const longest = Math.max(small.width, small.height);
  const side = 2 * Math.floor((longest * WIDEST_STROKE) / 2) + 1;
  const opened = highestAround(lowestAround(small, side), side);
  const shade = resize(opened, width, height, BICUBIC);
  const even = new Uint8Array(levels.length);
  for (let i = 0; i < even.length; i++) even[i] = Math.max(levels[i] - shade.levels[i], 0);
  return { ...ink, levels: even };
}

// The level that parts ink from paper best: Otsu's threshold.
function thresholdOf(counts, size) {
  let total = 0;
  for (let level = 0; level < 256; level++) total += counts[level] * level;
  let [best, threshold, below, sum] = [-1, 0, 0, 0];
  for (let level = 0; level < 256; level++) {
    below += counts[level];
    sum += counts[level] * level;
    const above = size - below;
    const difference = total * (below / size) - sum;
    const between = below && above ? (difference * difference) / (below * above) : -1;
    if (between > best) [best, threshold] = [between, level];
  }
  return threshold;
}

// Map levels linearly so that `paper` becomes 0 and `full` becomes 255. There are far fewer levels
// than pixels: each level is computed once.
function stretch(ink, paper, full) {
  const factor = 255 / (full - paper);
  const stretched = new Uint8Array(256);
  for (let level = 0; level < 256; level++) {
    stretched[level] = roundHalfToEven(Math.min(255, Math.max(0, (level - paper) * factor)));
  }
  const levels = new Uint8Array(ink.levels.length);
  for (let i = 0; i < levels.length; i++) levels[i] = stretched[ink.levels[i]];
  return { ...ink, levels };
}

// Make the paper 0 and full ink 255; all 0 where no ink stands out from the paper.
function removePaper(ink) {
  const counts = countLevels(ink.levels);
  const threshold = thresholdOf(counts, ink.levels.length);
  const darker = countedLevels(counts, 0, threshold);
  const lighter = countedLevels(counts, threshold + 1);
  const nothing = { ...ink, levels: new Uint8Array(ink.levels.length) };
  if (!darker.length || !lighter.length) return nothing;
  const [paper, full] = [median(darker), percentile(lighter, FULL_INK)];
  // 1.4826 makes the median absolute deviation of a normal distribution its standard deviation.
  const grain = 1.4826 * medianDeviation(darker, paper);
  if (full - paper < Math.max(LEAST_CONTRAST, LEAST_SIGNAL * grain)) return nothing;
  return stretch(ink, Math.min(paper + PAPER_SPREAD * grain, threshold), full);
}

// Where an image lies in the whole picture: the picture's width and height, the place of the
// image's upper left corner in it, and how many pixels of the image one of the picture's became.
function originOf(image) {
  const { width, height, origin } = image;
  return origin ?? { width, height, top: 0, left: 0, scale: 1 };
}

// [H, W] -> [bottom - top, right - left]
function cutOut(image, top, left, bottom, right) {
  const [width, height] = [right - left, bottom - top];
  const levels = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const start = (top + y) * image.width + left;
    levels.set(image.levels.subarray(start, start + width), y * width);
  }
  const from = originOf(image);
  const [down, across] = [top / from.scale, left / from.scale];
  const origin = { ...from, top: from.top + down, left: from.left + across };
  return { width, height, levels, origin };
}

// Black all around: [H, W] -> [H + 2 * margin, W + 2 * margin]
function withMargin(image, margin) {
  const [width, height] = [image.width + 2 * margin, image.height + 2 * margin];
  const levels = new Uint8Array(width * height);
  for (let y = 0; y < image.height; y++) {
    const row = image.levels.subarray(y * image.width, (y + 1) * image.width);
    levels.set(row, (y + margin) * width + margin);
  }
  const from = originOf(image);
  const shift = margin / from.scale;
  const origin = { ...from, top: from.top - shift, left: from.left - shift };
  return { width, height, levels, origin };
}

// The smallest rectangle that holds all pixels of at least INK.
function cropToInk(ink) {
  const { width, height, levels } = ink;
  let [top, left, bottom, right] = [height, width, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (levels[y * width + x] < INK) continue;
      top = Math.min(top, y);
      left = Math.min(left, x);
      bottom = y + 1;
      right = Math.max(right, x + 1);
    }
  }
  return bottom === 0 ? null : cutOut(ink, top, left, bottom, right);
}

// The mean width of strokes: twice the area of the ink, by the length of its outline. The outline
// is measured along rows and columns, which is 4/pi times too long on average. There is a margin.
function strokeWidth({ width, levels }) {
  let [area, outline] = [0, 0];
  for (let i = width; i < levels.length; i++) {
    const isInk = levels[i] >= 128;
    if (isInk) area++;
    if (isInk !== levels[i - 1] >= 128) outline++;
    if (isInk !== levels[i - width] >= 128) outline++;
  }
  return outline ? (2 * area) / ((outline * Math.PI) / 4) : 0;
}

// How far a disk reaches to the left and right of its middle, `down` rows above or below.
function reachInDisk(radius, down) {
  let reach = radius;
  while (Math.hypot(down, reach) > radius + 0.3) reach--;
  return reach;
}

// Each pixel as bright as the brightest one in a disk around it. There is a margin, wider than the
// radius, in which all pixels are the same.
function brightestInDisk(image, radius) {
  const levels = image.levels.slice();
  let inRow = image.levels; // the highest of the levels up to `reach` to the left and right
  for (let reach = 0; reach <= radius; reach++) {
    for (let down = -radius; down <= radius; down++) {
      if (reachInDisk(radius, down) === reach) raise(levels, inRow, down * image.width);
    }
    const wider = inRow.slice();
    raise(wider, inRow, -1);
    raise(wider, inRow, 1);
    inRow = wider;
  }
  return { ...image, levels };
}

// Raise each level to that of the other picture `shift` pixels before, where that is higher.
function raise(levels, others, shift) {
  const end = Math.min(levels.length, levels.length + shift);
  for (let i = Math.max(0, shift); i < end; i++) {
    if (others[i - shift] > levels[i]) levels[i] = others[i - shift];
  }
}

// What is darkest is brightest in the negative.
function darkestInDisk(image, radius) {
  return negative(brightestInDisk(negative(image), radius));
}

// Give a digit drawn with a very fine or a very thick pen strokes as MNIST's digits have them.
function usualStrokeWidth(ink) {
  const scaled = withMargin(scaleTo(ink, PEN_SIDE), (2 * PEN_SIDE) / BOX);
  const full = largest(scaled.levels);
  if (!full) return null;
  const large = stretch(scaled, 0, full); // a hairline fades when it is scaled
  const unit = PEN_SIDE / BOX;
  const width = strokeWidth(large) / unit;
  if (width >= THIN && width <= THICK) return ink;
  const goal = width < THIN ? NO_LONGER_THIN : NO_LONGER_THICK;
  const radius = roundHalfToEven((Math.abs(goal - width) / 2) * unit);
  const changed = width < THIN ? brightestInDisk(large, radius) : darkestInDisk(large, radius);
  return cropToInk(changed);
}

// Scale so that the longest side has `side` pixels and the other at least 1.
function scaleTo(ink, side) {
  const scale = side / Math.max(ink.width, ink.height);
  const [width, height] = [ink.width, ink.height].map((old) =>
    Math.max(1, roundHalfToEven(old * scale)),
  );
  const from = originOf(ink);
  const origin = { ...from, scale: from.scale * scale };
  return { ...resize(ink, width, height, BILINEAR), origin };
}

// Scale the digit so that its longest side has `side` pixels, and stretch it to 255 again.
function fitInBox(ink, side = BOX) {
  const box = scaleTo(ink, side);
  const full = largest(box.levels);
  return full ? stretch(box, 0, full) : null;
}

// How long the digit's longest side is when the whole picture is shrunk to 28×28.
function sideInPicture(ink) {
  const { width, height, scale } = originOf(ink);
  const side = (Math.max(ink.width, ink.height) / scale) * (SIZE / Math.max(width, height));
  return Math.min(side, SIZE);
}

// Where `size` pixels begin in 28, so that pixel `middle` of them comes to `place`, as near as it
// can without that any sticks out.
function beginning(place, middle, size) {
  return Math.min(Math.max(roundHalfToEven(place - middle), 0), SIZE - size);
}

// Lay the digit on black, 28×28.
function layAt(ink, top, left) {
  const levels = new Uint8Array(SIZE * SIZE);
  for (let y = 0; y < ink.height; y++) {
    const row = ink.levels.subarray(y * ink.width, (y + 1) * ink.width);
    levels.set(row, (top + y) * SIZE + left);
  }
  return { width: SIZE, height: SIZE, levels };
}

// Lay the digit on black so that its centre of mass is in the middle, to the nearest pixel.
function centreOfMassToMiddle(ink) {
  let [mass, down, across] = [0, 0, 0];
  ink.levels.forEach((level, i) => {
    mass += level;
    down += level * Math.floor(i / ink.width);
    across += level * (i % ink.width);
  });
  const top = beginning(SIZE / 2, down / mass, ink.height);
  const left = beginning(SIZE / 2, across / mass, ink.width);
  return layAt(ink, top, left);
}

// Lay the digit where it is in the whole picture, when that is shrunk to 28×28.
function layInPlace(ink) {
  const { width, height, top, left, scale } = originOf(ink);
  const shrink = SIZE / Math.max(width, height);
  const placeOf = (start, size, whole) =>
    (SIZE - whole * shrink) / 2 + (start + size / scale / 2) * shrink;
  return layAt(
    ink,
    beginning(placeOf(top, ink.height, height), ink.height / 2, ink.height),
    beginning(placeOf(left, ink.width, width), ink.width / 2, ink.width),
  );
}

// The steps by their names in Python.
function stepsOf({ centre, scale }) {
  return {
    upright,
    on_white: onWhite,
    to_grey: toGrey,
    not_too_large: notTooLarge,
    white_ink_on_black: whiteInkOnBlack,
    even_light: evenLight,
    remove_paper: removePaper,
    remove_lines: removeLines,
    cut_out_digit: cutOutDigit,
    crop_to_ink: cropToInk,
    usual_stroke_width: usualStrokeWidth,
    fit_in_box: (ink) => fitInBox(ink, scale ? BOX : sideInPicture(ink)),
    centre_of_mass_to_middle: centre ? centreOfMassToMiddle : layInPlace,
  };
}

// Do all steps, and keep what each of them returns, to look at.
//
// picture: {width, height, data: RGBA}. Without `scale` the digit stays as large, and without
// `centre` it stays where it is, as in the whole picture shrunk to 28×28.
// Returns {steps: [{name, image}], image: Uint8Array(784) or null, problem: null or "blank",
// doubt: see doubtOf}.
function prepare(picture, { centre = true, scale = true } = {}) {
  const steps = [];
  let doubt = null;
  let result = picture;
  for (const [name, step] of Object.entries(stepsOf({ centre, scale }))) {
    const before = result;
    result = step(before);
    if (result === null) return { steps, image: null, problem: "blank", doubt };
    const isSame = result === before && steps.length > 0;
    steps.push({ name, image: isSame ? steps.at(-1).image : shown(result) });
    doubt ??= result.doubt ?? null;
  }
  return { steps, image: result.levels, problem: null, doubt };
}

// What a step's result looks like: pictures in colour without it.
function shown(result) {
  return result.data ? toGrey(result) : result;
}
