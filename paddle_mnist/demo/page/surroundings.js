// Part a digit from what surrounds it: ruled lines, frames, the edge of the paper, specks.
//
// All of it is seen well enough in a small copy of the picture, in which each pixel is the mean of
// a block: thin lines and grain fade there, and strokes stay. Only what is decided there is done to
// the picture itself. The numbers and rules are those of surroundings.py, which explains them.

const COPY_SIDE = 96; // pixels: the longest side of the small copy, at most

// Parts of the strongest ink in the copy.
const LINE_INK = 0.12; // a printed line is often faint
const FAINT_INK = 0.2; // frames and edges hang together from here on
const STRONG_INK = 0.43; // strokes hang together, and what is printed faintly does not

const LINE_SHARE = 0.85; // of the picture's width: a line crosses nearly all of it
const LINE_END = 0.06; // of the picture's width: lines reach both borders, and frames do not
const LINE_RISE = 0.06; // of the picture's width: a line rises or falls no more than this
const LINE_PART = 0.4; // of the picture's width: a row beside a line with so much is a part of it
const LINE_BESIDE = 0.5; // of the picture's width: a row farther away has less, or it is thick
const LINE_REACH = 3; // pixels of the copy; a line still seen that far beside itself is thick
const LINE_MARGIN = LINE_REACH + 2; // rows beyond the border a line there is compared with
const LINE_SIDE = 48; // pixels of the copy: in a smaller one a stroke is as thin as a line
const PRINTED = 0.6; // of the other ink's mean level: a single line that is weaker is not a stroke
const LINE_REST = 20; // pixels of the copy: with less ink left, the lines were the digit

const EDGE_SHARE = 0.9; // of one side of the picture: strokes do not run along a border that far
const EDGE_DEPTH = 0.04; // of the picture: what is farther away from the border is not along it
const DIGIT_HEIGHT = 0.1; // of the picture: what is lower than that is not a digit
const FRAME_HEIGHT = 0.25; // of the frame: what is lower than that is nothing one would frame
const CORNER = 0.08; // of the frame's sides
const APART = 0.6; // of the whole height: two digits side by side are both at least that high
const WIDEST = 1.8; // of the height: a single digit is hardly ever wider
const PIECE = 0.08; // of the largest piece's ink: strokes that stand apart have more

// The small copy, and the side of a block.
function smallCopy(ink) {
  const block = Math.ceil(Math.max(ink.width, ink.height) / COPY_SIDE);
  return { copy: reduce(ink, block), block };
}

// Where the copy has at least that part of its strongest ink.
function maskOf({ width, height, levels }, part) {
  const least = part * largest(levels);
  return { width, height, pixels: levels.map((level) => (level >= least ? 1 : 0)) };
}

// Where both, or either, of two masks of the same size are; and where one is but not the other.
function both(one, other) {
  return { ...one, pixels: one.pixels.map((pixel, i) => pixel & other.pixels[i]) };
}

function either(one, other) {
  return { ...one, pixels: one.pixels.map((pixel, i) => pixel | other.pixels[i]) };
}

function without(one, other) {
  return { ...one, pixels: one.pixels.map((pixel, i) => pixel & ~other.pixels[i]) };
}

function isEmptyMask(mask) {
  return !mask.pixels.includes(1);
}

function transposed({ width, height, pixels }) {
  const turned = new Uint8Array(pixels.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) turned[x * height + y] = pixels[y * width + x];
  }
  return { width: height, height: width, pixels: turned };
}

function pixelsInside(mask) {
  return mask.pixels.reduce((sum, pixel) => sum + pixel, 0);
}

// The mean level of the copy where a mask is.
function meanInside(copy, mask) {
  let sum = 0;
  copy.levels.forEach((level, i) => (sum += mask.pixels[i] * level));
  return sum / pixelsInside(mask);
}

