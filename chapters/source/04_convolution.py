# %% [markdown] lang="en"
# # Chapter 4: Why do neighbours matter?
#
# **You will build** a convolution and a pooling layer by hand, and then a network of them that reads 99% of the test digits, with less than a fifth of the parameters of chapter 3.
#
# **Time:** 60 minutes to read and try; the computer needs {{seconds}} seconds for all cells.
#
# **You need to know:** from [chapter 3](03_multilayer_perceptron.ipynb) what a hidden layer, ReLU, cross-entropy and `fit` are.

# %% [markdown] lang="zh"
# # 第 4 章：相邻的像素为什么重要？
#
# **你将做出**：亲手写出卷积和池化，再用它们搭一个网络。它能认对 99% 的测试数字，而参数还不到第 3 章那个网络的五分之一。
#
# **时间**：阅读和动手约 60 分钟；运行全部单元格，计算机需要约 {{seconds}} 秒。
#
# **需要先知道**：[第 3 章](03_multilayer_perceptron.ipynb)讲过的隐藏层、ReLU、交叉熵和 `fit`。

# %%
# %matplotlib inline
import time

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from paddle_mnist.data import Split, load_mnist
from paddle_mnist.system.runtime import prepare

prepare()  # threads and memory, before Paddle is imported

mnist = load_mnist()
print(mnist.source.message)

# %% [markdown] lang="en"
# If the line above begins with `WARNING`, the sample of 5,000 images is used. Everything works with it too; the accuracies are then a few points lower than the ones in this text.
#
# ## A puzzle
#
# Let us mix up the 784 pixels. We draw one random order, a **permutation**, and use the same one for every picture: what was pixel 0 always goes to the same new place, and so does every other pixel. No number is lost or changed. Only the neighbours are: pixels that lay side by side are now far apart.

# %% [markdown] lang="zh"
# 如果上面这一行以 `WARNING` 开头，说明现在用的是 5,000 张图片的小样本。一切照样能运行，只是准确率会比文中的低几个百分点。
#
# ## 一个谜题
#
# 我们来把 784 个像素打乱。先随机抽取一种顺序，也就是一个**置换**，再把它用到每一张图片上：原来的 0 号像素总是被搬到同一个新位置，其他像素也一样。没有丢掉任何一个数，也没有改动任何一个数。变了的只有邻居：原来挨在一起的像素，现在相隔很远。

# %% tags=["picture"]
from paddle_mnist.plots import plot_digits

order = np.random.default_rng(0).permutation(784)  # [784]


def shuffle(split):
    """The same images, with their pixels in the new order."""
    rows = split.images.reshape(-1, 784)  # [N, 784]
    return Split(rows[:, order].reshape(-1, 28, 28), split.labels)


shuffled = shuffle(mnist.validation)
sevens = np.flatnonzero(mnist.validation.labels == 7)[:2]
threes = np.flatnonzero(mnist.validation.labels == 3)[:2]

pairs, titles = [], []
for index in [*sevens, *threes]:
    pairs += [mnist.validation.images[index], shuffled.images[index]]
    titles += [f"a {mnist.validation.labels[index]}", "shuffled"]
plot_digits(np.stack(pairs), titles, title="The same numbers in another order")

# %% [markdown] lang="en"
# You could not read the shuffled digits. Can a network? Four trainings will tell: the multilayer perceptron (MLP) of chapter 3 and a **convolutional network** (CNN), which this chapter takes apart piece by piece, each on real and on shuffled pictures. All four get the same 10,000 training images and 3 epochs. The optimiser is called Adam ([chapter 5](05_generalise.ipynb) shows how it steps), and its learning rate rises and then falls ([chapter 6](06_tune.ipynb) shows why).

# %% [markdown] lang="zh"
# 打乱后的数字，你是认不出来的。网络能吗？做四次训练就知道了：第 3 章的多层感知机（MLP），以及一个**卷积神经网络**（CNN，本章会把它一块一块拆开来讲），各用真实的图片和打乱的图片训练一次。四次训练都用同样的 10,000 张图片，都训练 3 轮。优化器叫 Adam（[第 5 章](05_generalise.ipynb)会讲它怎样迈步），学习率先升后降（[第 6 章](06_tune.ipynb)会讲为什么）。

# %%
from functools import partial

import paddle
import paddle.nn.functional as F

from paddle_mnist.core.callbacks import LearningRate, Validate
from paddle_mnist.core.loop import Batches, fit, train_step
from paddle_mnist.core.losses import cross_entropy
from paddle_mnist.core.optimizers import build_optimizer, build_schedule
from paddle_mnist.core.stages import build_network
from paddle_mnist.core.transforms import norm_img
from paddle_mnist.plots.progress_bar import ProgressBar
from paddle_mnist.system.runtime import set_seed

EPOCHS, BATCH_SIZE = 3, 128


