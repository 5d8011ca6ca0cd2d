using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;

namespace Godwit.Machine;

/// <summary>
/// A small two-pass assembler for RV64IMAC with Zicsr and Zifencei: text in, one run of bytes out.
/// </summary>
/// <remarks>
/// The syntax is the usual one of RISC-V assembler sources. Directives: <c>.equ name, value</c>, <c>.byte .half .word .dword</c>, <c>.ascii .asciz</c>,
/// <c>.balign n</c>, <c>.org address</c>, <c>.space n</c>; <c>#</c> starts a comment; numeric labels are referred to by <c>1b</c> and <c>1f</c>.
/// Instructions are never compressed by the assembler: write <c>c.addi</c> for the 16-bit form. <c>call</c> and <c>tail</c> reach 1 MiB.
/// </remarks>
public sealed class RiscVAssembler
{
    /// <summary>Largest image: a guard against a mistyped <c>.org</c> or <c>.space</c>.</summary>
    public const int MaximumImageBytes = 16 << 20;

    private readonly List<Item> _items = [];
    private readonly Dictionary<string, long> _symbols = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<(int ItemIndex, long Address)>> _localLabels = new(StringComparer.Ordinal);
    private readonly ulong _origin;
    private ulong _address;

    private RiscVAssembler(ulong origin) => _origin = _address = origin;

    /// <summary>Assembles <paramref name="source"/> for loading at <paramref name="origin"/>.</summary>
    /// <param name="source">The text, lines ended by <c>\n</c>.</param>
    /// <param name="origin">Address of the first byte.</param>
    /// <param name="constants">Symbols the source may use without defining them.</param>
    /// <exception cref="AssemblyException">A line cannot be assembled; the message names it.</exception>
    public static AssembledProgram Assemble(string source, ulong origin, IReadOnlyDictionary<string, long>? constants = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        var assembler = new RiscVAssembler(origin);
        foreach ((string name, long value) in constants ?? ImmutableDictionary<string, long>.Empty)
            assembler._symbols.Add(name, value);

        int line = 0;
        foreach (string text in source.Split('\n'))
        {
            line++;
            try
            {
                assembler.Scan(StripComment(text), line);
            }
            catch (AssemblyException e) when (e.Line == 0)
            {
                throw new AssemblyException(line, e.Message);
            }
        }

        return new AssembledProgram(origin, ImmutableArray.Create(assembler.Encode()), assembler._symbols.ToFrozenDictionary(StringComparer.Ordinal));
    }

    private void Scan(string text, int line)
    {
        while (true)
        {
            text = text.Trim();
            int colon = text.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || !text.AsSpan(0, colon).ContainsOnlySymbolCharacters())
                break;
            DefineLabel(text[..colon]);
            text = text[(colon + 1)..];
        }

        if (text.Length == 0)
            return;

