# %% [markdown] lang="en"
# # Chapter 1: What is a picture to a program?
#
# **You will build** a reader for MNIST's files, in ten lines, and a first program that reads handwritten digits: a simple rule, without a network. Before we teach a program to see, we look ourselves.
#
# **Time:** 40 minutes to read and try; the computer needs {{seconds}} seconds for all cells.
#
# **You need to know:** basic Python, and what a NumPy array is. Nothing about deep learning.

# %% [markdown] lang="zh"
# # 第 1 章：在程序眼里，图片是什么？
#
# **你将做出**一个十行左右的 MNIST 文件读取器，以及第一个能认手写数字的程序：它只用一条简单的规则，不用神经网络。在教程序“看”之前，我们自己先看一看。
#
# **时间**：阅读和动手约 40 分钟；运行全部单元格，计算机需要约 {{seconds}} 秒。
#
# **需要先知道**：基本的 Python，以及什么是 NumPy 数组。不需要任何深度学习知识。

# %% [markdown] lang="en"
# ## Welcome
#
# The whole course builds one thing, a program that reads handwritten digits:
#
# - Chapters 1 to 4: look at the data, train one neuron and see it fail, then build networks that read about 98 and then 99 of 100 digits.
# - Chapters 5 and 6: make the network good at pictures that it has never seen, and tune it without fooling yourself.
# - Chapters 7 and 8: let it read your own handwriting, and make it fast.
#
# This page is a **notebook**: a row of cells, some with text, some with code. Click on a code cell and press **Shift+Enter** to run it; its output appears below it, and the next cell is chosen. Run the cells from top to bottom, because each one uses what was made above it.
#
# Please break things. Change a number, run the cell again, and see what happens: nothing here can harm your computer. If you no longer know where you are, choose *Restart Kernel and Run All Cells* in the menu, and all is as it was before, except for the code that you changed.

# %% [markdown] lang="zh"
# ## 欢迎
#
# 整个课程只做一件事：写一个能认手写数字的程序。
#
# - 第 1 到 4 章：先看数据，训练一个神经元并看着它失败，再搭建网络，100 个数字先能认对约 98 个，后来约 99 个。
# - 第 5、6 章：让网络也能认好从没见过的图片，并学会调参而不自欺欺人。
# - 第 7、8 章：让它认你自己的笔迹，并让它跑得快。
#
# 这个页面叫作**笔记本**（notebook），由一个个单元格组成，有的是文字，有的是代码。点一下代码单元格，再按 **Shift+Enter** 就能运行它：输出显示在它下面，并自动选中下一个单元格。请从上到下依次运行，因为每个单元格都要用到前面的结果。
#
# 请大胆地“搞破坏”。改一个数，再运行一次，看看会怎样：这里的代码不会弄坏你的计算机。如果乱了，不知道自己到了哪一步，就在菜单里选择 *Restart Kernel and Run All Cells*（重启内核并运行所有单元格），除了你改过的代码，一切都会恢复原样。

# %%
# %matplotlib inline
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from paddle_mnist.data import load_mnist
from paddle_mnist.system.runtime import prepare

prepare()  # threads and memory, before Paddle is imported

mnist = load_mnist()
print(mnist.source.message)

# %% [markdown] lang="en"
# The line above tells where the digits come from. If it begins with `WARNING`, all of MNIST could not be had, and the sample of 5,000 pictures is used. Everything works with it too; you will see other digits, smaller counts, and slightly different accuracies.
#
# ## Nine digits
#
# Here are the first nine pictures of the training set. The number above each is its **label**: what a person says that the picture shows.

# %% [markdown] lang="zh"
# 上面这一行说明了数字图片是从哪里来的。如果它以 `WARNING` 开头，说明没能得到完整的 MNIST，现在用的是 5,000 张图片的小样本。一切照样能运行，只是你看到的数字不同，数量更少，准确率也会略有出入。
#
# ## 九个数字
#
# 下面是训练集的前九张图片。每张图上方的数是它的**标签**：人说这张图写的是几。

# %% tags=["picture"]
from paddle_mnist.plots import plot_digits

labels = mnist.train.labels
plot_digits(mnist.train.images[:9], [str(label) for label in labels[:9]], columns=3)

# %% [markdown] lang="en"
# You read them without effort. A program does not see a stroke or a loop. What does it get? Let us open the file.
#
# ## What is in the file?
#
# MNIST comes as four files in a format called **IDX**: pictures and labels to train on, pictures and labels to test on. The package ships with a small sample in the same format. The files are packed with gzip; once unpacked, a file is nothing but a row of **bytes**, numbers from 0 to 255. Here are the first 16, written in base 16 (`10` is 16, `ff` is 255):

# %% [markdown] lang="zh"
# 你不费力气就认出来了。可程序看不见笔画，也看不见圆圈。它得到的究竟是什么？让我们打开文件看看。
#
# ## 文件里有什么？
#
# MNIST 由四个文件组成，格式叫作 **IDX**：训练用的图片和标签，测试用的图片和标签。软件包自带一份同样格式的小样本。文件用 gzip 压缩过；解压以后，文件不过是一串**字节**，也就是一串 0 到 255 的数。下面是前 16 个字节，用十六进制写出（`10` 是 16，`ff` 是 255）：

# %%
import gzip

from paddle_mnist.data.mnist import SAMPLE_FOLDER

path = SAMPLE_FOLDER / "train-images-idx3-ubyte.gz"
with gzip.open(path) as file:
    content = file.read()

