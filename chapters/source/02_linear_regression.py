# %% [markdown] lang="en"
# # Chapter 2: Can one neuron read a digit?
#
# **You will build** one artificial neuron, train it by hand on handwritten digits, and watch it fail. The way in which it fails shows what to do next.
#
# **Time:** 40 minutes to read and try; the computer needs {{seconds}} seconds for all cells.
#
# **You need to know:** basic Python, what a NumPy array is, and from [chapter 1](01_see_the_data.ipynb) that a picture is 28 × 28 numbers from 0 to 255.

# %% [markdown] lang="zh"
# # 第 2 章：一个神经元能认出数字吗？
#
# **你将做出**一个人工神经元，亲手用手写数字训练它，再看着它失败。它失败的方式，恰好告诉我们下一步该做什么。
#
# **时间**：阅读和动手约 40 分钟；运行全部单元格，计算机需要约 {{seconds}} 秒。
#
# **需要先知道**：基本的 Python，什么是 NumPy 数组，以及[第 1 章](01_see_the_data.ipynb)讲过的：一张图片就是 28 × 28 个 0 到 255 的数。

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
# If the line above begins with `WARNING`, the sample of 5,000 images is used. Everything works with it too; the accuracies are then a little lower than the ones in this text.
#
# ## From a picture to a row of numbers
#
# A neuron takes a row of numbers, and it learns best when they are small. So each picture is laid out as one row of 784 numbers, and each pixel is divided by 255. The course calls this `norm_img`. Here it is, written out once:

# %% [markdown] lang="zh"
# 如果上面这一行以 `WARNING` 开头，说明现在用的是 5,000 张图片的小样本。一切照样能运行，只是准确率会比文中的略低。
#
# ## 从一张图片到一行数字
#
# 神经元接收的是一行数字，而且数字较小时学得最好。所以我们把每张图片排成一行 784 个数，每个像素再除以 255。本课程把这一步叫作 `norm_img`。先自己写一遍：

# %%
import paddle

from paddle_mnist.core.transforms import norm_img

pictures = mnist.train.images[:5]  # [5, 28, 28]
by_hand = (pictures.astype("float32") / 255).reshape(5, 784)  # [5, 784]

rows = norm_img(pictures)  # [5, 784]
assert np.allclose(rows.numpy(), by_hand)
print("shape:", rows.shape, " type:", rows.dtype)
print("smallest:", float(rows.min()), " largest:", float(rows.max()))

# %% [markdown] lang="en"
# Both agree, so from now on we import `norm_img`. It does one thing more: it refuses pictures of a wrong shape, and says what to do. A single picture is a common mistake:

# %% [markdown] lang="zh"
# 两者一致，以后就直接导入 `norm_img`。它还多做一件事：形状不对的图片它会拒绝，并告诉你该怎么办。最常见的错误是只给一张图片：

# %%
from paddle_mnist.system.errors import UsageError

try:
    norm_img(mnist.train.images[0])
except UsageError as error:
    print(error)

# %% [markdown] lang="en"
# ## One neuron
#
# A neuron multiplies each input by a **weight**, adds everything up, and adds one more number, the **bias**:
#
# $$\hat{y} = w_1 x_1 + w_2 x_2 + \dots + w_{784}\, x_{784} + b$$
#
# Here $x_1 \dots x_{784}$ are the pixels, $w_1 \dots w_{784}$ the weights, $b$ is the bias and $\hat{y}$ (say "y hat") is the number that the neuron predicts. We want $\hat{y}$ to be the digit itself: close to 7 for a picture of a 7. To predict a number in this way is called **linear regression**. In Paddle such a neuron is `nn.Linear(784, 1)`:

# %% [markdown] lang="zh"
# ## 一个神经元
#
# 神经元把每个输入乘以一个**权重**，全部加起来，再加上一个数，叫作**偏置**：
#
# $$\hat{y} = w_1 x_1 + w_2 x_2 + \dots + w_{784}\, x_{784} + b$$
#
# 其中 $x_1 \dots x_{784}$ 是像素，$w_1 \dots w_{784}$ 是权重，$b$ 是偏置，$\hat{y}$（读作“y 帽”）是神经元预测的数。我们希望 $\hat{y}$ 就是那个数字本身：给它一张 7 的图片，结果应当接近 7。这样预测一个数，叫作**线性回归**。在飞桨中，这样的神经元就是 `nn.Linear(784, 1)`：

