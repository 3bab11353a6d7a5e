/**
 * A service object of the API → `Live`. Tolerant of everything that does not change meaning: unknown states stay
 * text, missing and null attributes stay absent, read-only extras are dropped. What it cannot understand is an invalid
 * row, and a list with an invalid row is not trusted.
 *
 * The mark is taken out of the list that carries it. An entry under its key that is malformed or names another service
 * is no mark, and is not shown as an ordinary entry either.
 */
import { parseDate } from '../service/dates.ts';
import type { Extension } from '../service/extensions.ts';
import { FIELD_NAMES, FIELDS, type Field } from '../service/fields.ts';
import { MARK_KEY, type Mark, parseMark } from '../service/mark.ts';
import type { Live } from '../service/service.ts';
import type { Auto, Spec } from '../service/spec.ts';
import { isServiceState } from '../service/states.ts';
import * as read from './attributes.ts';
import { createScrub } from './words.ts';

/** `ON_SUCCESS`, the later platform's word, stays as it is: it differs from every value a manifest can hold. */
const auto: read.Read<Auto> = (value, attribute) => read.text(value, attribute).toUpperCase() as Auto;

const READERS: { readonly [F in Field]: read.Read<Spec[F]> } = {
  image: read.text,
  target_num_containers: read.count,
  run_command: read.text,
  entrypoint: read.text,
  container_ports: read.ports,
  container_envvars: read.envvars,
  linked_to_service: read.links,
  autorestart: auto,
  autoreplace: auto,
  autodestroy: auto,
  sequential_deployment: read.flag,
  roles: read.texts,
  labels: read.labels,
  bindings: read.bindings,
  memory: read.count,
  cpu_shares: read.count,
};

const UUID = /^[0-9a-zA-Z-]{1,128}$/;

export type Row =
  | { readonly ok: true; readonly live: Live }
  /** Names the attribute, never its value. */
  | { readonly ok: false; readonly why: string };

/** `offered`: the extensions announced in the same reply. */
export function readService(value: unknown, offered: readonly Extension[]): Row {
  try {
    if (!read.isObject(value)) return { ok: false, why: 'a service that is not an object' };
    return { ok: true, live: readLive(value, offered) };
  } catch (error) {
    if (error instanceof read.Malformed) return { ok: false, why: `a service whose ${error.message}` };
    throw error;
  }
}

function readLive(object: Readonly<Record<string, unknown>>, offered: readonly Extension[]): Live {
  const optional = <T>(attribute: string, reader: read.Read<T>): T | undefined => {
    const value = object[attribute];
    return value === undefined || value === null ? undefined : reader(value, attribute);
  };
  const { uuid, name, state } = object;
  if (typeof uuid !== 'string' || !UUID.test(uuid)) throw new read.Malformed('uuid is not a uuid');
  if (typeof name !== 'string' || name === '') throw new read.Malformed('name is not text');
  if (typeof state !== 'string') throw new read.Malformed('state is not text');

  const shown: Partial<Record<Field, unknown>> = {};
  for (const field of FIELD_NAMES) {
    const { needs, attribute } = FIELDS[field];
    const understood = needs === undefined || offered.includes(needs);
    const value = optional<unknown>(attribute, understood ? READERS[field] : lenient(field));
    if (value !== undefined) shown[field] = value;
  }
  const all = shown as Spec;
  const { fields, mark } = takeMark(all, name, offered);
  return {
    uuid,
    name,
    state: isServiceState(state) ? state : { unknown: state },
    fields,
    mark,
    redeployToken: tokenOf(object['redeploy_token'], offered),
    linkedFrom: optional('linked_from_service', read.linkedFrom),
    containers: {
      ...counted('running', optional('running_num_containers', read.count)),
      ...counted('stopped', optional('stopped_num_containers', read.count)),
      ...counted('current', optional('current_num_containers', read.count)),
    },
    deployedAt:
      object['deployed_datetime'] === null ? null : parseDate(optional('deployed_datetime', read.text) ?? ''),
    note: noteOf(optional('note', read.text), all),
  };
}

/** Believed only where it is announced: a field that a server happens to echo is no memory of what was served. */
function tokenOf(value: unknown, offered: readonly Extension[]): string | null | undefined {
  if (!offered.includes('redeploy-token') || value === undefined) return undefined;
  if (value === null) return null;
  return read.text(value, 'redeploy_token');
}

/** The server's words may repeat a value of the service's environment. */
function noteOf(said: string | undefined, { container_envvars = [] }: Spec): string | undefined {
  const values = container_envvars.map((one) => one.value);
  return said === undefined ? undefined : createScrub([], values)(said);
}

/** Where the extension is not announced, an attribute of that name may mean anything: understood or absent. */
function lenient(field: Field): read.Read<unknown> {
  return (value, attribute) => {
    try {
      return READERS[field](value, attribute);
    } catch {
      return undefined;
    }
  };
}

const counted = (name: string, value: number | undefined) => (value === undefined ? {} : { [name]: value });

function takeMark(all: Spec, name: string, offered: readonly Extension[]) {
  const marks: (Mark | undefined)[] = [];
  const fields: Spec = {
    ...all,
    ...(all.labels && {
      labels: Object.fromEntries(
        Object.entries(all.labels).filter(([key, value]) => {
          if (key !== MARK_KEY) return true;
          marks.push(parseMark(value, name, 'labels'));
          return false;
        }),
      ),
    }),
    ...(all.container_envvars && {
      container_envvars: all.container_envvars.filter(({ key, value }) => {
        if (key !== MARK_KEY) return true;
        marks.push(parseMark(value, name, 'container_envvars'));
        return false;
      }),
    }),
  };
  const mark = marks.find((one) => one !== undefined);
  const shown =
    all.container_envvars !== undefined && (all.labels !== undefined || !offered.includes('labels'));
  return { fields, mark: mark ?? (shown ? null : undefined) };
}
