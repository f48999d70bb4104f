# %% [markdown] lang="en"
# # Chapter 3: Which of the ten is it?
#
# **You will build** a network that gives each of the ten digits a score, first with one layer and then with two, and train it until it reads about 98% of the digits. On the way you write softmax, cross-entropy and back-propagation by hand.
#
# **Time:** 60 minutes to read and try; the computer needs {{seconds}} seconds for all cells.
#
# **You need to know:** from [chapter 2](02_linear_regression.ipynb) what a weight, a bias, a loss and a gradient are, and the five steps of the training loop; from school, $e^x$ and the natural logarithm $\ln x$.

# %% [markdown] lang="zh"
# # 第 3 章：它是十个数字中的哪一个？
#
# **你将做出**一个给十个数字分别打分的网络，先用一层，再用两层，把它训练到能认出约 98% 的数字。途中你会亲手写出 softmax、交叉熵和反向传播。
#
# **时间**：阅读和动手约 60 分钟；运行全部单元格，计算机需要约 {{seconds}} 秒。
#
# **需要先知道**：[第 2 章](02_linear_regression.ipynb)讲过的权重、偏置、损失和梯度，以及训练循环的五个步骤；还有中学学过的 $e^x$ 和自然对数 $\ln x$。

# %%
# %matplotlib inline
import numpy as np
from matplotlib.figure import Figure

from paddle_mnist.data import load_mnist
from paddle_mnist.runs.course import course_folder
from paddle_mnist.system.runtime import prepare

prepare()  # threads and memory, before Paddle is imported

mnist = load_mnist()
print(mnist.source.message)

# %% [markdown] lang="en"
# If the line above begins with `WARNING`, the sample of 5,000 images is used. Everything works with it too, but a network learns less from so few pictures: the accuracies are then several points lower than the ones in this text, and some of the differences are smaller.
#
# ## Ten scores in place of one number
#
# Chapter 2 asked one neuron for one number, and that was the wrong question: digits are classes, ten names in any order. So we now place ten neurons side by side, one for each digit. Each of them gives the picture a score, and the digit with the highest score is the answer. Such scores are called **logits**; they may be any numbers, also negative ones. In Paddle the ten neurons are one layer, `nn.Linear(784, 10)`:

# %% [markdown] lang="zh"
# 如果上面这一行以 `WARNING` 开头，说明现在用的是 5,000 张图片的小样本。一切照样能运行，但图片这么少，网络学到的也少：准确率会比文中的低几个百分点，有些差别也会变小。
#
# ## 用十个得分代替一个数
#
# 第 2 章让一个神经元给出一个数，这个问题本身就问错了：数字是类别，是十个名字，怎么排序都可以。所以现在我们把十个神经元并排放在一起，每个数字对应一个。每个神经元给图片打一个分，得分最高的数字就是答案。这样的得分叫作**未归一化的得分（logits）**，可以是任何数，包括负数。在飞桨中，这十个神经元就是一层 `nn.Linear(784, 10)`：

# %%
import paddle
from paddle import nn

from paddle_mnist.core.metrics import predicted_digits
from paddle_mnist.core.transforms import norm_img
from paddle_mnist.system.runtime import set_seed

pictures, labels = mnist.train.images[:5], mnist.train.labels[:5]
rows = norm_img(pictures)  # [5, 784]

random = set_seed(0)
network = nn.Linear(784, 10)
weights = network.weight.numpy()  # [784, 10]
biases = network.bias.numpy()  # [10]

logits = rows.numpy() @ weights + biases  # [5, 10]
assert np.allclose(network(rows).numpy(), logits, atol=1e-5)

parameters = sum(parameter.size for parameter in network.parameters())
assert parameters == 784 * 10 + 10
print("numbers to learn:", parameters)
print("logits of the first picture:", logits[0].round(2))
print("digits with the highest score:", predicted_digits(logits))
print("true digits:                  ", labels)

# %% [markdown] lang="en"
# The network is untrained, so its answers mean nothing yet. What *should* it answer? For a picture of a 3: all for the 3, and nothing for the others. Written as ten numbers, this is a 1 at place 3 and nine zeros, the **one-hot** code of the label.

# %% [markdown] lang="zh"
# 网络还没有训练，这些答案没有任何意义。它*应该*怎样回答？对于一张 3 的图片：全部给 3，其他一概不给。写成十个数，就是第 3 位是 1，其余九个是 0，这叫作标签的**独热编码**（one-hot）。

# %% tags=["picture"]
one_hot = np.eye(10)[labels]  # [5, 10]

figure = Figure(figsize=(6, 3.1), layout="constrained")
axes = figure.subplots()
axes.imshow(one_hot, cmap="Blues", vmin=0, vmax=1.5)
for row, picture in enumerate(pictures):
    for digit in range(10):
        axes.text(digit, row, f"{one_hot[row, digit]:.0f}", ha="center", va="center")
    place = (-1.95, -1.05, row + 0.45, row - 0.45)
    axes.imshow(picture, cmap="gray", interpolation="nearest", extent=place)
axes.set(xlim=(-2, 9.5), ylim=(4.5, -0.5), xticks=range(10), yticks=[], xlabel="digit")
figure.suptitle("Each label as ten numbers: one row for each picture")
figure

# %% [markdown] lang="en"
# ## From scores to probabilities: softmax
#
# Scores and one-hot codes cannot be compared yet: a score may be −3 or 250. We want ten **probabilities**, that is, numbers from 0 to 1 that add up to 1. **Softmax** makes them out of the scores:
#
# $$p_k = \frac{e^{z_k}}{e^{z_0} + e^{z_1} + \dots + e^{z_9}}$$
#
# $z_k$ is the score of digit $k$, and $p_k$ its probability. A power of $e$ is never negative, a higher score gives a higher power, and the division makes the sum 1. Written just as the formula says:

# %% [markdown] lang="zh"
# ## 从得分到概率：softmax
#
# 得分和独热编码还不能直接比较：得分可能是 −3，也可能是 250。我们要的是十个**概率**，也就是十个 0 到 1 之间、加起来等于 1 的数。**softmax** 把得分变成概率：
#
# $$p_k = \frac{e^{z_k}}{e^{z_0} + e^{z_1} + \dots + e^{z_9}}$$
#
# $z_k$ 是数字 $k$ 的得分，$p_k$ 是它的概率。$e$ 的幂不会是负数；得分越高，幂越大；再除以总和，十个数加起来就是 1。照公式直接写出来：


