Console.WriteLine("usage: dotnet run -c Release --project tests/Mezcla.Benchmarks -- <benchmark>");
return 2;
