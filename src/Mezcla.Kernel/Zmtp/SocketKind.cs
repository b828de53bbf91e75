namespace Mezcla.Kernel.Zmtp;

/// <summary>The kinds of socket a peer may announce in its READY command (ZMTP 3.0, section "The NULL security mechanism").</summary>
internal enum SocketKind
{
    Router,
    Dealer,
    XPub,
    Pub,
    Sub,
    XSub,
    Rep,
    Req,
}
