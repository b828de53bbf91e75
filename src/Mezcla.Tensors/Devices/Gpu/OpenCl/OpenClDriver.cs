using System.Runtime.InteropServices;
using System.Text;

namespace Mezcla.Tensors.Devices.Gpu.OpenCl;

/// <summary>A device by OpenCL 1.2 or later, with one queue in order.</summary>
internal sealed unsafe class OpenClDriver : GpuDriver
{
    private const int StagingBytes = 4 << 20, LaunchesPerFlush = 16;

    private readonly nint device, context, queue;
    private readonly byte* staging = (byte*)NativeMemory.Alloc(StagingBytes);
    // The kernels of the library, then those that others add.
    private readonly List<nint> programs = [];
    private int staged, launched;
    private List<Action>? captured;

    internal OpenClDriver(int index, int? groupSize = null)
    {
        if (index < 0 || index >= OpenClDevices.All.Count)
            throw new DeviceException(OpenClDevices.All.Count == 0 ? $"opencl:{index}: {OpenClDevices.Missing}"
                : $"opencl:{index} does not exist; there are {string.Join("; ", OpenClDevices.All.Select(d => $"{d.Description.Name} ({d.Description.Hardware})"))}.");
        (device, Description) = OpenClDevices.All[index];
        // A tile of the matrix product takes 16 x 16 work items.
        GroupSize = groupSize ?? (Description.IsProcessor || OpenClDevices.Number(device, Cl.DeviceMaxWorkGroup) < 256 ? 1 : 256);
        int error;
        fixed (nint* id = &device)
            context = Cl.clCreateContext(null, 1, id, 0, 0, &error);
        Check(error, "clCreateContext");
        queue = Cl.clCreateCommandQueue(context, device, 0, &error);
        Check(error, "clCreateCommandQueue");
    }

    internal override string Name => Description.Name;

    internal override DeviceDescription Description { get; }

    internal override int GroupSize { get; }

    internal override nint Allocate(long bytes)
    {
        int error;
        nint buffer = Cl.clCreateBuffer(context, Cl.ReadWrite, (nuint)bytes, null, &error);
        return error == Cl.Success ? buffer : 0;
    }

    internal override void Free(nint address) => Check(Cl.clReleaseMemObject(address), "clReleaseMemObject");

    /// <summary>What is small goes through memory that stays until the device comes to it, so that the caller need not wait.</summary>
    internal override void Upload(ReadOnlySpan<byte> from, nint to, long offset)
    {
        bool waits = from.Length > StagingBytes - staged;
        fixed (byte* bytes = from)
        {
            if (!waits)
                from.CopyTo(new Span<byte>(staging + staged, from.Length));
            Check(Cl.clEnqueueWriteBuffer(queue, to, waits ? 1u : 0u, (nuint)offset, (nuint)from.Length, waits ? bytes : staging + staged, 0, null, null), "clEnqueueWriteBuffer");
        }
        staged = waits ? 0 : staged + from.Length;
        Waits += waits ? 1 : 0;
    }

    internal override void Read(nint from, long offset, byte* to, long bytes)
        => Check(Cl.clEnqueueReadBuffer(queue, from, 0, (nuint)offset, (nuint)bytes, to, 0, null, null), "clEnqueueReadBuffer");

    internal override void Copy(nint from, long fromOffset, nint to, long toOffset, long bytes)
    {
        if (captured is not null)
            captured.Add(() => Copy(from, fromOffset, to, toOffset, bytes));
        else
            Check(Cl.clEnqueueCopyBuffer(queue, from, to, (nuint)fromOffset, (nuint)toOffset, (nuint)bytes, 0, null, null), "clEnqueueCopyBuffer");
    }

    internal override void Compile(string source)
    {
        string key = $"{Description.Hardware}\n{Description.Driver}";
        if (KernelSource.Cached(source, key) is { } binary && FromBinary(binary))
            return;
        byte[] text = Encoding.ASCII.GetBytes(source);
        nint program;
        int error;
        fixed (byte* start = text)
        {
            byte* only = start;
            nuint length = (nuint)text.Length;
            program = Cl.clCreateProgramWithSource(context, 1, &only, &length, &error);
        }
        Check(error, "clCreateProgramWithSource");
        if (Build(program) is not Cl.Success and var failed)
            throw new DeviceException($"{Name} ({Description.Hardware}; {Description.Driver}) does not compile the kernels (error {failed}). Update its driver, or choose another device with MEZCLA_DEVICE. Its compiler says:\n{Log(program)}");
        programs.Add(program);
        nuint size;
        if (Cl.clGetProgramInfo(program, Cl.ProgramBinarySizes, (nuint)sizeof(nuint), &size, null) != Cl.Success || size == 0)
            return;
        var bytes = new byte[size];
        fixed (byte* start = bytes)
        {
            byte* only = start;
            if (Cl.clGetProgramInfo(program, Cl.ProgramBinaries, (nuint)sizeof(nint), &only, null) == Cl.Success)
                KernelSource.Keep(source, key, bytes);
        }
    }

