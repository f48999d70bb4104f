# %% [markdown] lang="en"
# # Chapter 8: Where does the time go?
#
# **You will build** a stopwatch that can be trusted, a picture of where one training step spends its time, a training that survives being killed, and a training that runs in two processes at once. Then you will calculate what a bigger machine would give.
#
# **Time:** 60 minutes to read and try; the computer needs {{seconds}} seconds for all cells.
#
# **You need to know:** the training loop from [chapter 2](02_linear_regression.ipynb), the stage `mlp` from [chapter 3](03_multilayer_perceptron.ipynb) and the stage `cnn` from [chapter 4](04_convolution.ipynb).

# %% [markdown] lang="zh"
# # 第 8 章：时间花到哪里去了？
#
# **你将做出**一只可信的秒表，一张显示“一步训练的时间花在哪里”的图，一次被强行终止也不怕的训练，以及一次用两个进程同时进行的训练。最后再算一算：换一台更大的机器能快多少。
#
# **时间**：阅读和动手约 60 分钟；运行全部单元格，计算机需要约 {{seconds}} 秒。
#
# **需要先知道**：[第 2 章](02_linear_regression.ipynb)的训练循环，[第 3 章](03_multilayer_perceptron.ipynb)的 `mlp` 阶段，以及[第 4 章](04_convolution.ipynb)的 `cnn` 阶段。

# %%
# %matplotlib inline
import numpy as np
from matplotlib.figure import Figure

from paddle_mnist.data import load_mnist
from paddle_mnist.system.runtime import prepare

prepare()  # threads and memory, before Paddle is imported

mnist = load_mnist()
print(mnist.source.message)

# %% [markdown] lang="en"
# If the line above begins with `WARNING`, the sample of 5,000 images is used. The times stay about the same then, and only the accuracies are lower.
#
# ## A stopwatch that can be trusted
#
# All times in this chapter are measured on your own machine, now. So they differ from machine to machine, and a little from run to run. Let us look at how much: the same training step, 30 times. `step_of` builds a new network of a stage, and returns a function that trains it for one step on random pictures.

# %% [markdown] lang="zh"
# 如果上面这一行以 `WARNING` 开头，说明现在用的是 5,000 张图片的小样本。这时各种耗时差不多不变，只是准确率会低一些。
#
# ## 一只可信的秒表
#
# 本章所有的时间都是此刻在你自己的机器上测出来的，所以不同的机器结果不同，同一台机器每次运行也略有出入。先看看出入有多大：把同样的一步训练做 30 次。`step_of` 按某个阶段新建一个网络，并返回一个函数；每调用一次，就用随机取出的图片训练一步。

# %% tags=["picture"]
import time

import paddle

from paddle_mnist.core.loop import train_step
from paddle_mnist.core.losses import LOSSES
from paddle_mnist.core.optimizers import build_optimizer
from paddle_mnist.core.stages import STAGES, build_network
from paddle_mnist.core.transforms import norm_img
from paddle_mnist.system.runtime import set_seed

paddle.set_device("cpu")  # a GPU works on while the program goes on, and needs another stopwatch
random = set_seed(0)


def batch_of(split, chosen):
    """Pictures [N, 784] and labels [N] as tensors."""
    return norm_img(split.images[chosen]), paddle.to_tensor(split.labels[chosen])


def step_of(stage, batch_size):
    """Build a new network of this stage; return a function that trains it for one step."""
    recipe = STAGES[stage]
    network = build_network(stage)
    optimizer = build_optimizer(recipe.optimizer, recipe.learning_rate, network.parameters())

    def step():
        chosen = random.integers(0, len(mnist.train), batch_size)  # [N]
        train_step(network, LOSSES[recipe.loss], optimizer, *batch_of(mnist.train, chosen))

    return step


step = step_of("cnn", 128)
times = []
for _ in range(30):
    started = time.perf_counter()
    step()
    times.append(1000 * (time.perf_counter() - started))

figure = Figure(figsize=(6.4, 3), layout="constrained")
axes = figure.subplots()
axes.plot(range(1, 31), times, "o", markersize=4, label="one step")
axes.axhline(np.median(times), color="tab:red", label="median")
axes.set(xlabel="step", ylabel="milliseconds", title="The same step, 30 times")
axes.set_ylim(bottom=0)
axes.grid(alpha=0.3)
axes.legend()
figure

# %% [markdown] lang="en"
# Two things can be seen. The first step is often slower: memory is reserved, and parts of Paddle are loaded. And the times jump up whenever the machine does something else, but they never fall below a certain floor. A mean would be pulled up by such jumps. The **median**, the value in the middle of the sorted times, is not.
#
# So our stopwatch follows three rules: warm up first; take the median; and when two things are compared, measure them *in turn*, so that a busy moment affects both alike. Even so, what you should believe is the **ratio** of two times, not its second digit.

# %% [markdown] lang="zh"
# 图中能看出两件事。第一步往往更慢：要申请内存，飞桨的一些部分也要在这时装入。此外，只要机器在忙别的事，时间就会往上跳，却从不会低于某个下限。平均值会被这样的跳动拉高，而**中位数**（把时间排好序后位于正中间的那个值）不会。
#
# 所以我们的秒表遵守三条规则：先热身；取中位数；比较两件事时*轮流*测量，这样机器忙碌的那一会儿对两者的影响相同。即便如此，值得相信的也只是两个时间的**比值**，而且不要太在意它的第二位数字。


# %%
def median_seconds(actions, rounds):
    """Do all actions in turn, again and again; return the median time of each."""
    seconds = {name: [] for name in actions}
    for _ in range(rounds):
        for name, action in actions.items():
            action()  # the warm-up; it also calls its numbers back into the processor's cache
            started = time.perf_counter()
            action()
            seconds[name].append(time.perf_counter() - started)
    return {name: float(np.median(values)) for name, values in seconds.items()}


medians = median_seconds({"a step of mlp": step_of("mlp", 128), "a step of cnn": step}, rounds=7)
for name, seconds in medians.items():
    print(f"{name}: {1000 * seconds:.1f} ms")
print(f"cnn : mlp = {medians['a step of cnn'] / medians['a step of mlp']:.1f}")

# %% [markdown] lang="en"
# ## One step, cut into parts
#
# Before you make something faster, find out where its time goes: this is called **profiling**. We write the training step out once more, and look at the clock after each part. It must still be the same step, so we compare its weights with those of `train_step`.

# %% [markdown] lang="zh"
# ## 把一步切成几段
#
# 在加速之前，先要弄清时间花在哪里，这叫作**性能剖析**。我们把一步训练再写一遍，每做完一段就看一次时钟。它必须仍是同样的一步，所以要和 `train_step` 得到的权重比一比。

# %%
from paddle_mnist.core.losses import cross_entropy

PARTS = ("data", "forward", "backward", "optimiser")


def timed_step(network, optimizer, split, chosen):
    """Train for one step; return the seconds of each of the PARTS."""
    clock = [time.perf_counter()]
    images, labels = batch_of(split, chosen)
    clock.append(time.perf_counter())
    loss = cross_entropy(network(images), labels)
    clock.append(time.perf_counter())
    loss.backward()
    clock.append(time.perf_counter())
    optimizer.step()
    optimizer.clear_grad()
    clock.append(time.perf_counter())
    return np.diff(clock)  # [4]


def new_cnn():
    """The same new network at each call, and its optimiser."""
    set_seed(1)
    network = build_network("cnn")
    return network, build_optimizer("adam", 0.001, network.parameters())


batches = [np.arange(start, start + 128) for start in range(0, 1536, 128)]
network, optimizer = new_cnn()
seconds = np.array([timed_step(network, optimizer, mnist.train, batch) for batch in batches])

other, other_optimizer = new_cnn()
for batch in batches:
    train_step(other, cross_entropy, other_optimizer, *batch_of(mnist.train, batch))
for ours, theirs in zip(network.parameters(), other.parameters()):
    assert np.allclose(ours.numpy(), theirs.numpy(), atol=1e-6)

part_seconds = np.median(seconds[1:], axis=0)  # [4]
print("milliseconds:", dict(zip(PARTS, (1000 * part_seconds).round(1).tolist())))

# %% [markdown] lang="en"
# Now we look into the forward part, layer by layer. The layers of `cnn` stand one behind the other, so we can call them ourselves. Small ones are taken together.

# %% [markdown] lang="zh"
# 再看前向计算的内部，一层一层地测。`cnn` 的各层首尾相接，所以可以由我们自己逐层调用。小的层合并在一起。

# %% tags=["picture"]
layers = [*network.features, *network.classifier]
groups = {
    "convolution 1": layers[0:1],
    "pooling 1": layers[1:2],
    "norm and ReLU 1": layers[2:4],
    "convolution 2": layers[4:5],
    "pooling 2": layers[5:6],
    "norm and ReLU 2": layers[6:8],
    "linear 1 and ReLU": layers[8:11],
    "linear 2": layers[11:],
}


def forward_in_groups(images):
    """Return what each group of layers puts out, and the seconds that it took."""
    maps = images.reshape([-1, 1, 28, 28])  # [N, 1, 28, 28]
    outputs, seconds = {}, []
    for name, group in groups.items():
        started = time.perf_counter()
        for layer in group:
            maps = layer(maps)
        seconds.append(time.perf_counter() - started)
        outputs[name] = maps
    return outputs, seconds


images, labels = batch_of(mnist.train, slice(128))
outputs, _ = forward_in_groups(images)
assert np.allclose(outputs["linear 2"].numpy(), network(images).numpy(), atol=1e-5)
layer_seconds = np.median([forward_in_groups(images)[1] for _ in range(20)], axis=0)  # [8]


def stacked_bar(axes, names, seconds, title):
    """Draw parts of a whole behind one another."""
    left = 0.0
    for index, (name, part) in enumerate(zip(names, 1000 * seconds)):
        color = f"C{index}"
        axes.barh(0, part, left=left, color=color, label=f"{name}: {part:.2f} ms")
        left += part
    axes.set(title=title, xlabel="milliseconds", yticks=[])
    axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.01, 0.5))