print(path.name, "has", f"{len(content):,}", "bytes, and begins with")
print(content[:16].hex(" "))

# %% [markdown] lang="en"
# These 16 bytes are the **header**. It says what follows:
#
# | bytes | values | meaning |
# |---|---|---|
# | 0 and 1 | `00 00` | always zero |
# | 2 | `08` | each value is one byte, without a sign |
# | 3 | `03` | there are three dimensions |
# | 4 to 7 | `00 00 0f a0` | first dimension: 4,000 pictures |
# | 8 to 11 | `00 00 00 1c` | second dimension: 28 rows |
# | 12 to 15 | `00 00 00 1c` | third dimension: 28 columns |
#
# The first four bytes together are the **magic number**: programs know the format by it. A count takes four bytes, the largest part first: `0f a0` is $15 \cdot 256 + 160 = 4000$. This order is called **big-endian**, and it is how we write decimal numbers too. Most computers store numbers the other way round, so a reader has to say which order it wants:

# %% [markdown] lang="zh"
# 这 16 个字节是**文件头**，它说明后面是什么：
#
# | 字节 | 值 | 含义 |
# |---|---|---|
# | 0 和 1 | `00 00` | 总是零 |
# | 2 | `08` | 每个值占一个字节，没有正负号 |
# | 3 | `03` | 共有三个维度 |
# | 4 到 7 | `00 00 0f a0` | 第一维：4,000 张图片 |
# | 8 到 11 | `00 00 00 1c` | 第二维：28 行 |
# | 12 到 15 | `00 00 00 1c` | 第三维：28 列 |
#
# 开头四个字节合起来叫作**魔数**：程序靠它识别文件格式。每个维度的大小占四个字节，高位在前：`0f a0` 就是 $15 \cdot 256 + 160 = 4000$。这种顺序叫作**大端序**，我们平时写十进制数也是高位在前。大多数计算机内部的存法正好相反，所以读取时必须说明要用哪种顺序：

# %%
print("big-endian:   ", f"{int.from_bytes(content[4:8], 'big'):,}")
print("little-endian:", f"{int.from_bytes(content[4:8], 'little'):,}")

# %% [markdown] lang="en"
# All after the header are values, one byte for each pixel, row after row, picture after picture. So a reader for the whole format is short:

# %% [markdown] lang="zh"
# 文件头之后全是数据：每个像素一个字节，一行接一行，一张接一张。所以，读取这种格式只要短短几行：


# %%
def read_idx(path):
    """Read a gzipped IDX file of bytes into an array."""
    with gzip.open(path) as file:
        content = file.read()
    assert content[:3] == bytes([0, 0, 8]), "not an IDX file of bytes"
    header_size = 4 + 4 * content[3]  # content[3] is the number of dimensions
    shape = []
    for start in range(4, header_size, 4):
        shape.append(int.from_bytes(content[start : start + 4], "big"))
    return np.frombuffer(content, dtype="uint8", offset=header_size).reshape(shape)


images_by_hand = read_idx(SAMPLE_FOLDER / "train-images-idx3-ubyte.gz")  # [4000, 28, 28]
labels_by_hand = read_idx(SAMPLE_FOLDER / "train-labels-idx1-ubyte.gz")  # [4000]
print("images:", images_by_hand.shape, images_by_hand.dtype)
print("labels:", labels_by_hand.shape, labels_by_hand.dtype)

# %% [markdown] lang="en"
# Is it right? The package has its own readers. They check far more, such as files that are cut off, and they must find the same numbers:

# %% [markdown] lang="zh"
# 读得对吗？软件包有自己的读取函数，它们做的检查多得多（例如文件是否残缺），而读出来的数应当一模一样：

# %%
from paddle_mnist.data.idx import read_images, read_labels

for part in ("train", "t10k"):  # t10k: the "test 10 thousand"
    images_path = SAMPLE_FOLDER / f"{part}-images-idx3-ubyte.gz"
    labels_path = SAMPLE_FOLDER / f"{part}-labels-idx1-ubyte.gz"
    assert np.array_equal(read_idx(images_path), read_images(images_path))
    assert np.array_equal(read_idx(labels_path), read_labels(labels_path))
    print(part, "is the same")

# %% [markdown] lang="en"
# ## Shape and dtype
#
# From now on `load_mnist` reads the files for us. Two words describe every array. The **shape** says how many numbers it has in each dimension: `(N, 28, 28)` is $N$ pictures of 28 rows and 28 columns. The **dtype** says what kind of number each one is: `uint8` is a whole number from 0 to 255, `int64` a whole number that may be very large.

# %% [markdown] lang="zh"
# ## 形状和数据类型
#
# 以后就由 `load_mnist` 替我们读文件。描述一个数组要用两个词。**形状**（shape）说明每个维度上有多少个数：`(N, 28, 28)` 就是 $N$ 张 28 行 28 列的图片。**数据类型**（dtype）说明每个数是哪一种数：`uint8` 是 0 到 255 的整数，`int64` 是可以很大的整数。

# %%
images = mnist.train.images  # [N, 28, 28]
labels = mnist.train.labels  # [N]
picture = images[0]  # [28, 28]

print("images:     ", images.shape, images.dtype, f"{images.nbytes / 1e6:.1f} MB")
print("labels:     ", labels.shape, labels.dtype)
print("one picture:", picture.shape, "of a", labels[0])
print("one pixel:  ", picture[14, 14], "(row 14, column 14, counted from 0)")