    // A binary that the driver does not take, of an older version or damaged, is made anew.
    private bool FromBinary(byte[] binary)
    {
        nint program;
        int error, status;
        fixed (byte* start = binary)
        fixed (nint* id = &device)
        {
            byte* only = start;
            nuint length = (nuint)binary.Length;
            program = Cl.clCreateProgramWithBinary(context, 1, id, &length, &only, &status, &error);
        }
        if (error == Cl.Success && Build(program) == Cl.Success)
        {
            programs.Add(program);
            return true;
        }
        if (program != 0)
            Cl.clReleaseProgram(program);
        return false;
    }

    private int Build(nint program)
    {
        fixed (nint* id = &device)
            return Cl.clBuildProgram(program, 1, id, "-cl-std=CL1.2", 0, 0);
    }

    private string Log(nint program)
    {
        nuint length;
        if (Cl.clGetProgramBuildInfo(program, device, Cl.ProgramBuildLog, 0, null, &length) != Cl.Success)
            return "nothing";
        var text = new byte[length];
        fixed (byte* start = text)
            Cl.clGetProgramBuildInfo(program, device, Cl.ProgramBuildLog, length, start, null);
        return Encoding.UTF8.GetString(text).TrimEnd('\0');
    }

    internal override nint Kernel(string name)
    {
        nint kernel = 0;
        int error = Cl.InvalidKernelName;
        for (int i = 0; i < programs.Count && error == Cl.InvalidKernelName; i++)
            kernel = Cl.clCreateKernel(programs[i], name, &error);
        Check(error, $"clCreateKernel({name})");
        return kernel;
    }

    internal override void Launch(nint kernel, void** values, nuint* sizes, int count, long groups, int groupSize)
    {
        if (captured is not null)
        {
            Capture(kernel, values, sizes, count, groups, groupSize);
            return;
        }
        for (int i = 0; i < count; i++)
            Check(Cl.clSetKernelArg(kernel, (uint)i, sizes[i], values[i]), "clSetKernelArg");
        nuint local = (nuint)groupSize, global = (nuint)groups * local;
        Check(Cl.clEnqueueNDRangeKernel(queue, kernel, 1, null, &global, &local, 0, null, null), "clEnqueueNDRangeKernel");
        // A driver may hold back what it was asked for until somebody waits, which is only once a step.
        if (++launched % LaunchesPerFlush == 0)
            Check(Cl.clFlush(queue), "clFlush");
    }

    private void Capture(nint kernel, void** values, nuint* sizes, int count, long groups, int groupSize)
    {
        var arguments = new byte[count][];
        for (int i = 0; i < count; i++)
            arguments[i] = new Span<byte>(values[i], (int)sizes[i]).ToArray();
        captured!.Add(() =>
        {
            void** again = stackalloc void*[arguments.Length];
            nuint* lengths = stackalloc nuint[arguments.Length];
            var pins = new GCHandle[arguments.Length];
            for (int i = 0; i < arguments.Length; i++)
            {
                pins[i] = GCHandle.Alloc(arguments[i], GCHandleType.Pinned);
                again[i] = (void*)pins[i].AddrOfPinnedObject();
                lengths[i] = (nuint)arguments[i].Length;
            }
            Launch(kernel, again, lengths, arguments.Length, groups, groupSize);
            foreach (var pin in pins)
                pin.Free();
        });
    }

    internal override void BeginCapture() => captured = [];

    internal override GpuGraph EndCapture()
    {
        var graph = new Graph(captured!);
        captured = null;
        return graph;
    }

    // OpenCL 1.2 has no graphs: everything is asked for again, from a list.
    private sealed class Graph(List<Action> captured) : GpuGraph
    {
        internal override void Replay()
        {
            foreach (var action in captured)
                action();
        }

        public override void Dispose() => captured.Clear();
    }

    internal override void Synchronize()
    {
        Check(Cl.clFinish(queue), "clFinish");
        staged = 0;
        Waits++;
    }

    private void Check(int error, string function)
    {
        if (error == Cl.Success)
            return;
        string remedy = error is -4 or -5 or -6 ? "It ran out of memory: use a smaller batch or model, or lower Device.MemoryLimit."
            : "Update the driver, or choose another device with MEZCLA_DEVICE; mezcla doctor lists them.";
        throw new DeviceException($"OpenCL's {function} failed with error {error} on {Description?.Name} ({Description?.Hardware}; {Description?.Driver}). {remedy}");
    }
}
