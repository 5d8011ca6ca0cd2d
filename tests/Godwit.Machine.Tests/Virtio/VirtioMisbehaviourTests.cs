using Godwit.Memory;

namespace Godwit.Machine.Tests;

/// <summary>A driver that breaks every rule: the device stops until it is reset, the machine goes on.</summary>
public sealed class VirtioMisbehaviourTests
{
    public static TheoryData<string> Cases =>
    [
        "head outside", "next outside", "loop", "address outside", "address of registers", "length over the end", "empty", "write before read",
        "indirect nested", "indirect odd length", "indirect empty", "indirect outside", "indirect after another", "too many available",
    ];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Chain_ThatBreaksTheRules_StopsTheDeviceUntilReset(string name)
    {
        using TestMachine machine = Create();
        var driver = new VirtioDriver(machine, 0);
        Break(driver, machine, name);
        Assert.Equal(0, driver.UsedIndex(0));

        // A good request is ignored now, and done after a reset.
        driver = new VirtioDriver(machine, 0);
        machine.Write(VirtioDriver.Avail(0) + 2, 0, 2);
        var good = new byte[16];
        good[0] = 4;
        Assert.Equal(1u, driver.Send(0, good, 1));
    }

    [Theory]
    [InlineData(0x0u)]
    [InlineData(0x10000u)]
    [InlineData(0x80fffu)]
    [InlineData(0x90000u)]
    [InlineData(0xffffffffu)]
    public void Ring_AtAnyAddress_DoesNoHarm(uint page)
    {
        using TestMachine machine = Create();
        var driver = new VirtioDriver(machine, 0);
        driver.Set(0x40, page);
        driver.Set(0x50, 0);
        Assert.Equal(2u, driver.Get(0x08));
    }

    [Theory]
    [InlineData(true, 11)]
    [InlineData(false, 12)]
    public void Registers_WrittenAtRandomWithRandomRings_DoNoHarm(bool isLegacy, int seed)
    {
        using TestMachine machine = LinuxSectionTests.Create(harts: 1, isLegacy);
        var random = new Random(seed);
        var noise = new byte[0x1_0000];
        ulong[] interesting = [0, 0x8030_0000, 0x8fff_fff0, 0x1000_1000, ulong.MaxValue, 0x8030_1000];
        for (int round = 0; round < 200; round++)
        {
            random.NextBytes(noise);
            for (int i = 0; i < noise.Length; i += random.Next(1, 64))
                noise[i] = (byte)random.Next(4);
            Assert.Equal(MemoryTransactionResult.Ok, machine.Machine.AddressSpace.Write(new GuestAddress(0x8030_0000), noise));
            for (int i = 0; i < 100; i++)
            {
                ulong slot = 0x1000_1000 + (0x1000 * (ulong)random.Next(4));
                ulong value = random.Next(3) == 0 ? interesting[random.Next(interesting.Length)] >> random.Next(13) : (ulong)random.Next(1 << random.Next(1, 20));
                uint register = (uint)random.Next(0x48) * 4;
                machine.Write(slot + register, (uint)value);
                machine.Read(slot + ((uint)random.Next(0x48) * 4));
            }
        }

        machine.Machine.Pause();
        Assert.Equal(0x74726976UL, machine.Read(0x1000_1000));
    }

    private static TestMachine Create() => new(new VirtMachineOptions
    {
        RamBytes = 16 << 20,
        VirtioDevices = [new VirtioBlockOptions { Slot = 0, Image = new MemoryDiskImage(1 << 20) }],
    });

    private static void Break(VirtioDriver driver, TestMachine machine, string name)
    {
        const ulong Data = 0x8040_0000;
        const ushort Next = 1;
        const ushort Write = 2;
        const ushort Indirect = 4;
        ushort head = 0;
        switch (name)
        {
            case "head outside":
                head = 16;
                break;
            case "next outside":
                driver.SetDescriptor(0, 0, Data, 16, Next, 16);
                break;
            case "loop":
                driver.SetDescriptor(0, 0, Data, 16, Next, 0);
                break;
            case "address outside":
                driver.SetDescriptor(0, 0, 0x9000_0000, 16, 0);
                break;
            case "address of registers":
                driver.SetDescriptor(0, 0, 0x1000_1000, 16, Write);
                break;
            case "length over the end":
                driver.SetDescriptor(0, 0, 0x80ff_f000, uint.MaxValue, 0);
                break;
            case "empty":
                driver.SetDescriptor(0, 0, Data, 0, 0);
                break;
            case "write before read":
                driver.SetDescriptor(0, 0, Data, 16, Next | Write, 1);
                driver.SetDescriptor(0, 1, Data, 16, 0);
                break;
            case "indirect nested":
                driver.SetDescriptor(0, 0, Data, 16, Indirect);
                driver.SetDescriptor(0, 0, Data, 16, Indirect, table: Data);
                break;
            case "indirect odd length":
                driver.SetDescriptor(0, 0, Data, 17, Indirect);
                break;
            case "indirect empty":
                driver.SetDescriptor(0, 0, Data, 0, Indirect);
                break;
            case "indirect outside":
                driver.SetDescriptor(0, 0, 0x9000_0000, 32, Indirect);
                break;
            case "indirect after another":
                driver.SetDescriptor(0, 0, Data, 16, Next, 1);
                driver.SetDescriptor(0, 1, Data, 16, Indirect);
                break;
            case "too many available":
                machine.Write(VirtioDriver.Avail(0) + 2, 17, 2);
                driver.Set(0x50, 0);
                return;
        }

        driver.Offer(0, head);
    }
}
