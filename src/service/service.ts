/**
 * The nouns of deciding: what is wished for, what was seen, what can be done about it, and why.
 *
 * All of it is plain data. Reasons and blocks are codes with values; `render/words.ts` words them.
 */
import type { Capabilities, Extension } from './extensions.ts';
import type { Field } from './fields.ts';
import type { Mark } from './mark.ts';
import type { Spec } from './spec.ts';
import type { Action, MovingState, ServiceState } from './states.ts';

// ── what is wished for ────────────────────────────────────────────────────────────────────────────────────────

/** Something a `plan` could not resolve: listed, never compared; `apply` refuses it (design §5). */
export interface Unknown {
  readonly field: Field;
  /** The environment key, where the field is `container_envvars`. */
  readonly key?: string;
  /** What is unset: a variable's name or a file's path as written. */
  readonly variable: string;
}

/** A manifest's place, for errors that point at it. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly col: number;
}

/** A manifest, resolved. Links and `depends_on` still hold names. */
export interface Wish {
  readonly name: string;
  readonly want: 'running' | 'stopped';
  readonly spec: Spec;
  readonly unknowns: readonly Unknown[];
  /** Sent at create, never compared (`reconcile.ignore`). */
  readonly ignore: readonly (Field | 'state')[];
  readonly allowReplace: boolean;
  readonly adopt: boolean;
  readonly protect: boolean;
  readonly runOnce: boolean;
  readonly redeploy: string | undefined;
  /** Names this one waits for: links to names and `reconcile.depends_on`, without repeats. */
  readonly dependsOn: readonly string[];
  /** Its file is broken now: this last good version still resolves and gates, but nothing is done about it (`run`). */
  readonly frozen?: boolean;
  /** Where the document starts. */
  readonly place: Place;
  /** Where each field stands, so that a refusal by the server can be mapped to its line. */
  readonly places: Readonly<Partial<Record<string, Place>>>;
}

/** What `step` compares with: a wish whose links hold resource URIs (or `@name`), or nothing at all. */
export type Desired =
  | {
      readonly want: 'running' | 'stopped';
      readonly name: string;
      readonly spec: Spec;
      readonly unknowns: readonly Unknown[];
      readonly ignore: readonly (Field | 'state')[];
      readonly runOnce: boolean;
      readonly redeploy: string | undefined;
    }
  | { readonly want: 'absent'; readonly name: string };

// ── what was seen ─────────────────────────────────────────────────────────────────────────────────────────────

/** A live service as the API reported it. A field that was not reported is absent, never guessed. */
export interface Live {
  readonly uuid: string;
  readonly name: string;
  /** A state this program does not know stays text: nothing is allowed in it. */
  readonly state: ServiceState | { readonly unknown: string };
  /** The mark is taken out of the list that carries it. Links hold resource URIs. */
  readonly fields: Spec;
  /** null: the lists that could carry a mark were shown and carry none. undefined: they were not shown. */
  readonly mark: Mark | null | undefined;
  /** The `redeploy-token` extension's field; undefined where the server has none. */
  readonly redeployToken: string | null | undefined;
  /** Uuids of services that link to this one, where reported. */
  readonly linkedFrom: readonly string[] | undefined;
  readonly containers: { readonly running?: number; readonly stopped?: number; readonly current?: number };
  /** `deployed_datetime`, in milliseconds; null = never deployed; undefined = not reported. */
  readonly deployedAt: number | null | undefined;
  /** The server's own words about the last failed operation, where it gives any. */
  readonly note: string | undefined;
}

/** What the records outside the service itself say: the journal, and Terminated services that carry our mark. */
export interface Remembered {
  /** A service of this name was deployed by us (design §5, `run_once`). */
  readonly deployedBefore: boolean;
  /** The last redeploy token recorded; null = a memory that knows the service recorded none; undefined = no memory. */
  readonly redeployToken: string | null | undefined;
}

/** One service as `step` sees it. */
export type Observed = Remembered &
  (
    | { readonly exists: false }
    | { readonly exists: true; readonly uuid: string; readonly state: ServiceState; readonly fields: Spec }
    | { readonly exists: 'unclear'; readonly uuid: string; readonly state: string }
  );

// ── what can be done ──────────────────────────────────────────────────────────────────────────────────────────

export type Patch = Spec & { readonly redeploy_token?: string };

export type Operation =
  | { readonly verb: 'create'; readonly spec: Spec; readonly redeployToken: string | undefined }
  | { readonly verb: 'update'; readonly uuid: string; readonly patch: Patch }
  | { readonly verb: 'redeploy'; readonly uuid: string; readonly token: string | undefined }
  /** `token`: the redeploy token that a first start serves, for a memory that is ours; never sent. */
  | { readonly verb: 'start'; readonly uuid: string; readonly token?: string }
  | { readonly verb: Exclude<Action, 'redeploy' | 'start'>; readonly uuid: string };

export type Verb = Operation['verb'];

// ── why ───────────────────────────────────────────────────────────────────────────────────────────────────────

