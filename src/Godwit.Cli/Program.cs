using System.Runtime.InteropServices;
using Godwit.Cli;

using var interrupt = new CancellationTokenSource();

// The first signal asks for a clean end; the second one gets the default treatment.
void OnSignal(PosixSignalContext context)
{
    if (interrupt.IsCancellationRequested)
        return;
    context.Cancel = true;
    interrupt.Cancel();
}

using PosixSignalRegistration onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
using PosixSignalRegistration onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);

// A file that may not grow any further is an error like a full disk, not the end of every guest. The number is Linux's SIGXFSZ.
using PosixSignalRegistration onFileTooLarge = PosixSignalRegistration.Create((PosixSignal)25, static context => context.Cancel = true);
return await new GodwitCommandLine(new SystemCommandHost()).RunAsync(args, interrupt.Token);
