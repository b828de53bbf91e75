using System.Globalization;
using Mezcla.Benchmarks;
using Mezcla.Tensors;
using Mezcla.Tensors.Cpu;

var verb = args is [var first, ..] && !first.StartsWith('-') ? first : "run";
var options = new Dictionary<string, string>();
foreach (var arg in args.Skip(verb == "run" ? 0 : 1))
{
    if (arg.StartsWith("--", StringComparison.Ordinal))
        options[arg[2..]] = "";
    else if (options.Count > 0)
        options[options.Keys.Last()] = arg;
    else
        return Usage();
}
string[] known = ["only", "threads", "rounds", "seconds", "cpu", "output", "peer", "prompt", "tokens", "layers", "simd", "device"];
if (options.Keys.Except(known).Any() || !Number("threads", Environment.ProcessorCount, out var threads)
    || !Number("rounds", 5, out var rounds) || !Number("seconds", 2, out var seconds)
    || !Number("prompt", 512, out var prompt) || !Number("tokens", 32, out var tokens) || !Number("layers", 16, out var layers))
    return Usage();
var only = options.GetValueOrDefault("only", "").Split(',', StringSplitOptions.RemoveEmptyEntries);
var processorTime = options.ContainsKey("cpu");
CpuThreads.Count = threads;
if (options.TryGetValue("simd", out var width) && Enum.TryParse<SimdLevel>("Vector" + width, out var level) && level <= Simd.Best)
    Simd.Level = level;

Device device;
try
{
    // The other side opens no device of ours.
    device = verb == "peer" ? Device.Cpu : options.TryGetValue("device", out var chosen) ? Device.Parse(chosen, "--device") : Device.Best;
}
catch (Exception error) when (error is ArgumentException or DeviceException)
{
    Console.Error.WriteLine(error.Message);
    return 1;
}

switch (verb)
{
    case "run":
        foreach (var name in only.Length > 0 ? only : ModelBenchmark.Names)
        {
            var benchmark = ModelBenchmark.Named(name, device);
            var speeds = Enumerable.Range(0, rounds).Select(_ => benchmark.Measure(seconds, processorTime)).Order().ToArray();
            Console.WriteLine(FormattableString.Invariant($"{name} {speeds[rounds / 2]:F1}"));
        }
        return 0;
    case "compare":
        return Comparison.Run(only.Length > 0 ? only : ModelBenchmark.Names, threads, rounds, seconds, processorTime,
            options.GetValueOrDefault("peer"));
    case "overhead":
        return OverheadBenchmark.Run(only.Length > 0 ? only : OverheadBenchmark.Names, threads, rounds, seconds, processorTime, args);
    case "peer":
        return TorchServer.Run(threads, seconds, processorTime, options.GetValueOrDefault("device", "torch:cpu")["torch:".Length..]);
    case "gpu":
        return GpuBenchmark.Run(only.Length > 0 ? only : GpuBenchmark.Names, device, threads, seconds);
    case "matmul":
        return MatMulBenchmark.Run(only, options.ContainsKey("threads") ? [threads] : [1, 2], rounds);
    case "ceiling":
        return CeilingBenchmark.Run(only.Length > 0 ? only : ["train_S", "train_M", "train_L"], rounds, seconds);
    case "growth":
        return GrowthBenchmark.Run(seconds, rounds, options.GetValueOrDefault("output", "."));
    case "experts":
        foreach (var letter in only.Length > 0 ? only : ["M"])
            ExpertsBenchmark.Run(letter, threads, rounds, seconds, processorTime);
        return 0;
    case "llama" or "olmoe":
        return LlamaBenchmark.Run(verb == "olmoe", only.Length > 0 ? only : ["Q8_0", "Q4_0"], options.GetValueOrDefault("peer"),
            options.ContainsKey("threads") ? [threads] : [.. Enumerable.Range(1, Environment.ProcessorCount)], rounds, prompt, tokens,
            layers);
    case "tokenizers":
        return TokenizerBenchmark.Run(only.Length > 0 ? only : TokenizerBenchmark.Names, options.GetValueOrDefault("peer"), rounds);
    default:
        return Usage();
}

bool Number(string name, int standard, out int value)
{
    value = standard;
    return !options.TryGetValue(name, out var text)
        || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value > 0);
}

static int Usage()
{
    Console.Error.WriteLine($"""
        usage: dotnet run -c Release --project tests/Mezcla.Benchmarks -- [verb] [options]

          (no verb)   each benchmark's median, a line "name tokens_per_s"
          compare     each in turn with TorchSharp, and with PyTorch where it is installed, round by round, and the ratios
          overhead    training on torch:cpu in turn with the same models written directly in TorchSharp
          peer        TorchSharp's side of compare and gpu: answers names on standard input with speeds
          matmul      matrix products of transformer shapes, in turn with OpenBLAS
          experts     training with experts against a dense model of equal active size, and against PyTorch's loop over experts
          ceiling     the share of a training step's speed that its matrix products alone would allow
          growth      training time against model size and against context: tables and charts
          gpu         models on a graphics card in turn with TorchSharp and PyTorch, as a Markdown table: tests/gpu/run.sh
          llama       a Llama of width 2048 in Q8_0 and Q4_0 from one file, in turn with llama.cpp
                      (npm install --ignore-scripts --prefix FOLDER node-llama-cpp)
          olmoe       the same for a mixture in the shape of OLMoE-1B-7B: 64 experts, 8 chosen, 6.9 billion weights
          tokenizers  encoding in turn with tiktoken, long words, decoding, training (npm install --prefix FOLDER tiktoken@1.0.22)

          --peer FOLDER   for llama, olmoe and tokenizers: where npm installed the other side; without it ours alone
          --peer NAME     for compare: TorchSharp or PyTorch alone
          --prompt n      for llama: tokens of the prompt (512)
          --tokens n      for llama: tokens that are generated behind it (32)
          --layers n      for llama: blocks (16)
          --simd n        bits of vectors, at most the processor's: 128, 256, 512
          --device NAME   without a verb and for gpu: cpu, opencl:0, cuda, torch:cpu (else what MEZCLA_DEVICE says, else cpu)
          --only a,b      of {string.Join(' ', ModelBenchmark.Names)};
                          for matmul parts of names of shapes; for experts S, M or L; for llama formats;
                          for gpu {string.Join(' ', GpuBenchmark.Names)};
                          for tokenizers {string.Join(' ', TokenizerBenchmark.Names)}
          --output FOLDER for growth: where its charts go
          --threads n     (default: the processors; matmul: 1 and 2)
          --rounds n      (5)
          --seconds n     of each measurement (2)
          --cpu           all seconds are those of the processor, for a machine that others use
        """);
    return 2;
}
