using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Godwit.Cli.Tests")]
