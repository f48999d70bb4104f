// What is read in a picture, and whether to believe it; nothing here knows of the page.
//
// A reading is {stage, digit, probabilities, number, maps}: probabilities [10], or null where the
// network gives one number; number: that number, or null.

const SURE = 0.8; // below this probability a reading is in doubt; as in the package's Recognizer
const UNREAD = { steps: [], image: null, problem: "blank", doubt: null };

// Uint8Array(784) in 0…255 -> Float32Array(784) in 0…1
function scaled(image) {
  return Float32Array.from(image, (level) => level / 255);
}

function readWith({ stage, layers }, pixels) {
  const { outputs, maps } = forward(layers, pixels);
  const isNumber = outputs.length === 1;
  return {
    stage,
    digit: predictedDigit(outputs),
    probabilities: isNumber ? null : Array.from(softmax(outputs)),
    number: isNumber ? outputs[0] : null,
    maps,
  };
}

function givesNumber({ layers }) {
  const last = layers[layers.length - 1];
  return last.kind === "linear" && last.weight.shape[1] === 1;
}

// Prepare a picture, and let all networks read it.
//
// picture, options: as for `prepare`; picture null: the board is empty.
// Returns {prepared, readings}: what `prepare` returned, and a reading a stage, or none.
function read({ stages, picture, options }) {
  const prepared = picture ? prepare(picture, options) : UNREAD;
  if (!prepared.image) return { prepared, readings: [] };
  const pixels = scaled(prepared.image);
  return { prepared, readings: stages.map((stage) => readWith(stage, pixels)) };
}

// Why nothing was read: what follows "doubt." in the key of a text, or null.
function reasonOfSilence({ picture, prepared }) {
  return picture ? prepared.problem : null;
}

// Why what was read should not be believed: what follows "doubt." in the key of a text, or null.
function reasonOfDoubt({ stages, prepared, readings }) {
  if (prepared.doubt) return prepared.doubt;
  const reading = readings[stages.indexOf(judgeAmong(stages))];
  return reading && Math.max(...reading.probabilities) < SURE ? "low" : null;
}

// Whose probability tells whether a drawing is unclear: `best`, or else the network with the
// highest test accuracy; undefined: none has probabilities.
function judgeAmong(stages) {
  const judges = stages.filter((stage) => !givesNumber(stage));
  const accuracyOf = ({ accuracy }) => accuracy ?? 0;
  judges.sort((one, other) => accuracyOf(other) - accuracyOf(one));
  return judges.find(({ stage }) => stage === "best") ?? judges[0];
}