def train_briefly(stage, train, validation):
    """Train a new network of a stage; return it and its accuracy on the validation images."""
    random = set_seed(0)
    network = build_network(stage)
    batches = -(-len(train) // BATCH_SIZE)  # rounded up
    schedule = build_schedule("one-cycle", 0.005, EPOCHS * batches)
    optimizer = build_optimizer("adam", schedule, network.parameters())
    step = partial(train_step, network, cross_entropy, optimizer)
    progress = fit(
        step,
        Batches(train, BATCH_SIZE, random),
        epochs=EPOCHS,
        callbacks=[
            Validate(network, cross_entropy, validation),
            LearningRate(optimizer, schedule),
            ProgressBar(),
        ],
    )
    return network, progress.history[-1]["validation_accuracy"]


few = mnist.train.take(slice(10_000))
networks, accuracies = {}, {}
for name in ("mlp", "cnn"):
    print(f"{name}, real pictures")
    networks[name], accuracies[name, "real"] = train_briefly(name, few, mnist.validation)
    print(f"{name}, shuffled pictures")
    _, accuracies[name, "shuffled"] = train_briefly(name, shuffle(few), shuffled)

# %% tags=["picture"]
figure = Figure(figsize=(6, 3.2), layout="constrained")
axes = figure.subplots()
for kind, shift, colour in (("real", -0.2, "tab:blue"), ("shuffled", 0.2, "tab:orange")):
    wrong = [100 * (1 - accuracies[name, kind]) for name in ("mlp", "cnn")]
    bars = axes.bar(np.arange(2) + shift, wrong, width=0.38, color=colour, label=f"{kind} pixels")
    axes.bar_label(bars, fmt="%.1f")
axes.set_xticks(range(2), ["MLP", "CNN"])
axes.set_ylabel("read wrong, %")
axes.set_ylim(0, 1.15 * axes.get_ylim()[1])
axes.legend()
figure.suptitle("Mistakes on validation images")
figure

# %% [markdown] lang="en"
# The MLP reads shuffled pictures as well as real ones: its two bars differ by no more than another seed would make them differ. The CNN is much better on real pictures, and makes several times as many mistakes on shuffled ones. So the CNN uses something that the MLP never used: that pixels have **neighbours**.
#
# ## Why the MLP does not mind
#
# A neuron of the hidden layer adds up pixel times weight, $w_1 x_1 + w_2 x_2 + \dots + w_{784}\, x_{784}$. A sum does not care about the order of its parts. Put the pixels and the weights into the same new order, and every neuron says what it said before:

# %% [markdown] lang="zh"
# MLP 读打乱的图片和读真实的图片一样好：它那两根柱子的差别，不会大于换一个随机种子带来的差别。CNN 读真实图片要好得多，而读打乱的图片，错误是原来的好几倍。可见 CNN 用到了一样 MLP 从没用过的东西：像素是有**邻居**的。
#
# ## MLP 为什么无所谓
#
# 隐藏层的一个神经元，就是把像素乘以权重再加起来：$w_1 x_1 + w_2 x_2 + \dots + w_{784}\, x_{784}$。求和并不在乎各项的次序。把像素和权重按同样的新顺序排列，每个神经元的输出都和原来一样：

# %%
rows = norm_img(mnist.validation.images).numpy()  # [N, 784]
weights = networks["mlp"].hidden.weight.numpy()  # [784, 512]

sums = rows @ weights  # [N, 512]
sums_of_shuffled = rows[:, order] @ weights[order]  # [N, 512]
assert np.allclose(sums, sums_of_shuffled, atol=1e-4)
print("largest difference:", np.abs(sums - sums_of_shuffled).max())

# %% [markdown] lang="en"
# So for an MLP, pictures and shuffled pictures are the same task. It has to find out by itself, from examples alone, which pixels belong together. This is a waste: we know it before we begin. A stroke is made of pixels that touch each other, and a corner is a corner wherever it is.
#
# ## A window that slides
#
# Here is a layer that is built on this knowledge. It looks at the picture through a small window of, say, 3 × 3 pixels. Each pixel in the window is multiplied by a weight, and everything is added up: one number. Then the window slides one pixel further and the *same* weights give the next number, until it has been everywhere. The small table of weights is called the **kernel** or **filter**, the whole operation a **convolution**, and the numbers that come out, arranged as the window's places, a **feature map**:
#
# $$y_{r,c} = \sum_{i=0}^{k-1} \sum_{j=0}^{k-1} w_{i,j}\; x_{r+i,\,c+j}$$
#
# $x$ is the picture, $w$ the kernel with $k$ rows and columns, and $y_{r,c}$ the number for the window whose upper left corner is in row $r$ and column $c$. In Python these are four loops:

# %% [markdown] lang="zh"
# 所以对 MLP 来说，真实的图片和打乱的图片是同一个任务。哪些像素应该放在一起看，它只能靠样本自己去摸索。这是浪费，因为我们事先就知道答案：笔画由彼此相接的像素组成；一个拐角，无论在哪里都是拐角。
#
# ## 一个滑动的窗口
#
# 下面这种层就建立在这个常识上。它透过一个小窗口看图片，比如 3 × 3 个像素。窗口里的每个像素乘以一个权重，全部加起来，得到一个数。然后窗口滑动一个像素，用*同样的*权重算出下一个数，直到走遍整张图片。这张小小的权重表叫作**卷积核**（kernel，也叫 filter），整个运算叫作**卷积**；算出的数按窗口的位置排列起来，叫作**特征图**：
#
# $$y_{r,c} = \sum_{i=0}^{k-1} \sum_{j=0}^{k-1} w_{i,j}\; x_{r+i,\,c+j}$$
#
# 其中 $x$ 是图片，$w$ 是 $k$ 行 $k$ 列的卷积核，$y_{r,c}$ 是左上角位于第 $r$ 行、第 $c$ 列的窗口得到的数。写成 Python，就是四层循环：


# %%
def convolve(picture, kernel):
    """Slide the kernel over the picture; at each place multiply, and add everything up."""
    size = len(kernel)
    places = np.array(picture.shape) - size + 1
    feature_map = np.zeros(places, dtype="float32")  # [H, W]
    for row in range(places[0]):
        for column in range(places[1]):
            for i in range(size):
                for j in range(size):
                    feature_map[row, column] += picture[row + i, column + j] * kernel[i, j]
    return feature_map


seven = rows[sevens[0]].reshape(28, 28)  # [28, 28]
vertical = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]], dtype="float32") / 3  # [3, 3]
edges = convolve(seven, vertical)  # [26, 26]

as_batch = paddle.to_tensor(seven).reshape([1, 1, 28, 28])
as_kernels = paddle.to_tensor(vertical).reshape([1, 1, 3, 3])
by_paddle = F.conv2d(as_batch, as_kernels)  # [1, 1, 26, 26]
assert np.allclose(edges, by_paddle.numpy()[0, 0], atol=1e-5)
print(vertical.round(2))

# %% [markdown] lang="en"
# `F.conv2d` gives the same numbers. The kernel printed above takes the mean of the window's right column, minus the mean of its left column. The window has 26 × 26 places in a picture of 28 × 28. Here are three of them:

# %% [markdown] lang="zh"
# `F.conv2d` 给出同样的数。上面打印的这个卷积核，算的是窗口右边一列的平均值减去左边一列的平均值。在 28 × 28 的图片里，窗口一共有 26 × 26 个位置。下面是其中三个：

# %% tags=["picture"]
chosen = [*sorted([int(edges.argmax()), int(edges.argmin())]), edges.size - 1]
figure = Figure(figsize=(6.2, 6.4), layout="constrained")
grid = figure.subplots(3, 3)
for column, place in enumerate(chosen):
    top, left = divmod(place, 26)
    window = seven[top : top + 3, left : left + 3]  # [3, 3]

    picture, numbers, progress = grid[:, column]
    picture.imshow(seven, cmap="gray", vmin=0, vmax=1)
    frame = Rectangle((left - 0.5, top - 0.5), 3, 3, fill=False, color="tab:red", linewidth=2)
    picture.add_patch(frame)
    picture.set_title(f"r = {top}, c = {left}")

    numbers.imshow(window, cmap="gray", vmin=0, vmax=1)
    for (i, j), pixel in np.ndenumerate(window):
        ink = "black" if pixel > 0.5 else "white"
        text = f"{pixel:.1f}" if pixel else "0"
        numbers.text(j, i, text, ha="center", va="center", color=ink)
    numbers.set_title(f"right − left: {edges[top, left]:.1f}")

    so_far = np.where(np.arange(676) <= place, edges.ravel(), np.nan).reshape(26, 26)
    progress.set_facecolor("0.8")
    progress.imshow(so_far, cmap="RdBu_r", vmin=-1, vmax=1)
