// Tables of numbers, drawn as pictures side by side on one canvas: a pixel a number. Pointing at a
// pixel, or moving there with the arrow keys, tells its number.
//
// maps is {count, height, width, values}: values [count, height, width], row by row.

const GAP = 1; // pixels between two pictures
const LARGEST_PIXEL = 8; // screen pixels, where there are several pictures

function colourVariable(name) {
  const text = getComputedStyle(document.documentElement).getPropertyValue(name);
  return text.trim().split(" ").map(Number); // "179 51 28" -> [179, 51, 28]
}

function packColour([red, green, blue]) {
  return (255 << 24) | (blue << 16) | (green << 8) | red; // as ImageData has it, read as one number
}

const GREYS = Array.from({ length: 256 }, (_, level) => packColour([level, level, level]));

function mixColours(from, to, share) {
  return from.map((number, i) => Math.round(number + (to[i] - number) * share));
}

// A function from a number to its colour. grey: 0 is black, 255 white. signed: from blue through
// the colour of the paper, which is 0, to red; `largest` has the full colour.
function colouring(palette, largest) {
  if (palette === "grey") return (level) => GREYS[level];
  const zero = colourVariable("--zero");
  const half = (name) => {
    const full = colourVariable(name);
    return Array.from({ length: 256 }, (_, i) => packColour(mixColours(zero, full, i / 255)));
  };
  const [below, above] = [half("--below"), half("--above")];
  const factor = 255 / (largest || 1);
  return (value) => (value < 0 ? below : above)[Math.round(Math.abs(value) * factor)];
}

function largestOf(values) {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  return largest;
}

// How many screen pixels a number gets. One picture fills its tile; several have whole pixels.
function scaleOf({ count, height, width }, tile) {
  if (count === 1) return tile / Math.max(height, width);
  const scale = Math.max(1, Math.round(tile / width));
  return width > 1 ? Math.min(LARGEST_PIXEL, scale) : scale;
}

// How many pictures a row holds, and how large all of it becomes.
function arrange(maps, { tile, available }) {
  const { count, height, width } = maps;
  const gap = height * width > 1 ? GAP : 0; // single numbers make one strip
  const scale = scaleOf(maps, tile);
  const fitting = Math.floor((available / scale + gap) / (width + gap));
  const columns = Math.max(1, Math.min(count, fitting));
  const rows = Math.ceil(count / columns);
  return {
    gap,
    scale,
    columns,
    width: columns * (width + gap) - gap,
    height: rows * (height + gap) - gap,
  };
}

