// All words of the page, in both languages; {name} is replaced by a value.

const TEXTS = {
  en: {
    "language.other": "中文",
    "theme.dark": "Dark",
    "theme.light": "Light",
    "title": "Draw a digit",
    "intro":
      "{count} trained networks read it while you draw. They are inside this file: nothing you draw leaves your computer.",
    "intro.one":
      "A trained network reads it while you draw. It is inside this file: nothing you draw leaves your computer.",
    "board.prompt": "Draw a digit here, 0 to 9",
    "board.label": "Paper to draw a digit on",
    "board.help":
      "Keys: arrows move the pen (with Shift: a little), Space puts it down or lifts it, Z takes a stroke back, C clears, 1 to 4 choose the brush.",
    "undo": "Undo",
    "clear": "Clear",
    "brush.label": "Width of the brush",
    "brush": "brush {number}",
    "examples": "No pen? Let the page draw one:",
    "example": "draw an example: {digit}",
    "file.choose": "Choose a picture",
    "file.or": "or drop or paste one.",
    "file.reading": "The picture is being read …",
    "file.bytes": "The file has more than 10 MB, which is the limit. Use a smaller one.",
    "file.pixels":
      "The picture has more than 20 megapixels, which is the limit. Make it smaller or cut out the digit.",
    "file.kind":
      "This is not a picture that the browser can read. Use a PNG, JPEG, GIF, BMP or WebP file.",
    "doubt.blank": "Nothing to read was found: the picture is blank or too faint.",
    "doubt.nothing": "This may not be a digit: only something along the border was found.",
    "doubt.low": "The program is not sure which digit this is.",
    "doubt.several": "There seems to be more than one digit. The program reads one at a time.",
    "answers.title": "What they read",
    "answers.what":
      "The bars are probabilities: how sure a network is of each digit. The single neuron has none: it knows digits only as numbers on a line, and takes the nearest. Chapters 2, 3 and 4 build linear, mlp and cnn.",
    "speed":
      "Reading once with all of them takes {time} ms here. It is done at most once for each picture your screen shows; the maps further down wait until you pause.",
    "speed.none":
      "Reading is done at most once for each picture your screen shows; the maps further down wait until you pause.",
    "stage.linear": "one neuron",
    "stage.mlp": "two layers of neurons",
    "stage.cnn": "small filters slide over the picture",
    "stage.deep-cnn": "three convolutions, one after another",
    "stage.dropout-cnn": "two convolutions, trained with dropout",
    "stage.tuned-cnn": "wide convolutions, trained on turned digits",
    "stage.tiny": "few numbers, well practised",
    "stage.best": "the best reader of these",
    "where.ships with the package": "ships with the package",
    "where.your run": "your own training",
    "card.parameters": "parameters",
    "card.accuracy": "test accuracy",
    "card.unknown": "not measured",
    "card.number": "its number: {number}",
    "card.none": "–",
    "card.line": "Number line from 0 to 9",
    "announce": "{stage} reads {digit}, {percent}.",
    "announce.number": "{stage} reads {digit}; its number is {number}.",
    "announce.nothing": "The paper is empty.",
    "announce.pen.down": "Pen down.",
    "announce.pen.up": "Pen up.",
    "seen.title": "What the networks see",
    "seen.what":
      "A network takes 784 numbers: 28 rows of 28 pixels, white ink on black. So your drawing is first made like the pictures that it was trained on. Every step is shown; chapter 7 tells why each one is there.",
    "seen.result": "28 × 28 pixels",
    "seen.hover": "Point at a pixel, or move with the arrow keys: 0 is black, 255 is white.",
    "seen.switches": "Leave a step out",
    "seen.scale": "scale to the box of 20 × 20",
    "seen.centre": "centre",
    "seen.switches.what":
      "Switch one off, draw a small digit in a corner, and see who still reads it.",
    "seen.pixel": "row {row}, column {column}: {value}",
    "seen.size": "{width} × {height}",
    "seen.unchanged": "nothing to do here",
    "seen.empty": "The steps appear here when you draw.",
    "step.upright": "Turn upright",
    "step.upright.what": "Cameras note how they were held; the photo is turned back.",
    "step.on_white": "Lay on white",
    "step.on_white.what": "Parts that one can see through become white paper.",
    "step.to_grey": "Take the colour away",
    "step.to_grey.what": "One number a pixel is left: how light it is.",
    "step.not_too_large": "Make it smaller",
    "step.not_too_large.what": "Of large pictures, blocks of pixels are averaged.",
    "step.white_ink_on_black": "White ink on black",
    "step.white_ink_on_black.what": "The border is taken for paper; light paper is inverted.",
    "step.even_light": "Even out the light",
    "step.even_light.what": "Whatever is wider than a stroke is shade, and is taken away.",
    "step.remove_paper": "Remove the paper",
    "step.remove_paper.what": "Paper becomes 0 and full ink 255.",
    "step.remove_lines": "Remove lines",
    "step.remove_lines.what":
      "Thin lines across the whole picture, as on ruled paper, are taken away.",
    "step.cut_out_digit": "Cut out the digit",
    "step.cut_out_digit.what": "Frames, specks and whatever runs along the border are left out.",
    "step.usual_stroke_width": "Usual stroke width",
    "step.usual_stroke_width.what": "A very fine pen gets wider strokes, a very thick one narrower strokes, as in MNIST.",
    "step.crop_to_ink": "Crop to the ink",
    "step.crop_to_ink.what": "Only the smallest rectangle with all the ink is kept.",
    "step.fit_in_box": "Scale to the box",
    "step.fit_in_box.what": "The longest side gets 20 pixels; the shape stays.",
    "step.centre_of_mass_to_middle": "Centre",
    "step.centre_of_mass_to_middle.what":
      "The mean place of the ink comes to the middle of 28 × 28.",
    "inside.title": "Inside a network",
    "inside.what":
      "From layer to layer, the picture becomes other pictures, and in the end a score for each digit. Point at any of them, or move with the arrow keys, to see its numbers.",
    "inside.choose": "Network",
    "legend.negative": "blue: below 0",
    "legend.positive": "red: above 0",
    "layer.title": "{number}. {name}",
    "layer.shape": "{from} → {to}",
    "layer.convolution": "Convolution",
    "layer.convolution.what":
      "Each filter slides over the maps before it. Its map shows where it fits (red) and where it fits the other way round (blue).",
    "layer.max_pool": "Max pooling",
    "layer.max_pool.what": "Of each 2 × 2 square only the largest number is kept.",
    "layer.average_pool": "Average pooling",
    "layer.average_pool.what": "Each map becomes one number: its mean.",
    "layer.batch_norm": "Batch normalisation",
    "layer.batch_norm.what":
      "Each map is multiplied by a number and another one is added, so that all maps keep to a similar range.",
    "layer.relu": "ReLU",
    "layer.relu.what": "Negative numbers become 0.",
    "layer.flatten": "Flatten",
    "layer.flatten.what": "The maps are laid in one row of numbers. Nothing is computed.",
    "layer.linear": "Linear",
    "layer.linear.what": "Each neuron multiplies all its inputs by its weights and adds up.",
    "layer.scores":
      "The ten numbers are the scores of 0 to 9. Softmax turns them into the probabilities above.",
    "layer.sum":
      "The sum of all these products, plus the bias {bias}, is {number}: this is all the neuron has to say.",
    "maps.filters": "Filters: what was learned",
    "maps.weights": "Weights: what was learned, one picture a neuron",
    "maps.weight": "Weights: what was learned",
    "maps.product": "Picture × weights",
    "maps.outputs": "What comes out",
    "maps.all": "Show all {count}",
    "maps.fewer": "Show fewer",
    "maps.empty": "What comes out appears here when you draw.",
    "maps.filter": "filter {map}, channel {channel}, row {row}, column {column}: {value}",
    "maps.neuron": "neuron {map}, row {row}, column {column}: {value}",
    "maps.map": "map {map}, row {row}, column {column}: {value}",
    "maps.number": "number {map}: {value}",
    "maps.score": "score of {map}: {value}",
    "maps.pixel": "row {row}, column {column}: {value}",
    "footer":
      "Written by the command “python -m paddle_mnist.demo”. The code of this page is plain JavaScript, made to be read: view the source.",
  },
  zh: {
    "language.other": "English",
    "theme.dark": "深色",
    "theme.light": "浅色",
    "title": "写一个数字",
    "intro":
      "你一边写，{count} 个训练好的网络一边认。它们就在这个文件里：你写的内容不会离开你的电脑。",
    "intro.one": "你一边写，一个训练好的网络一边认。它就在这个文件里：你写的内容不会离开你的电脑。",
    "board.prompt": "在这里写一个数字，0 到 9",
    "board.label": "写数字的纸",
    "board.help":
      "按键：方向键移动笔（加 Shift 移动一点点），空格落笔或提笔，Z 撤销一笔，C 清空，1 到 4 选择笔的粗细。",
    "undo": "撤销",
    "clear": "清空",
    "brush.label": "笔的粗细",
    "brush": "笔 {number}",
    "examples": "不方便写？让页面写一个：",
    "example": "写一个例子：{digit}",
    "file.choose": "选择一张图片",
    "file.or": "或者拖入、粘贴一张。",
    "file.reading": "正在读取图片……",
    "file.bytes": "文件超过了 10 MB 的上限，请换一个小一些的。",
    "file.pixels": "图片超过了 2000 万像素的上限，请把它缩小，或者只留下数字的部分。",
    "file.kind": "浏览器读不了这个文件。请使用 PNG、JPEG、GIF、BMP 或 WebP 图片。",
    "doubt.blank": "没有找到可以认的内容：图片是空白的，或者太淡。",
    "doubt.nothing": "这也许不是数字：只在边缘找到了一些痕迹。",
    "doubt.low": "程序没有把握这是几。",
    "doubt.several": "这里好像不止一个数字。程序一次只认一个。",
    "answers.title": "它们认成了什么",
    "answers.what":
      "横条是概率：网络对每个数字有多大把握。单个神经元没有概率：在它看来，数字只是数轴上的数，它取最近的一个。第 2、3、4 章会动手搭建 linear、mlp 和 cnn。",
    "speed":
      "在这台设备上，所有网络一起认一次需要 {time} 毫秒。屏幕每刷新一次，最多认一次；下面的特征图等你停笔时才更新。",
    "speed.none": "屏幕每刷新一次，最多认一次；下面的特征图等你停笔时才更新。",
    "stage.linear": "一个神经元",
    "stage.mlp": "两层神经元",
    "stage.cnn": "小小的卷积核滑过图片",
    "stage.deep-cnn": "三层卷积，一层接一层",
    "stage.dropout-cnn": "两层卷积，训练时用了 dropout",
    "stage.tuned-cnn": "更宽的卷积，用旋转过的数字训练",
    "stage.tiny": "参数很少，练得很多",
    "stage.best": "其中最会认的一个",
    "where.ships with the package": "随软件包提供",
    "where.your run": "你自己训练的",
    "card.parameters": "个参数",
    "card.accuracy": "测试准确率",
    "card.unknown": "没有测过",
    "card.number": "它给出的数：{number}",
    "card.none": "–",
    "card.line": "从 0 到 9 的数轴",
    "announce": "{stage} 认作 {digit}，{percent}。",
    "announce.number": "{stage} 认作 {digit}，它给出的数是 {number}。",
    "announce.nothing": "纸上是空的。",
    "announce.pen.down": "落笔。",
    "announce.pen.up": "提笔。",
    "seen.title": "网络看到了什么",
    "seen.what":
      "网络接收 784 个数：28 行，每行 28 个像素，黑底白字。所以要先把你写的数字变成它训练时见过的样子。这里画出了每一步；每一步的理由，见第 7 章。",
    "seen.result": "28 × 28 像素",
    "seen.hover": "指向一个像素，或者用方向键移动：0 是黑，255 是白。",
    "seen.switches": "省去一步",
    "seen.scale": "缩放到 20 × 20 的方框",
    "seen.centre": "居中",
    "seen.switches.what": "关掉其中一个，在角落里写一个小小的数字，看看谁还认得出。",
    "seen.pixel": "第 {row} 行，第 {column} 列：{value}",
    "seen.size": "{width} × {height}",
    "seen.unchanged": "这里无须改动",
    "seen.empty": "开始写，每一步就会出现在这里。",
    "step.upright": "转正",
    "step.upright.what": "相机会记下拍照时的方向；把照片转回来。",
    "step.on_white": "铺上白纸",
    "step.on_white.what": "透明的部分变成白纸。",
    "step.to_grey": "去掉颜色",
    "step.to_grey.what": "每个像素只留下一个数：它有多亮。",
    "step.not_too_large": "缩小",
    "step.not_too_large.what": "图片很大时，把一块块像素取平均。",
    "step.white_ink_on_black": "变成黑底白字",
    "step.white_ink_on_black.what": "把边缘当作纸；纸是浅色的，就反相。",
    "step.even_light": "让光线均匀",
    "step.even_light.what": "比笔画宽得多的是阴影，把它减去。",
    "step.remove_paper": "去掉纸",
    "step.remove_paper.what": "纸变成 0，最浓的墨变成 255。",
    "step.remove_lines": "去掉格线",
    "step.remove_lines.what": "横穿整张图片的细线（比如作业纸上的格线）不算墨迹。",
    "step.cut_out_digit": "裁出数字",
    "step.cut_out_digit.what": "方框、污点和贴着边缘的东西都不算。",
    "step.usual_stroke_width": "让笔画粗细正常",
    "step.usual_stroke_width.what": "笔画太细就加粗，太粗就变细，让它和 MNIST 差不多。",
    "step.crop_to_ink": "贴着墨迹裁切",
    "step.crop_to_ink.what": "只留下包含全部墨迹的最小矩形。",
    "step.fit_in_box": "缩放到方框",
    "step.fit_in_box.what": "最长的一边变成 20 个像素，形状不变。",
    "step.centre_of_mass_to_middle": "居中",
    "step.centre_of_mass_to_middle.what": "把墨迹的质心移到 28 × 28 的正中。",
    "inside.title": "网络里面",
    "inside.what":
      "一层又一层，图片变成另一些图片，最后变成每个数字的得分。指向任意一张，或者用方向键移动，就能看到其中的数。",
    "inside.choose": "网络",
    "legend.negative": "蓝：小于 0",
    "legend.positive": "红：大于 0",
    "layer.title": "{number}. {name}",
    "layer.shape": "{from} → {to}",
    "layer.convolution": "卷积",
    "layer.convolution.what":
      "每个卷积核都从前一层的图上滑过。特征图上，红色是相符的地方，蓝色是正好相反的地方。",
    "layer.max_pool": "最大池化",
    "layer.max_pool.what": "每个 2 × 2 的小方块里，只留下最大的数。",
    "layer.average_pool": "平均池化",
    "layer.average_pool.what": "每张图变成一个数：它的平均值。",
    "layer.batch_norm": "批归一化",
    "layer.batch_norm.what": "每张图乘以一个数，再加上一个数，好让所有的图都保持在相近的范围内。",
    "layer.relu": "ReLU",
    "layer.relu.what": "负数变成 0。",
    "layer.flatten": "展平",
    "layer.flatten.what": "把所有的图排成一行数，不做任何计算。",
    "layer.linear": "全连接",
    "layer.linear.what": "每个神经元把所有输入乘以各自的权重，再加起来。",
    "layer.scores": "这十个数就是 0 到 9 的得分，softmax 把它们变成上面的概率。",
    "layer.sum": "所有乘积相加，再加上偏置 {bias}，等于 {number}：这个神经元能说的，只有这一个数。",
    "maps.filters": "卷积核：学到的内容",
    "maps.weights": "权重：学到的内容，每个神经元一张图",
    "maps.weight": "权重：学到的内容",
    "maps.product": "图片 × 权重",
    "maps.outputs": "算出的结果",
    "maps.all": "显示全部 {count} 张",
    "maps.fewer": "少显示一些",
    "maps.empty": "开始写，算出的结果就会出现在这里。",
    "maps.filter": "卷积核 {map}，通道 {channel}，第 {row} 行，第 {column} 列：{value}",
    "maps.neuron": "神经元 {map}，第 {row} 行，第 {column} 列：{value}",
    "maps.map": "特征图 {map}，第 {row} 行，第 {column} 列：{value}",
    "maps.number": "第 {map} 个数：{value}",
    "maps.score": "{map} 的得分：{value}",
    "maps.pixel": "第 {row} 行，第 {column} 列：{value}",
    "footer":
      "本页由命令 “python -m paddle_mnist.demo” 写成。它的代码是朴素的 JavaScript，就是写给人读的：请查看源代码。",
  },
};

let language = navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";

// The text with this key in the current language; values: {name: value} for its {name}s.
function textOf(key, values = {}) {
  const text = TEXTS[language][key];
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// The same, or the alternative where there is no such text: for names that come from elsewhere.
function textOr(key, alternative) {
  return key in TEXTS[language] ? textOf(key) : alternative;
}

// Fill every element below `root` that names its text in data-text or data-label.
function fillTexts(root) {
  for (const node of root.querySelectorAll("[data-text]")) {
    node.textContent = textOf(node.dataset.text);
  }
  for (const node of root.querySelectorAll("[data-label]")) {
    node.setAttribute("aria-label", textOf(node.dataset.label));
  }
}

function formatPercent(share) {
  // Softmax never reaches 1, so 100% would say too much.
  return `${Math.min(99, Math.round(share * 100))}%`;
}

function formatNumber(value, digits) {
  return value.toFixed(digits).replace("-", "−");
}
