// The page: connects drawing, preparation, networks and views.

const CRISP = 3; // the visible board has 3×3 pixels for each unit, so that ink is sharp
const PAUSE = 150; // ms without a change, after which the slower views follow
const SILENCE = 700; // ms without a change, after which screen readers are told
const SURE = 0.8; // below this probability a reading is in doubt; as in infer.py

const stages = decodeStages(JSON.parse(byId("stages").textContent));
const judge = judgeAmong(stages);
const drawing = newDrawing();
const board = byId("board");
const scratch = element("canvas", { width: BOARD, height: BOARD });

let brush = BRUSHES[1];
let prepared = { steps: [], image: null, problem: "blank" };
let readings = [];
let problem = null; // what is wrong with a picture file: the key of a text
let times = []; // ms that the last readings took
let isScheduled = false;
let showCards = null;
let showGlance = null;
let showImage = null;
let showInside = null;

function announce(text) {
  byId("announcement").textContent = text;
}

function inkColours() {
  const { color, backgroundColor } = getComputedStyle(board);
  return { ink: color, paper: backgroundColor };
}

// Uint8Array(784) in 0…255 -> Float32Array(784) in 0…1
function scaled(image) {
  return Float32Array.from(image, (level) => level / 255);
}

function read() {
  const start = performance.now();
  const options = { centre: byId("centre").checked, scale: byId("scale").checked };
  prepared = isEmpty(drawing)
    ? { steps: [], image: null, problem: "blank" }
    : prepare(pixelsOf(drawing, scratch, inkColours()), options);
  readings = prepared.image ? stages.map((stage) => readWith(stage, scaled(prepared.image))) : [];
  if (readings.length) times = [...times.slice(-19), performance.now() - start];
}

// Why nothing was read: what follows "doubt." in the key of a text, or null.
function reasonOfSilence() {
  return isEmpty(drawing) ? null : prepared.problem;
}

// Whose probability tells whether a drawing is unclear: `best`, or else the network with the
// highest test accuracy; undefined: none has probabilities.
function judgeAmong(stages) {
  const judges = stages.filter((stage) => !givesNumber(stage));
  const accuracyOf = ({ accuracy }) => accuracy ?? 0;
  judges.sort((one, other) => accuracyOf(other) - accuracyOf(one));
  return judges.find(({ stage }) => stage === "best") ?? judges[0];
}

// Why what was read should not be believed, of a drawing that rests: half a digit is always
// unclear.
function reasonOfDoubt() {
  if (prepared.nothing) return "nothing";
  if (prepared.several) return "several";
  const reading = readings[stages.indexOf(judge)];
  return reading && Math.max(...reading.probabilities) < SURE ? "low" : null;
}

function showDoubt(reason) {
  const key = problem ?? (reason && `doubt.${reason}`);
  byId("doubt").textContent = key ? textOf(key) : "";
}

function showSpeed() {
  // The first few are slow: the browser has not compiled the code yet.
  const median = times.length < 10 ? null : [...times].sort((a, b) => a - b)[times.length >> 1];
  byId("speed").textContent =
    median === null ? textOf("speed.none") : textOf("speed", { time: median.toFixed(1) });
}

// Everything that follows the drawing at once; at most once for each picture the screen shows.
function update() {
  isScheduled = false;
  paintDrawing(board, drawing, inkColours());
  read();
  byId("prompt").hidden = !isEmpty(drawing);
  showCards(readings);
  showGlance(readings);
  showImage(prepared.image);
  showDoubt(reasonOfSilence());
}

function chosenIndex() {
  return byId("inside-stage").selectedIndex;
}

// What takes longer than a frame may, and is not needed while the pen moves.
function updateSlowly() {
  showDoubt(reasonOfSilence() ?? reasonOfDoubt());
  showSteps(byId("steps"), prepared.steps);
  const image = prepared.image && scaled(prepared.image);
  showInside(image, readings[chosenIndex()]?.maps ?? null);
  showSpeed();
}

function announceReadings() {
  const sentences = [byId("doubt").textContent, ...readings.map(sentenceOf)];
  announce(sentences.join(" ").trim() || textOf("announce.nothing"));
}

const updateAfterPause = onceQuiet(updateSlowly, PAUSE);
const announceAfterSilence = onceQuiet(announceReadings, SILENCE);

function changed() {
  problem = null;
  updateAfterPause();
  announceAfterSilence();
  if (isScheduled) return;
  isScheduled = true;
  requestAnimationFrame(update);
}

function chooseStage() {
  showInside = createInside(byId("layers"), stages[chosenIndex()], announce);
  updateSlowly();
}

function fillStageChoice() {
  const options = stages.map(({ stage }) => element("option", { text: stage }));
  const select = byId("inside-stage");
  const chosen = select.options.length
    ? select.selectedIndex
    : stages.findIndex(({ stage }) => stage === "cnn");
  select.replaceChildren(...options);
  select.selectedIndex = chosen < 0 ? stages.length - 1 : chosen;
}