# %%
def plain_softmax(logits):
    powers = np.exp(logits)  # [N, 10]
    return powers / powers.sum(axis=1, keepdims=True)  # [N, 10]


probabilities = plain_softmax(logits)  # [5, 10]
assert np.allclose(probabilities.sum(axis=1), 1)
print("logits:       ", logits[0].round(2))
print("probabilities:", probabilities[0].round(2))

# %% [markdown] lang="en"
# This is right, and it breaks easily. $e^{1000}$ is too large for the computer, which then says `inf` (infinite), and infinite divided by infinite is `nan` (not a number):

# %% [markdown] lang="zh"
# 这样写没有错，却很容易出问题。$e^{1000}$ 太大，计算机存不下，只好说它是 `inf`（无穷大）；无穷大除以无穷大，得到 `nan`（不是一个数）：

# %%
with np.errstate(over="ignore", invalid="ignore"):  # NumPy would print a warning
    print("e to the power 1000:", np.exp(1000.0))
    print("plain softmax:", plain_softmax(np.array([[1000.0] + 9 * [0.0]])))

# %% [markdown] lang="en"
# The cure is one subtraction. Let $m$ be the largest score. $e^{z-m} = e^z / e^m$, so taking $m$ away from each score divides all ten powers by the same number, and this number cancels out in the quotient. The probabilities stay as they are, and no power is larger than $e^0 = 1$.

# %% [markdown] lang="zh"
# 解决办法只是一次减法。设 $m$ 是最大的得分。$e^{z-m} = e^z / e^m$，所以每个得分都减去 $m$，等于十个幂都除以同一个数，这个数在分子和分母中约掉了。概率不变，而所有的幂都不会超过 $e^0 = 1$。

# %%
import paddle.nn.functional as F

from paddle_mnist.core.metrics import softmax


def safe_softmax(logits):
    return plain_softmax(logits - logits.max(axis=1, keepdims=True))  # [N, 10]


large = np.array([[1000.0] + 9 * [0.0]])  # [1, 10]
for scores in (logits, large):
    ours = safe_softmax(scores)  # [N, 10]
    assert np.allclose(ours, softmax(scores))
    assert np.allclose(ours, F.softmax(paddle.to_tensor(scores)).numpy(), atol=1e-6)
assert np.allclose(safe_softmax(logits), probabilities)
print("safe softmax:", safe_softmax(large))

# %% [markdown] lang="en"
# Ours, the package's and Paddle's agree, so from now on we import `softmax`.
#
# ## How wrong is it?
#
# Now the loss. Of the ten probabilities of a picture only one counts: the one that was given to the true digit. It should be 1. The **cross-entropy** is minus its logarithm, averaged over the $N$ pictures of a batch:
#
# $$L = -\frac{1}{N} \sum_{i=1}^{N} \ln p_{i,\,y_i} = -\frac{1}{N} \sum_{i=1}^{N} \sum_{k=0}^{9} t_{ik} \ln p_{ik}$$
#
# $y_i$ is the label of picture $i$, $p_{ik}$ the probability that the network gives to digit $k$, and $t_{ik}$ the one-hot code of the label. Both forms are the same, because $t_{ik}$ is 0 for all digits but the true one.

# %% [markdown] lang="zh"
# 我们写的、软件包的和飞桨的结果都一致，以后就直接导入 `softmax`。
#
# ## 错得有多离谱？
#
# 现在来看损失。一张图片的十个概率中，只有一个要紧：给真实数字的那个。它应当是 1。**交叉熵**就是这个概率的对数取负，再对一批中的 $N$ 张图片取平均：
#
# $$L = -\frac{1}{N} \sum_{i=1}^{N} \ln p_{i,\,y_i} = -\frac{1}{N} \sum_{i=1}^{N} \sum_{k=0}^{9} t_{ik} \ln p_{ik}$$
#
# $y_i$ 是第 $i$ 张图片的标签，$p_{ik}$ 是网络给数字 $k$ 的概率，$t_{ik}$ 是标签的独热编码。两种写法是一回事，因为除了真实的数字，$t_{ik}$ 都是 0。

# %%
from paddle_mnist.core.losses import cross_entropy

for_the_truth = probabilities[np.arange(5), labels]  # [5]
loss_by_hand = -np.log(for_the_truth).mean()
loss_with_one_hot = -(one_hot * np.log(probabilities)).sum(axis=1).mean()

targets = paddle.to_tensor(labels)  # [5]
loss = cross_entropy(network(rows), targets)
assert np.isclose(float(loss), loss_by_hand, rtol=1e-5)
assert np.isclose(float(loss), loss_with_one_hot, rtol=1e-5)
print("probabilities of the true digits:", for_the_truth.round(3))
print("cross-entropy:", round(float(loss), 3))
print()
print("probability of the truth  what it costs")
for chance in (1, 0.9, 0.5, 0.1, 0.01, 0.0001):
    print(f"{chance:24}  {abs(np.log(chance)):13.3f}")

# %% [markdown] lang="en"
# To be right costs nothing, to be unsure a little, and to be sure of something wrong very much.
#
# Note what `cross_entropy` takes: the logits. It applies softmax itself, as Paddle's `F.cross_entropy` does. So the network must *not* end in softmax. What happens when it does is shown below.

# %% [markdown] lang="zh"
# 答对了没有代价，没把握代价不大，而对错误的答案很有把握，代价就非常大。
#
# 注意 `cross_entropy` 接收的是 logits：softmax 由它自己来做，飞桨的 `F.cross_entropy` 也是如此。所以网络的最后*不能*再放 softmax。放了会怎样，后面会看到。

# %% [markdown] lang="en"
# ## The first loss tells whether all is well
#
# A network that knows nothing should give each digit the probability $\frac{1}{10}$. Its loss is $-\ln \frac{1}{10} = \ln 10 \approx 2.303$. So the loss before the first step can be checked, and it is the cheapest test in deep learning. One common mistake, to forget the division by 255, shows up at once:

# %% [markdown] lang="zh"
# ## 第一个损失说明一切是否正常
#
# 一个什么都不知道的网络，应当给每个数字同样的概率 $\frac{1}{10}$。它的损失就是 $-\ln \frac{1}{10} = \ln 10 \approx 2.303$。所以，训练开始之前的损失可以用来检查，这是深度学习中最省事的检验。比如一个常见的错误，忘了除以 255，立刻就会露馅：

# %%
from paddle_mnist.core.loop import evaluate

equal = float(cross_entropy(paddle.zeros([5, 10]), targets))
untrained = evaluate(network, cross_entropy, mnist.validation).loss
forgotten = float(cross_entropy(network(rows * 255), targets))

assert np.isclose(equal, np.log(10))
assert abs(untrained - np.log(10)) < 0.5
assert forgotten > 5
print(f"ten equal scores:         {equal:.3f}")
print(f"our untrained network:    {untrained:.3f}")
print(f"without division by 255:  {forgotten:.3f}")

# %% [markdown] lang="en"
# Our network starts a little above 2.303, because its random weights prefer some digits to others, without a reason. That is normal. A first loss of 10 or more is not.
#
# ## Which way is down?
#
# The gradient of the loss by the logits has a very simple form. For one picture with label $y$,
#
# $$L = -\ln p_y = -z_y + \ln\left(e^{z_0} + \dots + e^{z_9}\right) \qquad \frac{\partial L}{\partial z_k} = p_k - t_k$$
#
# The derivative of the logarithm by $z_k$ is just $p_k$, and $-z_y$ adds −1 at the true digit, which is $-t_k$. So **the gradient is softmax minus one-hot**: the answer minus the truth. For a batch it is divided by $N$, because the loss is a mean.

# %% [markdown] lang="zh"
# 我们的网络起步时略高于 2.303，因为随机的权重会毫无理由地偏爱某些数字。这很正常。但如果第一个损失是 10 或者更大，就不正常了。
#
# ## 哪个方向是下坡？
#
# 损失对 logits 的梯度，形式非常简单。对于一张标签为 $y$ 的图片，
#
# $$L = -\ln p_y = -z_y + \ln\left(e^{z_0} + \dots + e^{z_9}\right) \qquad \frac{\partial L}{\partial z_k} = p_k - t_k$$
#
# 对数那一项对 $z_k$ 的导数正好是 $p_k$，而 $-z_y$ 只在真实的数字处贡献 −1，也就是 $-t_k$。所以，**梯度就是 softmax 减去独热编码**：答案减去真相。对一批图片，还要除以 $N$，因为损失取的是平均。

# %%
scores = paddle.to_tensor(logits, stop_gradient=False)  # [5, 10]
cross_entropy(scores, targets).backward()

gradient = (probabilities - one_hot) / 5  # [5, 10]
assert np.allclose(scores.grad.numpy(), gradient, atol=1e-6)
print("largest difference:", np.abs(scores.grad.numpy() - gradient).max())

# %% tags=["picture"]
figure = Figure(figsize=(9, 2.7), layout="constrained")
parts = {
    "softmax: the answer": probabilities[0],
    f"one-hot: the truth, {labels[0]}": one_hot[0],
    "the difference: the gradient": probabilities[0] - one_hot[0],
}
for axes, (name, values) in zip(figure.subplots(1, 3, sharey=True), parts.items()):
    axes.bar(range(10), values, color=np.where(values < 0, "tab:blue", "tab:red"))
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set(title=name, xlabel="digit", xticks=range(10))
figure

# %% [markdown] lang="en"
# A step goes against the gradient. So the score of the true digit rises (blue), and the nine others fall (red). The more probable the network found a wrong digit, the more its score falls. When the answer is right and sure, the gradient is nearly 0, and hardly anything changes.
#
# ## Ten neurons learn
#
# Ten neurons with softmax and cross-entropy are called **softmax regression**. We train them with `fit`, the loop of chapter 2, and with the same plain steps against the gradient. The learning rate can be 0.1, a hundred times that of chapter 2, because no part of softmax minus one-hot is ever larger than 1. What else should happen between the steps is given to `fit` as **callbacks**: `Validate` measures the network on the validation images after each epoch, `ProgressBar` shows how far the training is.

# %% [markdown] lang="zh"
# 每一步都逆着梯度走。所以真实数字的得分上升（蓝色），另外九个的得分下降（红色），网络给哪个的概率越大，哪个就降得越多。如果答案正确又有把握，梯度就接近 0，几乎什么都不变。
#
# ## 十个神经元学习
#
# 十个神经元加上 softmax 和交叉熵，叫作 **softmax 回归**。我们用第 2 章的循环 `fit` 来训练它，走法也和那时一样，只是逆着梯度走。学习率可以取 0.1，是第 2 章的一百倍，因为 softmax 减去独热编码，每一项的大小都不会超过 1。除了走步之外还要做的事，以**回调**（callback）的形式交给 `fit`：`Validate` 在每一轮之后用验证图片测量网络，`ProgressBar` 显示训练进行到哪里。

# %%
from functools import partial

from paddle_mnist.core.callbacks import Validate
from paddle_mnist.core.loop import Batches, fit, train_step
from paddle_mnist.core.optimizers import build_optimizer
from paddle_mnist.plots.progress_bar import ProgressBar


def train(network, random, name, learning_rate):
    """Train with cross-entropy for 5 epochs, in batches of 128; return the history."""
    optimizer = build_optimizer(name, learning_rate, network.parameters())
    step = partial(train_step, network, cross_entropy, optimizer)
    progress = fit(
        step,
        Batches(mnist.train, 128, random),
        epochs=5,
        callbacks=[Validate(network, cross_entropy, mnist.validation), ProgressBar()],
    )
    return progress.history


random = set_seed(0)
ten_neurons = nn.Linear(784, 10)
right_history = train(ten_neurons, random, "sgd", 0.1)

# %% [markdown] lang="en"
# From about a fifth to about nine tenths, with the same pictures and the same loop: the question was the problem. Each neuron has 784 weights, so there are ten pictures of weights now. Ink on red pixels raises the score of this digit, ink on blue ones lowers it.

