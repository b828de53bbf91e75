using Mezcla.Scaling.Calculators;
using Mezcla.Scaling.Presets;

namespace Mezcla.Scaling.Tests.Calculators;

/// <summary>Many machines on paper. That the counts of bytes are those of real trainings is tested in Mezcla.Distributed.Tests.</summary>
public class ClusterEstimateTests
{
    private static readonly int[] UpTo1024 = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

    private static readonly ClusterEstimate Mixtral = new()
    {
        Model = TransformerPresets.Get("mixtral-8x7b"),
        FlopsPerSecond = Chip.Get("H100").Bf16Flops * 0.4,
        Link = Link.Get("InfiniBand NDR"),
        Processes = 1,
        Tokens = 1 << 22,
    };

    [Fact]
    public void Two_processes_send_each_gradient_once_and_many_send_it_twice()
    {
        Assert.Equal(4e6, TrafficCount.Gradients(1e6, 2));
        Assert.Equal(0, TrafficCount.Gradients(1e6, 1));
        Assert.Equal(8e6, TrafficCount.Gradients(1e6, 1024), 1e4);
    }

    [Fact]
    public void A_token_crosses_four_times_for_each_expert_in_each_layer()
    {
        // 32 layers, 2 experts a token, 4,096 numbers of 4 bytes; there and back, forward and backward; one of two tokens is at home.
        Assert.Equal(4.0 * 32 * 2 * 4096 * 4 / 2, TrafficCount.Experts(Mixtral.Model, 1, 2));
        Assert.Equal(0, TrafficCount.Experts(Mixtral.Model, 1, 1));
        Assert.Equal(0, TrafficCount.Experts(TransformerPresets.Get("gpt2"), 1, 2));
    }

    [Fact]
    public void Slices_of_matrices_add_up_four_times_in_each_layer_and_stages_pass_a_vector_on()
    {
        // 32 layers, 4,096 numbers of 2 bytes; a sum among 8 sends 2·7/8 of them.
        Assert.Equal(4.0 * 32 * 4096 * 2 * 1.75 * 10, TrafficCount.Tensor(Mixtral.Model, 10, 8, bytes: 2));
        Assert.Equal(0, TrafficCount.Tensor(Mixtral.Model, 10, 1));
        Assert.Equal(2.0 * 10 * 4096 * 2, TrafficCount.Pipeline(Mixtral.Model, 10, 15, bytes: 2));
        Assert.Equal(0, TrafficCount.Pipeline(Mixtral.Model, 10, 1));
        Assert.Equal(TrafficCount.Experts(Mixtral.Model, 10, 8) / 2, TrafficCount.Experts(Mixtral.Model, 10, 8, bytes: 2));
        Assert.Equal(TrafficCount.Gradients(10, 8) / 2, TrafficCount.Gradients(10, 8, bytes: 2));
    }

    [Fact]
    public void Weak_scaling_keeps_its_efficiency_and_strong_scaling_loses_it()
    {
        var strong = Mixtral.Strong(UpTo1024);
        var weak = (Mixtral with { Tokens = 1 << 14 }).Weak(UpTo1024);
        Assert.Equal(1, strong[0].Efficiency);
        for (var i = 1; i < UpTo1024.Length; i++)
        {
            Assert.True(strong[i].Efficiency < strong[i - 1].Efficiency);
            Assert.Equal(weak[0].Compute, weak[i].Compute, 1e-9 * weak[0].Compute);
        }

        // Beyond two processes the bytes of a sum hardly grow.
        Assert.True(weak[^1].Exchange < 2.1 * weak[1].Exchange);
        Assert.True(strong[^1].Seconds < strong[0].Seconds);
        Assert.True((Mixtral with { Link = Link.Get("1 Gb Ethernet"), Processes = 64 }).Efficiency < Mixtral.Strong(64)[0].Efficiency);
    }

    [Fact]
    public void Spreading_experts_saves_their_gradients_and_costs_their_tokens()
    {
        var all = Mixtral with { Processes = 64 };
        var spread = all with { ExpertParallel = 8 };
        Assert.True(spread.GradientBytes < all.GradientBytes / 5);
        Assert.Equal(0, all.ExpertBytes);
        Assert.True(spread.ExpertBytes > 0);
    }

    [Fact]
    public void An_unknown_link_is_named() =>
        Assert.Contains("NVLink 4", Assert.Throws<ArgumentException>(() => Link.Get("string")).Message);
}