# %% [markdown] lang="en"
# A small trap is waiting in `uint8`. It has no number above 255 and none below 0, so it starts again at the other end, without any warning. That is why pixels are turned into decimal numbers (`float32`) before one calculates with them.
#
# The arrays of PaddlePaddle are called **tensors**. They have a shape and a dtype too; what they can do beyond that is the matter of [chapter 2](02_linear_regression.ipynb).

# %% [markdown] lang="zh"
# `uint8` 有一个小陷阱：它没有大于 255 的数，也没有小于 0 的数，一旦超出，就从另一头重新开始，而且没有任何警告。所以，用像素做计算之前，要先把它们变成小数（`float32`）。
#
# 飞桨的数组叫作**张量**（tensor）。张量同样有形状和数据类型；它还有什么别的本领，[第 2 章](02_linear_regression.ipynb)会讲。

# %%
import paddle

level = np.array([200], dtype="uint8")
print("uint8:   200 + 100 =", level + 100, "  200 - 210 =", level - 210)
level = level.astype("float32")
print("float32: 200 + 100 =", level + 100, "  200 - 210 =", level - 210)

tensor = paddle.to_tensor(picture)  # [28, 28]
assert np.array_equal(tensor.numpy(), picture)
print("the picture as a tensor:", tensor.shape, tensor.dtype)

# %% [markdown] lang="en"
# ## A picture is a table of numbers
#
# Each number of a picture is a **pixel**, and its value is the **grey level**: 0 is black, 255 is white, and between them lie the greys. Here is a piece of 10 × 10 pixels from the middle of the first picture, as numbers:

# %% [markdown] lang="zh"
# ## 图片就是一张数表
#
# 图片里的每个数是一个**像素**，它的值叫作**灰度值**：0 是黑，255 是白，中间是各种灰色。下面从第一张图片的中间取出 10 × 10 个像素，看看它们的数：

# %%
top, left = 9, 9
piece = picture[top : top + 10, left : left + 10]  # [10, 10]
for row in piece:
    print(" ".join(f"{level:4d}" for level in row))

# %% [markdown] lang="en"
# Can you see the strokes in the table? Here are the same numbers once more, with their grey levels behind them. On the left, the red square shows where the piece comes from.

# %% [markdown] lang="zh"
# 你能从数表里看出笔画吗？下面还是这些数，只是在背后涂上了各自的灰度。左图中的红框标出了这一块的位置。

# %% tags=["picture"]
figure = Figure(figsize=(9, 4.5), layout="constrained")
whole, cut_out = figure.subplots(1, 2)
whole.imshow(picture, cmap="gray", vmin=0, vmax=255)
frame = Rectangle((left - 0.5, top - 0.5), 10, 10, fill=False, edgecolor="red", linewidth=2)
whole.add_patch(frame)
whole.set(title="28 × 28 pixels", xlabel="column", ylabel="row")

edges = (left - 0.5, left + 9.5, top + 9.5, top - 0.5)
cut_out.imshow(piece, cmap="gray", vmin=0, vmax=255, extent=edges)
for (row, column), level in np.ndenumerate(piece):
    colour = "black" if level > 127 else "white"
    place = (left + column, top + row)
    cut_out.text(*place, level, color=colour, ha="center", va="center", fontsize=8)
cut_out.set(title="10 × 10 of them", xlabel="column", ylabel="row")
cut_out.set(xticks=range(left, left + 10), yticks=range(top, top + 10))
figure

# %% [markdown] lang="en"
# Note the order: `picture[row, column]`, and row 0 is at the *top*.
#
# ## White ink on black
#
# People write with dark ink on light paper. In MNIST it is the other way round: the paper is 0 and the ink is large. This is convenient, because a number then says "how much ink is here". To get the usual look, subtract each pixel from 255. The curve on the right shows the grey levels along the red line.

# %% [markdown] lang="zh"
# 注意次序：`picture[行, 列]`，第 0 行在*最上面*。
#
# ## 黑底白字
#
# 人们写字是白纸黑字，MNIST 却正好相反：纸是 0，墨迹是大数。这样很方便，因为每个数说的就是“这里有多少墨”。想要平常的样子，用 255 减去每个像素即可。右边的曲线画的是沿红线的灰度值。

# %% tags=["picture"]
inverted = 255 - picture  # [28, 28]

figure = Figure(figsize=(9, 3.2), layout="constrained")
stored, usual, profile = figure.subplots(1, 3, width_ratios=(1, 1, 1.4))
stored.imshow(picture, cmap="gray", vmin=0, vmax=255)
usual.imshow(inverted, cmap="gray", vmin=0, vmax=255)
stored.set_title("as stored: ink is 255")
usual.set_title("255 - picture: ink is 0")
for axes in (stored, usual):
    axes.axhline(14, color="red")
    axes.set(xticks=[], yticks=[])
profile.step(range(28), picture[14], where="mid", label="as stored")
profile.step(range(28), inverted[14], where="mid", linestyle="--", label="255 - picture")
profile.set(title="row 14", xlabel="column", ylabel="grey level", ylim=(-10, 320))
profile.set_yticks([0, 85, 170, 255])
profile.grid(alpha=0.3)
profile.legend(loc="upper center", ncols=2, fontsize=8)
figure

# %% [markdown] lang="en"
# You see the same digit twice, but to a program these are two very different rows of numbers. A network that was trained on white ink cannot read dark ink; your own photos have to be inverted first ([chapter 7](07_your_own_handwriting.ipynb)). How much of a typical picture is ink?