# %%
from paddle_mnist.core.stages import build_network
from paddle_mnist.system.runtime import set_seed

random = set_seed(0)
network = build_network("linear")
weights = network.neuron.weight  # [784, 1]
bias = network.neuron.bias  # [1]

weighted_sum = by_hand @ weights.numpy() + bias.numpy()  # [5, 1]
assert np.allclose(network(rows).numpy(), weighted_sum, atol=1e-5)

parameters = sum(parameter.size for parameter in network.parameters())
assert parameters == 784 + 1
print(network)
print("numbers to learn:", parameters)
print("the untrained neuron says:", weighted_sum[:, 0].round(2))
print("the digits are:           ", mnist.train.labels[:5])

# %% [markdown] lang="en"
# ## How wrong is it?
#
# The weights start at random, so the answers mean nothing yet. To make them better we need one number that says how bad they are: the **loss**. For a number that should be close to another one, the usual choice is the **square error**, averaged over the $N$ pictures of a batch:
#
# $$L = \frac{1}{N} \sum_{i=1}^{N} (\hat{y}_i - y_i)^2$$
#
# $y_i$ is the true digit, the **label**. Being wrong by 3 costs 9; being wrong by 1 costs only 1.

# %% [markdown] lang="zh"
# ## 错得有多离谱？
#
# 权重一开始是随机的，所以这些答案还没有任何意义。要改进它们，先要有一个数来说明它们有多差：这就是**损失**。当一个数应当接近另一个数时，通常使用**平方误差**，再对一批中的 $N$ 张图片取平均：
#
# $$L = \frac{1}{N} \sum_{i=1}^{N} (\hat{y}_i - y_i)^2$$
#
# $y_i$ 是真实的数字，叫作**标签**。差 3，代价是 9；差 1，代价只有 1。

# %%
from paddle_mnist.core.losses import square_error

labels = mnist.train.labels[:5]
loss_by_hand = ((weighted_sum[:, 0] - labels) ** 2).mean()
loss = square_error(network(rows), paddle.to_tensor(labels))
assert np.isclose(float(loss), loss_by_hand, rtol=1e-5)
print("square error of the untrained neuron:", round(float(loss), 2))

# %% [markdown] lang="en"
# ## Which way is down?
#
# The loss depends on 785 numbers. For each of them, the **gradient** says how the loss changes when that number grows a little. For the square error it can be worked out with school mathematics:
#
# $$\frac{\partial L}{\partial w_j} = \frac{2}{N} \sum_{i=1}^{N} (\hat{y}_i - y_i)\, x_{ij} \qquad \frac{\partial L}{\partial b} = \frac{2}{N} \sum_{i=1}^{N} (\hat{y}_i - y_i)$$
#
# $x_{ij}$ is pixel $j$ of picture $i$. Paddle finds all gradients by itself when we call `loss.backward()`. Let us check that it finds the same ones:

# %% [markdown] lang="zh"
# ## 哪个方向是下坡？
#
# 损失取决于 785 个数。对其中每一个数，**梯度**告诉我们：这个数稍稍变大时，损失会怎样变化。平方误差的梯度用中学数学就能推出来：
#
# $$\frac{\partial L}{\partial w_j} = \frac{2}{N} \sum_{i=1}^{N} (\hat{y}_i - y_i)\, x_{ij} \qquad \frac{\partial L}{\partial b} = \frac{2}{N} \sum_{i=1}^{N} (\hat{y}_i - y_i)$$
#
# $x_{ij}$ 是第 $i$ 张图片的第 $j$ 个像素。只要调用 `loss.backward()`，飞桨就会自动求出所有梯度。来验证一下，它求出的是不是同样的数：

# %%
loss.backward()

