namespace Mezcla.Layers;

/// <summary>Ranks and head parts of multi-head latent attention (DeepSeek-V2, section 2.1).</summary>
/// <param name="QueryRank">Rank of the compressed query; 0 for a full query projection.</param>
/// <param name="KeyValueRank">Rank of the compressed keys and values, which is what the cache holds.</param>
/// <param name="NopeHeadSize">Width of the part of a query/key head without rotary positions.</param>
/// <param name="RopeHeadSize">Width of the part of a query/key head with rotary positions; all heads share its key.</param>
/// <param name="ValueHeadSize">Width of a value head.</param>
public sealed record LatentAttentionConfig(int QueryRank, int KeyValueRank, int NopeHeadSize, int RopeHeadSize, int ValueHeadSize);
