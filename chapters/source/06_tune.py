# %% [markdown] lang="en"
# # Chapter 6: How far above 99% can we get?
#
# **You will build** a ladder of small improvements to the network of [chapter 4](04_convolution.ipynb): a learning rate that rises and falls, changed copies of the pictures, an average of the weights, and several networks that vote. You measure each of them, and you learn to tell a gain from luck.
#
# **Time:** 60 minutes to read and try; the computer needs {{seconds}} seconds for all cells, nearly all of them in one cell that trains nine networks.
#
# **You need to know:** the convolutional network of chapter 4, and from [chapter 5](05_generalise.ipynb) what overfitting is and why there are validation images.

# %% [markdown] lang="zh"
# # 第 6 章：99% 以上还能提高多少？
#
# **你将做出**一架由小改进组成的“梯子”，用在[第 4 章](04_convolution.ipynb)的网络上：先升后降的学习率、变了样的图片副本、权重的平均，以及几个网络一起投票。每一级你都会亲自测量，并学会分辨真正的提高和运气。
#
# **时间**：阅读和动手约 60 分钟；运行全部单元格，计算机需要约 {{seconds}} 秒，几乎都花在训练九个网络的那一个单元格上。
#
# **需要先知道**：第 4 章的卷积网络，以及[第 5 章](05_generalise.ipynb)讲过的过拟合和验证集的用途。

# %%
# %matplotlib inline
import math
import tempfile
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from paddle_mnist.data import load_mnist
from paddle_mnist.runs.course import course_folder
from paddle_mnist.system.runtime import prepare

prepare()  # threads and memory, before Paddle is imported

mnist = load_mnist()
print(mnist.source.message)

# %% [markdown] lang="en"
# If the line above begins with `WARNING`, the sample of 5,000 images is used. Everything works with it too, but the accuracies are then one to three points lower than in this text, and with only 500 validation images the differences between the rungs mean little.
#
# ## How small is a tenth of a point?
#
# The stage `cnn` reads {{accuracy cnn}} of the test images. A better network may read one image in a thousand more. Can we see that at all? A network that reads the share $p$ of all possible digits right gets a slightly different share on every set of $n$ images, by chance. The usual size of this chance is the **standard error**:
#
# $$s = \sqrt{\frac{p\,(1-p)}{n}}$$
#
# In about 95 of 100 cases, the share that we measure lies within $2s$ of the true $p$.

# %% [markdown] lang="zh"
# 如果上面这一行以 `WARNING` 开头，说明现在用的是 5,000 张图片的小样本。一切照样能运行，但准确率会比文中的低一到三个百分点；而且只有 500 张验证图片，各级之间的差别说明不了什么。
#
# ## 千分之一有多小？
#
# `cnn` 阶段在测试集上的准确率是 {{accuracy cnn}}。更好的网络，一千张图片里也许只多认对一张。这样的差别我们看得出来吗？假设一个网络对所有可能的数字能认对的比例是 $p$，那么换一组 $n$ 张图片，测得的比例都会因为偶然而略有不同。这种偶然性的大小，通常用**标准误**来衡量：
#
# $$s = \sqrt{\frac{p\,(1-p)}{n}}$$
#
# 100 次测量中，大约有 95 次测得的比例与真实的 $p$ 相差不超过 $2s$。


# %%
def standard_error(p, n):
    """How far a share measured on n images usually lies from the true share p."""
    return math.sqrt(p * (1 - p) / n)


for n in (100, 500, 1_000, 5_000, 10_000):
    print(
        f"a true accuracy of 99.2% on {n:6,} images: ± {100 * standard_error(0.992, n):.2f} points"
    )

# Let 20,000 networks with p = 0.992 read 5,000 images each: does the formula hold?
dice = np.random.default_rng(0)
measured = dice.binomial(5_000, 0.992, size=20_000) / 5_000
assert np.isclose(measured.std(), standard_error(0.992, 5_000), rtol=0.03)

# %% [markdown] lang="en"
# Now two networks, one with 0.992 and one with 0.993, each measured on its own $n$ images. The standard error of their difference is $\sqrt{s_1^2 + s_2^2}$. We call a difference visible when it is twice as large as that. Solved for $n$:
#
# $$n = \frac{4\,\left(p_1(1-p_1) + p_2(1-p_2)\right)}{(p_2-p_1)^2}$$

# %% [markdown] lang="zh"
# 现在有两个网络，一个是 0.992，另一个是 0.993，各自在自己的 $n$ 张图片上测量。两者之差的标准误是 $\sqrt{s_1^2 + s_2^2}$。差别达到它的两倍，我们才说看得出来。由此解出 $n$：
#
# $$n = \frac{4\,\left(p_1(1-p_1) + p_2(1-p_2)\right)}{(p_2-p_1)^2}$$

# %% tags=["picture"]
worse, better = 0.992, 0.993
needed = math.ceil(4 * (worse * (1 - worse) + better * (1 - better)) / (better - worse) ** 2)
print(f"images needed to tell 99.2% from 99.3%: {needed:,}")

