// A drawing as data, and how it is painted.
//
// A stroke is {points: [[x, y], …], width}, in units of a board of 280×280. A sheet is
// {strokes, picture}: strokes, or one picture file in their place. Sheets are never changed, only
// replaced; so undo takes the last one away, and painting again gives the same pixels.

const BOARD = 280;
const EMPTY_SHEET = { strokes: [], picture: null };

// stroke: the one that is being drawn, or null. It takes the place of a picture.
function newDrawing() {
  return { sheets: [EMPTY_SHEET], stroke: null };
}

function sheetOf(drawing) {
  return drawing.sheets[drawing.sheets.length - 1];
}

function isEmpty(drawing) {
  return !drawing.stroke && !sheetOf(drawing).picture && sheetOf(drawing).strokes.length === 0;
}

function strokesOf(drawing) {
  const { strokes } = sheetOf(drawing);
  return drawing.stroke ? [...strokes, drawing.stroke] : strokes;
}

function beginStroke(drawing, point, width) {
  drawing.stroke = { points: [point], width };
}

function endStroke(drawing) {
  if (!drawing.stroke) return;
  drawing.sheets.push({ strokes: strokesOf(drawing), picture: null });
  drawing.stroke = null;
}

function undo(drawing) {
  endStroke(drawing);
  if (drawing.sheets.length > 1) drawing.sheets.pop();
}

function clearBoard(drawing) {
  endStroke(drawing);
  if (!isEmpty(drawing)) drawing.sheets.push(EMPTY_SHEET);
}

function putStrokes(drawing, strokes) {
  endStroke(drawing);
  drawing.sheets.push({ strokes, picture: null });
}

// picture: a canvas of any size.
function putPicture(drawing, picture) {
  endStroke(drawing);
  drawing.sheets.push({ strokes: [], picture });
}

function tracePoints(context, points) {
  const [[firstX, firstY]] = points;
  const [lastX, lastY] = points[points.length - 1];
  context.beginPath();
  context.moveTo(firstX, firstY);
  // Each point bends a curve between the middles of its two lines: no corner is seen.
  for (let i = 1; i < points.length; i++) {
    const [fromX, fromY] = points[i - 1];
    const [toX, toY] = points[i];
    context.quadraticCurveTo(fromX, fromY, (fromX + toX) / 2, (fromY + toY) / 2);
  }
  // A line without any length would not be painted; so it ends a little beside a single point.
  context.lineTo(lastX + 0.01, lastY);
}

function paintPicture(context, picture) {
  const scale = BOARD / Math.max(picture.width, picture.height);
  const [width, height] = [picture.width * scale, picture.height * scale];
  const box = [(BOARD - width) / 2, (BOARD - height) / 2, width, height];
  context.fillStyle = "white"; // seen through transparent parts, as the preparation has it
  context.fillRect(...box);
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, ...box);
}

// Paint a drawing on a square canvas of any size; colours: {ink, paper}.
function paintDrawing(canvas, drawing, colours) {
  const context = canvas.getContext("2d", { willReadFrequently: canvas.width === BOARD });
  const scale = canvas.width / BOARD;
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.fillStyle = colours.paper;
  context.fillRect(0, 0, BOARD, BOARD);
  context.strokeStyle = colours.ink;
  context.lineCap = "round";
  context.lineJoin = "round";
  const { picture } = sheetOf(drawing);
  if (picture && !drawing.stroke) paintPicture(context, picture);
  for (const { points, width } of strokesOf(drawing)) {
    context.lineWidth = width;
    tracePoints(context, points);
    context.stroke();
  }
}

// What the preparation gets, as ImageData: the picture in its own size, or the board with the
// strokes. scratch: a canvas of 280×280 that is painted on for it.
function pixelsOf(drawing, scratch, colours) {
  const { picture } = sheetOf(drawing);
  const source = picture && !drawing.stroke ? picture : scratch;
  if (source === scratch) paintDrawing(scratch, drawing, colours);
  return source.getContext("2d").getImageData(0, 0, source.width, source.height);
}