# %% [markdown] lang="zh"
# 图片没变，循环没变，准确率却从五分之一左右升到九成左右：出问题的，正是当初的问法。每个神经元有 784 个权重，所以现在有十张权重图。墨迹落在红色像素上，这个数字的得分升高；落在蓝色像素上，得分降低。

# %% tags=["picture"]
from paddle_mnist.plots import plot_weights

templates = ten_neurons.weight.numpy().T.reshape(10, 28, 28)  # [10, 28, 28]
names = [f"score of {digit}" for digit in range(10)]
title = "The weights of the ten neurons"
plot_weights(templates, names, columns=5, title=title)

# %% [markdown] lang="en"
# Now digits can be seen. The 0 is a red ring with a blue middle: ink there speaks against a 0. The 1 is an upright red stroke with blue on both sides. Each neuron works like a stencil for its digit.
#
# ## A trap: softmax twice
#
# A classifier should return probabilities, so it seems natural to end the network in softmax. But the loss applies softmax itself, so it is then applied twice. Nothing crashes, the first loss is near 2.303 as it should be, and the network even learns:

# %% [markdown] lang="zh"
# 这一次能看到数字了。0 是一个红色的圈，中间是蓝色：那里有墨迹，就说明它不像 0。1 是一道竖着的红色笔画，两边是蓝色。每个神经元就像自己那个数字的一块模板。
#
# ## 陷阱：做了两次 softmax
#
# 分类器应当给出概率，所以在网络最后放一个 softmax，看上去顺理成章。可是损失函数自己会做 softmax，于是做了两次。程序不会报错，第一个损失也正常，在 2.303 附近，网络甚至也在学习：

# %%
random = set_seed(0)
twice = nn.Sequential(nn.Linear(784, 10), nn.Softmax())
print(f"loss before training: {evaluate(twice, cross_entropy, mnist.validation).loss:.3f}")
twice_history = train(twice, random, "sgd", 0.1)

# %% tags=["picture"]
from paddle_mnist.plots import plot_curves

floor = np.log(1 + 9 / np.e)
histories = {"network ends in softmax": twice_history, "network returns logits": right_history}
curves = {
    name: [loss for row in history for loss in row["losses"]] for name, history in histories.items()
}
assert min(curves["network ends in softmax"]) > floor
figure = plot_curves(
    curves,
    x=np.linspace(0, 5, len(curves["network ends in softmax"])),
    xlabel="epoch",
    ylabel="training loss",
    title="Softmax twice: the loss stays above a floor",
)
figure.axes[0].axhline(floor, color="black", linestyle="--", label=f"ln(1 + 9/e) = {floor:.3f}")
figure.axes[0].set_ylim(0, 2.5)
figure.axes[0].legend()
figure.set_size_inches(6, 3)
figure

# %% [markdown] lang="en"
# Where does the floor come from? The best that the network can return is 1 for the true digit and 0 for the nine others. The loss takes these for scores, applies softmax to them, and finds for the true digit
#
# $$p = \frac{e^1}{e^1 + 9\,e^0} = \frac{e}{e + 9} \approx 0.23 \qquad -\ln p = \ln\left(1 + \frac{9}{e}\right) \approx 1.461$$
#
# So even a perfect network has a loss of 1.461. It also learns more slowly, as the accuracies of both trainings show: on its way back the gradient passes through softmax once more and gets smaller. And still the mistake is often not noticed, and can be found in published examples, too. The largest of ten numbers stays the largest after softmax, so the digits that are read are not wrong in themselves.
#
# The rule: **the network returns logits, and the loss owns the softmax.** When you want to see probabilities, apply `softmax` to the logits after the network.
#
# ## Why not simply a second layer?
#
# One stencil for each digit is not enough: people write a 4 with an open or a closed top, and a 7 with or without a bar. So let there be a layer of many neurons between the pixels and the ten scores, a **hidden layer**. But two linear layers on top of each other can do no more than one:
#
# $$(x W_1 + b_1) W_2 + b_2 = x\,(W_1 W_2) + (b_1 W_2 + b_2)$$
#
# $x$ is a row of 784 pixels, $W_1$ and $W_2$ are the weights of the two layers, $b_1$ and $b_2$ their biases. The right side is a single linear layer, with weights $W_1 W_2$.

# %% [markdown] lang="zh"
# 这条下限是从哪里来的？网络最好的输出，是给真实数字 1，给另外九个 0。损失函数把它们当作得分，再做一次 softmax，真实数字得到的是
#
# $$p = \frac{e^1}{e^1 + 9\,e^0} = \frac{e}{e + 9} \approx 0.23 \qquad -\ln p = \ln\left(1 + \frac{9}{e}\right) \approx 1.461$$
#
# 所以，哪怕是完美的网络，损失也有 1.461。它学得也更慢，两次训练的准确率说明了这一点：梯度往回走时，要多经过一次 softmax，变得更小了。尽管如此，这个错误常常没有人发现，公开的示例中也能见到：十个数中最大的那个，做完 softmax 仍然最大，所以读出的数字本身并不因此出错。
#
# 规则是：**网络返回 logits，softmax 归损失函数管**。想看概率时，在网络之后对 logits 使用 `softmax`。
#
# ## 直接再加一层不行吗？
#
# 每个数字只有一块模板是不够的：有人写的 4 顶上开口，有人写的封口；有人写 7 加一横，有人不加。所以，我们在像素和十个得分之间再放一层，里面有许多神经元，叫作**隐藏层**。可是，两个线性层直接叠在一起，能做的事并不比一层多：
#
# $$(x W_1 + b_1) W_2 + b_2 = x\,(W_1 W_2) + (b_1 W_2 + b_2)$$
#
# $x$ 是一行 784 个像素，$W_1$ 和 $W_2$ 是两层的权重，$b_1$ 和 $b_2$ 是两层的偏置。等号右边就是单独一个线性层，权重是 $W_1 W_2$。

# %%
random = set_seed(0)
two_linear = nn.Sequential(nn.Linear(784, 512), nn.Linear(512, 10))
(W1, b1), (W2, b2) = [(layer.weight, layer.bias) for layer in two_linear]