figure = Figure(figsize=(9, 3.2), layout="constrained")
for axes, n in zip(figure.subplots(1, 2, sharex=True), (5_000, needed)):
    for p, colour in ((worse, "tab:blue"), (better, "tab:orange")):
        measured = dice.binomial(n, p, size=20_000) / n
        # One bar for every whole number of images read right, or for several of them.
        width = max(1, n // 5_000) / n
        bars = np.arange(0.988, 0.997, width) + width / 2
        axes.hist(100 * measured, bins=100 * bars, alpha=0.6, color=colour, label=f"{p:.1%}")
    axes.set(title=f"measured on {n:,} images", xlabel="measured accuracy, %", yticks=[])
    axes.legend(title="true accuracy")
figure.suptitle("20,000 measurements of two networks")
figure

# %% [markdown] lang="en"
# On 5,000 images the two are hardly to be told apart. What can we do without ten times as many images? First, let both networks read the *same* images: then only the images count on which they disagree. Second, train each with several seeds and compare the means, because the first weights and the order of the images are chance too. We do both.
#
# ## More pictures for nothing
#
# A 7 that is turned a little is still a 7. So we may show the network a slightly changed copy of each picture, another one in every epoch: this is **data augmentation**. The package's `RandomAffine` turns, zooms and shifts each picture at random. Here are 15 changed copies of one digit:

# %% [markdown] lang="zh"
# 只用 5,000 张图片，两者几乎分不开。没有十倍的图片，还能怎么办？第一，让两个网络读*同样*的图片：这样只有它们答案不一致的图片才起作用。第二，每个网络用几个随机种子各训练一次，再比较平均值，因为初始权重和图片的顺序也是偶然的。这两点我们都会做到。
#
# ## 免费得到更多图片
#
# 一个 7 稍微转一点，还是 7。所以每一轮都可以把图片稍微改一改再给网络看，而且每次改得都不一样：这叫作**数据增强**。软件包里的 `RandomAffine` 会随机地旋转、缩放和平移每张图片。下面是同一个数字的 15 个变了样的副本：

# %% tags=["picture"]
import paddle
import paddle.nn.functional as F

from paddle_mnist.core.augmentation import RandomAffine
from paddle_mnist.core.transforms import norm_img
from paddle_mnist.plots import plot_digits

augment = RandomAffine(degrees=10, zoom=0.1, shift=0.05)
image = mnist.train.images[:1]  # [1, 28, 28]
rows = norm_img(np.repeat(image, 15, axis=0))  # [15, 784]
copies = augment(rows, dice) * 255  # [15, 784]
copies = copies.numpy().reshape(15, 28, 28)  # [15, 28, 28]

titles = ["the original"] + 15 * [""]
plot_digits(np.concatenate([image, copies]), titles, title="One digit and 15 changed copies of it")

# %% [markdown] lang="en"
# The limits are 10 degrees, a tenth of the size, and a twentieth of the side (1.4 pixels). The package's default for the shift is twice that, but MNIST's digits are all centred already: validation pictures are never shifted far.
#
# How is it done? A matrix of 2 × 3 numbers, an **affine map**, says for each place in the new picture where to look in the old one. Places are counted from −1 to 1, so one pixel is $2/28$. To check that we understand it, we shift pictures by whole pixels, once with NumPy and once with the matrix:

# %% [markdown] lang="zh"
# 改变的范围是：旋转不超过 10 度，大小变化不超过十分之一，平移不超过边长的二十分之一（1.4 像素）。软件包默认的平移范围是这里的两倍，但 MNIST 的数字本来就已居中，验证图片不会偏得很远。
#
# 这是怎么做到的？用一个 2 × 3 的矩阵，即**仿射变换**：对新图片中的每个位置，它指出该到旧图片的哪里去取。位置从 −1 数到 1，所以一个像素是 $2/28$。为了检验我们是否理解了，把图片平移整数个像素，一次用 NumPy，一次用矩阵：


# %%
def shifted(images, right, down):
    """Move pictures [N, 28, 28] by up to 4 whole pixels; what moves in is paper (0)."""
    wide = np.pad(images, ((0, 0), (4, 4), (4, 4)))
    return wide[:, 4 - down : 32 - down, 4 - right : 32 - right]  # [N, 28, 28]


def mapped(images, matrix):
    """Send pictures [N, 28, 28] through one affine map."""
    pictures = norm_img(images).reshape([-1, 1, 28, 28])  # [N, 1, 28, 28]
    matrices = np.array([matrix] * len(images), dtype="float32")  # [N, 2, 3]
    grid = F.affine_grid(paddle.to_tensor(matrices), pictures.shape, align_corners=False)
    return 255 * F.grid_sample(pictures, grid, align_corners=False).numpy()[:, 0]  # [N, 28, 28]


pictures = mnist.train.images[:20]  # [20, 28, 28]
for right, down in [(0, 0), (1, 0), (0, -1), (-3, 2)]:
    # To move ink to the right, each place looks to its left: hence the minus.
    matrix = [[1, 0, -2 * right / 28], [0, 1, -2 * down / 28]]
    assert np.allclose(mapped(pictures, matrix), shifted(pictures, right, down), atol=0.1)
print("NumPy and the matrix agree")

# %% [markdown] lang="en"
# Augmentation must not change the truth. How far may a 6 be turned?

# %% [markdown] lang="zh"
# 数据增强不能改变正确答案。一个 6 最多能转多少？

# %% tags=["picture"]
labels = mnist.train.labels
six = mnist.train.images[labels == 6][:1]  # [1, 28, 28]
nine = mnist.train.images[labels == 9][:1]  # [1, 28, 28]

angles = [0, 10, 45, 90, 135, 180]
turned = []
for angle in angles:
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    turned.append(mapped(six, [[cosine, -sine, 0], [sine, cosine, 0]]))
far = mapped(six, [[1, 0, -0.9], [0, 1, 0]])  # [1, 28, 28]

titles = [f"turned by {angle}°" for angle in angles] + ["a real 9", "6, shifted too far"]
plot_digits(np.concatenate([*turned, nine, far]), titles, title="Too much of a good thing")

# %% [markdown] lang="en"
# Turned by 180°, a 6 *is* a 9, and a network that is told otherwise learns nonsense. Shifted too far, nothing is left to learn from. For the same reason digits are not mirrored, although mirroring is the usual augmentation for photos of cats.
#
# Only training images are changed. `Batches`, which only training uses, takes `augment`; `evaluate` has no such argument.
#
# ## How fast may it learn?
#
# Next, the learning rate. A quick way to find a good one is the **learning-rate range test**: begin with a tiny rate, let it grow with each batch, and watch the loss. `lr.LambdaDecay` moves the rate by a formula of ours, here from 0.0001 to 1.

# %% [markdown] lang="zh"
# 转了 180° 的 6 *就是* 9；如果偏要告诉网络它是 6，网络学到的就是胡话。移得太远，就没有东西可学了。出于同样的原因，数字不能左右翻转，尽管对猫的照片来说，翻转是最常用的增强方法。
#
# 只有训练图片会被改变。`augment` 是 `Batches` 的参数，而 `Batches` 只用于训练；`evaluate` 根本没有这个参数。
#
# ## 可以学得多快？
#
# 接下来看学习率。要快速找到合适的值，可以做**学习率范围测试**：从很小的学习率开始，每一批都增大一点，同时观察损失。`lr.LambdaDecay` 按我们给的公式改变学习率，这里从 0.0001 变到 1。

# %% tags=["picture"]
from functools import partial

from paddle.optimizer import lr

from paddle_mnist.core.callbacks import LearningRate
from paddle_mnist.core.loop import Batches, fit, train_step
from paddle_mnist.core.losses import cross_entropy
from paddle_mnist.core.metrics import means_of_parts
from paddle_mnist.core.optimizers import build_optimizer, build_schedule
from paddle_mnist.core.stages import build_network
from paddle_mnist.system.runtime import set_seed

few = mnist.train.take(slice(25_600))
batches = math.ceil(len(few) / 128)
epochs = math.ceil(200 / batches)  # 200 batches: one epoch, or several on the sample
steps = epochs * batches

random = set_seed(0)
network = build_network("cnn")
rising = lr.LambdaDecay(0.0001, lambda step: 10 ** (4 * step / steps))
adam = build_optimizer("adam", rising, network.parameters())
step = partial(train_step, network, cross_entropy, adam)
progress = fit(
    step, Batches(few, 128, random), epochs=epochs, callbacks=[LearningRate(adam, rising)]
)
losses = [loss for row in progress.history for loss in row["losses"]]
losses = means_of_parts(losses, parts=20)
rates = 0.0001 * 10 ** (4 * (np.arange(20) + 0.5) / 20)

figure = Figure(figsize=(7, 3.4), layout="constrained")
axes = figure.subplots()
axes.plot(rates, losses, "o-")
axes.axvline(0.01, color="tab:red", linestyle="--", label="0.01, the highest rate of the stage cnn")
axes.set(xscale="log", yscale="log", xlabel="learning rate", ylabel="loss")
marks = [0.1, 0.3, 1, 3, 10]
axes.set_yticks(marks, [str(mark) for mark in marks])
axes.minorticks_off()
axes.grid(alpha=0.3)
axes.legend()
figure.suptitle("Learning-rate range test")
figure

# %% [markdown] lang="en"
# At the left the steps are too small to change much. In the middle the loss falls, and further right the steps are so large that it rises again. A good highest rate lies where the loss is low and hardly rises yet; the stage `cnn` uses 0.01.
#
# But no single rate is right for the whole training. At the start large steps bring us far; at the end they only make the weights jump around the best place. So the rate should change: that is a **learning-rate schedule**. Here are Paddle's own schedules. `build_schedule` builds the first three, and the last two come straight from `paddle.optimizer.lr`.

# %% [markdown] lang="zh"
# 左边，步子太小，没有多大变化。中间，损失下降；再往右，步子大得让损失又升了上去。合适的最高学习率，在损失已经很低、还没怎么上升的地方；`cnn` 阶段用的是 0.01。
#
# 不过，没有一个学习率能适合整个训练过程。开始时，大步子走得快；到最后，大步子只会让权重在最佳位置附近跳来跳去。所以学习率应当变化：这就是**学习率调度**。下面是飞桨自带的几种调度。前三种由 `build_schedule` 建立，后两种直接来自 `paddle.optimizer.lr`。


# %% tags=["picture"]
def rates_of(schedule, epochs, batches, losses):
    """The rate of every batch; `losses` are the validation losses after each epoch."""
    if not isinstance(schedule, lr.LRScheduler):
        return epochs * batches * [schedule]  # a rate that stays
    waits_for_loss = isinstance(schedule, lr.ReduceOnPlateau)
    rates = []
    for loss in losses[:epochs]:
        for _ in range(batches):
            rates.append(schedule())
            if not waits_for_loss:
                schedule.step()
        if waits_for_loss:
            schedule.step(loss)
    return rates


epochs, batches = 12, 50
# Made up: the validation loss falls for four epochs, and then no more.
made_up = [0.08, 0.06, 0.05, 0.04] + 8 * [0.041]
steps = epochs * batches
schedules = {
    "constant": build_schedule("constant", 0.01, steps),
    "one-cycle": build_schedule("one-cycle", 0.01, steps),
    "plateau": build_schedule("plateau", 0.01, steps),
    "exponential": lr.ExponentialDecay(0.01, gamma=0.01 ** (1 / steps)),
    "cosine": lr.CosineAnnealingDecay(0.01, T_max=steps),
}
curves = {name: rates_of(made, epochs, batches, made_up) for name, made in schedules.items()}

figure = Figure(figsize=(9, 4), layout="constrained")
axes = figure.subplots()
styles = dict(zip(curves, ["-", "-", "-", "--", ":"]))
for name, curve in curves.items():
    axes.plot(np.arange(steps) / batches, curve, styles[name], linewidth=2, label=name)
axes.set(xlabel="epoch", ylabel="learning rate")
axes.grid(alpha=0.3)
axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
figure.suptitle("Five schedules, 12 epochs")
figure

# %% [markdown] lang="en"
# - **Plateau** waits for trouble: when the validation loss (here made up: it stops falling after epoch 4) has not fallen for three epochs, the rate is halved.
# - **Exponential** and **cosine** fall by a fixed formula.
# - **One-cycle** rises first, while the weights are still wild, and then falls to almost nothing. It needs to know the number of steps in advance.
#
# One-cycle is short enough to write by hand. Both halves are pieces of a cosine: with $z$ running from 0 to 1, $\frac{1}{2}(1 + \cos \pi z)$ goes smoothly from 1 to 0.

# %% [markdown] lang="zh"
# - **平台期**（plateau）先等着：验证损失（这里是编的，第 4 轮后不再下降）连续三轮没有下降，学习率就减半。
# - **指数**和**余弦**按固定的公式下降。
# - **单周期**（one-cycle）先上升，这时权重还很乱；然后一直降到几乎为零。它需要事先知道总步数。
#
# 单周期很短，可以亲手写出来。前后两段都是余弦曲线的一截：当 $z$ 从 0 变到 1 时，$\frac{1}{2}(1 + \cos \pi z)$ 从 1 平滑地变到 0。


# %%
def one_cycle(step, steps, highest):
    """The learning rate of a step: up in the first quarter, then down."""
    top, last = 0.25 * steps - 1, steps - 1
    if step <= top:
        start, end, z = highest / 10, highest, step / top
    else:
        start, end, z = highest, highest / 1000, (step - top) / (last - top)
    return end + (start - end) * (1 + math.cos(math.pi * z)) / 2


by_hand = [one_cycle(step, steps, 0.01) for step in range(steps)]
assert np.allclose(by_hand, curves["one-cycle"])
for step in (0, 75, 149, 375, 599):
    print(f"step {step:3}: {by_hand[step]:.6f} by hand, {curves['one-cycle'][step]:.6f} by Paddle")

# %% [markdown] lang="en"
# ## An average of the weights
#
# There is another cure for weights that jump around: take their mean. The **exponential moving average** $\bar{w}$ follows the weights $w$ slowly, step by step $t$:
#
# $$\bar{w}_t = d\,\bar{w}_{t-1} + (1-d)\,w_t$$
#
# With a decay $d$ of 0.99 it is, roughly, a mean over the last 100 steps. At the beginning it must forget faster, or the useless first weights stay in it for long; so $d$ starts low and grows.
#
# It is a job for a callback, which `fit` calls after each batch. Careful: batch normalisation keeps *running averages* of its inputs, which fit the weights of this moment. They are not parameters, so the optimiser does not know them, but `state_dict()` holds them. We average everything in it.

# %% [markdown] lang="zh"
# ## 权重的平均
#
# 权重跳来跳去，还有一种治法：取平均。**指数滑动平均** $\bar{w}$ 一步一步（$t$ 表示第几步）慢慢地跟着权重 $w$ 走：
#
# $$\bar{w}_t = d\,\bar{w}_{t-1} + (1-d)\,w_t$$
#
# 衰减系数 $d$ 取 0.99 时，它大致相当于最近 100 步的平均。刚开始时要忘得快一些，否则没有用的初始权重会在里面停留很久；所以 $d$ 从小到大逐渐增加。
#
# 这件事适合交给回调（callback），`fit` 在每一批之后都会调用它。注意：批归一化保存着输入的均值和方差的*滑动平均*，它们与此刻的权重配套。它们不是参数，优化器不知道它们，但 `state_dict()` 里有。我们把其中的一切都取平均。

# %%
from paddle_mnist.core.callbacks import BestWeights, Validate, best_epoch
from paddle_mnist.core.loop import Callback


class MovingAverage(Callback):
    """Keeps a moving average of all weights, and of batch normalisation's running averages."""

    def __init__(self, network, decay=0.99):
        self.network, self.decay, self.steps = network, decay, 0
        self.weights, self.by_epoch = {}, []

    def on_batch_end(self, progress):
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        for name, tensor in self.network.state_dict().items():
            now = tensor.numpy()
            before = self.weights.get(name, now)
            self.weights[name] = decay * before + (1 - decay) * now

    def on_epoch_end(self, progress):
        self.by_epoch.append(dict(self.weights))


class Recorder(Callback):
    """Remembers the weights of every step, which only a short training can afford."""

    def __init__(self, network):
        self.network, self.steps = network, []

    def on_batch_end(self, progress):
        state = self.network.state_dict()
        self.steps.append({name: tensor.numpy().copy() for name, tensor in state.items()})


random = set_seed(0)
network = build_network("cnn")
adam = build_optimizer("adam", 0.01, network.parameters())
average, recorder = MovingAverage(network), Recorder(network)

few = mnist.train.take(slice(3_200))
step = partial(train_step, network, cross_entropy, adam)
fit(step, Batches(few, 128, random), epochs=4, callbacks=[average, recorder])
print("averaged:", *(name for name in average.weights if name.startswith("features.2")), "…")

# %% [markdown] lang="en"
# To check it, we write the same average as one weighted sum over all steps. The share of step $t$ is what it got when it came, $1 - d_t$, times all later decays:

# %% [markdown] lang="zh"
# 为了验证，我们把同样的平均写成对所有步的一次加权求和。第 $t$ 步所占的份额，等于它进来时得到的 $1 - d_t$，再乘以之后每一步的衰减系数：

# %% tags=["picture"]
count = len(recorder.steps)
decays = [min(0.99, (1 + step) / (10 + step)) for step in range(1, count + 1)]
decays[0] = 0.0  # before the first step there is nothing to keep
shares = [(1 - decays[t]) * math.prod(decays[t + 1 :]) for t in range(count)]
assert np.isclose(sum(shares), 1)
for name, averaged in average.weights.items():
    summed = sum(share * state[name] for share, state in zip(shares, recorder.steps))
    assert np.allclose(averaged, summed, atol=1e-4)

path = [state["features.4.weight"][0, 0, 2, 2] for state in recorder.steps]
followed = [path[0]]
for decay, weight in zip(decays[1:], path[1:]):
    followed.append(decay * followed[-1] + (1 - decay) * weight)

figure = Figure(figsize=(8, 3.4), layout="constrained")
axes = figure.subplots()
axes.plot(path, alpha=0.6, label="the weight itself")
axes.plot(followed, linewidth=2, label="its moving average")
axes.set(xlabel="step", ylabel="value")
axes.grid(alpha=0.3)
axes.legend()
figure.suptitle("One weight of the second convolution, at a constant learning rate of 0.01")
figure

# %% [markdown] lang="en"
# The average follows slowly, and smooths the weight's jumps.
#
# ## The ladder
#
# Now we measure. The network is always that of chapter 4, trained for five epochs; only one thing changes from rung to rung. Each rung is trained with three seeds. The averages cost no training of their own: they are collected on the way. So is another remedy of chapter 5, `BestWeights`, which keeps the epoch that is best on the validation images.
#
# This cell takes several minutes. Read on while it runs.

# %% [markdown] lang="zh"
# 平均值跟得慢一些，把权重的跳动抹平了。
#
# ## 一级一级地测量
#
# 现在开始测量。网络始终是第 4 章的那一个，训练五轮；每一级只改变一处。每一级用三个随机种子各训练一次。滑动平均不用另外训练：在训练途中就顺便收集好了。第 5 章的另一种办法 `BestWeights` 也是如此，它保留验证集上最好的那一轮的权重。
#
# 这个单元格要运行几分钟，可以边等边往下读。

# %%
from paddle_mnist.runs.recognizer import Recognizer

EPOCHS, SEEDS = 5, (0, 1, 2)


def train_one(seed, schedule, augment=None):
    """Train the network of chapter 4; return its history, and weights by their kind."""
    random = set_seed(seed)
    network = build_network("cnn")
    steps = EPOCHS * math.ceil(len(mnist.train) / 128)
    rate = build_schedule(schedule, 0.01, steps)
    adam = build_optimizer("adam", rate, network.parameters())
    average, best = MovingAverage(network), BestWeights(network)
    validate = Validate(network, cross_entropy, mnist.validation)
    step = partial(train_step, network, cross_entropy, adam)
    progress = fit(
        step,
        Batches(mnist.train, 128, random, augment),
        epochs=EPOCHS,
        callbacks=[validate, average, best, LearningRate(adam, rate)],
    )
    last = {name: tensor.numpy().copy() for name, tensor in network.state_dict().items()}
    return progress.history, {"last": last, "best epoch": best.weights, "average": average}


recipes = {
    "constant": ("constant", None),
    "one-cycle": ("one-cycle", None),
    "one-cycle, augmented": ("one-cycle", augment),
}
trainings = {}
for name, recipe in recipes.items():
    for seed in SEEDS:
        history, kept = train_one(seed, *recipe)
        trainings[name, seed] = history, kept
        seconds = sum(row["seconds"] for row in history)
        accuracy = history[-1]["validation_accuracy"]
        print(
            f"{name}, seed {seed}: {accuracy:.2%} on validation images, {seconds:.0f} s", flush=True
        )

# %% [markdown] lang="en"
# First, one seed over its epochs:

# %% [markdown] lang="zh"
# 先看其中一个种子，各轮的变化：


# %% tags=["picture"]
def reader_of(weights):
    """The network of chapter 4 with these weights, ready to read."""
    network = build_network("cnn")
    network.set_state_dict(weights)
    return Recognizer(network, "cnn")


def logits_of(weights, images):
    """What that network says to pictures [N, 28, 28]."""
    return reader_of(weights).outputs(images)  # [N, 10]


def accuracy_of(weights):
    """The share of the validation images that is read right."""
    digits = logits_of(weights, mnist.validation.images).argmax(axis=1)
    return (digits == mnist.validation.labels).mean()


from paddle_mnist.plots import plot_curves

histories = {name: trainings[name, 0][0] for name in recipes}
averages = trainings["constant", 0][1]["average"].by_epoch
curves = {
    "constant": [row["validation_accuracy"] for row in histories["constant"]],
    "constant, average": [accuracy_of(weights) for weights in averages],
    "one-cycle": [row["validation_accuracy"] for row in histories["one-cycle"]],
}
curves = {name: 100 * np.array(values) for name, values in curves.items()}
figure = plot_curves(
    curves, xlabel="epoch", ylabel="accuracy on validation images, %", title="Seed 0"
)
best = best_epoch(histories["constant"])
chosen = curves["constant"][best - 1]
figure.axes[0].plot(
    best, chosen, "*", color="tab:blue", markersize=16, label="constant, best epoch"
)
figure.axes[0].legend()
figure

# %% [markdown] lang="en"
# At a constant rate the accuracy goes up and down from epoch to epoch, and the last epoch is a matter of luck. The star is the epoch that `BestWeights` keeps. Its accuracy *on the images that it was chosen on* is flattered: the best of five lucky or unlucky numbers is usually a lucky one. One-cycle is calm at the end, because its last steps are tiny; the average is calm because it is an average.
#
# Now all seeds. Each dot is one training, the line is the mean.

# %% [markdown] lang="zh"
# 学习率不变时，准确率一轮高一轮低，最后一轮是好是坏全凭运气。星号是 `BestWeights` 保留的那一轮。要注意：*在挑选它所用的那些图片上*，它的准确率是偏高的，因为五个或走运或倒霉的数里，最好的那个多半是走运的。单周期到最后很平稳，因为最后的步子很小；滑动平均也很平稳，因为它本身就是平均。
#
# 再看全部种子。每个点是一次训练，竖线是平均值。

# %% tags=["picture"]
labels = mnist.validation.labels


def dot_plot(rows, title):
    """One line for each row of accuracies: dots, their range, and their mean."""
    figure = Figure(figsize=(8.5, 0.42 * len(rows) + 1.3), layout="constrained")
    axes = figure.subplots()
    for place, values in enumerate(rows.values()):
        values = 100 * np.array(values)
        axes.plot([values.min(), values.max()], [place, place], color="tab:blue", alpha=0.4)
        axes.plot(values, np.full(len(values), place), "o", color="tab:blue", alpha=0.6)
        axes.plot(values.mean(), place, "|", color="black", markersize=18)
    axes.set(yticks=range(len(rows)), yticklabels=list(rows))
    axes.set_xlabel(f"accuracy on {len(labels):,} validation images, %")
    axes.invert_yaxis()
    axes.grid(alpha=0.3)
    figure.suptitle(title)
    return figure


rungs = {}
for name, kind in [
    ("constant", "last"),
    ("constant", "best epoch"),
    ("constant", "average"),
    ("one-cycle", "last"),
    ("one-cycle", "average"),
    ("one-cycle, augmented", "last"),
    ("one-cycle, augmented", "average"),
]:
    kept = [trainings[name, seed][1][kind] for seed in SEEDS]
    weights = [each.weights if kind == "average" else each for each in kept]
    rungs[name if kind == "last" else f"{name}, {kind}"] = weights

readings = {
    name: np.stack([logits_of(each, mnist.validation.images) for each in weights])  # [3, N, 10]
    for name, weights in rungs.items()
}
right = {name: logits.argmax(axis=2) == labels for name, logits in readings.items()}
accuracies = {name: each.mean(axis=1) for name, each in right.items()}
dot_plot(accuracies, "The ladder, three seeds each")

# %% [markdown] lang="en"
# Which of these gains are real? All networks read the same images. So we take, for each image, the share of the three networks that read it right, after a change minus before it, and then the mean and the standard error of these differences. We call a gain visible when it is larger than two standard errors. Even then one change in twenty that does nothing looks visible by luck.
#
# This counts the chance of the images. The chance of the seeds shows in the dots: when single trainings scatter by $\sigma$, the mean of $k$ of them scatters by $\sigma / \sqrt{k}$. As with the images, a difference $d$ between two such means is visible when $k \ge 8\,\sigma^2 / d^2$.

# %% [markdown] lang="zh"
# 其中哪些是真正的提高？所有网络读的是同样的图片。所以对每张图片，我们算出三个网络中认对它的比例，用改动之后的减去改动之前的，再求这些差的平均值和标准误。提高超过两个标准误，才说看得出来（visible），否则就是在偶然的波动之内（within the noise）。即便如此，二十个毫无作用的改动里，也会有一个碰巧显得有用。
#
# 这里只算了图片带来的偶然性。种子带来的偶然性要看那些点：如果单次训练的波动是 $\sigma$，那么 $k$ 次训练的平均值波动是 $\sigma / \sqrt{k}$。和图片的情形一样，当 $k \ge 8\,\sigma^2 / d^2$ 时，两个这样的平均值之间的差 $d$ 才看得出来。

# %%
base_of = {
    "constant, best epoch": "constant",
    "constant, average": "constant",
    "one-cycle": "constant",
    "one-cycle, average": "one-cycle",
    "one-cycle, augmented": "one-cycle",
    "one-cycle, augmented, average": "one-cycle, augmented",
}
for name, base in base_of.items():
    difference = right[name].mean(axis=0) - right[base].mean(axis=0)  # [N]
    gain, error = 100 * difference.mean(), 100 * difference.std() / math.sqrt(len(labels))
    verdict = "visible" if abs(gain) > 2 * error else "within the noise"
    print(f"{name:30} over {base:20}: {gain:+.2f} ± {error:.2f} points, {verdict}")

spread = {name: each.std(ddof=1) for name, each in accuracies.items()}
print()
for name in recipes:
    seeds = max(1, math.ceil(8 * (spread[name] / 0.001) ** 2))
    print(f"{name}: the seeds scatter by about {100 * spread[name]:.2f} points;")
    print(f"    to see a gain of 0.10 points, train each side with about {seeds} seed(s)")

best = max((name for name in rungs if "best epoch" not in name), key=lambda n: accuracies[n].mean())
print()
print("highest mean:", best)

# %% [markdown] lang="en"
# What the figures say, on all of MNIST:
#
# - At a constant rate, the average of the weights gains a good part of what one-cycle gains, and for nothing: both calm the last steps. The best epoch gains less than either.
# - After one-cycle the average gains nothing more. The weights no longer jump, so there is nothing to average out. Two good remedies for the same illness do not add up.
# - Augmentation after one-cycle: no gain that stands out from the noise. Each picture looks different every time, so a network learns more slowly from it, and five epochs are few. It is made for long trainings, in which a network would otherwise learn the pictures by heart (open question 6-B).
#
# The lines about seeds say what honest tuning costs: where the seeds scatter widely, as at the constant rate, a gain of a tenth of a point needs dozens of trainings to be seen. (Three seeds tell the scatter itself only roughly.) Whoever tries twenty changes with one seed each, and keeps what looks best, keeps mostly luck. This holds for our last line too: we go on with the rung of the highest mean, but its lead over the next one proves nothing.
#
# ## Several opinions
#
# Three networks make different mistakes. So we let them vote: an **ensemble** takes the mean of their probabilities. A network can also vote with itself: **test-time augmentation** shows it the picture and four copies, shifted by one pixel in each direction, and takes the mean of the five answers.

# %% [markdown] lang="zh"
# 在完整的 MNIST 上，这些数字说明：
#
# - 学习率不变时，权重的平均能得到单周期的相当一部分好处，而且不用额外花费：两者都让最后的步子平静下来。挑选最好的一轮，得到的好处比这两种都小。
# - 有了单周期，再取平均就没有好处了。权重已经不再跳动，也就没有什么可平均掉的。治同一种病的两种药，效果并不会相加。
# - 在单周期之上再加数据增强：看不出超过偶然波动的提高。图片每次都变样，网络学得慢一些，而五轮又太少。它适合很长的训练，那时没有它，网络就会把图片背下来（见开放问题 6-B）。
#
# 关于种子的那几行，说明老老实实调参的代价：像学习率不变时那样，不同种子的结果相差很大，要看出千分之一的提高，就得训练几十次。（只有三个种子，这种差异本身也只能粗略估计。）谁要是试了二十种改动，每种只用一个种子，然后留下看起来最好的，那么留下的多半是运气。最后一行也是如此：我们接着用平均值最高的那一级，但它领先下一名的那一点点，证明不了什么。
#
# ## 多听几个意见
#
# 三个网络犯的错误各不相同，所以可以让它们投票：**集成**（ensemble）取它们概率的平均。一个网络也可以自己和自己投票：**测试时增强**把图片本身，以及向四个方向各平移一个像素的四个副本，都给它看，再取五个答案的平均。

# %%
from paddle_mnist.core.metrics import softmax

VIEWS = [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)]


