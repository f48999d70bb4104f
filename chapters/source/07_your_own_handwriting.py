# %% [markdown] lang="en"
# # Chapter 7: Why does 99% on the test set misread your 7?
#
# **You will build** the way from any picture of a digit to what MNIST's own pictures are: a way of ten steps. You will measure what each step is worth, see where it ends, and let the network read your own handwriting.
#
# **Time:** 60 minutes to read and try; the computer needs {{seconds}} seconds for all cells.
#
# **You need to know:** what a convolutional network is ([chapter 4](04_convolution.ipynb)), and what validation images are for ([chapter 5](05_generalise.ipynb)).

# %% [markdown] lang="zh"
# # 第 7 章：测试集上 99%，为什么还会认错你写的 7？
#
# **你将做出**一条由十个步骤组成的处理流程，把任意一张数字图片变成和 MNIST 一样的图片。你会测量每一步值多少，看到它在哪里失灵，再让网络来认你自己的手写数字。
#
# **时间**：阅读和动手约 60 分钟；运行全部单元格，计算机需要约 {{seconds}} 秒。
#
# **需要先知道**：什么是卷积神经网络（[第 4 章](04_convolution.ipynb)），以及验证图片有什么用（[第 5 章](05_generalise.ipynb)）。

# %%
# %matplotlib inline
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from paddle_mnist.course import course_folder, trained
from paddle_mnist.data import load_mnist

mnist = load_mnist()
print(mnist.source.message)

# %% [markdown] lang="en"
# If the line above begins with `WARNING`, the sample of 5,000 images is used. Everything works with it too; the accuracies are then lower than the ones in this text.
#
# ## A network that reads 99%
#
# We take the convolutional network of chapter 4. `trained` loads it if it is there, and otherwise trains it now. Its record says how well it read the test set when its training was over:

# %% [markdown] lang="zh"
# 如果上面这一行以 `WARNING` 开头，说明现在用的是 5,000 张图片的小样本。一切照样能运行，只是准确率会比文中的低。
#
# ## 一个准确率 99% 的网络
#
# 我们使用第 4 章的卷积神经网络。如果已经训练过，`trained` 就直接载入；否则现在就训练。训练结束时它在测试集上的成绩，记录在它的档案里：

# %%
cnn = trained("cnn")
test = cnn.record["test"]
print(f"accuracy on {test['count']:,} test images: {test['accuracy']:.1%}")

# %% [markdown] lang="en"
# ## Thirteen pictures, read in two ways
#
# Over {{seeds cnn}} random starts, this network reads {{accuracy cnn}} of MNIST's test set. Now we give it the pictures in the folder `work/`, which are not from MNIST. A network takes 28 × 28 pixels, so something has to be done to them first. Many courses do the least: make the picture 28 × 28, and invert it, because MNIST is white ink on black. The package has this as `load_image_plain`. Written out, it is two lines:

# %% [markdown] lang="zh"
# ## 十三张图片，两种读法
#
# 换 {{seeds cnn}} 个随机起点，这个网络在 MNIST 测试集上的准确率为 {{accuracy cnn}}。现在把 `work/` 文件夹里的图片交给它，这些图片不是 MNIST 里的。网络只接收 28 × 28 像素，所以图片要先处理一下。许多课程只做最少的事：缩放到 28 × 28，再反色，因为 MNIST 是黑底白字。软件包里这个做法叫 `load_image_plain`。自己写出来，只有两行：

# %%
from paddle_mnist.images import load_image, load_image_plain, open_picture

work = course_folder() / "work"


def plain_by_hand(picture):
    """Make a picture 28 x 28 and invert it: nothing else."""
    small = picture.convert("L").resize((28, 28), Image.Resampling.LANCZOS)
    return 255 - np.asarray(small)  # [28, 28]


seven = open_picture(work / "example_7.jpg")
assert np.array_equal(plain_by_hand(seven), load_image_plain(work / "example_7.jpg")[0])

# %% [markdown] lang="en"
# `load_image` is the other way: it does all that was done to MNIST's own pictures. We read each picture in both ways, and compare.

# %% [markdown] lang="zh"
# 另一种做法是 `load_image`：凡是 MNIST 自己的图片经过的处理，它都做一遍。我们用两种做法各读一遍，再作比较。

# %%
from paddle_mnist.data import read_labels_csv

rows = [row for row in read_labels_csv(work) if row.file.startswith("example_")]
labels = np.array([row.label for row in rows])  # [N]
plain = np.concatenate([load_image_plain(work / row.file) for row in rows])  # [N, 28, 28]
prepared = np.concatenate([load_image(work / row.file) for row in rows])  # [N, 28, 28]

for name, images in {"resized and inverted": plain, "all steps": prepared}.items():
    right = sum(reading.digit == label for reading, label in zip(cnn.read(images), labels))
    print(f"{name:20}: {right} of {len(rows)} pictures read right ({right / len(rows):.0%})")

