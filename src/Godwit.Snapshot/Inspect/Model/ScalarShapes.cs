namespace Godwit.Snapshot;

/// <summary>Which types of the description are numbers (docs/formats/vmstate.md, "Scalars").</summary>
internal static class ScalarShapes
{
    public static ScalarShape Of(string type, int elementSize)
    {
        ScalarShape shape = type switch
        {
            "bool" or "uint8" or "uint8 equal" or "nullptr" or "ptr-marker" => Sized(1, elementSize, ScalarShape.Unsigned),
            "int8" => Sized(1, elementSize, ScalarShape.Signed),
            "uint16" or "uint16 equal" => Sized(2, elementSize, ScalarShape.Unsigned),
            "int16" => Sized(2, elementSize, ScalarShape.Signed),
            "uint32" or "uint32 equal" => Sized(4, elementSize, ScalarShape.Unsigned),
            "int32" or "int32 equal" or "int32 le" => Sized(4, elementSize, ScalarShape.Signed),
            "uint64" or "int64 equal" or "CPU_Double_U" => Sized(8, elementSize, ScalarShape.Unsigned),
            "int64" or "timer" => Sized(8, elementSize, ScalarShape.Signed),
            _ => ScalarShape.None,
        };
        return shape;
    }

    /// <summary>A description that gives a known type another size is not believed: its bytes stay bytes.</summary>
    private static ScalarShape Sized(int expected, int actual, ScalarShape shape) => expected == actual ? shape : ScalarShape.None;
}
