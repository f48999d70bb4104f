// Mouse, finger, pen and keyboard → strokes. Events only add points; others paint and read.

const BRUSHES = [10, 16, 22, 32]; // widths on a board of 280×280
const PEN_STEP = 10; // how far an arrow key moves the pen
const SMALL_PEN_STEP = 2;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function pointOf(board, event) {
  const { left, top, width, height } = board.getBoundingClientRect();
  return [((event.clientX - left) * BOARD) / width, ((event.clientY - top) * BOARD) / height];
}

// A browser may deliver several moves in one event, to save work; all are points of the stroke.
function pointsOf(board, event) {
  const events = event.getCoalescedEvents?.() ?? [];
  return (events.length ? events : [event]).map((one) => pointOf(board, one));
}

// Let one pointer at a time draw on the board. width() is asked when a stroke begins; changed() is
// called after each event.
function followPointer(board, drawing, { width, changed }) {
  let pointer = null;
  board.addEventListener("pointerdown", (event) => {
    if (pointer !== null || event.button !== 0) return;
    pointer = event.pointerId;
    board.setPointerCapture(pointer);
    beginStroke(drawing, pointOf(board, event), width());
    changed();
  });
  board.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer || !drawing.stroke) return;
    drawing.stroke.points.push(...pointsOf(board, event));
    changed();
  });
  const end = (event) => {
    if (event.pointerId !== pointer) return;
    pointer = null;
    endStroke(drawing);
    changed();
  };
  board.addEventListener("pointerup", end);
  board.addEventListener("pointercancel", end);
  // Old browsers scroll by these, whatever touch-action says.
  board.addEventListener("touchmove", (event) => event.preventDefault(), { passive: false });
}

function clampToBoard(number) {
  return Math.min(BOARD, Math.max(0, number));
}

// Let arrow keys move a pen on the focused board, and Space put it down or lift it. moved(place)
// is called with the pen's place [x, y], pressed(isDown) when Space was pressed.
function followKeys(board, drawing, { width, changed, moved, pressed }) {
  let place = [BOARD / 2, BOARD / 2];
  let stroke = null; // the one this pen draws
  const held = new Set(); // two arrows at a time draw a slanted line

  const isDown = () => stroke !== null && drawing.stroke === stroke; // not taken back or cleared
  const lift = () => {
    if (!isDown()) return;
    endStroke(drawing);
    pressed(false);
    changed();
  };
  const lower = () => {
    beginStroke(drawing, place, width());
    stroke = drawing.stroke;
    pressed(true);
    changed();
  };
  const move = (step) => {
    for (const key of held) {
      place = place.map((number, axis) => clampToBoard(number + step * ARROWS[key][axis]));
    }
    if (isDown()) stroke.points.push(place);
    moved(place);
    changed();
  };

  board.addEventListener("keydown", (event) => {
    if (event.key in ARROWS) {
      held.add(event.key);
      move(event.shiftKey ? SMALL_PEN_STEP : PEN_STEP);
    } else if (event.key === " ") {
      moved(place);
      (isDown() ? lift : lower)();
    } else {
      return;
    }
    event.preventDefault(); // neither scrolls the page now
  });
  board.addEventListener("keyup", (event) => held.delete(event.key));
  board.addEventListener("pointerdown", lift, { capture: true });
  board.addEventListener("blur", () => {
    held.clear();
    lift();
    moved(null);
  });
}