def vote(networks, views, images):
    """The mean of the probabilities that some weights give to some views of the pictures."""
    answers = [
        softmax(logits_of(weights, shifted(images, right, down)))
        for weights in networks
        for right, down in views
    ]
    return np.mean(answers, axis=0)  # [N, 10]


def accuracy_of_vote(networks, views):
    """The share of the validation images that a vote reads right."""
    digits = vote(networks, views, mnist.validation.images).argmax(axis=1)
    return (digits == labels).mean()


three = rungs[best]
print(f"on validation images, with the rung {best!r}:")
ways = {}
for name, views in {"one view": VIEWS[:1], "five views": VIEWS}.items():
    single = [accuracy_of_vote([weights], views) for weights in three]
    together = accuracy_of_vote(three, views)
    ways[f"one network, {name}"] = np.mean(single), three[:1], views
    ways[f"three networks, {name}"] = together, three, views
    texts = ", ".join(f"{value:.2%}" for value in single)
    print(f"    {name:10}: one network {np.mean(single):.2%} ({texts}), all three {together:.2%}")

chosen = max(ways, key=lambda name: ways[name][0])
_, networks, views = ways[chosen]
print("chosen from now on:", chosen)

# %% [markdown] lang="en"
# Averages of opinions seldom harm. The price is time: three networks with five views each work 15 times as long as one network for each picture.
#
# From now on "our reader" is the way in the last line. It was chosen on validation images; the test images come last.
#
# ## The mistakes that remain
#
# Rows are the true digits, columns what was read; right answers are on the diagonal.

