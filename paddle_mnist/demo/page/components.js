// Connected components: the pieces of ink that hang together.
//
// A mask is {width, height, pixels}: pixels is a Uint8Array, row by row; 1 is inside, 0 is not.
// A piece is {labels, label, width, height, ink, top, bottom, left, right}: it is where `labels` is
// `label`, in a picture of width × height; ink is the sum of its levels, and bottom and right are
// one more than its last row and column.

// The pieces of a mask, from above to below; pixels that touch, corners too, belong together.
function connectedComponents(copy, mask) {
  const { width, height, pixels } = mask;
  const labels = new Int32Array(pixels.length); // 0: in no piece so far
  const pieces = [];
  for (let i = 0; i < pixels.length; i++) {
    if (!pixels[i] || labels[i]) continue;
    const piece = { labels, label: pieces.length + 1, width, height, ink: 0 };
    Object.assign(piece, { top: height, bottom: 0, left: width, right: 0 });
    fillPiece(piece, copy, pixels, i);
    pieces.push(piece);
  }
  return pieces;
}

// Go from pixel `start` to all neighbours, to their neighbours, and so on.
function fillPiece(piece, copy, pixels, start) {
  const { labels, label, width, height } = piece;
  labels[start] = label;
  const open = [start];
  while (open.length) {
    const i = open.pop();
    const [y, x] = [Math.floor(i / width), i % width];
    growPiece(piece, y, x, copy.levels[i]);
    for (let row = Math.max(0, y - 1); row <= Math.min(height - 1, y + 1); row++) {
      for (let column = Math.max(0, x - 1); column <= Math.min(width - 1, x + 1); column++) {
        const neighbour = row * width + column;
        if (!pixels[neighbour] || labels[neighbour]) continue;
        labels[neighbour] = label;
        open.push(neighbour);
      }
    }
  }
}

function growPiece(piece, row, column, level) {
  piece.ink += level;
  piece.top = Math.min(piece.top, row);
  piece.bottom = Math.max(piece.bottom, row + 1);
  piece.left = Math.min(piece.left, column);
  piece.right = Math.max(piece.right, column + 1);
}

// How many pixels of a piece are in a rectangle; bottom and right are not in it.
function pixelsIn({ labels, label, width }, top, left, bottom, right) {
  let count = 0;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) if (labels[y * width + x] === label) count++;
  }
  return count;
}