for axes in grid.flat:
    axes.set(xticks=[], yticks=[])
for axes, what in zip(grid[:, 0], ("the picture", "in the window", "feature map so far")):
    axes.set_ylabel(what)
figure.suptitle("Red is above 0, blue below, grey not yet reached")
figure

# %% [markdown] lang="en"
# On plain paper the sum is 0. It is largest where paper is on the left and ink on the right, and lowest where it is the other way round: this kernel finds upright edges.
#
# One word about names. In mathematics a *convolution* first turns the kernel upside down and left to right; without that it is called a **cross-correlation**. All deep learning libraries leave the turning out, and say convolution all the same. It makes no difference to learning: training would find the turned kernel instead. On one row of numbers, NumPy has both:

# %% [markdown] lang="zh"
# 在空白的纸上，和为 0。左边是纸、右边是墨的地方，和最大；反过来的地方，和最小：这个卷积核找的是竖直的边缘。
#
# 关于名称还要说一句。数学里的*卷积*要先把卷积核上下颠倒、左右翻转；不翻转的叫作**互相关**。所有深度学习库都省去了翻转，却仍然叫它卷积。这对学习没有影响：真要翻转的话，训练得到的就会是翻转过的卷积核。对于一行数，NumPy 两种都有：

# %%
numbers = np.array([0, 0, 1, 2, 5, 0], dtype="float32")
kernel = np.array([-1, 0, 3], dtype="float32")

unflipped = F.conv1d(paddle.to_tensor(numbers)[None, None], paddle.to_tensor(kernel)[None, None])
print("Paddle's conv1d:   ", unflipped.numpy().ravel())
print("cross-correlation: ", np.correlate(numbers, kernel, mode="valid"))
print("convolution proper:", np.convolve(numbers, kernel, mode="valid"))
assert np.allclose(unflipped.numpy().ravel(), np.correlate(numbers, kernel, mode="valid"))

# %% [markdown] lang="en"
# ## The same as one product
#
# Four loops in Python are slow. But look at what they do: at each place a window of 9 numbers meets the same 9 weights. So write all 676 windows below each other as rows of a matrix, and the convolution is one product of a matrix with a vector, as in a `Linear` layer. NumPy's `sliding_window_view` gives all windows without copying anything:

# %% [markdown] lang="zh"
# ## 等于一次矩阵乘法
#
# Python 里的四层循环很慢。不过，看看它们在做什么：在每个位置上，窗口里的 9 个数都遇到同样的 9 个权重。所以只要把 676 个窗口一行一行排成矩阵，卷积就成了一次矩阵乘向量，和 `Linear` 层一样。NumPy 的 `sliding_window_view` 能给出全部窗口，而且不复制任何数据：

# %%
from numpy.lib.stride_tricks import sliding_window_view

windows = sliding_window_view(seven, (3, 3))  # [26, 26, 3, 3]
product = windows.reshape(676, 9) @ vertical.reshape(9)  # [676]
assert np.allclose(product.reshape(26, 26), edges, atol=1e-5)


def milliseconds(work, times=5):
    """The time of the quickest of some tries."""
    tries = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        tries.append(1000 * (time.perf_counter() - started))
    return min(tries)


slow = milliseconds(lambda: convolve(seven, vertical))
quick = milliseconds(lambda: windows.reshape(676, 9) @ vertical.reshape(9))
print(f"four loops: {slow:.2f} ms, one product: {quick:.3f} ms")

# %% [markdown] lang="en"
# On a CPU Paddle works in the same way: it lays the windows out as a matrix, and multiplies.
#
# ## Kernels made by hand
#
# Another kernel sees something else. Turned on its side, ours finds level edges; nine equal weights give the mean of the window, which blurs the picture.

# %% [markdown] lang="zh"
# 在 CPU 上，飞桨也是这样做的：把窗口排成矩阵，再做乘法。
#
# ## 手工设计的卷积核
#
# 换一个卷积核，看到的就是另一样东西。把刚才的卷积核放倒，它找的就是水平的边缘；九个相等的权重算的是窗口的平均值，于是图片变得模糊。

# %% tags=["picture"]
from paddle_mnist.plots import plot_weights

kernels = {
    "upright edges": vertical,
    "level edges": vertical.T,
    "blur": np.full((3, 3), 1 / 9, dtype="float32"),
}
maps = [seven[1:-1, 1:-1]] + [convolve(seven, kernel) for kernel in kernels.values()]
plot_weights(
    np.stack(maps), ["the picture", *kernels], columns=4, title="What three kernels see in a 7"
)

# %% [markdown] lang="en"
# For many years people designed such kernels themselves. A convolutional network does not need that: the weights of the kernels start at random, and training finds the ones that help.
#
# ## How large is the feature map?
#
# A window of $k$ × $k$ has fewer places than the picture has pixels, so the map is smaller. Two settings change that. **Padding** puts $p$ rows and columns of zeros around the picture first. **Stride** $s$ lets the window jump by $s$ pixels instead of one. From $H$ rows come
#
# $$H' = \left\lfloor \frac{H - k + 2p}{s} \right\rfloor + 1$$
#
# rows, where $\lfloor\ \rfloor$ means rounded down; columns in the same way. With $k = 3$, $p = 1$, $s = 1$ the map is just as large as the picture.

# %% [markdown] lang="zh"
# 许多年里，人们一直自己设计这样的卷积核。卷积神经网络不需要这样：卷积核的权重一开始是随机的，由训练找出有用的那些。
#
# ## 特征图有多大？
#
# $k$ × $k$ 的窗口能放的位置，比图片的像素少，所以特征图会比图片小。有两项设置可以改变这一点。**填充**：先在图片四周补上 $p$ 行、$p$ 列零。**步长** $s$：窗口每次跳 $s$ 个像素，而不是一个。从 $H$ 行得到
#
# $$H' = \left\lfloor \frac{H - k + 2p}{s} \right\rfloor + 1$$
#
# 行，其中 $\lfloor\ \rfloor$ 表示向下取整；列也一样。当 $k = 3$、$p = 1$、$s = 1$ 时，特征图正好和图片一样大。


# %%
def output_size(size, kernel, padding=0, stride=1):
    """How many places a window has in a row of `size` pixels."""
    return (size - kernel + 2 * padding) // stride + 1