// Build all that depends on language, colours or the width of the window.
function build() {
  document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
  document.title = `${textOf("title")} · paddle_mnist`;
  fillTexts(document);
  byId("intro").textContent = textOf(stages.length > 1 ? "intro" : "intro.one", {
    count: stages.length,
  });
  byId("language-switch").textContent = textOf("language.other");
  byId("language-switch").lang = language === "zh" ? "en" : "zh-Hans";
  const isDark = document.documentElement.dataset.theme === "dark";
  byId("theme-switch").textContent = textOf(isDark ? "theme.light" : "theme.dark");
  showCards = createCards(byId("cards"), stages);
  fillTexts(byId("cards"));
  showGlance = createGlance(byId("glance"), stages);
  showImage = createImageView(byId("seen-image"), byId("numbers"), announce);
  fillStageChoice();
  update();
  chooseStage();
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
}

function followTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  setTheme(dark.matches ? "dark" : "light");
  dark.addEventListener("change", () => {
    setTheme(dark.matches ? "dark" : "light");
    build();
  });
  byId("theme-switch").addEventListener("click", () => {
    setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
    build();
  });
}

function followLanguage() {
  byId("language-switch").addEventListener("click", () => {
    language = language === "zh" ? "en" : "zh";
    build();
    announceAfterSilence();
  });
}

function createBrushes() {
  const choices = BRUSHES.map((width, i) => {
    const input = element("input", { type: "radio", name: "brush", value: width });
    input.checked = width === brush;
    input.addEventListener("change", () => (brush = width));
    const dot = element("span", { class: "brush-dot" });
    dot.style.width = dot.style.height = `${width * 0.7}px`;
    input.dataset.number = i + 1;
    return element("label", { class: "brush" }, [input, dot]);
  });
  byId("brushes").replaceChildren(...choices);
}

function chooseBrush(number) {
  const input = byId("brushes").querySelectorAll("input")[number - 1];
  input.checked = true;
  brush = BRUSHES[number - 1];
}

function createExamples() {
  const buttons = EXAMPLES.map((lines, digit) => {
    const button = element("button", { type: "button", class: "quiet", text: digit });
    button.addEventListener("click", () => {
      putStrokes(
        drawing,
        lines.map((points) => ({ points, width: brush })),
      );
      changed();
    });
    return button;
  });
  byId("examples").replaceChildren(...buttons);
}

function takeBack() {
  undo(drawing);
  changed();
}

function startAgain() {
  clearBoard(drawing);
  changed();
}

// Letters count only where no control could want them: on the board, or nowhere.
function followShortcuts() {
  document.addEventListener("keydown", (event) => {
    const isUndo = event.key.toLowerCase() === "z";
    if (isUndo && (event.ctrlKey || event.metaKey) && !event.shiftKey) {
      event.preventDefault();
      takeBack();
    }
    const isFree = [board, document.body].includes(document.activeElement);
    if (!isFree || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isUndo) takeBack();
    if (event.key.toLowerCase() === "c" || event.key === "Escape") startAgain();
    if (event.key >= "1" && event.key <= BRUSHES.length) chooseBrush(Number(event.key));
  });
}

function showPen(place) {
  const pen = byId("pen");
  pen.hidden = !place;
  if (!place) return;
  pen.style.left = `${(place[0] / BOARD) * 100}%`;
  pen.style.top = `${(place[1] / BOARD) * 100}%`;
}

function followDrawing() {
  const width = () => brush;
  followPointer(board, drawing, { width, changed });
  followKeys(board, drawing, {
    width,
    changed,
    moved: showPen,
    pressed: (isDown) => {
      byId("pen").classList.toggle("sheet-pen-down", isDown);
      announce(textOf(isDown ? "announce.pen.down" : "announce.pen.up"));
    },
  });
  followFiles(byId("file"), async (file) => {
    byId("doubt").textContent = textOf("file.reading");
    const opened = await openPictureFile(file);
    if (opened.picture) putPicture(drawing, opened.picture);
    changed();
    problem = opened.problem ?? null;
  });
}

function followControls() {
  byId("undo").addEventListener("click", takeBack);
  byId("clear").addEventListener("click", startAgain);
  for (const name of ["centre", "scale"]) byId(name).addEventListener("change", changed);
  byId("inside-stage").addEventListener("change", chooseStage);
  let width = innerWidth;
  addEventListener(
    "resize",
    onceQuiet(() => {
      if (innerWidth !== width) build(); // on phones, the height changes while one scrolls
      width = innerWidth;
    }, PAUSE),
  );
}

function start() {
  board.width = board.height = BOARD * CRISP;
  followTheme();
  followLanguage();
  createBrushes();
  createExamples();
  followDrawing();
  followControls();
  followShortcuts();
  build();
}

start();

window.paddleMnist = {
  stages,
  forward,
  softmax,
  predictedDigit,
  prepare,
  readings: () =>
    readings.map(({ stage, digit, probabilities }) => ({ stage, digit, probabilities })),
  current: () => ({ image: prepared.image, steps: prepared.steps }),
  strokes: () => strokesOf(drawing),
};