# %% tags=["picture"]
columns = 7
blocks = -(-len(rows) // columns)
figure = Figure(figsize=(9, 3 * blocks), layout="constrained")
grid = figure.subplots(2 * blocks, columns, squeeze=False)
for axes in grid.flat:
    axes.set(xticks=[], yticks=[], frame_on=False)
for index, (row, *pair) in enumerate(zip(rows, cnn.read(plain), cnn.read(prepared))):
    block, column = divmod(index, columns)
    for axes, reading, way in zip(grid[2 * block :, column], pair, ("resized", "all steps")):
        axes.imshow(reading.image, cmap="gray", vmin=0, vmax=255)
        color = "black" if reading.digit == row.label else "red"
        axes.set_title(f"{reading.digit} ({reading.probabilities.max():.0%})", color=color)
        if column == 0:
            axes.set_ylabel(way, fontsize=12)
figure.suptitle("What the network sees, and what it reads (red: wrong)")
figure

# %% [markdown] lang="en"
# Thirteen pictures are few. One picture more or less is nearly eight points, and a network from another random start misreads other ones. So this is a hint, not a measurement; a better one follows below. But look at the probabilities too. In the simple way, the network is unsure of several pictures, even of some that it reads right. The digits are as clear as in the test set. Why are they hard for it?
#
# ## What do MNIST's pictures have in common?
#
# A network learns from examples, and it learns what *all* examples have in common too. Let us measure two things that nobody thinks of when looking at a digit: where it lies, and how large it is. The **centre of mass** is the mean position of the ink, in which each pixel counts as much as it is bright. The **box** is the smallest rectangle that holds the ink:

# %% [markdown] lang="zh"
# 十三张图片太少了。多对一张、少对一张，就差将近八个百分点；换一个随机起点训练的网络，认错的又会是另外几张。所以这只是一个线索，不是测量；更可靠的测量在后面。不过请再看看那些概率。用简单做法时，网络对好几张图片都没有把握，连一些认对了的也是。这些数字和测试集里的一样清楚，为什么对网络来说这么难？
#
# ## MNIST 的图片有什么共同点？
#
# 网络从样例中学习，也会学到*所有*样例共有的东西。我们来测量两件看数字时谁也不会在意的事：数字在哪里，有多大。**质心**是墨迹的平均位置，每个像素按它的亮度计算分量。**外框**是刚好包住墨迹的最小矩形：

# %%
from paddle_mnist.images import INK


def measure(images):
    """The centres of mass (row, column) and the boxes (height, width) of pictures [N, 28, 28]."""
    paper = np.median(images, axis=(1, 2), keepdims=True)  # [N, 1, 1]
    ink = np.maximum(images - paper, 0)  # [N, 28, 28]
    centres, sides = [], []
    for mass, is_ink in (
        (ink.sum(axis=2), (ink >= INK).any(axis=2)),  # the rows
        (ink.sum(axis=1), (ink >= INK).any(axis=1)),  # the columns
    ):
        centres.append(mass @ np.arange(28) / mass.sum(axis=1))
        first, after_last = is_ink.argmax(axis=1), 28 - is_ink[:, ::-1].argmax(axis=1)
        sides.append(after_last - first)
    return np.stack(centres, axis=1), np.stack(sides, axis=1)  # two of [N, 2]


centres, sides = measure(mnist.train.images[:10_000])
print("centre of mass, from", centres.min(axis=0).round(2), "to", centres.max(axis=0).round(2))
share = (sides.max(axis=1) == 20).mean()
print(f"pictures in which the longest side of the digit is 20 pixels: {share:.1%}")

# %% tags=["picture"]
figure = Figure(figsize=(8.5, 3), layout="constrained")
left, right = figure.subplots(1, 2)
bins = np.arange(12, 16.01, 0.1)
left.hist(centres, bins=bins, label=["row", "column"])
left.set(xlabel="centre of mass (pixels from the top or the left)", ylabel="pictures")
left.legend()
lengths = np.bincount(sides.max(axis=1), minlength=29)
right.bar(range(29), lengths)
right.set(xlabel="longest side of the digit's box (pixels)", ylabel="pictures", xlim=(-1, 29))
figure.suptitle("MNIST's training pictures: all in the middle, nearly all 20 pixels")
figure

# %% [markdown] lang="en"
# No hand writes like that. The authors of MNIST did it: they scaled each digit until it just filled a box of 20 × 20 pixels, and then moved it until its centre of mass was in the middle of 28 × 28 ([LeCun, Cortes and Burges](http://yann.lecun.com/exdb/mnist/)). The test pictures went through the same, so the test set cannot show what happens to others. Here are the same measures for the pictures in `work/`:

# %% [markdown] lang="zh"
# 没有人的手能写成这样。这是 MNIST 的作者做的：他们把每个数字缩放到恰好填满 20 × 20 像素的方框，再移动它，让质心落在 28 × 28 的正中（[LeCun、Cortes 和 Burges](http://yann.lecun.com/exdb/mnist/)）。测试图片也经过了同样的处理，所以测试集看不出别的图片会怎样。下面对 `work/` 里的图片作同样的测量：

# %% tags=["picture"]
figure = Figure(figsize=(8, 4), layout="constrained")
groups = {
    "MNIST": (mnist.train.images[:1000], {"color": "0.6", "marker": ".", "s": 12}),
    "work/, resized": (plain, {"color": "tab:red", "marker": "x"}),
    "work/, all steps": (prepared, {"color": "tab:blue", "marker": "+", "s": 60}),
}
left, right = figure.subplots(1, 2)
for name, (images, style) in groups.items():
    for axes, places in zip((left, right), measure(images)):
        axes.scatter(places[:, 1], places[:, 0], label=name, **style)
left.set(xlabel="column", ylabel="row", title="centre of mass", xlim=(9, 21), ylim=(21, 9))
right.set(xlabel="width", ylabel="height", title="box", xlim=(0, 29), ylim=(0, 29))
for axes in (left, right):
    axes.set_aspect("equal")
    axes.grid(alpha=0.3)
right.legend(loc="lower right")
figure

# %% [markdown] lang="en"
# Most of the red crosses lie where MNIST has no picture at all. The pictures that a network was trained on follow a **distribution**: some pictures are common in it, some are rare, most never occur. When the pictures that it is used on follow another one, this is called a **distribution shift**. The accuracy on a test set is a promise only for pictures of the same distribution. After all ten steps, the pictures are back where MNIST is.
#
# ## How much can a network bear?
#
# We change validation pictures in one way at a time: move them, make them smaller or larger, and tilt them. Two networks have to read them. The stage `mlp` is trained on all 60,000 pictures, the validation pictures too, so we train the same network anew without them:

# %% [markdown] lang="zh"
# 红色的叉大多落在 MNIST 一张图片也没有的地方。训练网络用的图片服从某种**分布**：有些图片常见，有些少见，大多数从不出现。如果实际使用时的图片服从另一种分布，就叫作**分布偏移**。测试集上的准确率，只对同一分布的图片作数。经过全部十个步骤，图片就回到了 MNIST 所在的地方。
#
# ## 网络能承受多少偏移？
#
# 我们对验证图片每次只作一种改动：平移，缩小或放大，倾斜。让两个网络来读。`mlp` 阶段是用全部 60,000 张图片训练的，验证图片也在其中，所以这里不用它们，把同样的网络重新训练一遍：

# %%
from paddle_mnist.callbacks import ProgressBar
from paddle_mnist.infer import Recognizer
from paddle_mnist.loop import fit
from paddle_mnist.losses import cross_entropy
from paddle_mnist.optimizers import build_optimizer
from paddle_mnist.runtime import set_seed
from paddle_mnist.stages import build_network

random = set_seed(0)
network = build_network("mlp")
optimizer = build_optimizer("rmsprop", 0.001, network.parameters())
fit(
    network,
    cross_entropy,
    optimizer,
    mnist.train,
    mnist.validation,
    epochs=3,
    batch_size=128,
    random=random,
    callbacks=[ProgressBar()],
)
readers = {"multilayer perceptron": Recognizer(network, "mlp"), "convolutional network": cnn}

# %%
from paddle_mnist.metrics import predicted_digits

few = mnist.validation.take(slice(1000))


def accuracy(reader, images, labels):
    """The share of pictures that a network reads right."""
    return (predicted_digits(reader.outputs(images)) == labels).mean()


def moved(images, down, right):
    """Move pictures by up to 6 pixels; what comes in from outside is paper."""
    wide = np.pad(images, ((0, 0), (6, 6), (6, 6)))  # [N, 40, 40]
    return wide[:, 6 - down : 34 - down, 6 - right : 34 - right]  # [N, 28, 28]


def resized(image, side):
    """Scale a picture to side x side pixels, and cut or fill it to 28 x 28 around its middle."""
    margin = (28 - side) // 2  # below 0 where the picture grows
    scaled = Image.fromarray(image).resize((side, side), Image.Resampling.BILINEAR)
    return np.asarray(scaled.crop((-margin, -margin, 28 - margin, 28 - margin)))  # [28, 28]


def tilted(image, degrees):
    """Turn a picture about its middle, to the left."""
    return np.asarray(Image.fromarray(image).rotate(degrees, Image.Resampling.BILINEAR))


directions = ((1, 0), (-1, 0), (0, 1), (0, -1))
steps, scales, angles = range(7), range(14, 37, 2), range(-60, 61, 15)
changed = {
    "moved by (pixels)": {
        step: [moved(few.images, down * step, right * step) for down, right in directions]
        for step in steps
    },
    "scaled by": {
        side / 28: [np.stack([resized(image, side) for image in few.images])] for side in scales
    },
    "tilted by (degrees)": {
        angle: [np.stack([tilted(image, angle) for image in few.images])] for angle in angles
    },
}
curves = {
    name: {
        what: [np.mean([accuracy(reader, i, few.labels) for i in series[at]]) for at in series]
        for what, series in changed.items()
    }
    for name, reader in readers.items()
}

# %% tags=["picture"]
figure = Figure(figsize=(8.5, 3.2), layout="constrained")
for axes, (what, series) in zip(figure.subplots(1, 3, sharey=True), changed.items()):
    for (name, by_change), style in zip(curves.items(), ("s--", "o-")):
        axes.plot(list(series), by_change[what], style, markersize=4, label=name)
    axes.axhline(0.1, color="0.5", linestyle=":", label="guessing")
    axes.set(xlabel=what, ylim=(0, 1.02))
    axes.grid(alpha=0.3)
figure.axes[0].set_ylabel("accuracy")
figure.axes[1].legend(fontsize=8, loc="lower right")
figure.suptitle("One change at a time: what two networks still read")
figure

# %% [markdown] lang="en"
# Without a change (0 pixels, scale 1, 0 degrees) both are as good as we know them. Then they fall. To us, a 7 that is moved by 4 pixels is still a 7. To the multilayer perceptron it is ink on other inputs, with other weights. The convolutional network bears more: its kernels look for the same strokes everywhere, and pooling forgets small moves. But behind them stands a dense layer that expects each stroke in its usual place, so it fails too, only later.
#
# The photo has one more difference: the ink is dark. What if nobody inverts the picture?

# %% [markdown] lang="zh"
# 不作改动时（0 像素、缩放 1、0 度），两个网络都和我们所知的一样好。然后准确率就下降了。对我们来说，平移 4 个像素的 7 还是 7；对多层感知机来说，墨迹落到了别的输入上，乘的是别的权重。卷积神经网络承受得更多：卷积核在每个位置寻找同样的笔画，池化又忽略小的移动。可是它后面还有一个全连接层，期待每一笔都在惯常的位置，所以它也会失败，只是晚一些。
#
# 照片还有一点不同：墨迹是深色的。如果没有人反色呢？

# %%
inverted = 255 - few.images  # [N, 28, 28]
for name, reader in readers.items():
    before = accuracy(reader, few.images, few.labels)
    after = accuracy(reader, inverted, few.labels)
    print(f"{name}: white ink on black {before:.1%}, dark ink on white {after:.1%}")

# %% [markdown] lang="en"
# A great part of the digits is lost, though each has the same shape at the same place. Neither network was ever asked about such a picture, so its answers are left to chance: the second figure changes by many points from one random start to the next.
#
# There are two cures. One can train on more kinds of pictures: [chapter 6](06_tune.ipynb) turns, zooms and shifts the training pictures. Or one can bring each new picture to the distribution that the network knows. This chapter does the second.
#
# ## Ten steps from a photo to MNIST
#
# `paddle_mnist.images.STEPS` is a list of ten functions; each takes what the one before returned. Here is a photo in uneven light, after every step:

# %% [markdown] lang="zh"
# 很大一部分数字都认不出了，而形状和位置一点没变。这样的图片两个网络从来没有见过，回答只能碰运气：换一个随机起点，后一个数字会相差许多个百分点。
#
# 办法有两种。一种是用更多样的图片来训练：[第 6 章](06_tune.ipynb)对训练图片作了旋转、缩放和平移。另一种是把每张新图片变到网络熟悉的分布上。本章用第二种。
#
# ## 从照片到 MNIST 的十个步骤
#
# `paddle_mnist.images.STEPS` 是十个函数的列表，每个函数接收前一个函数的结果。下面是一张光线不均匀的照片，经过每一步之后的样子：

# %%
from paddle_mnist.images import STEPS


def plot_steps(path):
    """Draw a picture as it is stored, and after each of the ten steps."""
    result = open_picture(path)
    results = [("as stored", result)]
    for step in STEPS:
        result = step(result)
        results.append((step.__name__.replace("mass_to", "mass\nto"), result))
    figure = Figure(figsize=(9, 3.9), layout="constrained")
    for axes in figure.subplots(2, 6).flat:
        axes.axis("off")
    for axes, (name, result) in zip(figure.axes, results):
        # Pillow's "RGB" leaves out the transparency, so we see the colours that lie under it.
        pixels = np.asarray(result.convert("RGB") if isinstance(result, Image.Image) else result)
        axes.imshow(pixels, cmap="gray", vmin=0, vmax=255)
        axes.set_title(name, fontsize=9)
    figure.suptitle(path.name)
    return figure


for number, step in enumerate(STEPS, start=1):
    print(f"{number:2}. {step.__name__}\n      {step.__doc__.splitlines()[0]}")

# %% tags=["picture"]
plot_steps(work / "example_3_photo.jpg")

# %% [markdown] lang="en"
# The first four steps only bring the picture into one form: the right way up, without transparency, without colour, not too large. `even_light` takes the shadow away: it finds what is wider than any stroke, and subtracts it. `remove_paper` finds a **threshold** between paper and ink, makes the paper black and full ink white.
#
# The second picture has a trap. Its 4 is drawn with transparency: *every* pixel is black, and the transparent ones are only not shown. A program that ignores transparency sees a black sheet. `on_white` lays it on paper:

# %% [markdown] lang="zh"
# 前四步只是统一格式：摆正，去掉透明，去掉颜色，不要太大。`even_light` 去掉阴影：它找出比任何笔画都宽的明暗，再减掉。`remove_paper` 在纸和墨迹之间找一个**阈值**，让纸变成黑色，让最浓的墨迹变成白色。
#
# 第二张图里有个陷阱。这个 4 是用透明度画的：*每个*像素都是黑的，只是透明的部分不显示。忽略透明度的程序只会看到一整张黑。`on_white` 把它铺到白纸上：

# %% tags=["picture"]
plot_steps(work / "example_4_transparent.png")

# %% [markdown] lang="en"
# ## Four steps by hand
#
# Four of the steps do what the authors of MNIST did: white ink on black, cut out, fit into 20 × 20, centre. We write them out for `example_7.jpg`. First the inversion. The border of a photo is nearly always paper, so its middle grey level (the median) tells what the paper is like:

# %% [markdown] lang="zh"
# ## 亲手写四个步骤
#
# 其中四步做的就是 MNIST 的作者做过的事：变成黑底白字，裁剪，缩放到 20 × 20，居中。我们用 `example_7.jpg` 把它们写一遍。先是反色。照片的边缘几乎总是纸，所以边缘灰度值的中位数就能说明纸是深是浅：

# %%
from paddle_mnist.images import (
    centre_of_mass_to_middle,
    crop_to_ink,
    even_light,
    fit_in_box,
    not_too_large,
    on_white,
    remove_paper,
    to_grey,
    upright,
    white_ink_on_black,
)

grey = not_too_large(to_grey(on_white(upright(seven))))  # [H, W]

border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
paper = np.median(border)
white_ink = 255 - grey if paper > 127 else grey  # [H, W]

assert np.array_equal(white_ink, white_ink_on_black(grey))
print("paper:", paper, " darkest:", grey.min(), " lightest:", grey.max())

# %% [markdown] lang="en"
# The package's rule is a little better: it asks whether the darkest or the lightest pixels are farther from the paper, so that a dark photo of white paper is inverted too. For this picture both agree. Light and paper are left to the package; then comes the cut along the edges of the ink. `any` asks of each row (or column) whether there is ink in it; the first and the last one that has ink are the edges:

# %% [markdown] lang="zh"
# 软件包的规则稍好一些：它看最暗的像素和最亮的像素哪一个离纸的灰度更远，这样，拍得很暗的白纸也会被反色。对这张图片，两者结果相同。光线和纸交给软件包处理，然后沿着墨迹的边缘裁剪。`any` 逐行（或逐列）问：这里有没有墨迹？第一个和最后一个有墨迹的行列，就是边缘：

# %%
ink = remove_paper(even_light(white_ink))  # [H, W]

has_ink = ink >= INK  # [H, W]
inked_rows = np.flatnonzero(has_ink.any(axis=1))
inked_columns = np.flatnonzero(has_ink.any(axis=0))
top, bottom = inked_rows[0], inked_rows[-1] + 1
left, right = inked_columns[0], inked_columns[-1] + 1
digit = ink[top:bottom, left:right]

assert np.array_equal(digit, crop_to_ink(ink))
print("the whole picture:", ink.shape, " the digit:", digit.shape)

# %% [markdown] lang="en"
# Next, the size. The longest side becomes 20 pixels, and the other one shrinks by the same factor, so that a 1 stays narrow. Thin strokes get grey when they shrink; so the result is multiplied until its brightest pixel is 255 again:

# %% [markdown] lang="zh"
# 接着是大小。长边变成 20 像素，短边按同样的倍数缩小，这样 1 还是窄的。细笔画缩小后会变灰，所以最后乘上一个数，让最亮的像素重新等于 255：

# %%
height, width = digit.shape
factor = 20 / max(height, width)
new_size = (max(1, round(width * factor)), max(1, round(height * factor)))  # Pillow: width first
box = np.asarray(Image.fromarray(digit).resize(new_size, Image.Resampling.BILINEAR))
box = np.rint(box * (255 / box.max())).astype("uint8")

assert np.array_equal(box, fit_in_box(digit))
print("the box:", box.shape)

# %% [markdown] lang="en"
# Last, the place. Let $m_i$ be the sum of the ink in row $i$, its mass. The centre of mass of the rows is the mean of the row numbers $i$, weighted by $m_i$, and the same for the columns:
#
# $$c = \frac{\sum_i i \, m_i}{\sum_i m_i}$$
#
# The middle of 28 × 28 is pixel 14, counted from 0. So the box begins at $14 - c$, rounded to whole pixels:

# %% [markdown] lang="zh"
# 最后是位置。设 $m_i$ 是第 $i$ 行墨迹之和，也就是它的质量。行方向的质心是行号 $i$ 以 $m_i$ 为权重的平均值，列方向也一样：
#
# $$c = \frac{\sum_i i \, m_i}{\sum_i m_i}$$
#
# 28 × 28 的正中是第 14 个像素（从 0 数起）。所以方框从 $14 - c$ 开始，四舍五入到整像素：


# %%
def centre_of_mass(mass):
    """The mean place of the ink, counted from 0."""
    return (np.arange(len(mass)) * mass).sum() / mass.sum()


top = round(14 - centre_of_mass(box.sum(axis=1)))
left = round(14 - centre_of_mass(box.sum(axis=0)))
image = np.zeros((28, 28), "uint8")  # [28, 28]
image[top : top + box.shape[0], left : left + box.shape[1]] = box

assert np.array_equal(image, centre_of_mass_to_middle(box))
assert np.array_equal(image, load_image(work / "example_7.jpg")[0])
print("the box begins in row", top, "and column", left)

# %% [markdown] lang="en"
# Our four steps give the same picture as `load_image`, to the last pixel. From now on we import them.
#
# ## Which step is worth what?
#
# To measure this we need many photos of which we know the digit. So we make them: we draw validation digits on sheets of "paper", each at a random place and in a random size, with a random pen, in uneven light and with some grain. One sheet in five is a blackboard. These are made photos, with limits that we chose; real ones differ. But all steps are compared on the same ones.

# %% [markdown] lang="zh"
# 我们的四个步骤得到的图片和 `load_image` 的完全一样，一个像素也不差。以后就直接导入它们。
#
# ## 每一步值多少？
#
# 要测量这一点，需要很多张已知数字的照片。那就自己来做：把验证集的数字画到“纸”上，位置、大小和笔的深浅都随机，光线不均匀，还带一点颗粒噪声。每五张里大约有一张是黑板。这些是造出来的照片，范围由我们设定，和真实照片有差别。不过，所有步骤都在同一批照片上比较。

# %%
HEIGHT, WIDTH = 200, 260


def make_photo(digit, random, contrast=(0.4, 0.85), falloff=(0, 0.4), grain=(1, 3)):
    """Draw a digit [28, 28] on paper; each of the three dials is drawn between two limits."""
    side = int(random.integers(60, 181))
    top, left = random.integers(0, HEIGHT - side + 1), random.integers(0, WIDTH - side + 1)
    large = Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC)
    ink = np.zeros((HEIGHT, WIDTH))  # [200, 260]
    ink[top : top + side, left : left + side] = np.asarray(large) / 255

    paper = random.uniform(150, 240)
    pen = paper * (1 - random.uniform(*contrast))
    if random.random() < 0.2:  # chalk on a blackboard
        paper, pen = pen, paper
    levels = paper + (pen - paper) * ink  # [200, 260]

    # The light gets weaker in one direction: from 1 in one corner to 1 - falloff in another.
    angle = random.uniform(0, 2 * np.pi)
    down, across = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    slope = np.sin(angle) * down + np.cos(angle) * across  # [200, 260]
    shade = (slope - slope.min()) / (slope.max() - slope.min())  # [200, 260]
    levels = levels * (1 - random.uniform(*falloff) * shade)  # [200, 260]

    levels = levels + random.uniform(*grain) * random.normal(size=levels.shape)  # [200, 260]
    return Image.fromarray(np.rint(levels.clip(0, 255)).astype("uint8"))


