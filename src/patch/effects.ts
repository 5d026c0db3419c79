// What patches do to what is modelled, as data: functions, signatures, calls, and the switches that follow from them.
import type { SwitchName } from '../kernels/index.ts';

/** A patch as it came: a diff, a mail or a mailbox. */
export interface PatchText {
  /** The file's name, for messages. */
  readonly name: string;
  /** Bytes as Latin-1, with whatever line ends and transfer encoding it has. */
  readonly text: string;
}

/** Where in a patch something stands. */
export interface PatchPlace {
  /** PatchText.name */
  readonly patch: string;
  /** Line of the patch's text, from 1. */
  readonly line: number;
}

/** A parameter or an argument is C code with single blanks; a parameter has its type: `struct drm_exec *exec`. */
type CCode = string;

export interface FunctionChange {
  readonly name: string;
  /** Path below the kernel's tree: `drivers/gpu/drm/drm_gpuvm.c`. */
  readonly file: string;
  readonly params: readonly CCode[];
  /** Probes of it are understood, or a switch follows from it. */
  readonly modelled: boolean;
  readonly at: PatchPlace;
}

export interface SignatureChange {
  readonly name: string;
  readonly file: string;
  readonly before: readonly CCode[];
  readonly after: readonly CCode[];
  readonly modelled: boolean;
  readonly at: PatchPlace;
}

/** One call of a modelled function whose arguments the patch changes: the rest of the call stays. */
export interface CallChange {
  /** undefined where the patch does not show it. */
  readonly inFunction: string | undefined;
  readonly file: string;
  readonly callee: string;
  /** Those that differ, in order; never empty. */
  readonly args: readonly ArgChange[];
  /** All arguments of the call; none where the patch does not show it, but only the request that is filled for it. */
  readonly before: readonly CCode[];
  readonly after: readonly CCode[];
  readonly at: PatchPlace;
}

export interface ArgChange {
  readonly index: number;
  /**
   * The parameter's name in the kernel where it is known: `req_range`; of a struct drm_gpuvm_map_req, the member:
   * `map.va.range`.
   */
  readonly name: string | undefined;
  /** Undefined where the other call has no such argument. */
  readonly before: CCode | undefined;
  readonly after: CCode | undefined;
}

/** A call of a modelled function that the patch adds or takes out. */
export interface CallEdit {
  readonly kind: 'added' | 'removed';
  readonly inFunction: string | undefined;
  readonly file: string;
  readonly callee: string;
  readonly args: readonly CCode[];
  readonly at: PatchPlace;
}

/** A function in which the patch adds or removes lines. */
export interface TouchedFunction {
  readonly file: string;
  readonly function: string;
  /** Probes of it are understood. */
  readonly modelled: boolean;
  /** Whose code it is: a folder of drivers/gpu/drm such as `msm`; undefined for the kernel's common code. */
  readonly driver: string | undefined;
  readonly at: PatchPlace;
}

/** A switch that follows, and from what. */
export interface Capability {
  readonly name: SwitchName;
  readonly value: boolean;
  /** `drm_gpuvm_sm_map_exec_lock() is added` */
  readonly because: string;
  readonly at: PatchPlace;
}

export interface PatchEffects {
  /** One a diff that was read: its subject (empty for a bare diff) and the files that it changes. */
  readonly patches: readonly {
    readonly name: string;
    readonly subject: string;
    readonly files: readonly string[];
    /** The mail has lost blanks on its way, and was read with that in mind. */
    readonly damaged: boolean;
  }[];
  readonly functionsAdded: readonly FunctionChange[];
  readonly functionsRemoved: readonly FunctionChange[];
  readonly signatureChanges: readonly SignatureChange[];
  readonly callChanges: readonly CallChange[];
  readonly callEdits: readonly CallEdit[];
  readonly touchedFunctions: readonly TouchedFunction[];
  /** In order; a later patch of the series may turn over what an earlier one did: the last of a name counts. */
  readonly capabilities: readonly Capability[];
}
