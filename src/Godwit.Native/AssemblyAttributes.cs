using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
[assembly: InternalsVisibleTo("Godwit.Memory")]
[assembly: InternalsVisibleTo("Godwit.Accel.Kvm")]
[assembly: InternalsVisibleTo("Godwit.Native.Tests")]