// Take away thin lines that cross the whole picture; where a stroke crosses one, the stroke stays.
function removeLines(ink) {
  const { copy, block } = smallCopy(ink);
  if (Math.max(copy.width, copy.height) < LINE_SIDE) return ink;
  const mask = maskOf(copy, LINE_INK);
  const found = [findLines(mask), transposed(findLines(transposed(mask)))];
  const printed = found.filter((lines) => isPrinted(copy, lines, mask));
  if (!printed.length) return ink;
  const lines = printed.reduce(either);
  if (pixelsInside(without(mask, lines)) >= LINE_REST) return erased(ink, lines, block);
  // One line alone may be a 1; several are a blank sheet.
  return areSeveral(lines) ? { ...ink, levels: new Uint8Array(ink.levels.length) } : ink;
}

// Whether lines are the paper's: several in one direction, or weaker than the other ink. A picture
// cut out along the digit may be crossed by a stroke, such as the bar of a 7.
function isPrinted(copy, lines, mask) {
  if (isEmptyMask(lines) || areSeveral(lines)) return !isEmptyMask(lines);
  const strong = both(without(mask, lines), maskOf(copy, STRONG_INK));
  return (
    !isEmptyMask(strong) && meanInside(copy, both(lines, mask)) < PRINTED * meanInside(copy, strong)
  );
}

function areSeveral(lines) {
  return Math.max(typicalCount(lines), typicalCount(transposed(lines))) >= 2;
}

// How many lines a column meets, in the middle of all columns.
function typicalCount({ width, height, pixels }) {
  const counts = new Uint8Array(width); // [w]
  for (let i = 0; i < width * height; i++) {
    if (pixels[i] && !pixels[i - width]) counts[i % width]++; // a line begins
  }
  return median(countedLevels(countLevels(counts)));
}

// Clear all blocks of the picture that are in a mask of the copy.
function erased(ink, mask, block) {
  const levels = ink.levels.slice();
  for (let y = 0; y < ink.height; y++) {
    const row = Math.floor(y / block) * mask.width;
    for (let x = 0; x < ink.width; x++) {
      if (mask.pixels[row + Math.floor(x / block)]) levels[y * ink.width + x] = 0;
    }
  }
  return { ...ink, levels };
}

// Thin lines that cross a picture from left to right, a little up or down, without the pixels
// where a stroke crosses them: all slopes and rows are tried. mask [h, w] -> mask [h, w]
function findLines(mask) {
  const { width, height } = mask;
  const lines = { width, height, pixels: new Uint8Array(width * height) };
  if (width < 2) return lines;
  const steepest = Math.max(1, roundHalfToEven(LINE_RISE * width));
  const sums = sumsOfRows(mask);
  for (let rise = -steepest; rise <= steepest; rise++) {
    // A line of a small slope is stairs; where its steps are is tried too.
    for (const phase of [0, 0.25, 0.5, 0.75]) findLinesOfSlope(mask, sums, rise, phase, lines);
  }
  return lines;
}

// sums [h, w + 1]: how many pixels of row y are in the mask left of column x.
function sumsOfRows({ width, height, pixels }) {
  const sums = new Int32Array(height * (width + 1));
  for (let y = 0; y < height; y++) {
    for (let x = 0, i = y * (width + 1); x < width; x++, i++) {
      sums[i + 1] = sums[i] + pixels[y * width + x];
    }
  }
  return sums;
}

// Each column slides up or down, so that a line of this slope comes to lie in one row.
function findLinesOfSlope(mask, sums, rise, phase, lines) {
  const { width, height } = mask;
  const slides = new Int32Array(width);
  for (let x = 0; x < width; x++) slides[x] = Math.floor(rise * (x / (width - 1) - 0.5) + phase);
  const shares = sharesOfRows(mask, sums, slides); // of the rows -LINE_MARGIN and following
  const share = (row) => shares[row + LINE_MARGIN];
  for (let row = 0; row < height; row++) {
    if (share(row) < LINE_SHARE) continue;
    if (Math.max(share(row - LINE_REACH), share(row + LINE_REACH)) >= LINE_BESIDE) continue;
    if (!reachesBorders(slidRow(mask, slides, row))) continue;
    const thick = [row - 1, row, row + 1].filter((near) => share(near) >= LINE_PART);
    const [first, last] = [thick[0], thick.at(-1)];
    const beside = [first - 1, first - 2, last + 1, last + 2];
    const [above, farAbove, below, farBelow] = beside.map((near) => slidRow(mask, slides, near));
    for (let x = 0; x < width; x++) {
      // A stroke goes on there, or runs along the line.
      if ((above[x] && farAbove[x]) || (below[x] && farBelow[x])) continue;
      for (const near of thick) {
        const y = near + slides[x];
        if (y >= 0 && y < height) lines.pixels[y * width + x] = 1;
      }
    }
  }
}

