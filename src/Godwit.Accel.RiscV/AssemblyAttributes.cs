using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Godwit.Accel.RiscV.Tests")]
[assembly: InternalsVisibleTo("Godwit.Benchmarks")]