# %% [markdown] lang="zh"
# 在你看来是同一个数字，对程序来说却是两行完全不同的数。用白字训练出来的网络认不了黑字；你自己拍的照片要先反色才行（[第 7 章](07_your_own_handwriting.ipynb)）。一张普通的图片里，墨迹占多少？

# %%
print(f"paper (0):              {(images == 0).mean():.0%} of all pixels")
print(f"grey (1 to 249):        {((images > 0) & (images < 250)).mean():.0%}")
print(f"full ink (250 to 255):  {(images >= 250).mean():.0%}")

# %% [markdown] lang="en"
# ## Where the pictures come from
#
# Around 1990 the American institute of standards, NIST, collected digits from employees of the Census Bureau and from high-school students. Yann LeCun, Corinna Cortes and Christopher Burges mixed them anew, as they tell in "The MNIST database of handwritten digits": 60,000 pictures to train on and 10,000 to test on. Nobody wrote for both. The M of MNIST stands for "modified".
#
# They also prepared each picture in the same way. The digit was scaled until it just fitted into a box of 20 × 20 pixels; the grey edges come from that. Then it was laid on 28 × 28 black pixels, so that its **centre of mass** came to the middle. If $p_{rc}$ is the grey level in row $r$ and column $c$, the row of the centre is a mean of all rows, in which each counts as much as it has ink:
#
# $$\bar{r} = \frac{\sum_{r,c} r\, p_{rc}}{\sum_{r,c} p_{rc}}$$
#
# For the column put $c$ in the place of the first $r$ above the line. Is all this true? We measure it on 1,000 pictures.

# %% [markdown] lang="zh"
# ## 这些图片从哪里来
#
# 1990 年前后，美国国家标准与技术研究院（NIST）收集了一批手写数字，书写者是美国人口普查局的职员和一些高中生。Yann LeCun、Corinna Cortes 和 Christopher Burges 把它们重新混合（见他们的说明 “The MNIST database of handwritten digits”）：60,000 张用于训练，10,000 张用于测试，没有人同时为两部分写过字。MNIST 里的 M 是 modified 的意思，即“修改过的”。
#
# 他们还用同样的方式处理了每一张图片。先缩放数字，使它刚好放进 20 × 20 像素的方框，灰色的边缘就是这样产生的。再把它放到 28 × 28 的黑底上，让它的**质心**落在正中。设第 $r$ 行第 $c$ 列的灰度值为 $p_{rc}$，质心所在的行就是所有行号的平均，墨越多的行，分量越重：
#
# $$\bar{r} = \frac{\sum_{r,c} r\, p_{rc}}{\sum_{r,c} p_{rc}}$$
#
# 求质心所在的列，只要把分子中的第一个 $r$ 换成 $c$。事实真是这样吗？我们用 1,000 张图片量一量。


# %%
def ink_box(image):
    """The first row and column of the ink, and its height and width."""
    rows, columns = np.nonzero(image)
    top, left = rows.min(), columns.min()
    return top, left, rows.max() - top + 1, columns.max() - left + 1


def centre_of_mass(image):
    """The row and the column of the ink's centre."""
    rows, columns = np.nonzero(image)
    ink = image[rows, columns]
    return np.average(rows, weights=ink), np.average(columns, weights=ink)


longer_sides = np.array([max(ink_box(image)[2:]) for image in images[:1000]])  # [1000]
centres = np.array([centre_of_mass(image) for image in images[:1000]])  # [1000, 2]
print(f"the longer side has 20 pixels in {(longer_sides == 20).sum()} of 1,000 pictures")
print(f"the centre of mass lies between {centres.min():.2f} and {centres.max():.2f}")

# %% tags=["picture"]
figure = Figure(figsize=(9, 2.9), layout="constrained")
for axes, image in zip(figure.subplots(1, 4), images):
    top, left, height, width = ink_box(image)
    row, column = centre_of_mass(image)
    axes.imshow(image, cmap="gray", vmin=0, vmax=255)
    axes.add_patch(Rectangle((left - 0.5, top - 0.5), width, height, fill=False, color="yellow"))
    axes.plot(column, row, "r+", markersize=12, markeredgewidth=2)
    axes.set_title(f"{height} rows, {width} columns", fontsize=9)
    axes.axis("off")
figure.suptitle("Yellow: the ink's box. Red: its centre of mass\n", fontsize=11)
figure

# %% [markdown] lang="en"
# So this data set is tidy: no digit is large, small, or in a corner. A program that has seen only tidy digits expects tidy digits. Keep this in mind until chapter 7.
#
# ## How many of each?
#
# If one digit were much more frequent than the others, a program could get good marks by saying it all the time. So we count.

# %% [markdown] lang="zh"
# 可见这个数据集很整齐：没有一个数字特别大、特别小，或者躲在角落里。只见过整齐数字的程序，也就只会认整齐的数字。这一点请记到第 7 章。
#
# ## 每个数字有多少张？
#
# 如果某个数字比别的多得多，程序只要一直说它，就能得到不错的分数。所以先数一数。

# %% tags=["picture"]
counts = np.bincount(labels, minlength=10)  # [10]

figure = Figure(figsize=(7, 3.4), layout="constrained")
axes = figure.subplots()
bars = axes.bar(range(10), counts)
axes.bar_label(bars, label_type="center", color="white", fontsize=9)
axes.axhline(len(labels) / 10, color="tab:red", label="if all were equally frequent")
axes.set(xlabel="digit", ylabel="training pictures", xticks=range(10))
axes.set_ylim(0, 1.25 * counts.max())
axes.legend(loc="upper center")
figure

