// Reads patches: what a series does to what is modelled.
import type { PatchEffects, PatchText } from './effects.ts';

export type * from './effects.ts';

/** Reads patches as one series, in order. Throws UserError naming patch and line where one cannot be read. */
export function readPatches(_texts: readonly PatchText[]): PatchEffects {
  return {
    patches: [],
    functionsAdded: [],
    functionsRemoved: [],
    signatureChanges: [],
    callChanges: [],
    callEdits: [],
    touchedFunctions: [],
    capabilities: [],
  };
}
