// Statistics of levels, as NumPy computes them.
//
// A picture has many pixels but only 256 levels. So levels are counted first, and everything is
// computed from `counted`: pairs [value, how often], sorted by value, none of them 0 times.

// Halves go to the even neighbour, as in Python's round and NumPy's rint: 0.5 -> 0, 1.5 -> 2.
function roundHalfToEven(number) {
  const floor = Math.floor(number);
  const rest = number - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

function largest(levels) {
  let most = 0;
  for (let i = 0; i < levels.length; i++) if (levels[i] > most) most = levels[i];
  return most;
}

// How often each of the levels 0…255 occurs: Uint8Array -> Uint32Array(256).
function countLevels(levels) {
  const counts = new Uint32Array(256);
  for (let i = 0; i < levels.length; i++) counts[levels[i]]++;
  return counts;
}

// The pairs of the levels from `first` to `last`.
function countedLevels(counts, first = 0, last = 255) {
  const counted = [];
  for (let level = first; level <= last; level++) {
    if (counts[level]) counted.push([level, counts[level]]);
  }
  return counted;
}

function sizeOf(counted) {
  return counted.reduce((sum, [, count]) => sum + count, 0);
}

// The value at a place of the sorted list, counted from 0.
function valueAt(counted, place) {
  let passed = 0;
  for (const [value, count] of counted) {
    passed += count;
    if (place < passed) return value;
  }
  return counted.at(-1)[0];
}

function median(counted) {
  const size = sizeOf(counted);
  const middle = valueAt(counted, Math.floor((size - 1) / 2));
  return (middle + valueAt(counted, Math.floor(size / 2))) / 2;
}

// Median of how far the values are from `middle`.
function medianDeviation(counted, middle) {
  const deviations = counted.map(([value, count]) => [Math.abs(value - middle), count]);
  return median(deviations.sort(([one], [other]) => one - other));
}

// The value that `percent` of all do not exceed; between two values, in proportion.
function percentile(counted, percent) {
  const place = (sizeOf(counted) - 1) * (percent / 100);
  const [below, above] = [Math.floor(place), Math.ceil(place)].map((at) => valueAt(counted, at));
  const part = place - Math.floor(place);
  // Both are the same number, but for rounding: NumPy starts from the nearer of the two.
  return part < 0.5 ? below + (above - below) * part : above - (above - below) * (1 - part);
}
