using Mezcla.Benchmarks;

return args switch
{
    ["matmul", .. var rest] => MatMulBenchmark.Run(rest),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        usage: dotnet run -c Release --project tests/Mezcla.Benchmarks -- <benchmark>

          matmul [--rounds 7]      matrix products of transformer shapes, in turn with OpenBLAS
        """);
    return 2;
}
