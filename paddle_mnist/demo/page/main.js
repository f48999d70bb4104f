// The page: connects drawing, preparation, networks and views.

const CRISP = 3; // the visible board has 3×3 pixels for each unit, so that ink is sharp
const PAUSE = 150; // ms without a change, after which the slower views follow
const SILENCE = 700; // ms without a change, after which screen readers are told

const board = byId("board");
const scratch = element("canvas", { width: BOARD, height: BOARD });

// What the page knows. `read` makes of stages, picture and options what is prepared and read.
const state = {
  stages: decodeStages(JSON.parse(byId("stages").textContent)),
  drawing: newDrawing(),
  brush: BRUSHES[1],
  picture: null, // ImageData of what was drawn; null: nothing
  options: { centre: true, scale: true },
  prepared: UNREAD,
  readings: [],
  problem: null, // what is wrong with a picture file: the key of a text
  times: [], // ms that the last readings took
  isUpdateDue: false,
};

// Functions that show what they are given: cards, glance, image and inside; see `build`.
const views = {};

function announce(text) {
  byId("announcement").textContent = text;
}

function inkColours() {
  const { color, backgroundColor } = getComputedStyle(board);
  return { ink: color, paper: backgroundColor };
}

function readAgain() {
  const start = performance.now();
  const { drawing } = state;
  state.picture = isEmpty(drawing) ? null : pixelsOf(drawing, scratch, inkColours());
  state.options = { centre: byId("centre").checked, scale: byId("scale").checked };
  Object.assign(state, read(state));
  if (state.readings.length) state.times = [...state.times.slice(-19), performance.now() - start];
}

function showDoubt(reason) {
  const key = state.problem ?? (reason && `doubt.${reason}`);
  byId("doubt").textContent = key ? textOf(key) : "";
}

function showSpeed() {
  // The first few are slow: the browser has not compiled the code yet.
  const times = [...state.times].sort((a, b) => a - b);
  byId("speed").textContent =
    times.length < 10
      ? textOf("speed.none")
      : textOf("speed", { time: times[times.length >> 1].toFixed(1) });
}

// Everything that follows the drawing at once; at most once for each picture the screen shows.
function update() {
  state.isUpdateDue = false;
  paintDrawing(board, state.drawing, inkColours());
  readAgain();
  byId("prompt").hidden = !isEmpty(state.drawing);
  views.cards(state.readings);
  views.glance(state.readings);
  views.image(state.prepared.image);
  showDoubt(reasonOfSilence(state));
}

function chosenIndex() {
  return byId("inside-stage").selectedIndex;
}

// What takes longer than a frame may, or says nothing while the pen moves: half a digit is always
// in doubt.
function updateSlowly() {
  const { prepared, readings } = state;
  showDoubt(reasonOfSilence(state) ?? reasonOfDoubt(state));
  showSteps(byId("steps"), prepared.steps);
  const image = prepared.image && scaled(prepared.image);
  views.inside(image, readings[chosenIndex()]?.maps ?? null);
  showSpeed();
}

function announceReadings() {
  const sentences = [byId("doubt").textContent, ...state.readings.map(sentenceOf)];
  announce(sentences.join(" ").trim() || textOf("announce.nothing"));
}

const updateAfterPause = onceQuiet(updateSlowly, PAUSE);
const announceAfterSilence = onceQuiet(announceReadings, SILENCE);

function changed() {
  state.problem = null;
  updateAfterPause();
  announceAfterSilence();
  if (state.isUpdateDue) return;
  state.isUpdateDue = true;
  requestAnimationFrame(update);
}

function chooseStage() {
  views.inside = createInside(byId("layers"), state.stages[chosenIndex()], announce);
  updateSlowly();
}

function fillStageChoice() {
  const { stages } = state;
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
  const { stages } = state;
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
  views.cards = createCards(byId("cards"), stages);
  fillTexts(byId("cards"));
  views.glance = createGlance(byId("glance"), stages);
  views.image = createImageView(byId("seen-image"), byId("numbers"), announce);
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
    input.checked = width === state.brush;
    input.addEventListener("change", () => (state.brush = width));
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
  state.brush = BRUSHES[number - 1];
}

function createExamples() {
  const buttons = EXAMPLES.map((lines, digit) => {
    const button = element("button", { type: "button", class: "quiet", text: digit });
    button.addEventListener("click", () => {
      putStrokes(
        state.drawing,
        lines.map((points) => ({ points, width: state.brush })),
      );
      changed();
    });
    return button;
  });
  byId("examples").replaceChildren(...buttons);
}

function takeBack() {
  undo(state.drawing);
  changed();
}

function startAgain() {
  clearBoard(state.drawing);
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
  const { drawing } = state;
  const width = () => state.brush;
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
    state.problem = opened.problem ?? null;
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
  stages: state.stages,
  forward,
  softmax,
  predictedDigit,
  prepare,
  readings: () =>
    state.readings.map(({ stage, digit, probabilities }) => ({ stage, digit, probabilities })),
  current: () => ({ image: state.prepared.image, steps: state.prepared.steps }),
  strokes: () => strokesOf(state.drawing),
};
