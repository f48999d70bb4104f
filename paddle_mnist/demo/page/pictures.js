// A picture file that was chosen, dropped or pasted → a canvas with its pixels.

const PICTURE_TYPES = ["image/png", "image/jpeg", "image/gif", "image/bmp", "image/webp"];
const MOST_BYTES = 10_000_000; // 10 MB
const MOST_PIXELS = 20_000_000; // 20 megapixels

// Width × height, from the file's beginning: browsers decode the pixels only when they are shown.
async function sizeInPixels(file) {
  const url = URL.createObjectURL(file);
  const image = new Image();
  try {
    await new Promise((resolve, reject) => {
      image.addEventListener("load", resolve);
      image.addEventListener("error", reject);
      image.src = url;
    });
    return image.naturalWidth * image.naturalHeight;
  } finally {
    URL.revokeObjectURL(url);
  }
}

async function decodePicture(file) {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  // Turned as the camera was held, so width and height may have changed places.
  const canvas = element("canvas", { width: bitmap.width, height: bitmap.height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas;
}

// Returns {picture: canvas} or {problem: the key of a text}; never throws.
async function openPictureFile(file) {
  if (file.size > MOST_BYTES) return { problem: "file.bytes" };
  // Some systems do not tell the type; then decoding shows what it is.
  if (file.type && !PICTURE_TYPES.includes(file.type)) return { problem: "file.kind" };
  try {
    if ((await sizeInPixels(file)) > MOST_PIXELS) return { problem: "file.pixels" };
    return { picture: await decodePicture(file) };
  } catch {
    return { problem: "file.kind" };
  }
}

// Call opened(file) for each file that is chosen in `input`, or dropped or pasted on the page.
function followFiles(input, opened) {
  const take = (files) => files?.length && opened(files[0]);
  input.addEventListener("change", () => {
    take(input.files);
    input.value = ""; // so that the same file can be chosen again
  });
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    take(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => take(event.clipboardData.files));
}