# %% [markdown] lang="en"
# The classes are nearly equal, so nothing much can be gained in this way.
#
# ## Sixteen sevens
#
# Why is it hard to write a program that reads digits? Look at 16 pictures with the same label, 7.

# %% [markdown] lang="zh"
# 各类的数量相差不大，靠这个办法占不到多少便宜。
#
# ## 十六个 7
#
# 写一个认数字的程序，难在哪里？请看 16 张标签都是 7 的图片。

# %% tags=["picture"]
sevens = images[labels == 7][:16]  # [16, 28, 28]
plot_digits(sevens, title="All of these are a 7")

# %% [markdown] lang="en"
# Some lean, some have a bar, some are thick, some are thin. How different are they to a program? The plainest measure compares two pictures pixel by pixel: subtract, square, and add up. This is the square **distance**. We look for the two sevens that are farthest apart, and then for the picture nearest to one of them among the other digits.

# %% [markdown] lang="zh"
# 有的斜，有的带一横，有的粗，有的细。在程序看来，它们相差多少？最朴素的量法是逐个像素比较两张图：相减，平方，再加起来，这就是（平方）**距离**。我们先找出相距最远的两个 7，再从别的数字里，找出离其中一个 7 最近的图片。

# %% tags=["picture"]
rows = sevens.reshape(16, 784).astype("float32")  # [16, 784]
distances = np.array([((rows - row) ** 2).sum(axis=1) for row in rows])  # [16, 16]
first, second = np.unravel_index(distances.argmax(), distances.shape)

others = images[:1000][labels[:1000] != 7]  # [N, 28, 28]
their_labels = labels[:1000][labels[:1000] != 7]  # [N]
to_others = ((others.reshape(-1, 784) - rows[first]) ** 2).sum(axis=1)  # [N]
nearest = to_others.argmin()
assert to_others[nearest] < distances[first, second]

three = [sevens[first], sevens[second], others[nearest]]
titles = [
    "a 7",
    f"a 7, distance\n{distances[first, second] / 1e6:.1f} million",
    f"a {their_labels[nearest]}, distance\n{to_others[nearest] / 1e6:.1f} million",
]
plot_digits(three, titles, title="Which one is nearer to the first?")

# %% [markdown] lang="en"
# Measured by pixels, the picture on the right is nearer to the first 7 than the other 7 is. What makes a 7 a 7 is not in any single pixel. This is why nobody writes the rules by hand, and why we let a program learn them from thousands of examples.
#
# ## The mean picture of each digit
#
# Although all sevens differ, they have something in common. To see it, take the mean of each pixel over all training pictures of a digit.

# %% [markdown] lang="zh"
# 按像素来量，右边那张图离第一个 7 更近，比另一个 7 还近。一个 7 之所以是 7，并不取决于任何单个像素。正因为如此，没有人手工去写这些规则，而是让程序从成千上万个例子中学习。
#
# ## 每个数字的平均图
#
# 7 虽然各不相同，总有共同之处。要看到它，就对某个数字的全部训练图片，逐个像素求平均。

# %% tags=["picture"]
means = np.stack([images[labels == digit].mean(axis=0) for digit in range(10)])  # [10, 28, 28]

# One pixel by hand: add its grey levels up, and divide by their number.
levels = [int(image[14, 14]) for image in images[labels == 7]]
assert np.isclose(means[7, 14, 14], sum(levels) / len(levels))

plot_digits(means, [str(digit) for digit in range(10)], columns=5, title="The mean pictures")

# %% [markdown] lang="en"
# All ten can be recognised. Where people agree, the mean is bright and sharp; where they do not, it is a grey cloud. Could these ten pictures already be a program that reads digits? To find out, we first have to agree on how to measure that.
#
# ## Three parts
#
# A program is always good at what it has seen. What counts is what it does with new pictures. So the data are divided into three parts:
#
# | part | what it is for |
# |---|---|
# | **training set** | the program learns from it |
# | **validation set** | we compare programs on it, and choose |
# | **test set** | the final examination, once, when all choices are made |
#
# The validation set was drawn at random from MNIST's 60,000 training pictures, so the same people wrote it; the test set is MNIST's own, written by people who are new to the program. The parts are only worth something if no picture is in two of them. We check it, byte by byte:

# %% [markdown] lang="zh"
# 十个数字都认得出来。大家写法一致的地方，平均图又亮又清楚；写法不一的地方，就是一团灰。这十张图本身，能不能当作一个认数字的程序？要回答这个问题，得先说好怎样衡量。
#
# ## 三个部分
#
# 程序对自己见过的东西总是很在行，关键是它怎样对待新图片。所以数据要分成三个部分：
#
# | 部分 | 用途 |
# |---|---|
# | **训练集** | 程序从中学习 |
# | **验证集** | 我们用它比较各种程序，做出选择 |
# | **测试集** | 最后的考试，等所有选择都做完，只用一次 |
#
# 验证集是从 MNIST 的 60,000 张训练图片中随机抽出来的，所以书写者是同一批人；测试集就是 MNIST 自己的，对程序来说，书写者都是陌生人。只有当任何图片都不会同时出现在两个部分里，这样的划分才有意义。我们逐个字节地检查一下：

# %%
parts = {"training": mnist.train, "validation": mnist.validation, "test": mnist.test}
seen = set()
for name, split in parts.items():
    different = {image.tobytes() for image in split.images}
    assert len(different) == len(split), "a picture occurs twice in this part"
    assert seen.isdisjoint(different), "a picture occurs in two parts"
    seen |= different
    print(f"{name:10} {len(split):6,} pictures")
