using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace Mezcla.Kernel.Installation;

/// <summary>
/// The logo: a mixture of three discs of colour, drawn by this code as SVG and as PNG, so that no picture need be kept or trusted.
/// </summary>
internal static class KernelLogo
{
    // Centre and radius in a square of side 1, and the colour; each disc lets a quarter of what lies below it through.
    private const double Opacity = 0.75;
    private static readonly (double X, double Y, double R, byte Red, byte Green, byte Blue)[] Discs =
    [
        (0.50, 0.34, 0.30, 0x7C, 0x3A, 0xED),
        (0.34, 0.64, 0.30, 0x0D, 0x94, 0x88),
        (0.66, 0.64, 0.30, 0xF5, 0x9E, 0x0B),
    ];

    /// <summary>The logo as SVG.</summary>
    public static string Svg()
    {
        var svg = new StringBuilder("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 100 100\"><title>Mezcla</title>");
        foreach ((double x, double y, double r, byte red, byte green, byte blue) in Discs)
        {
            svg.Append(CultureInfo.InvariantCulture,
                $"<circle cx=\"{100 * x:0.#}\" cy=\"{100 * y:0.#}\" r=\"{100 * r:0.#}\" fill=\"#{red:x2}{green:x2}{blue:x2}\" fill-opacity=\"{Opacity}\"/>");
        }

        return svg.Append("</svg>").ToString();
    }

    /// <summary>The logo as PNG, 8 bits of red, green, blue and alpha.</summary>
    /// <param name="side">Pixels of each side.</param>
    public static byte[] Png(int side)
    {
        using var png = new MemoryStream();
        png.Write([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, side);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), side);
        header[8] = 8;
        header[9] = 6;
        Chunk(png, "IHDR", header);
        using (var data = new MemoryStream())
        {
            using (var deflate = new ZLibStream(data, CompressionLevel.SmallestSize, leaveOpen: true))
                deflate.Write(Pixels(side));
            Chunk(png, "IDAT", data.ToArray());
        }

        Chunk(png, "IEND", []);
        return png.ToArray();
    }

    // Rows of a filter byte (none) and four bytes a pixel; each pixel is the mean of 4 x 4 points, which smooths the edges.
    private static byte[] Pixels(int side)
    {
        const int Points = 4;
        var rows = new byte[side * (1 + 4 * side)];
        for (int row = 0; row < side; row++)
        {
            for (int column = 0; column < side; column++)
            {
                double red = 0, green = 0, blue = 0, alpha = 0;
                for (int point = 0; point < Points * Points; point++)
                {
                    double x = (column + (point % Points + 0.5) / Points) / side;
                    double y = (row + (point / Points + 0.5) / Points) / side;
                    double r = 0, g = 0, b = 0, a = 0;
                    foreach (var disc in Discs)
                    {
                        if (Math.Pow(x - disc.X, 2) + Math.Pow(y - disc.Y, 2) > disc.R * disc.R)
                            continue;
                        r = r * (1 - Opacity) + disc.Red * Opacity;
                        g = g * (1 - Opacity) + disc.Green * Opacity;
                        b = b * (1 - Opacity) + disc.Blue * Opacity;
                        a = a * (1 - Opacity) + Opacity;
                    }

                    red += r;
                    green += g;
                    blue += b;
                    alpha += a;
                }

                if (alpha == 0)
                    continue;
                Span<byte> pixel = rows.AsSpan(row * (1 + 4 * side) + 1 + 4 * column, 4);
                pixel[0] = (byte)Math.Round(red / alpha);
                pixel[1] = (byte)Math.Round(green / alpha);
                pixel[2] = (byte)Math.Round(blue / alpha);
                pixel[3] = (byte)Math.Round(255 * alpha / (Points * Points));
            }
        }

        return rows;
    }

    private static void Chunk(MemoryStream png, string type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        png.Write(number);
        byte[] name = Encoding.ASCII.GetBytes(type);
        png.Write(name);
        png.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, ~Crc(Crc(uint.MaxValue, name), data));
        png.Write(number);
    }

    // CRC-32 as PNG's specification defines it, bit by bit: the pictures are small.
    private static uint Crc(uint crc, ReadOnlySpan<byte> data)
    {
        foreach (byte b in data)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
        }

        return crc;
    }
}