errors = weighted_sum[:, 0] - labels  # [5]
weight_gradient = 2 / 5 * by_hand.T @ errors  # [784]
bias_gradient = 2 / 5 * errors.sum()

assert np.allclose(weights.grad.numpy()[:, 0], weight_gradient, atol=1e-4)
assert np.isclose(bias.grad.item(), bias_gradient, rtol=1e-4)
print("gradient of the bias, by hand:  ", bias_gradient)
print("gradient of the bias, by Paddle:", bias.grad.item())

# %% [markdown] lang="en"
# ## The training loop, written out
#
# Now the loop that trains every network of this course, and nearly every network in the world:
#
# 1. take a **batch** of pictures, here 16;
# 2. predict, and measure the loss;
# 3. find the gradients;
# 4. move each weight a small step downhill, against its gradient;
# 5. forget the gradients, and take the next batch.
#
# The size of the step is the **learning rate**, here 0.001. Once through all pictures is an **epoch**. The pictures come in a new random order each time.

# %% [markdown] lang="zh"
# ## 亲手写出训练循环
#
# 下面这个循环训练本课程的每一个网络，也几乎训练世界上的每一个网络：
#
# 1. 取出一**批**图片，这里是 16 张；
# 2. 做预测，计算损失；
# 3. 求出梯度；
# 4. 让每个权重逆着梯度的方向，往下坡走一小步；
# 5. 清空梯度，再取下一批。
#
# 每一步的大小叫作**学习率**，这里是 0.001。把所有图片用过一遍，叫作一**轮**（epoch）。每一轮图片的顺序都重新打乱。


# %%
def train_by_hand(network, split, epochs, random):
    """Train with square error and plain gradient descent; return the loss of every batch."""
    learning_rate, batch_size = 0.001, 16
    losses = []
    for epoch in range(1, epochs + 1):
        order = random.permutation(len(split))  # [N]
        for start in range(0, len(split), batch_size):
            chosen = order[start : start + batch_size]
            images = norm_img(split.images[chosen])  # [N, 784]
            labels = paddle.to_tensor(split.labels[chosen])  # [N]

            predictions = network(images)  # [N, 1]
            loss = square_error(predictions, labels)
            loss.backward()
            with paddle.no_grad():
                for parameter in network.parameters():
                    parameter.set_value(parameter - learning_rate * parameter.grad)
            network.clear_gradients()
            losses.append(float(loss))
        recent = losses[-len(range(0, len(split), batch_size)) :]
        print(f"epoch {epoch}: mean loss {np.mean(recent):.3f}")
    return losses


# %% [markdown] lang="en"
# Before we trust it, we let it race against the package's own loop, `fit`, which every later chapter uses. `fit` needs two things: a **step**, which learns from one batch, and the **batches**. The package's step is `train_step`. It takes a network, a loss, an optimiser, pictures and labels; `partial` (of Python's `functools`) fills in the first three, so that pictures and labels are left for `fit`. `Batches` does what the inner loop above does: a new random order for each epoch, cut into pieces of 16. From the same start, on the same 320 pictures, both must end with the same weights:

# %% [markdown] lang="zh"
# 在相信它之前，先让它和软件包自带的循环 `fit` 比一比（后面各章都用 `fit`）。`fit` 需要两样东西：一个是**步**（step），从一批图片中学习；另一个是**批**（batches）。软件包里的一步是 `train_step`，它的参数是网络、损失、优化器、图片和标签；`partial`（来自 Python 的 `functools`）先填好前三个，图片和标签留给 `fit` 去填。`Batches` 做的就是上面内层循环的事：每一轮重新打乱顺序，再切成每批 16 张。起点相同，图片也是同样的 320 张，两者最后得到的权重应当相同：

# %%
from functools import partial

from paddle_mnist.core.loop import Batches, fit, train_step
from paddle_mnist.core.optimizers import build_optimizer

few = mnist.train.take(slice(320))

random = set_seed(1)
ours = build_network("linear")
train_by_hand(ours, few, epochs=2, random=random)

