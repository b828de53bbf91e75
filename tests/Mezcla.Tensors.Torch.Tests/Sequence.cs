using Xunit.Sdk;
using Xunit.v3;

// The tests share one device: some count what is read from it, or change its precision.
[assembly: Parallelization(Mode = ParallelMode.None)]
