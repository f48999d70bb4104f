// What test_network.py calls; it runs after network.js.

window.network = { decodeStages, forward, softmax, predictedDigit };

// text: pictures of 784 bytes each, in base64.
window.readAll = (stages, text) => {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const [stage] = decodeStages({ stages });
  const readings = [];
  for (let i = 0; i < bytes.length; i += 784) {
    const pixels = Float32Array.from(bytes.subarray(i, i + 784), (level) => level / 255);
    const { outputs, maps } = forward(stage.layers, pixels);
    readings.push({
      outputs: [...outputs],
      probabilities: [...softmax(outputs)],
      digit: predictedDigit(outputs),
      maps: maps.map((map) => ({ ...map, values: map.values.length })),
    });
  }
  return readings;
};
