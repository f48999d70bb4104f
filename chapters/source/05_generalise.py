# %% [markdown] lang="en"
# # Chapter 5: Why is more training not better?
#
# **You will build** the tools that help a network with pictures it has never seen: early stopping, dropout, weight decay and batch normalisation, and the step of Adam, each by hand. Then you measure which of them help, and by how much.
#
# **Time:** 60 minutes to read and try; the computer needs {{seconds}} seconds for all cells.
#
# **You need to know:** the multilayer perceptron and the cross-entropy from [chapter 3](03_multilayer_perceptron.ipynb), and the training loop and the validation images from [chapter 2](02_linear_regression.ipynb).

# %% [markdown] lang="zh"
# # 第 5 章：为什么训练得更久不一定更好？
#
# **你将做出**几样帮助网络读好新图片的工具：早停、随机失活（dropout）、权重衰减和批归一化，还有 Adam 的一步更新，每一样都亲手写一遍。然后测量：哪些真有帮助，帮助有多大。
#
# **时间**：阅读和动手约 60 分钟；运行全部单元格，计算机需要约 {{seconds}} 秒。
#
# **需要先知道**：[第 3 章](03_multilayer_perceptron.ipynb)的多层感知机和交叉熵，以及[第 2 章](02_linear_regression.ipynb)的训练循环和验证图片。

# %%
# %matplotlib inline
import numpy as np
from matplotlib.figure import Figure

from paddle_mnist.data import Split, load_mnist
from paddle_mnist.system.runtime import prepare

prepare()  # threads and memory, before Paddle is imported

mnist = load_mnist()
print(mnist.source.message)

# %% [markdown] lang="en"
# If the line above begins with `WARNING`, the sample of 5,000 images is used. Everything works with it too. But it has only 500 validation images, so that one image is 0.2 points of accuracy: small differences are then chance, and some will come out the other way round than in this text.
#
# ## Thirty epochs on a thousand images
#
# This course has 55,000 images to train on; your own project may have 1,000. So we take only 1,000 here. The network is small, 784-128-10, and the optimiser is momentum, which the end of this chapter explains. The helpers below build a network and give it to `fit`. Their other ingredients, such as `dropout`, are switched off; we shall come to each of them.

# %% [markdown] lang="zh"
# 如果上面这一行以 `WARNING` 开头，说明现在用的是 5,000 张图片的小样本。一切照样能运行，但验证图片只有 500 张，一张图片就占 0.2 个百分点的准确率：小的差别只是偶然，有些结果会和文中说的相反。
#
# ## 一千张图片训练三十轮
#
# 本课程有 55,000 张训练图片，而你自己的项目可能只有 1,000 张。所以这里只取 1,000 张。网络很小：784-128-10；优化器是动量法，本章末尾会解释。下面的辅助函数建好一个网络，交给 `fit` 训练。它的其他配料（例如 `dropout`）现在都关着，后面会逐一讲到。

# %%
from functools import partial

import paddle
from paddle import nn

from paddle_mnist.core.callbacks import Validate
from paddle_mnist.core.loop import Batches, evaluate, fit, train_step
from paddle_mnist.core.losses import cross_entropy
from paddle_mnist.system.runtime import set_seed


def build(seed=0, dropout=0.0, batch_norm=False):
    """Build 784-128-10; the seed decides its first weights."""
    set_seed(seed)
    layers = [nn.Linear(784, 128)]
    if batch_norm:
        layers.append(nn.BatchNorm1D(128))
    layers.append(nn.ReLU())
    if dropout:
        layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers, nn.Linear(128, 10))


def train(network, split, *, epochs=30, batch_size=100, seed=0, weight_decay=0.0, callbacks=()):
    """Train the network on `split`, in an order that the seed decides; return the history."""
    random = np.random.default_rng(seed)
    optimizer = paddle.optimizer.Momentum(
        0.1, momentum=0.9, parameters=network.parameters(), weight_decay=weight_decay
    )
    step = partial(train_step, network, cross_entropy, optimizer)
    progress = fit(
        step,
        Batches(split, batch_size, random),
        epochs=epochs,
        callbacks=[Validate(network, cross_entropy, mnist.validation), *callbacks],
    )
    return progress.history


few = mnist.train.take(slice(1000))
plain = build()
history = train(plain, few)

turn = min(history, key=lambda row: row["validation_loss"])
print("epoch  training loss, accuracy   validation loss, accuracy")
for row in (history[0], turn, history[-1]):
    print(
        f"{row['epoch']:5}  {row['loss']:13.3f} {row['accuracy']:9.1%}"
        f"   {row['validation_loss']:15.3f} {row['validation_accuracy']:9.1%}"
    )

# %% tags=["picture"]
from paddle_mnist.plots import plot_history

figure = plot_history(history, title="1,000 images: only the validation loss turns")
figure.axes[0].set_ylim(0, 1)
figure.axes[1].set_ylim(0.7, 1.02)
figure

# %% [markdown] lang="en"
# The training loss goes towards 0, and soon every training image is read right. The validation loss falls too, but only for a few epochs; the second row of the table is its lowest point. Then it rises again. This is **overfitting**: the network gets better at its training images, and not at new ones. What we want is **generalisation**: doing well on images that it was not trained on. The opposite trouble is **underfitting**, where even the training images are not learned: the single neuron of chapter 2.
#
# Look closely at the right picture: the validation *accuracy* hardly falls. How can the loss get so much worse, and the accuracy not? Let us look at the images that are read right and those that are read wrong apart: at the turn, and at the end. The same seed gives the same training again, so we just stop it earlier.

# %% [markdown] lang="zh"
# 训练损失趋向 0，不久每一张训练图片都读对了。验证损失也下降，但只降了几轮；表中第二行就是它的最低点，之后又升了上去。这就是**过拟合**：网络对训练图片越来越拿手，对新图片却没有进步。我们想要的是**泛化**：对没有训练过的图片也读得好。相反的毛病叫**欠拟合**：连训练图片都学不会，比如第 2 章里那单个的神经元。
#
# 仔细看右图：验证*准确率*几乎没有下降。损失差了那么多，准确率怎么会不变？我们把读对的图片和读错的图片分开来看：一次在转折处，一次在训练结束时。随机种子相同，训练过程就完全相同，所以只要让它早一点停下来。

# %%
from paddle_mnist.core.metrics import softmax

at_the_turn = build()
again = train(at_the_turn, few, epochs=turn["epoch"])
assert np.isclose(again[-1]["validation_loss"], turn["validation_loss"], rtol=1e-3)

labels = mnist.validation.labels  # [N]
for name, network in (("at the turn", at_the_turn), ("at the end", plain)):
    outputs = evaluate(network, cross_entropy, mnist.validation).outputs  # [N, 10]
    probabilities = softmax(outputs)  # [N, 10]
    losses = -np.log(probabilities[np.arange(len(labels)), labels])  # [N]
    wrong = outputs.argmax(axis=1) != labels  # [N]
    print(f"{name}: {wrong.sum()} of {len(labels):,} are read wrong")
    print(f"    mean loss of those read right: {losses[~wrong].mean():.3f}")
    print(f"    mean loss of those read wrong: {losses[wrong].mean():.3f}, ", end="")
    print(f"the network is {probabilities[wrong].max(axis=1).mean():.0%} sure of its mistakes")