print(f"all        {len(seen):6,} different pictures: none occurs twice")

# %% [markdown] lang="en"
# (With the sample, all three parts come from MNIST's training set, but they too are different pictures.)
#
# ## What does guessing get?
#
# The **accuracy** is the share of pictures that are read right. Before you are proud of an accuracy, you should know what one gets for nothing. We try two programs that never look at the picture: one draws a digit at random, the other one always says the most frequent digit of the training set. Of ten digits one is right, so we expect about 10%.

# %% [markdown] lang="zh"
# （如果用的是小样本，三个部分都来自 MNIST 的训练集，但也是互不相同的图片。）
#
# ## 瞎猜能得多少分？
#
# **准确率**是认对的图片所占的比例。在为某个准确率得意之前，应当先知道不花力气能得多少分。我们试试两个根本不看图片的程序：一个随机说一个数字，另一个永远说训练集里最多的那个数字。十个数字里有一个是对的，所以应当在 10% 左右。

# %%
random = np.random.default_rng(0)
truth = mnist.validation.labels  # [N]

guessed = random.integers(0, 10, size=len(truth))  # [N]
most_frequent = counts.argmax()
print(f"accuracy on {len(truth):,} validation pictures:")
print(f"    guessing:                  {(guessed == truth).mean():.1%}")
print(f"    always saying {most_frequent}, the most")
print(f"    frequent training digit:   {(truth == most_frequent).mean():.1%}")

# %% [markdown] lang="en"
# Both get about 10%, give or take a point or two. Everything that follows has to be better than that.
#
# ## A rule without learning: the nearest mean
#
# Now the ten mean pictures. The rule: compare a new picture with each mean, and answer with the digit whose mean is nearest. If $x_j$ is pixel $j$ of the new picture and $m_{kj}$ is pixel $j$ of the mean of digit $k$, the square distance is
#
# $$d_k = \sum_{j=1}^{784} (x_j - m_{kj})^2$$
#
# The sum runs over all 784 pixels ($28 \cdot 28$). The smallest of $d_0 \dots d_9$ wins. There is no trial and error in it and nothing that improves: the means are computed once.

# %% [markdown] lang="zh"
# 两者都在 10% 左右，上下差一两个百分点。后面的一切方法，都必须比这更好。
#
# ## 不用学习的规则：最近的平均图
#
# 现在轮到那十张平均图。规则是：把新图片与每张平均图比较，离哪个数字的平均图最近，就回答哪个数字。设 $x_j$ 是新图片的第 $j$ 个像素，$m_{kj}$ 是数字 $k$ 的平均图的第 $j$ 个像素，平方距离就是
#
# $$d_k = \sum_{j=1}^{784} (x_j - m_{kj})^2$$
#
# 求和包括全部 784 个像素（$28 \cdot 28$）。$d_0 \dots d_9$ 中最小的获胜。这里没有反复尝试，也没有什么在逐步改进：平均图只算一次。


# %%
def distances_to(means, images):
    """The square distance of each picture to each mean picture."""
    rows = images.reshape(-1, 784).astype("float32")  # [N, 784]
    columns = [((rows - mean) ** 2).sum(axis=1) for mean in means.reshape(10, 784)]
    return np.stack(columns, axis=1)  # [N, 10]


distances = distances_to(means, mnist.validation.images)  # [N, 10]
answers = distances.argmin(axis=1)  # [N]

# One distance by hand, pixel by pixel.
by_hand = 0.0
for pixel, mean_pixel in zip(mnist.validation.images[0].flat, means[3].flat):
    by_hand += (float(pixel) - mean_pixel) ** 2
assert np.isclose(distances[0, 3], by_hand)

print(f"the nearest mean: {(answers == truth).mean():.1%} of the validation pictures")

# %% [markdown] lang="en"
# About eight digits of ten, with a rule that fits into four lines. Remember this figure: the neuron of the next chapter will have to stand beside it. Here is the rule at work on the first validation picture; the shortest bar is the answer, right or wrong.

# %% [markdown] lang="zh"
# 十个数字能认对八个左右，而规则只有短短四行。请记住这个数：下一章的神经元要和它比一比。下面是这条规则处理第一张验证图片的情形；最短的那根柱子就是它的回答，不论对错。

# %% tags=["picture"]
figure = Figure(figsize=(9, 3), layout="constrained")
new, bars = figure.subplots(1, 2, width_ratios=(1, 2.6))
new.imshow(mnist.validation.images[0], cmap="gray", vmin=0, vmax=255)
new.set_title(f"true digit {truth[0]}, answer {answers[0]}")
new.axis("off")
colours = ["tab:red" if digit == answers[0] else "tab:blue" for digit in range(10)]
bars.bar(range(10), distances[0] / 1e6, color=colours)
bars.set(xlabel="digit of the mean picture", ylabel="square distance, millions")
bars.set_xticks(range(10))
figure

# %% [markdown] lang="en"
# Which digits are hard for it? The package counts the accuracy of each class. Below are 16 of the mistakes.

# %% [markdown] lang="zh"
# 哪些数字对它来说比较难？软件包可以统计每一类的准确率。再往下是它认错的 16 张图片。

# %%
from paddle_mnist.core.metrics import accuracy_by_class

for digit, share in accuracy_by_class(truth, answers).items():
    print(f"{digit}: {share:4.0%}  {'#' * round(40 * share)}")