merged_weight = W1 @ W2  # [784, 10]
merged_bias = b1 @ W2 + b2  # [10]
one_layer = rows @ merged_weight + merged_bias  # [5, 10]
assert np.allclose(two_linear(rows).numpy(), one_layer.numpy(), atol=1e-5)
print("largest difference:", float((two_linear(rows) - one_layer).abs().max()))

# %% [markdown] lang="en"
# Something that is not linear must come between them, an **activation function**. The most used one is also the simplest, **ReLU**: it replaces each negative number by 0.
#
# $$\mathrm{ReLU}(z) = \max(z, 0)$$
#
# With it a hidden neuron can answer 0 to most pictures, and something else only when it sees its own pattern. The two layers cannot be merged any more.
#
# ## The multilayer perceptron
#
# 784 pixels, 512 hidden neurons with ReLU, 10 scores: this is a **multilayer perceptron** (MLP). How many numbers does it learn? Each hidden neuron has 784 weights and a bias, and each score has 512 weights and a bias.

# %% [markdown] lang="zh"
# 两层之间必须有一个不是线性的东西，叫作**激活函数**。最常用的一个也最简单，就是 **ReLU**：它把负数都换成 0。
#
# $$\mathrm{ReLU}(z) = \max(z, 0)$$
#
# 有了它，一个隐藏的神经元可以对大多数图片都回答 0，只在看到自己的图案时才给出别的数。两层也就再不能合并成一层了。
#
# ## 多层感知机
#
# 784 个像素，512 个带 ReLU 的隐藏神经元，10 个得分：这就是**多层感知机**（MLP）。它要学习多少个数？每个隐藏神经元有 784 个权重和一个偏置，每个得分有 512 个权重和一个偏置。

# %%
from paddle_mnist.core.stages import STAGES, build_network

random = set_seed(0)
mlp = build_network("mlp")
print(mlp)

by_hand = (784 * 512 + 512) + (512 * 10 + 10)
assert by_hand == 407_050
assert by_hand == sum(parameter.size for parameter in mlp.parameters())
print(f"numbers to learn: {by_hand:,}")

first_loss = evaluate(mlp, cross_entropy, mnist.validation).loss
assert abs(first_loss - np.log(10)) < 0.5
print(f"loss before training: {first_loss:.3f}, and ln 10 = {np.log(10):.3f}")

# %% [markdown] lang="en"
# ## Back-propagation by hand
#
# The loss now depends on 407,050 numbers. **Back-propagation** finds all their gradients in one walk from the loss back to the pixels. It needs three rules, applied layer by layer. Let $\delta$ be the gradient by the outputs of a layer, one row for each picture:
#
# - by the weights: the inputs of the layer, transposed, times $\delta$; by the bias: the sum of the rows of $\delta$;
# - by the inputs of the layer: $\delta$ times the weights, transposed. This is the $\delta$ of the layer before;
# - through ReLU: $\delta$ where the number was above 0, and 0 where it was cut off.
#
# And the walk begins with softmax minus one-hot:

# %% [markdown] lang="zh"
# ## 亲手写反向传播
#
# 现在损失取决于 407,050 个数。**反向传播**从损失出发，一路走回像素，一趟就求出所有的梯度。它只需要三条规则，一层一层地使用。设 $\delta$ 是损失对某一层输出的梯度，每张图片一行：
#
# - 对权重：该层输入的转置乘以 $\delta$；对偏置：把 $\delta$ 的各行加起来；
# - 对该层的输入：$\delta$ 乘以权重的转置。这就是前一层的 $\delta$；
# - 经过 ReLU：原来大于 0 的地方，$\delta$ 照旧；被截成 0 的地方，$\delta$ 变成 0。
#
# 而这一路的起点，就是 softmax 减去独热编码：

# %%
W1, b1 = mlp.hidden.weight.numpy(), mlp.hidden.bias.numpy()
W2, b2 = mlp.output.weight.numpy(), mlp.output.bias.numpy()
x = rows.numpy()  # [5, 784]

# Forwards.
sums = x @ W1 + b1  # [5, 512]
hidden = np.maximum(sums, 0)  # [5, 512]
logits = hidden @ W2 + b2  # [5, 10]
assert np.allclose(logits, mlp(rows).numpy(), atol=1e-5)

# Backwards.
delta_logits = (softmax(logits) - one_hot) / 5  # [5, 10]
W2_gradient = hidden.T @ delta_logits  # [512, 10]
b2_gradient = delta_logits.sum(axis=0)  # [10]
delta_hidden = delta_logits @ W2.T  # [5, 512]
delta_sums = delta_hidden * (sums > 0)  # [5, 512]
W1_gradient = x.T @ delta_sums  # [784, 512]
b1_gradient = delta_sums.sum(axis=0)  # [512]

cross_entropy(mlp(rows), targets).backward()
for layer, weight_gradient, bias_gradient in (
    (mlp.hidden, W1_gradient, b1_gradient),
    (mlp.output, W2_gradient, b2_gradient),
):
    assert np.allclose(layer.weight.grad.numpy(), weight_gradient, atol=1e-6)
    assert np.allclose(layer.bias.grad.numpy(), bias_gradient, atol=1e-6)
print("all 407,050 gradients agree with Paddle's")

# %% [markdown] lang="en"
# That is all that `loss.backward()` does, for any number of layers. From now on Paddle does it for us.
#
# ## Training the multilayer perceptron
#
# The stage `mlp` has a recipe, and its optimiser is **RMSprop**. Like plain steps, it goes against the gradient, but each weight has a step size of its own: each gradient is divided by the size that it usually has. So weights with small gradients move too. In this chapter the learning rate stays as it is, as the recipe was published; the command `train` lets it rise and fall, which [chapter 6](06_tune.ipynb) explains. For a fair comparison we train softmax regression again by this recipe, and also the two linear layers without ReLU, to see whether the formula above tells the truth.

# %% [markdown] lang="zh"
# `loss.backward()` 做的就是这些，有多少层都一样。以后就交给飞桨了。
#
# ## 训练多层感知机
#
# `mlp` 阶段有自己的配方，它的优化器是 **RMSprop**。它同样逆着梯度走，但每个权重有自己的步长：每个梯度都除以它平时的大小。这样，梯度小的权重也能走动。本章中学习率保持不变，和当初发表的配方一样；`train` 命令则让它先升后降，[第 6 章](06_tune.ipynb)会解释。为了公平比较，我们用这个配方把 softmax 回归再训练一次，还训练那个没有 ReLU 的两层线性网络，看看上面的公式说得对不对。

