// A trained network: its weights from text, and the way from 784 pixels to its answer.
//
// A tensor is {shape, values}: values is a Float32Array, row by row, so that of a tensor [C, H, W]
// the number at channel c, row y, column x is values[(c * H + y) * W + x].

// Read what page.py wrote: base64, three bytes a number, which are the upper 24 bits of a float32.
function decodeTensor({ shape, data }) {
  const bytes = atob(data);
  const bits = new Uint32Array(bytes.length / 3);
  for (let i = 0; i < bits.length; i++) {
    const byte = (place) => bytes.charCodeAt(3 * i + place);
    bits[i] = (byte(0) << 8) | (byte(1) << 16) | (byte(2) << 24);
  }
  return { shape, values: new Float32Array(bits.buffer) };
}

// From the document {version, stages}, as JSON.parse returns it, to its stages with tensors to
// compute with.
function decodeStages(json) {
  const decodeEntry = ([name, value]) => [name, value?.data ? decodeTensor(value) : value];
  const decodeLayer = (layer) => Object.fromEntries(Object.entries(layer).map(decodeEntry));
  return json.stages.map((stage) => ({ ...stage, layers: stage.layers.map(decodeLayer) }));
}

// Zeros around each map: [C, H, W] -> [C, H + 2 * padding, W + 2 * padding].
function surround({ shape: [channels, height, width], values }, padding) {
  const [tall, wide] = [height + 2 * padding, width + 2 * padding];
  const padded = new Float32Array(channels * tall * wide);
  for (let row = 0; row < channels * height; row++) {
    const [c, y] = [Math.floor(row / height), row % height];
    const from = values.subarray(row * width, (row + 1) * width);
    padded.set(from, (c * tall + y + padding) * wide + padding);
  }
  return { shape: [channels, tall, wide], values: padded };
}

// The numbers under a filter whose upper left corner is at row y, column x, into patch [C * k * k].
function copyPatch(patch, { shape: [channels, height, width], values }, k, y, x) {
  let i = 0;
  for (let c = 0; c < channels; c++) {
    for (let dy = 0; dy < k; dy++) {
      const from = (c * height + y + dy) * width + x;
      for (let dx = 0; dx < k; dx++) patch[i++] = values[from + dx];
    }
  }
}

// The sum of patch times filter for each filter; sum o goes to output[o * step + place].
// This is where nearly all time goes. Four filters at once: each number of the patch is fetched
// once for four products, and the processor need not wait for one sum before it adds to another.
function applyFilters({ weight, bias }, patch, output, step, place) {
  const [filters, size] = [weight.shape[0], patch.length];
  const last = filters - 1; // where four are too many, the last filter is computed again
  for (let o = 0; o < filters; o += 4) {
    const [o1, o2, o3] = [Math.min(o + 1, last), Math.min(o + 2, last), Math.min(o + 3, last)];
    const [w0, w1, w2, w3] = [o * size, o1 * size, o2 * size, o3 * size];
    let [sum0, sum1, sum2, sum3] = [0, 0, 0, 0];
    for (let i = 0; i < size; i++) {
      const value = patch[i];
      sum0 += value * weight.values[w0 + i];
      sum1 += value * weight.values[w1 + i];
      sum2 += value * weight.values[w2 + i];
      sum3 += value * weight.values[w3 + i];
    }
    output[o * step + place] = sum0 + (bias ? bias.values[o] : 0);
    output[o1 * step + place] = sum1 + (bias ? bias.values[o1] : 0);
    output[o2 * step + place] = sum2 + (bias ? bias.values[o2] : 0);
    output[o3 * step + place] = sum3 + (bias ? bias.values[o3] : 0);
  }
}

// Slide each filter over the maps, with zeros around them:
// [C, H, W] -> [O, H + 2 * padding - k + 1, W + 2 * padding - k + 1]
function convolution(layer, input) {
  const [filters, channels, k] = layer.weight.shape; // [O, C, k, k]
  const maps = layer.padding ? surround(input, layer.padding) : input;
  const [tall, wide] = [maps.shape[1] - k + 1, maps.shape[2] - k + 1];
  const output = new Float32Array(filters * tall * wide);
  const patch = new Float32Array(channels * k * k);
  for (let y = 0; y < tall; y++) {
    for (let x = 0; x < wide; x++) {
      copyPatch(patch, maps, k, y, x);
      applyFilters(layer, patch, output, tall * wide, y * wide + x);
    }
  }
  return { shape: [filters, tall, wide], values: output };
}

