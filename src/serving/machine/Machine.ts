import { FluidServer } from "./FluidServer.ts";
import type { MachineSpec } from "./MachineSpec.ts";

/** CPU, network port and disk of one replica, and what they have done since the last reset. */
export class Machine {
  declare readonly spec: MachineSpec;
  readonly frontend: FluidServer | undefined;
  readonly inbound: FluidServer | undefined;
  readonly outbound: FluidServer | undefined;
  readonly disk: FluidServer | undefined;
  /** Disk space in use, and the most of it. */
  diskUsedBytes = 0;
  diskPeakBytes = 0;
  /** Attempts refused because the disk was full. */
  refused = 0;

  constructor(spec: MachineSpec) {
    const { frontend, port, disk } = spec;
    this.spec = spec;
    this.frontend = frontend && new FluidServer({ ratePerMs: frontend.cores, jobRatePerMs: 1 });
    this.inbound = port && new FluidServer({ ratePerMs: port.bytesPerMs });
    this.outbound = port && new FluidServer({ ratePerMs: port.bytesPerMs });
    this.disk = disk && new FluidServer({ ratePerMs: disk.bytesPerMs });
  }

  /** Brings all servers up to now; so many tokens were streamed since the last time. */
  advance(nowMs: number, streamedTokens: number): void {
    const { frontend, port } = this.spec;
    this.frontend?.advance(nowMs, streamedTokens * frontend!.perStreamedTokenMs);
    this.inbound?.advance(nowMs);
    this.outbound?.advance(nowMs, streamedTokens * port!.perStreamedTokenBytes);
    this.disk?.advance(nowMs);
  }

  /** How much later than the engine's a token of now reaches the network. Fluid servers in a row delay as the slowest of them does. */
  get streamDelayMs(): number {
    return Math.max(this.frontend?.delayMs ?? 0, this.outbound?.delayMs ?? 0);
  }

  /** Takes the disk space of a request; false when there is none left. */
  reserve(): boolean {
    const { disk } = this.spec;
    if (disk === undefined) return true;
    if (this.diskUsedBytes + disk.logBytes + disk.temporaryBytes > disk.capacityBytes) {
      this.refused++;
      return false;
    }
    this.diskUsedBytes += disk.logBytes + disk.temporaryBytes;
    this.diskPeakBytes = Math.max(this.diskPeakBytes, this.diskUsedBytes);
    return true;
  }

  /** Gives back what the request held: its log stays. */
  free(): void {
    if (this.spec.disk !== undefined) this.diskUsedBytes -= this.spec.disk.temporaryBytes;
  }

  /** Everything that waits is lost. */
  clear(): void {
    for (const server of this.servers()) server.clear();
  }

  startMeasuring(): void {
    for (const server of this.servers()) server.done = 0;
    this.diskPeakBytes = this.diskUsedBytes;
    this.refused = 0;
  }

  private servers(): Array<FluidServer> {
    return [this.frontend, this.inbound, this.outbound, this.disk].filter((server) => server !== undefined);
  }
}