# %%
recipe, learning_rate = STAGES["mlp"], 0.001
assert (recipe.epochs, recipe.batch_size) == (5, 128)
print("optimiser:", recipe.optimizer, " learning rate:", learning_rate)

builders = {
    "multilayer perceptron": lambda: build_network("mlp"),
    "softmax regression": lambda: nn.Linear(784, 10),
    "two linear layers, no ReLU": lambda: nn.Sequential(nn.Linear(784, 512), nn.Linear(512, 10)),
}
networks, histories = {}, {}
for name, build in builders.items():
    print(name)
    random = set_seed(0)
    networks[name] = build()
    histories[name] = train(networks[name], random, recipe.optimizer, learning_rate)
mlp = networks["multilayer perceptron"]

# %% tags=["picture"]
figure = plot_curves(
    {name: [row["validation_accuracy"] for row in history] for name, history in histories.items()},
    xlabel="epoch",
    ylabel="validation accuracy",
    title="The hidden layer helps, but only with ReLU",
)
figure.set_size_inches(6, 3)
figure

# %% [markdown] lang="en"
# Without ReLU, 407,050 numbers are quicker at the start, and in the end they read about as well as 7,850 do, or a little worse. With ReLU, most of the mistakes are gone. Here is the whole training of the multilayer perceptron:

# %% [markdown] lang="zh"
# 没有 ReLU，407,050 个数只是起步快一些，到最后和 7,850 个数认得差不多，甚至略差。有了 ReLU，大部分错误都消失了。下面是多层感知机训练的全过程：

# %% tags=["picture"]
from paddle_mnist.plots import plot_history

figure = plot_history(histories["multilayer perceptron"], "The multilayer perceptron")
figure.set_size_inches(8, 3.2)
figure

# %% [markdown] lang="en"
# In the first epoch the training loss is the *higher* one: it is the mean over the epoch, in which the network was still learning, while the validation loss is measured after it. Later the loss on the training images is the lower one, and goes on falling, while the one on the validation images falls slowly, or rises and falls. The network gets better at the pictures that it has seen than at new ones. [Chapter 5](05_generalise.ipynb) is about this gap.
#
# ## What do the hidden neurons look for?
#
# Each hidden neuron has 784 weights, so each is a picture. Here are 24 of the 512, those with the largest weights to the scores, and of each the middle 20 × 20 pixels, where most of the ink is:

# %% [markdown] lang="zh"
# 第一轮中，训练损失反而*更高*：它是整轮的平均，那时网络还在学，而验证损失是在这一轮之后才测的。往后，训练图片上的损失更低，并且继续下降；验证图片上的损失则降得很慢，或者时升时降。网络对见过的图片，比对新图片认得更好。[第 5 章](05_generalise.ipynb)讲的就是这个差距。
#
# ## 隐藏的神经元在找什么？
#
# 每个隐藏神经元有 784 个权重，所以每个都是一张图。下面是 512 个中的 24 个，它们到各个得分的权重最大；每张只画中间 20 × 20 个像素，墨迹大多在那里：

# %% tags=["picture"]
influence = np.linalg.norm(mlp.output.weight.numpy(), axis=1)  # [512]
strongest = np.argsort(-influence)[:24]
units = mlp.hidden.weight.numpy().T[strongest].reshape(24, 28, 28)  # [24, 28, 28]
middle = units[:, 4:24, 4:24]  # [24, 20, 20]
plot_weights(middle, title="The weights of 24 hidden neurons")

# %% [markdown] lang="en"
# No neuron is a whole digit; a blue stroke means that no ink should be there. They look for strokes, edges and gaps at certain places, and the last layer adds up what they found. After a training on the sample, most of what can be seen is still the noise of the random start.
#
# ## How sure is it?
#
# Softmax of the logits tells which probability the network gives to each digit. The first ten validation images:

# %% [markdown] lang="zh"
# 没有哪个神经元是一个完整的数字；蓝色的笔画表示那里不应当有墨迹。它们在某些位置上寻找笔画、边缘和空隙，最后一层再把找到的东西加起来。如果只用小样本训练，看到的大多还是随机起点的噪声。
#
# ## 它有多大把握？
#
# 对 logits 做 softmax，就知道网络给每个数字多大的概率。先看前十张验证图片：

# %%
measured = evaluate(mlp, cross_entropy, mnist.validation)
labels = mnist.validation.labels  # [N]
digits = predicted_digits(measured.outputs)  # [N]
probabilities = softmax(measured.outputs)  # [N, 10]
sureness = probabilities.max(axis=1)  # [N]

print("true digit ", *(f"{label:6d}" for label in labels[:10]))
print("read as    ", *(f"{digit:6d}" for digit in digits[:10]))
print("probability", *(f"{value:6.3f}" for value in sureness[:10]))
print(f"validation accuracy: {measured.accuracy:.1%}")

# %% [markdown] lang="en"
# It is sure of most of them. More telling are the pictures of which it is the *least* sure:

# %% [markdown] lang="zh"
# 大多数图片它都很有把握。更有意思的，是它*最没有*把握的那些图片：

# %% tags=["picture"]
from paddle_mnist.plots import plot_readings

unsure = np.argsort(sureness)[:6]
print("true digits, row by row:", labels[unsure])
plot_readings(mnist.validation.images[unsure], digits[unsure], probabilities[unsure])

# %% [markdown] lang="en"
# Here several digits share the probability. This is an answer that a single number, as in chapter 2, could never give: "a 4 or a 9" is not 6.5.
#
# ## What does it get wrong?

# %% [markdown] lang="zh"
# 这时，好几个数字分掉了概率。第 2 章的一个数永远给不出这样的回答：“4 或者 9”并不等于 6.5。
#
# ## 它错在哪里？

# %%
from paddle_mnist.core.metrics import confusion_matrix, most_confused

wrong = int((digits != labels).sum())
print(f"{wrong} mistakes on {len(labels):,} validation images; the most frequent:")
for true, read, count in most_confused(confusion_matrix(labels, digits)):
    print(f"    {count:3d} times a {true} was read as {read}")

