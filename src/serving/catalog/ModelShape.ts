import type { Dtype } from "./Dtypes.ts";

/** Dimensions of a decoder-only transformer, as its config.json states them. */
export interface ModelShape {
  readonly name: string;
  readonly aliases: ReadonlyArray<string>;
  readonly layers: number;
  readonly hidden: number;
  readonly vocabulary: number;
  readonly attentionHeads: number;
  readonly kvHeads: number;
  /** Not always hidden / attentionHeads. */
  readonly headDimension: number;
  /** Width of the dense MLP; of the first layers only where there are experts. */
  readonly intermediate: number;
  /** Two matrices instead of three. */
  readonly plainMlp?: boolean;
  readonly tiedEmbedding?: boolean;
  readonly experts?: ExpertShape;
  /** Multi-head latent attention. */
  readonly latent?: LatentShape;
  /** Layers that attend to the last `tokens` only. */
  readonly window?: { readonly layers: number; readonly tokens: number };
  /** Quantized checkpoints keep attention at 16 bits. */
  readonly quantizesExpertsOnly?: boolean;
  readonly maxModelTokens: number;
  /** Number format of the published weights where it is not 16 bits, as far as the config.json says. */
  readonly checkpointDtype?: Dtype;
  /** The same of aliases whose checkpoints differ from it. */
  readonly aliasDtypes?: { readonly [alias: string]: Dtype };
  /** What the shape leaves out. */
  readonly notes?: ReadonlyArray<string>;
  readonly source: string;
}

export interface ExpertShape {
  readonly count: number;
  readonly active: number;
  readonly intermediate: number;
  /** Experts that each token runs through. */
  readonly shared?: number;
  /** Layers with a dense MLP instead. */
  readonly denseLayers?: number;
}

export interface LatentShape {
  /** Absent: queries are not compressed. */
  readonly queryRank?: number;
  readonly kvRank: number;
  readonly ropeDimension: number;
  readonly nopeDimension: number;
  readonly valueDimension: number;
}

/** Numbers of parameters, by the part they are in. Norms, and biases of attention, are left out: well below 0.1 %. */
export interface ParameterCounts {
  /** One matrix of vocabulary * hidden. */
  readonly embedding: number;
  readonly attention: number;
  /** MLPs, shared experts and expert routers that each token runs through. */
  readonly dense: number;
  /** All routed experts. */
  readonly routed: number;
  /** Those that one token runs through. */
  readonly activeRouted: number;
}

/** Counts parameters from the shape. */
export const countParameters = (shape: ModelShape): ParameterCounts => {
  const { experts, hidden, layers } = shape;
  const matrices = shape.plainMlp === true ? 2 : 3;
  const expertLayers = experts === undefined ? 0 : layers - (experts.denseLayers ?? 0);
  const perExpert = experts === undefined ? 0 : 3 * hidden * experts.intermediate;
  const routers = experts === undefined ? 0 : hidden * experts.count;
  return {
    embedding: shape.vocabulary * hidden,
    attention: layers * attentionParameters(shape),
    dense: (layers - expertLayers) * matrices * hidden * shape.intermediate + expertLayers * (perExpert * (experts?.shared ?? 0) + routers),
    routed: expertLayers * perExpert * (experts?.count ?? 0),
    activeRouted: expertLayers * perExpert * (experts?.active ?? 0),
  };
};

const attentionParameters = ({ hidden, attentionHeads, kvHeads, headDimension, latent }: ModelShape): number => {
  if (latent === undefined) return 2 * hidden * headDimension * (attentionHeads + kvHeads);
  const { queryRank, kvRank, ropeDimension, nopeDimension, valueDimension } = latent;
  const width = attentionHeads * (nopeDimension + ropeDimension);
  const query = queryRank === undefined ? hidden * width : queryRank * (hidden + width);
  const keyValue = hidden * (kvRank + ropeDimension) + kvRank * attentionHeads * (nopeDimension + valueDimension);
  return query + keyValue + attentionHeads * valueDimension * hidden;
};