# %% [markdown] lang="zh"
# 对意见取平均，很少有坏处。代价是时间：三个网络，每个看五个视图，每张图片要花一个网络 15 倍的工夫。
#
# 从现在起，“我们的识别器”就是最后一行的那种做法。它是在验证集上选出来的；测试集留到最后。
#
# ## 剩下的错误
#
# 行是真实的数字，列是读成了什么；对角线上是认对的。

# %% tags=["picture"]
from paddle_mnist.core.metrics import confusion_matrix
from paddle_mnist.plots import plot_confusion

probabilities = vote(networks, views, mnist.validation.images)  # [N, 10]
digits = probabilities.argmax(axis=1)  # [N]
plot_confusion(confusion_matrix(labels, digits), "Our reader, validation images")

# %% [markdown] lang="en"
# Here are the worst of the mistakes, without their labels. What would *you* say? Write your answers down, ask a second person to do the same, and compare them before you look at the next picture.

# %% [markdown] lang="zh"
# 下面是错得最厉害的几张图片，没有标签。*你*会说是几？先把答案写下来，再请另一个人也写一遍，比一比，然后再看下一张图。

# %% tags=["picture"]
wrong = np.flatnonzero(digits != labels)
worst = wrong[np.argsort(probabilities[wrong, labels[wrong]], kind="stable")][:16]
plot_digits(mnist.validation.images[worst], "ABCDEFGHIJKLMNOP", title="What are these?")

