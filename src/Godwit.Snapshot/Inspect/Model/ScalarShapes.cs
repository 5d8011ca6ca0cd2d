namespace Godwit.Snapshot;

/// <summary>Which types of the description are numbers (docs/formats/vmstate.md, "Encodings").</summary>
internal static class ScalarShapes
{
    public static ScalarShape Of(string type, int elementSize)
    {
        ScalarShape shape = type switch
        {
            "bool" or "uint8" or "uint8 equal" or "nullptr" or "ptr-marker" => Sized(1, elementSize, ScalarShape.UnsignedNumber),
            "int8" => Sized(1, elementSize, ScalarShape.SignedNumber),
            "uint16" or "uint16 equal" => Sized(2, elementSize, ScalarShape.UnsignedNumber),
            "int16" => Sized(2, elementSize, ScalarShape.SignedNumber),
            "uint32" or "uint32 equal" => Sized(4, elementSize, ScalarShape.UnsignedNumber),
            "int32" or "int32 equal" or "int32 le" => Sized(4, elementSize, ScalarShape.SignedNumber),
            "uint64" or "int64 equal" or "CPU_Double_U" => Sized(8, elementSize, ScalarShape.UnsignedNumber),
            "int64" or "timer" => Sized(8, elementSize, ScalarShape.SignedNumber),
            _ => ScalarShape.Bytes,
        };
        return shape;
    }

    /// <summary>A description that gives a known type another size is not believed: its bytes stay bytes.</summary>
    private static ScalarShape Sized(int expected, int actual, ScalarShape shape) => expected == actual ? shape : ScalarShape.Bytes;
}
