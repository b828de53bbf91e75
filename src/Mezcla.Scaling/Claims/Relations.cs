namespace Mezcla.Scaling.Claims;

/// <summary>An equation or inequality between quantities.</summary>
/// <param name="Formula">An equation or inequality, such as
/// <c>total = experts * expert + shared</c>, with an optional tolerance after "within".</param>
/// <param name="Why">What it says in words.</param>
/// <param name="Line">Line of the file where it stands, from 1; 0 for those of <see cref="Relations"/>.</param>
public sealed record Relation(string Formula, string Why, int Line = 0);

/// <summary>
/// The built-in relations, which apply to every file of statements. A relation has an effect only if the statements determine all but one
/// of its quantities, so relations about quantities that a file does not mention do no harm. Every quantity is zero or more.
/// </summary>
public static class Relations
{
    /// <summary>All built-in relations. Statements use the names of their quantities.</summary>
    public static IReadOnlyList<Relation> BuiltIn { get; } =
    [
        new("total = experts * expert + shared", "all parameters are those of the experts and those that all tokens share"),
        new("active = top_k * expert + shared", "a token uses its chosen experts and what is shared"),
        new("top_k <= experts", "no token can choose more experts than there are"),
        new("attention <= shared", "attention is part of what is shared"),
        new("attention = layers * (2 + 2 * kv_share) * width^2",
            "four square matrices a layer; keys and values shrink with kv_share (1 multi-head, 0 multi-query)"),
        new("kv_share <= 1", "there are at most as many key/value heads as query heads"),
        new("expert = layers * expert_matrices * width * expert_width", "an expert is two matrices a layer, three where gated"),
        new("expert_width = expert_ratio * width", "feed-forward networks are some times as wide as the model"),
        new("width = heads * head_size", "heads share the width"),
        new("train_flops = 6 * active * tokens within 5%", "training takes 6 FLOPs for each active parameter and token"),
        new("flops_per_token = 2 * active within 10%",
            "reading a token takes 2 FLOPs for each active parameter, and attention a little more"),
        new("train_flops = gpus * days * 86400 * peak * mfu", "what the chips deliver is what the training takes"),
        new("mfu <= 1", "no chip exceeds its peak"),
        new("gpu_hours = gpus * days * 24", "chips times time"),
        new("cost = gpu_hours * price", "chip-hours times their price"),
        new("weight_bytes = total * bytes_per_weight", "every parameter is stored"),
        new("weight_bytes_per_gpu * inference_gpus = weight_bytes", "weights are spread over the chips"),
        new("expert_batch = batch * top_k / experts", "a batch is spread over the experts, evenly on average"),
        new("tokens_per_parameter = tokens / active", "data against size; of a mixture, against the active one"),
    ];
}