// Beyond the border goes on what is there: the edge of a desk is not thin.
function rowInside(row, height) {
  return Math.min(height - 1, Math.max(0, row));
}

// A row of the mask with slid columns: [w].
function slidRow({ height, width, pixels }, slides, row) {
  return slides.map((slide, x) => pixels[rowInside(row + slide, height) * width + x]);
}

// How full each row of the mask with slid columns is: [h + 2 * LINE_MARGIN], as many rows more
// above and below. Many columns slide equally far, so they are counted together.
function sharesOfRows({ width, height }, sums, slides) {
  const shares = new Float64Array(height + 2 * LINE_MARGIN);
  for (let start = 0, end = 1; start < width; start = end++) {
    while (end < width && slides[end] === slides[start]) end++;
    for (let i = 0; i < shares.length; i++) {
      const before = rowInside(i - LINE_MARGIN + slides[start], height) * (width + 1);
      shares[i] += sums[before + end] - sums[before + start];
    }
  }
  for (let i = 0; i < shares.length; i++) shares[i] /= width;
  return shares;
}

function reachesBorders(line) {
  const end = Math.max(1, roundHalfToEven(LINE_END * line.length));
  return line.subarray(0, end).includes(1) && line.subarray(-end).includes(1);
}

// The rectangle that holds the digit, with little paper around it, and a `doubt`, see doubtOf.
// null: there is no ink.
function cutOutDigit(ink) {
  const { copy, block } = smallCopy(ink);
  const pieces = digitPieces(copy);
  if (pieces === null) return null;
  const extent = extentOf(pieces);
  const top = Math.max(extent.top - 1, 0) * block;
  const left = Math.max(extent.left - 1, 0) * block;
  const bottom = Math.min((extent.bottom + 1) * block, ink.height);
  const right = Math.min((extent.right + 1) * block, ink.width);
  return { ...cutOut(ink, top, left, bottom, right), doubt: doubtOf(pieces) };
}

// What speaks against a single digit. "nothing": all that was found runs along a border: shade that
// is left, or the edge of a desk; "several": there seem to be several digits; null: neither.
function doubtOf(pieces) {
  if (pieces.every(isEdge)) return "nothing";
  return seemSeveral(pieces) ? "several" : null;
}

// Whether there seem to be several digits side by side: two groups of pieces with a gap between
// them that are both nearly as high as the whole, or what is far wider than high.
function seemSeveral(digitPieces) {
  const pieces = [...digitPieces].sort((one, other) => one.left - other.left);
  const whole = extentOf(pieces);
  if (widthOf(whole) > WIDEST * heightOf(whole)) return true;
  return pieces.some((piece, count) => {
    if (count === 0) return false;
    const [left, right] = [pieces.slice(0, count), pieces.slice(count)].map(extentOf);
    const lower = Math.min(heightOf(left), heightOf(right));
    return piece.left > left.right && lower >= APART * heightOf(whole);
  });
}

// The rectangle that several pieces cover together.
function extentOf(pieces) {
  const least = (side) => Math.min(...pieces.map((piece) => piece[side]));
  const most = (side) => Math.max(...pieces.map((piece) => piece[side]));
  return { top: least("top"), left: least("left"), bottom: most("bottom"), right: most("right") };
}

