using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

internal sealed unsafe partial class CpuKernels
{
    public override void Softmax(Handle x, Handle y, long rows, long n, bool log) =>
        SoftmaxKernels.Forward(Floats(x), Floats(y), rows, (int)n, log);

    public override void SoftmaxBackward(Handle y, Handle dy, Handle dx, long rows, long n, bool log, bool accumulate)
        => SoftmaxKernels.Backward(Floats(y), Floats(dy), Floats(dx), rows, (int)n, log, accumulate);

    public override void LogSumExp(Handle x, Handle y, long rows, long n) => SoftmaxKernels.LogSumExp(Floats(x), Floats(y), rows, (int)n);

    public override void LogSumExpBackward(Handle x, Handle y, Handle dy, Handle dx, long rows, long n, bool accumulate)
        => SoftmaxKernels.LogSumExpBackward(Floats(x), Floats(y), Floats(dy), Floats(dx), rows, (int)n, accumulate);

    public override long CrossEntropy(Handle x, Handle labels, Handle lse, Handle loss, long rows, long n, int ignore, float smoothing,
        in IndexCheck check)
        => CrossEntropyKernels.Forward(Floats(x), Ints(labels), Floats(lse), Floats(loss), rows, (int)n, ignore, smoothing);

    public override void CrossEntropyBackward(Handle x, Handle labels, Handle lse, Handle loss, Handle dloss, Handle dx, long rows, long n,
        int ignore, float smoothing, bool accumulate)
        => CrossEntropyKernels.Backward(Floats(x), Ints(labels), Floats(lse), Floats(loss)[1], *Floats(dloss), Floats(dx), rows, (int)n,
            ignore, smoothing, accumulate);

    public override void LayerNorm(Handle x, Handle weight, Handle bias, Handle y, Handle mean, Handle inverse, long rows, long n,
        float epsilon)
        => NormKernels.Forward(Floats(x), Floats(weight), Floats(bias), Floats(y), Floats(mean), Floats(inverse), rows, (int)n, epsilon);

    public override void LayerNormBackward(Handle x, Handle weight, Handle mean, Handle inverse, Handle dy, long rows, long n,
        Handle dx, bool accumulateX, Handle dWeight, bool accumulateWeight, Handle dBias, bool accumulateBias)
        => NormKernels.Backward(Floats(x), Floats(weight), Floats(mean), Floats(inverse), Floats(dy), rows, (int)n,
            Floats(dx), accumulateX, Floats(dWeight), accumulateWeight, Floats(dBias), accumulateBias);

    public override void RmsNorm(Handle x, Handle weight, Handle y, Handle inverse, long rows, long n, float epsilon)
        => NormKernels.Forward(Floats(x), Floats(weight), null, Floats(y), null, Floats(inverse), rows, (int)n, epsilon);

    public override void RmsNormBackward(Handle x, Handle weight, Handle inverse, Handle dy, long rows, long n,
        Handle dx, bool accumulateX, Handle dWeight, bool accumulateWeight)
        => NormKernels.Backward(Floats(x), Floats(weight), null, Floats(inverse), Floats(dy), rows, (int)n,
            Floats(dx), accumulateX, Floats(dWeight), accumulateWeight, null, false);
}
