// One card a stage: what it is, what it reads, and how sure it is.

// "cnn" of a name such as "cnn (runs/first)".
function kindOf({ stage }) {
  return stage.split(" ")[0];
}

function createBars() {
  const bars = Array.from({ length: 10 }, (_, digit) => {
    const fill = element("span", { class: "bar-fill" });
    const percent = element("span", { class: "bar-percent" });
    const track = element("span", { class: "bar-track" }, [fill]);
    const name = element("span", { class: "bar-digit", text: digit });
    return { fill, percent, row: element("li", { class: "bar" }, [name, track, percent]) };
  });
  const show = (reading) => {
    bars.forEach(({ fill, percent, row }, digit) => {
      const share = reading ? reading.probabilities[digit] : 0;
      fill.style.transform = `scaleX(${share})`;
      percent.textContent = reading ? formatPercent(share) : "";
      row.classList.toggle("bar-best", reading?.digit === digit);
    });
  };
  return {
    node: element(
      "ol",
      { class: "bars" },
      bars.map(({ row }) => row),
    ),
    show,
  };
}

// 0 to 9 on a line, and a mark where the neuron's number lies; beyond the ends it stays there.
function createNumberLine() {
  const mark = element("span", { class: "line-mark", hidden: "" });
  const ticks = Array.from({ length: 10 }, (_, digit) => element("span", { text: digit }));
  const line = element("div", { "class": "line", "role": "img", "data-label": "card.line" }, [
    element("div", { class: "line-ticks" }, ticks),
    mark,
  ]);
  const words = element("p", { class: "line-number" });
  const show = (reading) => {
    mark.hidden = !reading;
    words.textContent = reading
      ? textOf("card.number", { number: formatNumber(reading.number, 2) })
      : "";
    ticks.forEach((tick, digit) => tick.classList.toggle("line-best", reading?.digit === digit));
    if (!reading) return;
    const place = Math.min(9.5, Math.max(-0.5, reading.number)); // half a digit beyond the ends
    mark.style.left = `${(place + 0.5) * 10}%`;
  };
  return { node: element("div", { class: "number-line" }, [line, words]), show };
}

function factsOf({ parameters, accuracy }) {
  const share = accuracy === null ? null : `${(accuracy * 100).toFixed(2)}%`;
  return [
    [parameters.toLocaleString("en"), "card.parameters"],
    [share ?? textOf("card.unknown"), "card.accuracy"],
  ].map(([value, key]) =>
    element("p", { class: "card-fact" }, [element("b", { text: value }), ` ${textOf(key)}`]),
  );
}

// Returns {node, show(reading or null)}; its words are those of the current language.
function createCard(stage) {
  const digit = element("p", { class: "card-digit" });
  const detail = givesNumber(stage) ? createNumberLine() : createBars();
  const node = element("article", { class: "card" }, [
    element("h3", { text: stage.stage }),
    element("p", { class: "card-kind", text: textOr(`stage.${kindOf(stage)}`, "") }),
    digit,
    detail.node,
    ...factsOf(stage),
    element("p", { class: "card-where", text: textOr(`where.${stage.where}`, stage.where) }),
  ]);
  const show = (reading) => {
    digit.textContent = reading ? reading.digit : textOf("card.none");
    digit.classList.toggle("card-digit-none", !reading);
    detail.show(reading);
  };
  show(null);
  return { node, show };
}

// All cards in `container`. Returns show(readings), with one reading a stage, or none.
function createCards(container, stages) {
  const cards = stages.map(createCard);
  container.replaceChildren(...cards.map(({ node }) => node));
  return (readings) => cards.forEach((card, i) => card.show(readings[i] ?? null));
}

// The digits alone, in a row, for narrow screens. Returns show(readings).
function createGlance(container, stages) {
  const digits = stages.map(() => element("b"));
  const items = stages.map(({ stage }, i) => element("p", {}, [digits[i], stage]));
  container.replaceChildren(...items);
  return (readings) =>
    digits.forEach((digit, i) => {
      digit.textContent = readings[i]?.digit ?? textOf("card.none");
    });
}

// The same as a sentence a stage, for screen readers.
function sentenceOf({ stage, digit, probabilities, number }) {
  return number === null
    ? textOf("announce", { stage, digit, percent: formatPercent(probabilities[digit]) })
    : textOf("announce.number", { stage, digit, number: formatNumber(number, 1) });
}