// The pieces of ink that the digit consists of; null: there is no ink.
function digitPieces(copy) {
  if (!largest(copy.levels)) return null;
  const strong = maskOf(copy, STRONG_INK);
  // A frame may hang together only where faint ink counts, or, crossed by faint lines, only where
  // it does not.
  const cleared = both(strong, withoutFrames(copy, maskOf(copy, FAINT_INK)));
  const unframed = withoutFrames(copy, isEmptyMask(cleared) ? strong : cleared);
  const pieces = connectedComponents(copy, unframed);
  const most = Math.max(...pieces.map((piece) => piece.ink));
  return pieces.filter((piece) => piece.ink >= PIECE * most);
}

// Clear the frames around a digit, and what runs along a border, out of a mask.
function withoutFrames(copy, mask) {
  const pieces = connectedComponents(copy, mask);
  const large = pieces.filter((piece) => heightOf(piece) >= DIGIT_HEIGHT * copy.height);
  const edges = pieces.filter(isEdge);
  const inner = large.filter((piece) => !edges.includes(piece));
  // In a picture cut out along the digit, a stroke that stands apart may run along the border.
  const isCutOut = inner.some((piece) => touchedBorders(piece) >= 2);
  const framing = large.filter((piece) => large.some((other) => frames(piece, other)));
  const gone = [...(inner.length && !isCutOut ? edges : []), ...framing];
  const pixels = mask.pixels.slice();
  for (const { labels, label } of gone) {
    for (let i = 0; i < pixels.length; i++) if (labels[i] === label) pixels[i] = 0;
  }
  return { ...mask, pixels };
}

function heightOf(piece) {
  return piece.bottom - piece.top;
}

function widthOf(piece) {
  return piece.right - piece.left;
}

function touchedBorders({ top, left, bottom, right, width, height }) {
  return (top === 0) + (left === 0) + (bottom === height) + (right === width);
}

// Whether a piece runs along a border: near it, there is ink in nearly all columns or rows.
function isEdge(piece) {
  const { width, height } = piece;
  const depth = Math.max(1, roundHalfToEven(EDGE_DEPTH * Math.min(width, height)));
  const shareOfColumns = (top) =>
    shareOf(width, (x) => pixelsIn(piece, top, x, top + depth, x + 1) > 0);
  const shareOfRows = (left) =>
    shareOf(height, (y) => pixelsIn(piece, y, left, y + 1, left + depth) > 0);
  const shares = [shareOfColumns(0), shareOfColumns(height - depth)];
  shares.push(shareOfRows(0), shareOfRows(width - depth));
  return Math.max(...shares) >= EDGE_SHARE;
}

// The part of the numbers 0…size - 1 for which something holds.
function shareOf(size, holds) {
  let count = 0;
  for (let i = 0; i < size; i++) if (holds(i)) count++;
  return count / size;
}

// Whether a piece goes around another on all four sides, and is angular.
function frames(frame, { top, left, bottom, right }) {
  const { width, height } = frame;
  return (
    frame.top < top &&
    frame.bottom > bottom &&
    frame.left < left &&
    frame.right > right &&
    bottom - top >= FRAME_HEIGHT * heightOf(frame) &&
    !pixelsIn(frame, top, left, bottom, right) &&
    pixelsIn(frame, top, 0, bottom, left) > 0 &&
    pixelsIn(frame, top, right, bottom, width) > 0 &&
    pixelsIn(frame, 0, left, top, right) > 0 &&
    pixelsIn(frame, bottom, left, height, right) > 0 &&
    cornersOf(frame) >= 3
  );
}

// In how many corners of its own box a piece has ink: a 0 has in none, a frame in four.
function cornersOf(piece) {
  const { top, left, bottom, right } = piece;
  const [tall, wide] = [Math.ceil(CORNER * heightOf(piece)), Math.ceil(CORNER * widthOf(piece))];
  const corners = [
    pixelsIn(piece, top, left, top + tall, left + wide),
    pixelsIn(piece, top, right - wide, top + tall, right),
    pixelsIn(piece, bottom - tall, left, bottom, left + wide),
    pixelsIn(piece, bottom - tall, right - wide, bottom, right),
  ];
  return corners.filter((pixels) => pixels > 0).length;
}
