namespace Mezcla.Tensors.Devices;

/// <summary>The tensors of one step of AdamW for one parameter: the parameter, its gradient, its moments, and whether it decays.</summary>
public readonly record struct AdamWTensor(Handle Parameter, Handle Gradient, Handle M, Handle V, long Count, bool Decays);

/// <summary>The numbers of one step of AdamW; the corrections are 1 - βᵗ.</summary>
public readonly record struct AdamWStep(float LearningRate, float Beta1, float Beta2, float Epsilon, float WeightDecay, float Correction1,
    float Correction2);