# %% tags=["picture"]
from paddle_mnist.plots import plot_mistakes

plot_mistakes(mnist.validation.images, labels, probabilities, count=16)

# %% [markdown] lang="en"
# "4 read as 9" means: the label says 4, our reader says 9, and below that how sure it is. For some of these pictures you will agree with the reader rather than with the label, and for some two people will not agree with each other. No network can be right on all of them except by chance. This is why nobody honestly reaches 100%.
#
# ## Is it as sure as it should be?
#
# A reader gives more than a digit: the largest of its ten probabilities is its **confidence**. Of all pictures for which it says "I am 80% sure", 80 of 100 should be right. A reader for which that holds is **calibrated**. To check, we sort the pictures into ten bins by confidence, and compare in each bin the mean confidence with the accuracy. The mean of the differences, weighted by the number of pictures in each bin, is the **expected calibration error**:
#
# $$\text{ECE} = \sum_{k=1}^{10} \frac{n_k}{N}\,\left|a_k - c_k\right|$$
#
# Here $n_k$ of the $N$ pictures are in bin $k$, $a_k$ is their accuracy and $c_k$ their mean confidence.

# %% [markdown] lang="zh"
# “4 read as 9” 的意思是：标签说是 4，我们的识别器说是 9，下面一行是它有多大把握。其中有些图片，你会同意识别器而不同意标签；还有些图片，两个人的看法也不一样。没有哪个网络能全部答对，除非碰巧。所以，没有人能老老实实地达到 100%。
#
# ## 它的把握恰当吗？
#
# 识别器给出的不只是一个数字：十个概率中最大的那个，就是它的**置信度**。在它说“我有 80% 的把握”的那些图片中，100 张里应当有 80 张是对的。做到了这一点的识别器，就叫作**校准**好的。检验的方法是：把图片按置信度分到十个区间里，在每个区间中比较平均置信度和准确率。两者之差按各区间的图片数加权平均，叫作**期望校准误差**（ECE）：
#
# $$\text{ECE} = \sum_{k=1}^{10} \frac{n_k}{N}\,\left|a_k - c_k\right|$$
#
# 其中 $N$ 张图片里有 $n_k$ 张在第 $k$ 个区间，$a_k$ 是它们的准确率，$c_k$ 是它们的平均置信度。


# %%
from paddle_mnist.measure.calibration import (
    cross_entropy_of,
    expected_calibration_error,
    fit_temperature,
    reliability_curve,
)


def calibration_error(probabilities, labels, bins=10):
    """Sort by confidence into bins; return how far confidence and accuracy lie apart."""
    confidences = probabilities.max(axis=1)  # [N]
    right = probabilities.argmax(axis=1) == labels  # [N]
    places = np.minimum(np.ceil(confidences * bins), bins)  # [N]
    error = 0
    for place in range(1, bins + 1):
        inside = places == place  # [N]
        if inside.any():
            error += inside.mean() * abs(right[inside].mean() - confidences[inside].mean())
    return error


# 100 pictures, each read as a 0 with 80% confidence. With 80 zeros among them that is just right;
# with 60, the reader is too sure by 0.2.
says = np.tile([0.8, 0.2] + 8 * [0.0], (100, 1))  # [100, 10]
assert np.isclose(calibration_error(says, np.repeat([0, 1], [80, 20])), 0)
assert np.isclose(calibration_error(says, np.repeat([0, 1], [60, 40])), 0.2)

ours = calibration_error(probabilities, labels)
assert np.isclose(ours, expected_calibration_error(probabilities, labels, bins=10))
print(f"our reader's ECE on validation images: {ours:.4f}, by hand and by the package")

# %% [markdown] lang="en"
# The package has the same in `paddle_mnist.measure.calibration`, and we use that from here on. We compare two readers: ours, and a network that overfits on purpose. It sees only 300 images, 40 times each, at a constant rate.

# %% [markdown] lang="zh"
# 软件包的 `paddle_mnist.measure.calibration` 里有同样的函数，下面就用它。我们比较两个识别器：一个是我们的，另一个是故意过拟合的网络，它只看 300 张图片，每张看 40 遍，学习率不变。

# %% tags=["picture"]
from paddle_mnist.plots import plot_reliability

random = set_seed(0)
network = build_network("cnn")
adam = build_optimizer("adam", 0.01, network.parameters())
small = mnist.train.take(slice(300))
step = partial(train_step, network, cross_entropy, adam)
fit(step, Batches(small, 32, random), epochs=40)
overfitted = Recognizer(network, "cnn").outputs(mnist.validation.images)  # [N, 10]

# Of our reader we have probabilities; their logarithms are as good as logits.
readers = {"overfitted": overfitted, "our reader": np.log(probabilities + 1e-12)}
curves = {}
for name, logits in readers.items():
    said = softmax(logits)  # [N, 10]
    error = expected_calibration_error(said, labels, bins=10)
    curves[f"{name}: ECE {error:.4f}"] = [vars(row) for row in reliability_curve(said, labels, 10)]
plot_reliability(curves, "How often is a reader right that is so sure?")

# %% [markdown] lang="en"
# Left, points under the line mean too sure, points above it not sure enough; right is how many pictures each point stands for. The overfitted network knows its 300 images by heart, and believes that it knows the others as well: where it is about 80% sure, it is right much less often. On all of MNIST our reader lies nearer to the line wherever there are pictures enough to tell; a point of a few pictures says very little. Taking means helps here: where three networks disagree, their mean is careful.
#
# A simple repair is **temperature scaling**: divide all logits by one number $T$ before the softmax. $T > 1$ makes a network less sure, $T < 1$ surer, and the largest logit stays the largest, so no answer changes. $T$ is chosen where the cross-entropy is lowest: first by trying 200 values, then by the package's `fit_temperature`. Again, what chooses must not judge: we choose $T$ on one half of the validation images, and measure on the other half.

