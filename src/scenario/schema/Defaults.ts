/** The largest bound of queues and in-flight counts: what "unlimited" means in a 32-bit counter. */
export const UNLIMITED = 2 ** 31 - 1;

/**
 * What a scenario means where it says nothing.
 * Source of the engine's: vLLM 0.19 V1 engine arguments (server defaults on H100-class GPUs, `scheduler_reserve_full_isl` on).
 * vLLM does not bound its waiting queue; `maxWaiting` is assumed.
 * Source of the routers': nginx 1.31 (max_fails, fail_timeout), Finagle 24 (decay), Envoy 1.36 (outlier detection, slow start); `virtualNodes` is assumed.
 * Source of the retry waits: openai-python `_constants.py`, INITIAL_RETRY_DELAY 0.5 s and MAX_RETRY_DELAY 8 s.
 * Source of the autoscaler's: Kubernetes 1.34, pkg/apis/autoscaling/v2/defaults.go (scale rules) and kube-controller-manager's
 * horizontal-pod-autoscaler flags (sync period, tolerance, downscale stabilization). The weights, slot and margin of the forecast are assumed.
 * The front end's times, the bytes of a token and of a server-sent event, and the bytes of a log line are assumed.
 */
export const DEFAULTS = {
  seed: 1,
  warmup: "0s",
  priority: 0,
  weight: 1,
  tenant: "default",
  zipf: 1,
  maxContext: "128k",
  retry: { backoff: "500ms", factor: 2, maxBackoff: "8s", jitter: "full", honorRetryAfter: true },
  instances: 1,
  retryBudget: {
    ratio: { ratio: 0.2, minRate: "10/s", ttl: "10s" },
    active: { ratio: 0.2, minConcurrency: 3 },
    throttle: { maxTokens: 10, tokenRatio: 0.1 },
    quota: { capacity: 500, retryCost: 5, timeoutCost: 10, successCredit: 1 },
    bucket: { capacity: 5, ratio: 0.1 },
    failureBreaker: { failures: 0.1 },
  },
  hedge: { attempts: 2 },
  // DAGOR's levels, with waits on the scale of LLM serving (assumed); cut and grow as published.
  priorityLevels: { queueWait: "1s", window: "1s", windowRequests: 2000, cut: 0.05, grow: 0.01, userLevels: 128 },
  clientThrottle: { multiplier: 2, window: "2m" },
  successThrottle: { threshold: 0.95, aggression: 1, window: "30s", minimumRate: "0/s", maxRejection: 0.8 },
  breaker: { minCalls: 10, failures: 0.5, slowBy: "end", openFor: "10s", probes: 1, successesNeeded: 1, probeLease: "30s" },
  limit: { per: "all", cost: "request" },
  // A minute's worth of budget at once, as providers state their limits per minute; answer and lease are assumed.
  tokenBudgets: { window: "1m", refill: "steady", answer: 1024, cachedInput: true, lease: "10m" },
  // Netflix concurrency-limits, but for the least limit, vegas's alpha, beta and probing, and the time-out of whole answers (assumed). Breakwater's growth and
  // cut are its paper's; a round trip is assumed.
  concurrency: {
    range: { initial: 20, min: 1, max: 1000 },
    aimd: { backoff: 0.9, timeout: "1m" },
    vegas: { alpha: 3, beta: 6, probeEvery: 1000, backoff: 0.9 },
    gradient2: { tolerance: 1.5, smoothing: 0.2, queue: 4, longSamples: 600 },
    breakwater: { grow: 1, cut: 0.02, every: "10ms" },
  },
  // As in the paper's evaluation: a token of an answer costs about twice as much as one of a prompt.
  fair: { by: "tenant", inputWeight: 1, outputWeight: 2 },
  brownout: { signal: "queueWait", minimumDwell: "10s", cannedTokens: 30 },
  // A round trip inside of one data center, and a bound that is well above it; assumed.
  store: { latency: "1ms", timeout: "50ms", onFailure: "open" },
  cache: { eviction: "lru", ttl: "10m", ttlJitter: 0, latency: "1ms", coalesce: true, onLeaderCancel: "keep", earlyRefresh: 0 },
  onDisconnect: "cancel",
  router: "leastOutstanding",
  loadFactor: 1.25,
  virtualNodes: 100,
  nginx: { maxFails: 1, failTimeout: "10s" },
  ewmaDecay: "10s",
  outlier: { consecutiveFailures: 5, sweep: "10s", baseEjection: "30s", maxEjection: "5m", maxEjected: 0.1, panic: 0.5 },
  slowStart: { aggression: 1, minimum: 0.1 },
  host: { mode: "serial" },
  frontend: { perRequest: "1ms", perPromptToken: "0.002ms", perStreamedToken: "0.03ms" },
  port: { perPromptToken: "4B", perStreamedToken: "250B" },
  disk: { logPerRequest: "1kB", temporaryPerRequest: "0B" },
  startup: { compile: "0s", warmup: "0s", drainTimeout: "10m" },
  autoscale: {
    min: 1,
    interval: "15s",
    tolerance: 0.1,
    scaleUp: {
      stabilization: "0s",
      policies: [
        { replicas: 4, period: "15s" },
        { percent: 100, period: "15s" },
      ],
      select: "max",
    },
    scaleDown: { stabilization: "300s", policies: [{ percent: 100, period: "15s" }], select: "max" },
  },
  predictive: { slot: "15m", season: "24h", margin: 0.1, alpha: 0.3, beta: 0, gamma: 0.3 },
  disaggregation: { latency: "0ms", layerwise: false },
  pool: { tp: 1, replicas: 1, weight: 1, backup: false, role: "both" },
  catalog: { interconnect: "32GB/s", gpusPerNode: 8 },
  engine: {
    name: "vllm",
    maxBatchedTokens: 8192,
    maxSequences: 256,
    blockTokens: 16,
    gpuMemoryUtilization: 0.9,
    prefixCache: true,
    reserveFullPrompt: true,
    maxWaiting: 100_000,
  },
} as const;
