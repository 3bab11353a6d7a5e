/**
 * One operation, sent and accounted for.
 *
 * A create is journalled before it leaves and after it is answered (design §7); a terminate is counted before it
 * leaves; everything else once it is accepted. What is sent is decided when the place is granted, not before.
 */
import { fightKey } from '../decide/contention.ts';
import { wishKey } from '../decide/held.ts';
import { predict } from '../decide/model.ts';
import { differenceKey } from '../decide/quarantine.ts';
import type { ApiFailure, Result } from '../service/failure.ts';
import type { Intent } from '../service/memory.ts';
import type {
  Accepted,
  Clock,
  CreateRequest,
  Journal,
  Random,
  ServiceApi,
  WriteRequest,
} from '../service/ports.ts';
import type { Operation, Wish } from '../service/service.ts';
import type { Target, Verdict } from './bench.ts';
import type { Knowledge } from './knowledge.ts';

type Act = Extract<Verdict, { kind: 'act' }>;
type Create = Extract<Operation, { verb: 'create' }>;

export interface Performer {
  readonly api: ServiceApi;
  readonly journal: Journal;
  readonly knowledge: Knowledge;
  readonly clock: Clock;
  readonly random: Random;
  readonly owner: string;
  /** Decides again; undefined when the operation is no longer what is to be done. */
  again(target: Target): Act | undefined;
  wish(name: string): Wish | undefined;
  /** The commit that approves the delete of a name. */
  approvedBy(name: string): string | undefined;
  journalFailed(error: unknown): void;
  /** A request leaves (+1) or is answered (-1). */
  underWay(change: 1 | -1): void;
}

/** What was sent and how it ended; undefined when in the end nothing was sent. */
export type Performed =
  | { readonly act: Act; readonly result: Result<Accepted>; readonly intent?: Intent }
  | undefined;

export function perform(target: Target, act: Act, with_: Performer, signal: AbortSignal): Promise<Performed> {
  return act.operation.verb === 'create'
    ? performCreate(target, with_, signal)
    : performWrite(target, act, with_, signal);
}

async function performCreate(target: Target, with_: Performer, signal: AbortSignal): Promise<Performed> {
  let sent: { act: Act; intent: Intent; again: boolean } | undefined;
  const placed = async (): Promise<CreateRequest | undefined> => {
    const act = signal.aborted ? undefined : with_.again(target);
    if (act === undefined || act.operation.verb !== 'create') return undefined;
    const { name } = target;
    const open = with_.journal.memory().intents.get(name);
    const request = createRequest(name, act.operation, open?.attempt ?? with_.random.uuid(), with_);
    const intent = open ?? intentFor(request, with_);
    if (open === undefined && !(await written(with_, { type: 'intent', ...intent }))) return undefined;
    with_.knowledge.beginWrite(name);
    with_.underWay(1);
    sent = { act, intent, again: open !== undefined };
    return request;
  };
  const result = await with_.api.create(placed, signal);
  if (sent === undefined) return undefined;
  const { act, intent, again } = sent;
  const now = with_.clock.monotonic();
  with_.knowledge.endWrite(target.name, now);
  with_.underWay(-1);
  if (result === undefined) return { act, intent, result: unanswered };
  await accountCreate(target.name, act, intent, result, again, with_, now);
  return { act, intent, result };
}

const unanswered: Result<Accepted> = {
  ok: false,
  failure: { kind: 'ambiguous', status: undefined, message: 'given up before it was answered' },
};

/** The request of an attempt; the mark travels in it, as a label where the server has labels. */
export function createRequest(
  name: string,
  operation: Create,
  attempt: string,
  with_: Pick<Performer, 'owner' | 'knowledge'>,
): CreateRequest {
  const carrier = with_.knowledge.offered.includes('labels') ? 'labels' : 'container_envvars';
  return { name, operation, mark: { owner: with_.owner, name, attempt, in: carrier } };
}

function intentFor(request: CreateRequest, with_: Performer): Intent {
  return {
    name: request.name,
    attempt: request.mark.attempt,
    bodyHash: with_.journal.hash(with_.api.createBody(request)),
    at: with_.clock.wall(),
    before: with_.knowledge.named(request.name).map((live) => live.uuid),
    redeployToken: request.operation.redeployToken ?? null,
  };
}

async function accountCreate(
  name: string,
  act: Act,
  intent: Intent,
  result: Result<Accepted>,
  again: boolean,
  with_: Performer,
  now: number,
): Promise<void> {
  const { attempt } = intent;
  if (result.ok) {
    const { live } = result.value;
    if (live === undefined) return;
    with_.knowledge.absorbOne(live, now);
    await written(with_, {
      type: 'created',
      name,
      uuid: live.uuid,
      attempt,
      redeployToken: intent.redeployToken ?? null,
      at: with_.clock.wall(),
      ...fightOf(name, act, with_),
    });
    return;
  }
  // A no to the same request sent again says nothing of the first one, which may still be on its way.
  if (!again && isDefiniteNo(result.failure, with_.knowledge.offered.includes('idempotency-key'))) {
    await written(with_, { type: 'abandoned', name, attempt, why: result.failure.kind });
  }
}

