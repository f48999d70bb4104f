// What test_preparation.py calls; it runs after the parts of the page that it tests.

const bytesOf = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

const textOfBytes = (bytes) => {
  let text = "";
  for (let i = 0; i < bytes.length; i += 32768) {
    text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  }
  return btoa(text);
};

const packed = ({ width, height, levels }) => ({ width, height, data: textOfBytes(levels) });
const imageOf = ({ width, height, data }) => ({ width, height, levels: bytesOf(data) });
const pictureOf = ({ width, height, data }) => ({
  width,
  height,
  data: new Uint8ClampedArray(bytesOf(data)),
});

const report = ({ steps, image, problem, doubt }) => ({
  names: steps.map(({ name }) => name),
  steps: steps.slice(2).map(({ name, image }) => [name, packed(image)]), // from to_grey on
  image: image && [...image],
  problem,
  doubt,
});

window.test = {
  // The page's constants are no properties of `window`, so each is asked for by its name.
  numbers: (names) => Object.fromEntries(names.map((name) => [name, window.eval(name)])),
  prepare: (picture, options) => report(prepare(pictureOf(picture), options)),
  async prepareFile(text) {
    const file = new File([bytesOf(text)], "picture.png", { type: "image/png" });
    const { picture: canvas } = await openPictureFile(file);
    const context = canvas.getContext("2d");
    return report(prepare(context.getImageData(0, 0, canvas.width, canvas.height)));
  },
  reduce: (image, factor) => packed(reduce(imageOf(image), factor)),
  resize: (image, width, height, name) =>
    packed(resize(imageOf(image), width, height, { BILINEAR, BICUBIC }[name])),
  lowestAround: (image, side) => packed(lowestAround(imageOf(image), side)),
  highestAround: (image, side) => packed(highestAround(imageOf(image), side)),
  onWhite: (picture) => textOfBytes(new Uint8Array(onWhite(pictureOf(picture)).data)),
  statistics(levels, percents) {
    const counted = countedLevels(countLevels(levels));
    return [
      median(counted),
      medianDeviation(counted, median(counted)),
      ...percents.map((percent) => percentile(counted, percent)),
    ];
  },
  rounded: (numbers) => numbers.map(roundHalfToEven),
  strokeWidth: (image) => strokeWidth(imageOf(image)),
  labels({ width, height, data }) {
    const pixels = bytesOf(data);
    const pieces = connectedComponents({ levels: pixels }, { width, height, pixels });
    return pieces.length ? [...pieces[0].labels] : Array(width * height).fill(0);
  },
};