# %% tags=["picture"]
wrong = np.flatnonzero(answers != truth)[:16]  # [16]
titles = [f"{truth[index]} read as {answers[index]}" for index in wrong]
plot_digits(mnist.validation.images[wrong], titles, title="Mistakes of the nearest mean")

# %% [markdown] lang="en"
# The 0 and the 1 are read best, and the 5 worst. Look at the mean pictures again: the mean of 1 is the brightest and sharpest, and the mean of 5 is one of the dimmest, because people write it in many ways. Most of these mistakes are easy for you. One mean picture for each digit is too little: it cannot know that a 7 may have a bar, or that a 1 may stand on a foot.
#
# ## Why is the test set used only once?
#
# Suppose that you try many programs, keep the one that is best on some pictures, and report its accuracy on *the same pictures*. What goes wrong can be shown without any picture. Let 1,000 programs guess at random. The "examination" is the first 100 validation pictures; the rest of the validation set shows the truth.

# %% [markdown] lang="zh"
# 0 和 1 认得最好，5 最差。再看看那些平均图：1 的最亮、最清楚；5 的写法多种多样，平均图是最暗淡的之一。这些认错的图，大部分你一眼就能认出来。每个数字只有一张平均图，实在太少：它不会知道 7 可以带一横，1 的底下可以有一横。
#
# ## 测试集为什么只用一次？
#
# 假如你试了很多程序，留下在某些图片上得分最高的那一个，再把它在*同样这些图片*上的准确率报告出来。问题出在哪里，不用看图片也能演示。让 1,000 个程序随机乱猜。“考题”是前 100 张验证图片，验证集里其余的图片则用来揭示真相。

# %% tags=["picture"]
guesses = random.integers(0, 10, size=(1000, len(truth)))  # [1000, N]
right = guesses == truth  # [1000, N]
scores = right[:, :100].sum(axis=1)  # [1000]
best = scores.argmax()
in_truth = 100 * right[best, 100:].mean()

figure = Figure(figsize=(7, 3.4), layout="constrained")
axes = figure.subplots()
axes.bar(range(scores.max() + 1), np.bincount(scores))
axes.axvline(scores[best], color="tab:red", label="the best one, in the examination")
axes.axvline(in_truth, color="black", linestyle="--", label="the same one, on other pictures")
axes.set(xlabel="right answers of 100", ylabel="programs", title="1,000 programs that guess")
figure.legend(loc="outside lower center", ncols=2)
figure

# %% [markdown] lang="en"
# The best of 1,000 guessers looks twice as good as guessing, and it is not: on other pictures it falls back to about 10%. Choosing has used the examination up. So in this course every choice is made on the validation set, and the test set waits until the end; its figure is then an honest answer to "how good is it on new pictures?". In this chapter we have measured nothing on it.
#
# In [chapter 2](02_linear_regression.ipynb) we build the smallest program that learns: one neuron.

# %% [markdown] lang="zh"
# 1,000 个瞎猜者里最好的那个，看上去比瞎猜好一倍，其实不然：换一批图片，它又回到 10% 左右。挑选这个动作，已经把考题“用掉”了。所以在本课程里，一切选择都在验证集上做，测试集一直留到最后；这样得到的数，才是对“它认新图片有多准”的诚实回答。这一章里，我们没有在测试集上测过任何东西。
#
# 在[第 2 章](02_linear_regression.ipynb)，我们将做出最小的会学习的程序：一个神经元。

# %% [markdown] lang="en"
# ## Summary
#
# - To a program, a picture of MNIST is 28 × 28 numbers from 0 (paper) to 255 (ink), and nothing else.
# - Pictures of one digit can differ more from each other than from another digit, so rules about single pixels do not work.
# - Guessing gets 10%. The nearest mean, a rule without learning, reads about eight digits of ten.
# - Learn on the training set, choose on the validation set, and use the test set once.
#
# ## Words
#
# | English | Chinese | in one line |
# |---|---|---|
# | pixel | 像素 | one point of a picture, here one number |
# | grey level | 灰度值 | the value of a pixel, from 0 (black) to 255 (white) |
# | label | 标签 | the true digit of a picture |
# | shape | 形状 | how many numbers there are in each dimension |
# | dtype | 数据类型 | what kind of number an array holds |
# | tensor | 张量 | an array of PaddlePaddle |
# | big-endian | 大端序 | the byte that counts most comes first |
# | centre of mass | 质心 | the mean place of the ink |
# | accuracy | 准确率 | the share of pictures that are read right |
# | training set | 训练集 | what the program learns from |
# | validation set | 验证集 | what we compare and choose on |
# | test set | 测试集 | what is used once, at the end |
#
# ## Questions
#
# **1.** The header of a file of pictures begins with `00 00 08 03 00 00 27 10`. How many pictures does it hold?
#
# <details><summary>Answer</summary>
#
# The count is `00 00 27 10`. In base 16, `27` is $2 \cdot 16 + 7 = 39$ and `10` is 16, so it is $39 \cdot 256 + 16 = 10{,}000$. This is the file of MNIST's test pictures.
#
# </details>
#
# **2.** How many bytes does the file with the labels of 10,000 pictures have, once it is unpacked?
#
# <details><summary>Answer</summary>
#
# 10,008. The header has four bytes for the magic number and four for the only dimension; then comes one byte for each label.
#
# </details>
#
# **3.** Someone wants to make a picture brighter with `picture + 50` and gets black spots in the brightest places. Why, and what helps?
#
# <details><summary>Answer</summary>
#
# The picture is `uint8`. A pixel of 250 becomes $300 - 256 = 44$, which is nearly black. Calculate in a larger dtype and cut off at the end: `np.clip(picture.astype("int64") + 50, 0, 255).astype("uint8")`.
#
# </details>
#
# **4.** In a collection of X-ray pictures 95 of 100 show healthy people. A program says "healthy" or "ill", and it is right for 95% of the pictures. Is it good?
#
# <details><summary>Answer</summary>
#
# We cannot tell. A program that always says "healthy", and never looks, gets 95% too. Where the classes are not equally frequent, look at the accuracy of each class.
#
# </details>
#
# **5.** Your friend trains 20 networks, measures all of them on the test set, and reports the best figure. What should your friend have done?
#
# <details><summary>Answer</summary>
#
# Measure all 20 on the validation set, choose one there, and then measure only that one on the test set. The best of 20 test figures is too high, because a part of it is luck.
#
# </details>
#
# ## Homework
#
# {{exercises}}
#
# **Open questions.** What you find out here, nobody checks but you. Write it down in a notebook of your own.
#
# - **1-A (a digit made of numbers).** Make `np.zeros((28, 28), dtype="uint8")`, draw a 7 into it by setting two strokes to 255, and ask the nearest mean what it is. Then move your 7 by four pixels to the left with `np.roll`, and ask again.
# - **1-B (write a file).** Write `write_idx(path, images)`, which writes an array of pictures as a gzipped IDX file. Read it back with the package's `read_images` and assert that nothing has changed. What does `read_images` say if you write one byte too few?

