namespace Mezcla.Tensors.Tests.Operations;

/// <summary>On the processor.</summary>
public sealed class CpuOperationTests : OperationTests
{
    protected override Device Device => Device.Cpu;
}