print("size  kernel  padding  stride  ->  size of the map")
for case in [
    (28, 3, 0, 1),
    (28, 3, 1, 1),
    (28, 5, 0, 1),
    (28, 5, 2, 2),
    (12, 5, 0, 1),
    (7, 2, 0, 2),
]:
    size, kernel, padding, stride = case
    picture = paddle.zeros([1, 1, size, size])
    window = paddle.ones([1, 1, kernel, kernel])
    measured = F.conv2d(picture, window, padding=padding, stride=stride)
    assert measured.shape == [1, 1, output_size(*case), output_size(*case)]
    print(f"{size:4} {kernel:7} {padding:8} {stride:7}  -> {output_size(*case):4}")

# Padding and stride by hand: put zeros around, and keep every second place.
by_hand = convolve(np.pad(seven, 1), vertical)[::2, ::2]  # [14, 14]
by_paddle = F.conv2d(as_batch, as_kernels, padding=1, stride=2)  # [1, 1, 14, 14]
assert np.allclose(by_hand, by_paddle.numpy()[0, 0], atol=1e-5)

# %% [markdown] lang="en"
# ## Channels
#
# One kernel finds one thing, so a layer has several, and each makes a feature map of its own. The maps of a layer are its **channels**: a grey picture has one channel, the first layer of our network makes eight of it. The next layer looks at all eight maps at once, so each of its kernels is eight deep: 8 × 5 × 5 weights. There is one kernel for each channel that goes out. So Paddle's weights have the shape [channels out, channels in, $k$, $k$]. By hand, with `einsum`: the letters behind the arrow stay, and all others are multiplied and added up.

# %% [markdown] lang="zh"
# ## 通道
#
# 一个卷积核只找一样东西，所以一层里有好几个卷积核，每个都产生自己的一张特征图。一层的各张特征图就是它的**通道**：灰度图片只有一个通道，我们网络的第一层由它得到八个。下一层要同时看这八张特征图，所以它的每个卷积核都有八层深：8 × 5 × 5 个权重。每个输出通道对应一个卷积核。因此飞桨的权重形状是 [输出通道数, 输入通道数, $k$, $k$]。下面用 `einsum` 自己写一遍：箭头后面的字母保留下来，其余的都相乘后求和。


# %%
def convolve_channels(maps, kernels):
    """From [C, H, W] with kernels [O, C, K, K] to [O, H', W']."""
    size = kernels.shape[-1]
    windows = sliding_window_view(maps, (size, size), axis=(1, 2))  # [C, H, W, K, K]
    return np.einsum("chwij,ocij->ohw", windows, kernels)  # [O, H, W]


random = set_seed(0)
eight_maps = random.standard_normal((8, 12, 12), dtype="float32")  # [8, 12, 12]
kernels = random.standard_normal((32, 8, 5, 5), dtype="float32")  # [32, 8, 5, 5]

by_hand = convolve_channels(eight_maps, kernels)  # [32, 8, 8]
by_paddle = F.conv2d(paddle.to_tensor(eight_maps)[None], paddle.to_tensor(kernels))
assert np.allclose(by_hand, by_paddle.numpy()[0], atol=1e-4)
print("maps in:", eight_maps.shape, " kernels:", kernels.shape, " maps out:", by_hand.shape)

# %% [markdown] lang="en"
# ## One kernel for all places
#
# A convolution is a sum of pixels times weights, so a `Linear` layer could do the same. Let us see which one: a picture of 6 × 6, a kernel of 3 × 3, and a matrix that turns the 36 pixels into the 16 numbers of the feature map.

# %% [markdown] lang="zh"
# ## 所有位置共用一个卷积核
#
# 卷积也是像素乘以权重再求和，所以 `Linear` 层也能做同样的事。来看看它会是什么样子：6 × 6 的图片，3 × 3 的卷积核，以及一个把 36 个像素变成特征图上 16 个数的矩阵。

# %% tags=["picture"]
small_kernel = np.array([[1, 2, 3], [-1, -2, -3], [4, 2, -4]], dtype="float32")  # [3, 3]
single_pixels = np.eye(36, dtype="float32").reshape(36, 6, 6)  # [36, 6, 6]
columns = [convolve(picture, small_kernel).ravel() for picture in single_pixels]
matrix = np.stack(columns, axis=1)  # [16, 36]

patch = seven[8:14, 8:14]  # [6, 6]
assert np.allclose(matrix @ patch.ravel(), convolve(patch, small_kernel).ravel(), atol=1e-5)

figure = Figure(figsize=(7, 3.6), layout="constrained")
axes = figure.subplots()
drawn = axes.imshow(matrix, cmap="RdBu_r", vmin=-4, vmax=4)
axes.set(xlabel="36 pixels", ylabel="16 places", xticks=(0, 35), yticks=(0, 15))
figure.colorbar(drawn, shrink=0.8, ticks=(-4, 0, 4))
figure.suptitle("A convolution as a Linear layer: the same 9 weights in each row")
figure

# %% [markdown] lang="en"
# Two things set it apart from a `Linear` layer in which all weights are free. Each output looks only at a small window: all other weights are 0. And all places use the same nine weights, which is called **weight sharing**: what is learned at one place is known at all places. That saves nearly all parameters. For the first layer of our network, from 28 × 28 pixels to 8 maps of 24 × 24:

# %% [markdown] lang="zh"
# 与所有权重都自由的 `Linear` 层相比，它有两点不同。第一，每个输出只看一个小窗口，其余的权重都是 0。第二，所有位置用的是同样的九个权重，这叫作**权重共享**：在一个位置学到的，在所有位置就都会了。这样几乎省掉了全部参数。以我们网络的第一层为例，从 28 × 28 个像素到 8 张 24 × 24 的特征图：

# %%
convolution = paddle.nn.Conv2D(1, 8, 5, bias_attr=False)
shared = convolution.weight.size
assert shared == 8 * 1 * 5 * 5

free = 28 * 28 * 8 * 24 * 24  # a weight from each pixel to each number of the maps
print(f"convolution: {shared:>9,} weights")
print(f"Linear layer: {free:>8,} weights, {free // shared:,} times as many")

# %% [markdown] lang="en"
# ## Pooling
#
# Where exactly an edge lies, to the pixel, does not matter for reading. So after a convolution the maps are made smaller: of each square of 2 × 2 numbers only the largest is kept. This is **max-pooling**. It has no weights. It says "here, or next to here, the kernel has found something", and it halves rows and columns, so that the next layer has a quarter of the work.

# %% [markdown] lang="zh"
# ## 池化
#
# 边缘究竟在哪个像素上，对认字并不要紧。所以卷积之后要把特征图缩小：每个 2 × 2 的小方块里只留下最大的数。这叫作**最大池化**。它没有权重。它的意思是“在这里，或者紧挨着这里，卷积核找到了东西”；同时行数和列数都减半，下一层的工作量只剩四分之一。