random = set_seed(1)
theirs = build_network("linear")
sgd = build_optimizer("sgd", 0.001, theirs.parameters())
step = partial(train_step, theirs, square_error, sgd)
fit(step, Batches(few, 16, random), epochs=2)

difference = np.abs(ours.neuron.weight.numpy() - theirs.neuron.weight.numpy()).max()
assert difference < 1e-5
print("largest difference between the weights:", difference)

# %% [markdown] lang="en"
# ## Training for real
#
# Ten epochs on all training pictures. Some pictures were kept out of it, drawn at random: these **validation** images let us look at what the neuron has learned, and the test set stays untouched until the end.

# %% [markdown] lang="zh"
# ## 正式训练
#
# 用全部训练图片训练 10 轮。有一部分图片没有参加训练：这些**验证**图片用来观察神经元学到了什么，而测试集留到最后才用。

# %%
random = set_seed(0)
network = build_network("linear")
losses = train_by_hand(network, mnist.train, epochs=10, random=random)

# %% tags=["picture"]
from paddle_mnist.core.metrics import means_of_parts
from paddle_mnist.plots import plot_curves

smooth = means_of_parts(losses, parts=200)
figure = plot_curves(
    {"training": smooth},
    x=np.linspace(0, 10, len(smooth)),
    xlabel="epoch",
    ylabel="square error",
    title="The loss falls quickly, and then stays high",
)
figure.axes[0].set_ylim(0, 10)
figure

# %% [markdown] lang="en"
# The loss falls in the first epoch and then hardly any more. A mean square error between 3 and 4 means that the neuron is wrong by nearly 2 on a typical picture ($2^2 = 4$): it takes a 7 for something between 5 and 9.
#
# ## From a number to a digit
#
# The neuron says 6.83, but a digit is a whole number. We can **round** (6.83 becomes 7) or **truncate**, that is, cut the decimals off (6.83 becomes 6). The original course truncates. Which is better?

# %% [markdown] lang="zh"
# 第一轮损失下降很快，之后就几乎不动了。均方误差在 3 到 4 之间，意味着神经元对一张普通图片的误差接近 2（$2^2 = 4$）：它会把 7 当成 5 到 9 之间的某个数。
#
# ## 从一个数到一个数字
#
# 神经元说 6.83，但数字必须是整数。可以**四舍五入**（6.83 变成 7），也可以**截断**，即舍去小数部分（6.83 变成 6）。最初的飞桨课程用的是截断。哪一种更好？

# %%
from paddle_mnist.core.loop import evaluate
from paddle_mnist.core.metrics import predicted_digits

measured = evaluate(network, square_error, mnist.validation)
outputs = measured.outputs  # [N, 1]
labels = mnist.validation.labels  # [N]
rounded = predicted_digits(outputs)  # [N]
truncated = predicted_digits(outputs, truncate=True)  # [N]

print("true digit    ", *(f"{label:6d}" for label in labels[:10]))
print("neuron says   ", *(f"{number:6.2f}" for number in outputs[:10, 0]))
print("rounded       ", *(f"{digit:6d}" for digit in rounded[:10]))
print("truncated     ", *(f"{digit:6d}" for digit in truncated[:10]))
print()
print(f"accuracy on {len(labels):,} validation images:")
print(f"    rounded:   {(rounded == labels).mean():.1%}")
print(f"    truncated: {(truncated == labels).mean():.1%}")

# %% [markdown] lang="en"
# Guessing gives 10%. The neuron is only about twice as good. Rounding is the honest way to the nearest digit, and yet truncating scores higher here! This is luck, not skill: the neuron's answers are too large for many small digits (look at the next picture), and to cut off the decimals happens to push them down. When a wrong method wins, the model is wrong somewhere else.
#
# Here is the reason, in one picture: all validation images, sorted by their true digit, and what the neuron says to them.

# %% [markdown] lang="zh"
# 瞎猜能对 10%，这个神经元只比瞎猜好一倍左右。四舍五入取的是最近的数字，本来更合理，可这里截断的得分反而更高！这是运气，不是本事：对许多较小的数字，神经元的答案偏大（看下一张图），而舍去小数恰好把它们压低了一些。当错误的方法赢了，说明模型在别的地方出了问题。
#
# 原因就在下面这张图里：把所有验证图片按真实数字分开，看神经元对它们说了什么。