# %% [markdown] lang="en"
# The network makes about as many mistakes as before, but they cost more: it now gives the true digit a much smaller probability, and the cross-entropy punishes that. So more training made it *worse*, even where the accuracy does not show it: its probabilities can be trusted less.
#
# ## How many images are enough?
#
# The best remedy is more images. We train the same network on more and more of them, always with 300 steps of 100 images, so that none is trained longer than another.

# %% [markdown] lang="zh"
# 错误的数量和先前差不多，代价却更大：网络现在给正确数字的概率小得多，而交叉熵正要惩罚这一点。所以继续训练确实让它变*差*了，哪怕准确率没有显示出来：它给出的概率更不可信了。
#
# ## 多少张图片才够？
#
# 最好的办法是增加图片。我们用越来越多的图片训练同样的网络，每次都是 300 步、每步 100 张，谁也不比谁训练得更久。

# %%
sizes = [size for size in (100, 300, 1_000, 3_000, 10_000, 30_000) if size <= len(mnist.train)]
accuracies = {"training": [], "validation": []}
for size in sizes:
    part = mnist.train.take(slice(size))
    steps_an_epoch = -(-size // 100)
    network = build()
    train(network, part, epochs=300 // steps_an_epoch)
    for name, split in (("training", part), ("validation", mnist.validation)):
        accuracies[name].append(evaluate(network, cross_entropy, split).accuracy)
    print(f"{size:6,} images: " + ", ".join(f"{k} {v[-1]:.1%}" for k, v in accuracies.items()))

# %% tags=["picture"]
from paddle_mnist.plots import plot_curves

figure = plot_curves(
    accuracies,
    x=sizes,
    xlabel="training images (each mark: about three times as many)",
    ylabel="accuracy",
    title="More images close the gap from both sides",
)
axes = figure.axes[0]
axes.set_xscale("log")
axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
axes.minorticks_off()
figure

# %% [markdown] lang="en"
# With 100 images everything is learned and a large part of the new images is read wrong. Each time there are three times as many images, the gap between the two curves shrinks. With 10,000 and more, 300 steps no longer suffice to learn every training image, and the network reads new images nearly as well as those it was trained on. The horizontal axis is **logarithmic**: the next point to the right always costs three times as many images, and brings a smaller gain.
#
# ## Learning by heart
#
# A network with 784 · 128 + 128 + 128 · 10 + 10 = 101,770 numbers can do something odd. We take 500 images and give each a label at random. There is nothing to understand here; the only way to be right is to learn each picture by heart.

# %% [markdown] lang="zh"
# 只有 100 张图片时，训练图片全学会了，新图片却有一大部分读错。图片每增加到三倍，两条曲线之间的差距就缩小一些。到了 10,000 张以上，300 步已不足以学会每一张训练图片，而网络读新图片几乎和读训练过的图片一样好。横轴是**对数**刻度：往右一格，总要花三倍的图片，得到的却越来越少。
#
# ## 死记硬背
#
# 这个网络有 784 · 128 + 128 + 128 · 10 + 10 = 101,770 个数，能做一件怪事。我们取 500 张图片，给每张随机发一个标签。这里没有任何规律可以理解；要想答对，只能把每张图片背下来。

# %%
random = np.random.default_rng(5)
true_labels = few.take(slice(500))
random_labels = Split(true_labels.images, random.integers(0, 10, 500))

memoriser = build()
with_random = train(memoriser, random_labels, epochs=40, batch_size=50)
with_true = train(build(), true_labels, epochs=40, batch_size=50)

learned = evaluate(memoriser, cross_entropy, random_labels)
assert learned.accuracy == 1.0
assert with_random[-1]["validation_accuracy"] < 0.2
print(f"random labels: training accuracy {learned.accuracy:.0%},", end=" ")
print(f"validation accuracy {with_random[-1]['validation_accuracy']:.0%}")
print(f"true labels: validation accuracy {with_true[-1]['validation_accuracy']:.0%}")
for name, rows in (("random", with_random), ("true", with_true)):
    low = next(row["epoch"] for row in rows if row["loss"] < 0.1)
    print(f"epochs until the training loss is below 0.1, {name} labels: {low}")

# %% tags=["picture"]
from paddle_mnist.plots import plot_digits

said = learned.outputs.argmax(axis=1)  # [500]
sureness = softmax(learned.outputs).max(axis=1)  # [500]
titles = [f'"{said[i]}"\n{sureness[i]:.0%} sure' for i in range(16)]
plot_digits(random_labels.images[:16], titles, title="What the network learned by heart")

# %% [markdown] lang="en"
# All 500 random labels are learned, and on new images the network is no better than a guess (10%). So a training accuracy of 100% proves *nothing*: memorising is not learning. Rules are learned faster than exceptions, as the last two lines show, but with enough epochs the exceptions are learned as well. (C. Zhang and others made this experiment famous: *Understanding deep learning requires rethinking generalization*, 2017.)
#
# ## Stop in time
#
# Real data has a few wrong labels too. Here a fifth of our 1,000 labels is drawn anew at random:

# %% [markdown] lang="zh"
# 500 个随机标签全部背了下来，而对新图片，网络并不比瞎猜（10%）强。所以训练准确率 100% 什么也*证明不了*：背下来不等于学会。从最后两行输出可以看出，规律比例外学得快，但只要轮数够多，例外也会被背下来。（这个实验因 C. Zhang 等人 2017 年的论文 *Understanding deep learning requires rethinking generalization* 而出名。）
#
# ## 及时停下
#
# 真实数据里也会有一些错标签。下面把 1,000 个标签中的五分之一重新随机抽取：

# %% tags=["picture"]
from paddle_mnist.core.callbacks import BestWeights, EarlyStopping, best_epoch

spoiled = few.labels.copy()  # [1000]
chosen = random.choice(1000, size=200, replace=False)  # [200]
spoiled[chosen] = random.integers(0, 10, 200)
noisy = Split(few.images, spoiled)

to_the_end = train(build(), noisy)
network = build()
best = BestWeights(network)
stopped = train(network, noisy, callbacks=[EarlyStopping(patience=5), best])

figure = plot_curves(
    {
        "training, labels partly random": [row["accuracy"] for row in to_the_end],
        "validation, true labels": [row["validation_accuracy"] for row in to_the_end],
    },
    xlabel="epoch",
    ylabel="accuracy",
    title="A fifth of the training labels are drawn at random",
)
figure.axes[0].axvline(best_epoch(stopped), color="tab:green", label="best epoch")
figure.axes[0].axvline(len(stopped), color="tab:red", linestyle=":", label="early stopping")
figure.axes[0].legend()
figure

# %% [markdown] lang="en"
# Now more training costs accuracy as well. First the network learns what most images say, and that is right. Then it learns the wrong labels by heart. **Early stopping** ends the training when the validation loss has not fallen for some epochs in a row; that number is called **patience**, here 5. The callback `EarlyStopping` does it, and `BestWeights` keeps a copy of the weights of the best epoch, which `best_epoch` finds: the highest validation accuracy, and of equal ones the lowest loss. To use these weights, put them back. The next cell also counts the epochs without a gain by hand:

# %% [markdown] lang="zh"
# 这一次，训练得太久连准确率也赔了进去。网络先学到多数图片说的东西，那是对的；然后才把错标签也背了下来。**早停**的意思是：验证损失连续若干轮没有下降，就结束训练；这个轮数叫**耐心**（patience），这里是 5。回调 `EarlyStopping` 负责停，`BestWeights` 保存最好那一轮的权重。最好的是哪一轮，由 `best_epoch` 决定：验证准确率最高的；一样高时，取损失最低的。要用这些权重，把它们放回网络即可。下一个单元格还会亲手数一数有几轮没有进步：

# %%
from paddle_mnist.core.callbacks import epochs_without_gain


def waited_by_hand(history):
    losses = [row["validation_loss"] for row in history]
    return len(losses) - 1 - losses.index(min(losses))


for end in range(1, len(stopped) + 1):
    assert waited_by_hand(stopped[:end]) == epochs_without_gain(stopped[:end])
assert waited_by_hand(stopped) == 5 or len(stopped) == 30

network.set_state_dict(best.weights)
chosen_epoch = evaluate(network, cross_entropy, mnist.validation)
assert chosen_epoch.accuracy == stopped[best_epoch(stopped) - 1]["validation_accuracy"]

print(f"stopped after epoch {len(stopped)}, best epoch {best_epoch(stopped)}")
print(f"validation accuracy with its weights: {chosen_epoch.accuracy:.1%}")
print(f"validation accuracy after 30 epochs:  {to_the_end[-1]['validation_accuracy']:.1%}")

# %% [markdown] lang="en"
# ## Dropout
#
# **Dropout** makes learning by heart harder: during training, each value of the hidden layer is set to 0 with the probability $p$, anew in every step. So no neuron can rely on any other neuron being there. What is kept is divided by the keep probability $1 - p$:
#
# $$\tilde{h}_j = \frac{m_j}{1 - p}\, h_j \qquad P(m_j = 1) = 1 - p \qquad P(m_j = 0) = p$$
#
# $h_j$ is a value of the hidden layer, $m_j$ is the **mask**, 1 or 0 with the probabilities $P$, and $\tilde{h}_j$ is what goes on to the next layer. Thanks to the division the expected value stays the same: $(1 - p) \cdot \frac{h_j}{1 - p} + p \cdot 0 = h_j$. When the network is used, nothing is dropped. By hand, on 128 hidden values of one picture:

# %% [markdown] lang="zh"
# ## 随机失活（dropout）
#
# **随机失活**（dropout）让死记硬背变难：训练时，隐藏层的每个值以概率 $p$ 被置为 0，每一步都重新抽签。这样，任何神经元都不能指望另一个神经元一定在场。留下来的值要除以保留概率 $1 - p$：
#
# $$\tilde{h}_j = \frac{m_j}{1 - p}\, h_j \qquad P(m_j = 1) = 1 - p \qquad P(m_j = 0) = p$$
#
# $h_j$ 是隐藏层的一个值；$m_j$ 是**掩码**，取 1 或 0，$P$ 是取这两个值的概率；$\tilde{h}_j$ 是传给下一层的值。有了这个除法，期望值保持不变：$(1 - p) \cdot \frac{h_j}{1 - p} + p \cdot 0 = h_j$。真正使用网络时，什么也不丢。拿一张图片的 128 个隐藏值，亲手做一遍：

# %%
from paddle_mnist.core.transforms import norm_img


def dropout_by_hand(values, rate, random):
    keep = 1 - rate
    mask = random.random(values.shape) < keep
    return values * mask / keep


first_layer = plain[0]
hidden = nn.functional.relu(first_layer(norm_img(few.images[:1])))[0].numpy()  # [128]
once = dropout_by_hand(hidden, 0.5, random)  # [128]

many = dropout_by_hand(np.tile(hidden, (20_000, 1)), 0.5, random)  # [20000, 128]
assert np.allclose(many.mean(axis=0), hidden, atol=0.05 * hidden.max())
print("four values: ", hidden[hidden > 0][:4].round(2))
print("dropped once:", once[hidden > 0][:4].round(2))
print("mean of 20,000 times:", many.mean(axis=0)[hidden > 0][:4].round(2))

# %% [markdown] lang="en"
# Paddle's `nn.Dropout` draws its own mask. So we compare in two ways: with Paddle's mask, our formula must give Paddle's values; and the mask must keep about half. In evaluation mode, `nn.Dropout` must change nothing.

# %% [markdown] lang="zh"
# 飞桨的 `nn.Dropout` 用它自己抽的掩码。所以比较分两步：用飞桨的掩码，我们的公式应当得出飞桨的值；而且掩码应当保留约一半。在评估模式下，`nn.Dropout` 应当什么也不改变。

# %% tags=["picture"]
from paddle_mnist.plots import plot_weights

layer = nn.Dropout(0.5)
values = paddle.to_tensor(np.abs(random.normal(size=(100, 128))) + 0.1).astype("float32")
dropped = layer(values)  # [100, 128]
mask = dropped.numpy() != 0  # [100, 128]
assert np.allclose(dropped.numpy(), values.numpy() * mask / 0.5)
assert abs(mask.mean() - 0.5) < 0.02

layer.eval()
assert np.array_equal(layer(values).numpy(), values.numpy())

layer.train()
hidden_values = paddle.to_tensor(hidden)  # [128]
drawn = np.stack([hidden, *(layer(hidden_values).numpy() for _ in range(3))])  # [4, 128]
titles = ["evaluation", *(f"training, step {step}" for step in (1, 2, 3))]
plot_weights(drawn[:, :100].reshape(4, 10, 10), titles, title="100 hidden values of one picture")

# %% [markdown] lang="en"
# Another half is there in each step, and what is there is twice as large (darker).
#
# ## Weight decay
#
# **Weight decay** pulls every weight towards 0. The loss gets a second part, which grows with the weights:
#
# $$L_\lambda = L + \frac{\lambda}{2} \sum_j w_j^2 \qquad \frac{\partial L_\lambda}{\partial w_j} = \frac{\partial L}{\partial w_j} + \lambda w_j \qquad w_j \leftarrow w_j - \eta \left( \frac{\partial L}{\partial w_j} + \lambda w_j \right)$$
#
# $L$ is the cross-entropy, $w_j$ a weight, $\eta$ the learning rate, and $\lambda$ ("lambda") says how strong the pull is. A large weight now has to lower the cross-entropy by more than it costs. We make one step of plain gradient descent (SGD) by hand, and Paddle makes the same one:

# %% [markdown] lang="zh"
# 每一步在场的都是另外一半，而在场的值大了一倍（颜色更深）。
#
# ## 权重衰减
#
# **权重衰减**把每个权重往 0 拉。损失多出一项，权重越大，这一项越大：
#
# $$L_\lambda = L + \frac{\lambda}{2} \sum_j w_j^2 \qquad \frac{\partial L_\lambda}{\partial w_j} = \frac{\partial L}{\partial w_j} + \lambda w_j \qquad w_j \leftarrow w_j - \eta \left( \frac{\partial L}{\partial w_j} + \lambda w_j \right)$$
#
# $L$ 是交叉熵，$w_j$ 是一个权重，$\eta$ 是学习率，$\lambda$（读作 lambda）表示拉力有多强。大的权重要保留下来，就得让交叉熵降低得比它的代价更多。我们亲手做一步普通的梯度下降（SGD），再让飞桨做同样的一步：

# %%
rate, decay = 0.1, 0.01
network = build()
sgd = paddle.optimizer.SGD(rate, parameters=network.parameters(), weight_decay=decay)

loss = cross_entropy(network(norm_img(few.images[:100])), paddle.to_tensor(few.labels[:100]))
loss.backward()
by_hand = [
    parameter.numpy() - rate * (parameter.grad.numpy() + decay * parameter.numpy())
    for parameter in network.parameters()
]
sgd.step()
for ours, parameter in zip(by_hand, network.parameters()):
    assert np.allclose(ours, parameter.numpy(), atol=1e-7)
print("one step by hand and by Paddle: the same in all", len(by_hand), "parameter tensors")

# %% [markdown] lang="en"
# The same in all four tensors: so Paddle decays the biases too. `Momentum` treats `weight_decay` in the same way. (For Adam it would go through Adam's own scaling of the gradient; `paddle.optimizer.AdamW` takes $\eta \lambda w_j$ off directly instead.)
#
# What decay does can be seen best where there is nothing to learn. A pixel at the very edge is 0 in all images, so its weights have the gradient 0, and only the decay moves them:

# %% [markdown] lang="zh"
# 四个张量全都一致：可见飞桨对偏置也做衰减。`Momentum` 对 `weight_decay` 的处理方式相同。（如果是 Adam，这一项会经过 Adam 对梯度的缩放；`paddle.optimizer.AdamW` 则直接减去 $\eta \lambda w_j$。）
#
# 在没有东西可学的地方，最能看清衰减的作用。最外圈的像素在所有图片中都是 0，它的权重的梯度也是 0，只有衰减能移动它们：

# %% tags=["picture"]
decayed = build()
train(decayed, few, weight_decay=0.005)

rows = [network[0].weight.numpy()[:, :3].T.reshape(3, 28, 28) for network in (plain, decayed)]
titles = 3 * ["no decay"] + 3 * ["weight decay"]
plot_weights(np.concatenate(rows), titles, columns=3, title="The weights of three hidden neurons")

# %% [markdown] lang="en"
# Without decay, the noise of the random start stays at the border for ever, and it disturbs every new digit that has ink there. With decay the noise fades, and what helps to tell the digits apart remains.
#
# ## Batch normalisation
#
# **Batch normalisation** brings each hidden value to mean 0 and variance 1, measured over the batch, and then gives it a scale and a shift that are learned:
#
# $$\hat{x} = \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} \qquad y = \gamma\, \hat{x} + \beta$$
#
# $x$ is a hidden value before the activation, $\mu$ and $\sigma^2$ are its mean and variance over the batch, $\varepsilon$ ("epsilon", $10^{-5}$) keeps the root away from 0, and $\gamma$ and $\beta$ are learned. The next layer then always sees values of the same size, which makes training easier. When the network is used, there may be only one picture, and no batch to measure. So training keeps **running averages**, and evaluation takes these. With Paddle's momentum of 0.9:
#
# $$\mu_\text{run} \leftarrow 0.9\, \mu_\text{run} + 0.1\, \mu \qquad \sigma^2_\text{run} \leftarrow 0.9\, \sigma^2_\text{run} + 0.1\, \sigma^2$$

# %% [markdown] lang="zh"
# 没有衰减时，随机初始值的噪声永远留在边缘上；新数字的墨迹一旦落在那里，就会受到干扰。有了衰减，噪声渐渐褪去，留下的是有助于区分数字的部分。
#
# ## 批归一化
#
# **批归一化**在一批图片上测量每个隐藏值，把它变成均值为 0、方差为 1，再配上一个学习得到的缩放和平移：
#
# $$\hat{x} = \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} \qquad y = \gamma\, \hat{x} + \beta$$
#
# $x$ 是激活之前的一个隐藏值，$\mu$ 和 $\sigma^2$ 是它在这一批中的均值和方差，$\varepsilon$（读作 epsilon，取 $10^{-5}$）使根号不为 0，$\gamma$ 和 $\beta$ 是学习得到的。这样下一层看到的值总是差不多大，训练更容易。真正使用网络时，可能只有一张图片，没有一批可以测量。所以训练时要记下**滑动平均**，评估时就用它们。飞桨的动量系数是 0.9：
#
# $$\mu_\text{run} \leftarrow 0.9\, \mu_\text{run} + 0.1\, \mu \qquad \sigma^2_\text{run} \leftarrow 0.9\, \sigma^2_\text{run} + 0.1\, \sigma^2$$


# %%
def normalise(x, mean, variance, scale, shift):
    return scale * (x - mean) / np.sqrt(variance + 1e-5) + shift


layer = nn.BatchNorm1D(128)
layer.weight.set_value(random.normal(1, 0.2, 128).astype("float32"))
layer.bias.set_value(random.normal(0, 0.2, 128).astype("float32"))
scale, shift = layer.weight.numpy(), layer.bias.numpy()
running_mean, running_variance = np.zeros(128), np.ones(128)

layer.train()
for start in (0, 100, 200):
    x = first_layer(norm_img(few.images[start : start + 100]))  # [100, 128]
    mean, variance = x.numpy().mean(axis=0), x.numpy().var(axis=0)
    ours = normalise(x.numpy(), mean, variance, scale, shift)  # [100, 128]
    assert np.allclose(layer(x).numpy(), ours, atol=1e-3)
    running_mean = 0.9 * running_mean + 0.1 * mean  # [128]
    running_variance = 0.9 * running_variance + 0.1 * variance  # [128]
    state = layer.state_dict()
    assert np.allclose(state["_mean"].numpy(), running_mean, atol=1e-4)
    assert np.allclose(state["_variance"].numpy(), running_variance, atol=1e-4)

layer.eval()
ours = normalise(x.numpy(), running_mean, running_variance, scale, shift)  # [100, 128]
assert np.allclose(layer(x).numpy(), ours, atol=1e-3)
for word, fixed in (("learned: ", False), ("measured:", True)):
    print(word, [name for name, tensor in state.items() if tensor.stop_gradient == fixed])
print("running mean of the first value after 3 batches:", round(float(running_mean[0]), 3))
print("its mean in the last batch:                     ", round(float(mean[0]), 3))

# %% [markdown] lang="en"
# Both modes agree with Paddle. After three batches the running averages are still close to their start (0 and 1): each batch moves them by a tenth only. After some hundred steps the start no longer matters.
#
# ## Which of them helps?
#
# Now the fair comparison: the same 1,000 images (with their true labels), 30 epochs, three seeds each. A seed changes the first weights and the order of the images, so the range shows how much is chance. Plain, and then plain with one ingredient more:

# %% [markdown] lang="zh"
# 两种模式都与飞桨一致。三批之后，滑动平均离起点（0 和 1）还很近：每一批只移动十分之一。几百步之后，起点就不再重要了。
#
# ## 哪一个有帮助？
#
# 现在公平地比一比：同样的 1,000 张图片（标签是真的），30 轮，每种做法用三个随机种子。随机种子决定初始权重和图片的顺序，所以从范围可以看出有多少是偶然。先是什么都不加的，然后每次只加一样：

# %%
ingredients = {
    "plain": {},
    "dropout": {"dropout": 0.5},
    "weight decay": {},
    "batch norm": {"batch_norm": True},
    "early stopping": {},
}
results = {}
print("                 validation accuracy        validation loss")
for name, layers in ingredients.items():
    weight_decay = 0.005 if name == "weight decay" else 0.0
    networks, histories, measured = [], [], []
    for seed in (0, 1, 2):
        network = build(seed, **layers)
        best = BestWeights(network)
        callbacks = [EarlyStopping(patience=5), best] if name == "early stopping" else []
        history = train(network, few, seed=seed, weight_decay=weight_decay, callbacks=callbacks)
        if callbacks:
            network.set_state_dict(best.weights)
        networks.append(network)
        histories.append(history)
        measured.append(evaluate(network, cross_entropy, mnist.validation))
    results[name] = networks, histories, measured
    accuracy = [100 * each.accuracy for each in measured]
    loss = [each.loss for each in measured]
    print(
        f"{name:15} {np.mean(accuracy):5.1f}% ({min(accuracy):.1f} to {max(accuracy):.1f})"
        f"   {np.mean(loss):9.2f} ({min(loss):.2f} to {max(loss):.2f})"
    )

# %% tags=["picture"]
figure = Figure(figsize=(8, 3.5), layout="constrained")
left, right = figure.subplots(1, 2, width_ratios=(1.2, 1))
for place, (name, (_, histories, measured)) in enumerate(results.items()):
    colour = f"C{place}"
    if name == "early stopping":
        best_rows = [rows[best_epoch(rows) - 1] for rows in histories]
        x = [row["epoch"] for row in best_rows]
        left.plot(
            x, [row["validation_loss"] for row in best_rows], "*", color=colour, ms=11, label=name
        )
    else:
        losses = [[row["validation_loss"] for row in rows] for rows in histories]
        left.plot(range(1, 31), np.mean(losses, axis=0), color=colour, label=name)
    accuracy = [100 * each.accuracy for each in measured]
    right.plot([min(accuracy), max(accuracy)], [place, place], color=colour, linewidth=3)
    right.plot(accuracy, 3 * [place], "o", color=colour)
left.set(xlabel="epoch", ylabel="validation loss, mean of 3 seeds", ylim=(0.3, 0.7))
left.legend(fontsize=9)
right.set(xlabel="validation accuracy of each seed, %", yticks=range(5))
right.set_yticklabels(results)
right.invert_yaxis()
for axes in (left, right):
    axes.grid(alpha=0.3)
figure.suptitle("The same 1,000 images, one ingredient at a time")
figure

# %% [markdown] lang="en"
# The stars are the best epochs of the three seeds with early stopping. On all of MNIST, some of this is clear:
#
# - **Dropout** gains the most accuracy: its worst seed is better than the best plain one.
# - **Batch normalisation** gains less. It learns fastest: its validation loss is at its lowest after a few epochs. After that it overfits as the plain network does.
# - **Weight decay** hardly changes the accuracy, but it ends with the lowest validation loss, and its curve does not turn within 30 epochs: its probabilities can be trusted most.
# - **Early stopping** gains no accuracy here, where all labels are right. It keeps the loss from rising, and saves more than half of the time. With wrong labels, above, it gained a lot.
#
# Three cautions. A difference that is smaller than the ranges shows nothing. The accuracy of early stopping is a little too good, because the epoch was chosen on the same validation images that measure it. And nothing here helps as much as what we saw before: 3,000 images instead of 1,000. With other networks and more images, measure again.
#
# ## The wrong mode
#
# Dropout and batch normalisation behave differently in training and in evaluation. `network.train()` and `network.eval()` switch between the two. Forgetting `eval()` is one of the most common mistakes of all, and nothing warns you. (`evaluate` and `fit` switch by themselves.) Here is what it costs:

# %% [markdown] lang="zh"
# 星号是使用早停时三个种子各自的最好一轮。在全部 MNIST 上，有几点是清楚的：
#
# - **随机失活**提高的准确率最多：它最差的种子也好过什么都不加时最好的种子。
# - **批归一化**提高得少一些。它学得最快：几轮之后验证损失就到了最低点，之后也照样过拟合。
# - **权重衰减**几乎不改变准确率，但结束时验证损失最低，30 轮之内曲线也没有掉头向上：它的概率最可信。
# - **早停**在这里没有提高准确率，因为标签全是对的。它避免了损失回升，还省下一半以上的时间。而前面有错标签时，它的好处很大。
#
# 有三点要小心。比范围还小的差别，什么也说明不了。早停的准确率略微偏高，因为选轮次和测准确率用的是同一批验证图片。还有，这里没有一样比得上前面看到的办法：用 3,000 张图片代替 1,000 张。换了网络、图片更多时，请重新测量。
#
# ## 用错模式
#
# 随机失活和批归一化在训练时和评估时的行为不同。`network.train()` 和 `network.eval()` 在两种模式之间切换。忘记 `eval()` 是最常见的错误之一，而且没有任何警告。（`evaluate` 和 `fit` 会自己切换。）看看代价有多大：

# %%
import copy


def accuracy_in(network, split, batch_size):
    """Accuracy in whatever mode the network is."""
    with paddle.no_grad():
        right = 0
        for start in range(0, len(split), batch_size):
            logits = network(norm_img(split.images[start : start + batch_size]))  # [N, 10]
            digits = logits.numpy().argmax(axis=1)  # [N]
            right += int((digits == split.labels[start : start + batch_size]).sum())
    return right / len(split)


some = mnist.validation.take(slice(500))
by_digit = some.take(np.argsort(some.labels, kind="stable"))
cases = {"batches of 100": (some, 100), "sorted by digit": (by_digit, 50), "one by one": (some, 1)}
set_seed(0)
for name in ("dropout", "batch norm"):
    network = results[name][0][0]
    for case, (pictures, batch_size) in cases.items():
        careless = copy.deepcopy(network)
        careless.train()
        network.eval()
        print(
            f"{name:10} {case:15} network.eval() {accuracy_in(network, pictures, batch_size):.1%}"
            f"   network.train() {accuracy_in(careless, pictures, batch_size):.1%}"
        )

# %% [markdown] lang="en"
# In training mode, dropout goes on dropping: a few points of accuracy are lost, and the same picture gets another answer each time.
#
# Batch normalisation is more dangerous, because with mixed batches of 100 there is hardly any harm to see. But each picture is then normalised together with the others of its batch. Where these all show the same digit, just what they have in common is taken away, and the accuracy collapses. A single picture has no variance at all; Paddle then leaves the normalisation out without a warning, and many answers are wrong. A program that reads one picture at a time, as in [chapter 7](07_your_own_handwriting.ipynb), meets exactly this case. On top of that, every pass in training mode moves the running averages, so looking at the network changes it. This is why the cell above works on a copy.
#
# ## Which optimiser?
#
# So far we asked how long to train. Now: how to step? All optimisers get the same gradient $g$ of a weight, and differ in what they make of it:
#
# | name | what it does |
# |---|---|
# | `sgd` | steps against $g$, and nothing else |
# | `momentum` | keeps most of its last movement, and adds the new step to it |
# | `rmsprop` | divides $g$ by the usual size of this weight's recent gradients |
# | `adadelta` | the same, and multiplies by the usual size of its own recent steps |
# | `adam` | momentum, divided as in `rmsprop` |
#
# `OPTIMIZERS` has a default learning rate for each, and `build_optimizer` builds it. The network, its first weights and the order of the images are the same for all. The curves come from `row["losses"]`: the mean training loss of each twentieth of an epoch.

# %% [markdown] lang="zh"
# 在训练模式下，随机失活继续丢弃：准确率损失几个百分点，而且同一张图片每次得到的答案都不同。
#
# 批归一化更危险，因为一批 100 张、各种数字混在一起时，几乎看不出问题。但这时每张图片是和同批的其他图片一起归一化的。如果它们全是同一个数字，减掉的恰恰是它们的共同之处，准确率就一落千丈。单独一张图片根本没有方差；飞桨这时会跳过归一化，而且不给警告，许多答案就错了。像[第 7 章](07_your_own_handwriting.ipynb)那样一次只读一张图片的程序，遇到的正是这种情况。此外，在训练模式下每算一次，滑动平均就会移动一次，也就是说，看一眼网络就改变了它。所以上面的单元格用的是副本。
#
# ## 哪一个优化器？
#
# 到现在为止，我们问的是训练多久。接下来问：怎样迈步？所有优化器得到的都是权重的同一个梯度 $g$，区别在于怎样使用它：
#
# | 名称 | 做法 |
# |---|---|
# | `sgd` | 逆着 $g$ 走一步，仅此而已 |
# | `momentum` | 保留上一次移动的大部分，再加上新的一步 |
# | `rmsprop` | 用 $g$ 除以这个权重近来梯度的一般大小 |
# | `adadelta` | 同上，再乘以它自己近来步子的一般大小 |
# | `adam` | 动量法，再像 `rmsprop` 那样做除法 |
#
# `OPTIMIZERS` 为每个优化器准备了默认学习率，`build_optimizer` 负责构造。网络、初始权重和图片顺序对大家都一样。曲线取自 `row["losses"]`：每二十分之一轮的平均训练损失。

# %% tags=["picture"]
from paddle_mnist.core.optimizers import OPTIMIZERS, build_optimizer

many = mnist.train.take(slice(10_000))
curves = {}
for name, recipe in OPTIMIZERS.items():
    random = np.random.default_rng(0)
    network = build()
    optimizer = build_optimizer(name, recipe.learning_rate, network.parameters())
    step = partial(train_step, network, cross_entropy, optimizer)
    progress = fit(
        step,
        Batches(many, 128, random),
        epochs=2,
        callbacks=[Validate(network, cross_entropy, mnist.validation)],
    )
    curves[f"{name} {recipe.learning_rate:g}"] = [
        loss for row in progress.history for loss in row["losses"]
    ]
    accuracy = progress.history[-1]["validation_accuracy"]
    print(f"{name:9} learning rate {recipe.learning_rate:<6g} validation accuracy {accuracy:.1%}")

plot_curves(
    curves,
    x=np.arange(1, 41) / 20,
    xlabel="epoch",
    ylabel="training loss",
    title=f"The same network and start, {len(many):,} images",
)

# %% [markdown] lang="en"
# ## Momentum and Adam by hand
#
# The three that divide by the usual size of the gradients are far ahead in the first epoch, and close together at the end. But this compares default *learning rates* as much as optimisers: plain `sgd` with a rate of 0.1 would be about as fast as `momentum` is here. The formulas below show where the factor of 10 comes from. [Chapter 6](06_tune.ipynb) looks for better rates.
#
# Momentum keeps a velocity $v$ for each weight, 0 at the start:
#
# $$v \leftarrow 0.9\, v + g \qquad w \leftarrow w - \eta\, v$$
#
# $w$ is the weight and $\eta$ the learning rate. If $g$ stays the same, $v$ grows to $g\,(1 + 0.9 + 0.81 + \dots) = 10\, g$: ten times the step. Adam keeps a running average $m$ of the gradient, and another, $s$, of its square:
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1)\, g \qquad s \leftarrow \beta_2 s + (1 - \beta_2)\, g^2 \qquad w \leftarrow w - \eta\, \frac{\hat{m}}{\sqrt{\hat{s}} + \varepsilon}$$
#
# Here $\beta_1 = 0.9$ and $\beta_2 = 0.999$, and $\varepsilon = 10^{-7}$ keeps the divisor away from 0. Both averages start at 0 and are too small at first; $\hat{m} = m / (1 - \beta_1^t)$ and $\hat{s} = s / (1 - \beta_2^t)$ make up for that at step $t$. Because of the division, the first step is $\eta$ for every weight, whether its gradient is large or small.
#
# We let the three walk down a narrow valley, $f(x, y) = \frac{1}{2}(x^2 + 100\, y^2)$, whose lowest point is at (0, 0). Its gradient is $(x,\ 100\, y)$. Each is checked against Paddle's own:

# %% [markdown] lang="zh"
# ## 亲手写动量法和 Adam
#
# 除以梯度一般大小的那三个，在第一轮遥遥领先，最后靠得很近。但这里比的不只是优化器，同样也是默认的*学习率*：普通的 `sgd` 用 0.1 的学习率，就会和这里的 `momentum` 差不多快。下面的公式会说明这 10 倍从何而来。[第 6 章](06_tune.ipynb)会寻找更好的学习率。
#
# 动量法为每个权重保留一个速度 $v$，起初为 0：
#
# $$v \leftarrow 0.9\, v + g \qquad w \leftarrow w - \eta\, v$$
#
# $w$ 是权重，$\eta$ 是学习率。如果 $g$ 一直不变，$v$ 会增大到 $g\,(1 + 0.9 + 0.81 + \dots) = 10\, g$：步子大了十倍。Adam 则保留梯度的滑动平均 $m$，以及梯度平方的滑动平均 $s$：
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1)\, g \qquad s \leftarrow \beta_2 s + (1 - \beta_2)\, g^2 \qquad w \leftarrow w - \eta\, \frac{\hat{m}}{\sqrt{\hat{s}} + \varepsilon}$$
#
# 其中 $\beta_1 = 0.9$，$\beta_2 = 0.999$，$\varepsilon = 10^{-7}$ 使除数不为 0。两个平均都从 0 开始，起初偏小；在第 $t$ 步，用 $\hat{m} = m / (1 - \beta_1^t)$ 和 $\hat{s} = s / (1 - \beta_2^t)$ 来补偿。因为做了除法，第一步对每个权重都是 $\eta$，不论它的梯度是大是小。
#
# 我们让这三种方法走下一条狭窄的山谷 $f(x, y) = \frac{1}{2}(x^2 + 100\, y^2)$，最低点在 (0, 0)，梯度是 $(x,\ 100\, y)$。每一种都和飞桨自带的核对：