figure = Figure(figsize=(8.5, 4), layout="constrained")
upper, lower = figure.subplots(2, 1)
stacked_bar(upper, PARTS, part_seconds, "One training step of cnn, 128 pictures")
stacked_bar(lower, groups, layer_seconds, "Its forward part, layer by layer")
figure

# %% [markdown] lang="en"
# The upper bar: the backward part takes the most time, because it has two gradients to find for each layer: that of the weights, and that of the layer's input. The data cost little, and so does the optimiser. The lower bar: the convolutions take most of the forward part, and pooling and normalisation are not free either. Whoever wants to make this network faster has to begin with the convolutions. Making the optimiser twice as fast would hardly be noticed.
#
# ## How much arithmetic is that?
#
# Is this fast or slow? Let us count. A layer of this network multiplies inputs by weights and adds up: these pairs of operations are called **multiply-adds**. A convolution with $C_{in}$ channels in, $C_{out}$ channels out and kernels of size $k \times k$ makes, for one picture with an output of $H' \times W'$ places,
#
# $$H' \cdot W' \cdot C_{out} \cdot k^2 \cdot C_{in}$$
#
# of them: each weight is used once at each place of the output. A linear layer uses each weight just once. We write the four products out by hand, and compare them with the sizes of Paddle's tensors:

# %% [markdown] lang="zh"
# 上面一条：反向传播花的时间最多，因为每一层都要求出两种梯度：权重的梯度和该层输入的梯度。数据只花很少时间，优化器也是。下面一条：卷积占了前向计算的大部分，池化和归一化也并非不花时间。要让这个网络变快，得先从卷积下手；就算让优化器快一倍，也几乎感觉不到。
#
# ## 这相当于多少次运算？
#
# 这算快还是慢？来数一数。这个网络的层所做的，就是把输入乘以权重再加起来，这样一乘一加叫作一次**乘加**。设一个卷积有 $C_{in}$ 个输入通道、$C_{out}$ 个输出通道，卷积核大小为 $k \times k$，输出有 $H' \times W'$ 个位置，那么它处理一张图片所需的乘加次数是
#
# $$H' \cdot W' \cdot C_{out} \cdot k^2 \cdot C_{in}$$
#
# 因为在输出的每个位置上，每个权重都用一次。线性层的每个权重则只用一次。我们亲手写出这四个乘积，再和飞桨张量的大小核对：

# %%
from paddle import nn

by_hand = {
    "convolution 1": 24 * 24 * 8 * 5 * 5 * 1,
    "convolution 2": 8 * 8 * 32 * 5 * 5 * 8,
    "linear 1 and ReLU": 512 * 128,
    "linear 2": 128 * 10,
}


def multiply_adds(group, output):
    """For one picture: the weights of a group, times the places of its output [N, C, H, W]."""
    weights = sum(layer.weight.size for layer in group if isinstance(layer, (nn.Conv2D, nn.Linear)))
    return weights * int(np.prod(output.shape[2:]))


operations = {name: multiply_adds(group, outputs[name]) for name, group in groups.items()}
for name, count in operations.items():
    assert count == by_hand.get(name, 0)
    print(f"{name:18} {count:8,} multiply-adds for one picture")
forward_operations = sum(operations.values())
print(f"{'together':18} {forward_operations:8,}")

# %% [markdown] lang="en"
# The backward part makes each of these multiply-adds twice more, once for each of its two gradients. Only the first layer makes them once more: nobody asks for the gradient of the pixels. One multiply-add counts as two **floating-point operations** (FLOP). So we know the operations of a step, and with the stopwatch their number in a second. To have something to compare with, we multiply two large matrices: $2 \cdot 1024^3$ operations, and nothing that the processor could do better.

# %% [markdown] lang="zh"
# 反向传播要把这些乘加再做两遍，两种梯度各一遍。只有第一层只需再做一遍：没有人需要像素的梯度。一次乘加算作两次**浮点运算**（FLOP）。这样就知道了一步有多少次运算，再用秒表就知道每秒做多少次。为了有个参照，我们让两个大矩阵相乘：共 $2 \cdot 1024^3$ 次运算，这是处理器最拿手的事。

# %%
step_operations = 2 * 128 * (3 * forward_operations - operations["convolution 1"])
product_operations = 2 * 1024**3

left, right = paddle.randn([1024, 1024]), paddle.randn([1024, 1024])
actions = {"product": lambda: paddle.matmul(left, right), "step": step_of("cnn", 128)}
medians = median_seconds(actions, rounds=5)
product_speed = product_operations / medians["product"]
step_speed = step_operations / medians["step"]
print(f"a large matrix product:  {product_speed / 1e9:5.0f} GFLOP/s")
print(f"a training step of cnn:  {step_speed / 1e9:5.0f} GFLOP/s")
print(f"so the step reaches {step_speed / product_speed:.0%} of the product's speed")

# %% [markdown] lang="en"
# 1 GFLOP/s is a thousand million operations in a second. The step is slower than the product. Where is the rest lost? For each layer we compare its share of the operations with its share of the time:

# %% [markdown] lang="zh"
# 1 GFLOP/s 就是每秒十亿次浮点运算。一步训练的速度比矩阵乘法慢。其余的速度丢在哪里了？对每一层，比较它占运算的份额和占时间的份额：

# %% tags=["picture"]
places = np.arange(len(groups))
shares = {
    "share of the multiply-adds": np.array(list(operations.values())) / forward_operations,
    "share of the time": layer_seconds / layer_seconds.sum(),
}
figure = Figure(figsize=(7.5, 3.8), layout="constrained")
axes = figure.subplots()
for offset, (name, share) in zip((-0.2, 0.2), shares.items()):
    axes.barh(places + offset, 100 * share, height=0.38, label=name)
axes.set(yticks=places, yticklabels=list(groups), xlabel="% of the forward part of cnn")
axes.invert_yaxis()
axes.grid(alpha=0.3, axis="x")
axes.legend()
figure

# %% [markdown] lang="en"
# A product of large matrices uses each number that it fetches from memory hundreds of times. Pooling, normalisation and ReLU use it once or twice: they multiply next to nothing, and still take time, because all their numbers have to travel from memory to the processor and back. The convolutions stand in between. Before Paddle can multiply, it copies each picture into a table of its 5 × 5 squares, and the matrices of a single picture are small. So there are two limits: how fast the processor calculates, and how fast the memory delivers. Which of them holds depends on how often each number is used. This thought is called the **roofline**.
#
# ## One array, or one picture at a time?
#
# Most programs with Paddle read their data through `paddle.io.DataLoader`: you write a `Dataset` class that returns *one* image, and the loader collects batches. This course takes a batch out of one large array instead. Both give the same batches, in a different time:

# %% [markdown] lang="zh"
# 大矩阵相乘时，从内存取来的每个数都要用上几百次。池化、归一化和 ReLU 只用一两次：它们几乎不做乘法，却照样花时间，因为所有的数都要从内存送到处理器，再送回去。卷积介于两者之间：在相乘之前，飞桨要先把每张图片里的 5 × 5 小方块逐个抄进一张表，而单张图片的矩阵又很小。所以有两个上限：处理器算得多快，内存送得多快。究竟受哪一个限制，取决于每个数被用了多少次。这种想法叫作**屋顶线**（roofline）。
#
# ## 一个大数组，还是一次一张图片？
#
# 大多数飞桨程序用 `paddle.io.DataLoader` 读数据：先写一个 `Dataset` 类，每次返回*一张*图片，再由加载器凑成一批。本课程的做法则是直接从一个大数组里取出一批。两种做法得到同样的批，花的时间却不同：

# %%
from paddle.io import DataLoader, Dataset

few = mnist.train.take(slice(10_000))


class Digits(Dataset):
    """Returns one picture at a time."""

    def __len__(self):
        return len(few)

    def __getitem__(self, index):
        pixels = few.images[index].reshape(784).astype("float32") / 255
        return pixels, few.labels[index]


def from_the_array():
    """All batches, by slicing one array."""
    starts = range(0, len(few), 128)
    return [batch_of(few, slice(start, start + 128)) for start in starts]


def from_the_loader():
    """All batches, by collecting pictures."""
    return list(DataLoader(Digits(), batch_size=128, num_workers=0))


for (images, labels), (others, other_labels) in zip(from_the_array(), from_the_loader()):
    assert np.allclose(images.numpy(), others.numpy())
    assert np.array_equal(labels.numpy(), other_labels.numpy())

actions = {"array": from_the_array, "loader": from_the_loader}
medians = median_seconds(actions, rounds=3)
for name, seconds in medians.items():
    print(f"{name:6} {len(few):,} pictures in {1000 * seconds:.0f} ms")
print(f"the loader takes {medians['loader'] / medians['array']:.0f} times as long")

# %% [markdown] lang="en"
# The arithmetic is the same. But the loader calls a Python function for every picture and puts the batch together from 128 small arrays, and each of these steps costs a few microseconds. A loader is the right tool when the data do not fit into memory, or when each picture must first be decoded from a file. All of MNIST is 60,000 × 784 bytes = 47 MB, so it fits easily.
#
# ## How many pictures at once?
#
# The same holds for the training step itself: whatever has to be done once a step, however small the batch is, is called **overhead**. Python calls each layer, Paddle looks for the right routine and reserves memory, and the optimiser changes every weight. The more pictures share a step, the less of this falls on each of them. We measure steps with batches of 1 to 512 pictures:

