using Mezcla.Experiments.Laboratory;
using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Tensors;
using Mezcla.Training;

namespace Mezcla.Tests.MixtureOfExperts;

public class BalanceTests
{
    [Fact]
    public void Uniform_routing_has_a_loss_of_one_and_collapse_one_of_E()
    {
        var uniform = Tensor.Full(0.25f, 8, 4);
        Assert.Equal(1, BalanceLosses.LoadBalancing(uniform, Tensor.From([0, 1, 2, 3, 0, 1, 2, 3], 8, 1)).Item(), 1e-6f);
        var collapsed = Tensor.From([1f, 0, 0, 0, 1, 0, 0, 0], 2, 4);
        Assert.Equal(4, BalanceLosses.LoadBalancing(collapsed, Tensor.From([0, 0], 2, 1)).Item(), 1e-6f);
    }

    [Fact]
    public void The_loss_counts_all_k_choices_and_reads_all_probabilities()
    {
        // By hand: shares (3, 1, 0)/4, mean probabilities (0.55, 0.3, 0.15): 3·(0.75·0.55 + 0.25·0.3) = 1.4625.
        var probabilities = Tensor.From([0.6f, 0.3f, 0.1f, 0.5f, 0.3f, 0.2f], 2, 3);
        Assert.Equal(1.4625f, BalanceLosses.LoadBalancing(probabilities, Tensor.From([0, 1, 0, 0], 2, 2)).Item(), 1e-6f);
    }

    [Fact]
    public void The_gradient_pushes_the_crowded_expert_down()
    {
        var logits = Tensor.From([2f, 0, 0, 2, 0.1f, 0, 2, 0, 0.2f], 3, 3);
        logits.RequiresGrad = true;
        BalanceLosses.LoadBalancing(logits.Softmax(-1), Tensor.From([0, 0, 0], 3, 1)).Backward();
        var gradient = logits.Grad!.ToArray();
        for (var row = 0; row < 3; row++)
        {
            Assert.True(gradient[row * 3] > 0);
            Assert.True(gradient[row * 3 + 1] < 0 && gradient[row * 3 + 2] < 0);
        }
    }

    [Fact]
    public void Router_z_is_the_mean_squared_log_sum_exp()
    {
        var logits = Tensor.From([0f, 0, 1, 1], 2, 2);
        Assert.Equal((Math.Pow(Math.Log(2), 2) + Math.Pow(1 + Math.Log(2), 2)) / 2, BalanceLosses.RouterZ(logits).Item(), 1e-6);
    }

    [Fact]
    public void Squared_variation_is_zero_when_even_and_E_minus_one_when_collapsed()
    {
        Assert.Equal(0, BalanceLosses.Load(Tensor.Ones(5, 4)).Item(), 1e-6f);
        Assert.Equal(3, BalanceLosses.Load(Tensor.From([1f, 0, 0, 0], 1, 4)).Item(), 1e-5f);
        Assert.Equal(0, BalanceLosses.Importance(Tensor.From([0.7f, 0.3f, 0.7f, 0.3f], 2, 2), Tensor.From([0, 1, 1, 0], 2, 2), 2).Item(),
            1e-6f);
        Assert.Equal(3, BalanceLosses.Importance(Tensor.From([1f, 1f], 2, 1), Tensor.From([2, 2], 2, 1), 4).Item(), 1e-5f);
    }

    [Fact]
    public void Losses_are_added_in_training_only_and_weighted()
    {
        var config =
            TinyModels.Mixtral
                with
            {
                MixtureOfExperts = TinyModels.Mixtral.MixtureOfExperts!
                        with
                { Balance = new() { LoadBalancing = 0.5f, RouterZ = 0.25f, Importance = 0.125f } }
            };
        var model = new Transformer(config, new RandomStream(1));
        var ids = Tensor.From(TinyModels.Ids(8), 1, 8);
        var idle = new ForwardContext();
        model.Hidden(ids, idle);
        Assert.Empty(idle.AuxiliaryLosses);
        var training = new ForwardContext { Training = true };
        var loss = model.Loss(ids, ids, training);
        Assert.Equal(3 * config.Layers, training.AuxiliaryLosses.Count);
        Assert.Equal(loss.Total.Item() - loss.CrossEntropy.Item(), training.AuxiliaryLosses.Sum(l => l.Item()), 1e-4f);
    }

    [Fact]
    public void The_loss_free_bias_moves_against_the_load()
    {
        var model = new Transformer(TinyModels.DeepSeek, new RandomStream(1));
        var ids = Tensor.From(TinyModels.Ids(24), 1, 24);
        var (name, bias) = model.NamedBuffers().First();
        Assert.EndsWith("router.bias", name);
        var trace = new RoutingTrace();
        model.Hidden(ids, new ForwardContext { Training = true, Routing = trace });
        model.AfterStep();
        var load = trace.Layers[0].Load();
        for (var expert = 0; expert < 8; expert++)
            Assert.Equal(-0.001f * Math.Sign(Math.Round(load[expert] - 1.0 / 8, 9)), bias.ToArray()[expert], 1e-9f);
        var before = bias.ToArray();
        model.Hidden(ids, new ForwardContext());
        model.AfterStep();
        Assert.Equal(before, bias.ToArray());
    }

    [Fact]
    public void An_upcycled_model_starts_exactly_where_the_dense_one_stood()
    {
        var dense = TinyModels.Create(TinyModels.Llama);
        var moe = new MixtureOfExpertsConfig { Experts = 4, TopK = 2, Expert = TinyModels.Llama.FeedForward };
        var sparse = Upcycling.FromDense(dense, moe, new RandomStream(7));
        var ids = Tensor.From(TinyModels.Ids(16), 1, 16);
        var (a, b) = (dense.Logits(ids).ToArray(), sparse.Logits(ids).ToArray());
        for (var i = 0; i < a.Length; i++)
            Assert.Equal(a[i], b[i], 1e-3f);
        Assert.Throws<ArgumentException>(() => Upcycling.FromDense(dense, moe with { Expert = new(7) }, new RandomStream(7)));
    }
}
