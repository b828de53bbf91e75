namespace Mezcla.MixtureOfExperts;

/// <summary>Brings tokens to experts that are spread over several processes, and their answers back (GShard, section 3).</summary>
public interface IExpertExchange
{
    /// <summary>Computes the experts' answers to rows; gradients flow both ways.</summary>
    /// <param name="rows">The rows of this process, sorted by expert, [M, d].</param>
    /// <param name="offsets">Int32 [E + 1]: expert e of all E has the rows from offsets[e] to before offsets[e + 1].</param>
    /// <param name="experts">Computes the experts that this process holds: rows sorted by expert [n, d], the expert of each, Int32 [n],
    /// counted from its first, and their offsets, to answers [n, d].</param>
    /// <returns>An answer for each of the rows, in their order, [M, d]; zeros for rows after the last offset.</returns>
    Tensor Compute(Tensor rows, Tensor offsets, Func<Tensor, Tensor, Tensor, Tensor> experts);
}