# %%
def max_pool(maps):
    """The largest of each 2×2 square: from [C, H, W] to [C, H // 2, W // 2]; H and W even."""
    count, height, width = maps.shape
    squares = maps.reshape(count, height // 2, 2, width // 2, 2)  # [C, H, 2, W, 2]
    return squares.max(axis=(2, 4))  # [C, H, W]


tiny = np.array([[[1, 2, 0, 0], [3, 4, 0, 9], [5, 5, 7, 6], [5, 5, 8, 0]]])  # [1, 4, 4]
print(tiny[0], "\nbecomes\n", max_pool(tiny)[0], sep="")

from paddle_mnist.models.layers import MaxPool

batch = paddle.to_tensor(by_hand)[None]  # [1, 32, 8, 8]
pooled = max_pool(by_hand)  # [32, 4, 4]
assert np.array_equal(pooled, F.max_pool2d(batch, 2).numpy()[0])
assert np.array_equal(pooled, MaxPool()(batch).numpy()[0])

# %% [markdown] lang="en"
# Paddle's function and the package's `MaxPool` agree with ours. (`MaxPool` remembers where each maximum was, which makes training quicker.)
#
# ## The same 7, two pixels further
#
# Now take a 7 and move it to the right by two pixels. For you it is the same 7. What is it for a convolution? The red frames are two windows that lie on the same piece of the stroke:

# %% [markdown] lang="zh"
# 飞桨的函数和软件包里的 `MaxPool` 都与我们的结果一致。（`MaxPool` 会记住每个最大值原来的位置，这样训练更快。）
#
# ## 同一个 7，挪了两个像素
#
# 现在把一个 7 向右移动两个像素。在你看来，它还是同一个 7。在卷积看来呢？红框是两个窗口，落在笔画的同一段上：


# %% tags=["picture"]
def move(images, right):
    """Shift pictures to the right; what comes in from the left is paper."""
    moved = np.zeros_like(images)
    moved[..., right:] = images[..., : images.shape[-1] - right]
    return moved  # [N, 28, 28]


both = np.stack([seven, move(seven[None], 2)[0]])  # [2, 28, 28]
edges_of_both = np.stack([convolve(picture, vertical) for picture in both])  # [2, 26, 26]
pooled_of_both = max_pool(edges_of_both)  # [2, 13, 13]

top, left = divmod(int(edges.argmax()), 26)
figure = Figure(figsize=(7, 5.1), layout="constrained")
grid = figure.subplots(2, 3)
for row, step in enumerate((0, 2)):
    grid[row, 0].imshow(both[row], cmap="gray", vmin=0, vmax=1)
    frame = Rectangle((left + step - 0.5, top - 0.5), 3, 3, fill=False, color="red", linewidth=2)
    grid[row, 0].add_patch(frame)
    grid[row, 1].imshow(edges_of_both[row], cmap="RdBu_r", vmin=-1, vmax=1)
    grid[row, 2].imshow(pooled_of_both[row], cmap="RdBu_r", vmin=-1, vmax=1)
for axes in grid.flat:
    axes.set(xticks=[], yticks=[])
for axes, what in zip(grid[0], ("the picture", "upright edges", "after pooling")):
    axes.set_title(what)
for axes, what in zip(grid[:, 0], ("the 7", "moved by 2")):
    axes.set_ylabel(what)
figure.suptitle("The 7 moves by two pixels, its edges by two places, the pooled edges by one")
figure

# %% [markdown] lang="en"
# Both frames hold the same nine numbers, and the kernel is the same too, so the answer is the same: it only comes out two places further to the right. The feature map of the moved 7 *is* the moved feature map of the 7. After pooling it has moved by a single place. (Had the 7 moved by one pixel, half a square, the pooled maps would differ a little.) Let us check that to the last bit:

# %% [markdown] lang="zh"
# 两个框里是同样的九个数，卷积核也是同一个，所以答案相同，只是出现在向右两格的地方。移动后的 7 的特征图，*就是* 7 的特征图移动之后的样子。池化之后，只移动了一格。（如果 7 只移动一个像素，也就是半个小方块，池化后的两张图会略有不同。）来验证一下，是不是分毫不差：

# %%
assert np.array_equal(edges_of_both[1, :, 2:], edges_of_both[0, :, :-2])
assert np.array_equal(pooled_of_both[1, :, 1:], pooled_of_both[0, :, :-1])


def hidden_outputs(images):
    """What the MLP's hidden layer makes of pictures."""
    layer = networks["mlp"].hidden
    return F.relu(layer(norm_img(images))).numpy()  # [N, 512]


many_sevens = mnist.validation.images[mnist.validation.labels == 7]
here, moved = hidden_outputs(many_sevens), hidden_outputs(move(many_sevens, 2))
by_others = np.roll(here, 1, axis=0)  # each 7 beside the 7 of another writer
print("mean distance in the MLP's hidden layer, from a 7 to")
print(f"    the same 7, moved by 2: {np.linalg.norm(here - moved, axis=1).mean():5.1f}")
print(f"    another 7:              {np.linalg.norm(here - by_others, axis=1).mean():5.1f}")

# %% [markdown] lang="en"
# For the MLP nothing of this holds: the moved stroke meets other weights, and the hidden layer gives other numbers. The moved 7 is most of the way to the 7 of another writer. To the MLP it is a new picture, and it must have seen digits at that place to know what to make of it.
#
# ## The network
#
# The stage `cnn` is two blocks of convolution, pooling, **batch normalisation** and ReLU, and then two `Linear` layers. Batch normalisation keeps the numbers of each map in a good range; [chapter 5](05_generalise.ipynb) explains it. Here is what happens to a batch of five pictures:

# %% [markdown] lang="zh"
# MLP 就没有这样的性质：移动后的笔画遇到的是另一些权重，隐藏层的输出也就变了。移动后的 7 与原来的距离，已经接近另一个人写的 7 与它的距离。对 MLP 来说这是一张新图片，必须见过处在那个位置的数字，它才知道该怎么办。
#
# ## 这个网络
#
# `cnn` 阶段由两个模块组成，每个模块依次是卷积、池化、**批归一化**和 ReLU；后面再接两个 `Linear` 层。批归一化让每张特征图的数保持在合适的范围内，[第 5 章](05_generalise.ipynb)会解释它。下面看五张图片组成的一批数据是怎样一步步变化的：

# %%
random = set_seed(0)
network = build_network("cnn")
network.eval()

maps = norm_img(mnist.validation.images[:5]).reshape([-1, 1, 28, 28])  # [5, 1, 28, 28]
first_maps = network.features[0](maps).numpy()  # [5, 8, 24, 24]
kernels = network.features[0].weight.numpy()  # [8, 1, 5, 5]
assert np.allclose(convolve_channels(maps.numpy()[0], kernels), first_maps[0], atol=1e-5)

print(f"{'pictures':12} {list(maps.shape)}")
for layer in [*network.features, *network.classifier]:
    maps = layer(maps)
    print(f"{type(layer).__name__:12} {list(maps.shape)}")
logits = maps  # [5, 10]

assert output_size(28, 5) == 24
assert output_size(24 // 2, 5) == 8
assert 32 * (8 // 2) * (8 // 2) == 512

# %% [markdown] lang="en"
# The maps get smaller and more: from one picture with 784 pixels to 32 maps with 4 × 4 places. `Flatten` lays them out as a row of 512 numbers, and from there on it is the MLP of chapter 3. Now count the parameters by hand. The convolutions have no bias, because batch normalisation would take it away again. Batch normalisation has four numbers for each map: two that are learned, and two running averages that are only kept.

# %% [markdown] lang="zh"
# 特征图越来越小，也越来越多：从一张 784 个像素的图片，到 32 张 4 × 4 的特征图。`Flatten` 把它们排成一行 512 个数，从那里往后，就是第 3 章的多层感知机了。现在来亲手数一数参数。卷积没有偏置，因为批归一化会把它再消去。批归一化为每张特征图准备四个数：两个是学出来的，另外两个是只做记录的滑动平均值。

# %%
counted = {
    "features.0": ("convolution 5×5, 1 to 8 maps", 8 * 1 * 5 * 5),
    "features.2": ("batch normalisation of 8 maps", 4 * 8),
    "features.4": ("convolution 5×5, 8 to 32 maps", 32 * 8 * 5 * 5),
    "features.6": ("batch normalisation of 32 maps", 4 * 32),
    "classifier.1": ("Linear, 512 to 128", 512 * 128 + 128),
    "classifier.3": ("Linear, 128 to 10", 128 * 10 + 10),
}
for name, layer in network.named_sublayers():
    size = sum(parameter.size for parameter in layer.parameters(include_sublayers=False))
    assert size == counted.get(name, ("", 0))[1], name

for name, (what, size) in counted.items():
    print(f"{name:13} {what:32} {size:7,}")
total = sum(size for _, size in counted.values())
assert total == sum(parameter.size for parameter in network.parameters()) == 73_714
print(f"{'':13} {'all':32} {total:7,}")
print(f"{'':13} {'the MLP of chapter 3':32} {407_050:7,}")

# %% [markdown] lang="en"
# Nearly nine tenths of the numbers are in the first `Linear` layer. The two convolutions, which do most of the seeing, have fewer than 7,000.
#
# ## Training for real
#
# Now on all training images, by the recipe of the stage: two epochs, Adam, and a learning rate that rises to 0.01 and falls again. `trained` takes the run from the folder `runs` if it is there, or else trains it now. When a training is finished, the network is measured on the test set, once, and the result is kept in the run's record.

# %% [markdown] lang="zh"
# 将近十分之九的参数都在第一个 `Linear` 层里。而承担了大部分“看”的工作的两个卷积，加起来还不到 7,000 个。
#
# ## 正式训练
#
# 现在用全部训练图片，按这个阶段的配方训练：两轮，Adam，学习率先升到 0.01，再降下来。如果 `runs` 文件夹里已有训练好的结果，`trained` 会直接取来用；没有的话，就现在训练。训练结束后，网络在测试集上测一次，只测一次，结果保存在记录里。

# %%
from paddle_mnist.runs.course import trained

recognizer = trained("cnn")
test = recognizer.record["test"]
print(f"test set: {test['correct']:,} of {test['count']:,} read right, {test['accuracy']:.2%}")

# %% tags=["picture"]
from paddle_mnist.plots import plot_history

plot_history(recognizer.record["history"], title="The stage cnn")

# %% [markdown] lang="en"
# The goal of 99% is reached. Over {{seeds cnn}} random starts, the stage `cnn` reads {{accuracy cnn}} of the test set; the stage `mlp` of chapter 3 reads {{accuracy mlp}}. Another seed can change your figure by about a tenth of a point. On the sample the network has seen far fewer digits, and 99% is out of reach.
#
# The validation loss may lie below the training loss. Nothing is wrong with that: the training loss is the mean over the whole epoch, and the network was worse at its beginning.
#
# ## What has it learned?
#
# Nobody told the network what its kernels should be. These are the eight of the first layer:

# %% [markdown] lang="zh"
# 99% 的目标达到了。换 {{seeds cnn}} 个随机起点，`cnn` 阶段在测试集上的准确率为 {{accuracy cnn}}；第 3 章的 `mlp` 阶段是 {{accuracy mlp}}。换一个随机种子，你的结果可能相差约 0.1 个百分点。如果用的是小样本，网络见过的数字少得多，就达不到 99%。
#
# 验证损失可能比训练损失还低。这没有问题：训练损失是整整一轮的平均值，而网络在这一轮刚开始时要差一些。
#
# ## 它学到了什么？
#
# 没有人告诉网络卷积核该是什么样子。下面是第一层的八个卷积核：

# %% tags=["picture"]
network = recognizer.network
kernels = network.features[0].weight.numpy()[:, 0]  # [8, 5, 5]
titles = [f"kernel {index}" for index in range(8)]
plot_weights(kernels, titles, columns=4, title="The kernels of the first layer")

# %% [markdown] lang="en"
# Some have a red side and a blue side, like the edge finders that we made by hand, each in a direction of its own. Others are patchy and hard to name: these weights started at random, and two epochs have not smoothed them. Next, what the two blocks make of the 7:

# %% [markdown] lang="zh"
# 有些卷积核一边红、一边蓝，和我们手工做的一样，是寻找边缘的，只是各有各的方向。另一些斑斑驳驳，说不清在找什么：这些权重一开始是随机的，两轮训练还不足以把它们磨平。再来看看两个模块分别从 7 里看出了什么：

# %% tags=["picture"]
with paddle.no_grad():
    first_block = network.features[:4](as_batch)  # [1, 8, 12, 12]
    second_block = network.features[4:](first_block)  # [1, 32, 4, 4]

titles = [f"map {index}" for index in range(8)]
plot_weights(first_block.numpy()[0], titles, columns=4, title="After the first block")

# %% tags=["picture"]
plot_weights(second_block.numpy()[0], columns=8, title="After the second block")

# %% [markdown] lang="en"
# In most of the first maps the 7 can still be seen, and each answers to other parts of its strokes. In the second block each of the 32 maps has only 4 × 4 places, and each place answers a larger question, such as "is there a corner in this part of the picture?" The two `Linear` layers decide from these 512 numbers alone.
#
# ## How far may a digit move?
#
# We move all validation images to the right, and ask the two networks that were trained on real pictures at the beginning of this chapter. Neither has ever seen moved digits.

# %% [markdown] lang="zh"
# 在第一个模块的大多数特征图里，还看得出 7，而且各张图响应的是笔画的不同部分。到了第二个模块，32 张特征图各自只有 4 × 4 个位置，每个位置回答一个更大的问题，例如“图片的这一块有没有拐角？”最后两个 `Linear` 层就只凭这 512 个数作出判断。
#
# ## 数字能移动多远？
#
# 我们把所有验证图片向右移动，再去问本章开头用真实图片训练的那两个网络。它们都没有见过移动的数字。

# %% tags=["picture"]
from paddle_mnist.core.loop import evaluate
from paddle_mnist.plots import plot_curves

shifts = range(7)
curves = {"MLP": [], "CNN": []}
for right in shifts:
    moved = Split(move(mnist.validation.images, right), mnist.validation.labels)
    for name, values in curves.items():
        values.append(evaluate(networks[name.lower()], cross_entropy, moved).accuracy)

figure = plot_curves(
    curves,
    x=shifts,
    xlabel="moved to the right, in pixels",
    ylabel="accuracy",
    title="Validation images",
)
figure.axes[0].set_ylim(0, 1)
figure

# %% [markdown] lang="en"
# Moved by two pixels, about a third of the digits are misread by the MLP; the CNN still reads most of them. That is what convolution and pooling give. But it does not go on for ever: the last layers of the CNN are `Linear`, and for them each of the 4 × 4 places has weights of its own. Four pixels are just one of these places, as the two poolings have halved the distance twice:

# %% [markdown] lang="zh"
# 移动两个像素，MLP 就会把大约三分之一的数字认错，而 CNN 大部分仍能认对。这就是卷积和池化的功劳。但这不是没有限度的：CNN 最后的几层是 `Linear`，对它们来说，4 × 4 个位置中的每一个都有自己的权重。四个像素恰好等于其中的一格，因为两次池化把距离减半了两次：

# %%
with paddle.no_grad():
    moved_seven = paddle.to_tensor(move(seven[None], 4))[None]  # [1, 1, 28, 28]
    moved_maps = network.features(moved_seven)  # [1, 32, 4, 4]
difference = np.abs(moved_maps[..., 1:].numpy() - second_block[..., :-1].numpy()).max()
assert difference < 1e-3
print("largest difference to the old maps, moved by one place:", difference)

# %% [markdown] lang="en"
# The 32 maps of the 7 are the same as before, one place further to the right. All that was seen is still seen; only the `Linear` layers have not learned what it means there. Digits in MNIST are centred, so the test set never asks. Your own handwriting may: [chapter 7](07_your_own_handwriting.ipynb) centres it, and [chapter 6](06_tune.ipynb) trains with pictures that are moved at random.
#
# ## What remains wrong
#
# The worst mistakes of the trained network on the validation images, which it has not been trained on:

# %% [markdown] lang="zh"
# 7 的 32 张特征图和原来一样，只是向右挪了一格。看到过的东西仍然都看到了，只是 `Linear` 层还没学过它们出现在那里意味着什么。MNIST 里的数字都是居中的，所以测试集不会考这一点。你自己写的字就不一定了：[第 7 章](07_your_own_handwriting.ipynb)会把它移到中间，[第 6 章](06_tune.ipynb)则用随机移动过的图片来训练。
#
# ## 还有哪些认错了
#
# 训练好的网络在验证图片上错得最厉害的例子（这些图片没有参加训练）：

# %% tags=["picture"]
from paddle_mnist.core.metrics import softmax
from paddle_mnist.plots import plot_mistakes

outputs = recognizer.outputs(mnist.validation.images)  # [N, 10]
plot_mistakes(mnist.validation.images, mnist.validation.labels, softmax(outputs), count=16)

# %% [markdown] lang="en"
# Below each title stands how sure the network was of its wrong answer. Some of these digits you would misread too; for others you know better. Mistakes of the first kind will always remain. Those of the second kind are what the next chapters work on: [chapter 5](05_generalise.ipynb) asks why a network reads its training pictures better than new ones.

# %% [markdown] lang="zh"
# 每个标题的第二行，是网络对自己的错误答案有多大把握。其中有些数字，换了你也会认错；另一些你却看得明白。前一种错误总会有。后一种错误正是后面几章要解决的：[第 5 章](05_generalise.ipynb)要问，为什么网络读训练图片总比读新图片好？

# %% [markdown] lang="en"
# ## Summary
#
# - An MLP does not know which pixels are neighbours: shuffled pictures are as easy for it as real ones. A CNN is built on neighbours.
# - A convolution slides one small kernel over the whole picture; each kernel makes one feature map. In deep learning the kernel is not flipped.
# - All places share the same weights, so a convolution has few parameters, and when the picture moves its feature maps move with it.
# - The size of a map is $\lfloor (H - k + 2p) / s \rfloor + 1$; max-pooling keeps the largest of each 2 × 2 square, and halves the size.
# - The stage `cnn` reads {{accuracy cnn}} with 73,714 numbers; the MLP {{accuracy mlp}} with 407,050.
#
# ## Words
#
# | English | Chinese | in one line |
# |---|---|---|
# | permutation | 置换 | a new order of the same things |
# | convolution | 卷积 | sliding a window over a picture, and a weighted sum at each place |
# | kernel, filter | 卷积核 | the small table of weights that slides |
# | feature map | 特征图 | the numbers of one kernel, arranged as its places |
# | cross-correlation | 互相关 | a convolution without flipping: what the libraries compute |
# | stride | 步长 | how far the window jumps |
# | padding | 填充 | zeros around the picture |
# | channel | 通道 | one of the maps that a layer takes or gives |
# | weight sharing | 权重共享 | all places use the same weights |
# | pooling | 池化 | making a map smaller; max-pooling keeps the largest of each square |
#
# ## Questions
#
# **1.** A picture of 32 × 32 goes through a convolution with $k = 3$, $p = 1$, $s = 2$. How large is the map?
#
# <details><summary>Answer</summary>
#
# $\lfloor (32 - 3 + 2) / 2 \rfloor + 1 = 15 + 1 = 16$: the map is 16 × 16.
#
# </details>
#
# **2.** A convolution of 3 × 3 goes from 16 to 64 channels, with a bias for each channel out. How many parameters has it? And when the pictures are twice as large?
#
# <details><summary>Answer</summary>
#
# $64 \cdot 16 \cdot 3 \cdot 3 + 64 = 9{,}280$. The size of the pictures plays no part: the kernel only slides further.
#
# </details>
#
# **3.** All pictures, those for training and those for validation, are mirrored left to right. Does the CNN read them worse, as it did the shuffled ones?
#
# <details><summary>Answer</summary>
#
# No. Mirrored pictures are in a new pixel order too, but neighbours are still neighbours. The mirrored kernels see in them what the old kernels saw before, and training finds those just as easily.
#
# </details>
#
# **4.** On how many pixels of the picture does one number of the second block's maps depend? Go backwards through the network.
#
# <details><summary>Answer</summary>
#
# It is the largest of 2 × 2 places of the second convolution. Two neighbouring windows of 5 cover $5 + 1 = 6$ places of the pooled map, that is, 12 places of the first convolution; twelve neighbouring windows of 5 cover $12 + 4 = 16$ pixels. So it depends on 16 × 16 pixels. This is called the receptive field.
#
# </details>
#
# **5.** Two convolutions of 5 × 5 follow each other, with nothing between them. Which single convolution could do the same?
#
# <details><summary>Answer</summary>
#
# One of 9 × 9: a window of 5 × 5 places that each see 5 × 5 pixels covers $5 + 4 = 9$ rows and columns, and a weighted sum of weighted sums is a weighted sum. As in chapter 3, only what stands between the layers, here ReLU and max-pooling, makes two layers more than one.
#
# </details>
#
# ## Homework
#
# {{exercises}}
#
# **Open questions.** What you find out here, nobody checks but you. Write it down in a notebook of your own.
#
# - **4-A (stride and padding).** Give `convolve` the arguments `padding` and `stride`, without computing places that are then thrown away. Check it against `F.conv2d` for the six cases of the table above, with random pictures and kernels.
# - **4-B (which order matters?).** Cut each picture into 16 squares of 7 × 7 pixels. Shuffle (a) the squares as wholes, or (b) the 49 pixels within each square, all squares in the same way. First write down which of the two the CNN will mind more, and why. Then measure both, as at the beginning of this chapter.

# %% [markdown] lang="zh"
# ## 小结
#
# - MLP 不知道哪些像素相邻：打乱的图片和真实的图片，对它来说一样容易。CNN 则建立在相邻关系之上。
# - 卷积让一个小小的卷积核滑过整张图片；每个卷积核产生一张特征图。深度学习里的卷积不翻转卷积核。
# - 所有位置共享同样的权重，所以卷积的参数很少；图片移动，特征图也跟着移动。
# - 特征图的大小是 $\lfloor (H - k + 2p) / s \rfloor + 1$；最大池化保留每个 2 × 2 小方块里最大的数，并把大小减半。
# - `cnn` 阶段用 73,714 个数，准确率为 {{accuracy cnn}}；MLP 用 407,050 个数，准确率为 {{accuracy mlp}}。
#
# ## 术语
#
# | 英文 | 中文 | 一句话解释 |
# |---|---|---|
# | permutation | 置换 | 把同样的东西换一种顺序排列 |
# | convolution | 卷积 | 窗口在图片上滑动，在每个位置求一次加权和 |
# | kernel, filter | 卷积核 | 滑动的那张小小的权重表 |
# | feature map | 特征图 | 一个卷积核得到的数，按窗口的位置排列 |
# | cross-correlation | 互相关 | 不翻转的卷积，深度学习库实际计算的就是它 |
# | stride | 步长 | 窗口每次移动多远 |
# | padding | 填充 | 在图片四周补零 |
# | channel | 通道 | 一层输入或输出的各张图中的一张 |
# | weight sharing | 权重共享 | 所有位置使用同样的权重 |
# | pooling | 池化 | 缩小特征图；最大池化保留每个小方块里最大的数 |
#
# ## 思考题
#
# **1.** 一张 32 × 32 的图片经过 $k = 3$、$p = 1$、$s = 2$ 的卷积。特征图有多大？
#
# <details><summary>答案</summary>
#
# $\lfloor (32 - 3 + 2) / 2 \rfloor + 1 = 15 + 1 = 16$，所以特征图是 16 × 16。
#
# </details>
#
# **2.** 一个 3 × 3 的卷积，从 16 个通道到 64 个通道，每个输出通道有一个偏置。它有多少个参数？如果图片的边长变成两倍呢？
#
# <details><summary>答案</summary>
#
# $64 \cdot 16 \cdot 3 \cdot 3 + 64 = 9{,}280$。与图片的大小无关：卷积核只是滑得更远。
#
# </details>
#
# **3.** 把训练用的和验证用的图片全部左右镜像。CNN 会不会像读打乱的图片那样变差？
#
# <details><summary>答案</summary>
#
# 不会。镜像也改变了像素的顺序，但邻居仍然是邻居。镜像后的卷积核在这些图片里看到的，正是原来的卷积核以前看到的，训练同样容易找到它们。
#
# </details>
#
# **4.** 第二个模块的特征图上的一个数，取决于图片上的多少个像素？请从后往前推。
#
# <details><summary>答案</summary>
#
# 它是第二个卷积 2 × 2 个位置中最大的一个。两个相邻的、宽为 5 的窗口，覆盖池化后特征图的 $5 + 1 = 6$ 个位置，也就是第一个卷积的 12 个位置；十二个相邻的、宽为 5 的窗口，覆盖 $12 + 4 = 16$ 个像素。所以它取决于 16 × 16 个像素。这叫作感受野。
#
# </details>
#
# **5.** 两个 5 × 5 的卷积直接相连，中间什么也没有。用哪一个卷积就能做到同样的事？
#
# <details><summary>答案</summary>
#
# 一个 9 × 9 的卷积：窗口有 5 × 5 个位置，每个位置又看 5 × 5 个像素，一共覆盖 $5 + 4 = 9$ 行和 9 列；而加权和的加权和仍是加权和。和第 3 章一样，正是夹在两层之间的东西（这里是 ReLU 和最大池化），才使两层胜过一层。
#
# </details>
#
# ## 作业
#
# {{exercises}}
#
# **开放的问题**：下面这些没有人替你检查，请把你的发现写进自己的笔记本。
#
# - **4-A**（步长和填充）：给 `convolve` 加上参数 `padding` 和 `stride`，不要先算出一些位置再丢掉。用随机的图片和卷积核，对上面表格里的六种情况，与 `F.conv2d` 核对。
# - **4-B**（哪种顺序重要？）：把每张图片切成 16 个 7 × 7 像素的小方块。打乱（a）整块的位置，或者（b）每个小方块内部的 49 个像素，所有小方块用同一种顺序。先写下你的判断：CNN 更怕哪一种，为什么？再像本章开头那样，把两种都测一测。