count = 300 if mnist.source.is_mnist else 60
drawn = mnist.validation.take(slice(count))
random = np.random.default_rng(0)
photos = [make_photo(digit, random) for digit in drawn.images]
print(len(photos), "photos of", photos[0].size, "pixels")

# %% tags=["picture"]
figure = Figure(figsize=(8, 3), layout="constrained")
for axes, photo, label in zip(figure.subplots(2, 5).flat, photos, drawn.labels):
    axes.imshow(photo, cmap="gray", vmin=0, vmax=255)
    axes.set_title(label, fontsize=9)
    axes.axis("off")
figure.suptitle("Made photos, and the digits in them")
figure

# %% [markdown] lang="en"
# Now we leave out one step at a time and read all photos. Such an experiment is called an **ablation**. The first four steps cannot be left out, because the later ones need what they return. For two others something has to stand in their place, or nothing fits into 28 × 28. Without `fit_in_box`, we stretch the digit to 20 × 20 in both directions, or we fit it into 28 × 28. Without `centre_of_mass_to_middle`, we lay the box into the middle, or into the upper left corner. A photo in which nothing is found counts as misread.

# %% [markdown] lang="zh"
# 现在每次去掉一个步骤，再读全部照片。这样的实验叫**消融实验**。前四步不能去掉，因为后面的步骤需要它们的结果。还有两步必须换成别的做法，否则放不进 28 × 28。去掉 `fit_in_box` 时，我们把数字在两个方向上都拉伸到 20，或者让它填满 28 × 28。去掉 `centre_of_mass_to_middle` 时，我们把方框放在正中，或者放在左上角。什么都没找到的照片算作认错。

