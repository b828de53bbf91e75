namespace Mezcla.Kernel.Zmtp;

/// <summary>A peer broke the ZeroMQ Message Transport Protocol, or asked for something this implementation does not speak.</summary>
internal sealed class ZmtpException(string message) : IOException(message);