# %% [markdown] lang="zh"
# 运算是一样的。但加载器要为每张图片调用一次 Python 函数，再把 128 个小数组拼成一批，每个这样的动作都要花几微秒。如果数据大到内存放不下，或者每张图片都要先从文件解码，加载器才是合适的工具。整个 MNIST 只有 60,000 × 784 字节 = 47 MB，内存完全放得下。
#
# ## 一次用多少张图片？
#
# 训练的一步也是如此：不论一批有多小，每一步都必须做一遍的事叫作**额外开销**。Python 要逐层调用，飞桨要找到合适的例程并申请内存，优化器要改动每一个权重。分摊同一步的图片越多，每张图片摊到的开销就越少。下面测量一批从 1 张到 512 张图片的情形：

# %% tags=["picture"]
from paddle_mnist.plots import plot_curves

sizes = [1, 8, 16, 32, 64, 128, 256, 512]
stages = ("linear", "mlp", "cnn")
# From large to small: right after a large batch, a tiny step would find the cache full of it.
actions = {(stage, size): step_of(stage, size) for stage in stages for size in sizes[::-1]}
step_seconds = median_seconds(actions, rounds=3)

speeds = {stage: [size / step_seconds[stage, size] for size in sizes[1:]] for stage in stages}
figure = plot_curves(
    speeds,
    x=sizes[1:],
    xlabel="pictures in a batch",
    ylabel="pictures in a second",
    title="Larger batches train more pictures in a second",
)
axes = figure.axes[0]
axes.set_xscale("log", base=2)
axes.set_xticks(sizes[1:], sizes[1:])
axes.set_yscale("log")
figure.set_size_inches(6.4, 3.4)
figure

# %% [markdown] lang="en"
# As long as a curve rises in a straight line, a step with twice the pictures takes hardly more time: it is nearly all overhead. Where the curve becomes flat, the arithmetic has taken over. `cnn`, which calculates much for each picture, becomes flat first; `linear` hardly does. How much of a step is overhead? A step with a single picture has next to nothing to calculate, so its time is a good estimate:

# %% [markdown] lang="zh"
# 只要曲线还在直线上升，图片加倍而一步的时间却几乎不变：这一步几乎全是额外开销。曲线变平的地方，运算才成了主角。`cnn` 对每张图片算得多，所以最先变平；`linear` 则几乎一直在上升。一步之中有多少是额外开销？只有一张图片的一步几乎没有什么可算，它的时间就是一个不错的估计：

# %%
for stage, size in (("linear", 16), ("mlp", 128), ("cnn", 128)):
    alone, full = step_seconds[stage, 1], step_seconds[stage, size]
    print(f"{stage:6} 1 picture: {1000 * alone:5.2f} ms;", end=" ")
    print(f"{size:3} pictures: {1000 * full:5.2f} ms;", end=" ")
    print(f"about {min(1, alone / full):.0%} of this step is overhead")

# %% [markdown] lang="en"
# The stage `linear` trains with batches of 16, and nearly all of its step is overhead. How much it really has to calculate, NumPy can show: the same step, with the gradients of [chapter 2](02_linear_regression.ipynb).

# %% [markdown] lang="zh"
# `linear` 阶段的一批是 16 张，它的一步几乎全是额外开销。真正要算的有多少？用 NumPy 就能看出来：同样的一步，梯度用[第 2 章](02_linear_regression.ipynb)推导的公式。


# %%
def step_in_numpy(weights, bias, rows, labels):
    """One step of the linear stage: the new weights and the new bias."""
    errors = rows @ weights + bias - labels  # [16]
    weights = weights - 0.001 * 2 / 16 * rows.T @ errors  # [784]
    return weights, bias - 0.001 * 2 / 16 * errors.sum()


network = build_network("linear")
optimizer = build_optimizer("sgd", 0.001, network.parameters())
images, labels = batch_of(mnist.train, slice(16))
weights, bias = (parameter.numpy().copy() for parameter in network.parameters())
numbers = (weights[:, 0], bias[0], images.numpy(), labels.numpy().astype("float32"))

new_weights, new_bias = step_in_numpy(*numbers)
train_step(network, LOSSES["square_error"], optimizer, images, labels)
assert np.allclose(network.neuron.weight.numpy()[:, 0], new_weights, atol=1e-5)
assert np.allclose(network.neuron.bias.numpy()[0], new_bias, atol=1e-5)

medians = median_seconds(
    {
        "Paddle": lambda: train_step(network, LOSSES["square_error"], optimizer, images, labels),
        "NumPy": lambda: step_in_numpy(*numbers),
    },
    rounds=100,
)
for name, seconds in medians.items():
    print(f"one step in {name:6}: {1e6 * seconds:5.0f} millionths of a second")
print(f"Paddle : NumPy = {medians['Paddle'] / medians['NumPy']:.0f}")

# %% [markdown] lang="en"
# For one neuron, a tool that can train any network is far too large. For `cnn`, where a step has more than 400 million operations, an overhead of this size hardly counts.
#
# ## Are large batches better, then?
#
# Larger batches train more pictures in a second. But an epoch then has fewer steps. With the same learning rate, the weights do not get as far. We train `mlp` for one epoch on up to 10,000 pictures with plain gradient descent: once with the same rate for all batches, and once, from 32 pictures on, with a rate that grows in proportion to the batch: twice the pictures, twice the rate. The reasoning: half as many steps, each twice as long, should lead to about the same place.

# %% [markdown] lang="zh"
# 对一个神经元来说，能训练任何网络的工具实在太大了。而 `cnn` 的一步有 4 亿多次运算，这么大的额外开销就不算什么了。
#
# ## 那么，批越大越好吗？
#
# 批越大，每秒训练的图片越多。可是这样一来，一轮的步数就少了。学习率不变，权重就走不了那么远。我们用最普通的梯度下降把 `mlp` 训练一轮，图片最多 10,000 张：一次是所有批大小都用同一个学习率；另一次从 32 张开始，让学习率与批的大小成正比，图片加倍，学习率也加倍。理由是：步数减半，每步加倍，应当走到差不多的地方。

# %%
from functools import partial

from paddle_mnist.core.loop import Batches, evaluate, fit


def accuracy_after_one_epoch(batch_size, learning_rate):
    """Train mlp for one epoch; return its accuracy on the validation images."""
    random = set_seed(0)
    network = build_network("mlp")
    sgd = build_optimizer("sgd", learning_rate, network.parameters())
    step = partial(train_step, network, cross_entropy, sgd)
    fit(step, Batches(few, batch_size, random), epochs=1)
    return evaluate(network, cross_entropy, mnist.validation).accuracy


RATE = 0.02
same_rate, growing_rate = [], []
for size in sizes[1:]:
    steps = -(-len(few) // size)
    same_rate.append(100 * accuracy_after_one_epoch(size, RATE))
    text = f"batches of {size:3}, {steps:4} steps: {same_rate[-1]:.1f}% with the rate {RATE}"
    if size > 32:
        growing_rate.append(100 * accuracy_after_one_epoch(size, RATE * size / 32))
        text += f", {growing_rate[-1]:.1f}% with {RATE * size / 32:.2f}"
    else:
        growing_rate.append(same_rate[-1] if size == 32 else np.nan)
    print(text)

# %% tags=["picture"]
figure = plot_curves(
    {"the same rate": same_rate, "a rate that grows with the batch": growing_rate},
    x=sizes[1:],
    xlabel="pictures in a batch",
    ylabel="validation accuracy, %",
    title="One epoch of mlp: what the batch size does to learning",
)
axes = figure.axes[0]
axes.set_xscale("log", base=2)
axes.set_xticks(sizes[1:], sizes[1:])
figure.set_size_inches(6.4, 3.4)
figure

# %% [markdown] lang="en"
# With the same rate, each doubling of the batch costs accuracy. The growing rate repairs most of this, but not without limit: at some point the steps become so long that the direction of the gradient no longer holds over their whole length. (Single points here can move by a few points with another seed.) A batch size is therefore a compromise between the machine, which likes large batches, and learning, which likes many steps. The course's 128 is one that suits a laptop. How to look for a better rate is a matter of [chapter 6](06_tune.ipynb).
#
# ## Two threads
#
# A **thread** is one line of work inside a program; on two cores, two threads can calculate at the same time. The library for matrix products in Paddle (on Intel and AMD processors) reads the number of its threads once, when Paddle is imported. So we need new processes, one for each number. Both do what we ask for, and answer with one number; they are asked in turn.

# %% [markdown] lang="zh"
# 学习率不变时，批每加倍一次，准确率就降一些。让学习率随之增大能补回大部分，但也有限度：步子长到一定程度，梯度的方向在整步之内就不再可靠了。（换一个随机种子，图中个别点可能移动几个百分点。）所以批的大小是一种折中：机器喜欢大批，学习喜欢步数多。本课程的 128 适合笔记本电脑。怎样寻找更好的学习率，见[第 6 章](06_tune.ipynb)。
#
# ## 两个线程
#
# **线程**是程序内部的一条工作线；有两个核，两个线程就能同时计算。飞桨中负责矩阵乘法的库（在 Intel 和 AMD 处理器上）只在导入飞桨时读取一次线程数。因此要启动新的进程，每种线程数一个。两个进程都按要求干活，并用一个数来回答；我们轮流向它们提问。

# %%
import os
import subprocess
import sys
from pathlib import Path

import paddle_mnist

THREADS = """
import faulthandler
faulthandler.dump_traceback_later(120, exit=True)  # an end, whatever happens

import json, sys, time
from paddle_mnist.system.runtime import prepare
prepare()
from paddle_mnist.core.loop import train_step
from paddle_mnist.core.losses import cross_entropy
from paddle_mnist.core.optimizers import build_optimizer
from paddle_mnist.core.stages import build_network
import paddle

paddle.set_device("cpu")
network = build_network("cnn")
optimizer = build_optimizer("adam", 0.001, network.parameters())
images, labels = paddle.rand([128, 784]), paddle.arange(128) % 10
matrix = paddle.randn([1024, 1024])
actions = {
    "product": lambda: paddle.matmul(matrix, matrix),
    "step": lambda: train_step(network, cross_entropy, optimizer, images, labels),
}
for line in sys.stdin:
    started = time.perf_counter()
    actions[line.strip()]()
    print(json.dumps(time.perf_counter() - started), flush=True)
"""


def environment(**changes):
    """What a new process gets to know; it finds the package where we found it."""
    package = str(Path(paddle_mnist.__file__).parents[1])
    paths = [package, *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), **changes}