# %% tags=["picture"]
groups = [outputs[labels == digit, 0] for digit in range(10)]
figure = Figure(figsize=(8, 4.2), layout="constrained")
axes = figure.subplots()
axes.boxplot(groups, positions=range(10), showfliers=False)
axes.plot(range(10), range(10), "o", color="tab:red", label="what it should say")
axes.set(xlabel="true digit", ylabel="what the neuron says", yticks=range(-2, 12, 2))
axes.grid(alpha=0.3)
axes.legend()
figure.suptitle("Box: the middle half of the answers; line: their median")
figure

# %% [markdown] lang="en"
# The boxes should sit on the red dots. Instead they are pulled towards the middle, and each is as tall as several digits. The neuron plays safe: an answer near 4 or 5 is never very wrong.
#
# ## Your own picture
#
# `work/example_0.jpg` is a picture of a 0, not from MNIST. What does the neuron say? The course prepares a picture simply: make it 28 × 28, and invert it.

# %% [markdown] lang="zh"
# 这些箱子本该落在红点上，实际上却都被拉向中间，而且每个箱子的高度都跨越了好几个数字。神经元在求稳：回答 4 或 5 附近的数，永远不会错得太离谱。
#
# ## 你自己的图片
#
# `work/example_0.jpg` 是一张 0 的图片，不是 MNIST 里的。神经元会怎么说？课程最初的做法很简单：缩放到 28 × 28，再反色。

# %% tags=["picture"]
from paddle_mnist.images import load_image, load_image_plain
from paddle_mnist.plots import plot_digits

path = course_folder() / "work" / "example_0.jpg"
plain = load_image_plain(path)  # [1, 28, 28]
prepared = load_image(path)  # [1, 28, 28]

both = np.concatenate([plain, prepared])  # [2, 28, 28]
answers = network(norm_img(both)).numpy()[:, 0]  # [2]
titles = [f"resized:\n{answers[0]:.1f}", f"centred:\n{answers[1]:.1f}"]
plot_digits(both, titles, title="work/example_0.jpg")

# %% [markdown] lang="en"
# The true answer is 0. The second picture is prepared as MNIST itself was: cut out, made 20 pixels large, centred. [Chapter 7](07_your_own_handwriting.ipynb) shows why that matters. For this neuron it is not enough.
#
# ## What has it learned?
#
# There is one weight for each pixel, so the 784 weights make a picture. Ink on red pixels makes the answer larger, ink on blue ones makes it smaller.

# %% [markdown] lang="zh"
# 正确答案是 0。第二张图按 MNIST 自己的方式处理过：裁剪、缩到 20 像素、居中。[第 7 章](07_your_own_handwriting.ipynb)会讲为什么这很重要。不过对这个神经元来说，这还不够。
#
# ## 它学到了什么？
#
# 每个像素对应一个权重，所以 784 个权重也能画成一张图。墨迹落在红色像素上，答案变大；落在蓝色像素上，答案变小。

# %% tags=["picture"]
from paddle_mnist.plots import plot_weights

picture = network.neuron.weight.numpy().reshape(1, 28, 28)  # [1, 28, 28]
plot_weights(picture, title="The weights of the neuron")

# %% [markdown] lang="en"
# No digit can be seen. It cannot be otherwise: one picture of weights has to serve for all ten digits at once.
#
# ## Is the training to blame?
#
# Perhaps ten epochs are too few, or the learning rate is wrong? For a single neuron with square error we can know for sure: the best weights of all can be computed directly, by **least squares**. They solve the *normal equations* $X^\top X\, w = X^\top y$, in which each row of $X$ is a picture (with a 1 at its end, for the bias).

