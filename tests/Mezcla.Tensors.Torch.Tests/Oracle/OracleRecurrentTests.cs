using Mezcla.Experiments.Comparisons;
using Mezcla.Layers;
using Mezcla.Tests;
using TorchSharp;

namespace Mezcla.Tensors.Torch.Tests.Oracle;

/// <summary>The recurrent models of the comparisons are TorchSharp's LSTM and GRU.</summary>
public sealed class OracleRecurrentTests
{
    private const int Vocabulary = 5, Width = 3, Depth = 2;

    private static readonly int[] Ids = [0, 3, 1, 4, 2, 2], Labels = [3, 1, 4, 2, 2, 0];

    // Ours has the LSTM's gates in the order i f o g, TorchSharp i f g o.
    [Theory]
    [InlineData(RecurrentCell.Lstm, new[] { 0, 1, 3, 2 })]
    [InlineData(RecurrentCell.Gru, new[] { 0, 1, 2 })]
    public void Cells_compute_what_TorchSharps_do(RecurrentCell cell, int[] gates)
    {
        TorchDevice.Require();
        var model = new RecurrentModel(new(Vocabulary, Ids.Length, Depth, Width, cell), new RandomStream(1));
        var count = 0;
        foreach (var (_, tensor) in model.NamedParameters())
            Module.Assign(tensor, [.. Enumerable.Range(0, (int)tensor.Count).Select(_ => (float)(Math.Sin(++count) / 2))]);
        var weights = model.NamedParameters().ToDictionary(p => p.Name,
            p => torch.tensor(p.Tensor.ToArray(), [.. p.Tensor.Shape.ToArray().Select(size => (long)size)], torch.ScalarType.Float64));

        using var noGrad = torch.no_grad();
        var x = weights["embedding.weight"].index_select(0, torch.tensor(Ids, torch.ScalarType.Int64)).unsqueeze(0);
        torch.nn.Module net = cell == RecurrentCell.Lstm
            ? torch.nn.LSTM(Width, Width, Depth, batchFirst: true) : torch.nn.GRU(Width, Width, Depth, batchFirst: true);
        // In float32, libtorch takes oneDNN's LSTM, whose results are off by 1e-4 where the processor has AVX-512.
        net.to(torch.ScalarType.Float64);
        var rows = torch.cat([.. gates.Select(gate => torch.arange(gate * Width, (gate + 1) * Width))]);
        for (var layer = 0; layer < Depth; layer++)
        {
            foreach (var (here, there) in (ReadOnlySpan<(string, string)>)[("input", "ih"), ("state", "hh")])
            {
                net.get_parameter($"weight_{there}_l{layer}")!.copy_(weights[$"cells.{layer}.{here}.weight"].index_select(0, rows));
                net.get_parameter($"bias_{there}_l{layer}")!.copy_(weights[$"cells.{layer}.{here}.bias"].index_select(0, rows));
            }
        }

        var hidden = net is TorchSharp.Modules.LSTM lstm ? lstm.call(x).Item1 : ((TorchSharp.Modules.GRU)net).call(x).Item1;
        var logits = torch.nn.functional.linear(hidden, weights["head.weight"], weights["head.bias"]);
        var loss = torch.nn.functional.cross_entropy(logits[0], torch.tensor(Labels, torch.ScalarType.Int64));

        var ids = Tensor.From(Ids, 1, Ids.Length);
        foreach (var (expected, obtained) in logits.contiguous().data<double>().ToArray().Zip(model.Logits(ids).ToArray()))
            Assert.Equal(expected, obtained, 2e-6);
        Assert.Equal(loss.ToDouble(), model.Loss(ids, Tensor.From(Labels, 1, Ids.Length)).CrossEntropy.Item(), 2e-6);
    }
}
