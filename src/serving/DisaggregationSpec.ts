/** Prompts are computed in prefill pools, answers in decode pools; between them the KV cache moves over links. */
export interface DisaggregationSpec {
  /** Of each prefill replica, to all decode replicas: its transfers share it in order. */
  readonly link: { readonly bytesPerMs: number; readonly latencyMs: number };
  /** Share of the KV that is still to be sent when the prompt is computed: 1 / layers with layer-wise transfer, else 1. */
  readonly visibleRatio: number;
  /** Prompts of more tokens than this go through a prefill pool; shorter ones are computed where they are decoded. */
  readonly promptLongerThan: number;
  /** So do they only while fewer attempts than this wait for their prefill replica; Infinity: whatever waits. */
  readonly prefillQueueBelow: number;
}