# %%
BEND = np.array([1.0, 100.0])
START = np.array([-9.0, 1.0])


def slope(place):
    """The gradient of (x² + 100 y²) / 2."""
    return BEND * place


def sgd(steps, rate):
    path = [START]
    for _ in range(steps):
        path.append(path[-1] - rate * slope(path[-1]))
    return np.array(path)


def momentum(steps, rate, keep=0.9):
    path, velocity = [START], np.zeros(2)
    for _ in range(steps):
        velocity = keep * velocity + slope(path[-1])
        path.append(path[-1] - rate * velocity)
    return np.array(path)


def adam(steps, rate, beta1=0.9, beta2=0.999, epsilon=1e-7):
    path, mean, square = [START], np.zeros(2), np.zeros(2)
    for step in range(1, steps + 1):
        gradient = slope(path[-1])
        mean = beta1 * mean + (1 - beta1) * gradient
        square = beta2 * square + (1 - beta2) * gradient**2
        mean_hat = mean / (1 - beta1**step)
        square_hat = square / (1 - beta2**step)
        path.append(path[-1] - rate * mean_hat / (np.sqrt(square_hat) + epsilon))
    return np.array(path)


def by_paddle(name, steps, rate):
    place = paddle.to_tensor(START.astype("float32"), stop_gradient=False)
    optimizer = build_optimizer(name, rate, [place])
    path = [START]
    for _ in range(steps):
        ((place**2 * paddle.to_tensor(BEND.astype("float32"))).sum() / 2).backward()
        optimizer.step()
        optimizer.clear_grad()
        path.append(place.numpy().copy())
    return np.array(path)


