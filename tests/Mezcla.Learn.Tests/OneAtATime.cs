// Browsers and twenty engines at once would wait for each other on a machine with two cores.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