# %% tags=["picture"]
from paddle_mnist.plots import plot_mistakes

plot_mistakes(mnist.validation.images, labels, probabilities, count=16)

# %% [markdown] lang="en"
# The percentage is the probability of the wrong answer. Some of these pictures are hard for people as well. Others are plain to us, and the network is wrong and sure of it: a high probability is no guarantee.
#
# ## Your own picture
#
# In chapter 2 the neuron could not read `work/example_0.jpg`, a picture of a 0. And now?

# %% [markdown] lang="zh"
# 百分数是错误答案得到的概率。其中有些图片连人也难认；另一些我们一看便知，网络却错了，还很有把握：概率高并不等于有保证。
#
# ## 你自己的图片
#
# 第 2 章的神经元认不出 `work/example_0.jpg`，一张 0 的图片。现在呢？

# %% tags=["picture"]
from paddle_mnist.images import load_image

prepared = load_image(course_folder() / "work" / "example_0.jpg")  # [1, 28, 28]
answer = mlp(norm_img(prepared)).numpy()  # [1, 10]
plot_readings(prepared, predicted_digits(answer), softmax(answer))

# %% [markdown] lang="en"
# ## The test set, once
#
# All choices are made, so we may look at the test images now, once:

# %% [markdown] lang="zh"
# ## 测试集，只看一次
#
# 该选的都选完了，现在可以看一次测试图片：

# %%
tested = evaluate(mlp, cross_entropy, mnist.test)
print(f"test accuracy: {tested.accuracy:.2%}, {tested.count - tested.correct} mistakes")

# %% [markdown] lang="en"
# Over {{seeds mlp}} random starts, the stage `mlp` (the same network, trained on all 60,000 images, with a learning rate that rises and falls) reads {{accuracy mlp}} of the test set. Your own figure can be up to about a point lower: you held 5,000 images out, and with steps of constant size the last epoch may be a good one or a bad one.
#
# The network lays each picture out as one row. It does not know which pixels are neighbours, and has to learn each stroke anew for each place. [Chapter 4](04_convolution.ipynb) builds this knowledge in, and gets past 99%.

# %% [markdown] lang="zh"
# 换 {{seeds mlp}} 个随机起点，`mlp` 阶段（同样的网络，用全部 60,000 张图片训练，学习率先升后降）在测试集上的准确率为 {{accuracy mlp}}。你自己的数字可能会低一些，最多低一个百分点左右：你留出了 5,000 张图片；而且步长不变时，最后一轮是好是坏，有点碰运气。
#
# 这个网络把每张图片排成一行。它不知道哪些像素相邻，同样的笔画换一个位置，就得重新学一遍。[第 4 章](04_convolution.ipynb)会把这种知识直接放进网络里，准确率超过 99%。

# %% [markdown] lang="en"
# ## Summary
#
# - A classifier gives each class a score (a logit). Softmax turns the scores into probabilities; subtract the largest score first.
# - Cross-entropy is minus the logarithm of the probability of the truth. It starts near $\ln 10$, and its gradient by the logits is softmax minus one-hot.
# - The network returns logits, and the loss owns the softmax. With softmax twice the loss stays above 1.461.
# - Two linear layers are one. ReLU between them makes a multilayer perceptron, which reads about 98% of the digits.
# - Back-propagation walks from the loss back to the pixels, and finds all gradients on the way.
#
# ## Words
#
# | English | Chinese | in one line |
# |---|---|---|
# | logits | 未归一化的得分（logits） | the scores before softmax, any numbers |
# | one-hot | 独热编码 | a label as nine zeros and a 1 |
# | probability | 概率 | a number from 0 to 1; those of all classes add up to 1 |
# | softmax | softmax | makes probabilities out of scores |
# | cross-entropy | 交叉熵 | minus the logarithm of the probability of the truth |
# | softmax regression | softmax 回归 | one linear layer, softmax and cross-entropy |
# | optimiser | 优化器 | the rule by which the weights move, such as RMSprop |
# | hidden layer | 隐藏层 | neurons between the inputs and the outputs |
# | activation function | 激活函数 | what is not linear between two layers, such as ReLU |
# | multilayer perceptron | 多层感知机 | linear layers with activation functions between them |
# | back-propagation | 反向传播 | finding all gradients, from the last layer to the first |
#
# ## Questions
#
# **1.** A network for three classes gives the scores 2, 2 and 2. What are the probabilities, and what is the cross-entropy, whichever class is the true one? And for the scores 1002, 1002 and 1002?
#
# <details><summary>Answer</summary>
#
# Each probability is $\frac{1}{3}$ and the cross-entropy is $\ln 3 \approx 1.099$, both times: softmax does not change when the same number is added to all scores.
#
# </details>
#
# **2.** The first loss of your new network is 2.31, and after many epochs it is still 1.5, although it reads most pictures right. What do you look for?
#
# <details><summary>Answer</summary>
#
# A softmax at the end of the network, in front of a loss that applies softmax itself. The loss then cannot fall under $\ln(1 + 9/e) \approx 1.461$.
#
# </details>
#
# **3.** `cross_entropy` could also take the logarithm of `safe_softmax(logits)`, step by step as we did. Try it on the logits 1000, 0, …, 0 with the true digit 1. What goes wrong, and how does $L = -z_y + \ln \sum_k e^{z_k}$ help?
#
# <details><summary>Answer</summary>
#
# The probability of digit 1 is so small that it is rounded to 0, and $-\ln 0$ is infinite. In the second form, with the largest score $m$ taken out, $L = -z_y + m + \ln \sum_k e^{z_k - m} = 0 + 1000 + \ln 1 = 1000$. So softmax and the logarithm belong together, in the loss.
#
# </details>
#
# **4.** At the edges, the weight pictures of the ten neurons look like noise. Why has training not changed the weights there?
#
# <details><summary>Answer</summary>
#
# The gradient of a weight contains its pixel as a factor ($x^\top \delta$). Almost no picture has ink at its edge, so the pixel is 0, the gradient is 0, and the weight stays at its random first value, or very near it.
#
# </details>
#
# **5.** What happens when all weights of the two layers start at 0?
#
# <details><summary>Answer</summary>
#
# All hidden neurons give 0, and $W_2$ is 0, so the gradients of both weights are 0: only the biases of the scores learn. The random start is needed, so that the hidden neurons differ.
#
# </details>
#
# ## Homework
#
# {{exercises}}
#
# **Open questions.** What you find out here, nobody checks but you. Write it down in a notebook of your own.
#
# - **3-A (how many hidden neurons?).** Train networks with 8, 32, 128 and 512 hidden neurons by the same recipe, and draw their validation accuracies as curves. From where on does it pay no more? Count the parameters of each.
# - **3-B (an own step).** Use the gradients of "Back-propagation by hand" to make one step on 128 pictures with learning rate 0.1, and check with `assert` that `train_step` with the optimiser `sgd` ends at the same weights.
# - **3-C (the trap, better hidden).** Train the ten neurons with a softmax at their end once more, now with RMSprop and learning rate 0.001. Compare loss and accuracy with those of softmax regression by the same recipe. How would you notice the mistake?
# - **3-D (another activation).** Replace ReLU by `F.sigmoid` or `F.tanh`. Work out its rule for back-propagation, check it against Paddle, and compare the trainings.