def start(threads):
    """A process of its own, with so many threads."""
    return subprocess.Popen(
        [sys.executable, "-c", THREADS],
        env=environment(MKL_NUM_THREADS=str(threads)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ask(process, action):
    """Let a process do something, and return its answer."""
    process.stdin.write(f"{action}\n")
    process.stdin.flush()
    answer = process.stdout.readline()
    if not answer:
        raise RuntimeError(process.stderr.read())
    return float(answer)


processes = {threads: start(threads) for threads in (1, 2)}
seconds = {}
for action in ("product", "step"):
    for process in processes.values():
        ask(process, action)  # the warm-up
    rounds = [{t: ask(process, action) for t, process in processes.items()} for _ in range(9)]
    for threads in processes:
        seconds[action, threads] = float(np.median([times[threads] for times in rounds]))
for process in processes.values():
    process.communicate(timeout=60)  # the end of the input is the end of the process

gains = {action: seconds[action, 1] / seconds[action, 2] for action in ("product", "step")}
print(f"cores of this machine: {os.cpu_count()}")
for action, gain in gains.items():
    one, two = (1000 * seconds[action, threads] for threads in (1, 2))
    print(f"{action:7} 1 thread: {one:5.1f} ms; 2 threads: {two:5.1f} ms; gain: {gain:.2f}")

# %% tags=["picture"]
figure = Figure(figsize=(7, 2.4), layout="constrained")
axes = figure.subplots()
axes.barh(["a large matrix product", "a training step of cnn"], list(gains.values()), height=0.6)
axes.axvline(1, color="tab:red", label="no gain")
axes.axvline(2, color="tab:green", linestyle="--", label="the most that two threads can give")
axes.set(xlim=(0, 2.2), xlabel="times as fast with 2 threads as with 1")
axes.invert_yaxis()
figure.legend(loc="outside lower center", ncols=2)
figure

# %% [markdown] lang="en"
# Where two cores are free, the large product gains much, and the training step gains little or nothing. A convolution here is one small product for each picture: by the time a second thread has been woken up for it, the first is nearly done. And everything that is no matrix product runs in one thread anyway. On a busy machine two threads can even be much slower than one: each of the two waits for the other, and one of them has to wait for a core. This is why the course trains with one thread, unless you ask for more (`--threads 2`).
#
# ## What this package has removed already
#
# Who writes the network of `deep-cnn` with Paddle's own layers and runs it as Paddle was installed waits several times as long as you do here. Four things make the difference, and none of them changes what is calculated, but for the last digits:
#
# 1. **The library for matrix products** in Paddle knows two ways on a processor with AVX2, and on those of AMD it takes the slow one, unless it is told otherwise. On other processors nothing changes.
# 2. **Freed memory is kept.** Each step needs the same large blocks again. Usually the process gives them back to the system and gets fresh ones, which have to be filled with zeros first.
# 3. **Pooling remembers where each maximum was** (`MaxPool`), instead of searching for it again in the backward part. And **the bias of a convolution** has the shape `[C, 1, 1]` (`Convolution`), for which Paddle has a quicker way than for its own `[1, C, 1, 1]`.
# 4. **Pooling comes before ReLU.** The largest of four values stays the largest after ReLU, so the result is the same to the last bit, and ReLU has a quarter of the work.
#
# Each is a process of its own again, because the first two must be settled before Paddle is imported. The last process has the package's own network, with points 3 and 4:

# %% [markdown] lang="zh"
# 如果有两个空闲的核，大矩阵乘法会快很多，而一步训练只快一点点，甚至毫无收益。这里的卷积是每张图片做一次小的矩阵乘法：等第二个线程被唤醒，第一个已经快做完了。而不属于矩阵乘法的部分，本来就只在一个线程里运行。机器忙的时候，两个线程甚至会比一个慢得多：两个线程要互相等待，而其中一个还得等空闲的核。所以本课程默认用一个线程训练，除非你要求更多（`--threads 2`）。
#
# ## 本软件包已经省掉了什么
#
# 用飞桨自带的层写出 `deep-cnn` 的网络，装好飞桨就直接运行，要等的时间是你在这里的好几倍。差别来自四件事，除了最后几位数字，哪一件都不改变计算的结果：
#
# 1. **飞桨里负责矩阵乘法的库**在支持 AVX2 的处理器上有快慢两条路，而遇到 AMD 的处理器，不特别说明它就走慢的那条。在其他处理器上没有变化。
# 2. **释放的内存留着不还。** 每一步都要用同样的大块内存。通常进程会把它们还给系统，再申请新的，而新的要先填满零。
# 3. **池化记住每个最大值的位置**（`MaxPool`），反向传播时就不必再找一遍。还有，**卷积的偏置**用 `[C, 1, 1]` 的形状（`Convolution`），飞桨处理它比处理自己的 `[1, C, 1, 1]` 更快。
# 4. **池化放在 ReLU 之前。** 四个数中最大的那个，经过 ReLU 还是最大，所以结果一位不差，而 ReLU 的工作只剩四分之一。
#
# 这里同样每种做法一个进程，因为前两件事必须在导入飞桨之前定好。最后一个进程用的是本软件包自己的网络，包含第 3 点和第 4 点：

# %%
STEPS = """
import faulthandler
faulthandler.dump_traceback_later(120, exit=True)  # an end, whatever happens

import ctypes, json, sys, time

wanted = sys.argv[1:]
if "memory" in wanted and sys.platform == "linux":
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):  # the memory of glibc
        libc.mallopt(-3, 1 << 30)  # also large blocks come from memory that is kept
        libc.mallopt(-1, 2**31 - 1)  # and what is freed stays with the process
if "layers" in wanted:
    from paddle_mnist.core.stages import build_network
import paddle
from paddle import nn


def as_usual():
    return nn.Sequential(
        nn.Unflatten(1, [1, 28, 28]),
        nn.Conv2D(1, 32, 3), nn.ReLU(), nn.MaxPool2D(2),
        nn.Conv2D(32, 64, 3), nn.ReLU(), nn.MaxPool2D(2),
        nn.Conv2D(64, 64, 3), nn.ReLU(), nn.MaxPool2D(2),
        nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 500), nn.ReLU(),
        nn.Linear(500, 10),
    )


paddle.set_device("cpu")
network = build_network("deep-cnn") if "layers" in wanted else as_usual()
optimizer = paddle.optimizer.RMSProp(0.001, parameters=network.parameters())
images, labels = paddle.rand([128, 784]), paddle.arange(128) % 10
for _ in sys.stdin:
    started = time.perf_counter()
    loss = nn.functional.cross_entropy(network(images), labels)
    loss.backward()
    optimizer.step()
    optimizer.clear_grad()
    float(loss)
    print(json.dumps(time.perf_counter() - started), flush=True)
"""
VARIABLE = "MKL_DEBUG_CPU_TYPE"  # the package has set it, where the processor is one of AMD's
without = environment()
without.pop(VARIABLE, None)


def start_with(*wanted):
    """A process of its own, with these things removed."""
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", STEPS, *wanted],
        env=environment() if "product" in wanted else without,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


processes = {
    "as installed": start_with(),
    "1: quick products": start_with("product"),
    "1, 2: memory kept": start_with("product", "memory"),
    "1 to 4: the package": start_with("product", "memory", "layers"),
}
for _ in range(2):  # the warm-up
    for process in processes.values():
        ask(process, "step")
rounds = [{name: ask(process, "step") for name, process in processes.items()} for _ in range(9)]
for process in processes.values():
    process.communicate(timeout=60)
removed = {name: float(np.median([times[name] for times in rounds])) for name in processes}
slowest = removed["as installed"]
for name, seconds_of_step in removed.items():
    print(f"{name:20} {1000 * seconds_of_step:6.1f} ms a step,", end=" ")
    print(f"{slowest / seconds_of_step:.1f} times as fast")
print(f"{VARIABLE}: {os.environ.get(VARIABLE, 'not set, this is no processor of AMD')}")

# %% tags=["picture"]
figure = Figure(figsize=(7, 2.6), layout="constrained")
axes = figure.subplots()
axes.barh(list(removed), [1000 * seconds for seconds in removed.values()], height=0.6)
axes.set(xlabel="milliseconds of a training step of deep-cnn, batch 128")
axes.grid(alpha=0.3, axis="x")
axes.invert_yaxis()
figure

# %% [markdown] lang="en"
# So it is worth knowing your tools: the arithmetic is the same in all four. What is left are mostly the convolutions themselves, and there we were not better than Paddle: we tried a convolution of our own, with the tables copied by NumPy; it was quicker for a few sizes and slower for most, so it is not in the package. [The benchmark](../../benchmarks/README.md) has the same trainings in PyTorch and Keras beside ours, and how far each is from what the processor can do.
#
# There is a better use for a second core: another **process**. First, however, a process must be able to end at any time without harm.
#
# ## Save, load, go on
#
# A training that takes days will be interrupted. So `run_training`, which is behind `python -m paddle_mnist.train`, saves the run after every epoch. We train 2 epochs of `mlp` on the sample into a temporary folder, and look at what is in it:

# %% [markdown] lang="zh"
# 可见，了解自己的工具是值得的：这四种做法所做的运算完全相同。剩下的时间主要花在卷积本身上，这一点我们没能胜过飞桨：我们试过自己写一个卷积，让 NumPy 来抄那张表，结果只有少数尺寸变快，多数反而变慢，所以没有放进软件包。[基准测试](../../benchmarks/README.md)把 PyTorch 和 Keras 的同样训练与我们的放在一起比较，并说明各自离处理器的极限还有多远。
#
# 第二个核有更好的用法：再开一个**进程**。不过在那之前，先要保证进程随时结束都不会造成损失。
#
# ## 保存、载入、接着训练
#
# 要训练好几天的任务，总会有中断的时候。所以 `run_training`（也就是 `python -m paddle_mnist.train` 背后的函数）每一轮之后都会保存。我们用小样本把 `mlp` 训练 2 轮，存到一个临时文件夹里，再看看里面有什么：

# %%
import tempfile

from paddle_mnist.core.config import configure
from paddle_mnist.runs.training import run_training

temporary = tempfile.TemporaryDirectory()
folder = Path(temporary.name)

config = configure("mlp", epochs=2, data="sample")
run_training(config, folder / "unbroken")
print()
for path in sorted((folder / "unbroken").glob("[!.]*")):
    print(f"{path.name:20} {path.stat().st_size:9,} bytes")

# %% [markdown] lang="en"
# `model.safetensors` holds the weights: 407,050 numbers of 4 bytes each, and a short list of names. That is all that is needed to read digits. `state.safetensors` holds what is needed besides to **resume**, that is, to go on with the training: the last weights again, and the running averages of the optimiser. `run.json` tells how the run was made: configuration, history, the state of the random numbers, and the SHA-256 of both files. A **SHA-256** is a fingerprint of 64 characters; two files with the same fingerprint are equal to the last bit. Together these files are a **checkpoint**.

# %% [markdown] lang="zh"
# `model.safetensors` 存放权重：407,050 个数，每个 4 字节，外加一小段名称表。只要有它就能读数字。`state.safetensors` 存放**恢复训练**（也就是接着训练）还需要的东西：再存一份最后的权重，以及优化器的滑动平均。`run.json` 记录这次训练是怎样做的：配置、历史、随机数的状态，以及上面两个文件的 SHA-256。**SHA-256** 是由 64 个字符组成的指纹；指纹相同的两个文件，每一位都相同。这些文件合起来就是一个**检查点**。

# %%
from paddle_mnist.runs.recognizer import Recognizer

recognizer = Recognizer.load(folder / "unbroken")
print("stage:", recognizer.stage, " epochs:", len(recognizer.record["history"]))
readings = recognizer.read(mnist.validation.images[:10])
print("reads: ", [reading.digit for reading in readings])
print("truth: ", mnist.validation.labels[:10].tolist())

# %% [markdown] lang="en"
# Now the same training in a process of its own, and we kill it without warning as soon as its first epoch is saved. Then we resume it. Nothing must be lost: the weights in the end must be the same as those of the unbroken run, to the last bit.

# %% [markdown] lang="zh"
# 现在让同样的训练在一个单独的进程里进行，第一轮一存好，就毫无预警地强行终止它，然后再恢复训练。什么都不能丢：最后的权重必须与不曾中断的那次完全相同，一位也不差。

# %%
import hashlib
from dataclasses import replace

from paddle_mnist.runs.folder import load_record
from paddle_mnist.system.errors import RunError
from paddle_mnist.system.runtime import thread_count


def finished_epochs(run):
    """How many epochs are saved; 0 where there is no run yet."""
    try:
        return len(load_record(run)["history"])
    except RunError:
        return 0


killed = folder / "killed"
words = f"-m paddle_mnist.train --stage mlp --epochs 2 --data sample --threads {thread_count()}"
process = subprocess.Popen(
    [sys.executable, *words.split(), "--out", str(killed)],
    env=environment(),
    stdout=subprocess.DEVNULL,
    stderr=subprocess.PIPE,
    text=True,
)
ends = time.monotonic() + 120
while finished_epochs(killed) == 0 and process.poll() is None and time.monotonic() < ends:
    time.sleep(0.005)
process.kill()
_, errors = process.communicate(timeout=60)
done = finished_epochs(killed)
if done == 0:
    raise RuntimeError(errors)
print(f"killed; saved so far: {done} of 2 epochs")
print()
_ = run_training(replace(config, threads=thread_count()), killed, resume=True)


# %%
def sha256(path):
    """The fingerprint of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


for run in ("unbroken", "killed"):
    print(f"{run:9} {sha256(folder / run / 'model.safetensors')}")
assert sha256(folder / "unbroken" / "model.safetensors") == sha256(killed / "model.safetensors")

# %% [markdown] lang="en"
# Equal. For this, three things had to come back besides the weights: the averages of the optimiser, the state of the generator that shuffles the pictures, and the number of finished epochs. And the kill must never find a half-written file: each file is first written under another name, and takes its place only when it is complete.
#
# ## Why not pickle?
#
# Python has a ready-made way to save anything: `pickle`. `paddle.save` and `paddle.load` use it too. But a pickle file is not only data. It may name a function and its arguments, and whoever loads the file *calls* that function. Here is a harmless example:

# %% [markdown] lang="zh"
# 相等。要做到这一点，除了权重，还有三样东西必须恢复：优化器的滑动平均，打乱图片顺序的随机数生成器的状态，以及已经完成的轮数。另外，强行终止绝不能留下写了一半的文件：每个文件都先用另一个名字写好，写完整了才换到正式的位置。
#
# ## 为什么不用 pickle？
#
# Python 自带一种什么都能保存的办法：`pickle`。`paddle.save` 和 `paddle.load` 也用它。但 pickle 文件里不只有数据，还可以写上一个函数和它的参数，谁载入这个文件，谁就*调用*了那个函数。下面是一个无害的例子：

# %%
import pickle


class Surprise:
    """Its pickle calls `print`; it could just as well delete your files."""

    def __reduce__(self):
        return print, ("this line was printed by a file that was only opened",)


payload = pickle.dumps(Surprise())
print(f"{len(payload)} bytes, and now we load them:")
pickle.loads(payload)

# %% [markdown] lang="en"
# A file in the format **safetensors** cannot do this. It has three parts: 8 bytes that say how long the list of names is; this list as JSON text; then the plain numbers. There is nothing in it that could be called. It is so simple that we can read it by hand:

# %% [markdown] lang="zh"
# **safetensors** 格式的文件做不到这种事。它由三部分组成：先是 8 个字节，说明名称表有多长；接着是这张表，是 JSON 文本；然后就是一个个数。里面没有任何可以被调用的东西。它简单到我们可以亲手读出来：

# %%
import json

import safetensors
import safetensors.numpy

content = (folder / "unbroken" / "model.safetensors").read_bytes()
length = int.from_bytes(content[:8], "little")
names = json.loads(content[8 : 8 + length])
numbers = content[8 + length :]
for name, entry in names.items():
    print(name, entry)

begin, end = names["hidden.weight"]["data_offsets"]
by_hand = np.frombuffer(numbers[begin:end], "<f4").reshape(names["hidden.weight"]["shape"])
assert np.array_equal(by_hand, safetensors.numpy.load(content)["hidden.weight"])
print()
try:
    safetensors.numpy.load(payload)
except safetensors.SafetensorError as error:
    print("the surprise is refused:", error)

# %% [markdown] lang="en"
# So the rule is: load pickle files, also with `paddle.load`, only from people whose programs you would run. This package saves its runs as safetensors and JSON, and reads IDX, CSV, `.npz` and pictures as plain data. The weights of other courses (`.pdparams`) are pickle files: in those it allows a few names that only build arrays, and refuses all others.
#
# ## Two halves make a whole
#
# Now the second core. **Data parallel** training rests on one fact: the loss of a batch is a mean over its pictures, so its gradient is a mean as well. For two halves of equal size:
#
# $$\nabla L_{128} = \frac{1}{2} \left( \nabla L_{\text{first } 64} + \nabla L_{\text{last } 64} \right)$$
#
# $\nabla L$ (say "nabla L") stands for all gradients of the loss $L$. Two workers can each take one half, then exchange their gradients, and make the same step. First in one process:

# %% [markdown] lang="zh"
# 所以规矩是：pickle 文件（用 `paddle.load` 打开的也算）只能载入自己信得过的人给的，就像你敢运行他写的程序一样。本软件包把训练结果存成 safetensors 和 JSON；IDX、CSV、`.npz` 和图片都只当作数据来读。其他课程的权重（`.pdparams`）是 pickle 文件：里面只允许出现几个用来还原数组的名字，其余一律拒绝。
#
# ## 两半合成一整批
#
# 现在轮到第二个核。**数据并行**训练依据的是一个事实：一批的损失是各张图片损失的平均，所以它的梯度也是平均。分成同样大小的两半：
#
# $$\nabla L_{128} = \frac{1}{2} \left( \nabla L_{\text{first } 64} + \nabla L_{\text{last } 64} \right)$$
#
# $\nabla L$（读作“nabla L”）表示损失 $L$ 的全部梯度，first 64 是前 64 张，last 64 是后 64 张。两个工人各算一半，再交换梯度，就能走出同样的一步。先在一个进程里验证：

# %%
random = set_seed(2)
network = build_network("mlp")


def gradients(split):
    """All gradients of the loss on these pictures, in one row."""
    images, labels = batch_of(split, slice(None))
    cross_entropy(network(images), labels).backward()
    found = [parameter.grad.numpy().reshape(-1) for parameter in network.parameters()]
    network.clear_gradients()
    return np.concatenate(found)  # [407050]


whole = gradients(few.take(slice(128)))  # [407050]
first, last = gradients(few.take(slice(64))), gradients(few.take(slice(64, 128)))
assert np.allclose(whole, (first + last) / 2, atol=1e-6)
print("largest difference:", np.abs(whole - (first + last) / 2).max())
print("largest gradient:  ", np.abs(whole).max())

# %% [markdown] lang="en"
# Now with two real processes. `paddle.distributed.spawn` starts the function `main` twice. Each process gets a number, its **rank**, 0 or 1, and finds the other through a free port of this machine. `paddle.DataParallel` wraps the network: it copies the weights of rank 0 to all others at the start, and after each `backward()` it replaces the gradients by their mean over all processes. This exchange, after which all have the same sum or mean, is called **all-reduce**. The library for it on CPUs is `gloo`.
#
# Each process builds the same network, takes its half of each batch, trains 20 steps, and writes losses and weights into a file. Afterwards the script measures some times that we need later.

# %% [markdown] lang="zh"
# 现在用两个真正的进程。`paddle.distributed.spawn` 把函数 `main` 启动两次。每个进程有一个编号，叫作 **rank**，是 0 或 1，它们通过本机的一个空闲端口找到对方。`paddle.DataParallel` 把网络包起来：开始时，把 rank 0 的权重复制给其他进程；每次 `backward()` 之后，再把梯度换成所有进程的平均值。这样交换之后，人人手里都是同样的总和或平均值，这叫作**全规约**（all-reduce）。在 CPU 上负责这件事的库是 `gloo`。
#
# 每个进程建立同样的网络，取每一批中属于自己的一半，训练 20 步，再把损失和权重写进文件。之后，脚本还会测量几个后面要用的时间。

# %%
TWO_PROCESSES = '''
import faulthandler
faulthandler.dump_traceback_later(170, exit=True)  # an end, whatever happens

import time
from pathlib import Path

import numpy as np
from paddle_mnist.system.runtime import prepare, set_seed
prepare()
from paddle_mnist.core.loop import train_step
from paddle_mnist.core.losses import cross_entropy
from paddle_mnist.core.optimizers import build_optimizer
from paddle_mnist.core.stages import STAGES, build_network
from paddle_mnist.core.transforms import norm_img
import paddle
import paddle.distributed as dist

FOLDER = Path(__file__).parent


def train(rank, images, labels):
    """Each rank trains on its half of each batch; returns its losses and all weights."""
    set_seed(0)
    network = build_network("mlp")
    optimizer = build_optimizer("sgd", 0.1, network.parameters())
    parallel = paddle.DataParallel(network)
    losses = []
    for start in range(64 * rank, len(labels), 128):
        half = slice(start, start + 64)
        loss, _ = train_step(parallel, cross_entropy, optimizer, images[half], labels[half])
        losses.append(loss)
    return losses, np.concatenate([p.numpy().reshape(-1) for p in network.parameters()])


def measure(rank, images, labels):
    """The median times of: a whole batch in one process, half of it in each of two, exchanges."""
    alone, together = build_network("cnn"), build_network("cnn")
    steps = build_optimizer("adam", 0.001, alone.parameters())
    common_steps = build_optimizer("adam", 0.001, together.parameters())
    parallel = paddle.DataParallel(together)
    gradients, one = paddle.zeros([STAGES["cnn"].parameters]), paddle.zeros([1])
    half = images[:64], labels[:64]

    def whole_batch():
        if rank == 0:  # the other rank waits
            train_step(alone, cross_entropy, steps, images, labels)

    actions = {
        "whole_batch": whole_batch,
        "two_halves": lambda: train_step(parallel, cross_entropy, common_steps, *half),
        "all_gradients": lambda: dist.all_reduce(gradients),
        "one_number": lambda: dist.all_reduce(one),
    }
    seconds = {name: [] for name in actions}
    for round_number in range(12):
        for name, action in actions.items():
            dist.barrier()  # both begin together
            started = time.perf_counter()
            action()
            if round_number > 0:
                seconds[name].append(time.perf_counter() - started)
    return {name: np.median(values) for name, values in seconds.items()}


def main():
    rank = dist.get_rank()
    time.sleep(0.3 * rank)  # rank 0 opens the port; whoever knocks before that waits 3 seconds
    dist.init_parallel_env()
    saved = np.load(FOLDER / "few.npz")
    images, labels = norm_img(saved["images"]), paddle.to_tensor(saved["labels"])
    losses, weights = train(rank, images, labels)
    seconds = measure(rank, images[:128], labels[:128])
    np.savez(FOLDER / f"rank_{rank}.npz", losses=losses, weights=weights, **seconds)


if __name__ == "__main__":
    try:
        dist.spawn(main, nprocs=2, backend="gloo")
    except ValueError as error:  # this system has no gloo
        print(error)
'''

(folder / "two_processes.py").write_text(TWO_PROCESSES, encoding="utf-8")
np.savez(folder / "few.npz", images=few.images[:2560], labels=few.labels[:2560])

finished = subprocess.run(
    [sys.executable, str(folder / "two_processes.py")],
    env=environment(),
    capture_output=True,
    text=True,
    timeout=180,
)
if finished.returncode != 0:
    raise RuntimeError(finished.stderr)
ranks = []
if not (folder / "rank_1.npz").exists():
    print("two processes are not possible on this system:", finished.stdout.strip())
else:
    for rank in (0, 1):
        with np.load(folder / f"rank_{rank}.npz") as file:
            ranks.append(dict(file))
    print("losses of rank 0:", ranks[0]["losses"][:5].round(3).tolist(), "…")
    for rank, found in enumerate(ranks):
        fingerprint = hashlib.sha256(found["weights"].tobytes()).hexdigest()
        text = f"weights of rank {rank}: sum {found['weights'].sum():.4f}"
        print(f"{text}, SHA-256 {fingerprint[:16]}…")

# %% [markdown] lang="en"
# If the output says that two processes are not possible (Paddle has `gloo` on Linux only), just read on: the cells below then draw what can be drawn without them.
#
# Otherwise both ranks have the same weights. Are they also those of an ordinary training, in one process, on whole batches?

# %% [markdown] lang="zh"
# 如果上面的输出说无法使用两个进程（飞桨只在 Linux 上提供 `gloo`），接着往下读就行：下面的单元格会画出没有它们也能画的部分。
#
# 能够使用的话，两个 rank 的权重是相同的。它们和普通训练（一个进程、整批图片）得到的权重也相同吗？

# %% tags=["picture"]
random = set_seed(0)
network = build_network("mlp")
sgd = build_optimizer("sgd", 0.1, network.parameters())
starts = range(0, 2560, 128)
batches = [batch_of(few, slice(start, start + 128)) for start in starts]
losses = [train_step(network, cross_entropy, sgd, *batch)[0] for batch in batches]
weights = np.concatenate([parameter.numpy().reshape(-1) for parameter in network.parameters()])

curves = {"one process, 128 pictures": losses}
if ranks:
    assert np.array_equal(ranks[0]["weights"], ranks[1]["weights"])
    assert np.allclose(ranks[0]["weights"], weights, atol=1e-4)
    mean = (ranks[0]["losses"] + ranks[1]["losses"]) / 2  # [20]
    assert np.allclose(mean, losses, atol=1e-4)
    print("largest difference of a weight:", np.abs(ranks[0]["weights"] - weights).max())
    curves["rank 0, its 64 pictures"] = ranks[0]["losses"]
    curves["rank 1, its 64 pictures"] = ranks[1]["losses"]
    curves["mean of both ranks"] = mean
figure = plot_curves(curves, xlabel="step", ylabel="cross-entropy", title="The same training twice")
for line, style in zip(figure.axes[0].lines, ("-", ":", ":", "")):
    line.set_linestyle(style)
figure.axes[0].legend()
figure.set_size_inches(6.4, 3.4)
figure

# %% [markdown] lang="en"
# Each rank has a loss of its own, because it sees other pictures. The mean of both lies exactly on the curve of the single process. (The last digits differ, because sums are rounded in another order.) Two processes do not learn better or worse than one. Are they faster?

# %% [markdown] lang="zh"
# 每个 rank 看到的图片不同，所以各有各的损失，而两者的平均正好落在单进程的曲线上。（最后几位数字不同，是因为求和的次序变了，舍入也就不同。）两个进程学得不比一个好，也不比一个差。那么，更快吗？

# %%
exchange_all = exchange_one = 0.0  # seconds; without gloo we cannot count them
if ranks:
    whole_batch, two_halves = float(ranks[0]["whole_batch"]), float(ranks[0]["two_halves"])
    exchange_all, exchange_one = float(ranks[0]["all_gradients"]), float(ranks[0]["one_number"])
    print(f"cnn, one process, 128 pictures:  {1000 * whole_batch:6.2f} ms a step")
    print(f"cnn, two processes, 64 each:     {1000 * two_halves:6.2f} ms a step")
    print(f"speedup: {whole_batch / two_halves:.2f}")
    print(f"all-reduce of all gradients of cnn: {1000 * exchange_all:.2f} ms")
    print(f"all-reduce of one single number:    {1000 * exchange_one:.2f} ms")

# %% [markdown] lang="en"
# The **speedup** says how many times as fast the work is done. With two free cores it lies between 1 and 2. Where only one core is there, or others are using the machine, it is about 1 or even less. Three things keep it from 2: the overhead of a step does not become smaller when its batch does; the exchange takes time; and both processes share one memory.
#
# ## The same with one option
#
# `mlp` was easy: no layer of it looks at more than one picture at a time. The batch normalisation of `cnn` does. It uses the means and variances of the whole batch, and a process sees only its half. So the processes have to exchange these, too, on the way forward, and two more sums for each channel on the way back. The package has a layer that does it, in `parallel/batch_norm.py`, and the command `train` does all the rest: `--processes 2` starts two processes, divides each batch and adds up the gradients. If one of them dies, the other ends too, and says how to go on.
#
# We train `cnn` on the sample twice, with one process and with two. The history of a run has the mean losses of twenty parts of an epoch:

# %% [markdown] lang="zh"
# **加速比**说的是快了多少倍。有两个空闲的核时，它在 1 和 2 之间；如果只有一个核，或者机器正被别人占用，它就只有 1 左右，甚至更低。有三个原因使它达不到 2：批变小了，一步的额外开销并不变小；交换要花时间；两个进程还要共用同一个内存。
#
# ## 一个选项就够了
#
# `mlp` 比较容易：它的每一层一次只看一张图片。`cnn` 的批归一化却不是这样：它要用整批的平均值和方差，而一个进程只看到半批。所以前向计算时，进程之间还要交换这些数，反向传播时每个通道再交换两个总和。软件包里的 `parallel/batch_norm.py` 有一个这样的层，其余的都由 `train` 命令完成：`--processes 2` 启动两个进程，把每一批分成两份，再把梯度加起来。要是其中一个进程中途死掉，另一个也会结束，并告诉你怎样接着训练。
#
# 我们用小样本把 `cnn` 训练两次，一次一个进程，一次两个。训练记录里有一轮中二十个小段各自的平均损失：


# %%
def losses_of(processes):
    """Train cnn for an epoch on the sample; return the mean losses of its twenty parts."""
    out = folder / f"cnn_{processes}"
    words = ["--stage", "cnn", "--data", "sample", "--epochs", "1", "--out", str(out)]
    finished = subprocess.run(
        [sys.executable, "-m", "paddle_mnist.train", *words, "--processes", str(processes)],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
    )
    if finished.returncode != 0:
        raise RuntimeError(finished.stderr)
    print(finished.stdout.splitlines()[-1])
    return np.array(json.loads((out / "run.json").read_text())["history"][0]["losses"])  # [20]


if ranks:
    alone, together = losses_of(1), losses_of(2)
    assert np.allclose(alone, together, atol=1e-4)
    print("largest difference of a loss:", np.abs(alone - together).max())

# %% [markdown] lang="en"
# The same losses, but for rounding. The same command trains on several machines, when Paddle's launcher starts it on each of them; [this page](../../docs/parallel.md) says how.
#
# ## What would a bigger machine give?
#
# Let $p$ be the share of a step that can be divided among workers, and $1 - p$ the rest. With $n$ workers the step takes $(1 - p) + p / n$ of its time, so the speedup is
#
# $$S(n) = \frac{1}{(1 - p) + p / n}$$
#
# This is **Amdahl's law**. However many workers there are, $S$ stays under $1 / (1 - p)$. We have measured $p$ already: the step of `cnn` with a single picture is the part that cannot be divided.
#
# The exchange comes on top. In a good all-reduce the workers sum up in pairs, then in pairs of pairs, so that it needs $\log_2 n$ rounds, and each worker moves $2 (n - 1) / n$ times the gradients. Two workers have $\log_2 2 = 1$ round and move $2 \cdot \frac{1}{2} = 1$ times the gradients, and that is what we have measured: the all-reduce of one number is the price of a round, the rest is the price of moving.

# %% [markdown] lang="zh"
# 除了舍入误差，损失完全一样。用飞桨的启动器在多台机器上分别启动，同一条命令就能在多台机器上训练，方法见[更多进程，更多机器](../../docs/parallel.zh-CN.md)。
#
# ## 换一台更大的机器能快多少？
#
# 设一步之中可以分给多个工人的部分占 $p$，其余占 $1 - p$。有 $n$ 个工人时，一步所花的时间是原来的 $(1 - p) + p / n$，所以加速比是
#
# $$S(n) = \frac{1}{(1 - p) + p / n}$$
#
# 这就是**阿姆达尔定律**。不论有多少工人，$S$ 总小于 $1 / (1 - p)$。$p$ 我们其实已经测过了：只有一张图片时 `cnn` 的那一步，就是不能分的部分。
#
# 此外还要加上交换的时间。好的全规约是先两两相加，再把各对的结果两两相加，所以需要 $\log_2 n$ 个回合，每个工人要传送的数据是全部梯度的 $2 (n - 1) / n$ 倍。两个工人时，回合数是 $\log_2 2 = 1$，传送量是 $2 \cdot \frac{1}{2} = 1$ 倍，这正是我们测过的：对一个数做全规约的时间是一个回合的代价，其余就是传送的代价。

# %%
undivided, one_step = step_seconds["cnn", 1], step_seconds["cnn", 128]
parallel_share = max(0.0, 1 - undivided / one_step)


def amdahl(workers, share):
    """How many times as fast so many workers are."""
    return 1 / ((1 - share) + share / workers)


def exchange(workers):
    """An estimate of the seconds of one all-reduce of all gradients of cnn."""
    moving = max(0.0, exchange_all - exchange_one)
    return np.log2(workers) * exchange_one + 2 * (workers - 1) / workers * moving


def same_batch(workers):
    """The speedup when 128 pictures are divided among the workers."""
    return one_step / (one_step / amdahl(workers, parallel_share) + exchange(workers))


def larger_batch(workers):
    """The speedup when each worker has 128 pictures of its own."""
    return workers * one_step / (one_step + exchange(workers))


# A step of 10 ms, of which 9 can be divided, takes 1 + 9 / 8 ms with 8 workers.
assert np.isclose(10 / amdahl(8, 0.9), 1 + 9 / 8)
print(f"the part of a step of cnn that can be divided: {parallel_share:.0%}")
print(f"no number of workers can be more than {1 / (1 - parallel_share):.1f} times as fast")
print()
print("workers   Amdahl   with the exchange   128 pictures for each worker")
for workers in (2, 8, 64):
    row = amdahl(workers, parallel_share), same_batch(workers), larger_batch(workers)
    print(f"{workers:7} {row[0]:8.1f} {row[1]:19.1f} {row[2]:30.1f}")

# %% tags=["picture"]
workers = 2.0 ** np.linspace(0, 6, 61)  # [61]
figure = plot_curves(
    {
        "perfect": workers,
        "128 pictures for each worker": larger_batch(workers),
        "Amdahl's law": amdahl(workers, parallel_share),
        "the same, with the exchange": same_batch(workers),
    },
    x=workers,
    xlabel="workers",
    ylabel="times as fast as one",
    title="One step of cnn with more workers: an estimate",
)
axes = figure.axes[0]
if ranks:
    axes.plot(2, whole_batch / two_halves, "k*", markersize=12, label="measured, two processes")
axes.set_xscale("log", base=2)
axes.set_yscale("log", base=2)
ticks = [1, 2, 4, 8, 16, 32, 64]
axes.set_xticks(ticks, ticks)
axes.set_yticks(ticks, ticks)
axes.legend(fontsize=8)
figure.set_size_inches(6.4, 3.6)
figure

# %% [markdown] lang="en"
# Read the picture with care; it is an estimate, not a measurement. It supposes that 8 or 64 workers have a free core each and exchange as quickly as two on one machine do. Over a network the exchange takes longer, and on a machine with a shared memory so does the arithmetic.
#
# Still, it shows what counts. A step of this small network is over in milliseconds, and if its 128 pictures are divided among 64 workers, each has two, and does hardly anything but overhead and exchange. If each worker takes 128 pictures of its own, the speedup is far better, but then the batch has 64 × 128 = 8,192 pictures, and you saw above what large batches do to learning. More machines pay for large networks and large data, where a step takes seconds. For MNIST, a laptop is the right machine.
#
# ## Reading: one picture or a thousand?
#
# After the training the network is used: this is **inference**. There are two different questions. How long does somebody wait for *one* answer? This is the **latency**. And how many answers come in a second, when there is much to read? This is the **throughput**. The answers are the same either way:

# %% [markdown] lang="zh"
# 看这张图要小心：它是估计，不是测量。它假定 8 个或 64 个工人各有一个空闲的核，交换起来也和一台机器上的两个进程一样快。如果要经过网络，交换会更慢；如果共用一个内存，运算也会更慢。
#
# 尽管如此，它还是说明了要点。这个小网络的一步只要几毫秒，把 128 张图片分给 64 个工人，每人只有两张，除了额外开销和交换，几乎没做什么。如果每个工人各用自己的 128 张图片，加速比就好得多，但这样一批就有 64 × 128 = 8,192 张图片，而大批对学习有什么影响，前面已经看到了。网络大、数据多、一步要花几秒的时候，增加机器才划算。对 MNIST 来说，一台笔记本电脑正合适。
#
# ## 读数字：一张还是一千张？
#
# 训练好的网络拿来使用，叫作**推理**。这里有两个不同的问题。等*一个*答案要多久？这叫作**延迟**。要读的很多时，每秒能给出多少个答案？这叫作**吞吐量**。两种读法得到的答案相同：

# %%
thousand = mnist.train.images[:1000]  # [1000, 28, 28]
at_once = recognizer.read(thousand)
one_by_one = [recognizer.read(image[None])[0] for image in thousand[:100]]
assert [reading.digit for reading in one_by_one] == [reading.digit for reading in at_once[:100]]

for stage in ("mlp", "cnn"):
    # What the weights are makes no difference to the time.
    reader = recognizer if stage == "mlp" else Recognizer(build_network(stage), stage)
    medians = median_seconds(
        {1: lambda r=reader: r.read(thousand[:1]), 1000: lambda r=reader: r.read(thousand)},
        rounds=4,
    )
    for count, seconds in medians.items():
        print(f"{stage}: {count:4} at once: {1000 * seconds:6.2f} ms,", end=" ")
        print(f"that is {count / seconds:7,.0f} pictures in a second")
    print(
        f"     throughput, 1,000 at once : one at a time = {1000 * medians[1] / medians[1000]:.0f}"
    )
temporary.cleanup()

# %% [markdown] lang="en"
# A single picture is read within a few milliseconds: for a person who waits, that is nothing. Whoever has a million pictures to read should hand them over in batches.
#
# This is the end of the course. You have seen every part of it work: the data, the loss, the gradient, the network, the search for good settings, your own handwriting, and the machine that does it all. Everything larger is built from the same parts.

# %% [markdown] lang="zh"
# 读一张图片只要几毫秒，对等待的人来说几乎感觉不到。如果有一百万张图片要读，就应当一批一批地交给它。
#
# 课程到这里就结束了。每个部分怎样运作，你都亲眼看过了：数据、损失、梯度、网络、寻找合适的设置、你自己的手写数字，以及完成这一切的机器。更大的系统，也是由同样的部分搭成的。

# %% [markdown] lang="en"
# ## Summary
#
# - Measure before you change anything: warm up, take medians, compare in turn, believe ratios. In a step of `cnn` the convolutions and their gradients take most of the time.
# - Every step has an overhead that does not depend on the batch. Large batches spread it over more pictures, but they give fewer steps, and learn less in an epoch at the same rate.
# - A checkpoint that holds weights, optimiser state and random state lets a killed training go on to the same bits. Formats that only hold numbers cannot run code.
# - The gradient of a batch is the mean of the gradients of its parts: two processes with an all-reduce take the same steps as one. A layer that looks at the whole batch needs an exchange of its own.
# - Settings and the order of layers can be worth more than clever code: measure the same network as installed and with each thing removed.
# - The part that cannot be divided limits what more workers can give (Amdahl's law), and the exchange limits it further.
#
# ## Words
#
# | English | Chinese | in one line |
# |---|---|---|
# | profiling | 性能剖析 | measuring which part takes how much time |
# | median | 中位数 | the value in the middle of the sorted values |
# | overhead | 额外开销 | work that each step needs, however small the batch |
# | multiply-add | 乘加 | one multiplication and one addition, two FLOP |
# | thread | 线程 | one line of work inside a program |
# | process | 进程 | a running program with a memory of its own |
# | checkpoint | 检查点 | all that is saved to use a network or go on training |
# | resume | 恢复训练 | to go on after an interruption |
# | data parallel | 数据并行 | each worker takes its part of each batch |
# | all-reduce | 全规约（all-reduce） | an exchange after which all have the same sum |
# | latency | 延迟 | how long one answer takes |
# | throughput | 吞吐量 | how many answers come in a second |
#
# ## Questions
#
# **1.** A step takes 10 ms: data 1, forward 3, backward 5, optimiser 1. You make the forward part twice as fast. How many times as fast is the step?
#
# <details><summary>Answer</summary>
#
# It takes $1 + 1.5 + 5 + 1 = 8.5$ ms, so it is $10 / 8.5 \approx 1.18$ times as fast. This is Amdahl's law with $p = 0.3$ and $n = 2$.
#
# </details>
#
# **2.** Nine tenths of a step can be divided among workers. How fast can it become with as many workers as you like?
#
# <details><summary>Answer</summary>
#
# The tenth that cannot be divided stays: 10 times as fast, and no more. The exchange, which Amdahl's law does not know, makes it less.
#
# </details>
#
# **3.** What would go wrong if two processes trained `cnn` as we trained `mlp`, exchanging nothing but the gradients?
#
# <details><summary>Answer</summary>
#
# Batch normalisation uses the mean and the spread of the batch that it sees. Each process sees only its 64 pictures, whose mean is not that of all 128. So the loss of the batch is no longer a mean of losses that do not depend on one another, and the two halves do not make the whole. The training would not be worse for it, but another one, and it would depend on the number of processes. (Paddle's `nn.SyncBatchNorm` exchanges these means too, but only between GPUs; so the package has a layer of its own.)
#
# </details>
#
# **4.** You resume a training, but restore only the weights, not the state of the optimiser and of the random numbers. What happens?
#
# <details><summary>Answer</summary>
#
# The training goes on, but not to the same bits: the pictures come in another order, and the averages of the optimiser begin at zero again, so that its first steps are different. The result is mostly about as good; but nobody can check any more that the interruption did no harm.
#
# </details>
#
# **5.** Counted in steps, `linear` is hardly slower with 16 pictures in a step than with 1. Counted in pictures, it is about 16 times as fast. Why?
#
# <details><summary>Answer</summary>
#
# Its step is nearly all overhead, so it takes the same time with 1 and with 16 pictures. In the same time 16 times as many pictures are trained.
#
# </details>
#
# ## Homework
#
# {{exercises}}
#
# **Open questions.** What you find out here, nobody checks but you. Write it down in a notebook of your own.
#
# - **8-A (another profile).** Draw the upper bar, data, forward, backward and optimiser, for `mlp` with its own optimiser (`rmsprop`), with batches of 16 and of 512. Which part takes the most time in each case? Compare the number of parameters of `mlp` and `cnn` to explain it.
# - **8-B (a faster loader).** Let the `Dataset` return a whole batch instead of one picture: `__len__` is then the number of batches, and `DataLoader` gets `batch_size=None`. How does the ratio to the array change?
# - **8-C (the other limit).** Measure how fast your memory is: copy an array of 100 MB with `np.copyto`, and count the bytes read and written. Then estimate from the bytes that pass through `pooling 1` how long it must take at least. How near does it come?
# - **8-D (kill it ten times).** Start a training of `linear` with many epochs on the sample, kill it after a random time, resume it, and do so ten times. Is the run ever damaged? Compare its SHA-256 with that of an unbroken run.

# %% [markdown] lang="zh"
# ## 小结
#
# - 先测量，再改动：先热身，取中位数，轮流比较，只信比值。`cnn` 的一步里，卷积和它们的梯度占了大部分时间。
# - 每一步都有与批大小无关的额外开销。大批把它摊到更多图片上，但步数也少了；学习率不变时，一轮学到的东西更少。
# - 检查点保存了权重、优化器状态和随机数状态，被强行终止的训练就能恢复，结果一位也不差。只存数字的格式无法运行代码。
# - 一批的梯度是它各部分梯度的平均：两个进程加上全规约，走出的每一步就与一个进程相同。要看整批数据的层，还需要另作交换。
# - 设置和层的次序可能比巧妙的代码更重要：把刚装好的样子和逐项省去之后的样子放在一起测。
# - 不能分的部分限制了增加工人的收益（阿姆达尔定律），交换又让收益再打折扣。
#
# ## 术语
#
# | 英文 | 中文 | 一句话解释 |
# |---|---|---|
# | profiling | 性能剖析 | 测量每一部分各花多少时间 |
# | median | 中位数 | 排好序后位于正中间的值 |
# | overhead | 额外开销 | 不论批多小，每一步都要做的事 |
# | multiply-add | 乘加 | 一次乘法加一次加法，算两次浮点运算 |
# | thread | 线程 | 程序内部的一条工作线 |
# | process | 进程 | 一个正在运行、有自己内存的程序 |
# | checkpoint | 检查点 | 为了使用网络或接着训练而保存的全部内容 |
# | resume | 恢复训练 | 中断之后接着训练 |
# | data parallel | 数据并行 | 每个工人处理每一批中自己的那一份 |
# | all-reduce | 全规约（all-reduce） | 一种交换，之后人人都有同样的总和 |
# | latency | 延迟 | 得到一个答案要多久 |
# | throughput | 吞吐量 | 每秒能得到多少个答案 |
#
# ## 思考题
#
# **1.** 一步要 10 毫秒：数据 1，前向 3，反向 5，优化器 1。你让前向计算快了一倍，这一步变成原来的几倍快？
#
# <details><summary>答案</summary>
#
# 现在需要 $1 + 1.5 + 5 + 1 = 8.5$ 毫秒，所以是原来的 $10 / 8.5 \approx 1.18$ 倍。这就是 $p = 0.3$、$n = 2$ 时的阿姆达尔定律。
#
# </details>
#
# **2.** 一步的十分之九可以分给多个工人。工人要多少有多少，最多能快到几倍？
#
# <details><summary>答案</summary>
#
# 不能分的那十分之一始终都在：最多 10 倍。阿姆达尔定律没有考虑交换，算上它还会更少。
#
# </details>
#
# **3.** 如果两个进程训练 `cnn` 时也像训练 `mlp` 那样，除了梯度什么都不交换，会出什么问题？
#
# <details><summary>答案</summary>
#
# 批归一化要用它所看到的那一批的平均值和离散程度。每个进程只看到自己的 64 张图片，它们的平均值不是全部 128 张的平均值。于是一批的损失不再是互不相关的各项损失的平均，两半也就合不成一整批。训练的结果未必更差，但那是另一种训练，而且会随进程数而变。（飞桨的 `nn.SyncBatchNorm` 连这些平均值也一起交换，但只能用在 GPU 之间，所以软件包自己写了一个层。）
#
# </details>
#
# **4.** 恢复训练时，如果只恢复权重，而不恢复优化器和随机数的状态，会发生什么？
#
# <details><summary>答案</summary>
#
# 训练会接着进行，但结果不再一位不差：图片的顺序变了，优化器的滑动平均又从零开始，最初几步也就不同。结果多半差不多一样好，但再也没有人能核实：这次中断没有造成损害。
#
# </details>
#
# **5.** 为什么 `linear` 每步用 16 张和用 1 张图片，按步数算几乎一样快，按图片数算却快了 16 倍左右？
#
# <details><summary>答案</summary>
#
# 它的一步几乎全是额外开销，所以 1 张和 16 张所花的时间相同。同样的时间里，训练的图片多了 16 倍。
#
# </details>
#
# ## 作业
#
# {{exercises}}
#
# **开放的问题**：下面这些没有人替你检查，请把你的发现写进自己的笔记本。
#
# - **8-A**（另一张剖析图）：为 `mlp` 画出上面那一条（数据、前向、反向、优化器），用它自己的优化器（`rmsprop`），批分别取 16 和 512。两种情形下，各是哪一部分最花时间？比较 `mlp` 和 `cnn` 的参数个数，解释你看到的现象。
# - **8-B**（更快的加载器）：让 `Dataset` 每次返回一整批，而不是一张图片：这时 `__len__` 就是批数，`DataLoader` 的参数写 `batch_size=None`。与大数组的比值有什么变化？
# - **8-C**（另一个上限）：测一测你的内存有多快：用 `np.copyto` 复制一个 100 MB 的数组，数一数读写了多少字节。再根据 `pooling 1` 要读写的字节数，估计它至少要花多少时间。实际离它有多近？
# - **8-D**（终止十次）：用小样本训练 `linear`，轮数取多一些，过一段随机的时间就强行终止，再恢复训练，这样重复十次。保存的内容坏过吗？把它的 SHA-256 与不曾中断的训练比一比。
