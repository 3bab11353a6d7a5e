/**
 * Making a service: POST is not idempotent, so a client may bring an Idempotency-Key. The uuid is then a hash of (user,
 * key): the definition itself is the memory of the key, and two servers on one store cannot make two.
 */
import { createHash } from 'node:crypto';
import type { DefinedSpec, Definition } from '../../service/definition.ts';
import { nameFromImage } from '../../service/image.ts';
import { StoreConflict } from '../../service/store.ts';
import { withRoleKey } from '../auth/role-keys.ts';
import { Problem } from '../http/problem.ts';
import { DEFAULTS } from '../input/fields.ts';
import type { Given } from '../input/request.ts';
import { uuidFrom } from '../object.ts';
import type { Asker } from '../types.ts';
import { definitionsOf, look, type Seen } from './look.ts';
import { freeName, newAction, newDefinition, withAction } from './records.ts';
import type { Services } from './services.ts';

export interface CreateOrder {
  /** Reads the body against the user's services at that moment; throws a Problem. */
  readonly read: (neighbours: readonly Definition[]) => Given;
  readonly key: string | undefined;
  /** The body in one spelling, for comparing repeated requests. */
  readonly body: string;
}

export interface Created {
  readonly seen: Seen;
  readonly action: string | undefined;
  /** A repeated request: the service as it is now. */
  readonly replayed: boolean;
}

export async function createService(services: Services, asker: Asker, order: CreateOrder): Promise<Created> {
  const { locks } = services;
  const uuid = order.key === undefined ? undefined : uuidFrom('idempotency-key', asker.user, order.key);
  const once = async () => {
    const known = uuid === undefined ? undefined : await replay(services, uuid, order.body);
    return known ?? (await make(services, asker, order, uuid));
  };
  // A request in flight with the same key holds this lock too, so a second one waits for its end.
  const created = await (uuid === undefined ? once() : locks.run(`create ${uuid}`, once));
  await services.sweep();
  return created;
}

async function replay({ world }: Services, uuid: string, body: string): Promise<Created | undefined> {
  const known = await world.store.definition(uuid);
  if (known === undefined) return undefined;
  if (known.keyedBody !== hash(body)) {
    throw new Problem(
      409,
      'this Idempotency-Key was used with another body; use a new key for another request',
    );
  }
  const [seen] = await look([known], world);
  return seen === undefined ? undefined : { seen, action: undefined, replayed: true };
}

interface Chosen {
  readonly given: Given;
  readonly image: string;
  readonly name: string;
  readonly uniqueName: string;
}

function make(
  services: Services,
  asker: Asker,
  order: CreateOrder,
  keyed: string | undefined,
): Promise<Created> {
  const choose = async (held: ReadonlySet<string>): Promise<Chosen> => {
    const neighbours = await definitionsOf(asker.user, services.world);
    const given = order.read(neighbours);
    const image = given.spec.image ?? '';
    const name = given.name ?? defaultName(image);
    const taken = neighbours.filter((one) => one.destroyedAt === null).map((one) => one.uniqueName);
    return { given, image, name, uniqueName: freeName(name, new Set([...held, ...taken])) };
  };
  return services.names.hold(asker.user, choose, (chosen) => store(services, asker, order, keyed, chosen));
}

async function store(
  services: Services,
  asker: Asker,
  order: CreateOrder,
  keyed: string | undefined,
  { given, image, name, uniqueName }: Chosen,
): Promise<Created> {
  const { world } = services;
  const spec: DefinedSpec = { ...DEFAULTS, ...given.spec, image };
  const born = newDefinition({
    uuid: keyed ?? (await freshUuid(services)),
    user: asker.user,
    name,
    uniqueName,
    spec,
    image: await imageDefaults(services, image),
    redeployToken: given.redeployToken ?? null,
    keyedBody: keyed === undefined ? null : hash(order.body),
    at: world.clock.wall(),
  });
  refuseProblems(services, born);
  const action = world.random.uuid();
  const { definition } = withAction(withRoleKey(born, world.random), action);
  const record = newAction(action, born.uuid, 'Create', asker, born.createdAt, true);
  try {
    await world.store.write([
      { table: 'definitions', put: definition },
      { table: 'actions', put: record },
    ]);
  } catch (error) {
    const twice = keyed !== undefined && error instanceof StoreConflict;
    const other = twice ? await replay(services, born.uuid, order.body) : undefined;
    if (other === undefined) throw error;
    return other;
  }
  return { seen: { definition, containers: [], state: 'Init' }, action, replayed: false };
}

/** Throws a Problem naming the fields that the engine cannot carry out. */
export function refuseProblems({ world }: Services, definition: Definition): void {
  const fields: Record<string, string[]> = {};
  for (const { field, message } of world.engine.check(definition))
    fields[field] = [...(fields[field] ?? []), message];
  const messages = Object.values(fields).flat();
  if (messages.length > 0) throw new Problem(400, messages.join(' | '), { fields });
}

/** What the image says, as far as the engine knows it now. */
export async function imageDefaults({ world }: Services, image: string): Promise<Definition['image']> {
  const result = await world.engine.image(image, new AbortController().signal);
  return result.ok ? result.value : null;
}

/** The reference's default: the image without namespace; characters that a name cannot hold become "-". */
function defaultName(image: string): string {
  const name = nameFromImage(image).replace(/[^a-zA-Z0-9_.-]/g, '-');
  return name.slice(0, 63) || 'service';
}

/** A source of chance with a fixed seed gives the same uuids in the next run. */
async function freshUuid({ world }: Services): Promise<string> {
  for (;;) {
    const uuid = world.random.uuid();
    if ((await world.store.definition(uuid)) === undefined) return uuid;
  }
}

const hash = (text: string) => createHash('sha256').update(text).digest('hex');
