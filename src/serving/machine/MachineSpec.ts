/** The API server of a replica: HTTP, tokenization, detokenization and server-sent events, on CPU cores of its own. CPU time in ms. */
export interface FrontendSpec {
  readonly cores: number;
  readonly perRequestMs: number;
  readonly perPromptTokenMs: number;
  readonly perStreamedTokenMs: number;
}

/** The network port of a replica, both ways alike. */
export interface PortSpec {
  readonly bytesPerMs: number;
  readonly perPromptTokenBytes: number;
  readonly perStreamedTokenBytes: number;
}

/** The disk of a replica. */
export interface DiskSpec {
  readonly bytesPerMs: number;
  /** Written when a request ends, and never deleted. */
  readonly logBytes: number;
  /** Written before a prompt reaches the engine, deleted when the request is over. */
  readonly temporaryBytes: number;
  readonly capacityBytes: number;
}

/** What a replica has besides its GPUs; what is absent takes no time. */
export interface MachineSpec {
  readonly frontend?: FrontendSpec;
  readonly port?: PortSpec;
  readonly disk?: DiskSpec;
}
