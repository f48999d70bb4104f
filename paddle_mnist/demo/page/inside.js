// Inside a network: the weights of each layer, and what comes out of it.

const MOST_TILES = 32; // more are shown on request
const TILE = 64; // screen pixels; the wanted width of a map
const ONE_TILE = 252; // of a map that stands alone
const FILTER_TILE = 40;
const NUMBER_TILE = 18; // of a single number

function tilesOf({ shape: [count, height = 1, width = 1], values }) {
  return { count, height, width, values };
}

// Filters [O, C, k, k] as pictures [O * C, k, k].
function filtersOf({ shape: [filters, channels, k], values }) {
  return { count: filters * channels, height: k, width: k, values };
}

// The weights [784, m] as m pictures of 28×28: each neuron's weights lie in a column.
function neuronsOf({ shape: [inputs, count], values }) {
  const turned = new Float32Array(values.length);
  for (let i = 0; i < inputs; i++) {
    for (let j = 0; j < count; j++) turned[j * inputs + i] = values[i * count + j];
  }
  return { count, height: 28, width: 28, values: turned };
}

function firstMaps(maps, count) {
  const size = maps.height * maps.width;
  return { ...maps, count, values: maps.values.subarray(0, count * size) };
}

// first: the number of the first map. Filters have several pictures each, one a channel.
function describeWith(key, { first = 1, channels = 1 } = {}) {
  return ({ map, row, column, value }) =>
    textOf(key, {
      map: Math.floor(map / channels) + first,
      channel: (map % channels) + 1,
      row,
      column,
      value: formatNumber(value, 4),
    });
}

function describeOutput(maps) {
  return describeWith(maps.height * maps.width > 1 ? "maps.map" : "maps.number");
}

function describeScore() {
  return describeWith("maps.score", { first: 0 });
}

// Maps under a heading, the first of them or all. Returns {node, show(maps or null)}.
function createFigure(title, { describe, tile, announce }) {
  let [maps, isWhole] = [null, false];
  const mosaic = createMosaic({ describe: (number) => describe(maps)(number), announce });
  const nothing = element("p", { class: "nothing", text: textOf("maps.empty") });
  const more = element("button", { type: "button", class: "quiet" });
  const node = element("div", { class: "figure" }, [
    element("h4", { text: title }),
    mosaic.node,
    nothing,
    more,
  ]);
  const show = (newMaps) => {
    maps = newMaps;
    mosaic.node.hidden = !maps;
    nothing.hidden = Boolean(maps);
    // Single numbers are small enough to be shown all.
    const most = maps && maps.height * maps.width > 1 ? MOST_TILES : Infinity;
    more.hidden = !maps || maps.count <= most;
    if (!maps) return;
    more.textContent = isWhole ? textOf("maps.fewer") : textOf("maps.all", { count: maps.count });
    const shown = isWhole ? maps : firstMaps(maps, Math.min(maps.count, most));
    const single = maps.height * maps.width === 1;
    mosaic.show(shown, { palette: "signed", tile: single ? NUMBER_TILE : tile, label: title });
  };
  more.addEventListener("click", () => {
    isWhole = !isWhole;
    show(maps);
  });
  return { node, show };
}

// The layer's weights as a figure, where a picture of them says something; else null.
function createWeights({ kind, weight }, announce) {
  if (kind === "convolution") {
    const channels = weight.shape[1];
    const describe = () => describeWith("maps.filter", { channels });
    const title = textOf("maps.filters");
    const figure = createFigure(title, { describe, tile: FILTER_TILE, announce });
    return { ...figure, maps: filtersOf(weight) };
  }
  if (kind === "linear" && weight.shape[0] === 784) {
    const isOne = weight.shape[1] === 1;
    const describe = () => describeWith(isOne ? "maps.pixel" : "maps.neuron");
    const title = textOf(isOne ? "maps.weight" : "maps.weights");
    const figure = createFigure(title, { describe, tile: isOne ? ONE_TILE : TILE, announce });
    return { ...figure, maps: neuronsOf(weight) };
  }
  return null;
}

// What comes out of a layer. Returns {node, note, show(from, to)}: from and to are {shape, values},
// the layer's input and output, or null; note is a line of words under the pictures.
function createOutputs(isLast, announce) {
  const describe = isLast ? describeScore : describeOutput;
  const figure = createFigure(textOf("maps.outputs"), { describe, tile: TILE, announce });
  const note = element("p", { class: "small", text: isLast ? textOf("layer.scores") : "" });
  return { node: figure.node, note, show: (_from, to) => figure.show(to && tilesOf(to)) };
}

// The same for the single neuron: the products that it adds up say more than their sum.
function createProducts({ weight, bias }, announce) {
  const describe = () => describeWith("maps.pixel");
  const figure = createFigure(textOf("maps.product"), { describe, tile: ONE_TILE, announce });
  const note = element("p", { class: "small" });
  const show = (from, to) => {
    note.textContent = "";
    if (!to) return figure.show(null);
    const values = from.values.map((value, i) => value * weight.values[i]); // [784]
    note.textContent = textOf("layer.sum", {
      bias: formatNumber(bias.values[0], 2),
      number: formatNumber(to.values[0], 2),
    });
    return figure.show({ count: 1, height: 28, width: 28, values });
  };
  return { node: figure.node, note, show };
}

function shapeText(shape) {
  return shape.join(" × ");
}

// One layer: its name, what it does, its weights and what comes out.
// Returns {node, paint(): draws the weights, show(from, to)}, as for createOutputs.
function createLayer(layer, index, isLast, announce) {
  const isOne = layer.kind === "linear" && layer.weight.shape[1] === 1;
  const weights = createWeights(layer, announce);
  const outputs = isOne ? createProducts(layer, announce) : createOutputs(isLast, announce);
  const shapes = element("span", { class: "layer-shape" });
  const title = textOf("layer.title", { number: index + 1, name: textOf(`layer.${layer.kind}`) });
  const figures = weights ? [weights.node, outputs.node] : [outputs.node];
  const node = element("section", { class: "layer" }, [
    element("h3", {}, [title, " ", shapes]),
    element("p", { class: "small", text: textOf(`layer.${layer.kind}.what`) }),
    element("div", { class: "figures" }, figures),
    outputs.note,
  ]);
  // Flattened numbers are those of the layer before.
  outputs.node.hidden = layer.kind === "flatten";

  const show = (from, to) => {
    const texts = to && { from: shapeText(from.shape), to: shapeText(to.shape) };
    shapes.textContent = to ? textOf("layer.shape", texts) : "";
    if (layer.kind !== "flatten") outputs.show(from, to);
  };
  return { node, paint: () => weights?.show(weights.maps), show };
}

// All layers of a stage in `container`. Returns show(image, maps): the prepared picture in 0…1 and
// what `forward` returned for it, or null twice.
function createInside(container, { layers }, announce) {
  const views = layers.map((layer, index) =>
    createLayer(layer, index, index === layers.length - 1, announce),
  );
  container.replaceChildren(...views.map(({ node }) => node));
  views.forEach(({ paint }) => paint());
  return (image, maps) => {
    const input = image && { shape: [1, 28, 28], values: image };
    views.forEach((view, i) => view.show(i ? maps?.[i - 1] : input, maps?.[i] ?? null));
  };
}