walks = {"sgd": (sgd, 0.018), "momentum": (momentum, 0.01), "adam": (adam, 0.5)}
for name, (walk, rate) in walks.items():
    assert np.allclose(walk(10, rate), by_paddle(name, 10, rate), atol=1e-4)
print("ten steps by hand and by Paddle: the same for", ", ".join(walks))

# %% tags=["picture"]
paths = {f"{name} {rate:g}": walk(40, rate) for name, (walk, rate) in walks.items()}

figure = Figure(figsize=(8, 3.2), layout="constrained")
left, right = figure.subplots(1, 2, width_ratios=(1.7, 1))
x, y = np.meshgrid(np.linspace(-10, 4, 100), np.linspace(-1.2, 1.2, 100))
left.contour(x, y, (x**2 + 100 * y**2) / 2, levels=[5, 20, 50], colors="0.8")
for name, path in paths.items():
    left.plot(path[:, 0], path[:, 1], ".-", markersize=4, linewidth=1, label=name)
    right.plot(path**2 @ BEND / 2)
left.plot(0, 0, "k+", markersize=12)
left.set(xlabel="x", ylabel="y", title="Seen from above; + is the lowest point")
right.set(xlabel="step", ylabel="height", yscale="log", title="Height after each step")
left.legend(fontsize=9, loc="upper right")
right.grid(alpha=0.3)
figure