        int space = text.AsSpan().IndexOfAny(' ', '\t');
        string mnemonic = space < 0 ? text : text[..space];
        string rest = space < 0 ? string.Empty : text[space..].Trim();
        if (mnemonic.StartsWith('.'))
            Directive(mnemonic, rest, line);
        else
            Instruction(mnemonic, OperandText.Split(rest), line);
    }

    private void DefineLabel(string name)
    {
        if (char.IsAsciiDigit(name[0]))
        {
            if (!_localLabels.TryGetValue(name, out List<(int ItemIndex, long Address)>? places))
                _localLabels.Add(name, places = []);
            places.Add((_items.Count, (long)_address));
        }
        else if (!_symbols.TryAdd(name, (long)_address))
        {
            throw new AssemblyException($"'{name}' is defined twice");
        }
    }

    private void Directive(string name, string rest, int line)
    {
        switch (name)
        {
            case ".equ" or ".set":
                List<string> sides = OperandText.Split(rest);
                if (sides.Count != 2 || !_symbols.TryAdd(sides[0], Now(sides[1])))
                    throw new AssemblyException("expected a new name and a value");
                break;
            case ".byte" or ".half" or ".word" or ".dword":
                int size = name switch { ".byte" => 1, ".half" => 2, ".word" => 4, _ => 8 };
                foreach (string value in OperandText.Split(rest))
                    Add(new Item(line, _address, size, null, 0, [value], []));
                break;
            case ".ascii" or ".asciz":
                byte[] bytes = OperandText.ParseString(rest, name.EndsWith('z'));
                Add(new Item(line, _address, bytes.Length, null, 0, [], bytes));
                break;
            case ".balign":
                ulong alignment = (ulong)Now(rest);
                if (!System.Numerics.BitOperations.IsPow2(alignment) || alignment > MaximumImageBytes)
                    throw new AssemblyException($"alignment {alignment} is not a power of two");
                Fill((long)((0 - _address) & (alignment - 1)), line);
                break;
            case ".org":
                Fill(Now(rest) - (long)_address, line);
                break;
            case ".space" or ".zero":
                Fill(Now(rest), line);
                break;
            default:
                throw new AssemblyException($"unknown directive {name}");
        }
    }

    private void Fill(long count, int line)
    {
        if (count is < 0 or > MaximumImageBytes)
            throw new AssemblyException($"cannot move by {count} bytes");
        Add(new Item(line, _address, (int)count, null, 0, [], []));
    }

    private void Instruction(string mnemonic, List<string> operands, int line)
    {
        if (AssemblerTable.TryFind(mnemonic, out AssemblerInstruction instruction, out uint ordering)
            && instruction.Operands.Length == operands.Count)
        {
            Add(new Item(line, _address, instruction.Length, instruction, ordering, [.. operands], []));
        }
        else if (PseudoInstructions.TryExpand(mnemonic, operands, _address, Now, out IReadOnlyList<string> expansion))
        {
            foreach (string replacement in expansion)
                Scan(replacement, line);
        }
        else
        {
            throw new AssemblyException($"unknown instruction '{mnemonic}' with {operands.Count} operands");
        }
    }

    private void Add(Item item)
    {
        _items.Add(item);
        _address += (ulong)item.Size;
        if (_address - _origin > MaximumImageBytes)
            throw new AssemblyException($"image larger than {MaximumImageBytes} bytes");
    }

    /// <summary>Value of an expression whose symbols must be known already.</summary>
    private long Now(string expression) => AssemblerExpression.Evaluate(expression, name => Resolve(name, _items.Count, _address));

    private long Resolve(string name, int itemIndex, ulong address)
    {
        if (string.Equals(name, ".", StringComparison.Ordinal))
            return (long)address;
        if (_symbols.TryGetValue(name, out long value))
            return value;
        if (char.IsAsciiDigit(name[0]) && _localLabels.TryGetValue(name[..^1], out List<(int ItemIndex, long Address)>? places))
        {
            int index = name[^1] == 'f' ? places.FindIndex(p => p.ItemIndex > itemIndex) : places.FindLastIndex(p => p.ItemIndex <= itemIndex);
            if (index >= 0)
                return places[index].Address;
        }

        throw new AssemblyException($"unknown symbol '{name}'");
    }

    private byte[] Encode()
    {
        var image = new byte[_address - _origin];
        for (int i = 0; i < _items.Count; i++)
        {
            Item item = _items[i];
            Span<byte> place = image.AsSpan((int)(item.Address - _origin), item.Size);
            try
            {
                EncodeItem(item, i, place);
            }
            catch (AssemblyException e) when (e.Line == 0)
            {
                throw new AssemblyException(item.Line, e.Message);
            }
        }

        return image;
    }

    private void EncodeItem(Item item, int index, Span<byte> place)
    {
        long Evaluate(string text) => AssemblerExpression.Evaluate(text, name => Resolve(name, index, item.Address));

        if (item.Instruction is { } instruction)
        {
            uint word = InstructionEncoder.Encode(instruction, item.Operands, item.Address, Evaluate) | item.OrderingBits;
            if (instruction.IsCompressed)
                BinaryPrimitives.WriteUInt16LittleEndian(place, (ushort)word);
            else
                BinaryPrimitives.WriteUInt32LittleEndian(place, word);
        }
        else if (item.Operands.Length > 0)
        {
            long value = Evaluate(item.Operands[0]);
            long limit = item.Size == 8 ? long.MaxValue : 1L << (8 * item.Size);
            if (item.Size < 8 && (value >= limit || value < -(limit / 2)))
                throw new AssemblyException(string.Create(CultureInfo.InvariantCulture, $"{value} does not fit in {item.Size} bytes"));
            Span<byte> little = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(little, value);
            little[..item.Size].CopyTo(place);
        }
        else
        {
            item.Bytes.CopyTo(place);
        }
    }

    private static string StripComment(string text)
    {
        bool quoted = false;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '"' && (i == 0 || text[i - 1] != '\\'))
                quoted = !quoted;
            else if (text[i] == '#' && !quoted)
                return text[..i];
        }

        return text;
    }

    /// <summary>One thing with a place in the image: an instruction, a number, or literal bytes (padded with zeros to the size).</summary>
    private sealed record Item(
        int Line, ulong Address, int Size, AssemblerInstruction? Instruction, uint OrderingBits, string[] Operands, byte[] Bytes);
}
