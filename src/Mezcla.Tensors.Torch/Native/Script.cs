using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;

namespace Mezcla.Tensors.Torch.Native;

/// <summary>
/// The functions of the folder Scripts, in TorchScript: Python of which libtorch itself is the compiler and interpreter, so that one call
/// runs several of its operations, among them those that write into memory which is there
/// (<c>out=</c>) and the derivatives that TorchSharp's own functions leave to its tape.
/// </summary>
internal sealed unsafe class Script
{
    private readonly nint _unit;

    // Where the interpreter puts its result: nothing, or one tensor.
    [ThreadStatic]
    private static LibTorch.Value* _result;

    internal Script(params ReadOnlySpan<string> files)
    {
        var source = new StringBuilder();
        foreach (var file in files)
        {
            using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"Mezcla.Tensors.Torch.{file}.py")
                ?? throw new DeviceException($"The script {file}.py is not in {Assembly.GetExecutingAssembly().GetName().Name}.");
            using var reader = new StreamReader(stream);
            source.Append(reader.ReadToEnd()).Append('\n');
        }

        var text = Marshal.StringToCoTaskMemUTF8(source.ToString());
        _unit = LibTorch.THSJIT_compile((byte*)text);
        Marshal.FreeCoTaskMem(text);
        LibTorch.Check($"The scripts {string.Join(", ", files.ToArray())} do not compile");
    }

    /// <summary>Calls a function that returns nothing, and releases the arguments.</summary>
    internal void Run(ReadOnlySpan<byte> function, params ReadOnlySpan<Argument> arguments) => Call(function, arguments, null);

    /// <summary>Calls a function that returns a tensor, which the caller releases, and releases the arguments.</summary>
    internal nint Make(ReadOnlySpan<byte> function, params ReadOnlySpan<Argument> arguments)
    {
        LibTorch.Value result = default;
        Call(function, arguments, &result);
        return result.Handle;
    }

    private void Call(ReadOnlySpan<byte> function, ReadOnlySpan<Argument> arguments, LibTorch.Value* result)
    {
        LibTorch.Value nothing;
        _result = result == null ? &nothing : result;
        var values = stackalloc LibTorch.Value[arguments.Length];
        for (var i = 0; i < arguments.Length; i++)
            values[i] = arguments[i].Value;
        sbyte type;
        fixed (byte* name = function)
            LibTorch.THSJIT_CompilationUnit_Invoke(_unit, name, values, arguments.Length, &Room, &type, 0);
        foreach (ref readonly var argument in arguments)
            argument.Release();
        if (LibTorch.Failure() is { } failure)
            throw new DeviceException($"{Encoding.UTF8.GetString(function)}: libtorch says: {failure.Trim()}");
    }

    [UnmanagedCallersOnly]
    private static LibTorch.Value* Room(int index, nuint count) => count == 1 ? _result : null;
}