# %% [markdown] lang="en"
# `sgd` must keep its rate below 2/100, or it would jump from one side of the valley to the other, higher each time. With so small a rate it crawls along the valley. `momentum` swings too, but along the valley its steps add up. `adam` begins with the same step in $x$ and in $y$, however steep the sides are (the picture stretches $y$). Both run past the lowest point and turn back. Each rate here was picked to show the shape of the path; this is not a ranking.
#
# ## One look at the test images
#
# All choices are made: on the validation images, one ingredient won. Now, once, the test images: is the gain real?

# %% [markdown] lang="zh"
# `sgd` 的学习率必须小于 2/100，否则它会在山谷两侧来回跳，一次比一次高。学习率这么小，沿着山谷就只能慢慢爬。`momentum` 也会摆动，但沿着山谷方向，步子会累积起来。不管两侧多陡，`adam` 一开始在 $x$ 和 $y$ 方向上迈的步子一样大（图中 $y$ 方向被拉长了）。后两种都会冲过最低点再折回来。这里的学习率是为了展示路径的形状而挑选的，不是在排名。
#
# ## 看一次测试图片
#
# 所有选择都已做完：在验证图片上，有一样配料胜出。现在看一次测试图片，只看一次：提高是真的吗？


# %%
def mean_accuracy(name):
    return np.mean([each.accuracy for each in results[name][2]])


