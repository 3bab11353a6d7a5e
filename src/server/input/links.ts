/**
 * Links as clients write them: by resource URI, bare uuid, unique name or name (`research/api.md` §1.5 row 18). None or
 * more than one match is a refusal, because a link to the wrong database is worse than none.
 */
import type { DefinedLink, Definition } from '../../service/definition.ts';
import { uuidOfUri } from '../../service/uri.ts';
import { distinct, each, Invalid, isObject, optional, required, text } from './values.ts';

const ALIAS = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/;

/** `candidates`: the user's services that are not on their way out; `self` cannot be linked to. */
export function links(
  value: unknown,
  candidates: readonly Definition[],
  self: string | undefined,
): readonly DefinedLink[] {
  const read = each(value, (entry): DefinedLink => {
    const link = isObject(entry) ? entry : { to_service: entry };
    const to = required(link, 'to_service', (given) => text(given, 1_024));
    const target = resolve(to, candidates);
    if (target.uuid === self) throw new Invalid('to_service: a service cannot link to itself');
    const name = optional(link, 'name', (given) => text(given, 63), target.name);
    if (!ALIAS.test(name)) throw new Invalid('name: expected letters, digits, "-", "_" or "."');
    return { uuid: target.uuid, name };
  });
  return distinct(read, (link) => link.name, 'link');
}

function resolve(to: string, candidates: readonly Definition[]): Definition {
  const uuid = uuidOfUri(to) ?? to;
  const exact =
    candidates.find((one) => one.uuid === uuid) ?? candidates.find((one) => one.uniqueName === to);
  const named = candidates.filter((one) => one.name === to);
  const only = named.length === 1 ? named[0] : undefined;
  const found = uuidOfUri(to) === undefined && named.length > 1 ? undefined : (exact ?? only);
  if (found !== undefined) return found;
  const shown = JSON.stringify(to.slice(0, 200));
  throw new Invalid(
    named.length > 1
      ? `to_service: ${named.length} services are named ${shown}; give the resource URI`
      : `to_service: there is no service ${shown}`,
  );
}
