import type { CatalogFault } from "./CatalogFault.ts";
import { catalogFault } from "./CatalogFault.ts";
import type { DtypeKey } from "./Dtypes.ts";
import type { ModelSpec } from "./Models.ts";
import type { PoolRequest } from "./PoolRequest.ts";

/** Why experts cannot be spread as asked; undefined where they can, or nobody asked. */
export const expertFault = (
  names: { readonly model: ModelSpec | undefined; readonly dtype: DtypeKey | undefined },
  request: PoolRequest,
): CatalogFault | undefined => {
  const { expertParallel, tensorParallel, dataParallel = 1 } = request;
  if (expertParallel === undefined) return undefined;
  const fault = (constraint: string, hint: string): CatalogFault =>
    catalogFault({ field: "parallelism.ep", constraint, value: expertParallel, hint });
  const { model, dtype } = names;
  const experts = model?.shape.experts;
  if (model === undefined) return fault("needs a model that is known", `the catalog does not know ${request.model}`);
  if (experts === undefined) return fault("needs a mixture of experts", `${model.name} is dense: leave ep out`);
  if (dtype?.variant !== undefined) return fault("must not be together with an engine variant", `"${request.dtype}" says it already`);
  const gpus = tensorParallel * dataParallel;
  if (gpus % expertParallel !== 0) return fault(`must divide the ${gpus} GPUs of tp and dp`, `such as ${gpus}`);
  if (expertParallel <= experts.count) return undefined;
  return fault(`must be at most the ${experts.count} experts of ${model.name}`, "fewer GPUs share them");
};
