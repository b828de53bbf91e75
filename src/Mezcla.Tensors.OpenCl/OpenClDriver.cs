using System.Runtime.InteropServices;
using System.Text;
using Silk.NET.OpenCL;

namespace Mezcla.Tensors.OpenCl;

/// <summary>A device by OpenCL 1.2 or later, with one queue in order.</summary>
internal unsafe class OpenClDriver
{
    private const int Success = 0, InvalidKernelName = -46, StagingBytes = 4 << 20, LaunchesPerFlush = 16;

    private readonly CL _api;
    private readonly nint _device, _context, _queue;
    private readonly byte* _staging = (byte*)NativeMemory.Alloc(StagingBytes);
    // The kernels of this assembly, then those that others add.
    private readonly List<nint> _programs = [];
    private int _staged, _launched;

    internal OpenClDriver(int index, int? groupSize = null)
    {
        if (index < 0 || index >= OpenClDevices.All.Count)
            throw new DeviceException(OpenClDevices.All.Count == 0 ? $"opencl:{index}: {OpenClDevices.Missing}"
                : $"opencl:{index} does not exist; there are " +
                    $"{string.Join("; ", OpenClDevices.All.Select(d => $"{d.Description.Name} ({d.Description.Hardware})"))}.");
        _api = OpenClLibrary.Api!;
        (_device, Description) = OpenClDevices.All[index];
        // A tile of the matrix product takes 16 x 16 work items.
        GroupSize = groupSize ?? (Description.IsProcessor || OpenClDevices.Number(_device, DeviceInfo.MaxWorkGroupSize) < 256 ? 1 : 256);
        int error;
        fixed (nint* id = &_device)
            _context = _api.CreateContext(null, 1, id, null, null, &error);
        Check(error, "clCreateContext");
        _queue = _api.CreateCommandQueue(_context, _device, CommandQueueProperties.None, &error);
        Check(error, "clCreateCommandQueue");
    }

    internal string Name => Description.Name;

    internal DeviceDescription Description { get; }

    internal int GroupSize { get; }

    /// <summary>How often the program waited, here and where the memory for uploads was full.</summary>
    internal long Waits { get; private set; }

    internal nint Allocate(long bytes)
    {
        int error;
        var buffer = _api.CreateBuffer(_context, MemFlags.ReadWrite, (nuint)bytes, null, &error);
        return error == Success ? buffer : 0;
    }

    internal void Free(nint address) => Check(_api.ReleaseMemObject(address), "clReleaseMemObject");

    /// <summary>Small uploads are copied to memory that is kept until the device has read it, so the caller need not wait.</summary>
    internal void Upload(ReadOnlySpan<byte> from, nint to, long offset)
    {
        var waits = from.Length > StagingBytes - _staged;
        fixed (byte* bytes = from)
        {
            if (!waits)
                from.CopyTo(new Span<byte>(_staging + _staged, from.Length));
            Check(_api.EnqueueWriteBuffer(_queue, to, waits, (nuint)offset, (nuint)from.Length, waits ? bytes : _staging + _staged, 0, null,
                null), "clEnqueueWriteBuffer");
        }
        _staged = waits ? 0 : _staged + from.Length;
        Waits += waits ? 1 : 0;
    }

    internal virtual void Read(nint from, long offset, byte* to, long bytes)
        => Check(_api.EnqueueReadBuffer(_queue, from, false, (nuint)offset, (nuint)bytes, to, 0, null, null), "clEnqueueReadBuffer");

    internal void Copy(nint from, long fromOffset, nint to, long toOffset, long bytes)
    {
        Check(_api.EnqueueCopyBuffer(_queue, from, to, (nuint)fromOffset, (nuint)toOffset, (nuint)bytes, 0, null, null),
            "clEnqueueCopyBuffer");
    }

