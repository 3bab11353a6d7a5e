/**
 * The list-valued create parameters. Read-only keys that clients send back from a service object (`endpoint_uri`,
 * `container`, `from_service` …) are dropped (`research/api.md` §1.5 rows 17–19).
 */
import type { DefinedPort } from '../../service/definition.ts';
import type { Binding, EnvVar } from '../../service/spec.ts';
import {
  distinct,
  each,
  flag,
  Invalid,
  integer,
  isObject,
  object,
  optional,
  required,
  text,
} from './values.ts';

const PORT = [1, 65_535] as const;

export function ports(value: unknown): readonly DefinedPort[] {
  const read = each(value, (entry): DefinedPort => {
    const port = object(entry);
    const protocol = optional(port, 'protocol', (given) => text(given).toLowerCase(), 'tcp');
    if (protocol !== 'tcp' && protocol !== 'udp') throw new Invalid('protocol: expected tcp or udp');
    const inner = required(port, 'inner_port', (given) => integer(given, ...PORT));
    const outer = optional(port, 'outer_port', (given) => integer(given, 0, PORT[1]), 0);
    return {
      protocol,
      inner_port: inner,
      outer_port: outer === 0 ? null : outer,
      published: outer !== 0 || optional(port, 'published', flag, true),
    };
  });
  distinct(read, (port) => `${port.inner_port}/${port.protocol}`, 'exposed port');
  return distinct(
    read,
    (port) => (port.outer_port === null ? undefined : `${port.outer_port}/${port.protocol}`),
    'published port',
  );
}

export function envvars(value: unknown): readonly EnvVar[] {
  const read = each(value, (entry): EnvVar => {
    const variable = object(entry);
    const key = required(variable, 'key', (given) => text(given, 4_096));
    if (key === '' || key.includes('=')) throw new Invalid('key: expected a name without "="');
    const given = Object.hasOwn(variable, 'value') ? variable['value'] : undefined;
    if (given === undefined || given === null) throw new Invalid(`value of '${key}' is missing`);
    return { key, value: typeof given === 'number' ? String(given) : text(given) };
  });
  return distinct(read, ({ key }) => key, 'variable');
}

export function labels(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(object(value));
  if (entries.length > 200) throw new Invalid('more than 200 labels');
  for (const [key, label] of entries) {
    if (key === '' || key.length > 255) throw new Invalid('a label has from 1 to 255 characters');
    if (typeof label !== 'string' || label.length > 4_096) {
      throw new Invalid(`label '${key}': expected a string of at most 4096 characters`);
    }
  }
  return Object.fromEntries(entries) as Record<string, string>;
}

/** Old clients send names as strings or as objects; both are names. */
export function tags(value: unknown): readonly string[] {
  return each(value, (entry) =>
    isObject(entry) ? required(entry, 'name', (name) => text(name, 255)) : text(entry, 255),
  );
}

const VOLUME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/;

export function bindings(value: unknown): readonly Binding[] {
  const read = each(value, (entry): Binding => {
    const binding = object(entry);
    for (const key of ['host_path', 'volumes_from']) {
      if (optional(binding, key, (given) => given, undefined) !== undefined) {
        throw new Invalid(`${key} is not offered: bind a named volume ("volume")`);
      }
    }
    const volume = required(binding, 'volume', (given) => text(given, 128));
    if (!VOLUME.test(volume))
      throw new Invalid('volume: expected a name (letters, digits, "_", ".", "-"), never a path');
    const path = required(binding, 'container_path', (given) => text(given, 4_096));
    if (!path.startsWith('/') || path.split('/').includes('..')) {
      throw new Invalid('container_path: expected an absolute path without ".."');
    }
    return { volume, container_path: path, rewritable: optional(binding, 'rewritable', flag, true) };
  });
  return distinct(read, (one) => one.container_path, 'container_path');
}
