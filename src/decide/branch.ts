/**
 * What one set of manifests says otherwise than another: what a branch changes against what main wants. Only manifests
 * are compared, nothing live; a field that one side does not declare is `undefined` there.
 */
import { FIELD_NAMES, type Field } from '../service/fields.ts';
import type { Difference, Wish } from '../service/service.ts';
import type { Spec } from '../service/spec.ts';
import { diff } from './diff.ts';

export interface ChangedWish {
  readonly name: string;
  /** `live` is what the base declares. */
  readonly differences: readonly Difference[];
  /** What only the controller reads: `state`, `reconcile.protect` … */
  readonly settings: readonly { readonly field: string; readonly before: string; readonly after: string }[];
}

export interface BranchChanges {
  readonly added: readonly string[];
  readonly changed: readonly ChangedWish[];
  readonly removed: readonly string[];
}

/** Sorted by name. */
export function compareWishes(base: readonly Wish[], now: readonly Wish[]): BranchChanges {
  const before = new Map(base.map((wish) => [wish.name, wish]));
  const after = new Map(now.map((wish) => [wish.name, wish]));
  const changed = [...after.values()].flatMap((wish): readonly ChangedWish[] => {
    const old = before.get(wish.name);
    if (old === undefined) return [];
    const one = { name: wish.name, differences: differences(old, wish), settings: settings(old, wish) };
    return one.differences.length + one.settings.length > 0 ? [one] : [];
  });
  return {
    added: [...after.keys()].filter((name) => !before.has(name)).sort(),
    changed: changed.sort((a, b) => (a.name < b.name ? -1 : 1)),
    removed: [...before.keys()].filter((name) => !after.has(name)).sort(),
  };
}

function differences(old: Wish, now: Wish): readonly Difference[] {
  const both = diff(withMarks(now), withMarks(old), { whole: true, ignore: [], unknowns: [] });
  const found = new Map<Field, readonly Difference[]>();
  for (const one of both) found.set(one.field, [...(found.get(one.field) ?? []), one]);
  return FIELD_NAMES.flatMap((field): readonly Difference[] => {
    const [wanted, live] = [withMarks(now)[field], withMarks(old)[field]];
    if ((wanted === undefined) === (live === undefined)) return found.get(field) ?? [];
    if (field !== 'container_envvars') return [{ field, live, wanted }];
    const change = wanted === undefined ? 'removed' : 'added';
    const keys = (withMarks(wanted === undefined ? old : now).container_envvars ?? []).map(({ key }) => key);
    return keys.sort().map((key) => ({ field, key, change }));
  });
}

/** A variable that is not set here counts by its name: it is compared as `${NAME}`. */
function withMarks({ spec, unknowns }: Wish): Spec {
  const unset = unknowns.flatMap(({ field, key, variable }) =>
    field === 'container_envvars' && key !== undefined ? [{ key, value: `\${${variable}}` }] : [],
  );
  if (unset.length === 0) return spec;
  const keys = new Set(unset.map(({ key }) => key));
  const known = (spec.container_envvars ?? []).filter(({ key }) => !keys.has(key));
  return { ...spec, container_envvars: [...known, ...unset] };
}

function settings(old: Wish, now: Wish): ChangedWish['settings'] {
  return SETTINGS.flatMap(([field, read]) => {
    const [before, after] = [read(old), read(now)];
    return before === after ? [] : [{ field, before, after }];
  });
}

const SETTINGS: readonly (readonly [field: string, read: (wish: Wish) => string])[] = [
  ['state', (wish) => (wish.want === 'running' ? 'Running' : 'Stopped')],
  ['reconcile.allow_replace', (wish) => String(wish.allowReplace)],
  ['reconcile.adopt', (wish) => String(wish.adopt)],
  ['reconcile.protect', (wish) => String(wish.protect)],
  ['reconcile.run_once', (wish) => String(wish.runOnce)],
  ['reconcile.ignore', (wish) => [...wish.ignore].sort().join(', ')],
  ['reconcile.depends_on', (wish) => [...wish.dependsOn].sort().join(', ')],
  ['reconcile.redeploy', (wish) => wish.redeploy ?? ''],
];
