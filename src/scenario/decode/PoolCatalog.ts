import type { CatalogFault } from "../../serving/catalog/CatalogFault.ts";
import type { PoolRequest } from "../../serving/catalog/PoolRequest.ts";
import type { PoolSpec } from "../../serving/ServingSpec.ts";

/** Completes a pool from the catalogs of GPUs, models and measured step times. */
export type PoolCatalog = (request: PoolRequest) => PoolSpec | CatalogFault;