// The largest value of each 2×2 square; an odd last row or column is left out.
// [C, H, W] -> [C, floor(H / 2), floor(W / 2)]
function maxPool(_layer, { shape: [channels, height, width], values }) {
  const [tall, wide] = [Math.floor(height / 2), Math.floor(width / 2)];
  const output = new Float32Array(channels * tall * wide);
  for (let row = 0; row < channels * tall; row++) {
    const [c, y] = [Math.floor(row / tall), row % tall];
    for (let x = 0; x < wide; x++) {
      const i = (c * height + 2 * y) * width + 2 * x; // the square's upper left corner
      const above = Math.max(values[i], values[i + 1]);
      const below = Math.max(values[i + width], values[i + width + 1]);
      output[row * wide + x] = Math.max(above, below);
    }
  }
  return { shape: [channels, tall, wide], values: output };
}

// The mean of each map: [C, H, W] -> [C].
function averagePool(_layer, { shape: [channels, height, width], values }) {
  const size = height * width;
  const mean = (_, c) => values.subarray(c * size, (c + 1) * size).reduce((a, b) => a + b) / size;
  return { shape: [channels], values: Float32Array.from({ length: channels }, mean) };
}

// Each channel times its factor, plus its summand: [C, H, W] or [C] -> the same shape.
function batchNorm({ scale, shift }, { shape, values }) {
  const size = values.length / shape[0]; // numbers a channel
  const norm = (value, i) => {
    const c = Math.floor(i / size);
    return value * scale.values[c] + shift.values[c];
  };
  return { shape, values: values.map(norm) };
}

// Negative values become 0, in any shape.
function relu(_layer, { shape, values }) {
  return { shape, values: values.map((value) => Math.max(0, value)) };
}

// [C, H, W] -> [C * H * W]; the numbers stay where they are.
function flatten(_layer, { values }) {
  return { shape: [values.length], values };
}

// Each neuron's weighted sum of all inputs, plus its bias: [n] -> [m].
function linear({ weight, bias }, { values }) {
  const [inputs, neurons] = weight.shape; // [n, m]
  const sums = new Float64Array(neurons);
  if (bias) sums.set(bias.values);
  for (let i = 0; i < inputs; i++) {
    const value = values[i];
    if (value === 0) continue; // most pixels are black
    for (let j = 0; j < neurons; j++) sums[j] += value * weight.values[i * neurons + j];
  }
  return { shape: [neurons], values: Float32Array.from(sums) };
}

const COMPUTE = {
  convolution,
  max_pool: maxPool,
  average_pool: averagePool,
  batch_norm: batchNorm,
  relu,
  flatten,
  linear,
};

// Let a picture through all layers, each of which takes what the one before it returned.
//
// pixels: Float32Array(784) in 0…1, white ink on black, row by row.
// Returns outputs, the last layer's values (ten logits; the linear stage: one number), and maps,
// one entry a layer: {layer, kind, shape: [C, H, W] or [C], values}.
function forward(layers, pixels) {
  let tensor = { shape: [1, 28, 28], values: pixels };
  const maps = layers.map((layer, index) => {
    tensor = COMPUTE[layer.kind](layer, tensor);
    return { layer: index, kind: layer.kind, ...tensor };
  });
  return { outputs: tensor.values, maps };
}

// Probabilities from logits, both [10]; they add up to 1.
function softmax(logits) {
  // Taking the largest away changes nothing in the quotient and keeps exp from overflowing.
  const largest = Math.max(...logits);
  const powers = Float64Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

// The digit that the outputs stand for: the place of the largest of ten, or one number rounded.
function predictedDigit(outputs) {
  if (outputs.length > 1) return outputs.indexOf(Math.max(...outputs));
  return Math.min(9, Math.max(0, roundHalfToEven(outputs[0])));
}
