namespace Mezcla.Learn.Tests;

/// <summary>Tests that start engines and browsers run one after another: on two cores they would only wait for each other.</summary>
[CollectionDefinition(nameof(OneAtATime))]
public sealed class OneAtATime;