/** Nothing was made and nothing will be: a new attempt may follow (design §7). A 409 may be the key's, so it is not. */
function isDefiniteNo(failure: ApiFailure, keyed: boolean): boolean {
  switch (failure.kind) {
    case 'not-sent':
    case 'wait':
    case 'refused':
    case 'auth':
      return true;
    case 'look-again':
      return !(keyed && failure.status === 409);
    case 'broken':
      return failure.status !== undefined && failure.status >= 400 && failure.status < 500;
    case 'ambiguous':
      return false;
  }
}

async function performWrite(
  target: Target,
  first: Act,
  with_: Performer,
  signal: AbortSignal,
): Promise<Performed> {
  let sent: Act | undefined;
  const placed = async (): Promise<WriteRequest | undefined> => {
    const act = signal.aborted ? undefined : with_.again(target);
    if (act === undefined || act.operation.verb === 'create') return undefined;
    if (act.operation.verb === 'terminate' && !(await countDelete(target, with_))) return undefined;
    with_.knowledge.beginWrite(target.name);
    with_.underWay(1);
    sent = act;
    return { operation: act.operation, mark: act.live?.mark ?? undefined };
  };
  const result = (await with_.api.write(placed, first.priority, signal)) ?? unanswered;
  if (sent === undefined) return undefined;
  const now = with_.clock.monotonic();
  with_.knowledge.endWrite(target.name, now);
  with_.underWay(-1);
  if (result.ok) await accountWrite(target.name, sent, result.value, with_, now);
  else if (leavesDoubt(result.failure)) with_.knowledge.doubtWrite(uuidOf(sent.operation));
  return { act: sent, result };
}

/** It may have been done, or the state was another one than was seen. */
function leavesDoubt({ kind }: ApiFailure): boolean {
  return kind === 'ambiguous' || kind === 'look-again' || kind === 'broken';
}

function uuidOf(operation: Operation): string {
  return operation.verb === 'create' ? '' : operation.uuid;
}

/** Before it is sent, so that a crash cannot make the sliding hour forget it; once an hour for each name. */
async function countDelete({ name, kind }: Target, with_: Performer): Promise<boolean> {
  const at = with_.clock.wall();
  const approvedBy = kind === 'delete' ? with_.approvedBy(name) : undefined;
  const counted = with_.journal
    .memory()
    .deletes.some((one) => one.name === name && Math.abs(at - one.at) < 60_000);
  const approval = approvedBy === undefined ? {} : { approvedBy };
  return counted || written(with_, { type: 'deleted', name, at, ...approval });
}

async function accountWrite(
  name: string,
  act: Act,
  accepted: Accepted,
  with_: Performer,
  now: number,
): Promise<void> {
  const { operation, why, observed } = act;
  if (operation.verb === 'create') return;
  const { uuid, verb } = operation;
  const live = accepted.live?.uuid === uuid ? accepted.live : undefined;
  // Before the disk is waited for: a list that began meanwhile must find what this reply showed already known.
  if (live !== undefined) with_.knowledge.absorbOne(live, now);
  else with_.knowledge.doubtWrite(uuid);
  const next = predict(observed, operation, name);
  const state =
    typeof live?.state === 'string' ? live.state : next.exists === true ? next.state : 'Terminated';
  const key = differenceKey(operation, why, observed, with_.wish(name)?.spec);
  const token =
    'token' in operation
      ? operation.token
      : 'patch' in operation
        ? operation.patch.redeploy_token
        : undefined;
  await written(with_, {
    type: 'accepted',
    name,
    uuid,
    verb,
    state,
    at: with_.clock.wall(),
    ...(key === undefined ? {} : { difference: with_.journal.hash(key) }),
    ...fightOf(name, act, with_),
    ...(token === undefined ? {} : { token }),
  });
}

/** What would have to come back for this write to have been undone. */
function fightOf(name: string, { operation, why, observed }: Act, with_: Performer) {
  const wish = with_.wish(name);
  const key = wish === undefined ? undefined : fightKey(operation, why, observed, wish.spec);
  if (wish === undefined || key === undefined) return {};
  const { journal } = with_;
  return { fight: { difference: journal.hash(key), wish: journal.hash(wishKey(wish)) } };
}

/** Whether the record is on disk. */
export async function written(
  with_: Pick<Performer, 'journal' | 'journalFailed'>,
  record: Parameters<Journal['append']>[0],
): Promise<boolean> {
  try {
    await with_.journal.append(record);
    return true;
  } catch (error) {
    with_.journalFailed(error);
    return false;
  }
}
