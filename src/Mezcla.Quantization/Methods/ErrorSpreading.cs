using MathNet.Numerics.LinearAlgebra;
using Mezcla.Tensors.Cpu;

namespace Mezcla.Quantization.Methods;

/// <summary>Gives the value that replaces a weight when its column is reached.</summary>
/// <param name="row">The row.</param>
/// <param name="column">The column, in the order of the walk.</param>
/// <param name="row_">The row's weights as they are now.</param>
internal delegate float Replacement(int row, int column, ReadOnlySpan<float> row_);

/// <summary>
/// The walk that GPTQ (Frantar et al. 2023, algorithm 1) and SparseGPT (Frantar and Alistarh 2023) share: columns are replaced in order,
/// and the columns that are not yet replaced are adjusted to compensate the change of the outputs as well as possible. With H = 2·XᵀX + λI
/// and U
/// the upper Cholesky factor of H⁻¹, a change of (w − q)/U_jj is taken from column k &gt; j with weight U_jk.
/// Updates beyond a block of columns wait until the block is done and are then one matrix product.
/// </summary>
internal sealed unsafe class ErrorSpreading
{
    private readonly int _columns;
    private readonly float[] _factor;

    private ErrorSpreading(int columns, float[] factor) => (_columns, _factor) = (columns, factor);

    /// <summary>U_jj. A change of column j that later columns compensate costs a squared output error proportional to (w −
    /// q)²/U_jj².</summary>
    public float Diagonal(int column) => _factor[column * _columns + column];

    /// <summary>Factors the Hessian of some inputs.</summary>
    /// <param name="inputs">The inputs.</param>
    /// <param name="damping">The damping λ as a fraction of the mean of the diagonal.</param>
    /// <param name="order">The order of the walk: the column of each place.</param>
    /// <exception cref="ArgumentException">The damped matrix still cannot be factored.</exception>
    public static ErrorSpreading From(InputStatistics inputs, double damping, IReadOnlyList<int> order)
    {
        var n = inputs.Columns;
        var gram = inputs.Gram;
        var mean = 0.0;
        for (var j = 0; j < n; j++)
            mean += 2.0 * gram[j * n + j] / n;
        var hessian = Matrix<double>.Build.Dense(n, n);
        for (var i = 0; i < n; i++)
            for (var j = 0; j < n; j++)
                hessian[i, j] = (double)gram[order[i] * n + order[j]] + gram[order[j] * n + order[i]];
        // An expert that no token chose has no inputs and so no error to compensate; its factor is the identity.
        for (var j = 0; j < n; j++)
            hessian[j, j] += mean > 0 ? damping * mean : 1;
        Matrix<double> lower;
        try
        {
            lower = hessian.Cholesky().Solve(Matrix<double>.Build.DenseIdentity(n)).Cholesky().Factor;
        }
        catch (ArgumentException e)
        {
            throw new ArgumentException(
                $"The inputs' Hessian cannot be factored with a damping of {damping}: raise it, or calibrate on more text.",
                nameof(damping), e);
        }
        var factor = new float[n * n];
        for (var j = 0; j < n; j++)
            for (var k = j; k < n; k++)
                factor[j * n + k] = (float)lower[k, j];
        return new(n, factor);
    }

    /// <summary>Replaces every weight of W [rows, columns], in place.</summary>
    /// <param name="weights">W, its columns in the order of the walk.</param>
    /// <param name="block">Columns whose updates are applied at once.</param>
    /// <param name="begin">Called for each row when a block begins, with the block's first column, its end, and the row.</param>
    /// <param name="replace">Gives the value that replaces a weight.</param>
    public void Run(float[] weights, int block, Action<int, int, int, float[]>? begin, Replacement replace)
    {
        var rows = weights.Length / _columns;
        var errors = new float[rows * block];
        for (var first = 0; first < _columns; first += block)
        {
            var (start, end) = (first, Math.Min(first + block, _columns));
            Parallel.For(0, rows, row =>
            {
                begin?.Invoke(row, start, end, weights);
                var w = weights.AsSpan(row * _columns, _columns);
                for (var j = start; j < end; j++)
                {
                    var u = _factor.AsSpan(j * _columns, _columns);
                    var q = replace(row, j, w);
                    var error = (w[j] - q) / u[j];
                    w[j] = q;
                    errors[row * block + j - start] = error;
                    for (var k = j + 1; k < end; k++)
                        w[k] -= error * u[k];
                }
            });
            if (end == _columns)
                break;
            fixed (float* e = errors, u = _factor, w = weights)
                Gemm.Multiply(false, false, rows, _columns - end, end - start, -1, e, block, u + start * _columns + end, _columns, 1,
                    w + end, _columns);
        }
    }
}
