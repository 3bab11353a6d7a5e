/**
 * What differs, as `field` and `old → new`. Of an environment variable only the key and what happens to it.
 */
import { FIELD_NAMES } from '../service/fields.ts';
import type { Difference } from '../service/service.ts';
import type { Spec } from '../service/spec.ts';
import { uuidOfUri } from '../service/uri.ts';

/** All of it raw text from outside, to be made visible by the renderer. */
export type DifferenceRow =
  /** `live` undefined: there is nothing yet. */
  | { readonly field: string; readonly live: string | undefined; readonly wanted: string }
  /** `KEY changed`, one a key: values are nowhere. */
  | { readonly field: 'container_envvars'; readonly keys: readonly string[] };

type Names = Readonly<Record<string, string>>;

/** What a create sends, as rows: `field  value`, of the environment the keys. */
export function createdRows(spec: Spec, names: Names): readonly DifferenceRow[] {
  return FIELD_NAMES.flatMap((field): readonly DifferenceRow[] => {
    const value = spec[field];
    if (value === undefined) return [];
    if (field !== 'container_envvars') return [{ field, live: undefined, wanted: valueText(value, names) }];
    return [{ field, keys: (spec.container_envvars ?? []).map(({ key }) => key) }];
  });
}

/** One row a field, in the order of the differences; all keys of the environment in one row. */
export function differenceRows(differences: readonly Difference[], names: Names): readonly DifferenceRow[] {
  const keys = differences.flatMap((difference) =>
    difference.field === 'container_envvars' ? [`${difference.key} ${difference.change}`] : [],
  );
  let first = true;
  return differences.flatMap((difference): readonly DifferenceRow[] => {
    if (difference.field !== 'container_envvars')
      return [
        {
          field: difference.field,
          live: valueText(difference.live, names),
          wanted: valueText(difference.wanted, names),
        },
      ];
    const row = first ? [{ field: difference.field, keys }] : [];
    first = false;
    return row;
  });
}

/** A field's value as a person writes it: `8080:80/tcp`, `db as database`, `a=1`. */
export function valueText(value: unknown, names: Names): string {
  if (value === undefined || value === null) return '(none)';
  if (typeof value === 'string') return value === '' ? '""' : value;
  if (Array.isArray(value)) return `[${value.map((item) => itemText(item, names)).join(', ')}]`;
  if (typeof value === 'object')
    return `{${Object.entries(value)
      .map(([key, item]) => `${key}=${valueText(item, names)}`)
      .join(', ')}}`;
  return String(value);
}

function itemText(item: unknown, names: Names): string {
  if (typeof item !== 'object' || item === null) return valueText(item, names);
  const fields = item as Readonly<Record<string, unknown>>;
  if ('inner_port' in fields) {
    const outer = typeof fields['outer_port'] === 'number' ? `${fields['outer_port']}:` : '';
    return `${outer}${String(fields['inner_port'])}/${String(fields['protocol'] ?? 'tcp')}`;
  }
  if (typeof fields['to_service'] === 'string') {
    const target = linkTarget(fields['to_service'], names);
    return fields['name'] === target ? target : `${target} as ${String(fields['name'])}`;
  }
  if ('container_path' in fields)
    return `${String(fields['volume'])}:${String(fields['container_path'])}${fields['rewritable'] === false ? ':ro' : ''}`;
  return valueText(item, names);
}

/** A link's target by name, where the name is known; `@name` is a service whose uuid is not known yet. */
export function linkTarget(target: string, names: Names): string {
  const uuid = uuidOfUri(target);
  if (uuid !== undefined) return Object.hasOwn(names, uuid) ? (names[uuid] ?? target) : target;
  return target.startsWith('@') ? target.slice(1) : target;
}
