/**
 * Live services → manifests, for `export` and `adopt`. Loading what is written here and planning against the same
 * services shows nothing to do.
 *
 * Fields at their default are left out. Environment values are written only when asked for; otherwise each becomes a
 * `value_from` that names a variable.
 */
import { Document, Scalar, visit } from 'yaml';
import type { Live } from '../service/service.ts';
import { uuidOfUri } from '../service/uri.ts';
import { findCycles } from './cycles.ts';
import { type Context, declared } from './emit-fields.ts';
import { validate } from './validate.ts';
import { escapeDollars } from './variables.ts';

export interface EmitOptions {
  /** uuid → the name under which a link to it is written; any other link keeps its resource URI. */
  readonly names: ReadonlyMap<string, string>;
  /** Writes the values of environment variables, which are secrets. */
  readonly inlineValues: boolean;
  /** Writes `reconcile.adopt: true`. */
  readonly adopt?: boolean;
}

export interface Emitted {
  /** One document for each service, by name. Empty when there is none. */
  readonly text: string;
  /** Services that no manifest can describe, and why. */
  readonly skipped: readonly { readonly name: string; readonly uuid: string; readonly why: string }[];
}

export function emit(services: readonly Live[], options: EmitOptions): Emitted {
  const skipped: Emitted['skipped'][number][] = [];
  const documents: string[] = [];
  const counts = new Map<string, number>();
  const live = services.filter(({ state }) => state !== 'Terminated' && state !== 'Terminating');
  for (const { name } of live) counts.set(name, (counts.get(name) ?? 0) + 1);
  const usable = live.filter(({ name, uuid, fields }) => {
    const why =
      (counts.get(name) ?? 0) > 1
        ? 'two live services have this name'
        : validate({ name, image: 'x' }).length > 0
          ? 'its name is not one that a manifest can have'
          : fields.image === undefined
            ? 'its image was not reported'
            : /[\p{Cf}\p{Zl}\p{Zp}]/u.test(fields.image)
              ? 'its image holds characters that cannot be seen'
              : undefined;
    if (why !== undefined) skipped.push({ name, uuid, why });
    return why === undefined;
  });
  const unusable = new Set(skipped.map(({ uuid }) => uuid));
  const names = new Map([...options.names].filter(([uuid]) => !unusable.has(uuid)));
  const byUri = circularLinks(usable, names);
  for (const service of [...usable].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    documents.push(toYaml(manifestOf(service, { ...options, names, byUri })));
  }
  // No schema is named for editors: nobody knows here where the text will lie.
  return { text: documents.join('---\n'), skipped };
}

/** Links by name are dependencies, and those in a circle could not be loaded again: each circle is cut once. */
function circularLinks(services: readonly Live[], names: ReadonlyMap<string, string>): ReadonlySet<string> {
  const cut = new Set<string>();
  const targets = ({ name, fields }: Live) =>
    (fields.linked_to_service ?? [])
      .map(({ to_service }) => names.get(uuidOfUri(to_service) ?? '') ?? '')
      .filter((to) => !cut.has(`${name} ${to}`));
  for (;;) {
    const cycles = findCycles(new Map(services.map((service) => [service.name, targets(service)])));
    if (cycles.length === 0) return cut;
    for (const cycle of cycles) cut.add(`${cycle.at(-1)} ${cycle[0]}`);
  }
}

/** What an editor or a terminal would not show, or YAML would not keep. */
const HIDDEN = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Texts with hidden characters are written in double quotes, where each of those has an escape. */
function toYaml(manifest: Readonly<Record<string, unknown>>): string {
  const document = new Document(manifest, { version: '1.2', aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === 'string' && node.value.search(HIDDEN) !== -1) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return document
    .toString({ lineWidth: 0 })
    .replace(HIDDEN, (hidden) =>
      hidden.length > 1
        ? `\\U${(hidden.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`
        : `\\u${hidden.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
}

function manifestOf(live: Live, options: Context): Readonly<Record<string, unknown>> {
  const { image, ...fields } = declared(live, options);
  const adopt = options.adopt === true ? { adopt: true } : {};
  const token = live.redeployToken ? { redeploy: escapeDollars(live.redeployToken) } : {};
  const reconcile = { ...adopt, ...token };
  return {
    name: live.name,
    image,
    ...fields,
    ...(isStopped(live) ? { state: 'Stopped' } : {}),
    ...(Object.keys(reconcile).length > 0 ? { reconcile } : {}),
  };
}

/** Init, Stopped and Not running are rest without containers; with target 0 that is where a running wish rests too. */
function isStopped({ state, fields }: Live): boolean {
  if (fields.target_num_containers === 0 || typeof state !== 'string') return false;
  return state === 'Init' || state === 'Stopped' || state === 'Not running' || state === 'Stopping';
}