winner = max(results, key=mean_accuracy)
for name in dict.fromkeys(("plain", winner)):
    tested = [evaluate(network, cross_entropy, mnist.test) for network in results[name][0]]
    accuracy = [100 * each.accuracy for each in tested]
    print(
        f"{name:15} validation {mean_accuracy(name):.1%}, test {np.mean(accuracy):.1f}%"
        f" ({min(accuracy):.1f} to {max(accuracy):.1f})"
    )


# %% [markdown] lang="en"
# The two figures of a row differ a little, because they come from different images; the gain is there in both. That is what a test set is for: it took no part in our choices, so its figure does not look better than it is.
#
# Do these tools still help when all images are used, as in the stages of the course? `deep-cnn` as its source published it, with a constant learning rate, reads {{accuracy deep-cnn --schedule constant}} of the test images after its last epoch; with the best epoch chosen on images held out, and so fewer to train on, {{accuracy deep-cnn --schedule constant --best-weights}}; with a learning rate that rises and then falls, {{accuracy deep-cnn}}. `dropout-cnn`, with two layers of dropout, reads {{accuracy dropout-cnn}} (mean and range over {{seeds deep-cnn}} seeds). The last one is also a much larger network, so its gain is not due to dropout alone. [Chapter 6](06_tune.ipynb) tunes further: learning rates, schedules, and data augmentation, which makes more images out of those that you have.