# %% [markdown] lang="zh"
# 左图中，点在线的下方，说明太自信；在上方，说明不够自信。右图是每个点代表多少张图片。过拟合的网络背熟了它的 300 张图片，就以为别的图片也一样熟：在它有大约 80% 把握的地方，答对的却少得多。在完整的 MNIST 上，我们的识别器只要图片多到足以判断，就离那条线更近；而只代表几张图片的点，说明不了什么。取平均在这里也有帮助：三个网络意见不一时，它们的平均就比较谨慎。
#
# 一个简单的修正办法是**温度缩放**：在 softmax 之前，把所有 logits 除以同一个数 $T$。$T > 1$ 让网络不那么自信，$T < 1$ 让它更自信；最大的 logit 仍然最大，所以答案一个也不会变。$T$ 取交叉熵最低的那个值：先试 200 个数，再用软件包的 `fit_temperature`。还是那条规矩：用来挑选的，不能再用来评判。我们在一半验证图片上挑选 $T$，在另一半上测量。

# %%
half = np.arange(len(labels)) % 2 == 0
temperatures = np.geomspace(0.1, 10, 200)
losses = [cross_entropy_of(overfitted[half] / t, labels[half]) for t in temperatures]
by_hand = temperatures[np.argmin(losses)]
assert np.isclose(by_hand, fit_temperature(overfitted[half], labels[half]), rtol=0.03)

for name, logits in readers.items():
    temperature = fit_temperature(logits[half], labels[half])
    before, after = logits[~half], logits[~half] / temperature
    assert (before.argmax(axis=1) == after.argmax(axis=1)).all()
    print(f"{name}: temperature {temperature:.2f}; on the other half of the images")
    for moment, values in (("before", before), ("after", after)):
        loss = cross_entropy_of(values, labels[~half])
        error = expected_calibration_error(softmax(values), labels[~half], bins=10)
        print(f"    {moment:6}: cross-entropy {loss:.4f}, ECE {error:.4f}")

# %% [markdown] lang="en"
# For the overfitted network the temperature lies well above 1, and this one number lowers its cross-entropy a lot. It does not become better at reading, only more honest. On all of MNIST our reader needs hardly any repair: its temperature is near 1. With so few mistakes its ECE is only roughly known anyway. For a run of yours, `python -m paddle_mnist.evaluate --run runs/cnn --calibration` does all this.
#
# ## What if the pictures are worse?
#
# On the validation images augmentation gained nothing that we could see. But they are as upright and as centred as the training images. The package's `robustness` makes pictures worse in four ways: it adds noise, turns them, shifts them, and erases a patch. Here are 500 validation images, read by two networks of our ladder with the same seed:

# %% [markdown] lang="zh"
# 过拟合网络的温度明显高于 1，只用这一个数，交叉熵就降低了许多。它认数字的本领并没有提高，只是变得更诚实。在完整的 MNIST 上，我们的识别器几乎不用修：它的温度接近 1。再说错误这么少，它的 ECE 也只是个粗略的估计。对你自己训练的网络，`python -m paddle_mnist.evaluate --run runs/cnn --calibration` 会做这一切。
#
# ## 图片变差了会怎样？
#
# 在验证图片上，数据增强没有带来看得出来的提高。可是验证图片和训练图片一样端正、一样居中。软件包的 `robustness` 用四种办法让图片变差：加噪声、旋转、平移、擦掉一块。下面是 500 张验证图片，由我们的梯子上种子相同的两个网络来读：

# %% tags=["picture"]
from paddle_mnist.measure import robustness
from paddle_mnist.plots import plot_robustness

some = mnist.validation.take(slice(500))
curves = {}
for name in ("one-cycle", "one-cycle, augmented"):
    reader = reader_of(rungs[name][0])
    curves[name] = {}
    for way, disturbance in robustness.DISTURBANCES.items():
        curves[name][way] = {
            strength: robustness.accuracy_of(
                reader, robustness.disturbed(some.images, way, strength), some.labels
            )
            for strength in (0, *disturbance.strengths)
        }
units = {way: disturbance.unit for way, disturbance in robustness.DISTURBANCES.items()}
plot_robustness(curves, units, f"{len(some)} validation images, made worse")

# %% [markdown] lang="en"
# At the left ends, where nothing is changed, the two are about equally good. What was practised in small helps further out too: shifted pictures are read better, although no copy was shifted by more than 1.4 pixels, and turned ones too. Erased patches were not practised, and are read no better, large ones even less well. Noise is the surprise: there the network that learned from changed copies is much *worse*. (A guess: copies that are turned and shifted by parts of a pixel are a little blurred, so it has seen smoother pictures than the other.) So let a network practise what it will meet, and measure on that, not on clean pictures alone; [chapter 7](07_your_own_handwriting.ipynb) does so. `python -m paddle_mnist.evaluate --run runs/cnn --robustness` measures a run of yours.
#
# ## The whole course, in one picture
#
# How do the stages of the course compare? `python -m paddle_mnist.ladder` trains each of them over several seeds and measures it on the test images, after everything has been decided. That takes hours; but what is finished is not trained again, so it can be stopped at any time. What came out of it for this course lies in `benchmarks/ladder.json`:

# %% [markdown] lang="zh"
# 最左端什么也没有改变，两个网络差不多一样好。练过小的，大一些的也更经得起：平移过的图片读得更好，尽管训练时没有一个副本平移超过 1.4 个像素；旋转过的也是。擦掉一块没有练过，读得并不更好，块大时甚至更差。意外的是噪声：学过变了样的副本的网络反而*差得多*。（一种猜测：旋转或平移不足一个像素时，副本会有点模糊，所以它见过的图片比另一个网络的更平滑。）所以，网络将来会遇到什么，就让它练什么，也用什么来测量，不要只看干净的图片；[第 7 章](07_your_own_handwriting.ipynb)就是这样做的。你自己训练的网络，用 `python -m paddle_mnist.evaluate --run runs/cnn --robustness` 测量。
#
# ## 一张图看整个课程
#
# 课程的各个阶段相比如何？`python -m paddle_mnist.ladder` 用几个随机种子训练每个阶段，并在一切都决定之后，用测试集测量。这要花几个小时；不过已完成的不会重新训练，随时都可以停下。本课程测得的结果在 `benchmarks/ladder.json` 里：

# %%
from paddle_mnist.ladder.results import load_results
from paddle_mnist.ladder.table import points

course = points(load_results(course_folder() / "benchmarks"))
if not course:
    print("There is no benchmarks/ladder.json here; `make ladder` measures it (in some hours).")
print(f"{'row':44} parameters  error, mean (range over seeds)  minutes")
for name, row in sorted(course.items(), key=lambda item: -np.mean(item[1]["errors"])):
    errors = np.array(row["errors"])
    text = f"{errors.mean():.2f}% ({errors.min():.2f}% to {errors.max():.2f}%), {len(errors)}"
    print(f"{name:44} {row['parameters']:10,}  {text:30} {row['minutes']:7.1f}")

# %% tags=["picture"]
from paddle_mnist.plots import plot_ladder

plot_ladder(course)

# %% [markdown] lang="en"
# Both scales are logarithmic, and a hollow mark is what the source of a recipe reports. More parameters and more minutes do not always help. The `cnn` has few parameters, and two epochs are enough for it; yet it makes fewer mistakes than networks that train for many times as long. Its batch normalisation, its schedule and its narrow first layer were made for that. In the three rows of `deep-cnn` the network is the same, and what differs is how the training ends.
#
# Do I need a big network, then? The stage `tiny` has {{parameters tiny}} parameters, running averages included, and reads {{accuracy tiny}} of the test images; `best` has {{parameters best}}, and reads {{accuracy best}}. A small network can be very good, if it may practise for long, on changed copies: `tiny` takes 40 epochs. More parameters then still take away a part of the mistakes that are left: compare the two errors in the table.
#
# ## What helped, and what did not
#
# The recipes of `tiny` and `best` were chosen by trials as in this chapter, on 10,000 training images that were held out. The [log](../../benchmarks/log.md) has all of them, with the number of mistakes. In short:
#
# - **Label smoothing** helped (`train --label-smoothing 0.05`): a twentieth of each label is spread evenly over all ten digits, so that the network gains nothing by being surer than that. More channels in every convolution helped most.
# - Dropout, a moving average of the weights, a third convolution at each size and smaller batches did not help. Nor did it, beside label smoothing, to practise the hard images more often than the easy ones.
# - `tiny` can learn the probabilities of a larger network, its **teacher**, in place of the labels. Taught by a network that had learned from plain labels, it made fewer mistakes than alone; taught by a better one that had learned from smoothed labels, more. What a teacher has to tell lies in its small probabilities, and smoothing makes them all alike.
#
# Each trial is one seed, and you know by now what that is worth: a small difference between two of them proves nothing.
#
# To watch a training of your own, add `--visualdl DIR` to `train`; [the page of the commands](../../docs/commands.md#visualdl) says how to open the board.
#
# ## Another problem, the same code
#
# [Fashion-MNIST](https://github.com/zalandoresearch/fashion-mnist) has the form of MNIST, but shows ten kinds of clothes. Put its four files into a folder, name that folder instead of `DIR`, and not a line of code has to change:
#
# ```sh
# python -m paddle_mnist.train --stage cnn --data DIR --out runs/fashion
# python -m paddle_mnist.evaluate --run runs/fashion --data DIR
# ```
#
# The package knows these images by their content, and so it calls the classes by their names: `Shirt read as T-shirt/top`. The `cnn` reads about nine of ten. Clothes are harder than digits: here a larger network, more epochs and mirrored copies are worth a try.
#
# ## Kaggle
#
# On [Kaggle](https://www.kaggle.com/competitions/digit-recognizer) MNIST is a competition. Its files are tables: `train.csv` has the columns `label,pixel0,…,pixel783`, `test.csv` has no labels, and one hands in a `submission.csv` with the columns `ImageId,Label`. To practise without an account, we write small files in that form ourselves:

