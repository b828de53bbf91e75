namespace Mezcla.MixtureOfExperts;

/// <summary>A router without parameters: its logits are zero and its weights equal.</summary>
internal abstract class FixedRouter(MixtureOfExpertsConfig experts) : Router(experts)
{
    internal override RoutingDecision Route(Tensor tokens, ForwardContext context)
    {
        var count = tokens.Size(0);
        Tensor Even(float value, int columns) => Tensor.Full(value, count, columns).To(tokens.Device);
        return new TokenChoice(Even(0, Config.Experts), Even(1f / Config.Experts, Config.Experts), Choose(tokens, context),
            Even(1f / Config.TopK, Config.TopK));
    }

    /// <summary>The experts of each token, Int32 [N, k].</summary>
    protected abstract Tensor Choose(Tensor tokens, ForwardContext context);

    /// <summary>Chooses k different experts for each of <paramref name="rows"/> rows.</summary>
    protected int[] DrawExperts(RandomStream random, int rows)
    {
        var drawn = new int[rows * Config.TopK];
        var deck = Enumerable.Range(0, Config.Experts).ToArray();
        for (var row = 0; row < rows; row++)
        {
            for (var i = 0; i < Config.TopK; i++)
            {
                var j = i + random.NextInt(Config.Experts - i);
                (deck[i], deck[j]) = (deck[j], deck[i]);
                drawn[row * Config.TopK + i] = deck[i];
            }
        }

        return drawn;
    }
}