# %% [markdown] lang="zh"
# 同一行的两个数略有不同，因为用的是不同的图片；但提高在两边都看得到。测试集就是为此准备的：它没有参与我们的选择，所以它给出的数不会偏高。
#
# 像课程的各个阶段那样用上全部图片，这些工具还有用吗？`deep-cnn` 按来源公布的做法，学习率不变，用最后一轮的权重，测试准确率是 {{accuracy deep-cnn --schedule constant}}；用留出的图片选出最好的一轮（训练图片因此少了一些），是 {{accuracy deep-cnn --schedule constant --best-weights}}；让学习率先升后降，是 {{accuracy deep-cnn}}。带两层随机失活的 `dropout-cnn` 是 {{accuracy dropout-cnn}}（{{seeds deep-cnn}} 个随机种子的均值和范围）。最后这个网络也大得多，所以提高不全是随机失活的功劳。[第 6 章](06_tune.ipynb)继续调优：学习率、学习率调度，还有数据增强，也就是用已有的图片造出更多图片。

# %% [markdown] lang="en"
# ## Summary
#
# - Longer training keeps lowering the training loss. The validation loss falls, and then rises: overfitting.
# - A network can learn random labels by heart. Only images that it was not trained on tell what it has understood.
# - More images help most. With 1,000 images, dropout gained the most accuracy, weight decay the lowest loss; early stopping matters most where labels are wrong.
# - Dropout and batch normalisation have two modes. Call `network.eval()` before you use a network.
# - Momentum adds up its steps, Adam also divides by the size of the gradients. Compare optimisers only together with their learning rates.
#
# ## Words
#
# | English | Chinese | in one line |
# |---|---|---|
# | overfitting | 过拟合 | better on the training images, not on new ones |
# | underfitting | 欠拟合 | not even the training images are learned |
# | generalisation | 泛化 | doing well on new images |
# | early stopping | 早停 | end the training when the validation loss no longer falls |
# | patience | 耐心 | for how many epochs early stopping waits |
# | dropout | 随机失活（dropout） | setting random values to 0 during training |
# | mask | 掩码 | the ones and zeros that say what is kept |
# | weight decay | 权重衰减 | pulling every weight towards 0 |
# | batch normalisation | 批归一化 | bringing values to mean 0 and variance 1 over a batch |
# | running average | 滑动平均 | an average that moves a little with each batch |
# | optimiser | 优化器 | the rule that makes steps out of gradients |
# | momentum | 动量 | keeping most of the last movement |
#
# ## Questions
#
# **1.** Dropout with $p = 0.25$ keeps a hidden value of 3. What is it afterwards, and what is its expected value over many masks?
#
# <details><summary>Answer</summary>
#
# $3 / 0.75 = 4$. The expected value is $0.75 \cdot 4 + 0.25 \cdot 0 = 3$, as before.
#
# </details>
#
# **2.** A weight is 2, its gradient is always 0, $\eta = 0.1$ and $\lambda = 0.01$. What is it after one step of SGD with weight decay, and about what after 1,000 steps?
#
# <details><summary>Answer</summary>
#
# $2 - 0.1 \cdot 0.01 \cdot 2 = 1.998$: each step multiplies it by 0.999. After 1,000 steps it is $2 \cdot 0.999^{1000} \approx 0.74$.
#
# </details>
#
# **3.** Somebody reports a training accuracy of 100% on 500 images. What do you ask?
#
# <details><summary>Answer</summary>
#
# The accuracy on images that the network was not trained on. Our network reached 100% on random labels, which says nothing at all.
#
# </details>
#
# **4.** Why is the validation accuracy of the best epoch a little too good to be true?
#
# <details><summary>Answer</summary>
#
# It is the highest of many figures that all vary by chance, so the luck was chosen too. The more you choose on the same images, the larger this effect becomes. Hence the test images, looked at once.
#
# </details>
#
# **5.** A network with batch normalisation reads 1,000 pictures well and a single one badly. What is the first thing to check?
#
# <details><summary>Answer</summary>
#
# Whether it is still in training mode. In evaluation mode an answer does not depend on the other pictures of the batch.
#
# </details>
#
# ## Homework
#
# {{exercises}}
#
# **Open questions.** What you find out here, nobody checks but you. Write it down in a notebook of your own.
#
# - **5-A (together).** Train with dropout *and* weight decay on the same 1,000 images. Try two or three values of each, with three seeds, and choose on the validation images. Is the best pair better than dropout alone, by more than the ranges?
# - **5-B (wrong labels).** Draw 0%, 10%, 20% and 40% of the labels at random. For each, compare the last epoch with the best epoch, and draw both accuracies as curves. Do dropout or weight decay help against wrong labels as well?
# - **5-C (a callback of your own).** Write a class that inherits from `paddle_mnist.core.callbacks.Callback` and sets `progress.stop_reason` as soon as the training accuracy of an epoch is 1. How many epochs does it save on the 1,000 images, and what does it cost?