# %% [markdown] lang="zh"
# 两个坐标都是对数的；空心的标记是该做法的来源给出的数字。参数更多、时间更长，不一定更好。`cnn` 的参数不多，训练两轮就够了，犯的错却比训练时间长许多倍的网络还少。批归一化、学习率调度和较窄的第一层，都是为此而设计的。`deep-cnn` 的三行用的是同一个网络，不同的是训练怎样收尾。
#
# 那么，需要很大的网络吗？`tiny` 阶段连同滑动平均只有 {{parameters tiny}} 个参数，在测试集上的准确率是 {{accuracy tiny}}；`best` 有 {{parameters best}} 个，准确率是 {{accuracy best}}。只要让小网络在变了样的副本上练得够久，它也可以很好：`tiny` 要练 40 轮。在此之上，更多参数还能再去掉一部分剩下的错误：请比较表中两者的错误率。
#
# ## 哪些有用，哪些没用
#
# `tiny` 和 `best` 的做法，是像本章这样一次次试出来的，用的是留出的 10,000 张训练图片。[记录](../../benchmarks/log.md)里有每一次尝试和它的错误个数。简单地说：
#
# - **标签平滑**有用（`train --label-smoothing 0.05`）：把每个标签的二十分之一平均分给十个数字，网络再比这更自信，也得不到好处。每个卷积层多一些通道，帮助最大。
# - 随机失活、权重的滑动平均、在每种尺寸上加第三个卷积层、更小的批，都没有用。有了标签平滑之后，多练难的图片、少练容易的，也没有用。
# - `tiny` 可以不学标签，而去学一个更大的网络（**教师**）给出的概率。教师学的是普通标签时，它犯的错比自己学时少；教师虽然更好，但学的是平滑过的标签时，它犯的错反而更多。教师能教的东西就在那些小概率里，而平滑把它们变得都差不多。
#
# 每次尝试只有一个种子，它值多少，你现在已经知道：两次尝试之间的小差别，证明不了什么。
#
# 想看着自己的网络训练，就给 `train` 加上 `--visualdl DIR`；怎样打开这块面板，见[命令一页](../../docs/commands.zh-CN.md#visualdl)。
#
# ## 换一个问题，代码不变
#
# [Fashion-MNIST](https://github.com/zalandoresearch/fashion-mnist) 的格式和 MNIST 一样，图片却是十类衣物。把它的四个文件放进一个文件夹，用这个文件夹代替 `DIR`，代码一行也不用改：
#
# ```sh
# python -m paddle_mnist.train --stage cnn --data DIR --out runs/fashion
# python -m paddle_mnist.evaluate --run runs/fashion --data DIR
# ```
#
# 软件包按内容认出这些图片，所以会用各类的名字来称呼它们：`Shirt read as T-shirt/top`。`cnn` 十张里大约读对九张。衣物比数字难：更大的网络、更多轮数、左右翻转的副本，在这里都值得一试。
#
# ## Kaggle
#
# 在 [Kaggle](https://www.kaggle.com/competitions/digit-recognizer) 上，MNIST 是一项竞赛。它的文件是表格：`train.csv` 的列是 `label,pixel0,…,pixel783`；`test.csv` 没有标签；要提交的 `submission.csv` 有两列：`ImageId,Label`。没有账号也可以练习：我们自己写几个同样格式的小文件：

# %%
from paddle_mnist.data.kaggle import (
    LABELLED_COLUMNS,
    PIXEL_COLUMNS,
    read_unlabelled,
    write_submission,
)


def write_table(path, columns, table):
    """Write whole numbers as a CSV file with a header."""
    np.savetxt(path, table, fmt="%d", delimiter=",", header=",".join(columns), comments="")


known, asked = mnist.train.take(slice(600)), mnist.validation.take(slice(100))
with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    pixels = known.images.reshape(-1, 784)  # [600, 784]
    table = np.column_stack([known.labels, pixels])  # [600, 785]
    write_table(folder / "train.csv", LABELLED_COLUMNS, table)
    write_table(folder / "test.csv", PIXEL_COLUMNS, asked.images.reshape(-1, 784))

    # What a learner with the real files does begins here.
    loaded = load_mnist(folder)
    images = read_unlabelled(folder / "test.csv")  # [100, 28, 28]
    answers = vote(networks, views, images).argmax(axis=1)  # [100]
    numbers = np.arange(1, len(answers) + 1)  # Kaggle counts from 1
    submission = np.column_stack([numbers, answers])  # [100, 2]
    write_table(folder / "submission.csv", ["ImageId", "Label"], submission)
    write_submission(folder / "by_package.csv", answers)
    lines = (folder / "submission.csv").read_text().splitlines()
    assert lines == (folder / "by_package.csv").read_text().splitlines()

assert np.array_equal(images, asked.images)
print(f"train.csv: {len(loaded.train)} to train on, {len(loaded.validation)} for validation,")
print(f"    {len(loaded.test)} to test on, because test.csv has no labels")
print("submission.csv begins with:", *lines[:5], sep="\n    ")

# %% [markdown] lang="en"
# With the real files in a folder, two commands do the same, here with the stage `cnn`:
#
# ```sh
# python -m paddle_mnist.train --stage cnn --data DIR --out runs/kaggle
# python -m paddle_mnist.predict --kaggle DIR/test.csv -o submission.csv --run runs/kaggle
# ```
#
# Do not be impressed by a perfect score at the top of that competition: its test images come from MNIST, whose labels anyone can look up. For the same reason, a network trained on MNIST has seen many of them already; `predict` counts them and says so.
#
# ## The test set, once
#
# Everything is chosen. Now, and only now, the test images:

# %% [markdown] lang="zh"
# 有了真正的文件，把它们放进一个文件夹，两条命令就能做同样的事，这里用的是 `cnn` 阶段：
#
# ```sh
# python -m paddle_mnist.train --stage cnn --data DIR --out runs/kaggle
# python -m paddle_mnist.predict --kaggle DIR/test.csv -o submission.csv --run runs/kaggle
# ```
#
# 不必羡慕这项竞赛榜首的满分：它的测试图片来自 MNIST，标签谁都查得到。出于同样的原因，用 MNIST 训练过的网络，其中许多图片早就见过了；`predict` 会数出来并告诉你。
#
# ## 测试集，只看一次
#
# 一切都选定了。现在，也只有现在，才来看测试图片：

# %%
answers = vote(networks, views, mnist.test.images).argmax(axis=1)
print(f"chosen on validation images: {best}; {chosen}")
for name, each, truth in (
    ("validation", digits, labels),
    ("test", answers, mnist.test.labels),
):
    share = (each == truth).mean()
    error = standard_error(share, len(truth))
    print(f"{name:10}: {share:.2%} ± {100 * error:.2f} points, {(each != truth).sum()} mistakes")

# %% [markdown] lang="en"
# The stage `cnn`, one network after two epochs, reads {{accuracy cnn}} of MNIST's test images (mean and range over {{seeds cnn}} seeds). On all of MNIST our reader makes clearly fewer mistakes, at the price of three longer trainings and many times the work for each picture. The validation figure and the test figure need not agree: they come from different images, each with its own chance, and one set may be a little harder. So compare only what was measured on the same images.

# %% [markdown] lang="zh"
# `cnn` 阶段是训练了两轮的单个网络，在 MNIST 测试集上的准确率是 {{accuracy cnn}}（{{seeds cnn}} 个种子的平均值和范围）。在完整的 MNIST 上，我们的识别器犯的错明显更少，代价是三次更长的训练，每张图片的计算量也多了许多倍。验证集和测试集上的数字不必一致：它们来自不同的图片，各有各的偶然，其中一组也可能稍难一些。所以只应比较在同样的图片上测得的数字。

