/**
 * The permit of an `apply`: the courses that were shown. What was not shown is not done (design §2).
 *
 * An operation is spent when the server accepts it, or when the world already shows it done, which is why later ones
 * may pass over it. Attempts spend nothing and waits need no permit.
 */
import type { Plan, PlannedOperation } from '../service/plan.ts';
import type { Operation } from '../service/service.ts';
import type { Link } from '../service/spec.ts';
import { uuidOfUri } from '../service/uri.ts';

type NameOf = (uuid: string) => string | undefined;

interface Holding {
  readonly operations: readonly { readonly seq: number; readonly text: string }[];
  spent: number;
  ended: boolean;
}

export class Permit {
  readonly #holdings = new Map<string, Holding>();
  readonly #nameOf: NameOf;
  readonly #inOrder: boolean;

  /** `inOrder`: operations must leave in the order of `seq` (concurrency 1). `nameOf` names a uuid seen since. */
  constructor(plan: Plan, inOrder: boolean, nameOf: NameOf) {
    this.#inOrder = inOrder;
    this.#nameOf = nameOf;
    for (const service of plan.services) {
      const planned = service.course.filter((move): move is PlannedOperation => move.kind === 'operation');
      const shownName: NameOf = (uuid) => plan.names[uuid] ?? nameOf(uuid);
      const operations = planned.map(({ seq, operation }) => ({ seq, text: write(operation, shownName) }));
      this.#holdings.set(permitId(service.want, service.name, service.uuid), {
        operations,
        spent: 0,
        ended: operations.length === 0,
      });
    }
  }

  /** `now`: it was shown and is not spent. `later`: so, but another operation's turn comes first. `no`: not shown. */
  allows(id: string, operation: Operation): 'now' | 'later' | 'no' {
    const holding = this.#holdings.get(id);
    const at = holding === undefined ? -1 : this.#find(holding, operation);
    if (holding === undefined || at === -1) return 'no';
    if (!this.#inOrder) return 'now';
    const seq = holding.operations[at]?.seq ?? 0;
    return seq <= this.#turn(id) ? 'now' : 'later';
  }

  /** The server accepted it (or it was found done): it and all before it are spent. */
  spend(id: string, operation: Operation): void {
    const holding = this.#holdings.get(id);
    if (holding === undefined) return;
    const at = this.#find(holding, operation);
    if (at !== -1) holding.spent = at + 1;
  }

  /** It was shown to be terminated and made anew, and has not been terminated yet. */
  isLeaving(id: string): boolean {
    const holding = this.#holdings.get(id);
    if (holding === undefined || holding.ended) return false;
    return holding.operations.slice(holding.spent).some(({ text }) => text === TERMINATE);
  }

  /** Nothing more will be done about it: others need not wait for its turns. */
  end(id: string): void {
    const holding = this.#holdings.get(id);
    if (holding !== undefined) holding.ended = true;
  }

  #find(holding: Holding, operation: Operation): number {
    const text = write(operation, this.#nameOf);
    return holding.operations.findIndex((one, index) => index >= holding.spent && one.text === text);
  }

  /** The lowest place among what others still have before them. */
  #turn(asking: string): number {
    let turn = Number.POSITIVE_INFINITY;
    for (const [id, holding] of this.#holdings) {
      if (id === asking || holding.ended) continue;
      turn = Math.min(turn, holding.operations[holding.spent]?.seq ?? Number.POSITIVE_INFINITY);
    }
    return turn;
  }
}

/** A service is known by its name; one that is only to be deleted, by its uuid (names are not unique). */
export function permitId(
  want: 'running' | 'stopped' | 'absent',
  name: string,
  uuid: string | undefined,
): string {
  return want === 'absent' ? `delete ${uuid}` : name;
}

const TERMINATE = JSON.stringify(['terminate']);

/** An operation as one line without uuids, so that what is asked for now can be held against what was shown. */
function write(operation: Operation, nameOf: NameOf): string {
  switch (operation.verb) {
    case 'create':
      return JSON.stringify(['create', sorted(operation.spec, nameOf), operation.redeployToken ?? null]);
    case 'update':
      return JSON.stringify(['update', sorted(operation.patch, nameOf)]);
    case 'redeploy':
      return JSON.stringify(['redeploy', operation.token ?? null]);
    default:
      return JSON.stringify([operation.verb]);
  }
}

function sorted(fields: object, nameOf: NameOf): readonly unknown[] {
  return Object.entries(fields)
    .map(([field, value]) => [
      field,
      field === 'linked_to_service' ? byName(value as readonly Link[], nameOf) : value,
    ])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}

function byName(links: readonly Link[], nameOf: NameOf): readonly string[] {
  return links.map((link) => {
    const uuid = uuidOfUri(link.to_service);
    const name = uuid === undefined ? link.to_service.replace(/^@/, '') : nameOf(uuid);
    return `${link.name}=${name ?? link.to_service}`;
  });
}