function paintMaps(canvas, maps, layout, colourOf) {
  canvas.width = layout.width;
  canvas.height = layout.height;
  const image = new ImageData(layout.width, layout.height);
  const pixels = new Uint32Array(image.data.buffer);
  const { count, height, width, values } = maps;
  for (let map = 0; map < count; map++) {
    const left = (map % layout.columns) * (width + layout.gap);
    const top = Math.floor(map / layout.columns) * (height + layout.gap);
    for (let row = 0; row < height; row++) {
      const from = (map * height + row) * width;
      const to = (top + row) * layout.width + left;
      for (let x = 0; x < width; x++) pixels[to + x] = colourOf(values[from + x]);
    }
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

// Which number is at pixel (x, y) of the canvas? null in a gap.
function numberAt({ count, height, width, values }, layout, x, y) {
  const [wide, tall] = [width + layout.gap, height + layout.gap];
  const map = Math.floor(y / tall) * layout.columns + Math.floor(x / wide);
  const [row, column] = [y % tall, x % wide];
  if (row >= height || column >= width || map >= count) return null;
  return { map, row, column, value: values[(map * height + row) * width + column] };
}

function showTooltip(text, x, y) {
  const tooltip = byId("tooltip");
  tooltip.textContent = text;
  tooltip.hidden = false;
  const { width, height } = tooltip.getBoundingClientRect();
  tooltip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - width - 4))}px`;
  tooltip.style.top = `${y > height + 18 ? y - height - 12 : y + 22}px`;
}

function hideTooltip() {
  byId("tooltip").hidden = true;
}

// The pixel of a canvas that a pointer is at.
function pixelOf(canvas, { clientX, clientY }) {
  const { left, top, width, height } = canvas.getBoundingClientRect();
  const x = Math.floor(((clientX - left) * canvas.width) / width);
  const y = Math.floor(((clientY - top) * canvas.height) / height);
  return [Math.max(0, Math.min(canvas.width - 1, x)), Math.max(0, Math.min(canvas.height - 1, y))];
}

// The pixel next to (x, y) in the direction of an arrow key, across a gap; null at the edge.
function pixelBeside(maps, layout, [x, y], key) {
  const [dx, dy] = ARROWS[key];
  for (const distance of [1, 1 + layout.gap]) {
    const [nextX, nextY] = [x + distance * dx, y + distance * dy];
    const isInside = nextX >= 0 && nextY >= 0 && nextX < layout.width && nextY < layout.height;
    if (isInside && numberAt(maps, layout, nextX, nextY)) return [nextX, nextY];
  }
  return null;
}

// Frame pixel (x, y) of a canvas, and show a text beside it.
function markPixel(canvas, cursor, [x, y], text) {
  const { left, top, width } = canvas.getBoundingClientRect();
  const scale = width / canvas.width;
  cursor.style.width = cursor.style.height = `${scale}px`;
  cursor.style.transform = `translate(${x * scale}px, ${y * scale}px)`;
  cursor.hidden = false;
  showTooltip(text, left + (x + 1) * scale, top + y * scale);
}

// An empty mosaic.
//
// describe(number): the text for what numberAt returned. pointed(number), if given, is called
// with the same, or null when nothing is pointed at any more. announce, if given, makes the mosaic
// a stop for the keyboard, and gets each text.
//
// Returns {node, show}; show(maps, {palette, tile, label}) draws; tile: the wanted width of one
// picture in screen pixels.
function createMosaic({ describe, pointed = () => {}, announce = null }) {
  const attributes = announce ? { tabindex: 0, role: "application" } : { role: "img" };
  const canvas = element("canvas", attributes);
  const cursor = element("div", { class: "mosaic-cursor", hidden: "" });
  const node = element("div", { class: "mosaic" }, [canvas, cursor]);
  let [maps, layout, place] = [null, null, null]; // place: the pixel that is pointed at

  const leave = () => {
    place = null;
    cursor.hidden = true;
    hideTooltip();
    pointed(null);
  };
  const point = (pixel) => {
    const number = maps && numberAt(maps, layout, ...pixel);
    if (!number) return leave();
    place = pixel;
    markPixel(canvas, cursor, pixel, describe(number));
    return pointed(number);
  };
  const pointAtEvent = (event) => point(pixelOf(canvas, event));
  const pointByKey = (event) => {
    if (!maps || !(event.key in ARROWS)) return;
    event.preventDefault();
    const pixel = place ? pixelBeside(maps, layout, place, event.key) : [0, 0];
    if (!pixel) return;
    point(pixel);
    announce(describe(numberAt(maps, layout, ...pixel)));
  };

  canvas.addEventListener("pointermove", pointAtEvent);
  canvas.addEventListener("pointerdown", pointAtEvent);
  canvas.addEventListener("pointerleave", leave);
  if (announce) {
    canvas.addEventListener("keydown", pointByKey);
    canvas.addEventListener("blur", leave);
  }

  function show(newMaps, { palette, tile, label }) {
    maps = newMaps;
    layout = arrange(maps, { tile, available: node.clientWidth || tile });
    paintMaps(canvas, maps, layout, colouring(palette, largestOf(maps.values)));
    canvas.style.width = `${layout.width * layout.scale}px`;
    canvas.style.imageRendering = layout.scale < 1 ? "auto" : "pixelated";
    canvas.setAttribute("aria-label", label);
    if (place) point(place);
  }
  return { node, show };
}