# %%
from paddle_mnist.errors import PictureError


def prepare_all(photos, instead):
    """Run the steps on each photo, some replaced; what fails becomes an empty picture."""
    images, readable = [], []
    for photo in photos:
        result = photo
        try:
            for step in STEPS:
                result = instead.get(step.__name__, step)(result)
        except PictureError:
            result = np.zeros((28, 28), "uint8")
        images.append(result)
        readable.append(result.any())
    return np.stack(images), np.array(readable)


def unchanged(picture):
    """Stand in for a step that is left out."""
    return picture


def stretch(ink):
    """Make the digit 20 x 20, whatever its shape was."""
    return np.asarray(Image.fromarray(ink).resize((20, 20), Image.Resampling.BILINEAR))


def lay(box, top, left):
    """Lay a box onto 28 x 28 black pixels."""
    image = np.zeros((28, 28), "uint8")  # [28, 28]
    image[top : top + box.shape[0], left : left + box.shape[1]] = box
    return image  # [28, 28]


def in_the_middle(box):
    """Lay the middle of the box, not its centre of mass, into the middle."""
    return lay(box, (28 - box.shape[0]) // 2, (28 - box.shape[1]) // 2)


def in_the_corner(box):
    """Lay the box into the upper left corner."""
    return lay(box, 0, 0)


def in_28(ink):
    """Let the longest side of the digit fill the whole picture."""
    return fit_in_box(ink, size=28)


VARIANTS = {
    "all steps": {},
    "without white_ink_on_black": {"white_ink_on_black": unchanged},
    "without even_light": {"even_light": unchanged},
    "without remove_paper": {"remove_paper": unchanged},
    "without crop_to_ink": {"crop_to_ink": unchanged},
    "stretched to 20 × 20, not fitted": {"fit_in_box": stretch},
    "fitted into 28 × 28, not 20 × 20": {"fit_in_box": in_28},
    "box in the middle, not the mass": {"centre_of_mass_to_middle": in_the_middle},
    "box in the corner, not centred": {"centre_of_mass_to_middle": in_the_corner},
}
ways = {name: prepare_all(photos, instead) for name, instead in VARIANTS.items()}
everything = np.ones(len(photos), bool)
ways["resized and inverted"] = np.stack([plain_by_hand(p) for p in photos]), everything
ways["the digits before they were drawn"] = drawn.images, everything

scores = {}
for name, (images, readable) in ways.items():
    digits = [predicted_digits(reader.outputs(images)) for reader in readers.values()]
    scores[name] = [((read == drawn.labels) & readable).mean() for read in digits]
for name, (mlp_score, cnn_score) in sorted(scores.items(), key=lambda item: -item[1][1]):
    found = ways[name][1].mean()
    print(f"{name:34} mlp {mlp_score:4.0%}   cnn {cnn_score:4.0%}   ink found in {found:4.0%}")

# %% tags=["picture"]
ordered = sorted(scores, key=lambda name: scores[name][1])
places = np.arange(len(ordered))
figure = Figure(figsize=(8, 4.4), layout="constrained")
axes = figure.subplots()
for index, name in enumerate(readers):
    values = [scores[way][index] for way in ordered]
    axes.barh(places + 0.2 * (2 * index - 1), values, 0.4, label=name)
axes.axvline(0.1, color="0.3", linestyle=":", label="guessing")
axes.set(yticks=places, yticklabels=ordered, xlabel="accuracy", xlim=(0, 1))
axes.grid(axis="x", alpha=0.3)
axes.legend(loc="lower right")
figure.suptitle("What is left when a step of the preparation is left out")
figure

# %% [markdown] lang="en"
# Read the chart from below:
#
# - **Resized and inverted** is hardly better than guessing here. In the photos of `work/` it did much better, because there the digits are large and near the middle.
# - **Without `crop_to_ink`**, or **in the corner**, it is hardly better: the digit is too small, or not where the network looks.
# - **Without `white_ink_on_black`**, most of the photos with dark ink on light paper are lost, and four in five are of that kind.
# - **Without `even_light`**, the paper in the shade cannot be told from ink in the light. In some photos nothing is found at all.
# - **The exact size and the exact centre** matter to the multilayer perceptron more than to the convolutional network, as in the curves above.
# - **Without `remove_paper`**, little is lost here. It is needed for faint ink and for shades that our photos hardly have. An honest measurement shows such things too. With this number of photos, differences of one or two points may be chance (on the sample: of several points).
#
# Even with all steps, the photos are usually read a little worse than the digits before they were drawn. Something is lost on the way.

# %% [markdown] lang="zh"
# 从下往上看这张图：
#
# - **只缩放和反色**，在这里几乎和瞎猜一样。它在 `work/` 的图片上要好得多，因为那里的数字又大又靠近中间。
# - **不做 `crop_to_ink`**，或者**放在角上**，也好不了多少：数字太小，或者不在网络要看的地方。
# - **不做 `white_ink_on_black`**，白纸黑字的照片大多认不出了，而五张照片里大约有四张是这样的。
# - **不做 `even_light`**，就分不清阴影里的纸和亮处的墨迹。有些照片里甚至什么都找不到。
# - **精确的大小和精确的居中**，对多层感知机比对卷积神经网络更重要，和前面的曲线一致。
# - **不做 `remove_paper`**，在这里损失很小。它是为很淡的墨迹和某些阴影准备的，而我们的照片里很少有这些。诚实的测量也要把这样的结果说出来。照片只有这么多，一两个百分点的差别可能只是偶然（用小样本时，几个百分点也可能是偶然）。
#
# 即使做完全部步骤，认这些照片通常还是比直接认画上去之前的数字差一点。路上总要丢掉一些东西。

# %% [markdown] lang="en"
# ## Where does it end?
#
# How good the preparation looks depends on the limits that we chose for the photos. So we turn three dials beyond them, one at a time: the **contrast** (how much darker the ink is than the paper, as a part of 1), the fall of the light over the sheet, and the **grain**, the random **noise** of each pixel (its standard deviation, in grey levels). Every point uses the same digits, sizes, places and random numbers, so that only the dial makes a difference.

# %% [markdown] lang="zh"
# ## 到哪里就不行了？
#
# 预处理看起来有多好，取决于我们给照片定的范围。所以我们把三个旋钮分别拧到范围之外，每次只动一个：**对比度**（墨迹比纸暗多少，以 1 为满），光线在纸上减弱的程度，以及**颗粒**，即每个像素的随机**噪声**（它的标准差，单位是灰度级）。每个点都用同样的数字、大小、位置和随机数，所以差别只来自那个旋钮。

# %%
dials = {
    "contrast": (0.8, 0.6, 0.4, 0.2, 0.1),
    "falloff": (0.0, 0.2, 0.4, 0.6, 0.8),
    "grain": (0, 4, 8, 12, 16),
}
fewer = drawn.take(slice(count // 3))
limits = {}
for dial, values in dials.items():
    limits[dial] = []
    for value in values:
        random = np.random.default_rng(1)
        made = [make_photo(digit, random, **{dial: (value, value)}) for digit in fewer.images]
        images, readable = prepare_all(made, {})
        read = predicted_digits(cnn.outputs(images))
        limits[dial].append(((read == fewer.labels) & readable).mean())

# %% tags=["picture"]
figure = Figure(figsize=(8.5, 3), layout="constrained")
usual = {"contrast": (0.4, 0.85), "falloff": (0, 0.4), "grain": (1, 3)}
for axes, (dial, values) in zip(figure.subplots(1, 3, sharey=True), dials.items()):
    axes.axvspan(*usual[dial], color="tab:green", alpha=0.15, label="the photos above")
    axes.plot(values, limits[dial], "o-")
    axes.set(xlabel=dial, ylim=(0, 1.02))
    axes.grid(alpha=0.3)
figure.axes[0].set_ylabel("accuracy, all steps")
figure.axes[0].invert_xaxis()  # in all three, it gets harder to the right
figure.axes[0].legend(loc="lower left", fontsize=8)
figure.suptitle("Photos that get harder to the right")
figure

# %% [markdown] lang="en"
# Within the green limits all is well; beyond them it ends somewhere. When ink and paper are nearly alike, when the shade is deep, or when the grain is strong, remains of the shade or single specks of noise are taken for ink. Then the box is cut too large, and the digit becomes too small. The network is not to blame: it never gets to see a good picture.
#
# Other things go wrong that no dial shows. We draw a 7 on a clean sheet, and then do to it what happens on real desks:

# %% [markdown] lang="zh"
# 在绿色范围内一切正常，超出范围后总会失灵。墨迹和纸几乎一样，或者阴影很深，或者颗粒很强时，残留的阴影或单个噪点会被当成墨迹。于是裁剪的框太大，数字就变得太小。这不怪网络：它根本没有见到一张好图片。
#
# 还有些问题是旋钮显示不出来的。我们在干净的纸上画一个 7，再让它遇到书桌上真实会发生的事：


# %%
def sheet(*digits, paper=225, pen=50, side=120):
    """Draw digits beside each other on a clean sheet: uint8 [200, 260]."""
    levels = np.full((HEIGHT, WIDTH), paper, "uint8")  # [200, 260]
    left = (WIDTH - 100 * (len(digits) - 1) - side) // 2
    for digit in digits:
        large = Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC)
        ink = np.asarray(large) / 255
        part = levels[40 : 40 + side, left : left + side]
        part[:] = np.minimum(part, paper - (paper - pen) * ink)
        left += 100
    return levels  # [200, 260]


sevens = mnist.validation.images[mnist.validation.labels == 7]  # [N, 28, 28]
ones = mnist.validation.images[mnist.validation.labels == 1]  # [N, 28, 28]
clearest = sevens[cnn.outputs(sevens)[:, 7].argmax()]  # [28, 28]

clean = sheet(clearest)  # [200, 260]
squared = clean.copy()  # [200, 260]
squared[::20] = np.minimum(squared[::20], 140)
squared[:, ::20] = np.minimum(squared[:, ::20], 140)
blot = clean.copy()  # [200, 260]
blot[180:188, 20:28] = 50
desk = clean.copy()  # [200, 260]
desk[:, :60] = 60
below = np.full_like(clean, 225)  # [200, 260]
below[100:] = clean[:100]
cases = {
    "as it\nshould be": clean,
    "tilted\nby 60°": sheet(tilted(clearest, 60)),
    "two\ndigits": sheet(ones[0], clearest),
    "squared\npaper": squared,
    "a blot\nbeside it": blot,
    "a dark desk\nbeside it": desk,
    "cut off\nbelow": below,
}

# %% tags=["picture"]
figure = Figure(figsize=(9, 3.3), layout="constrained")
grid = figure.subplots(2, len(cases), height_ratios=(1, 1.3))
for (above, below), (name, levels) in zip(grid.T, cases.items()):
    images = prepare_all([Image.fromarray(levels)], {})[0]  # [1, 28, 28]
    reading = cnn.read(images)[0]
    above.imshow(levels, cmap="gray", vmin=0, vmax=255)
    above.set_title(name, fontsize=10)
    below.imshow(reading.image, cmap="gray", vmin=0, vmax=255)
    color = "black" if reading.digit == 7 else "red"
    sure = reading.probabilities.max()
    below.set_title(f"{reading.digit} ({sure:.0%})", fontsize=10, color=color)
for axes in grid.flat:
    axes.axis("off")
figure

# %% [markdown] lang="en"
# Below each photo stands what the network sees and reads. For two digits there is no right answer, and yet it gives one. Where it still says 7 to a bad picture, that is luck. Each step believes something: the border is paper, there is one digit, whatever stands out is its ink, it stands upright. Where that is false, the next steps work on nonsense, and nobody notices. So a step should say so when it can tell. For a blank sheet it can:

# %% [markdown] lang="zh"
# 每张照片下面，是网络看到的图片和它的回答。两个数字本来没有正确答案，它还是给了一个。图片很糟却仍然答 7 的，只是运气好。每一步都有它相信的前提：边缘是纸，只有一个数字，凡是显眼的都是它的墨迹，它是正着写的。前提不成立时，后面的步骤就在处理毫无意义的东西，而谁也不会发现。所以，能判断出来的时候，步骤就应当说出来。对一张白纸，它做得到：

# %%
from paddle_mnist.images import prepare

try:
    prepare(Image.fromarray(sheet()))
except PictureError as error:
    print("PictureError:", error)

# %% [markdown] lang="en"
# ## Sure of nonsense
#
# Can the network itself tell? It gives probabilities, after all. Let us show it things that are no digits: three letters and a house, the halves of two different digits glued together, and noise.

# %% [markdown] lang="zh"
# ## 对胡乱的东西也很有把握
#
# 网络自己看得出来吗？它毕竟会给出概率。我们给它看一些不是数字的东西：三个字母和一座房子，两个不同数字各取一半拼成的图，还有噪声。

# %%
from PIL import ImageDraw

SHAPES = {
    "A": [[(0, 9), (4, 0), (8, 9)], [(2, 6), (6, 6)]],
    "E": [[(6, 0), (0, 0), (0, 9), (6, 9)], [(0, 4.5), (5, 4.5)]],
    "K": [[(0, 0), (0, 9)], [(6, 0), (0, 5), (6, 9)]],
    "house": [[(0, 9), (0, 4), (4, 0), (8, 4), (8, 9), (0, 9)]],
}


def draw_shape(strokes):
    """Draw straight strokes on paper, and prepare them like any photo."""
    picture = Image.new("L", (WIDTH, HEIGHT), 225)
    pen = ImageDraw.Draw(picture)
    for stroke in strokes:
        pen.line([(90 + 12 * x, 45 + 12 * y) for x, y in stroke], fill=50, width=10, joint="curve")
    return prepare(picture)  # [28, 28]


def glue(images):
    """The left half of each picture, and the right half of the picture at the other end."""
    glued = images.copy()  # [N, 28, 28]
    glued[:, :, 14:] = images[::-1, :, 14:]
    return glued  # [N, 28, 28]


two_different = few.labels != few.labels[::-1]
halves = glue(few.images)[two_different]  # [N, 28, 28]
random = np.random.default_rng(0)
noise = random.integers(0, 256, (500, 28, 28)).astype("uint8")  # [500, 28, 28]
shapes = np.stack([draw_shape(strokes) for strokes in SHAPES.values()])  # [4, 28, 28]
nonsense = np.concatenate([shapes, halves[:1], noise[:1]])  # [6, 28, 28]
print(len(SHAPES), "shapes,", len(halves), "glued pictures,", len(noise), "pictures of noise")

# %% tags=["picture"]
from paddle_mnist.plots import plot_readings

read = cnn.read(nonsense)
plot_readings(nonsense, [r.digit for r in read], [r.probabilities for r in read])

# %%
from paddle_mnist.metrics import softmax

shown = {
    "validation digits": few.images,
    "made photos, all steps": ways["all steps"][0],
    "halves of two digits": halves,
    "noise": noise,
}
for name, images in shown.items():
    highest = softmax(cnn.outputs(images)).max(axis=1)  # [N]
    sure = (highest > 0.9).mean()
    print(f"{name:23} mean of the highest probability {highest.mean():.0%}, above 90%: {sure:.0%}")

# %% [markdown] lang="en"
# There is no eleventh answer, "this is no digit". The ten probabilities must add up to 1, whatever the picture is, so they can only say *which* digit it is, if it is one. Of the glued halves, which are nothing, a large share gets more than 90%. And noise is a matter of chance: with one random start the network is unsure of all of it, with another it is sure of a good part.
#
# A high **confidence** is therefore no proof of a right answer. It has a meaning for pictures of the distribution that the network was trained on. A low one is a useful warning, though: "look again".
#
# ## Your own picture
#
# Write a digit, take a photo, and put it into the folder `work/`. Then run the next cell. It reads all pictures there that are not examples; if there is none yet, it reads an example.

# %% [markdown] lang="zh"
# 没有第十一个答案“这不是数字”。不管是什么图片，十个概率加起来必须等于 1，所以它们只能说：*如果*这是一个数字，那是哪一个。拼起来的两半什么也不是，却有很大一部分得到了超过 90% 的概率。噪声则全凭运气：用某个随机起点训练的网络对它全无把握，换一个随机起点，却可能对其中不少都很有把握。
#
# 因此，**置信度**高并不能证明答案正确。只有对训练时那种分布的图片，它才有意义。不过，置信度低倒是一个有用的提醒：“再看一眼”。
#
# ## 你自己的图片
#
# 写一个数字，拍下来，放进 `work/` 文件夹，再运行下面的单元格。它会读那里所有不是示例的图片；如果一张也没有，就读一张示例。

# %%
ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".heic")


def my_pictures():
    """The pictures in work/ that are neither examples nor hidden files."""
    names = [path for path in sorted(work.iterdir()) if path.suffix.lower() in ENDINGS]
    return [path for path in names if not path.name.startswith(("example_", "."))]


def read_pictures(paths):
    """Read each picture; say why where one cannot be read."""
    read = []
    for path in paths:
        try:
            read.append(cnn.read_picture(path))
        except PictureError as error:
            print(str(error).replace(str(work), "work"))
        else:
            print(f"work/{path.name}: {read[-1].digit} ({read[-1].probabilities.max():.0%})")
    return read


mine = read_pictures(my_pictures())
if not mine:
    print("There is no picture of your own yet. Put a photo of a digit, such as my_7.jpg,")
    print("into the folder work/, and run this cell again. Until then, an example:")
    mine = read_pictures([work / "example_7.jpg"])

# %% tags=["picture"]
plot_readings([r.image for r in mine], [r.digit for r in mine], [r.probabilities for r in mine])

# %% [markdown] lang="en"
# The same without a notebook, in a terminal in the course's folder. `--run` names the trained network; the second command needs a row for each of your pictures in `work/labels.csv`, such as `my_7.jpg,7`, and then tells how many of them are read right:
#
# ```sh
# python -m paddle_mnist.predict work/my_7.jpg --run runs/chapters/cnn
# python -m paddle_mnist.evaluate --images work --run runs/chapters/cnn
# ```
#
# If it reads your digit wrong, look at the 28 × 28 picture first. If *you* cannot read it either, the preparation failed, and a better photo helps:
#
# | do | because |
# |---|---|
# | write one digit, upright, with a thick dark pen | faint ink and thin strokes drown in the grain |
# | take plain white paper | lines and squares are ink to the program |
# | leave free paper on all sides, and nothing else in the photo | the border is taken for paper; a desk or a finger is not |
# | let the digit fill about half of the photo's height | too small, and few pixels of it are left |
# | take care of even light, without the shadow of your hand | a sharp shadow looks like a stroke |
# | hold the camera straight above the paper | a slanted digit looks like another one |
# | save as JPEG or PNG, at most 10 MB | other formats, such as HEIC, cannot be opened |
#
# If the 28 × 28 picture is good and the answer is wrong, the handwriting itself is another one. MNIST was written in the United States. A 1 with a long upstroke, or a 7 with a bar through it, is rarer there than in many other countries. No step can cure that; only training pictures of such digits can.

# %% [markdown] lang="zh"
# 不用笔记本也行：在课程文件夹中打开终端。`--run` 指明用哪个训练好的网络；第二条命令要求 `work/labels.csv` 中有你每张图片的一行，例如 `my_7.jpg,7`，然后它会告诉你认对了几张：
#
# ```sh
# python -m paddle_mnist.predict work/my_7.jpg --run runs/chapters/cnn
# python -m paddle_mnist.evaluate --images work --run runs/chapters/cnn
# ```
#
# 如果它认错了你的数字，先看那张 28 × 28 的图片。如果*你*也认不出，那就是预处理失败了，换一张更好的照片会有帮助：
#
# | 怎样做 | 为什么 |
# |---|---|
# | 只写一个数字，写正，用又粗又深的笔 | 淡墨迹和细笔画会被颗粒淹没 |
# | 用没有格线的白纸 | 对程序来说，横线和方格也是墨迹 |
# | 四周留出空白的纸，不要拍进别的东西 | 边缘会被当成纸，而桌子和手指不是纸 |
# | 让数字约占照片高度的一半 | 太小的话，剩下的像素就很少 |
# | 光线均匀，不要有手的影子 | 清晰的影子边缘看起来像一笔 |
# | 相机正对着纸，从上往下拍 | 歪斜的数字看起来像另一个数字 |
# | 存成 JPEG 或 PNG，不超过 10 MB | 其他格式（例如 HEIC）打不开 |
#
# 如果 28 × 28 的图片很好，答案却是错的，那就是字迹本身不同。MNIST 是美国人写的。起笔很长的 1，或者中间带一横的 7，在那里比在许多别的国家少见。哪一步也治不了这个，只有用这样的数字作训练图片才行。

# %% [markdown] lang="en"
# ## Summary
#
# - The accuracy on a test set holds for pictures of the same distribution, and for no others. MNIST's pictures are white on black, 20 pixels large, with the centre of mass in the middle.
# - A network learns such habits of its data too. A move, another size or dark ink costs much; the convolutional network bears more than the multilayer perceptron, but not everything.
# - So new pictures get the same preparation as the training pictures. An ablation shows what each step is worth, on photos whose limits must be told.
# - Preparation has an end too, and a high confidence is no proof: look at what the network sees.
#
# ## Words
#
# | English | Chinese | in one line |
# |---|---|---|
# | distribution | 分布 | which pictures occur, and how often |
# | distribution shift | 分布偏移 | the pictures in use differ from those of the training |
# | preparation (preprocessing) | 预处理 | what is done to a picture before the network sees it |
# | centre of mass | 质心 | the mean place of the ink |
# | threshold | 阈值 | the level that parts ink from paper |
# | contrast | 对比度 | how different ink and paper are |
# | noise, grain | 噪声、颗粒 | random changes of single pixels |
# | ablation | 消融实验 | leaving out one part to see what it is worth |
# | confidence | 置信度 | the probability of the answer that is given |
#
# ## Questions
#
# **1.** A digit's ink has the masses 0, 30, 60, 30 in rows 0 to 3. What is its centre of mass, and in which row of 28 × 28 does the box begin?
#
# <details><summary>Answer</summary>
#
# $(0 \cdot 0 + 1 \cdot 30 + 2 \cdot 60 + 3 \cdot 30) / 120 = 2$. The box begins in row $14 - 2 = 12$.
#
# </details>
#
# **2.** Why must the longest side become 20 pixels, and not 28, although 28 shows more detail?
#
# <details><summary>Answer</summary>
#
# Because the network was trained on digits of 20 pixels. Better for us is not better for it: what counts is that a picture resembles those of the training.
#
# </details>
#
# **3.** Why does the test set not show that the network fails on digits that are moved by 5 pixels?
#
# <details><summary>Answer</summary>
#
# Because all test pictures are centred in the same way as the training pictures. A test set can only show mistakes on pictures that it has.
#
# </details>
#
# **4.** Someone inverts every picture, because all their photos show dark ink on light paper. What happens to a photo of a blackboard?
#
# <details><summary>Answer</summary>
#
# It becomes dark ink on a light ground, and is misread like the inverted pictures above. `white_ink_on_black` looks at the border first.
#
# </details>
#
# **5.** The network says 7 with 99%. Which two things should you know before you believe it?
#
# <details><summary>Answer</summary>
#
# That the picture shows a digit at all, and that it is prepared like the training pictures. Only then is 99% more than one of ten numbers that add up to 1.
#
# </details>
#
# ## Homework
#
# {{exercises}}
#
# **Open questions.** What you find out here, nobody checks but you. Write it down in a notebook of your own.
#
# - **7-A (twenty digits of your own).** Write each digit twice, take the photos, add them to `work/labels.csv`, and measure with `evaluate --images work`. For each mistake say whether the preparation or the network failed. Take the bad ones again by the table of tips. How much does it help?
# - **7-B (train for it instead).** Train the stage `cnn` with shifted pictures: give `fit` the argument `augment=RandomAffine(degrees=10, zoom=0.1, shift=0.2)` from `paddle_mnist.transforms`. Draw the curve over the moves again. What does it gain, and what does it lose without a move?
# - **7-C (specks).** A single bright speck can make the box too large. Write a better `crop_to_ink`, for example one that looks at a copy smoothed with `ImageFilter.MedianFilter(3)`, and measure it with `prepare_all` on photos with a grain of 8 and 12. Check that it costs nothing on the photos without it.
# - **7-D (say no).** Choose a threshold for the highest probability on the validation digits, so that 1% of them is refused. How many of the glued halves and of the noise are refused? What else could you try?

# %% [markdown] lang="zh"
# ## 小结
#
# - 测试集上的准确率只对同一分布的图片成立，对别的图片不成立。MNIST 的图片是黑底白字，长边 20 像素，质心在正中。
# - 网络也会学到数据的这些习惯。平移、改变大小或者深色墨迹，代价都很大；卷积神经网络比多层感知机承受得多，但也不是什么都能承受。
# - 所以新图片要和训练图片作同样的预处理。消融实验能说明每一步值多少，但必须说清照片的范围。
# - 预处理也有失灵的时候，置信度高也不是证明：要看一看网络看到的是什么。
#
# ## 术语
#
# | 英文 | 中文 | 一句话解释 |
# |---|---|---|
# | distribution | 分布 | 哪些图片会出现，各有多常见 |
# | distribution shift | 分布偏移 | 使用时的图片和训练时的不同 |
# | preparation (preprocessing) | 预处理 | 图片交给网络之前所作的处理 |
# | centre of mass | 质心 | 墨迹的平均位置 |
# | threshold | 阈值 | 把墨迹和纸分开的灰度值 |
# | contrast | 对比度 | 墨迹和纸相差多少 |
# | noise, grain | 噪声、颗粒 | 单个像素的随机变化 |
# | ablation | 消融实验 | 去掉一个部分，看它值多少 |
# | confidence | 置信度 | 给出的那个答案的概率 |
#
# ## 思考题
#
# **1.** 某个数字第 0 到 3 行的墨迹质量是 0、30、60、30。它的质心在哪里？方框从 28 × 28 的第几行开始？
#
# <details><summary>答案</summary>
#
# $(0 \cdot 0 + 1 \cdot 30 + 2 \cdot 60 + 3 \cdot 30) / 120 = 2$。方框从第 $14 - 2 = 12$ 行开始。
#
# </details>
#
# **2.** 长边取 28 像素能保留更多细节，为什么一定要取 20？
#
# <details><summary>答案</summary>
#
# 因为训练网络用的数字是 20 像素的。我们觉得更好，网络未必觉得更好：重要的是图片要像训练图片。
#
# </details>
#
# **3.** 数字平移 5 个像素网络就会认错，为什么测试集看不出来？
#
# <details><summary>答案</summary>
#
# 因为测试图片和训练图片的居中方法完全相同。测试集只能暴露它所含图片上的错误。
#
# </details>
#
# **4.** 有人把每张图片都反色，因为他的照片全是白纸黑字。换成一张黑板的照片会怎样？
#
# <details><summary>答案</summary>
#
# 它会变成浅底深字，像前面那些反色的图片一样被认错。`white_ink_on_black` 会先看边缘。
#
# </details>
#
# **5.** 网络说这是 7，概率 99%。在相信它之前，你应当知道哪两件事？
#
# <details><summary>答案</summary>
#
# 图片上确实是一个数字；它的预处理和训练图片一样。否则，99% 不过是加起来等于 1 的十个数中的一个。
#
# </details>
#
# ## 作业
#
# {{exercises}}
#
# **开放的问题**：下面这些没有人替你检查，请把你的发现写进自己的笔记本。
#
# - **7-A**（你自己的二十个数字）：每个数字写两遍，拍下来，加进 `work/labels.csv`，用 `evaluate --images work` 测量。对每个错误说明：是预处理失败了，还是网络认错了。把没拍好的按上面的表格重拍一遍，有多大帮助？
# - **7-B**（换成训练的办法）：用平移过的图片训练 `cnn` 阶段：给 `fit` 加上参数 `augment=RandomAffine(degrees=10, zoom=0.1, shift=0.2)`（来自 `paddle_mnist.transforms`）。再画一次随平移变化的曲线。它得到了什么？不平移时又失去了什么？
# - **7-C**（噪点）：只要一个亮的噪点，就可能让方框太大。写一个更好的 `crop_to_ink`，例如先看一份用 `ImageFilter.MedianFilter(3)` 平滑过的副本，再用 `prepare_all` 在颗粒为 8 和 12 的照片上测量。并确认它在没有噪点的照片上没有代价。
# - **7-D**（学会拒绝）：在验证集的数字上为最高概率选一个阈值，使其中 1% 被拒绝。拼起来的两半和噪声，各有多少被拒绝？你还能想到什么别的办法？
