/**
 * When something is worth waking a person: a cause is told once, when it has failed three times or lasted five minutes,
 * and once more when it has ended. What comes and goes faster is nobody's business. Causes of one kind that fall due
 * together are one message. What was told survives a restart, so that its end is told too.
 */
import type { Clock } from '../service/ports.ts';
import type { Notice } from './message.ts';

const FAILURES = 3;
const LONG_MS = 5 * 60_000;
const MOST_NAMED = 20;

/** A cause as it is kept over a restart. */
export interface Told {
  readonly cause: string;
  readonly kind: Kind;
  readonly service: string | undefined;
}

export type Kind = 'api' | 'source' | 'journal' | 'deletes' | 'blocked' | 'stalled' | 'failing';

interface Cause extends Told {
  readonly text: string;
  readonly since: number;
  readonly failures: number;
}

/** Of the alert, of the recovery. */
const TITLES: Readonly<Record<Kind, readonly [string, string]>> = {
  api: ['the services cannot be seen', 'the services can be seen again'],
  source: ['the manifests cannot all be read', 'the manifests can all be read again'],
  journal: ['the journal cannot be written', 'the journal can be written again'],
  deletes: ['deletes and replaces are refused', 'no delete or replace is refused any more'],
  blocked: ['blocked', 'no longer blocked'],
  stalled: ['stalled', 'no longer stalled'],
  failing: ['failing', 'no longer failing'],
};

export class Alerts {
  readonly #clock: Clock;
  readonly #active = new Map<string, Cause>();
  readonly #told: Map<string, Told>;

  /** `told`: from before a restart. */
  constructor(clock: Clock, told: readonly Told[]) {
    this.#clock = clock;
    this.#told = new Map(told.map((one) => [one.cause, one]));
  }

  /** What was told and has not ended. */
  told(): readonly Told[] {
    return [...this.#told.values()];
  }

  /** A cause holds. Saying it again changes its text only; `failures` counts from the outside where that is known. */
  holds(
    kind: Kind,
    text: string,
    { service, failures = 0 }: { readonly service?: string; readonly failures?: number } = {},
  ): void {
    const cause = causeOf(kind, service);
    const known = this.#active.get(cause);
    const since = known?.since ?? this.#clock.monotonic();
    this.#active.set(cause, {
      cause,
      kind,
      service,
      text,
      since,
      failures: Math.max(failures, known?.failures ?? 0),
    });
  }

  /** One more pass failed for this cause. */
  failedAgain(kind: Kind): void {
    const known = this.#active.get(kind);
    if (known !== undefined) this.#active.set(kind, { ...known, failures: known.failures + 1 });
  }

  ends(kind: Kind, service?: string): void {
    this.#active.delete(causeOf(kind, service));
  }

  /** Every cause of `kind` that holds for a service not in `still` has ended. */
  endAllBut(kind: Kind, still: ReadonlySet<string>): void {
    for (const { cause, kind: other, service } of this.#active.values())
      if (other === kind && service !== undefined && !still.has(service)) this.#active.delete(cause);
  }

  /** What is to be told now. `settled`: a whole pass has gone by, so what does not hold now has ended. */
  due(settled: boolean): readonly Notice[] {
    const now = this.#clock.monotonic();
    const due = [...this.#active.values()].filter(
      ({ cause, failures, since, kind }) =>
        !this.#told.has(cause) && (kind === 'journal' || failures >= FAILURES || now - since >= LONG_MS),
    );
    for (const { cause, kind, service } of due) this.#told.set(cause, { cause, kind, service });
    const ended = settled ? [...this.#told.values()].filter(({ cause }) => !this.#active.has(cause)) : [];
    for (const { cause } of ended) this.#told.delete(cause);
    const alerts = byKind(due).map((all) => notice('alert', all, textOf(all)));
    const recoveries = byKind(ended).map((all) => notice('recovery', all, ''));
    return [...alerts, ...recoveries];
  }
}

const causeOf = (kind: Kind, service: string | undefined) =>
  service === undefined ? kind : `${kind} ${service}`;

function byKind<One extends Told>(all: readonly One[]): readonly (readonly One[])[] {
  const kinds = new Map<Kind, One[]>();
  for (const one of all) kinds.set(one.kind, [...(kinds.get(one.kind) ?? []), one]);
  return [...kinds.values()];
}

function textOf(all: readonly Cause[]): string {
  const lines = all
    .slice(0, MOST_NAMED)
    .map(({ service, text }) => (service === undefined ? text : `${service}: ${text}`));
  return [...lines, ...(all.length > MOST_NAMED ? [`and ${all.length - MOST_NAMED} more`] : [])].join('\n');
}

function notice(kind: 'alert' | 'recovery', all: readonly Told[], text: string): Notice {
  const services = all.flatMap(({ service }) => service ?? []).sort();
  const words = TITLES[all[0]?.kind ?? 'api'][kind === 'alert' ? 0 : 1];
  const who = services.length === 1 ? `${services[0]} is ` : `${services.length} services are `;
  const title = services.length === 0 ? words : who + words;
  return { kind, title, text, causes: all.map(({ cause }) => cause), services };
}