    internal void Compile(string source)
    {
        var key = $"{Description.Hardware}\n{Description.Driver}";
        if (KernelSource.Cached(source, key) is { } binary && FromBinary(binary))
            return;
        var text = Encoding.ASCII.GetBytes(source);
        nint program;
        int error;
        fixed (byte* start = text)
        {
            var only = start;
            var length = (nuint)text.Length;
            program = _api.CreateProgramWithSource(_context, 1, &only, &length, &error);
        }
        Check(error, "clCreateProgramWithSource");
        if (Build(program) is not Success and var failed)
            throw new DeviceException(
                $"{Name} ({Description.Hardware}; {Description.Driver}) does not compile the kernels (error {failed}). Update its " +
                    $"driver, or choose another device with MEZCLA_DEVICE. Its compiler says:\n{Log(program)}");
        _programs.Add(program);
        nuint size;
        if (_api.GetProgramInfo(program, ProgramInfo.BinarySizes, (nuint)sizeof(nuint), &size, null) != Success || size == 0)
            return;
        var bytes = new byte[size];
        fixed (byte* start = bytes)
        {
            var only = start;
            if (_api.GetProgramInfo(program, ProgramInfo.Binaries, (nuint)sizeof(nint), &only, null) == Success)
                KernelSource.Keep(source, key, bytes);
        }
    }

    // If the driver rejects a stored binary, because it is damaged or from an older version, the program is compiled again.
    private bool FromBinary(byte[] binary)
    {
        nint program;
        int error, status;
        fixed (byte* start = binary)
        fixed (nint* id = &_device)
        {
            var only = start;
            var length = (nuint)binary.Length;
            program = _api.CreateProgramWithBinary(_context, 1, id, &length, &only, &status, &error);
        }
        if (error == Success && Build(program) == Success)
        {
            _programs.Add(program);
            return true;
        }
        if (program != 0)
            _api.ReleaseProgram(program);
        return false;
    }

    private int Build(nint program)
    {
        fixed (nint* id = &_device)
            return _api.BuildProgram(program, 1, id, "-cl-std=CL1.2", null, null);
    }

    private string Log(nint program)
    {
        nuint length;
        if (_api.GetProgramBuildInfo(program, _device, ProgramBuildInfo.BuildLog, 0, null, &length) != Success)
            return "nothing";
        var text = new byte[length];
        fixed (byte* start = text)
            _api.GetProgramBuildInfo(program, _device, ProgramBuildInfo.BuildLog, length, start, null);
        return Encoding.UTF8.GetString(text).TrimEnd('\0');
    }

    internal nint Kernel(string name)
    {
        nint kernel = 0;
        var error = InvalidKernelName;
        for (var i = 0; i < _programs.Count && error == InvalidKernelName; i++)
            kernel = _api.CreateKernel(_programs[i], name, &error);
        Check(error, $"clCreateKernel({name})");
        return kernel;
    }

    internal virtual void Launch(nint kernel, void** values, nuint* sizes, int count, long groups, int groupSize)
    {
        for (var i = 0; i < count; i++)
            Check(_api.SetKernelArg(kernel, (uint)i, sizes[i], values[i]), "clSetKernelArg");
        nuint local = (nuint)groupSize, global = (nuint)groups * local;
        Check(_api.EnqueueNdrangeKernel(_queue, kernel, 1, null, &global, &local, 0, null, null), "clEnqueueNDRangeKernel");
        // A driver may delay submitted work until somebody waits for it, and the program waits only once per step.
        if (++_launched % LaunchesPerFlush == 0)
            Check(_api.Flush(_queue), "clFlush");
    }

    internal void Synchronize()
    {
        Check(_api.Finish(_queue), "clFinish");
        _staged = 0;
        Waits++;
    }

    private void Check(int error, string function)
    {
        if (error == Success)
            return;
        var remedy = error is -4 or -5 or -6 ? "It ran out of memory: use a smaller batch or model, or lower Device.MemoryLimit."
            : "Update the driver, or choose another device with MEZCLA_DEVICE; mezcla doctor lists them.";
        throw new DeviceException(
            $"OpenCL's {function} failed with error {error} on {Description?.Name} " +
                $"({Description?.Hardware}; {Description?.Driver}). {remedy}");
    }
}
