using System.Runtime.InteropServices;
using Godwit.Cli;

// Not disposed: a late signal may still cancel it while the process ends.
var interrupt = new CancellationTokenSource();
var gate = new Lock();
long? asked = null;

// The first signal asks for a clean end; one that comes a second later or more gets the default treatment. Until then it is the same request: timeout(1)
// signals its command and then the command's group.
void OnSignal(PosixSignalContext context)
{
    lock (gate)
    {
        asked ??= Environment.TickCount64;
        context.Cancel = Environment.TickCount64 - asked < 1000;
    }

    interrupt.Cancel();
}

using PosixSignalRegistration onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
using PosixSignalRegistration onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);

// A file that may not grow any further is an error like a full disk, not the end of every guest. The number is Linux's SIGXFSZ.
using PosixSignalRegistration onFileTooLarge = PosixSignalRegistration.Create((PosixSignal)25, static context => context.Cancel = true);
return await new GodwitCommandLine(new SystemCommandHost()).RunAsync(args, interrupt.Token);