# %% [markdown] lang="zh"
# ## 小结
#
# - 在程序眼里，一张 MNIST 图片就是 28 × 28 个 0（纸）到 255（墨）的数，仅此而已。
# - 同一个数字的两张图片，相差可能比不同数字的还大，所以靠单个像素定规则行不通。
# - 瞎猜能得 10%。最近平均图这条规则不用学习，十个数字能认对八个左右。
# - 在训练集上学习，在验证集上选择，测试集只用一次。
#
# ## 术语
#
# | 英文 | 中文 | 一句话解释 |
# |---|---|---|
# | pixel | 像素 | 图片上的一个点，这里就是一个数 |
# | grey level | 灰度值 | 像素的值，从 0（黑）到 255（白） |
# | label | 标签 | 图片真正写的数字 |
# | shape | 形状 | 每个维度上有多少个数 |
# | dtype | 数据类型 | 数组里存的是哪一种数 |
# | tensor | 张量 | 飞桨的数组 |
# | big-endian | 大端序 | 分量最重的字节排在最前 |
# | centre of mass | 质心 | 墨迹的平均位置 |
# | accuracy | 准确率 | 认对的图片所占的比例 |
# | training set | 训练集 | 程序从中学习 |
# | validation set | 验证集 | 用来比较和选择 |
# | test set | 测试集 | 最后只用一次 |
#
# ## 思考题
#
# **1.** 一个图片文件的文件头以 `00 00 08 03 00 00 27 10` 开始。里面有多少张图片？
#
# <details><summary>答案</summary>
#
# 张数是 `00 00 27 10`。十六进制的 `27` 是 $2 \cdot 16 + 7 = 39$，`10` 是 16，所以是 $39 \cdot 256 + 16 = 10{,}000$ 张。这正是 MNIST 的测试图片文件。
#
# </details>
#
# **2.** 存放 10,000 张图片标签的文件，解压后有多少个字节？
#
# <details><summary>答案</summary>
#
# 10,008 个。文件头里，魔数占四个字节，唯一的维度占四个字节；后面每个标签占一个字节。
#
# </details>
#
# **3.** 有人想用 `picture + 50` 把图片调亮，结果最亮的地方出现了黑点。为什么？怎么办？
#
# <details><summary>答案</summary>
#
# 图片是 `uint8`，值为 250 的像素变成了 $300 - 256 = 44$，接近黑色。应当先换成更大的数据类型再算，最后再截到范围内：`np.clip(picture.astype("int64") + 50, 0, 255).astype("uint8")`。
#
# </details>
#
# **4.** 一批 X 光片里，每 100 张有 95 张是健康人的。一个程序回答“健康”或“患病”，对 95% 的图片回答正确。它好吗？
#
# <details><summary>答案</summary>
#
# 无法判断。一个从不看图、永远说“健康”的程序，也能得 95%。各类数量不均衡时，要分别看每一类的准确率。
#
# </details>
#
# **5.** 你的朋友训练了 20 个网络，全都在测试集上测了一遍，然后报告最高的那个数。他本来应该怎么做？
#
# <details><summary>答案</summary>
#
# 在验证集上测这 20 个网络，在那里选出一个，再只把这一个拿到测试集上测。20 个测试结果里的最高值偏高，因为其中有一部分是运气。
#
# </details>
#
# ## 作业
#
# {{exercises}}
#
# **开放的问题**：下面这些没有人替你检查，请把你的发现写进自己的笔记本。
#
# - **1-A**（用数做一个数字）：新建 `np.zeros((28, 28), dtype="uint8")`，把两条笔画设成 255，画出一个 7，再问问最近平均图它是几。然后用 `np.roll` 把你的 7 向左移四个像素，再问一次。
# - **1-B**（写一个文件）：写一个 `write_idx(path, images)`，把一组图片写成 gzip 压缩的 IDX 文件。用软件包的 `read_images` 读回来，断言内容没有变化。如果少写一个字节，`read_images` 会说什么？
