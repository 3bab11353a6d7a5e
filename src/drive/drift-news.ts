/**
 * Says once what somebody else changed, field by field, and who it was where the server keeps records of writes.
 *
 * Asking takes no part in the pass: what was changed is put right meanwhile, so a record counts that is not older than
 * our own last accepted write at the time the change was seen, and not ours.
 */
import { parseDate } from '../service/dates.ts';
import type { Changed, Culprit, Plan } from '../service/plan.ts';
import type { ActionLine } from '../service/ports.ts';
import type { FleetParts } from './parts.ts';

/** So many are asked about in one pass; the others are told without a name. */
const MOST_ASKED = 10;
/** Dates of records are whole seconds, and the server has its own clock. */
const SLACK_MS = 5_000;
const DAY_MS = 86_400_000;

interface Told {
  readonly key: string;
  by: Culprit | undefined;
}

export class DriftNews {
  readonly #parts: FleetParts;
  readonly #told = new Map<string, Told>();

  constructor(parts: FleetParts) {
    this.#parts = parts;
  }

  /** Who changed it, as far as it was told. */
  culprit(name: string): Culprit | undefined {
    return this.#told.get(name)?.by;
  }

  /** Looks for what is new in the plan of this pass. */
  tell(plan: Plan, signal: AbortSignal): void {
    let asked = 0;
    for (const { name, uuid, changed } of plan.services) {
      if (changed === undefined || changed.live.length === 0) {
        this.#told.delete(name);
        continue;
      }
      const memory = this.#parts.journal.memory();
      const known = uuid ?? memory.applied.get(name)?.uuid;
      // What was put right and is changed again is news again.
      const written = memory.accepted.get(known ?? '')?.at;
      const told: Told = { key: JSON.stringify([uuid, changed.live, written]), by: undefined };
      if (this.#told.get(name)?.key === told.key) continue;
      this.#told.set(name, told);
      void this.#tellOne(name, known, changed, asked++ < MOST_ASKED ? signal : undefined).then((by) => {
        told.by = by;
      });
    }
  }

  async #tellOne(
    name: string,
    uuid: string | undefined,
    changed: Changed,
    signal: AbortSignal | undefined,
  ): Promise<Culprit | undefined> {
    const { api, settings, journal, clock, listen } = this.#parts;
    const accepted = uuid === undefined ? undefined : journal.memory().accepted.get(uuid);
    const since = accepted?.at ?? clock.wall() - DAY_MS;
    const mayAsk = settings.agent !== undefined && api.actions !== undefined && uuid !== undefined;
    const answer = mayAsk && signal !== undefined ? await api.actions?.(uuid, signal) : undefined;
    const by = answer?.ok === true ? guilty(answer.value, changed.live, since, settings.agent) : undefined;
    if (signal?.aborted !== true)
      listen({ type: 'service:foreign-change', name, uuid, fields: changed.live, by });
    return by;
  }
}

const VERBS: Readonly<Record<string, readonly string[]>> = {
  state: ['Service Start', 'Service Stop', 'Service Redeploy'],
  service: ['Service Terminate'],
};

/** The newest record of somebody else that touches one of `fields`, else the newest of somebody else. */
function guilty(
  lines: readonly ActionLine[],
  fields: readonly string[],
  since: number,
  ours: string | undefined,
): Culprit | undefined {
  const others = lines.filter(({ agent, at }) => agent !== ours && (parseDate(at) ?? 0) >= since - SLACK_MS);
  const names = new Set(fields.map((field) => field.split('.', 1)[0] ?? field));
  const touches = (line: ActionLine) =>
    line.fields.some((field) => names.has(field)) ||
    [...names].some((field) => VERBS[field]?.includes(line.action) === true);
  const line = others.find(touches) ?? others[0];
  if (line === undefined) return undefined;
  const { fields: _, ...culprit } = line;
  return culprit;
}
