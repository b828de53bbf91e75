namespace Mezcla.Tensors.Devices.Cpu;

internal sealed unsafe partial class CpuKernels
{
    internal override void Rotary(Handle x, Handle cos, Handle sin, Handle y, in RotaryLayout layout, bool inverse, bool accumulate)
    {
        float* from = Floats(x), to = Floats(y);
        int pairs = layout.Rotated / 2;
        for (long row = 0; row < layout.Blocks * layout.Time * layout.Heads; row++, from += layout.Size, to += layout.Size)
        {
            long position = row / layout.Heads % layout.Time + layout.Start;
            float* c = Floats(cos) + position * pairs, s = Floats(sin) + position * pairs;
            for (int i = 0; i < pairs; i++)
            {
                int first = layout.Interleaved ? 2 * i : i, second = layout.Interleaved ? 2 * i + 1 : i + pairs;
                float turn = inverse ? -s[i] : s[i], a = from[first] * c[i] - from[second] * turn, b = from[first] * turn + from[second] * c[i];
                to[first] = accumulate ? to[first] + a : a;
                to[second] = accumulate ? to[second] + b : b;
            }
            for (int i = layout.Rotated; i < layout.Size; i++)
                to[i] = accumulate ? to[i] + from[i] : from[i];
        }
    }

    // Keys from (inclusive) and to (exclusive) that a query sees.
    private static (int From, int To) Visible(in AttentionLayout layout, int query)
    {
        int position = layout.QueryOffset + query;
        return (layout.Window > 0 ? Math.Max(0, position - layout.Window + 1) : 0, layout.Causal ? Math.Min(layout.Keys, position + 1) : layout.Keys);
    }

    private static float* At(Handle handle, in HeadStrides strides, int batch, int head, int row)
        => Floats(handle) + batch * strides.Batch + head * strides.Head + row * strides.Row;

    internal override void Attention(in AttentionLayout layout, Handle q, Handle k, Handle v, Handle sinks, Handle o, Handle lse)
    {
        int group = layout.Heads / Math.Max(layout.KeyHeads, 1);
        for (int b = 0; b < layout.Batch; b++)
            for (int h = 0; h < layout.Heads; h++)
                for (int t = 0; t < layout.Queries; t++)
                {
                    float* query = At(q, layout.Q, b, h, t), result = At(o, layout.O, b, h, t);
                    new Span<float>(result, layout.ValueSize).Clear();
                    float max = sinks.IsNull ? float.NegativeInfinity : Floats(sinks)[h], sum = sinks.IsNull ? 0 : 1;
                    var (from, to) = Visible(layout, t);
                    for (int s = from; s < to; s++)
                    {
                        float score = layout.Scale * Dot(query, At(k, layout.K, b, h / group, s), layout.HeadSize);
                        float* value = At(v, layout.V, b, h / group, s);
                        float next = MathF.Max(max, score), keep = max == next ? 1 : MathF.Exp(max - next), weight = MathF.Exp(score - next);
                        sum = sum * keep + weight;
                        for (int i = 0; i < layout.ValueSize; i++)
                            result[i] = result[i] * keep + weight * value[i];
                        max = next;
                    }
                    for (int i = 0; i < layout.ValueSize && sum > 0; i++)
                        result[i] /= sum;
                    Floats(lse)[((long)b * layout.Heads + h) * layout.Queries + t] = max + MathF.Log(sum);
                }
    }

    internal override void AttentionBackward(in AttentionLayout layout, Handle q, Handle k, Handle v, Handle sinks, Handle o, Handle lse, Handle dO,
        Handle dq, bool accumulateQ, Handle dk, bool accumulateK, Handle dv, bool accumulateV, Handle dSinks, bool accumulateSinks)
    {
        int group = layout.Heads / Math.Max(layout.KeyHeads, 1);
        Prepare(dq, layout.Q, layout.Batch, layout.Heads, layout.Queries, layout.HeadSize, accumulateQ);
        Prepare(dk, layout.K, layout.Batch, layout.KeyHeads, layout.Keys, layout.HeadSize, accumulateK);
        Prepare(dv, layout.V, layout.Batch, layout.KeyHeads, layout.Keys, layout.ValueSize, accumulateV);
        if (!dSinks.IsNull && !accumulateSinks)
            Fill(dSinks, layout.Heads, 0);
        for (int b = 0; b < layout.Batch; b++)
            for (int h = 0; h < layout.Heads; h++)
                for (int t = 0; t < layout.Queries; t++)
                {
                    float* query = At(q, layout.Q, b, h, t), g = At(dO, layout.O, b, h, t);
                    float total = Floats(lse)[((long)b * layout.Heads + h) * layout.Queries + t], along = Dot(g, At(o, layout.O, b, h, t), layout.ValueSize);
                    var (from, to) = Visible(layout, t);
                    for (int s = from; s < to; s++)
                    {
                        float* key = At(k, layout.K, b, h / group, s), value = At(v, layout.V, b, h / group, s);
                        float p = MathF.Exp(layout.Scale * Dot(query, key, layout.HeadSize) - total), d = layout.Scale * p * (Dot(g, value, layout.ValueSize) - along);
                        if (!dq.IsNull)
                            AddScaled(key, d, At(dq, layout.Q, b, h, t), layout.HeadSize);
                        if (!dk.IsNull)
                            AddScaled(query, d, At(dk, layout.K, b, h / group, s), layout.HeadSize);
                        if (!dv.IsNull)
                            AddScaled(g, p, At(dv, layout.V, b, h / group, s), layout.ValueSize);
                    }
                    if (!dSinks.IsNull)
                        Floats(dSinks)[h] -= MathF.Exp(Floats(sinks)[h] - total) * along;
                }
    }

    private static void Prepare(Handle target, in HeadStrides strides, int batch, int heads, int rows, int size, bool accumulate)
    {
        if (target.IsNull || accumulate)
            return;
        for (int b = 0; b < batch; b++)
            for (int h = 0; h < heads; h++)
                for (int r = 0; r < rows; r++)
                    new Span<float>(At(target, strides, b, h, r), size).Clear();
    }

    private static float Dot(float* a, float* b, int n)
    {
        float sum = 0;
        for (int i = 0; i < n; i++)
            sum += a[i] * b[i];
        return sum;
    }

    private static void AddScaled(float* x, float factor, float* y, int n)
    {
        for (int i = 0; i < n; i++)
            y[i] += factor * x[i];
    }

    internal override void AdamW(Handle parameter, Handle gradient, Handle m, Handle v, long n, in AdamWStep step)
    {
        float* p = Floats(parameter), g = Floats(gradient), first = Floats(m), second = Floats(v);
        float keep = 1 - step.LearningRate * step.WeightDecay, rate = step.LearningRate / step.Correction1, root = 1 / MathF.Sqrt(step.Correction2);
        for (long i = 0; i < n; i++)
        {
            float d = g[i] * step.GradientScale;
            first[i] = step.Beta1 * first[i] + (1 - step.Beta1) * d;
            second[i] = step.Beta2 * second[i] + (1 - step.Beta2) * d * d;
            p[i] = keep * p[i] - rate * first[i] / (MathF.Sqrt(second[i]) * root + step.Epsilon);
        }
    }
}