# %% [markdown] lang="zh"
# 看不出任何数字。也只能如此：同一张权重图要同时为十个数字服务。
#
# ## 是训练得不好吗？
#
# 也许 10 轮太少，或者学习率不对？对于用平方误差的单个神经元，我们可以确切地知道答案：最好的权重可以直接算出来，方法叫**最小二乘法**。它求解的是*正规方程* $X^\top X\, w = X^\top y$，其中 $X$ 的每一行是一张图片（末尾加一个 1，对应偏置）。


# %%
def with_one(split):
    """Each picture as a row, and a 1 at its end for the bias."""
    rows = norm_img(split.images).numpy().astype("float64")  # [N, 784]
    return np.concatenate([rows, np.ones((len(rows), 1))], axis=1)  # [N, 785]


X = with_one(mnist.train)  # [N, 785]
best = np.linalg.lstsq(X.T @ X, X.T @ mnist.train.labels, rcond=1e-10)[0]  # [785]

answers = {
    "trained, 10 epochs": outputs,
    "least squares": with_one(mnist.validation) @ best[:, None],  # [N, 1]
}
for name, numbers in answers.items():
    loss = ((numbers[:, 0] - labels) ** 2).mean()
    accuracy = (predicted_digits(numbers) == labels).mean()
    print(f"{name:20} square error {loss:.2f}, accuracy {accuracy:.1%} (validation)")

# %% [markdown] lang="en"
# So training is *not* to blame. Even the neuron with the lowest possible loss on the training pictures reads only about one digit in four, and on new pictures its loss is no lower than that of ours. The question is wrong: "how large is this digit?" A 7 does not look more like an 8 than like a 1, and a 4 is not the average of a 3 and a 5. Digits are **classes**, ten names that could be in any order. [Chapter 3](03_multilayer_perceptron.ipynb) asks the right question, "which of the ten is it?", and leaps from about a fifth to 98%.
#
# Over {{seeds linear}} random starts, the stage `linear` (the same neuron, trained on all 60,000 images) reads {{accuracy linear}} of the test set. Your own figure can differ from that by about one point.

# %% [markdown] lang="zh"
# 所以问题*不在*训练。哪怕是在训练图片上损失最低的那个神经元，四个数字里也只能认出一个左右；对于新图片，它的损失也并不比我们训练出来的低。是问题本身问错了：“这个数字有多大？”7 的样子并不更像 8 而不像 1，4 也不是 3 和 5 的平均。数字是**类别**，是十个名字，怎么排序都可以。[第 3 章](03_multilayer_perceptron.ipynb)会提出正确的问题：“它是十个中的哪一个？”准确率也会从五分之一左右跃升到 98%。
#
# 换 {{seeds linear}} 个随机起点，`linear` 阶段（同一个神经元，用全部 60,000 张图片训练）在测试集上的准确率为 {{accuracy linear}}。你自己的数字与此可能相差约一个百分点。

# %% [markdown] lang="en"
# ## Summary
#
# - A neuron is a weighted sum of its inputs, plus a bias: here 785 numbers to learn.
# - Training is a loop: predict, measure the loss, find the gradients, take a small step, forget the gradients.
# - One neuron with a square error fails on digits, and no training can save it: digits are classes, not quantities.
#
# ## Words
#
# | English | Chinese | in one line |
# |---|---|---|
# | weight | 权重 | the number that an input is multiplied by |
# | bias | 偏置 | the number that is added at the end |
# | linear regression | 线性回归 | predicting a number by a weighted sum |
# | loss function | 损失函数 | one number for how bad the predictions are |
# | square error | 平方误差 | the difference, multiplied by itself |
# | gradient | 梯度 | how the loss changes when a weight grows a little |
# | learning rate | 学习率 | how large a step is |
# | batch | 批 | the pictures of one step |
# | epoch | 轮 | once through all training pictures |
# | least squares | 最小二乘法 | computing the best weights directly |
#
# ## Questions
#
# **1.** A neuron has weights 2 and −1 and bias 3. What does it say to the inputs 4 and 5?
#
# <details><summary>Answer</summary>
#
# $2 \cdot 4 - 1 \cdot 5 + 3 = 6$.
#
# </details>
#
# **2.** Before training, the gradient of the bias was negative. Does the first step make the bias larger or smaller?
#
# <details><summary>Answer</summary>
#
# Larger: the step goes *against* the gradient. Growing the bias makes the loss smaller, which is just what a negative gradient says.
#
# </details>
#
# **3.** What happens when you forget step 5 of the loop, and the gradients are never cleared?
#
# <details><summary>Answer</summary>
#
# Paddle adds each new gradient to the old ones. Each step is then made with the sum of all gradients so far: the steps grow, and the loss soon swings or overflows. Try it.
#
# </details>
#
# **4.** A neuron that always says 4.5 looks at ten pictures, one of each digit. What is its square error? Compare it with the losses above.
#
# <details><summary>Answer</summary>
#
# $\frac{1}{10}(4.5^2 + 3.5^2 + \dots + 4.5^2) = 8.25$. So a loss of 8.25 is what one gets for not looking at the picture at all. Our neuron does look, but not well.
#
# </details>
#
# ## Homework
#
# {{exercises}}
#
# **Open questions.** What you find out here, nobody checks but you. Write it down in a notebook of your own.
#
# - **2-A (another target).** Teach the neuron to answer 1 for a picture of a 0, and 0 for all others. Which share of the test images does it get right when you cut at 0.5? Draw its weights: now you can see something.

