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
return await new GodwitCommandLine(new SystemCommandHost()).RunAsync(args, interrupt.Token);
