namespace Mezcla.Tensors.Tests.Operations;

/// <summary>On the plain device, the reference of the others.</summary>
public sealed class PlainOperationTests : OperationTests
{
    protected override Device Device => Device.Plain;
}
