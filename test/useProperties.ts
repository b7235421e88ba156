import fc from "fast-check";
import { inject } from "vitest";

// Without the second, "at most 200 steps" means at most about ten.
fc.configureGlobal({ ...inject("propertyRuns"), defaultSizeToMaxWhenMaxSpecified: true });
