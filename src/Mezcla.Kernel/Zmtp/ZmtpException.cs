namespace Mezcla.Kernel.Zmtp;

/// <summary>
/// A peer violated the ZeroMQ Message Transport Protocol, or asked for a part of it that this implementation does not support.
/// </summary>
internal sealed class ZmtpException(string message) : IOException(message);