export type Difference =
  | { readonly field: Exclude<Field, 'container_envvars'>; readonly live: unknown; readonly wanted: unknown }
  | {
      readonly field: 'container_envvars';
      readonly key: string;
      readonly change: 'added' | 'changed' | 'removed';
    };

export type Reason =
  | { readonly code: 'missing' }
  /** `run_once`: there is no memory of a deployment, so it is taken as never deployed. */
  | { readonly code: 'never-deployed' }
  | { readonly code: 'differs'; readonly differences: readonly Difference[] }
  | { readonly code: 'cannot-patch'; readonly fields: readonly Field[] }
  | { readonly code: 'state'; readonly state: ServiceState; readonly want: 'running' | 'stopped' }
  | { readonly code: 'redeploy-token'; readonly token: string }
  | { readonly code: 'record-token'; readonly token: string }
  /** Nothing but a replace leads out of this state on this server (design §4, "leaving Not running"). */
  | { readonly code: 'no-way-out'; readonly state: ServiceState }
  /** `removedFromGit`: the commit in which it was first missing. `approvedBy`: the one whose `Allow-Delete` names it. */
  | { readonly code: 'unwanted'; readonly removedFromGit?: string; readonly approvedBy?: string };

export type Block =
  | { readonly code: 'foreign'; readonly uuid: string; readonly owner: string | undefined }
  | { readonly code: 'namesakes'; readonly uuids: readonly string[] }
  | { readonly code: 'unknown-state'; readonly state: string }
  | { readonly code: 'protected'; readonly verb: 'delete' | 'replace' }
  | { readonly code: 'replace-off'; readonly fields: readonly Field[]; readonly state: ServiceState }
  /** A dependant could not be linked to the successor, so the replace would leave it without its link. */
  | { readonly code: 'replace-unlinks'; readonly dependant: string }
  | { readonly code: 'capability-missing'; readonly extension: Extension; readonly fields: readonly Field[] }
  | { readonly code: 'capability-lost'; readonly extension: Extension; readonly fields: readonly Field[] }
  | {
      readonly code: 'dependency';
      readonly name: string;
      readonly why: 'blocked' | 'stalled' | 'missing' | 'failed';
    }
  | { readonly code: 'unverified'; readonly uuid: string }
  | { readonly code: 'quarantined'; readonly verb: Verb; readonly times: number }
  | { readonly code: 'duplicate-create'; readonly uuids: readonly string[] }
  | { readonly code: 'unset'; readonly unknowns: readonly Unknown[] }
  | {
      readonly code: 'refused';
      readonly verb: Verb;
      readonly message: string;
      readonly place: Place | undefined;
    }
  | { readonly code: 'deletes-refused'; readonly objection: Objection }
  | { readonly code: 'linked-from'; readonly by: readonly string[] }
  /** Nothing is written to it before `until` (wall-clock milliseconds), or `evenkeel resume`. */
  | { readonly code: 'suspended'; readonly until: number; readonly by: string; readonly reason: string }
  /** What was written was undone by somebody else so often within ten minutes; tried again after `until`. */
  | { readonly code: 'contention'; readonly verb: Verb; readonly times: number; readonly until: number };

/** Things worth saying about a service that needs nothing done. */
export type Note =
  | { readonly code: 'listed'; readonly differences: readonly Difference[] }
  | { readonly code: 'token-assumed-served'; readonly token: string }
  | { readonly code: 'deployed-once' }
  | { readonly code: 'adopted' }
  | { readonly code: 'unverified' }
  /** Its file is broken now: the last good version is kept, nothing is done. */
  | { readonly code: 'frozen' }
  | { readonly code: 'dependency-not-running'; readonly name: string }
  | { readonly code: 'terminated-twin'; readonly uuid: string };

export type Decision =
  /** `remember`: a token to be kept by the journal, because the server keeps none (design §6). */
  | { readonly kind: 'in-sync'; readonly notes: readonly Note[]; readonly remember: string | undefined }
  | { readonly kind: 'act'; readonly operation: Operation; readonly why: Reason }
  | { readonly kind: 'wait'; readonly state: MovingState }
  | { readonly kind: 'blocked'; readonly block: Block };

export interface Policy {
  readonly allowReplace: boolean;
  readonly protect: boolean;
  readonly capabilities: Capabilities;
}

// ── the course and the plan ───────────────────────────────────────────────────────────────────────────────────

export type Move = Extract<Decision, { kind: 'act' | 'wait' }>;
export type End = Extract<Decision, { kind: 'in-sync' | 'blocked' }>;

export interface Course {
  readonly moves: readonly Move[];
  readonly end: End;
}

/** Deletes and replaces are too many to be meant, or would leave nothing (design §6). */
export type Objection =
  | {
      readonly code: 'too-many';
      readonly names: readonly string[];
      readonly limit: number;
      readonly owned: number;
      /** Done already within the sliding hour. */
      readonly recent: number;
    }
  | { readonly code: 'everything'; readonly names: readonly string[] };
