/**
 * What changed since a service was last as wished: live, or in git. Compared by keyed hashes, because what is remembered of a
 * value outlives it in the journal; nothing remembered, nothing said.
 */
import { normalizeImage } from '../service/image.ts';
import type { Applied, Hashes } from '../service/memory.ts';
import type { Changed } from '../service/plan.ts';
import type { Live, Wish } from '../service/service.ts';
import type { Spec } from '../service/spec.ts';
import { isMoving } from '../service/states.ts';
import { uuidOfUri } from '../service/uri.ts';

export interface Looking {
  readonly hash: (text: string) => string;
  /** The name of the service with this uuid, if it is known. */
  readonly nameOf: (uuid: string) => string | undefined;
}

/** Enough to tell two values apart; it protects nothing that the key does not. */
const DIGITS = 12;

/** What is to be remembered of a service that is as wished. */
export function appliedOf(wish: Wish, live: Live, with_: Looking): Applied {
  const { want } = wish;
  return {
    uuid: live.uuid,
    want,
    wished: hashes(wish.spec, with_),
    live: hashes(declared(live.fields, wish), with_),
  };
}

/** The fields that differ from what was remembered, `container_envvars.KEY` for variables; `service` = it is gone, or another one. */
export function changedSince(
  applied: Applied | undefined,
  wish: Wish,
  live: Live | undefined,
  with_: Looking,
): Changed | undefined {
  if (applied === undefined) return undefined;
  const git = differing(applied.wished, hashes(wish.spec, with_));
  if (applied.want !== wish.want) git.push('state');
  const there = live !== undefined && live.state !== 'Terminated' && live.uuid === applied.uuid;
  const found = there ? liveChanges(applied, wish, live, with_) : ['service'];
  return git.length === 0 && found.length === 0 ? undefined : { live: found, git };
}

/**
 * Nothing while it moves: what moves was asked for, mostly by us, and is looked at when it rests. Nor what is as the manifest
 * says by now: that is our own write, not anybody's change.
 */
function liveChanges(applied: Applied, wish: Wish, live: Live, with_: Looking): string[] {
  if (typeof live.state === 'string' && isMoving(live.state)) return [];
  const now = hashes(declared(live.fields, wish), with_);
  const wished = hashes(wish.spec, with_);
  // What the manifest did not declare then, or does not now, was not looked at.
  const both = new Set([...Object.keys(applied.live), ...Object.keys(now)].map(fieldOf));
  const known = (hashed: Hashes) => new Set(Object.keys(hashed).map(fieldOf));
  const [before, after] = [known(applied.live), known(now)];
  const compared = new Set([...both].filter((field) => before.has(field) && after.has(field)));
  const fields = differing(applied.live, now).filter(
    (key) => compared.has(fieldOf(key)) && now[key] !== wished[key],
  );
  return isElsewhere(applied.want, live) ? [...fields, 'state'] : fields;
}

function isElsewhere(want: 'running' | 'stopped', { state }: Live): boolean {
  if (want === 'stopped') return state === 'Running' || state === 'Partly running';
  return state === 'Stopped' || state === 'Not running' || state === 'Partly running' || state === 'Init';
}

const fieldOf = (key: string) => key.split('.', 1)[0] ?? key;

function differing(before: Hashes, now: Hashes): string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...keys].filter((key) => before[key] !== now[key]).sort();
}

/** The live values of what the manifest declares. */
function declared(fields: Spec, { spec }: Wish): Spec {
  return Object.fromEntries(Object.entries(fields).filter(([field]) => Object.hasOwn(spec, field)));
}

function hashes(spec: Spec, { hash, nameOf }: Looking): Hashes {
  const short = (value: unknown) => hash(JSON.stringify(value) ?? '').slice(0, DIGITS);
  const { container_envvars: variables = [], linked_to_service: links, image, ...others } = spec;
  const rest = image === undefined ? others : { ...others, image: normalizeImage(image) };
  // A link's target may be made anew by us: it is the same link.
  const named = links?.map(({ to_service, name }) => {
    const uuid = uuidOfUri(to_service);
    return [uuid === undefined ? to_service : (nameOf(uuid) ?? uuid), name];
  });
  return {
    ...Object.fromEntries(Object.entries(rest).map(([field, value]) => [field, short(value)])),
    ...(named === undefined ? {} : { linked_to_service: short(named.sort()) }),
    ...Object.fromEntries(variables.map(({ key, value }) => [`container_envvars.${key}`, short(value)])),
  };
}
