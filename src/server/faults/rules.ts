/**
 * The fault file's rules, and which of them strikes a request. Everything that is chance depends on the seed and on how
 * many requests the rule has met, never on time, so a rehearsal is the same every time.
 */
import { chance } from '../../service/chance.ts';
import type { RequestVerb } from '../observe.ts';

/** Which requests a rule looks at; all that are given must hold. */
export interface Match {
  readonly method?: string | readonly string[];
  readonly verb?: RequestVerb | readonly RequestVerb[];
  /** Path without query; `*` stands for anything. */
  readonly path?: string;
  /** The service's name. */
  readonly name?: string | readonly string[];
  /** Of the requests it looks at: the first is 1. */
  readonly nth?: number | readonly number[];
  readonly every?: number;
  /** Not the first so many. */
  readonly after?: number;
  /** Only the first so many. */
  readonly until?: number;
  readonly probability?: number;
}

export type Fault =
  | { readonly kind: 'refuse' }
  | { readonly kind: 'timeout_before' }
  | { readonly kind: 'timeout_after' }
  | { readonly kind: 'reset_after' }
  | { readonly kind: 'error_before'; readonly status?: number }
  | { readonly kind: 'error_after'; readonly status?: number }
  | { readonly kind: 'too_many'; readonly retry_after?: number | string }
  | { readonly kind: 'html'; readonly status?: number; readonly when?: 'before' | 'after' }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'slow_body'; readonly chunk?: number; readonly every_ms?: number }
  | { readonly kind: 'truncated_body' }
  | { readonly kind: 'late_commit'; readonly ms: number }
  | { readonly kind: 'stale_list'; readonly ms?: number; readonly writes?: number }
  | { readonly kind: 'dropped_page'; readonly how?: 'rows' | 'rest' };

export interface Rule {
  readonly match?: Match;
  readonly fault: Fault;
}

export interface Probe {
  readonly method: string;
  readonly verb: RequestVerb;
  readonly path: string;
  readonly name: string | undefined;
}

export interface Faults {
  /** The first rule that strikes; every rule that looks at the request counts it. */
  strike(probe: Probe): Fault | undefined;
  /** Whether list snapshots are needed at all. */
  readonly keepsHistory: boolean;
}

export const NO_FAULTS: Faults = { strike: () => undefined, keepsHistory: false };

export function createFaults(rules: readonly Rule[], seed: number): Faults {
  const met = rules.map(() => 0);
  return {
    keepsHistory: rules.some((rule) => rule.fault.kind === 'stale_list'),
    strike(probe) {
      let struck: Fault | undefined;
      for (const [index, { match = {}, fault }] of rules.entries()) {
        if (!concerns(match, probe)) continue;
        const count = (met[index] ?? 0) + 1;
        met[index] = count;
        if (struck === undefined && isDue(match, count, chance(seed, 'fault', index, count))) struck = fault;
      }
      return struck;
    },
  };
}

const among = <T>(wanted: T | readonly T[] | undefined, value: T | undefined) =>
  wanted === undefined || (Array.isArray(wanted) ? wanted.includes(value) : wanted === value);

function concerns(match: Match, probe: Probe): boolean {
  return (
    among(match.method, probe.method) &&
    among<string>(match.verb, probe.verb) &&
    among(match.name, probe.name) &&
    (match.path === undefined || pattern(match.path).test(withSlash(probe.path)))
  );
}

const withSlash = (path: string) => (path.endsWith('/') ? path : `${path}/`);

function pattern(path: string): RegExp {
  const parts = (path.endsWith('*') ? path : withSlash(path))
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}

function isDue(match: Match, count: number, draw: number): boolean {
  const shifted = count - (match.after ?? 0);
  return (
    shifted >= 1 &&
    (match.until === undefined || count <= match.until) &&
    among(match.nth, count) &&
    (match.every === undefined || shifted % match.every === 0) &&
    (match.probability === undefined || draw < match.probability)
  );
}