# %% [markdown] lang="zh"
# ## 小结
#
# - 训练得越久，训练损失越低；验证损失却先降后升：这就是过拟合。
# - 网络能把随机标签背下来。只有没训练过的图片，才能说明它学懂了什么。
# - 增加图片的帮助最大。只有 1,000 张图片时，随机失活提高的准确率最多，权重衰减得到的损失最低；有错标签时，早停最重要。
# - 随机失活和批归一化有两种模式。使用网络之前，先调用 `network.eval()`。
# - 动量法让步子累积起来，Adam 还要除以梯度的大小。比较优化器时，一定要连同学习率一起比较。
#
# ## 术语
#
# | 英文 | 中文 | 一句话解释 |
# |---|---|---|
# | overfitting | 过拟合 | 训练图片越读越好，新图片却没有进步 |
# | underfitting | 欠拟合 | 连训练图片都学不会 |
# | generalisation | 泛化 | 对新图片也读得好 |
# | early stopping | 早停 | 验证损失不再下降时结束训练 |
# | patience | 耐心 | 早停要等待多少轮 |
# | dropout | 随机失活（dropout） | 训练时随机把一些值置为 0 |
# | mask | 掩码 | 一串 1 和 0，表示保留哪些值 |
# | weight decay | 权重衰减 | 把每个权重往 0 拉 |
# | batch normalisation | 批归一化 | 在一批中把值变成均值 0、方差 1 |
# | running average | 滑动平均 | 每一批只移动一点的平均值 |
# | optimiser | 优化器 | 由梯度得出步子的规则 |
# | momentum | 动量 | 保留上一次移动的大部分 |
#
# ## 思考题
#
# **1.** 用 $p = 0.25$ 的随机失活，一个隐藏值 3 被保留下来。它变成多少？对许多掩码取平均，期望值是多少？
#
# <details><summary>答案</summary>
#
# $3 / 0.75 = 4$。期望值是 $0.75 \cdot 4 + 0.25 \cdot 0 = 3$，和原来一样。
#
# </details>
#
# **2.** 一个权重是 2，梯度始终为 0，$\eta = 0.1$，$\lambda = 0.01$。用带权重衰减的 SGD 走一步，它变成多少？走 1,000 步之后大约是多少？
#
# <details><summary>答案</summary>
#
# $2 - 0.1 \cdot 0.01 \cdot 2 = 1.998$：每一步都乘以 0.999。1,000 步之后是 $2 \cdot 0.999^{1000} \approx 0.74$。
#
# </details>
#
# **3.** 有人报告说，他的网络在 500 张图片上的训练准确率是 100%。你会问什么？
#
# <details><summary>答案</summary>
#
# 问它在没训练过的图片上的准确率。我们的网络对随机标签也达到了 100%，这什么也说明不了。
#
# </details>
#
# **4.** 为什么最好那一轮的验证准确率会略微偏高？
#
# <details><summary>答案</summary>
#
# 它是许多带有偶然波动的数当中最高的一个，所以连运气也一起选中了。在同一批图片上选得越多，偏高得就越多。所以才要有测试图片，而且只看一次。
#
# </details>
#
# **5.** 一个带批归一化的网络，一次读 1,000 张图片时读得很好，单独读一张却读得很差。首先应当检查什么？
#
# <details><summary>答案</summary>
#
# 检查它是否还在训练模式。在评估模式下，答案与同一批中的其他图片无关。
#
# </details>
#
# ## 作业
#
# {{exercises}}
#
# **开放的问题**：下面这些没有人替你检查，请把你的发现写进自己的笔记本。
#
# - **5-A**（合在一起）：在同样的 1,000 张图片上，同时使用随机失活*和*权重衰减。两者各试两三个值，每次用三个随机种子，在验证图片上做选择。最好的一对是否比只用随机失活更好，而且差别超过范围？
# - **5-B**（错标签）：把 0%、10%、20% 和 40% 的标签换成随机的。每种情况都比较最后一轮和最好的一轮，把两种准确率画成曲线。对付错标签，随机失活或权重衰减也有帮助吗？
# - **5-C**（自己写回调）：写一个继承 `paddle_mnist.core.callbacks.Callback` 的类，一旦某一轮的训练准确率达到 1，就设置 `progress.stop_reason`。在这 1,000 张图片上，它省下多少轮？又付出了什么代价？
