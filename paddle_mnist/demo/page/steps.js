// What the networks see: the picture after each step of the preparation, and its 28×28 pixels.

const STEP_TILE = 112; // screen pixels
const LARGEST_STEP = 600; // pixels; more cannot be seen in a tile
const IMAGE_TILE = 364; // 13 for each of 28 pixels
const NEIGHBOURS = 3; // pixels each way in the table of numbers

function describePixel({ row, column, value }) {
  return textOf("seen.pixel", { row, column, value });
}

// Of a large image only every n-th pixel is drawn: it is shown much smaller anyway.
// [H, W] -> maps of [1, H / n, W / n]
function thinnedMaps({ width, height, levels }, n) {
  const [tall, wide] = [Math.ceil(height / n), Math.ceil(width / n)];
  const values = new Uint8Array(tall * wide);
  for (let y = 0; y < tall; y++) {
    for (let x = 0; x < wide; x++) values[y * wide + x] = levels[y * n * width + x * n];
  }
  return { count: 1, height: tall, width: wide, values };
}

function isSameImage(one, other) {
  if (one.width !== other.width || one.height !== other.height) return false;
  return one.levels.every((level, i) => level === other.levels[i]);
}

// before: the step before this one, or undefined.
function createStep({ name, image }, before) {
  const title = textOr(`step.${name}`, name);
  const n = Math.ceil(Math.max(image.width, image.height) / LARGEST_STEP);
  const maps = thinnedMaps(image, n);
  const mosaic = createMosaic({
    describe: ({ row, column, value }) =>
      describePixel({ row: row * n, column: column * n, value }),
  });
  // Images come without colour, so what to_grey does cannot be seen in them.
  const isIdle = before && name !== "to_grey" && isSameImage(image, before.image);
  const size = isIdle ? textOf("seen.unchanged") : textOf("seen.size", image);
  const node = element("li", { class: isIdle ? "step step-idle" : "step" }, [
    mosaic.node,
    element("h4", { text: title }),
    element("p", { class: "small", text: textOr(`step.${name}.what`, "") }),
    element("p", { class: "step-size", text: size }),
  ]);
  const show = () => {
    mosaic.show(maps, {
      palette: "grey",
      tile: STEP_TILE,
      label: `${title}, ${size}`,
    });
  };
  return { node, show };
}

// Draw all steps in the list `container`; none: a sentence in their place.
function showSteps(container, steps) {
  if (steps.length === 0) {
    container.replaceChildren(element("li", { class: "nothing", text: textOf("seen.empty") }));
    return;
  }
  const items = steps.map((step, i) => createStep(step, steps[i - 1]));
  container.replaceChildren(...items.map(({ node }) => node));
  items.forEach(({ show }) => show());
}

// The numbers around a pixel of an image [28, 28], as a table; no pixel: around the middle.
function showNumbers(table, image, pixel) {
  const { row: middleRow, column: middleColumn } = pixel ?? { row: 14, column: 14 };
  const offsets = Array.from({ length: 2 * NEIGHBOURS + 1 }, (_, i) => i - NEIGHBOURS);
  const cell = (row, column) => {
    const isInside = row >= 0 && row < 28 && column >= 0 && column < 28;
    const level = isInside ? (image?.[row * 28 + column] ?? 0) : "";
    const node = element("td", { text: level });
    if (isInside) node.style.backgroundColor = `rgb(${level}, ${level}, ${level})`;
    // From here on, black on this grey is easier to read than white.
    node.classList.toggle("numbers-light", level > 117);
    node.classList.toggle("numbers-here", row === pixel?.row && column === pixel?.column);
    return node;
  };
  const rows = offsets.map((dy) =>
    element(
      "tr",
      {},
      offsets.map((dx) => cell(middleRow + dy, middleColumn + dx)),
    ),
  );
  table.replaceChildren(...rows);
}

// The 28×28 pixels, large, with their numbers. Returns show(image: Uint8Array(784) or null).
function createImageView(container, table, announce) {
  let image = null;
  const pointed = (number) => showNumbers(table, image, number);
  const mosaic = createMosaic({ describe: describePixel, pointed, announce });
  container.replaceChildren(mosaic.node);
  return (newImage) => {
    image = newImage;
    const maps = { count: 1, height: 28, width: 28, values: image ?? new Uint8Array(784) };
    mosaic.show(maps, { palette: "grey", tile: IMAGE_TILE, label: textOf("seen.result") });
    showNumbers(table, image, null);
  };
}
