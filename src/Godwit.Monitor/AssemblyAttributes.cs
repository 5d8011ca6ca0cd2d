using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Godwit.Monitor.Tests")]
