using System.Runtime.InteropServices;

namespace Mezcla.Tensors.Torch;

internal static class TorchLibrary
{
    private static nint s_binding;
    internal static void Load(bool cuda)
    {
        if (s_binding != 0) return;
        var home = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        var dir = Path.Combine(home, "libtorch-cpu-linux-x64/2.10.0/runtimes/linux-x64/native");
        foreach (var n in new[] { "libc10.so", "libtorch_cpu.so", "libtorch.so" }) NativeLibrary.Load(Path.Combine(dir, n));
        s_binding = NativeLibrary.Load("/tmp/ts/libLibTorchSharp.so");
        NativeLibrary.SetDllImportResolver(typeof(TorchLibrary).Assembly, (name, _, _) => name == "LibTorchSharp" ? s_binding : 0);
    }
}
