/**
 * One document → a wish, or the reasons why not. Everything that needs only this document and the resolver.
 */
import type { ServiceManifest } from '../service/manifest.gen.ts';
import type { Place, Wish } from '../service/service.ts';
import { uuidOfUri } from '../service/uri.ts';
import type { Path } from './data.ts';
import { desire } from './desire.ts';
import type { ManifestDocument } from './file.ts';
import { checkOne } from './one.ts';
import { isDynamic, type Resolved, resolve } from './resolve.ts';
import type { Resolver } from './resolver.ts';
import { type Violation, validate, valueAt } from './validate.ts';

/** A name that must be a service of the load. */
export interface Reference {
  readonly to: string;
  readonly place: Place;
  /** May be repeated in a message; text that came from a variable may not. */
  readonly literal: boolean;
}

export interface Outcome {
  /** Undefined = not valid. */
  readonly wish: Wish | undefined;
  /** The name, where one can be read, also of a document that is not valid. */
  readonly name: string | undefined;
  /** Nobody can say what the name will be (`validate` with `name: ${VAR}`). */
  readonly nameUnknown: boolean;
  readonly references: readonly Reference[];
  readonly violations: readonly Violation[];
  readonly warnings: readonly Violation[];
  /** Means the same tomorrow, whatever the environment. */
  readonly fixed: boolean;
}

const NOTHING: ReadonlySet<string> = new Set();

/** Fields that a plan cannot do without. */
const NEEDED = new Set<unknown>(['name', 'state', 'reconcile']);

export function interpret(document: ManifestDocument, resolver: Resolver): Outcome {
  const dynamic = isDynamic(document);
  const resolved: Resolved = dynamic
    ? resolve(document, resolver)
    : { value: document.value, unset: [], replaced: NOTHING };
  const { unset } = resolved;
  const needed = resolver.offline ? [] : unset.filter(({ path }) => NEEDED.has(path[0]));
  const shape = validate(resolved.value);
  const violations =
    unset.length === 0
      ? shape
      : [
          ...shape.filter((found) => !unset.some((one) => one.leftOpen && saysOf(found, one.path))),
          ...needed.map((one) => mustBeSet(one.path, one.variable)),
        ];
  const written = valueAt(resolved.value, ['name']);
  const nameUnknown = unset.some(({ path }) => path[0] === 'name');
  const name = typeof written === 'string' && !nameUnknown ? written : undefined;
  const base = { name, nameUnknown, fixed: !dynamic };
  if (violations.length > 0) return { ...base, wish: undefined, references: [], violations, warnings: [] };
  // The schema has said so.
  const manifest = resolved.value as ServiceManifest;
  const { violations: own, warnings } = checkOne(manifest);
  const wish = own.length > 0 ? undefined : desire(manifest, unset, document);
  const references = wish === undefined ? [] : referencesOf(manifest, wish, resolved.replaced);
  const unresolved = resolver.offline ? [] : unset.flatMap(notResolved);
  return {
    ...base,
    wish,
    references,
    violations: own,
    warnings: unresolved.length === 0 ? warnings : [...warnings, ...unresolved],
  };
}

/**
 * What the schema says of a value that is not known means nothing; that its key is unknown does, and that a whole document
 * is no service.
 */
function saysOf({ path, at }: Violation, unknown: Path): boolean {
  return (
    at === 'value' &&
    unknown.length > 0 &&
    unknown.every((step, index) => String(path[index]) === String(step))
  );
}

function mustBeSet(path: Path, variable: string): Violation {
  return {
    code: 'EK311',
    message: `${path.join('/')} cannot be told: ${variable} is not set`,
    hint: `set it, or give a default: \${${variable}:-…}`,
    path,
    at: 'value',
  };
}

/** Being unset is listed in the plan; only a reason that setting it would not cure is worth a line of its own. */
function notResolved({ path, variable, why }: Resolved['unset'][number]): Violation[] {
  if (why === undefined) return [];
  return [
    { code: 'EK353', message: `${path.join('/')}: ${variable} is not resolved: ${why}`, path, at: 'value' },
  ];
}

function referencesOf(
  manifest: ServiceManifest,
  wish: Wish,
  replaced: ReadonlySet<string>,
): readonly Reference[] {
  if (wish.dependsOn.length === 0) return [];
  const links = (wish.spec.linked_to_service ?? []).map(({ to_service }, index) => ({
    to: to_service,
    item: `linked_to_service/${index}`,
    literal: !replaced.has(`linked_to_service/${index}/to_service`),
  }));
  const others = (manifest.reconcile?.depends_on ?? []).map((to, index) => ({
    to,
    item: `reconcile/depends_on/${index}`,
    literal: !replaced.has(`reconcile/depends_on/${index}`),
  }));
  return [...links, ...others]
    .filter(({ to }) => uuidOfUri(to) === undefined)
    .map(({ to, item, literal }) => ({ to, literal, place: wish.places[item] ?? wish.place }));
}