# %% [markdown] lang="zh"
# ## 小结
#
# - 神经元就是输入的加权和，再加一个偏置：这里共有 785 个要学习的数。
# - 训练是一个循环：预测，计算损失，求梯度，走一小步，清空梯度。
# - 用平方误差的单个神经元认不好数字，怎样训练也救不了它：数字是类别，不是数量。
#
# ## 术语
#
# | 英文 | 中文 | 一句话解释 |
# |---|---|---|
# | weight | 权重 | 与输入相乘的那个数 |
# | bias | 偏置 | 最后加上的那个数 |
# | linear regression | 线性回归 | 用加权和预测一个数 |
# | loss function | 损失函数 | 用一个数表示预测有多差 |
# | square error | 平方误差 | 差值与自身相乘 |
# | gradient | 梯度 | 权重稍稍变大时，损失怎样变化 |
# | learning rate | 学习率 | 每一步走多大 |
# | batch | 批 | 一步所用的图片 |
# | epoch | 轮 | 把所有训练图片用过一遍 |
# | least squares | 最小二乘法 | 直接算出最好的权重 |
#
# ## 思考题
#
# **1.** 一个神经元的权重是 2 和 −1，偏置是 3。输入为 4 和 5 时，它的输出是多少？
#
# <details><summary>答案</summary>
#
# $2 \cdot 4 - 1 \cdot 5 + 3 = 6$。
#
# </details>
#
# **2.** 训练前，偏置的梯度是负数。第一步会让偏置变大还是变小？
#
# <details><summary>答案</summary>
#
# 变大：每一步都*逆着*梯度走。梯度为负，说的正是：偏置变大，损失就变小。
#
# </details>
#
# **3.** 如果忘了循环的第 5 步，从不清空梯度，会发生什么？
#
# <details><summary>答案</summary>
#
# 飞桨会把新的梯度加到旧的上面。于是每一步用的都是至今所有梯度之和：步子越来越大，损失很快开始震荡，甚至溢出。不妨试一试。
#
# </details>
#
# **4.** 有一个神经元永远回答 4.5。给它看十张图片，每个数字一张，它的平方误差是多少？和上面的损失比一比。
#
# <details><summary>答案</summary>
#
# $\frac{1}{10}(4.5^2 + 3.5^2 + \dots + 4.5^2) = 8.25$。也就是说，完全不看图片，损失就是 8.25。我们的神经元看了，只是看得不够好。
#
# </details>
#
# ## 作业
#
# {{exercises}}
#
# **开放的问题**：下面这些没有人替你检查，请把你的发现写进自己的笔记本。
#
# - **2-A**（换一个目标）：教神经元对 0 的图片回答 1，对其他图片回答 0。以 0.5 为界，它能答对多大比例的测试图片？把它的权重画出来：这一次你能看出些什么了。
