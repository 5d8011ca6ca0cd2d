using Godwit.Wire;
using static Godwit.VmState.Tests.VmStateBytes;

namespace Godwit.VmState.Tests;

/// <summary>Round trips and damaged bytes over random descriptions.</summary>
public sealed class RandomDescriptionTests
{
    [Fact]
    public void Load_WhatWasSaved_SavesTheSame()
    {
        for (int seed = 0; seed < 400; seed++)
        {
            VmStateDescription<Bag> description = new RandomDescriptions(seed).Make("d");
            byte[] bytes = Save(description, new Bag(new Random(seed)));
            var loaded = new Bag(null);
            Load(description, loaded, bytes);

            // Whether a subsection is needed is not itself transferred: compare by loading once more.
            var again = new Bag(null);
            byte[] second = Save(description, loaded);
            Load(description, again, second);
            Assert.Equal(second, Save(description, again));
            if (description.Subsections.Count == 0 && bytes.Length == second.Length)
                Assert.Equal(bytes, second);
        }
    }

    [Fact]
    public void Load_MutatedBytes_AreAcceptedOrRefusedWithAnOffset()
    {
        int refused = 0;
        for (int seed = 0; seed < 400; seed++)
        {
            VmStateDescription<Bag> description = new RandomDescriptions(seed).Make("d");
            byte[] bytes = Save(description, new Bag(new Random(seed)));
            var random = new Random(seed);
            for (int i = 0; i < 20 && bytes.Length > 0; i++)
            {
                byte[] mutated = bytes.AsSpan(0, random.Next(2) == 0 ? bytes.Length : random.Next(bytes.Length)).ToArray();
                if (mutated.Length > 0)
                    mutated[random.Next(mutated.Length)] = (byte)random.Next(256);
                try
                {
                    VmStateCodec.Load(description, new Bag(null), MigrationReader.FromMemory(mutated), description.Version, PeerProfile.Default);
                }
                catch (StreamFormatException error)
                {
                    Assert.InRange(error.Offset, 0, mutated.Length);
                    refused++;
                }
            }
        }

        Assert.True(refused > 100);
    }
}