# %% [markdown] lang="zh"
# ## 小结
#
# - 分类器给每个类别打一个分（logit）。softmax 把得分变成概率；先减去最大的得分。
# - 交叉熵是真实类别的概率取对数再取负。它从 $\ln 10$ 附近开始；它对 logits 的梯度是 softmax 减去独热编码。
# - 网络返回 logits，softmax 归损失函数管。做了两次 softmax，损失就永远高于 1.461。
# - 两个线性层等于一个。中间加上 ReLU，就成了多层感知机，能认出约 98% 的数字。
# - 反向传播从损失一路走回像素，沿途求出所有的梯度。
#
# ## 术语
#
# | 英文 | 中文 | 一句话解释 |
# |---|---|---|
# | logits | 未归一化的得分（logits） | softmax 之前的得分，可以是任何数 |
# | one-hot | 独热编码 | 用九个 0 和一个 1 表示标签 |
# | probability | 概率 | 0 到 1 之间的数；所有类别的概率加起来是 1 |
# | softmax | softmax | 把得分变成概率 |
# | cross-entropy | 交叉熵 | 真实类别的概率取对数再取负 |
# | softmax regression | softmax 回归 | 一个线性层，加上 softmax 和交叉熵 |
# | optimiser | 优化器 | 权重怎样移动的规则，例如 RMSprop |
# | hidden layer | 隐藏层 | 输入和输出之间的神经元 |
# | activation function | 激活函数 | 两层之间不是线性的那一步，例如 ReLU |
# | multilayer perceptron | 多层感知机 | 若干线性层，中间隔着激活函数 |
# | back-propagation | 反向传播 | 从最后一层到第一层，求出所有的梯度 |
#
# ## 思考题
#
# **1.** 一个三分类的网络给出的得分是 2、2、2。概率各是多少？不管真实类别是哪一个，交叉熵是多少？如果得分是 1002、1002、1002 呢？
#
# <details><summary>答案</summary>
#
# 两种情况下，每个概率都是 $\frac{1}{3}$，交叉熵都是 $\ln 3 \approx 1.099$：所有得分加上同一个数，softmax 的结果不变。
#
# </details>
#
# **2.** 你的新网络第一个损失是 2.31，训练了很多轮以后还有 1.5，可是大多数图片它都读对了。你该检查什么？
#
# <details><summary>答案</summary>
#
# 看网络最后是不是放了 softmax，而损失函数自己又做了一次。这样，损失不可能低于 $\ln(1 + 9/e) \approx 1.461$。
#
# </details>
#
# **3.** `cross_entropy` 也可以像我们那样一步一步来，先算 `safe_softmax(logits)`，再取对数。对 logits 1000, 0, …, 0、真实数字为 1 的情况试一试。问题出在哪里？$L = -z_y + \ln \sum_k e^{z_k}$ 这种写法有什么好处？
#
# <details><summary>答案</summary>
#
# 数字 1 的概率小到被舍入成 0，而 $-\ln 0$ 是无穷大。用第二种写法，把最大的得分 $m$ 提出来，就有 $L = -z_y + m + \ln \sum_k e^{z_k - m} = 0 + 1000 + \ln 1 = 1000$。所以 softmax 和对数应当放在一起，都放在损失函数里。
#
# </details>
#
# **4.** 十个神经元的权重图，边缘看上去像噪声。为什么训练没有改变那里的权重？
#
# <details><summary>答案</summary>
#
# 权重的梯度里有一个因子，就是它对应的像素（$x^\top \delta$）。几乎没有哪张图片的边缘有墨迹，像素是 0，梯度也就是 0，权重一直停在随机的初始值，或离它很近的地方。
#
# </details>
#
# **5.** 如果两层的所有权重都从 0 开始，会发生什么？
#
# <details><summary>答案</summary>
#
# 所有隐藏神经元都给出 0，$W_2$ 也是 0，所以两层权重的梯度都是 0：只有得分的偏置在学习。要有随机的起点，隐藏的神经元才会各不相同。
#
# </details>
#
# ## 作业
#
# {{exercises}}
#
# **开放的问题**：下面这些没有人替你检查，请把你的发现写进自己的笔记本。
#
# - **3-A**（要多少个隐藏神经元？）：用同样的配方，训练有 8、32、128 和 512 个隐藏神经元的网络，把它们的验证准确率画成曲线。从多少个开始就不再划算了？数一数每个网络的参数。
# - **3-B**（自己走一步）：用“亲手写反向传播”中的梯度，以学习率 0.1 在 128 张图片上走一步，再用 `assert` 验证：`train_step` 配上优化器 `sgd`，得到的权重与你的相同。
# - **3-C**（藏得更深的陷阱）：把最后带 softmax 的十个神经元再训练一次，这次用 RMSprop，学习率 0.001。把损失和准确率与同样配方的 softmax 回归相比。你怎样才能发现这个错误？
# - **3-D**（换一个激活函数）：把 ReLU 换成 `F.sigmoid` 或 `F.tanh`。推出它在反向传播中的规则，与飞桨对照，再比较训练的结果。