# %% [markdown] lang="en"
# ## Summary
#
# - Near 99% the differences are as small as the noise. State the standard error, compare on the same images, and train with several seeds.
# - The last steps must be calm: a learning rate that falls, or an average of the weights, does that. One of the two is enough.
# - Augmentation teaches what must not matter, here small turns, sizes and shifts; it must never change the truth, and it needs more epochs. Clean pictures show neither all that it gains nor all that it costs.
# - Several opinions are better than one, and cost as much more time. Temperature scaling makes a confidence honest, and changes no answer.
# - Choose on validation images. Look at the test images once.
#
# ## Words
#
# | English | Chinese | in one line |
# |---|---|---|
# | standard error | 标准误 | how far a measured share usually lies from the true one |
# | data augmentation | 数据增强 | training on changed copies of the pictures |
# | affine map | 仿射变换 | turning, zooming and shifting, written as a matrix |
# | learning-rate schedule | 学习率调度 | a learning rate that changes during the training |
# | learning-rate range test | 学习率范围测试 | letting the rate grow to see where the loss falls |
# | one-cycle | 单周期 | a rate that rises first and then falls to nearly 0 |
# | exponential moving average | 指数滑动平均 | a mean that slowly forgets what is old |
# | ensemble | 集成 | several networks that vote |
# | test-time augmentation | 测试时增强 | one network that votes over several views |
# | confusion matrix | 混淆矩阵 | how often each digit is read as each other |
# | calibration | 校准 | whether the confidence is as high as the accuracy |
# | temperature | 温度 | the number by which all logits are divided |
# | label smoothing | 标签平滑 | a part of each label is spread over all classes |
#
# ## Questions
#
# **1.** A program reads 90% of 900 pictures. What is the standard error of this figure?
#
# <details><summary>Answer</summary>
#
# $\sqrt{0.9 \cdot 0.1 / 900} = 0.01$, one point. The true share is probably between 88% and 92%.
#
# </details>
#
# **2.** Network A reads 9,920 of 10,000 pictures, network B 9,930 of 10,000 *other* pictures. Is B better?
#
# <details><summary>Answer</summary>
#
# Nobody can say. Each figure has a standard error of about 0.0009, their difference one of about $\sqrt{2} \cdot 0.0009 \approx 0.0012$. The difference of 0.001 is smaller than that.
#
# </details>
#
# **3.** With a decay of $d = 0.99$, which share has the newest weight in the moving average, and which the one of 100 steps ago?
#
# <details><summary>Answer</summary>
#
# The newest has $1 - d = 0.01$. The one of 100 steps ago has $0.01 \cdot 0.99^{100} \approx 0.0037$, a little more than a third of that.
#
# </details>
#
# **4.** What goes wrong if one averages the parameters, but takes batch normalisation's running averages of some earlier or later network?
#
# <details><summary>Answer</summary>
#
# They describe the inputs of a layer in that other network. With the averaged weights these inputs have another mean and variance, so they are no longer brought to mean 0 and variance 1, and all later layers receive numbers that they were not trained for.
#
# </details>
#
# **5.** A network is right on 95% of the pictures, and its mean confidence is 99%. Is the best temperature above or below 1? What happens to the accuracy?
#
# <details><summary>Answer</summary>
#
# Above 1: the network is too sure, and a higher temperature makes all its probabilities more equal. The accuracy stays 95%, because the largest logit stays the largest.
#
# </details>
#
# ## Homework
#
# {{exercises}}
#
# **Open questions.** What you find out here, nobody checks but you. Write it down in a notebook of your own.
#
# - **6-A (how strong?).** Replace `augment` with the package's default, `RandomAffine()`, and train the last rung again with three seeds. Compare it with ours on the same validation images, with the mean and the standard error of the differences. Why could the answer be another one for photos of handwriting, as in [chapter 7](07_your_own_handwriting.ipynb)?
# - **6-B (patience).** Train the last rung for 15 epochs instead of five; let it run while you do something else. Does its gain over one-cycle with 15 epochs become visible?
# - **6-C (a schedule of your own).** With `lr.LambdaDecay`, write a schedule that rises in a straight line over the first tenth of the steps and falls in a straight line to 0. Train it with three seeds. Is it visibly better or worse than one-cycle?
# - **6-D (two people).** Let two people read 200 validation images each, without the labels. What are their accuracies, with standard errors? On how many images do they disagree?

# %% [markdown] lang="zh"
# ## 小结
#
# - 到了 99% 附近，差别和偶然的波动一样小。要写明标准误，在同样的图片上比较，并用几个随机种子训练。
# - 最后的步子要平静：让学习率降下来，或者对权重取平均，都能做到。两者选一个就够了。
# - 数据增强教网络哪些东西无关紧要，这里是小的旋转、缩放和平移；它绝不能改变正确答案，而且需要更多轮数。它带来的好处和代价，只看干净的图片都看不全。
# - 几个意见胜过一个，花的时间也成倍增加。温度缩放让置信度变得诚实，但不改变任何答案。
# - 在验证集上做选择；测试集只看一次。
#
# ## 术语
#
# | 英文 | 中文 | 一句话解释 |
# |---|---|---|
# | standard error | 标准误 | 测得的比例通常偏离真实比例多少 |
# | data augmentation | 数据增强 | 用变了样的图片副本来训练 |
# | affine map | 仿射变换 | 写成矩阵的旋转、缩放和平移 |
# | learning-rate schedule | 学习率调度 | 让学习率在训练中变化 |
# | learning-rate range test | 学习率范围测试 | 让学习率不断增大，看损失在哪里下降 |
# | one-cycle | 单周期 | 先升、再降到接近 0 的学习率 |
# | exponential moving average | 指数滑动平均 | 慢慢忘掉旧值的平均 |
# | ensemble | 集成 | 几个网络一起投票 |
# | test-time augmentation | 测试时增强 | 一个网络看几个视图，自己投票 |
# | confusion matrix | 混淆矩阵 | 每个数字被读成其他数字各多少次 |
# | calibration | 校准 | 置信度是否与准确率一样高 |
# | temperature | 温度 | 所有 logits 都除以的那个数 |
# | label smoothing | 标签平滑 | 把标签的一部分平均分给所有类别 |
#
# ## 思考题
#
# **1.** 一个程序认对了 900 张图片中的 90%。这个数字的标准误是多少？
#
# <details><summary>答案</summary>
#
# $\sqrt{0.9 \cdot 0.1 / 900} = 0.01$，即一个百分点。真实的比例大概在 88% 到 92% 之间。
#
# </details>
#
# **2.** 网络 A 认对了 10,000 张图片中的 9,920 张，网络 B 认对了*另外* 10,000 张中的 9,930 张。B 更好吗？
#
# <details><summary>答案</summary>
#
# 没法说。每个数字的标准误约为 0.0009，两者之差的标准误约为 $\sqrt{2} \cdot 0.0009 \approx 0.0012$。0.001 的差别比它还小。
#
# </details>
#
# **3.** 衰减系数 $d = 0.99$ 时，最新的权重在滑动平均中占多大份额？100 步以前的呢？
#
# <details><summary>答案</summary>
#
# 最新的占 $1 - d = 0.01$。100 步以前的占 $0.01 \cdot 0.99^{100} \approx 0.0037$，是前者的三分之一多一点。
#
# </details>
#
# **4.** 如果只对参数取平均，而批归一化的滑动平均却取自更早或更晚的某个网络，会出什么问题？
#
# <details><summary>答案</summary>
#
# 它们描述的是那另一个网络中各层的输入。换成平均后的权重，这些输入的均值和方差就不同了，于是不再被变成均值 0、方差 1，后面各层收到的数也就不是训练时所见的样子。
#
# </details>
#
# **5.** 一个网络对 95% 的图片答对了，平均置信度却是 99%。最佳温度比 1 大还是比 1 小？准确率会怎样？
#
# <details><summary>答案</summary>
#
# 比 1 大：网络太自信了，温度升高会让各个概率更接近。准确率仍是 95%，因为最大的 logit 仍然最大。
#
# </details>
#
# ## 作业
#
# {{exercises}}
#
# **开放的问题**：下面这些没有人替你检查，请把你的发现写进自己的笔记本。
#
# - **6-A**（多强才合适？）：把 `augment` 换成软件包默认的 `RandomAffine()`，用三个种子重新训练最后一级。在同样的验证图片上与我们的结果比较，算出差的平均值和标准误。对于[第 7 章](07_your_own_handwriting.ipynb)那样的手写照片，答案为什么可能不同？
# - **6-B**（耐心）：把最后一级训练 15 轮而不是 5 轮；让它运行，你去做别的事。与同样训练 15 轮的单周期相比，现在看得出提高了吗？
# - **6-C**（你自己的调度）：用 `lr.LambdaDecay` 写一个调度：在前十分之一的步数里直线上升，然后直线下降到 0。用三个种子训练。它比单周期明显更好或更差吗？
# - **6-D**（两个人）：请两个人各读 200 张验证图片，不给标签。他们的准确率和标准误各是多少？有多少张图片他们的答案不一致？
