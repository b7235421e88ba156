import { expect } from "vitest";
import { SettingFault } from "../../src/policy/SettingFault.ts";

/** Each setting that is not a number, in turn -> a fault that names it and says what it must be; the sound settings build. */
export function expectFaults<Settings extends object>(
  policy: string,
  sound: Settings,
  constraints: { readonly [setting in keyof Settings]?: string },
  build: (settings: Settings) => unknown,
): void {
  build(sound);
  for (const [setting, constraint] of Object.entries(constraints)) {
    const fault = new SettingFault(`${policy}.${setting}`, String(constraint), NaN);
    expect(faultOf(() => build({ ...sound, [setting]: NaN }))).toEqual(fault);
  }
}

/** What a call throws; undefined when it returns. */
export function faultOf(call: () => unknown): unknown {
  try {
    call();
  } catch (fault) {
    return fault;
  }
  return undefined;
}
